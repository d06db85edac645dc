"""`autoden denoise`: what it reads, asks, refuses and tells; and one real run."""

import importlib
import inspect

import numpy as np
import pytest

import autoden as ad
from autoden.auto.spectra.measurement import read_measurement
from autoden.cli.denoise import denoise as verb
from autoden.cli.denoise import parse_times
from autoden.cli.spectra import SpectraReading, read_reference, read_spectra
from autoden.errors import InputError
from autoden.signals import Axis, Signal

N_CHANNELS = 200
POSITIONS = np.arange(N_CHANNELS)
RATES = 30 * np.exp(-0.5 * ((POSITIONS - 80) / 9) ** 2) + 1


def counts(n_repeats, seed=0, rates=RATES):
    return np.random.default_rng(seed).poisson(rates, (n_repeats, len(rates)))


def save(path, data):
    """Write a table of repeats, or a single spectrum, on an axis of energies."""
    energy = Axis("energy", "keV", 0.1 * np.arange(data.shape[-1]) + 1)
    ad.write(path, Signal(data, (Axis("repeat"), energy) if data.ndim == 2 else (energy,)))
    return path


@pytest.fixture
def table(tmp_path):
    return save(tmp_path / "in.csv", counts(6))


def given_data(call):
    """Read what the library was given, as it reads it."""
    return read_measurement(call["data"], axes=call["axes"], exposure=call["exposure"])


def test_estimate_and_sigma_are_written_on_the_axis_of_the_file(run, denoising, table, tmp_path):
    code, _, _ = run("denoise", table, "-o", tmp_path / "out.csv")
    assert code == 0
    result = ad.read(tmp_path / "out.csv")
    np.testing.assert_allclose(result.data, [counts(6).mean(0), np.sqrt(counts(6).mean(0))])
    np.testing.assert_array_equal(
        result.axis("energy").values, ad.read(table).axis("energy").values
    )


def test_what_was_chosen_among_what_and_the_verdict_are_printed(run, denoising, table, tmp_path):
    code, out, err = run("denoise", table, "-o", tmp_path / "out.csv")
    assert code == 0
    lines = out.splitlines()
    assert lines[1:4] == [
        "*    -23.25 ± 0.38    kernel mixture: 24 filters",
        "     -20.50 ± 0.40    Gaussian, sigma 3",
        "       0.00           mean of the exposures",
    ]
    assert "It is worth 9 times the exposure." in lines
    assert "The total agrees: z is 0.3." in lines
    for sentence in ("in.csv was read as 6 repeats", "Poisson noise", "Wrote", " s."):
        assert sentence in err
    assert err.count("in.csv was read as") == 1, "a note is said once"


def test_quiet_leaves_warnings_alone(run, denoising, table, tmp_path):
    code, out, err = run("denoise", table, "-o", tmp_path / "out.csv", "--quiet")
    assert (code, out) == (0, "")
    assert err == "Warning: Repeat 1 is scaled: leave it out, or give --axes SE.\n"


def test_options_reach_the_library(run, denoising, table, tmp_path):
    run("denoise", table, "-o", tmp_path / "a.csv")
    (call,) = denoising
    assert call.pop("progress").interrupted is False
    assert {**call, "data": None} == {
        "data": None, "axes": None, "noise": "auto", "exposure": None, "budget": "balanced",
        "reference": None, "seed": 0,
    }  # fmt: skip
    run("denoise", table, "-o", tmp_path / "b.csv", "--noise", "poisson", "--budget", "best",
        "--exposure", "1,1,1,1,1,4", "--axes", "re", "--seed", "7")  # fmt: skip
    call = denoising[1]
    assert (call["noise"], call["budget"], call["seed"]) == ("poisson", "best", 7)
    assert (call["axes"], call["exposure"]) == ("RE", [1, 1, 1, 1, 1, 4])


def test_several_files_are_repeats_and_the_way_out_is_told(run, denoising, tmp_path):
    files = [save(tmp_path / f"{i}.csv", counts(1, i)[0]) for i in range(3)]
    code, _, err = run("denoise", *files, "-o", tmp_path / "out.csv")
    assert code == 0
    (sample,) = given_data(denoising[0]).samples
    np.testing.assert_array_equal(sample.repeats, [counts(1, i)[0] for i in range(3)])
    assert "3 repeats" in err
    assert "--axes SE" in err
    result = ad.read(tmp_path / "out.csv")
    assert len(result.data) == 2  # one estimate, one sigma
    (step,) = result.metadata["provenance"]
    assert [each["name"] for each in step["inputs"]] == ["0.csv", "1.csv", "2.csv"]


