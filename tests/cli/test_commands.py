"""Commands beside those that denoise: plans, training alone, other formats, the app, completion."""

import hashlib
import sys
import types

import numpy as np
import pytest

import autoden as ad
from autoden.cli.app import app
from autoden.signals import Axis, Signal

SHORT = ["--epochs", "2"]


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("command", [["n2n"], ["train", "n2n"], ["denoise"]])
def test_a_dry_run_reads_and_checks_and_writes_nothing(
    run, denoising, spectra, tmp_path, monkeypatch, command
):
    def no_training(*_, **__):
        raise AssertionError("something was trained")

    monkeypatch.setattr("autoden.algorithms.denoiser.fit", no_training)
    output = tmp_path / ("out.safetensors" if command[0] == "train" else "out.csv")
    code, out, _ = run(*command, spectra, "-o", output, "--dry-run")
    assert code == 0
    assert "Read " in out
    assert f"Would write {output}" in out
    assert files_in(tmp_path) == ["in.csv"]
    assert denoising == []
    output.write_text("precious")
    code, _, err = run(*command, spectra, "-o", output, "--dry-run")
    assert code == 1
    assert "--force" in err


def test_a_model_trained_alone_denoises_as_the_verb_does(run, spectra, tmp_path):
    words = ["--epochs", "5", "--quiet"]
    model = tmp_path / "m.safetensors"
    assert run("n2n", spectra, "-o", tmp_path / "a.csv", *words)[0] == 0
    assert run("train", "n2n", spectra, "-o", model, *words)[0] == 0
    assert run("infer", model, spectra, "-o", tmp_path / "b.csv", "--quiet")[0] == 0
    np.testing.assert_allclose(*(ad.read(tmp_path / f"{n}.csv").data for n in "ab"), rtol=1e-5)
    assert run("--config", f"{model}.autoden.json", "--force", "--quiet")[0] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "dip", "in.csv", "-o", "m.safetensors"], "nothing to train for"),
        (["train", "n2n", "in.csv", "-o", "m.csv"], "must end in .safetensors"),
    ],
)
def test_what_cannot_be_trained_alone_is_said(run, spectra, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(*words)
    assert code == 1
    assert message in err


def test_converting_keeps_axes_and_numbers(run, spectra, tmp_path):
    code, _, err = run("convert", spectra, tmp_path / "out.npz")
    assert code == 0
    assert "Wrote" in err
    one, two = ad.read(spectra), ad.read(tmp_path / "out.npz")
    np.testing.assert_array_equal(one.data, two.data)
    np.testing.assert_array_equal(one.axis("energy").values, two.axis("energy").values)
    assert run("convert", spectra, tmp_path / "out.npz")[0] == 1
    assert run("convert", spectra, tmp_path / "out.npz", "--force")[0] == 0
    code, _, err = run("convert", spectra, spectra, "--force")
    assert code == 1
    assert "what is read" in err


def test_converting_names_axes_by_letters(run, tmp_path):
    np.save(tmp_path / "map.npy", np.arange(60.0).reshape(3, 4, 5))
    assert run("convert", tmp_path / "map.npy", tmp_path / "map.npz", "--axes", "YXE")[0] == 0
    assert [axis.name for axis in ad.read(tmp_path / "map.npz").axes] == ["y", "x", "energy"]
    code, _, err = run("convert", tmp_path / "map.npy", tmp_path / "b.npz", "--axes", "YX")
    assert code == 1
    assert "--axes" in err


@pytest.mark.parametrize(
    ("letters", "shape", "said"),
    [
        ("RYX", (4, 16, 12), "4 repeats of one image of 16 x 12 (y, x)"),
        ("YXR", (16, 12, 4), "4 repeats of one image of 16 x 12 (y, x)"),
        ("SE", (4, 50), "4 spectra of 50 (energy)"),
        ("ER", (50, 4), "4 repeats of one spectrum of 50 (energy)"),
        ("ZYX", (8, 16, 12), "one volume of 8 x 16 x 12 (z, y, x)"),
        ("CYX", (3, 16, 12), "one image of 16 x 12 (y, x) with 3 channels"),
        ("TYX", (4, 16, 12), "4 images of 16 x 12 (y, x)"),
        ("YXE", (3, 4, 50), "12 spectra of 50 (energy)"),
    ],
)
def test_letters_say_what_axes_are(run, tmp_path, letters, shape, said):
    data = np.random.default_rng(0).normal(5, 1, shape)
    np.save(tmp_path / "in.npy", data)
    verb = "n2n" if "R" in letters else "n2v"
    words = [tmp_path / "in.npy", "-o", tmp_path / "out.npy", "--axes", letters]
    code, out, err = run(verb, *words, "--dry-run")
    assert code == 0, err
    assert said in out


def test_results_are_written_in_the_order_of_the_letters(run, tmp_path):
    data = np.random.default_rng(0).normal(5, 1, (50, 4))
    np.save(tmp_path / "in.npy", data)
    np.save(tmp_path / "rows.npy", data.T)
    for name, letters in (("in", "ER"), ("rows", "RE")):
        words = ["-o", tmp_path / f"{name}_out.npy", "--axes", letters, *SHORT, "--quiet"]
        assert run("n2n", tmp_path / f"{name}.npy", *words)[0] == 0
    outputs = [np.load(tmp_path / f"{name}_out.npy") for name in ("in", "rows")]
    assert outputs[0].shape == (50,)
    np.testing.assert_array_equal(*outputs)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--axes", "RYX", "--n-dims", "2"], "--axes says all that --n-dims would say"),
        (["--axes", "RCS"], "no axis of a measurement"),
        (["--axes", "RQX"], "--axes is 'RQX'"),
        (["--axes", "YX"], "--axes is 'YX'"),
    ],
)
def test_letters_that_do_not_fit_are_refused(run, images, tmp_path, words, message):
    code, _, err = run("n2n", images, "-o", tmp_path / "out.tif", *words)
    assert code == 1
    assert message in err
    assert err.count("\n") == 1


