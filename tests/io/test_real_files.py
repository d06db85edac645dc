"""Real measurements: their lines are where physics says."""

import numpy as np
import pytest

import autoden as ad
from conftest import SHARED_DATA

FE_KA, CU_KA, ZN_KA = 6.40, 8.05, 8.64  # keV


def there(path):
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path


def centre(signal, near, half_width):
    """Centre of mass of the counts around a line, above those at its feet, in keV."""
    energy = signal.axis("energy").values
    counts = signal.data.reshape(-1, energy.size).sum(axis=0).astype(float)
    peak = energy[np.argmax(np.where(np.abs(energy - near) < half_width, counts, 0))]
    inside = np.abs(energy - peak) < half_width
    above = np.clip(counts[inside] - counts[inside].min(), 0, None)
    return float(np.sum(energy[inside] * above) / above.sum())


@pytest.mark.parametrize("standard", ["nist_2586", "stds_2"])
def test_iron_in_the_standards(standard):
    files = sorted(there(SHARED_DATA / "xrf_standards" / standard).glob("*.msa"))
    signal = ad.read(files)
    assert signal.shape == (6, 4096)
    assert [axis.name for axis in signal.axes] == ["repeat", "energy"]
    assert signal.axes[1].unit == "keV"
    assert signal.metadata["live_time"] == 30.0
    assert len(signal.metadata["of_repeats"]["real_time"]) == 6
    assert 4.5e6 < signal.data.sum() < 5.5e6
    assert centre(signal, FE_KA, 0.12) == pytest.approx(FE_KA, abs=0.020)


def test_copper_and_zinc_in_the_tutorials_file(xrf_file):
    signal = ad.read(xrf_file)
    assert centre(signal, CU_KA, 0.12) == pytest.approx(CU_KA, abs=0.02)
    assert centre(signal, ZN_KA, 0.12) == pytest.approx(ZN_KA, abs=0.02)


def test_the_simplest_file_of_pymca():
    signal = ad.read(there(SHARED_DATA / "formats" / "XRFSpectrum.mca"))
    plain = np.loadtxt(SHARED_DATA / "formats" / "XRFSpectrum.mca", comments="#")
    np.testing.assert_array_equal(signal.data, plain)
    assert signal.shape == (4096,)
    around = signal.data[1440:1510]
    assert abs(1440 + int(around.argmax()) - 1474) <= 2  # cobalt, as its comments say
    assert "close to the" in signal.metadata["comments"]


def test_a_standard_reads_back_equal_after_it_was_written(tmp_path):
    source = there(SHARED_DATA / "xrf_standards" / "nist_2586") / "repeat_1.msa"
    signal = ad.read(source)
    ad.write(tmp_path / "a.msa", signal)
    back = ad.read(tmp_path / "a.msa")
    np.testing.assert_array_equal(back.data, signal.data)
    assert back.axes[0].values.tobytes() == signal.axes[0].values.tobytes()
    assert back.metadata["emsa"] == signal.metadata["emsa"]
