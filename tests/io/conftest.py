"""The tutorial's real file, where the shared data are at hand."""

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture
def xrf_file():
    """32 exposures of 0.1 s, 4096 channels of which the last is an overflow bin."""
    path = SHARED_DATA / "xrf" / "05_xrf_spectra.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    return path
