"""What the tests of the automatic choice share: one simulated measurement with its truth."""

import numpy as np
import pytest

from autoden.auto.learning.splits import Splits
from autoden.datasets import Detector, xrf_spectra
from autoden.noise import Exposures, Poisson

COARSE = Detector(channel_keV=0.02)
"""1024 channels see all lines up to 20 keV, each with a sigma of about 3 channels."""


@pytest.fixture(scope="session")
def simulate():
    """Simulate spectra of 1024 channels with 24,000 counts per exposure."""

    def draw(n_exposures=4, **settings):
        return xrf_spectra(n_exposures, **{"n_channels": 1024, "detector": COARSE, **settings})

    return draw


@pytest.fixture(scope="session")
def spectra(simulate):
    """Four exposures of seed 0."""
    return simulate()


@pytest.fixture(scope="session")
def splits(spectra):
    """Eight splits of the four exposures."""
    rng = np.random.default_rng(0)
    return Splits.draw([Exposures(spectra.counts)], Poisson(), 8, rng)
