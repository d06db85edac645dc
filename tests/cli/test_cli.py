"""The command line as its users meet it: run as a program, with its exit codes."""

import re
import subprocess
import sys

import numpy as np
import pytest

import autoden as ad
from autoden.cli.plots import parse_zoom
from autoden.cli.presets import NetworkChoice
from autoden.errors import InputError
from autoden.signals import Axis, Signal

SHORT = ["--epochs", "2"]
QUICK = [*SHORT, "--quiet"]


def test_n2n_writes_one_spectrum_on_the_same_axis(run, spectra, tmp_path):
    code, out, err = run("n2n", spectra, "-o", tmp_path / "out.csv", *QUICK)
    assert (code, out, err) == (0, "", "")
    result, source = ad.read(tmp_path / "out.csv"), ad.read(spectra)
    assert result.data.shape == (1, 2000)
    np.testing.assert_array_equal(result.axis("energy").values, source.axis("energy").values)
    assert result.axis("energy").unit == "keV"


def test_n2n_does_what_the_library_does(run, spectra, tmp_path):
    run("n2n", spectra, "-o", tmp_path / "out.csv", "--exposures", "1:5", "--epochs", "5",
        "--lower-limit", "0", "--seed", "3", "--strategy", "X:1", "--quiet")  # fmt: skip
    n2n = ad.N2N(
        ad.NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6), seed=3, verbose=False
    )  # fmt: skip
    data = n2n.prepare_data(ad.read(spectra).data[1:5], strategy="X:1")
    n2n.train(*data, epochs=5, lower_limit=0.0, learning_rate=1e-2, restarts=1)
    np.testing.assert_array_equal(ad.read(tmp_path / "out.csv").data[0], n2n.infer(data[0]))


def test_n2n_draws_png_and_svg(run, spectra, tmp_path):
    for name, start in (("fig.png", b"\x89PNG"), ("fig.svg", b"<?xml")):
        code, _, err = run(
            "n2n", spectra, "-o", tmp_path / f"{name}.csv", "--plot", tmp_path / name,
            "--zoom", "2.5:7.5", "4:6", "--zoom", "8:9", *QUICK,
        )  # fmt: skip
        assert (code, err) == (0, "")
        assert (tmp_path / name).read_bytes().startswith(start)


def test_n2n_says_what_it_did_unless_quiet(run, spectra, tmp_path):
    _, _, err = run("n2n", spectra, "-o", tmp_path / "out.csv", "--epochs", "2")
    assert "held-out loss" in err
    assert f"Wrote {tmp_path / 'out.csv'}" in err


def test_spectra_that_are_no_plain_repeats_are_told(run, tmp_path):
    counts = np.random.default_rng(0).poisson(9, (4, 50))
    axes = (Axis("y", "mm", np.linspace(0, 1, 4)), Axis("energy", "keV", np.linspace(1, 5, 50)))
    ad.write(tmp_path / "line.csv", Signal(counts, axes))
    code, _, err = run("n2n", tmp_path / "line.csv", "-o", tmp_path / "o.csv", *QUICK)
    assert code == 0
    assert "along 'y' are taken for repeats" in err


@pytest.mark.parametrize("model", ["dncnn", "unet", "msd", "resnet"])
def test_every_network_can_be_chosen(run, spectra, tmp_path, model):
    words = ["--model", model, "--features", "3", "--layers", "2"]
    assert run("n2n", spectra, "-o", tmp_path / "out.csv", *words, *QUICK)[0] == 0


@pytest.mark.parametrize(
    ("choice", "n_dims", "expected"),
    [
        (NetworkChoice(), 1, ad.NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6)),
        (NetworkChoice(), 2, ad.NetworkParamsUNet(n_features=16)),
        (NetworkChoice(layers=2), 2, ad.NetworkParamsUNet(n_features=16, n_levels=2)),
        (NetworkChoice("unet", 8, 2), 1, ad.NetworkParamsUNet(n_dims=1, n_features=8, n_levels=2)),
        (NetworkChoice("msd"), 1, ad.NetworkParamsMSD(n_dims=1)),
        (NetworkChoice("dncnn"), 2, ad.NetworkParamsDnCNN()),
    ],
)
def test_sizes_come_from_the_command_line_else_from_what_suits(choice, n_dims, expected):
    assert choice.params(n_dims, 1, 1) == expected