def test_several_tables_of_repeats_are_put_together(run, denoising, tmp_path):
    files = [save(tmp_path / f"{i}.csv", counts(i + 1, i)) for i in range(3)]
    assert run("denoise", *files, "-o", tmp_path / "out.csv")[0] == 0
    (sample,) = given_data(denoising[0]).samples
    np.testing.assert_array_equal(
        sample.repeats, np.concatenate([counts(i + 1, i) for i in range(3)])
    )


def test_files_of_different_samples_are_no_repeats_unless_that_is_said(run, denoising, tmp_path):
    files = [
        save(tmp_path / "a.csv", counts(1)[0]),
        save(tmp_path / "b.csv", counts(1, 1, np.roll(RATES, 70))[0]),
    ]
    code, _, err = run("denoise", *files, "-o", tmp_path / "out.csv")
    assert code == 1
    assert err.count("\n") == 1
    assert "--axes SE" in err
    assert "--axes RE" in err
    for letters, n_samples in (("SE", 2), ("RE", 1), ("SRE", 2)):
        words = ["-o", tmp_path / f"{letters}.csv", "--axes", letters]
        assert run("denoise", *files, *words)[0] == 0
        assert given_data(denoising[-1]).n_samples == n_samples


def test_each_file_can_be_a_sample_with_repeats_of_its_own(run, denoising, tmp_path):
    files = [save(tmp_path / f"{i}.csv", counts(i + 2, i)) for i in range(3)]
    assert run("denoise", *files, "-o", tmp_path / "a.csv", "--axes", "SRE")[0] == 0
    assert [s.n_repeats for s in given_data(denoising[0]).samples] == [2, 3, 4]
    assert run("denoise", *files, "-o", tmp_path / "b.csv", "--axes", "SE")[0] == 0
    assert given_data(denoising[1]).n_samples == 9
    words = ["--axes", "SRE", "--exposures", "0:2"]
    assert run("denoise", *files, "-o", tmp_path / "c.csv", *words)[0] == 0
    for index, sample in enumerate(given_data(denoising[2]).samples):
        np.testing.assert_array_equal(sample.repeats, counts(index + 2, index)[:2])


def test_some_exposures_are_used_and_the_others_can_score(run, denoising, table, tmp_path):
    words = ["--exposures", "1:4", "--reference", table]
    code, out, _ = run("denoise", table, "-o", tmp_path / "out.csv", *words)
    assert code == 0
    np.testing.assert_array_equal(np.asarray(denoising[0]["data"]), counts(6)[1:4])
    np.testing.assert_array_equal(np.asarray(denoising[0]["reference"]), counts(6)[[0, 4, 5]])
    mean, denoised = out.splitlines()[-2:]
    assert " ".join(mean.split()) == "mean of 3 2.00 ± 0.20 40.0 ± 4.0 3.0"
    assert " ".join(denoised.split()) == "denoised 0.500 ± 0.050 3.00 ± 0.30 12.0"  # 3 x 2 / 0.5


def test_another_file_can_score(run, denoising, table, tmp_path):
    held = save(tmp_path / "held.csv", counts(9, 1))
    assert run("denoise", table, "-o", tmp_path / "out.csv", "--reference", held)[0] == 0
    np.testing.assert_array_equal(np.asarray(denoising[0]["reference"]), counts(9, 1))


def test_samples_are_scored_by_a_file_each(tmp_path):
    files = [save(tmp_path / f"{i}.csv", counts(2, i)) for i in range(2)]
    held = [save(tmp_path / f"held{i}.csv", counts(3, i)) for i in range(2)]
    reading = SpectraReading(axes="SRE")
    first, second = read_reference(held, files, reading, read_spectra(files, reading))
    np.testing.assert_array_equal(first.data, counts(3, 0))
    np.testing.assert_array_equal(second.data, counts(3, 1))


def test_exposures_of_samples_in_columns_are_found_by_their_letter(tmp_path):
    np.save(tmp_path / "in.npy", counts(6).T)
    reading = SpectraReading(axes="ER", exposures="0:2")
    spectra = read_spectra([tmp_path / "in.npy"], reading)
    np.testing.assert_array_equal(spectra.data.data, counts(6)[:2].T)
    np.testing.assert_array_equal(spectra.rest.data, counts(6)[2:].T)


