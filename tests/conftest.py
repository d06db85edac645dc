"""What several rooms' tests share."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings

from autoden.native.availability import has_kernels

# The same cases in every run; `pytest --hypothesis-profile=default` looks for new ones.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session", autouse=True)
def _kernels():
    """Compile kernels before the first test: the lines that say so belong to none."""
    for module in ("models.narrow.function", "models.narrow.scales", "training.squares"):
        has_kernels(torch.float32, f"autoden.{module}")
    for module in ("models.narrow.function", "models.narrow.scales"):
        has_kernels(torch.float64, f"autoden.{module}")
    has_kernels(np.float32, "autoden.transforms.banded")


@pytest.fixture(autouse=True)
def _repeatable():
    """What a test draws from torch's own state is the same in every run and order."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    """A command line sets up logging for its process, which here goes on."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)


@pytest.fixture(scope="session")
def xrf_file():
    """The tutorial's file of 32 repeated XRF exposures; the test is skipped where it is absent."""
    path = SHARED_DATA / "xrf" / "05_xrf_spectra.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return path
