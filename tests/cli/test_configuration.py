"""Options from a file, and the file that repeats a run."""

import json

import numpy as np
import pytest
import yaml

import autoden as ad
from autoden.cli.configuration import ConfigError, read_options
from autoden.cli.record import record_path
from autoden.cli.versions import version
from autoden.io.provenance import file_hash

QUICK = ["--epochs", "2", "--quiet"]


def write(path, text):
    path.write_text(text)
    return path


def test_the_command_line_goes_before_the_file_and_the_file_before_defaults(run, spectra, tmp_path):
    config = write(tmp_path / "run.yaml", "epochs: 3\nseed: 5\nlearning-rate: 1e-3\n")
    output = tmp_path / "out.csv"
    code, _, err = run("n2n", spectra, "-o", output, "--config", config, "--seed", "7", "--quiet")
    assert (code, err) == (0, "")
    used = read_options(record_path(output))
    assert (used["epochs"], used["seed"], used["learning_rate"]) == (3, 7, 1e-3)
    assert used["held_out"] == 0.2


def test_toml_says_the_same(run, spectra, tmp_path):
    for name, text in (("a.yaml", "epochs: 3\nstrategy: 'X:1'\n"),
                       ("b.toml", 'epochs = 3\nstrategy = "X:1"\n')):  # fmt: skip
        config = write(tmp_path / name, text)
        words = ["-o", tmp_path / f"{name}.csv", "--config", config, "--quiet"]
        assert run("n2n", spectra, *words)[0] == 0
    outputs = [ad.read(tmp_path / f"{name}.csv").data for name in ("a.yaml", "b.toml")]
    np.testing.assert_array_equal(*outputs)


def test_a_run_is_repeated_exactly_by_the_file_beside_its_output(
    run, spectra, tmp_path, monkeypatch
):
    folder = tmp_path / "results"
    folder.mkdir()
    words = ["--epochs", "4", "--seed", "3", "--lower-limit", "0", "--held-out", "0.3"]
    assert run("n2n", spectra, "-o", folder / "out.csv", *words, "--quiet")[0] == 0
    first = (folder / "out.csv").read_bytes()
    (folder / "out.csv").unlink()
    monkeypatch.chdir(tmp_path)  # not where the file is
    config = folder / "out.csv.autoden.json"
    assert run("--config", config, "--force", "--quiet")[0] == 0
    assert (folder / "out.csv").read_bytes() == first
    text = config.read_text()
    assert '"output": "out.csv"' in text  # a folder can be moved
    assert str(spectra) in text
    again = config.read_bytes()
    assert run("--config", config, "--force", "--quiet")[0] == 0
    assert config.read_bytes() == again


def test_denoise_is_repeated_by_its_file(run, denoising, spectra, tmp_path):
    words = ["--budget", "fast", "--seed", "4", "--exposures", "0:4", "--reference", spectra]
    assert run("denoise", spectra, "-o", tmp_path / "out.csv", *words)[0] == 0
    assert run("--config", tmp_path / "out.csv.autoden.json", "--force")[0] == 0
    one, two = denoising
    for name in ("budget", "seed", "axes", "noise"):
        assert one[name] == two[name]
    np.testing.assert_array_equal(np.asarray(one["data"]), np.asarray(two["data"]))
    np.testing.assert_array_equal(np.asarray(one["reference"]), np.asarray(two["reference"]))


def test_what_depends_on_the_data_is_written_as_it_was_used(run, images, tmp_path):
    assert run("n2v", images, "-o", tmp_path / "out.tif", "--n-dims", "2", *QUICK)[0] == 0
    used = read_options(tmp_path / "out.tif.autoden.json")
    assert (used["command"], used["model"], used["features"]) == ("n2v", "unet", 16)
    assert (used["learning_rate"], used["epochs"]) == (3e-3, 2)
    assert not {"quiet", "force", "json", "debug", "config", "dry_run"} & set(used)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epocs: 3", "does not know 'epocs': did you mean epochs?"),
        ("zzz: 3", "does not know 'zzz': it knows accum_grads, "),
        ("epochs: {a: 3}", "epochs is dict: give a number"),
        ("epochs: [3, 4]", "give a single value"),
        ("epochs: many", "epochs"),
        ("command: n2v\nepochs: 3", "is for autoden n2v, not for autoden n2n"),
        ("- epochs", "must be a mapping"),
        ("epochs: [", "is no YAML"),
        ("3: 4", "must be a mapping"),
        ("force: maybe", "force"),
        ("epochs: !!python/object/apply:os.system [ls]", "is no YAML"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nepochs: [*b, *b]", "does not know"),
        ("[" * 1500, "is no YAML"),
    ],
)
def test_a_wrong_file_is_a_wrong_command_line(run, spectra, tmp_path, text, message):
    config = write(tmp_path / "run.yaml", text)
    code, out, err = run("n2n", spectra, "-o", tmp_path / "out.csv", "--config", config, "--quiet")
    assert (code, out) == (2, "")
    assert err.startswith("autoden: error: ")
    assert err.count("\n") == 1
    assert message in err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("name", ["run.json", "run.txt"])
