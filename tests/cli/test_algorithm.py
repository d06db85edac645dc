"""The verbs that are made from the registry of algorithms: each of them, by the same tests."""

import inspect
from typing import Literal

import cyclopts
import numpy as np
import pytest

import autoden as ad
from autoden.algorithms.registry import ALGORITHMS, Algorithm
from autoden.cli import algorithm as verbs
from autoden.cli.interface import FLAGS, Interface

QUICK = ["--epochs", "2", "--features", "2", "--layers", "2", "--quiet"]
NOT_OPTIONS = {
    "self", "model", "data_scale_bias", "verbose", "operator", "observers", "shape",
    "arguments", "options",
}  # fmt: skip
AXES = {"realizations_axis": "--repeats-axis", "channel_axis": "--channel-axis"}

every_verb = pytest.mark.parametrize("name", ALGORITHMS)


@pytest.fixture
def words(tmp_path, images, sinogram):
    """Give the words that run a verb on a tiny file."""
    files = {"tgt": tmp_path / "clean.tif", "angles": tmp_path / "angles.csv"}

    def of(name, output, *more):
        interface = Interface.of(ALGORITHMS[name].load())
        source = sinogram if interface.makes_images else images
        needed = [key for key, option in interface.files.items() if option.is_required]
        beside = [word for key in needed for word in (f"--{key}", files[key])]
        return [name, source, *beside, "-o", tmp_path / output, *QUICK, *more]

    return of


def flags_of(cls):
    """List the options of an algorithm from its signatures, in another way than the verb does."""
    inits = [c.__init__ for c in cls.__mro__ if "__init__" in vars(c) and c is not object]
    names = [name for init in inits for name in inspect.signature(init).parameters]
    names += list(inspect.signature(cls.prepare_data).parameters)[2:]
    training = inspect.signature(cls.train).parameters.values()
    names += [p.name for p in training if p.kind is p.KEYWORD_ONLY]
    known = {**FLAGS, **AXES}
    return [known.get(n, f"--{n.replace('_', '-')}") for n in names if n not in NOT_OPTIONS]


@every_verb
def test_help_shows_every_option_of_the_signatures(run, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "200")
    code, out, err = run(name, "--help")
    assert (code, err) == (0, "")
    assert [flag for flag in flags_of(ALGORITHMS[name].load()) if f"{flag} " not in out] == []
    for flag in ("--output", "--model", "--save-model", "--load-model", "--n-dims", "--force"):
        assert flag in out
    assert "Where not given, for" in out
    assert "None" not in out
    assert "`" not in out


@every_verb
def test_help_of_the_program_lists_it_with_its_summary(run, name):
    words = run("--help")[1].replace("│", " ").split()
    assert ALGORITHMS[name].summary in " ".join(words)


@every_verb
def test_it_runs_and_the_seed_repeats_it(run, words, tmp_path, name):
    for output, seed in (("a.tif", 1), ("b.tif", 1), ("c.tif", 2)):
        assert run(*words(name, output, "--seed", seed)) == (0, "", "")
    one, same, other = (ad.read(tmp_path / f"{x}.tif") for x in "abc")
    np.testing.assert_array_equal(one.data, same.data)
    assert np.abs(one.data - other.data).max() > 0
    assert np.isfinite(one.data).all()
    assert [axis.name for axis in one.axes][-2:] == ["y", "x"]


@every_verb
def test_it_overwrites_nothing_without_force(run, words, tmp_path, name):
    (tmp_path / "out.tif").write_text("precious")
    code, _, err = run(*words(name, "out.tif"))
    assert code == 1
    assert "--force" in err
    assert "overwrite=" not in err
    assert (tmp_path / "out.tif").read_text() == "precious"
    assert run(*words(name, "out.tif", "--force"))[0] == 0


@every_verb
def test_a_saved_model_gives_what_was_written(run, words, tmp_path, name):
    model, first, second = tmp_path / "m.safetensors", tmp_path / "out.tif", tmp_path / "again.tif"
    command = words(name, first, "--save-model", model)
    assert run(*command)[0] == 0
    interface = Interface.of(ALGORITHMS[name].load())
    beside = [w for i, w in enumerate(command) if "--angles" in (w, command[i - 1])]
    code, _, err = run("infer", model, command[1], *beside, "-o", second, "--quiet")
    if interface.fits:
        assert code == 1
        assert "denoises nothing else" in err
    else:
        assert (code, err) == (0, "")
        np.testing.assert_array_equal(ad.read(second).data, ad.read(first).data)


@every_verb
def test_a_loaded_model_goes_on_where_it_was(run, words, tmp_path, name):
    model, first, second = tmp_path / "m.safetensors", tmp_path / "a.tif", tmp_path / "b.tif"
    assert run(*words(name, first, "--save-model", model))[0] == 0
    short = [w for w in words(name, second) if w not in ("--features", "--layers", "2")]
    still = ["1", "--learning-rate", "1e-12", "--load-model", model]
    at = short.index("--epochs") + 1
    assert run(*short[:at], *still, *short[at:]) == (0, "", "")
    np.testing.assert_allclose(ad.read(second).data, ad.read(first).data, rtol=1e-4, atol=1e-3)


