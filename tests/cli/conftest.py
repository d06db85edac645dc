"""Command lines run in this process, and small files to run them on."""

import importlib

import numpy as np
import pytest
import tifffile

import autoden as ad
from autoden.auto.learning.selection import Candidate
from autoden.auto.result import Result
from autoden.auto.spectra.measurement import read_measurement
from autoden.cli import main
from autoden.signals import Axis, Signal
from autoden.transforms.parallel_beam import ParallelBeam


@pytest.fixture
def run(capsys):
    """Run a command line: exit code, standard output, standard error."""

    def call(*words):
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return call


@pytest.fixture
def spectra(tmp_path):
    """A CSV of 6 simulated exposures."""
    simulated = ad.datasets.xrf_spectra(n_exposures=6, n_channels=2000, seed=0)
    axes = (Axis("repeat"), Axis("energy", "keV", simulated.energies_keV))
    ad.write(tmp_path / "in.csv", Signal(simulated.counts, axes))
    return tmp_path / "in.csv"


@pytest.fixture
def images(tmp_path):
    """A TIFF of 4 noisy images of one thing, as any program writes it, and a clean one."""
    clean = 20 + 10 * np.sin(np.arange(16)[:, None] / 3) * np.cos(np.arange(12) / 2)
    noisy = np.random.default_rng(0).poisson(clean, (4, 16, 12)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "in.tif", noisy, photometric="minisblack")
    tifffile.imwrite(tmp_path / "clean.tif", clean.astype(np.float32))
    return tmp_path / "in.tif"


@pytest.fixture
def sinogram(tmp_path):
    """A TIFF of the projections of a disk, and a table of their angles."""
    angles = np.arange(40) * np.pi / 40
    beam = ParallelBeam(angles, n_detectors=16)
    noise = np.random.default_rng(0).normal(0.0, 1.0, (40, 16))
    projections = beam.project(beam.circle.float()).numpy() + noise
    tifffile.imwrite(tmp_path / "sinogram.tif", projections.astype(np.float32))
    np.savetxt(tmp_path / "angles.csv", angles)
    return tmp_path / "sinogram.tif"


CANDIDATES = (
    Candidate("mean", "mean of the exposures", 0.0, 0.0),
    Candidate("gaussian", "Gaussian, sigma 3", -20.5, 0.4),
    Candidate("kernel mixture", "24 filters", -23.25, 0.375, chosen=True),
)


@pytest.fixture
def denoising(monkeypatch):
    """Replace the library's function by one that averages; give what it was called with."""
    calls = []

    def fake(data, *, axes=None, exposure=None, reference=None, **options):
        calls.append(
            {"data": data, "axes": axes, "exposure": exposure, "reference": reference, **options}
        )
        measurement = read_measurement(data, axes=axes, exposure=exposure)
        means = np.array([sample.repeats.mean(axis=0) for sample in measurement.samples])
        mean = measurement.shaped(means)
        scores = {"mse": 0.5, "mean_mse": 2.0, "mdev": 3.0, "mean_mdev": 40.0}
        scores |= {f"{name}_error": value / 10 for name, value in scores.items()}
        return Result(
            estimate=mean,
            uncertainty=np.sqrt(mean),
            method="kernel mixture: 24 filters",
            candidates=CANDIDATES,
            quality={} if reference is None else {"reference": scores},
            warnings=["Repeat 1 is scaled: leave it out, or give axes='SE'."],
            notes=[*measurement.notes, "Variance over mean is 1.00: Poisson noise."],
            verdict=["It is worth 9 times the exposure.", "The total agrees: z is 0.3."],
            mean=mean,
            noise=np.sqrt(mean),
            measurement=measurement,
            trained=None,
        )

    def report(self, path, *, overwrite):
        path.write_text("report")
        return path

    monkeypatch.setattr(importlib.import_module("autoden.auto.denoise"), "denoise", fake)
    monkeypatch.setattr(Result, "report", report)
    return calls
