"""Command lines run in this process, and small files to run them on."""

import numpy as np
import pytest
import tifffile

import autoden as ad
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