def test_the_axes_of_the_result_are_those_that_remain(run, words, tmp_path):
    axes = {
        name: [axis.name for axis in ad.read(tmp_path / f"{name}.tif").axes]
        for name in ALGORITHMS
        if run(*words(name, f"{name}.tif"))[0] == 0
    }
    assert axes["n2n"] == axes["dip"] == axes["n2i"] == ["y", "x"]
    assert axes["n2v"] == axes["supervised"] == ["page", "y", "x"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda d: ad.N2V(d, seed=0, verbose=False, variant="n2v2"), ["--variant", "n2v2"]),
        (
            lambda d: ad.N2V(d, seed=0, verbose=False, reg_val=0.1, patch_size=(8, 4)),
            ["--reg-val", "0.1", "--patch-size", "8", "4"],
        ),
    ],
)
def test_options_of_the_constructor_reach_the_library(run, images, tmp_path, call, words):
    out = tmp_path / "out.tif"
    assert run("n2v", images, "-o", out, *QUICK, *words) == (0, "", "")
    n2v = call(ad.NetworkParamsUNet(n_features=2, n_levels=2))
    prepared = n2v.prepare_data(ad.read(images).data)
    n2v.train(*prepared, epochs=2, learning_rate=3e-3, restarts=1)
    expected = n2v.infer(prepared[0]).astype(np.float32)
    np.testing.assert_array_equal(ad.read(out).data, expected)


def test_options_of_prepare_data_and_train_reach_the_library(run, images, tmp_path):
    out = tmp_path / "out.tif"
    more = [
        "--hold-out", "repeats", "--held-out", "0.5", "--input-jitter", "0.1", "--average", "0.5",
        "--optimizer", "sgd", "--restarts", "none", "--learning-rate", "0.1",
    ]  # fmt: skip
    assert run("dip", images, "-o", out, *QUICK, *more) == (0, "", "")
    dip = ad.DIP(ad.NetworkParamsUNet(n_features=2, n_levels=2), seed=0, verbose=False)
    prepared = dip.prepare_data(ad.read(images).data, hold_out="repeats", num_tst_ratio=0.5)
    dip.train(
        *prepared, epochs=2, input_jitter=0.1, average=0.5, optimizer="sgd", learning_rate=0.1
    )  # fmt: skip
    expected = dip.infer(prepared[0]).astype(np.float32)
    np.testing.assert_array_equal(ad.read(out).data, expected)


@pytest.mark.parametrize(
    ("name", "more", "message"),
    [
        ("n2v", ["--ratio-blind-spot", "2"], "--ratio-blind-spot is 2"),
        ("n2v", ["--mask-shape", "2"], "--mask-shape"),
        ("n2v", ["--mask-shape", "1", "3", "5"], "2, one for each"),
        ("n2v", ["--batch-size", "0"], "--batch-size is 0"),
        ("n2v", ["--augmentation", "flop"], "--augmentation is 'flop'"),
        ("n2v", ["--save-model", "m.pt"], ".safetensors"),
        ("n2v", ["--save-model", "out.tif"], "--output and --save-model are both"),
        ("n2v", ["--plot", "fig.png"], "draws spectra"),
        ("n2v", ["--zoom", "1:2"], "give --plot"),
        ("n2v", ["--exposures", "2:9"], "within the 4"),
        ("n2v", ["--keep-overflow"], "no option --keep-overflow"),
        ("n2v", ["--channel-axis", "colour"], "0 (page), 1 (y), 2 (x)"),
        ("n2n", ["--repeats-axis", "7"], "0 (page), 1 (y), 2 (x)"),
        ("n2n", ["--exposures", "0:1"], "at least 2 realizations"),
        ("n2i", ["--n-dims", "1"], "images are needed"),
        ("n2i", ["--n-splits", "1"], "--n-splits is 1"),
        ("dip", ["--stopping", "variance", "--average", "0.5"], "--average is 0.5"),
        ("dip", ["--held-out", "1.5"], "--held-out is 1.5"),
        ("supervised", ["--strategy", "self-similar", "--exposures", "0:1"], "--strategy is"),
    ],
)
def test_bad_settings_are_one_line_in_the_words_of_the_command_line(
    run, words, tmp_path, monkeypatch, name, more, message
):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    code, out, err = run(*words(name, "out.tif", *more))
    assert (code, out) == (1, "")
    assert err.startswith("autoden: error: ")
    assert err.count("\n") == 1
    assert message in err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "more",
    [
        ["--n-dims", "7"], ["--strategy", "2:X"], ["--model", "vgg"], ["--epochs", "many"],
        ["--optimizer", "newton"], ["--verbose"], ["--operator", "blur"], ["--observers", "me"],
    ],
)  # fmt: skip
def test_what_no_word_can_mean_is_a_wrong_command_line(run, words, more):
    assert run(*words("n2n", "out.tif", *more))[0] == 2