@pytest.mark.parametrize("text", ["2.5", "a:b", "1:2:3", ""])
def test_a_range_that_is_none_is_named(text):
    with pytest.raises(InputError, match="two numbers"):
        parse_zoom(text)


def rewrite(path, change):
    path.write_text(change(path.read_text()))


@pytest.mark.parametrize(
    ("words", "change", "message"),
    [
        (["--epochs=0"], None, "--epochs is 0"),
        (["--learning-rate", "-1"], None, "--learning-rate is -1"),
        (["--exposures", "0:1"], None, "at least 2 realizations"),
        (["--exposures", "4:9"], None, "within the 6 exposures"),
        (["--exposures", "nan:4"], None, "FIRST:END"),
        (["--exposures", "0.5:4"], None, "FIRST:END"),
        (["--exposures", "4:"], None, "FIRST:END"),
        (["--seed", "99999999999999999999999"], None, "below 2^63"),
        (["--held-out", "1.5"], None, "--held-out is 1.5"),
        (["--zoom", "9:7", "--plot", "fig.png"], None, "zoom"),
        (["--zoom", "90:95", "--plot", "fig.png"], None, "zoom"),
        (["--plot", "fig.gif"], None, ".png, .svg"),
        (["-o", "out.docx"], None, "the suffix is not known"),
        (["-o", "in.csv", "--force"], None, "would replace the measurement"),
        (["--device", "gpu"], None, "--device is 'gpu'"),
        (["--device", "cuda:7"], None, "--device is 'cuda:7'"),
        (["--seed", "-1"], None, "--seed is -1"),
        (["--features", "0"], None, "--features is 0"),
        (["--lower-limit", "nan"], None, "--lower-limit"),
        (["--restarts", "5"], None, "--restarts is 5"),
        ([], lambda text: "", "empty"),
        ([], lambda text: text.split("\n")[0] + 3 * ("\n0" + ",7" * 2000), "constant"),
        ([], lambda text: text.replace("\n0,0", "\n0,zero", 1), "zero"),
        ([], lambda text: text.replace("\n0,0", "\n0,nan", 1), "nan"),
        ([], lambda text: text.replace("\n1,0,", "\n1,", 1), "cells"),
        ([], lambda text: "\n".join(text.split("\n")[:2]), "at least 2 realizations"),
    ],
)
def test_bad_input_is_one_clear_line_and_leaves_nothing_behind(
    run, spectra, tmp_path, monkeypatch, words, change, message
):
    if change is not None:
        rewrite(spectra, change)
    monkeypatch.chdir(tmp_path)
    quick = ["--quiet"] if "--epochs=0" in words else QUICK
    output = [] if "-o" in words else ["-o", "out.csv"]
    code, out, err = run("n2n", spectra, *output, *quick, *words)
    assert code == 1
    assert out == ""
    assert err.startswith("autoden: error: ")
    assert err.count("\n") == 1
    assert message in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.csv"]


def test_outputs_are_never_overwritten_without_force(run, spectra, tmp_path):
    output = tmp_path / "out.csv"
    output.write_text("precious")
    code, _, err = run("n2n", spectra, "-o", output, *QUICK)
    assert code == 1
    assert "--force" in err
    assert output.read_text() == "precious"
    assert run("n2n", spectra, "-o", output, "--force", *QUICK)[0] == 0
    assert output.read_text() != "precious"


def test_missing_files_and_folders(run, spectra, tmp_path):
    code, _, err = run("n2n", tmp_path / "none.csv", "-o", tmp_path / "out.csv", *QUICK)
    assert code == 1
    assert "none.csv" in err
    code, _, err = run("n2n", spectra, "-o", tmp_path / "nowhere" / "out.csv", *QUICK)
    assert code == 1
    assert "nowhere" in err


def test_a_wrong_command_line_exits_with_2(run, spectra):
    assert run("n2n", spectra)[0] == 2
    assert run("n2n", spectra, "-o", "out.csv", "--epoch", "2")[0] == 2
    assert run("denoize", spectra)[0] == 2