def test_other_kinds_of_files_are_refused(tmp_path, name):
    with pytest.raises(
        ConfigError, match=r"YAML \(.yaml, .yml\), TOML \(.toml\), or the .autoden.json"
    ):
        read_options(write(tmp_path / name, "{}"))


def test_a_file_that_is_missing_or_too_long_is_named(run, tmp_path):
    code, _, err = run("n2n", "--config", tmp_path / "none.yaml")
    assert code == 2
    assert "none.yaml does not exist" in err
    with pytest.raises(ConfigError, match="more than 1 MB"):
        read_options(write(tmp_path / "long.yaml", "#" * 2_000_000))


def test_an_empty_file_changes_nothing(run, spectra, tmp_path):
    config = write(tmp_path / "run.yaml", "")
    words = ["-o", tmp_path / "out.csv", "--config", config]
    assert run("n2n", spectra, *words, *QUICK)[0] == 0


def test_files_and_switches_come_from_the_file(run, spectra, tmp_path):
    values = {"command": "n2n", "files": ["in.csv"], "output": "o.csv", "epochs": 2, "quiet": True,
              "accum_grads": True, "save_model": None}  # fmt: skip
    config = write(tmp_path / "run.yaml", yaml.safe_dump(values))
    code, out, err = run("--config", config)
    assert (code, out, err) == (0, "", "")
    assert read_options(tmp_path / "o.csv.autoden.json")["accum_grads"] is True


def test_an_earlier_record_is_not_replaced_without_force(run, spectra, tmp_path):
    record = write(tmp_path / "out.csv.autoden.json", "precious")
    code, _, err = run("n2n", spectra, "-o", tmp_path / "out.csv", *QUICK)
    assert code == 1
    assert "--force" in err
    assert record.read_text() == "precious"


@pytest.mark.parametrize("suffix", [".csv", ".npy", ".npz"])
def test_one_file_beside_the_output_says_what_was_done_and_repeats_it(
    run, spectra, tmp_path, suffix
):
    output = tmp_path / f"out{suffix}"
    assert run("n2n", spectra, "-o", output, "--seed", "3", *QUICK)[0] == 0
    beside = sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("out"))
    assert beside == [output.name, f"{output.name}.autoden.json"]
    held = json.loads(record_path(output).read_text())
    assert held["inputs"] == [{"name": spectra.name, "sha256": file_hash(spectra)}]
    assert (held["run"]["command"], held["run"]["seed"]) == ("n2n", 3)
    assert held["run"]["autoden"] == version()
    (step,) = ad.read(output).metadata["provenance"]
    assert (step["method"], step["seed"], step["inputs"]) == ("n2n", 3, held["inputs"])
    assert ("metadata" in held) == (suffix != ".npz")
    assert ("axes" in held) == (suffix == ".npy")


def test_a_model_and_a_converted_file_have_such_a_file_too(run, spectra, tmp_path):
    model, copy = tmp_path / "model.safetensors", tmp_path / "copy.npz"
    assert run("train", "n2n", spectra, "-o", model, *QUICK)[0] == 0
    assert run("convert", spectra, copy)[0] == 0
    for output, command in ((model, "train n2n"), (copy, "convert")):
        held = json.loads(record_path(output).read_text())
        assert held["run"]["command"] == command
        assert held["inputs"][0]["sha256"] == file_hash(spectra)
    first = copy.read_bytes()
    assert run("--config", record_path(copy), "--force")[0] == 0
    assert copy.read_bytes() == first


def test_the_file_beside_a_linked_output_is_beside_the_file_itself(run, spectra, tmp_path):
    (tmp_path / "disk").mkdir()
    link = tmp_path / "out.csv"
    link.symlink_to(tmp_path / "disk" / "real.csv")
    assert run("n2n", spectra, "-o", link, *QUICK)[0] == 0
    assert (tmp_path / "disk" / "real.csv.autoden.json").is_file()
    assert not (tmp_path / "out.csv.autoden.json").exists()
    assert ad.read(link).metadata["provenance"][0]["method"] == "n2n"


def test_a_file_of_that_name_that_is_something_else_stops_the_run_before_it_trains(
    run, spectra, tmp_path
):
    notes = write(tmp_path / "out.csv.autoden.json", '{"my": "notes"}')
    code, _, err = run("n2n", spectra, "-o", tmp_path / "out.csv", *QUICK, "--force")
    assert code == 1
    assert "is not of autoden" in err
    assert notes.read_text() == '{"my": "notes"}'
