"""A chosen method as a file: the same to the last bit, and nothing that can do harm."""

import json
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import torch

import autoden as ad
from autoden.auto.budget import IMAGE_BUDGETS
from autoden.auto.files.parts import (
    NOISES,
    UNITS,
    filter_of,
    filter_part,
    noise_of,
    part_of,
    units_from,
)
from autoden.auto.files.saved_method import SavedMethod
from autoden.auto.images.single import SingleUnknown
from autoden.auto.learning.field import image_field, lasting
from autoden.auto.learning.method import Filter
from autoden.auto.learning.mixture import Mixture, MixtureTraining
from autoden.auto.learning.rate_network import train_rate_network
from autoden.auto.learning.splits import Splits
from autoden.auto.learning.units import CountUnits, LevelUnits
from autoden.baselines.mean import Mean
from autoden.baselines.registry import BASELINES
from autoden.baselines.wavelets import WaveletShrinkage
from autoden.baselines.whittaker import Whittaker
from autoden.errors import InputError
from autoden.models.io import read_model
from autoden.noise import Gaussian, Poisson, Unknown
from autoden.signals import Axis, Signal
from rewriting import rewritten

N = 256
TRUTH = 20 + 100 * np.exp(-0.5 * ((np.arange(N) - 100) / 6) ** 2)
ENERGY = Axis("energy", "keV", np.linspace(1.0, 9.0, N))
Y, X = np.mgrid[:32, :32]
SCENE = 60 + 40 * np.sin(Y / 5) * np.cos(X / 6)


def counts(n=2, seed=0):
    repeats = np.random.default_rng(seed).poisson(TRUTH, (n, N))
    return Signal(repeats, (Axis("repeat"), ENERGY))


def pictures(seed=0):
    return SCENE + np.random.default_rng(seed).normal(0, 8, SCENE.shape)


@pytest.fixture(scope="module")
def spectrum():
    """Counts denoised by a mixture."""
    result = ad.denoise(counts(), budget="fast")
    assert result.method.startswith("kernel mixture")
    return result


@pytest.fixture(scope="module")
def image():
    """One picture, and a mixture of two networks."""
    result = ad.denoise(pictures(), n_dims=2, budget="fast")
    noise, rng = result.trained.noise, np.random.default_rng(0)
    splits = Splits.draw(result.trained.samples, noise, 2, rng)
    field = image_field(splits, IMAGE_BUDGETS["fast"])
    tuned = {name: field.tune(name) for name in ("gaussian", "wavelets", "nl-ridge")}
    training = MixtureTraining(splits, field.members(tuned))
    networks = tuple(training.train(training.start(seed), 1, seed) for seed in range(2))
    return with_method(result, Mixture(lasting(training.members), networks))


def with_method(result, method):
    return replace(result, trained=replace(result.trained, method=method))


def dncnn(result):
    rng = np.random.default_rng(0)
    splits = Splits.draw(result.trained.samples, result.trained.noise, 2, rng)
    return with_method(result, train_rate_network(splits, 2, 0))


SPECTRA = {
    "mixture": lambda result: result,
    "mean": lambda result: with_method(result, Filter(Mean(), Poisson())),
    "filter": lambda result: with_method(result, Filter(Whittaker(3, 1e3), Poisson())),
    "dncnn": dncnn,
}


def saved(result, folder):
    path = result.save_model(folder / "method.safetensors")
    loaded = ad.load(path)
    assert isinstance(loaded, SavedMethod)
    return loaded


