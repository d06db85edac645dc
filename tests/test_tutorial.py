"""The tutorial, end to end: verbatim from the README, and against a known truth."""

import re
from pathlib import Path

import numpy as np
import pytest

import autoden as ad
from autoden.evaluation import mean_squared_error, unbiased_mse
from autoden.models.params import NETWORKS

README = Path(__file__).parents[1] / "README.md"
REFERENCE_MSE = 0.45
"""What the tutorial reaches with auto-denoise 3.0, averaged over the 8 groups of 4 exposures."""


BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
DENOISE, IMAGE, TUTORIAL, *OTHERS = BLOCKS


def run_readme(csv, epochs=None):
    """Run the README's tutorial on a file; give the names it defines."""
    code = TUTORIAL
    assert "05_xrf_spectra.csv" in code
    code = code.replace("05_xrf_spectra.csv", str(csv))
    if epochs is not None:
        assert "epochs=10_000" in code
        code = code.replace("epochs=10_000", f"epochs={epochs}")
    names = {}
    exec(compile(code, str(README), "exec"), names)
    return names


def denoise(counts, epochs, seed):
    """Make the tutorial's calls with a seed."""
    model = ad.NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6).get_model(seed=seed)
    n2n = ad.N2N(model=model, reg_val=None, seed=seed, verbose=False)
    n2n_data = n2n.prepare_data(counts)
    n2n.train(*n2n_data, epochs=epochs, lower_limit=0.0, learning_rate=1e-2, restarts=1)
    return n2n.infer(n2n_data[0])


def test_the_readme_runs_on_the_real_file(xrf_file):
    names = run_readme(xrf_file, epochs=30)
    assert sum(p.numel() for p in names["model"].parameters()) == 256
    assert names["pred_counts"].shape == names["energies_keV"].shape == (4095,)
    assert names["pred_counts"].min() >= 0
    assert set(names["losses"]) == {"loss_trn", "loss_trn_data", "loss_tst", "loss_tst_sbi"}


def write_like_the_tutorial(path, simulated):
    """Write simulated exposures in the layout of the tutorial's file."""
    header = ["", *map(repr, simulated.energies_keV.tolist()), "20.5"]
    rows = [[i, *row, 1250] for i, row in enumerate(simulated.counts.tolist())]
    lines = [",".join(map(str, row)) for row in [header, *rows]]
    path.write_text("\n".join(lines) + "\n")


def test_the_readme_runs_on_a_simulated_file_of_the_same_layout(tmp_path):
    simulated = ad.datasets.xrf_spectra(n_exposures=6, seed=0)
    write_like_the_tutorial(tmp_path / "spectra.csv", simulated)
    assert run_readme(tmp_path / "spectra.csv", epochs=5)["pred_counts"].shape == (4095,)


def test_the_readme_denoises_in_one_call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    simulated = ad.datasets.xrf_spectra(n_exposures=4, n_channels=2048, seed=0)
    write_like_the_tutorial(tmp_path / "05_xrf_spectra.csv", simulated)
    names = {}
    exec(compile(DENOISE, str(README), "exec"), names)
    result = names["result"]
    of_mean = mean_squared_error(simulated.counts.mean(axis=0), simulated.truth)
    assert mean_squared_error(result.estimate, simulated.truth) < of_mean / 5
    assert not result.warnings
    saved = ad.read(tmp_path / "denoised.csv")
    np.testing.assert_allclose(saved.data, [result.estimate, result.uncertainty], rtol=1e-6)
    assert (tmp_path / "report.html").stat().st_size > 1e6  # all it needs is inside


def test_the_readme_denoises_an_image():
    names = {}
    exec(compile(IMAGE, str(README), "exec"), names)
    result, truth = names["result"], names["camera"]()[::8, ::8]
    error = mean_squared_error(result.estimate, truth)
    assert error < 0.5 * mean_squared_error(names["noisy"], truth)
    low, high = result.quality["mse_interval"]
    assert low < error < high


@pytest.mark.parametrize("code", OTHERS)
def test_the_other_blocks_of_the_readme_run(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    known = dict(NETWORKS)
    names = {"__name__": "readme"}
    try:
        exec(compile(code, str(README), "exec"), names)
    finally:  # what a block registers goes with it
        NETWORKS.clear()
        NETWORKS.update(known)
    if "denoised" in names:
        assert names["denoised"].shape == names["images"].shape
        np.testing.assert_allclose(names["same"], names["denoised"], rtol=1e-4)  # other batches
    else:
        assert isinstance(names["n2n"].model, names["LocalFilter"])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_error_against_the_truth_is_at_most_half_of_the_means(seed):
    simulated = ad.datasets.xrf_spectra(n_exposures=4, seed=seed)
    denoised = denoise(simulated.counts, epochs=800, seed=seed)
    error_of_mean = mean_squared_error(simulated.counts.mean(axis=0), simulated.truth)
    assert mean_squared_error(denoised, simulated.truth) <= 0.5 * error_of_mean


@pytest.mark.slow
def test_the_readme_at_full_length(xrf_file):
    counts = ad.read(xrf_file).data
    assert unbiased_mse(run_readme(xrf_file)["pred_counts"], counts[4:]) <= REFERENCE_MSE


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0])
def test_quality_over_all_groups_of_four_exposures(xrf_file, seed):
    counts = ad.read(xrf_file).data
    errors = []
    for group in range(8):
        used = np.arange(4 * group, 4 * group + 4)
        denoised = denoise(counts[used], epochs=10_000, seed=seed)
        errors.append(unbiased_mse(denoised, np.delete(counts, used, axis=0)))
    assert np.mean(errors) <= REFERENCE_MSE
    assert max(errors) <= 0.6, "no group may fall off as the reference's do (1.04)"
