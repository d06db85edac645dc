"""An estimate and its uncertainty are written as a whole, and read back equal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autoden as ad
from autoden.auto.files.saving import check_saving, save_estimate, sigma_path
from autoden.auto.spectra.measurement import read_measurement
from autoden.errors import InputError
from autoden.signals import Axis, Signal

N = 12
ENERGY = Axis("energy", "keV", np.linspace(0.1, 1.2, N))
RNG = np.random.default_rng(0)
ONE = read_measurement(Signal(RNG.poisson(9, (4, N)), ["repeat", ENERGY], {"tube": "Rh"}))
SAMPLES = read_measurement(Signal(RNG.poisson(9, (3, N)), ["sample", ENERGY]))
SAMPLES_LAST = read_measurement(RNG.poisson(9, (N, 3)), axes="ES")
BARE = read_measurement(RNG.poisson(9, N))
MEASURED = {"one": ONE, "samples": SAMPLES, "samples last": SAMPLES_LAST, "bare": BARE}
METHOD = {"method": "whittaker", "settings": {"order": 2, "smoothness": 3.5}}


def result(measurement, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=measurement.shape), rng.random(measurement.shape)


def table_of(text, tmp_path, name="in.csv", **options):
    path = tmp_path / name
    path.write_text(text)
    return read_measurement(path, **options)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt"])
@pytest.mark.parametrize("measurement", MEASURED.values(), ids=MEASURED)
def test_a_table_holds_both_exactly_and_names_them(tmp_path, measurement, suffix):
    estimate, sigma = result(measurement)
    (path,) = save_estimate(tmp_path / f"out{suffix}", estimate, sigma, measurement)
    read = ad.read(path)
    n_samples = measurement.n_samples
    np.testing.assert_array_equal(read.data[:n_samples], measurement.by_sample(estimate))
    np.testing.assert_array_equal(read.data[n_samples:], measurement.by_sample(sigma))
    numbers = [""] if measurement.sample_axis is None else [f" {i}" for i in range(n_samples)]
    names = [f"{name}{number}" for name in ("estimate", "sigma") for number in numbers]
    assert read.metadata["table"]["row_names"] == names
    assert read.axes[0].name == "quantity"  # so that nobody takes them for repeats
    assert (read.axes[1].name, read.axes[1].unit) == (measurement.axis.name, measurement.axis.unit)


@settings(max_examples=30, deadline=None)
@given(hnp.arrays(np.float64, (2, N), elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_any_finite_numbers_read_back_equal(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("out") / "out.csv"
    save_estimate(path, values[0], values[1], ONE)
    np.testing.assert_array_equal(ad.read(path).data, values)


def test_a_table_in_columns_gets_columns(tmp_path):
    rows = "".join(f"{x!r};{i};{i + 1}\n" for i, x in enumerate(ENERGY.values.tolist()))
    measurement = table_of("Energy (keV);a;b\n" + rows, tmp_path, axes="RE")
    estimate, sigma = result(measurement)
    (path,) = save_estimate(tmp_path / "out.csv", estimate, sigma, measurement)
    assert path.read_text().splitlines()[0] == "energy (keV);estimate;sigma"
    read = ad.read(path)
    np.testing.assert_array_equal(read.data, [estimate, sigma])
    np.testing.assert_array_equal(read.axes[1].values, ENERGY.values)
    assert read.metadata["table"]["column_names"] == ["estimate", "sigma"]


def test_a_column_without_positions_gets_the_numbers_of_its_channels(tmp_path):
    measurement = table_of("".join(f"{i}\n" for i in range(N)), tmp_path)
    estimate, sigma = result(measurement)
    (path,) = save_estimate(tmp_path / "out.csv", estimate, sigma, measurement)
    lines = path.read_text().splitlines()
    assert lines[0] == "channel,estimate,sigma"
    assert lines[2].startswith("1,")
    np.testing.assert_array_equal(ad.read(path).data, [estimate, sigma])


@pytest.mark.parametrize("measurement", MEASURED.values(), ids=MEASURED)
def test_an_npz_file_holds_both_arrays_with_axes_and_settings(tmp_path, measurement):
    estimate, sigma = result(measurement)
    (path,) = save_estimate(tmp_path / "o.npz", estimate, sigma, measurement, metadata=METHOD)
    with np.load(path) as archive:
        np.testing.assert_array_equal(archive["data"], estimate)
        np.testing.assert_array_equal(archive["sigma"], sigma)
    read = ad.read(path)
    np.testing.assert_array_equal(read.data, estimate)
    assert [axis.name for axis in read.axes] == [a.name for a in measurement.signal_of(sigma).axes]
    assert read.metadata["settings"] == METHOD["settings"]
    np.testing.assert_array_equal(ad.read(path, key="sigma").data, sigma)
    again = save_estimate(tmp_path / "p.npz", estimate, sigma, measurement, metadata=METHOD)[0]
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("suffix", "inside"), [(".h5", "/entry/data/data_errors"), (".nxs", None), (".zarr", "sigma")]
)
def test_containers_hold_both(tmp_path, suffix, inside):
    estimate, sigma = result(ONE)
    path = tmp_path / f"out{suffix}"
    assert save_estimate(path, estimate, sigma, ONE, metadata=METHOD) == (path,)
    read = ad.read(path)
    np.testing.assert_array_equal(read.data, estimate)
    assert read.metadata["settings"] == METHOD["settings"]
    errors = ad.read(f"{path}::{inside or read.metadata['uncertainties']}")
    np.testing.assert_array_equal(errors.data, sigma)
    assert errors.axes[0].name == "energy"
    check_saving(path, ONE, overwrite=True)
    save_estimate(path, sigma, sigma, ONE, overwrite=True)
    np.testing.assert_array_equal(ad.read(path).data, sigma)


@pytest.mark.parametrize("suffix", [".npy", ".tif", ".tiff"])
@pytest.mark.parametrize("measurement", MEASURED.values(), ids=MEASURED)
def test_other_formats_get_a_second_file(tmp_path, measurement, suffix):
    estimate, sigma = result(measurement)
    path = tmp_path / f"out{suffix}"
    files = save_estimate(path, estimate, sigma, measurement, metadata=METHOD)
    assert files == (path, tmp_path / f"out.sigma{suffix}") == (path, sigma_path(path))
    for file, values, quantity in zip(files, (estimate, sigma), ("estimate", "sigma"), strict=True):
        read = ad.read(file)
        np.testing.assert_array_equal(read.data, values)
        if suffix != ".npy":
            assert read.metadata["quantity"] == quantity
            assert read.metadata["method"] == "whittaker"
            assert read.metadata.get("tube") == measurement.metadata.get("tube")


def test_nothing_is_overwritten_unless_told(tmp_path):
    estimate, sigma = result(ONE)
    path = tmp_path / "out.npy"
    sigma_path(path).write_bytes(b"precious")
    for attempt in (
        lambda: save_estimate(path, estimate, sigma, ONE),
        lambda: check_saving(path, ONE),
    ):
        with pytest.raises(InputError, match=r"out.sigma.npy exists already.*overwrite=True"):
            attempt()
        assert [file.name for file in tmp_path.iterdir()] == ["out.sigma.npy"]
        assert sigma_path(path).read_bytes() == b"precious"
    check_saving(path, ONE, overwrite=True)
    save_estimate(path, estimate, sigma, ONE, overwrite=True)
    np.testing.assert_array_equal(np.load(sigma_path(path)), sigma)


def test_the_measurement_is_never_overwritten(tmp_path):
    path = tmp_path / "in.csv"
    ad.write(path, Signal(RNG.poisson(9, (4, N)), ["repeat", ENERGY]))
    before = path.read_bytes()
    measurement = read_measurement(path)
    with pytest.raises(InputError, match="would replace the measurement"):
        save_estimate(path, *result(measurement), measurement, overwrite=True)
    np.save(tmp_path / "a.sigma.npy", np.arange(N))
    measurement = read_measurement(tmp_path / "a.sigma.npy")
    with pytest.raises(InputError, match=r"a.sigma.npy: the estimate would replace"):
        check_saving(tmp_path / "a.npy", measurement, overwrite=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("suffix", "inside"), [(".h5", "/entry/data"), (".zarr", "0")])
def test_the_container_of_the_measurement_is_never_overwritten(tmp_path, suffix, inside):
    path = tmp_path / f"in{suffix}"
    counts = RNG.poisson(9, (4, N))
    ad.write(path, Signal(counts, ["repeat", ENERGY]))
    measurement = read_measurement(f"{path}::{inside}")
    with pytest.raises(InputError, match="would replace the measurement"):
        save_estimate(path, *result(measurement), measurement, overwrite=True)
    np.testing.assert_array_equal(ad.read(path).data, counts)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("out.png", "PNG image"),
        ("out.jpg", "cannot write"),
        ("out.xyz", "suffix is not known"),
        ("no/out.csv", "does not exist"),
    ],
)
def test_what_a_format_cannot_hold_is_refused_before_and_leaves_nothing(tmp_path, name, words):
    with pytest.raises(InputError, match=words):
        check_saving(tmp_path / name, ONE)
    with pytest.raises(InputError, match=words):
        save_estimate(tmp_path / name, *result(ONE), ONE)
    assert list(tmp_path.iterdir()) == []


def test_arrays_that_do_not_fit_are_named(tmp_path):
    estimate, sigma = result(ONE)
    with pytest.raises(InputError, match=r"`sigma` is float64 of shape \(11,\).*\(12,\)"):
        save_estimate(tmp_path / "out.csv", estimate, sigma[1:], ONE)
    with pytest.raises(InputError, match="estimate hold 12 values that are NaN"):
        save_estimate(tmp_path / "out.csv", estimate * np.nan, sigma, ONE)


def test_the_files_that_were_measured_are_recorded(tmp_path):
    path = tmp_path / "in.csv"
    ad.write(path, Signal(RNG.poisson(9, (4, N)), ["repeat", ENERGY]))
    measurement = read_measurement(path)
    (out,) = save_estimate(tmp_path / "out.npz", *result(measurement), measurement)
    assert ad.read(out).metadata["measured"] == [str(path)]
    assert ad.read(out).metadata["assumed"] == []