def same(one, other):
    """Whether two results agree to the last bit, in their numbers and their words."""
    for name in ("estimate", "uncertainty", "noise"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert str(one.quality) == str(other.quality)
    for name in ("method", "verdict", "notes", "warnings", "candidates", "settings", "applied"):
        assert getattr(one, name) == getattr(other, name), name
    return True


@pytest.mark.parametrize("kind", SPECTRA)
def test_a_method_of_spectra_is_the_same_after_loading(spectrum, kind, tmp_path):
    result = SPECTRA[kind](spectrum)
    loaded = saved(result, tmp_path)
    assert loaded.method in {result.method, f"{result.trained.method.name}: "
                             f"{result.trained.method.describe()}"}  # fmt: skip
    other = counts(3, seed=1)
    assert same(result.apply(other), loaded.apply(other))
    again = loaded.infer(other).save_model(tmp_path / "again.safetensors")
    assert again.read_bytes() == (tmp_path / "method.safetensors").read_bytes()


@pytest.mark.parametrize("kind", ["mixture", "mean", "filter"])
def test_a_method_of_images_is_the_same_after_loading(image, kind, tmp_path):
    noise = image.trained.noise
    filters = {
        "mean": Filter(Mean(), noise),
        "filter": Filter(WaveletShrinkage("sym4", 3, 1.0), noise),
    }
    result = image if kind == "mixture" else with_method(image, filters[kind])
    other = pictures(1)[:24]  # of another size
    assert same(result.apply(other, n_dims=2), saved(result, tmp_path).apply(other, n_dims=2))


def test_the_noise_that_was_trained_on_is_remembered(tmp_path):
    rng = np.random.default_rng(0)
    result = ad.denoise(TRUTH + rng.normal(0, 3, (4, N)), axes="RE", budget="fast")
    loaded = saved(result, tmp_path)
    assert not loaded.trained.samples
    for n, sigma in ((4, 3.0), (4, 6.0), (1, 6.0)):
        other = TRUTH + rng.normal(0, sigma, (n, N))
        one, two = (each.apply(other, axes="RE") for each in (result, loaded))
        assert same(one, two)
        assert any("so that the uncertainty is stated too small" in w for w in two.warnings) == (
            sigma > 3
        )


def test_another_setup_is_refused(spectrum, image, tmp_path):
    loaded = saved(spectrum, tmp_path)
    moved = Signal(counts().data, (Axis("repeat"), Axis("energy", "keV", ENERGY.values + 1)))
    for other, message in (
        (moved, "of the new measurement is at 8.68"),
        (np.ones(100).cumsum(), "has 100 channels"),
        (TRUTH + 0.5, "trained on counts"),
    ):
        with pytest.raises(InputError, match=message):
            loaded.apply(other)
    with pytest.raises(InputError, match="trained on spectra, and the new data are images"):
        loaded.apply(pictures(), n_dims=2)


def test_nothing_of_the_measurement_is_in_the_file(spectrum, tmp_path):
    path = spectrum.save_model(tmp_path / "method.safetensors")
    assert path.stat().st_size < 40_000
    text = path.read_bytes()
    for values in (counts().data, spectrum.estimate, spectrum.mean):
        assert np.asarray(values, dtype=np.float64).ravel()[:8].tobytes() not in text


def test_files_are_replaced_only_if_that_is_said(spectrum, tmp_path):
    path = spectrum.save_model(tmp_path / "method.safetensors")
    with pytest.raises(InputError, match="exists already"):
        spectrum.save_model(path)
    assert spectrum.save_model(path, overwrite=True) == path
    with pytest.raises(InputError, match="`path` is 3"):
        spectrum.save_model(3)


def test_a_denoiser_and_a_method_are_not_taken_for_one_another(spectrum, tmp_path):
    path = spectrum.save_model(tmp_path / "method.safetensors")
    with pytest.raises(InputError, match="format: Input should be 'autoden-model'"):
        read_model(path)
    network = ad.NetworkParamsDnCNN(n_dims=1, n_layers=3).get_model("cpu")
    ad.models.io.save_model(tmp_path / "network.safetensors", network)
    with pytest.raises(InputError, match="a network, not a denoiser"):
        ad.load(tmp_path / "network.safetensors")


FILTERS = [
    (member, n_dims)
    for family in BASELINES.values()
    for n_dims in family.n_dims
    for member in family.candidates((64,) * n_dims)
]


def test_every_filter_that_is_tried_comes_back_equal():
    for member, n_dims in FILTERS:
        part = filter_part(member)
        assert json.loads(json.dumps(part.values)) == part.values
        assert filter_of(part, n_dims) == member


@pytest.mark.parametrize(
    "noise", [Poisson(2.5), Gaussian(3.0), Unknown(1.0, 0.5), SingleUnknown(1.0, 0.5)], ids=repr
)
def test_every_noise_model_comes_back_equal(noise):
    found = noise_of(part_of(noise, NOISES))
    assert found == noise
    assert type(found) is type(noise)


@pytest.mark.parametrize("units", [CountUnits(0.1, 3.0), LevelUnits(1 / 3)], ids=repr)
def test_all_units_come_back_equal(units):
    assert units_from(part_of(units, UNITS)) == units


def in_filters(**values):
    """Change the first filter of a mixture."""
    return lambda t, r: r["method"]["filters"][0].update(values)


def in_method(**values):
    return lambda t, r: r["method"].update(values)


def in_network(**values):
    return lambda t, r: r["method"]["network"]["params"].update(values)


def in_all(**values):
    return lambda t, r: r.update(values)


NAN = torch.full((N,), torch.nan, dtype=torch.float64)
HOSTILE = {
    "unknown filter": (in_filters(kind="os.system"), "filter 'os.system': known are"),
    "filter of images": (in_filters(kind="non-local-means", values={"strength": 1.0}), "for 1D"),
    "no parameters": (in_filters(values={}), "it takes"),
    "more parameters": (
        lambda t, r: r["method"]["filters"][0]["values"].update(more=1), "it takes"),
    "text for a number": (
        in_filters(kind="gaussian", values={"sigma": "2"}), "sigma: Input should be a"),
    "below 0": (in_filters(kind="gaussian", values={"sigma": -2.0}), "`sigma` is -2.0"),
    "huge width": (in_filters(kind="gaussian", values={"sigma": 1e300}), "at most .* is ever"),
    "huge window": (
        in_filters(kind="savitzky-golay", values={"order": 2, "window": 10**9 + 1}), "at most"),
    "deep wavelet": (
        in_filters(kind="wavelets", values={"wavelet": "haar", "level": 10**6, "threshold": 1.0}),
        "level 1000000: at most 8"),
    "no wavelet": (
        in_filters(kind="wavelets", values={"wavelet": "/etc", "level": 2, "threshold": 1.0}),
        "wavelet"),
    "big patches": (
        in_filters(kind="nl-ridge", values={"steps": [
            {"patch": 10**6, "similar": 10**6, "window": 10**6, "stride": 1}]}), "at most 0"),
    "thousand filters": (
        lambda t, r: r["method"].update(filters=r["method"]["filters"] * 1000), "filters: "),
    "one filter less": (
        lambda t, r: r["method"]["filters"].pop(), "is for 11 estimates|estimates, stabilised"),
    "unknown method": (in_method(kind="pickle"), "method: Input tag 'pickle'"),
    "wide lines": (in_method(widths=[1e9, 1e9]), "lines of"),
    "no width": (in_method(widths=[0.0, 1.0]), "lines of"),
    "other sources": (
        lambda t, r: r["method"]["sources"][0].update(iterations=[10**9]), "sources that this"),
    "many networks": (in_method(n_networks=64), "the weights of 1 networks, not of 64"),
    "no network": (in_method(n_networks=0), "n_networks: "),
    "units of 0": (in_method(units={"kind": "counts", "values": {"unit": 0.0, "offset": 0.0}}),
                   "above 0"),
    "other units": (in_method(units={"kind": "level", "values": {"sigma": 1.0}}), "sources"),
    "unknown units": (in_method(units={"kind": "eV", "values": {}}), "known are"),
    "another network": (lambda t, r: r["method"]["network"].update(name="vgg"), "no network"),
    "a user's network": (
        lambda t, r: r["method"]["network"].update(name="unet", params={}), "weights|missing"),
    "huge network": (in_network(n_features=10**9), "shape|smaller|at most"),
    "image network": (in_network(n_dims=2), "shape|missing|dimensions"),
    "wide network": (in_network(gaussians=[1e9] * 5), "gaussians|width"),
    "unknown noise": (in_all(noise={"kind": "pickle", "values": {}}), "noise model 'pickle'"),
    "no gain": (in_all(noise={"kind": "poisson", "values": {"gain": 0.0}}), "`gain` is 0.0"),
    "endless replicas": (in_all(n_replicas=10**12), "n_replicas: "),
    "nothing chosen": (
        lambda t, r: [c.update(chosen=False) for c in r["candidates"]], "exactly one"),
    "no candidates": (in_all(candidates=[]), "candidates: "),
    "infinite score": (
        lambda t, r: r["candidates"][0].update(score=float("inf")), "candidates|the text|finite"),
    "another format": (in_all(format_version=2), "as new as the one that wrote it"),
    "unknown key": (in_all(code="import os"), "code: Extra inputs"),
    "nan in settings": (in_all(settings={"a": float("nan")}), "finite|the text"),
    "endless channels": (lambda t, r: r["setup"].update(n_channels=10**18), "n_channels: "),
    "other channels": (lambda t, r: r["setup"].update(n_channels=9), "lines of|positions"),
    "axis of an image": (lambda t, r: r["setup"].update(n_dims=2), "its axis is not"),
    "no axis": (lambda t, r: r["setup"].update(axis=None), "its axis is not"),
    "no positions": (lambda t, r: t.pop("axis"), "positions of its axis are missing"),
    "other positions": (lambda t, r: t.update(axis=torch.zeros(3)), "positions of its axis are"),
    "nan positions": (lambda t, r: t.update(axis=NAN), "NaN"),
    "same positions": (lambda t, r: t.update(axis=NAN * 0), "NaN"),
    "unknown tensor": (lambda t, r: t.update(code=torch.zeros(1)), "belongs to nothing known"),
    "network numbers": (
        lambda t, r: t.update({"network.7.a": torch.zeros(1)}), "numbered"),
    "a weight more": (
        lambda t, r: t.update({"network.0.a": torch.zeros(1)}), "unknown are 'a'"),
}  # fmt: skip


@pytest.fixture(scope="module")
def content(spectrum, tmp_path_factory):
    path = spectrum.save_model(tmp_path_factory.mktemp("methods") / "method.safetensors")
    return path.read_bytes()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(content, name, tmp_path):
    edit, message = HOSTILE[name]
    path = tmp_path / "hostile.safetensors"
    path.write_bytes(rewritten(content, edit))
    with pytest.raises(InputError, match=message) as caught:
        ad.load(path)
    assert str(path) in str(caught.value)


def test_an_intact_file_is_read_and_a_broken_one_is_not(content, tmp_path):
    path = tmp_path / "method.safetensors"
    path.write_bytes(rewritten(content, lambda t, r: None))
    assert isinstance(ad.load(path), SavedMethod)
    rng = np.random.default_rng(0)
    for _ in range(100):
        broken = bytearray(content[: rng.integers(len(content) // 2, len(content) + 1)])
        broken[rng.integers(len(broken))] ^= 1 << rng.integers(8)
        path.write_bytes(bytes(broken))
        with suppress(InputError):  # nothing else, and no method that is not whole
            assert isinstance(ad.load(path), SavedMethod)
