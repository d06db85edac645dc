"""Files of multichannel analysers: a column of numbers, or sections."""

import numpy as np
import pytest

import autoden as ad
from autoden.errors import InputError
from autoden.signals import Axis, Signal

SECTIONS = (
    "$SPEC_ID:\nsteel, 30 kV\n$MEAS_TIM:\n100 110.5\n$DATE_MEA:\n01/02/2024 10:00:00\n"
    "$DATA:\n0 4\n       1\n       2\n       3\n       4\n       5\n$ROI:\n0\n"
    "$ENER_FIT:\n0.1 0.5\n$MCA_CAL:\n3\n0.1 0.5 0.01 keV\n"
)


def read(tmp_path, text, name="a.spe"):
    (tmp_path / name).write_text(text)
    return ad.read(tmp_path / name)


def test_sections_are_read_with_their_calibration_and_times(tmp_path):
    signal = read(tmp_path, SECTIONS)
    np.testing.assert_array_equal(signal.data, [1, 2, 3, 4, 5])
    assert (signal.axes[0].name, signal.axes[0].unit) == ("energy", "keV")
    channels = np.arange(5)
    np.testing.assert_allclose(signal.axes[0].values, 0.1 + 0.5 * channels + 0.01 * channels**2)
    assert (signal.metadata["live_time"], signal.metadata["real_time"]) == (100, 110.5)
    assert signal.metadata["sections"]["SPEC_ID"] == "steel, 30 kV"


def test_two_coefficients_are_taken_for_kiloelectronvolts_and_that_is_said(tmp_path):
    signal = read(tmp_path, SECTIONS[: SECTIONS.index("$MCA_CAL")])
    np.testing.assert_allclose(signal.axes[0].values, 0.1 + 0.5 * np.arange(5))
    assert signal.metadata["assumed"] == ["the energies of $ENER_FIT: are in keV"]


def test_a_first_channel_that_is_not_the_zeroth_counts(tmp_path):
    signal = read(tmp_path, "$DATA:\n10 12\n1 2 3\n$ENER_FIT:\n0 2\n")
    np.testing.assert_array_equal(signal.axes[0].values, [20, 22, 24])
    signal = read(tmp_path, "$DATA:\n10 12\n1 2 3\n$ENER_FIT:\n0 0\n")
    assert signal.axes[0].name == "channel"
    np.testing.assert_array_equal(signal.axes[0].values, [10, 11, 12])


def test_a_column_of_numbers_with_comments(tmp_path):
    signal = read(tmp_path, "# steel\n#\n1\n2\n3.5\n", "a.mca")
    np.testing.assert_array_equal(signal.data, [1, 2, 3.5])
    assert signal.axes[0].name == "channel"
    assert signal.metadata["comments"] == "steel"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1\n2 3\n", "line 2: '2 3' is not a finite number"),
        ("# nothing\n", "no numbers"),
        ("$DATA:\n0 5\n1 2 3\n$ROI:\n", "channels 0 to 5, but holds 3"),
        ("$DATA:\n0 2\n1 2 3", "ends within a section"),
        ("$DATA:\n0 1152921504606846975\n1 2 3\n", "but holds 3"),
        ("$ROI:\n0\n", "no section \\$DATA:"),
        ("<<PMCA SPECTRUM>>\n", "Amptek's own layout"),
        ("#F a.mca\n#S 1\n@A 1 2 3\n", "SPEC's own layout"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        read(tmp_path, text, "a.mca")


def test_sections_are_written_back_and_a_straight_line_for_other_programs(tmp_path):
    signal = read(tmp_path, SECTIONS)
    ad.write(tmp_path / "b.spe", signal)
    lines = (tmp_path / "b.spe").read_text().split("\n")
    assert lines[lines.index("$SPEC_ID:") + 1] == "steel, 30 kV"
    assert lines[lines.index("$MEAS_TIM:") + 1] == "100.0 110.5"
    start = lines.index("$DATA:")
    assert lines[start + 1 : start + 7] == ["0 4", "1", "2", "3", "4", "5"]
    offset, step = map(float, lines[lines.index("$ENER_FIT:") + 1].split())
    assert offset == pytest.approx(0.1)
    assert offset + 4 * step == pytest.approx(signal.axes[0].values[-1])
    back = ad.read(tmp_path / "b.spe")  # the bent line, to the last bit
    assert back.axes[0].values.tobytes() == signal.axes[0].values.tobytes()


def test_an_estimate_is_no_whole_number_and_stays_so(tmp_path):
    signal = Signal(np.array([0.1, 2.0, 3.25]), [Axis("energy", "keV", [0.0, 0.5, 1.0])])
    ad.write(tmp_path / "a.mca", signal)
    np.testing.assert_array_equal(ad.read(tmp_path / "a.mca").data, signal.data)