def test_the_app_is_started_where_it_is(run, monkeypatch):
    calls = []
    fake = types.ModuleType("autoden.app")
    fake.run = lambda **options: calls.append(options)
    monkeypatch.setitem(sys.modules, "autoden.app", fake)
    assert run("app", "--port", "8080", "--no-show")[0] == 0
    assert calls == [{"host": "127.0.0.1", "port": 8080, "show": False}]


def test_a_missing_extra_is_one_line_with_its_remedy(run, monkeypatch):
    def missing(**_):
        raise ModuleNotFoundError("No module named 'nicegui'", name="nicegui")

    fake = types.ModuleType("autoden.app")
    fake.run = missing
    monkeypatch.setitem(sys.modules, "autoden.app", fake)
    code, _, err = run("app")
    assert code == 1
    assert err == (
        "autoden: error: The app needs the package nicegui, which is not installed: "
        "pip install 'autoden[app]'\n"
    )


def test_shells_can_complete_options():
    script = app.generate_completion(shell="bash", prog_name="autoden")
    for word in ("--learning-rate", "--budget", "evaluate", "train"):
        assert word in script


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["denoize"], "did you mean denoise?"),
        (["train", "n2nn"], "did you mean n2n?"),
        (["n2n", "in.csv", "-o", "out.csv", "--epoch", "3"], "Did you mean --epochs?"),
    ],
)
def test_a_typing_error_has_a_hint(run, words, hint):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert hint in err
    assert err.count("\n") == 1


def test_an_error_in_autoden_itself_is_one_line_unless_debugged(run, spectra, monkeypatch):
    def broken(*_, **__):
        raise KeyError("lost")

    monkeypatch.setattr("autoden.io.read", broken, raising=False)
    code, _, err = run("info", spectra)
    assert code == 70
    assert err.count("\n") == 1
    assert "--debug" in err
    code, _, err = run("info", spectra, "--debug")
    assert code == 70
    assert "Traceback" in err


def test_a_users_error_has_a_traceback_only_if_debugged(run, tmp_path):
    assert "Traceback" not in run("info", tmp_path / "none.csv")[2]
    assert "Traceback" in run("info", tmp_path / "none.csv", "--debug")[2]


def test_too_little_memory_is_one_line(run, spectra, monkeypatch):
    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr("autoden.io.read", full, raising=False)
    code, _, err = run("info", spectra)
    assert code == 1
    assert "not enough memory" in err


def test_exit_codes_are_in_the_help(run):
    out = " ".join(run("--help")[1].split())
    for words in ("0 done", "1 unusable", "2 wrong", "70 an error in autoden", "130 interrupted"):
        assert words in out
    assert all(f"\n│ {name} " in run("--help")[1] for name in ("evaluate", "convert", "app"))


def test_energies_are_kept_by_a_plan(run, tmp_path):
    energy = Axis("energy", "keV", np.linspace(1, 5, 40))
    ad.write(tmp_path / "in.npz", Signal(np.ones((3, 40)), ("repeat", energy)))
    _, out, _ = run("n2n", tmp_path / "in.npz", "-o", tmp_path / "out.csv", "--dry-run")
    assert "energy 1 to 5 keV" in out


def test_outputs_say_what_was_done_to_which_file(run, spectra, tmp_path):
    assert run("n2n", spectra, "-o", tmp_path / "a.npz", *SHORT, "--quiet")[0] == 0
    assert run("convert", tmp_path / "a.npz", tmp_path / "b.npz", "--quiet")[0] == 0
    training, converting = ad.read(tmp_path / "b.npz").metadata["provenance"]
    assert (training["method"], converting["method"]) == ("n2n", "convert")
    assert (training["seed"], training["settings"]["epochs"]) == (0, 2)
    (source,) = training["inputs"]
    assert source["name"] == "in.csv"
    assert source["sha256"] == hashlib.sha256(spectra.read_bytes()).hexdigest()


@pytest.mark.parametrize("wrong", [("--epochs", "-3"), ("--epochs", "2", "--restarts", "3")])
def test_a_dry_run_refuses_what_the_training_would(run, spectra, tmp_path, wrong):
    code, _, err = run("n2n", spectra, "-o", tmp_path / "out.csv", *wrong, "--dry-run")
    assert code == 1
    assert f"{wrong[-2]} is {wrong[-1]}: give" in err