def test_interrupting_writes_the_best_so_far(run, spectra, tmp_path, monkeypatch):
    from autoden.training import ProgressBar

    def interrupt(self, record):
        if record.epoch == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(ProgressBar, "on_epoch", interrupt)
    code, _, err = run(
        "n2n", spectra, "-o", tmp_path / "out.csv", "--epochs", "50", "--quiet"
    )  # fmt: skip
    assert code == 130
    assert "4 of 50 epochs" in err
    assert ad.read(tmp_path / "out.csv").data.shape == (1, 2000)


def test_interrupting_before_anything_is_learnt_loses_nothing(run, spectra, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    output = tmp_path / "out.csv"
    output.write_text("precious")
    monkeypatch.setattr("autoden.training.engine._run_epoch", interrupt)
    code, _, err = run("n2n", spectra, "-o", output, "--force", *QUICK)
    assert (code, err) == (130, "autoden: interrupted\n")
    assert output.read_text() == "precious"


def test_demo_into_a_file_is_refused(run, tmp_path):
    (tmp_path / "file").write_text("precious")
    code, _, err = run("demo", "-o", tmp_path / "file", *QUICK)
    assert code == 1
    assert "is a file" in err


def test_what_the_system_refuses_is_one_line(run, spectra, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "out.csv")

    monkeypatch.setattr("autoden.io.write", full, raising=False)
    code, _, err = run("n2n", spectra, "-o", tmp_path / "out.csv", *QUICK)
    assert code == 1
    assert "No space left on device" in err
    assert "Traceback" not in err


def test_info_tells_what_is_in_a_file(run, spectra):
    code, out, _ = run("info", spectra)
    assert code == 0
    for words in ("6 x 2000", "energy", "keV", "counts per exposure", "empty channels"):
        assert words in out


def test_demo_prints_a_table_and_writes_its_files(run, denoising, tmp_path):
    folder = tmp_path / "demo"
    code, out, err = run("demo", "-o", folder, *SHORT)
    assert code == 0
    for words in ("one exposure", "mean of 4", "Savitzky-Golay", "Noise2Noise", "autoden denoise"):
        assert words in out
    assert "It is worth 9 times the exposure." in out
    assert "Warning: Repeat 1 is scaled" in err
    assert sorted(p.name for p in folder.iterdir()) == [
        "denoised.csv", "denoised.csv.autoden.json", "exposures.csv", "losses.png",
        "noise2noise.csv", "report.html", "report.png", "spectra.png", "spectra.svg",
    ]  # fmt: skip
    exposures = ad.read(folder / "exposures.csv").data
    assert exposures.shape == (32, 4095)
    np.testing.assert_array_equal(np.asarray(denoising[0]["data"]), exposures[:4])
    np.testing.assert_array_equal(np.asarray(denoising[0]["reference"]), exposures[4:])
    np.testing.assert_allclose(ad.read(folder / "denoised.csv").data[0], exposures[:4].mean(0))
    assert run("demo", "-o", folder, *SHORT)[0] == 1  # not again without --force
    assert run("demo", "-o", folder, "--force", *SHORT)[0] == 0


@pytest.mark.slow
def test_the_demo_in_full_ends_with_a_report_and_the_best_estimate(run, tmp_path):
    code, out, err = run("demo", "-o", tmp_path / "demo")
    assert code == 0
    assert "Warning" not in err
    rows = [line.split() for line in out.splitlines() if re.search(r"  \d+\.\d{3}  ", line)]
    errors, deviances = ([float(row[column]) for row in rows] for column in (-3, -2))
    names = ["exposure", "4", "51)", "Noise2Noise", "denoise"]
    assert [row[-4] for row in rows] == names
    assert deviances[-1] == min(deviances)
    assert errors[-1] < errors[-2] < errors[1]
    assert "<html" in (tmp_path / "demo" / "report.html").read_text()[:500]


def test_versions(run):
    assert run("-V")[1].strip() == ad.__version__
    assert "torch" in run("--debug-info")[1]


def python(code):
    """Run Python code in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("words", [["--help"], ["denoise", "--help"], ["denoise"]])
def test_help_imports_neither_torch_nor_matplotlib(words):
    heavy = python(
        "import sys\n"
        "from autoden.cli import main\n"
        f"try: main({words})\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'matplotlib', 'plotly', 'scipy', 'pandas'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))"
    )
    assert "HEAVY []" in heavy


def test_the_module_runs_as_a_program():
    done = subprocess.run(
        [sys.executable, "-m", "autoden", "-V"],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.strip() == ad.__version__