@pytest.mark.parametrize("name", ["report.html", "REPORT.PNG"])
def test_a_report_is_written_where_it_is_asked_for(run, denoising, table, tmp_path, name):
    code, _, err = run(
        "denoise", table, "-o", tmp_path / "out.npy", "--report", tmp_path / name
    )  # fmt: skip
    assert code == 0
    for written in ("out.npy", "out.sigma.npy", name):
        assert (tmp_path / written).exists()
        assert written in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--report", "report.pdf"], "must end in .html or .png"),
        (["--report", "no/report.html"], "does not exist"),
        (["--report", "there.html"], "--force"),
        (["--report", "in.csv", "--force"], "would replace the measurement"),
        (["-o", "there.csv"], "--force"),
        (["-o", "out.npy"], "out.sigma.npy exists"),
        (["-o", "in.csv", "--force"], "would replace the measurement"),
        (["-o", "out.docx"], "the suffix is not known"),
        (["-o", "held.csv", "--reference", "held.csv", "--force"], "would replace the measurement"),
        (["--reference", "in.csv"], "scored on itself"),
        (["--reference", "none.csv"], "none.csv"),
        (["--axes", "RQ"], "--axes is 'RQ'"),
        (["--axes", "E"], "--axes is 'E'"),
        (["--exposures", "4:9"], "within the 6 exposures"),
        (["--exposure", "1,x"], "separated by commas"),
        (["--exposure", "1,2"], "--exposure holds 2 numbers"),
        (["--exposure", "1,1,1,1,1,0"], "--exposure holds 0.0 for repeat 6"),
    ],
)
def test_what_would_fail_at_the_end_fails_at_once(
    run, denoising, table, tmp_path, monkeypatch, words, message
):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "held.csv", counts(2))
    for name in ("there.html", "there.csv", "out.sigma.npy"):
        (tmp_path / name).write_text("precious")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    output = [] if "-o" in words else ["-o", "out.csv"]
    code, out, err = run("denoise", "in.csv", *output, *words)
    assert (code, out) == (1, "")
    assert err.startswith("autoden: error: ")
    assert err.count("\n") == 1
    assert message in err
    assert denoising == []
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_force_replaces_results(run, denoising, table, tmp_path):
    output, report = tmp_path / "out.csv", tmp_path / "report.html"
    for path in (output, report):
        path.write_text("old")
    assert run("denoise", table, "-o", output, "--report", report, "--force")[0] == 0
    assert output.read_text() != "old"
    assert report.read_text() == "report"


@pytest.mark.parametrize("words", [["--budget", "huge"], ["--noise", "pink"], ["--epochs", "2"]])
def test_a_choice_that_there_is_not_is_a_wrong_command_line(run, denoising, table, words):
    assert run("denoise", table, "-o", "out.csv", *words)[0] == 2


def test_an_overflow_bin_can_be_kept_by_an_option_that_is_told(run, denoising, tmp_path):
    data = np.hstack([counts(4), np.full((4, 1), 5000)])
    save(tmp_path / "in.csv", data)
    _, _, err = run("denoise", tmp_path / "in.csv", "-o", tmp_path / "a.csv")
    assert err.count("overflow bin") == 1
    assert "was left out" in err
    assert "give --keep-overflow" in err
    _, _, err = run("denoise", tmp_path / "in.csv", "-o", tmp_path / "c.csv", "--quiet")
    assert err.count("overflow bin") == 1, "a channel is never left out in silence"
    words = ["--keep-overflow", "--quiet"]
    run("denoise", tmp_path / "in.csv", "-o", tmp_path / "b.csv", *words)
    assert ad.read(tmp_path / "b.csv", keep_overflow=True).data.shape == (2, N_CHANNELS + 1)


def test_live_times_are_numbers_between_commas():
    assert parse_times("0.1, 2e-1") == [0.1, 0.2]
    with pytest.raises(InputError, match="separated by commas"):
        parse_times("0.1;0.2")


def test_the_verb_and_the_library_agree_on_defaults():
    library = inspect.signature(importlib.import_module("autoden.auto.denoise").denoise).parameters
    command = inspect.signature(verb).parameters
    for name in ("noise", "exposure", "budget", "reference", "seed"):
        assert command[name].default == library[name].default


def test_a_real_spectrum_comes_out_better_than_the_mean(run, tmp_path):
    simulated = ad.datasets.xrf_spectra(n_exposures=8, n_channels=512, seed=0)
    energy = Axis("energy", "keV", simulated.energies_keV)
    ad.write(tmp_path / "in.csv", Signal(simulated.counts, (Axis("repeat"), energy)))
    words = ["--exposures", "0:4", "--reference", tmp_path / "in.csv", "--budget", "fast"]
    code, out, err = run(
        "denoise", tmp_path / "in.csv", "-o", tmp_path / "out.csv", *words,
        "--report", tmp_path / "report.html",
    )  # fmt: skip
    assert code == 0, err
    estimate, sigma = ad.read(tmp_path / "out.csv").data
    errors = [np.mean((e - simulated.truth) ** 2) for e in (estimate, simulated.counts[:4].mean(0))]
    assert errors[0] < 0.5 * errors[1]
    assert sigma.min() > 0
    assert "mean of 4" in out
    assert "<html" in (tmp_path / "report.html").read_text()[:500]