def test_a_needed_file_is_asked_for(run, images, tmp_path):
    code, _, err = run("supervised", images, "-o", tmp_path / "out.tif", *QUICK)
    assert code == 2
    assert "--tgt" in err


@pytest.mark.parametrize(
    ("output", "more", "message"),
    [
        ("out.png", ["--exposures", "0:1"], "images one by one"),
        ("out.csv", [], "axes"),
        ("out.jpg", [], "cannot write"),
        ("out", [], "known are"),
    ],
)
def test_formats_that_cannot_hold_the_result_are_refused_before_training(
    run, images, tmp_path, monkeypatch, output, more, message
):
    monkeypatch.setattr("autoden.algorithms.denoiser.fit", lambda *_, **__: pytest.fail("trained"))
    code, _, err = run("n2v", images, "-o", tmp_path / output, *QUICK, *more)
    assert code == 1
    assert message in err
    assert not (tmp_path / output).exists()


def test_fractions_do_not_go_into_a_png(run, images, tmp_path):
    code, _, err = run("n2n", images, "-o", tmp_path / "out.png", *QUICK)
    assert code == 1
    assert "holds whole numbers" in err


def test_a_model_of_another_algorithm_or_kind_of_data_is_refused(run, images, spectra, tmp_path):
    model, out = tmp_path / "m.safetensors", tmp_path / "out.tif"
    assert run("n2v", images, "-o", out, "--save-model", model, *QUICK)[0] == 0
    more = ["-o", tmp_path / "b.tif", "--load-model", model, "--epochs", "2"]
    for words, message in (
        (["n2n", images], "autoden n2v"),
        (["n2v", spectra], "trained on images, but"),
        (["n2v", images, "--model", "unet"], "leave out --model"),
    ):
        code, _, err = run(*words, *more)
        assert code == 1
        assert message in err


def test_a_folder_of_weights_is_not_replaced_without_force(run, images, tmp_path):
    words = ["n2v", images, *QUICK, "--save-epochs-dir", tmp_path / "epochs"]
    assert run(*words, "-o", tmp_path / "a.tif")[0] == 0
    kept = sorted(path.name for path in (tmp_path / "epochs" / "weights").iterdir())
    assert kept == ["weights.pt", "weights_epoch_0.pt", "weights_epoch_1.pt"]
    code, _, err = run(*words, "-o", tmp_path / "b.tif")
    assert code == 1
    assert "--force" in err
    assert run(*words, "-o", tmp_path / "b.tif", "--force")[0] == 0


def test_how_the_data_were_read_is_said(run, images, tmp_path):
    words = [word for word in QUICK if word != "--quiet"]
    _, _, err = run("n2n", images, "-o", tmp_path / "out.tif", *words)
    assert f"{images}: 4 repeats along 'page' of one image of 16 x 12 (y, x), uint16." in err
    assert "n2n: UNet with" in err
    assert "epochs 2, learning rate 0.003" in err


class Smoother(ad.N2V):
    """An algorithm of somebody else.

    Parameters
    ----------
    strength : float
        How much to smooth.
    **options
        What else `N2V` takes.
    """

    def __init__(self, model, *arguments, strength: float = 1.5, **options) -> None:
        super().__init__(model, *arguments, **options)
        self.strength = strength

    def train(self, inp, tst_inds, *, epochs: int, kind: Literal["soft", "hard"] = "soft"):
        """Train.

        Parameters
        ----------
        epochs : int
            How long.
        kind : {"soft", "hard"}
            Which way.
        """
        history = super().train(inp, tst_inds, epochs=epochs)
        self.called = kind
        return history

    def infer(self, inp, channel_axis_dst=None):
        """Return the strength everywhere, and the kind's length."""
        return np.full_like(super().infer(inp), self.strength + len(self.called))


def test_a_new_algorithm_has_its_verb_with_its_own_options(capsys, images, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    smoother = Algorithm("smoother", f"{__name__}:Smoother", "Smooths.")
    monkeypatch.setattr(Algorithm, "load", lambda self: Smoother)
    app = cyclopts.App(name="test", result_action="return_value")
    app.command(verbs.make_verb(smoother), name="smoother")
    app(["smoother", "--help"])
    shown = capsys.readouterr().out
    for words in ("--strength", "How much to smooth.", "--kind", "hard", "Which way.", "--variant"):
        assert words in shown
    out = tmp_path / "out.tif"
    command = ["smoother", images, "-o", out, *QUICK, "--strength", "2", "--kind", "hard"]
    assert app([str(word) for word in command]) == 0
    assert (ad.read(out).data == 6).all()
