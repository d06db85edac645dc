"""What several rooms' tests share."""

from pathlib import Path

import pytest
import torch

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def _repeatable():
    """What a test draws from torch's own state is the same in every run and order."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def xrf_file():
    """The tutorial's file of 32 repeated XRF exposures; the test is skipped where it is absent."""
    path = SHARED_DATA / "xrf" / "05_xrf_spectra.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return path
