"""The names that code written for auto-denoise 3.0 uses: where they are and what they are given.

What they do is in the other files ``test_public_*.py``.
"""

import importlib
import inspect
import subprocess
import sys
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

import autoden as ad
from autoden.cli import main

MODULES = [
    "models",
    "models.config",
    "models.dncnn",
    "models.io",
    "models.msd",
    "models.param_utils",
    "models.resnet",
    "models.unet",
    "losses",
    "algorithms",
    "algorithms.datasets",
    "algorithms.deep_image_prior",
    "algorithms.denoiser",
    "algorithms.noise2noise",
    "algorithms.noise2void",
    "algorithms.supervised",
    "transforms",
    "transforms.learnable_filters",
]

CONSTRUCTOR = (
    "model, data_scale_bias=None, reg_val=None, device=None, batch_size=None, augmentation=None, "
    "save_epochs_dir=None, verbose=True, seed=None"
)
FIT = 'epochs, learning_rate=1e-3, optimizer="adam", lower_limit=None'
CHANNELS = "n_channels_in=1, n_channels_out=1"
SHAPE_OF_PENALTY = 'lambda_val, reduction="mean", isotropic=True, n_dims=2'
WAVELETS = 'lambda_val, wavelet="haar", level=2, n_dims=2, isotropic=False, min_approx=True'

SIGNATURES = {
    "N2N": CONSTRUCTOR,
    "Supervised": CONSTRUCTOR,
    "algorithms.denoiser.Denoiser": CONSTRUCTOR,
    "N2N.prepare_data": (
        'self, inp, num_tst_ratio=0.2, strategy="1:X", channel_axis=None, realizations_axis=0'
    ),
    "N2N.train": f"self, inp, tgt, mask_trn, *, {FIT}, restarts=None, accum_grads=False",
    "N2N.infer": "self, inp, average_splits=True, channel_axis_dst=None",
    "N2V.prepare_data": "self, inp, num_tst_ratio=0.2, channel_axis=None",
    "N2V.train": (
        "self, inp, tst_inds, *, epochs, mask_shape=1, ratio_blind_spot=0.015, "
        'learning_rate=1e-3, optimizer="adam", lower_limit=None'
    ),
    "N2V.infer": "self, inp, channel_axis_dst=None",
    "DIP.prepare_data": (
        "self, tgt, inp=None, *, num_tst_ratio=0.2, average_redundant=False, channel_axis=None"
    ),
    "DIP.train": f"self, inp, tgt, mask_trn, *, {FIT}",
    "DIP.infer": "self, inp, channel_axis_dst=None",
    "Supervised.prepare_data": (
        'self, inp, tgt, num_tst_ratio=0.2, strategy="pixel-mask", channel_axis=None'
    ),
    "Supervised.train": f"self, inp, tgt, tst_inds, *, {FIT}, restarts=None, accum_grads=False",
    "Supervised.infer": "self, inp, channel_axis_dst=None",
    "algorithms.denoiser.DataScaleBias": (
        "scale_inp=1.0, scale_out=1.0, scale_tgt=1.0, bias_inp=0.0, bias_out=0.0, bias_tgt=0.0"
    ),
    "algorithms.denoiser.compute_scaling_supervised": "inp, tgt",
    "algorithms.denoiser.compute_scaling_selfsupervised": "inp",
    "NetworkParamsDnCNN": (
        f'{CHANNELS}, n_layers=20, n_features=64, n_dims=2, kernel_size=3, pad_mode="replicate"'
    ),
    "NetworkParamsUNet": (
        f"{CHANNELS}, n_levels=3, n_features=32, n_channels_skip=None, n_dims=2, bilinear=True, "
        'pad_mode="replicate"'
    ),
    "NetworkParamsMSD": (
        f"{CHANNELS}, n_layers=12, n_features=1, n_dims=2, dilations=(1, 2, 3), use_dilations=True"
    ),
    "NetworkParamsResnet": (
        f'{CHANNELS}, n_layers=10, n_features=24, n_dims=2, kernel_size=3, pad_mode="replicate"'
    ),
    "NetworkParamsDnCNN.get_model": "self, device=None, seed=None",
    "NetworkParamsUNet.get_model": "self, device=None, seed=None",
    "NetworkParamsMSD.get_model": "self, device=None, seed=None",
    "NetworkParamsResnet.get_model": "self, device=None, seed=None",
    "models.config.create_network": "model, init_params=None, state_dict=None, device=None",
    "models.config.create_optimizer": (
        'network, algo="adam", learning_rate=1e-3, weight_decay=1e-2, optim_state=None'
    ),
    "models.io.save_model": "file, model, optim_state=None, epoch_num=0",
    "models.io.load_model": "file",
    "models.io.save_model_state": (
        "save_epochs_dir, epoch_num, model, optim_state=None, is_best=False"
    ),
    "models.io.load_model_state": "save_epochs_dir, epoch_num=None",
    "models.param_utils.get_num_parameters": "model, verbose=False",
    "models.param_utils.get_parameters": "model, parameter_type=None, filter_params=True",
    "models.param_utils.set_parameters": "model, values, info",
    "models.param_utils.get_gradients": "model, flatten=True",
    "models.param_utils.fix_invalid_gradient_values": "model",
    "losses.LossTV": SHAPE_OF_PENALTY,
    "losses.LossTGV": SHAPE_OF_PENALTY,
    "losses.LossDWTN": f"{WAVELETS}, lvl_scale=False",
    "losses.LossSWTN": f"{WAVELETS}, lvl_scale=True",
    "losses.LossCCF": "lambda_val, filters, weights, min_approx=False",
    "transforms.CustomFilterDecomposition": "kernels",
    "transforms.learnable_filters.ParsevalFilterBankND": "k, n_dims=2, in_ch=1, m=None",
    "transforms.learnable_filters.ParsevalFilterBankND.get_kernels": "self",
    "transforms.learnable_filters.ParsevalFilterBankND.get_custom_decomposition": "self",
    "transforms.learnable_filters.ParsevalFilterBankND.get_filter_weights": "self, exponent=2",
    "transforms.learnable_filters.train_sparsity": (
        "filterbank, data_trn, data_val, n_epochs=50, batch_size=16, lr=3e-3"
    ),
    "algorithms.datasets.AugmentationFlip": "axes=None, *, rng=None",
    "algorithms.datasets.AugmentationRotation90": "*, rng=None",
    "algorithms.datasets.AugmentationRotationAny": "step=None, *, rng=None",
    "algorithms.datasets.AugmentationGaussianNoise": "sigma, n=1, rng=None",
    "algorithms.datasets.AugmentationPoissonNoise": "n_10_counts, n=1, rng=None",
}
"""How each callable may be called; more parameters may follow if they are optional.

N2V and DIP hand on what `Denoiser` takes: ``test_public_denoisers.py`` calls them.
"""


def find(dotted):
    """Get what a dotted name below `autoden` stands for, by attributes alone."""
    found = ad
    for name in dotted.split("."):
        found = getattr(found, name)
    return found


@pytest.mark.parametrize(
    "name",
    [
        "N2N", "N2V", "DIP", "Supervised",
        "NetworkParamsDnCNN", "NetworkParamsUNet", "NetworkParamsMSD", "NetworkParamsResnet",
        "models", "losses", "algorithms", "transforms",
    ],
)  # fmt: skip
def test_the_package_offers(name):
    scope = {}
    exec(f"from autoden import {name}", scope)
    assert scope[name] is getattr(ad, name)
    assert name in dir(ad)


@pytest.mark.parametrize("module", MODULES)
def test_there_is_a_module(module):
    assert importlib.import_module(f"autoden.{module}") is find(module)


def test_modules_need_no_import_of_their_own():
    """As in ``import autoden as ad; ad.models.io.load_model(...)`` in a fresh interpreter."""
    names = [f"ad.{module}.__name__" for module in MODULES]
    code = f"import autoden as ad; print({', '.join(names)})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == [f"autoden.{module}" for module in MODULES]


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("N2N", "algorithms.noise2noise.N2N"),
        ("N2V", "algorithms.noise2void.N2V"),
        ("DIP", "algorithms.deep_image_prior.DIP"),
        ("Supervised", "algorithms.supervised.Supervised"),
        ("N2N", "algorithms.N2N"),
        ("N2V", "algorithms.N2V"),
        ("DIP", "algorithms.DIP"),
        ("Supervised", "algorithms.Supervised"),
        ("NetworkParamsDnCNN", "models.config.NetworkParamsDnCNN"),
        ("NetworkParamsUNet", "models.config.NetworkParamsUNet"),
        ("NetworkParamsMSD", "models.config.NetworkParamsMSD"),
        ("NetworkParamsResnet", "models.config.NetworkParamsResnet"),
        ("transforms.ParsevalFilterBankND", "transforms.learnable_filters.ParsevalFilterBankND"),
        ("transforms.train_sparsity", "transforms.learnable_filters.train_sparsity"),
    ],
)
def test_one_thing_under_two_names(here, there):
    assert find(here) is find(there)


@pytest.mark.parametrize(
    "name",
    [
        "models.unet.UNet",
        "models.dncnn.DnCNN",
        "models.msd.MSDnet",
        "models.resnet.Resnet",
        "models.config.SerializableModel",
        "losses.LossRegularizer",
        "transforms.dwtn",
        "transforms.idwtn",
        "transforms.swtn",
        "transforms.CustomFilterDecomposition.analyze",
        "transforms.CustomFilterDecomposition.synthesize",
        "transforms.ParsevalFilterBankND.analyze",
        "transforms.ParsevalFilterBankND.synthesize",
    ],
)
def test_there_is_also(name):
    assert callable(find(name))


@pytest.mark.parametrize("name", SIGNATURES)
def test_the_signature_is_the_public_one(name):
    """Same positions, same keywords, same defaults; what is more is optional and comes after."""
    wanted = inspect.signature(eval(f"lambda {SIGNATURES[name]}: None")).parameters
    ours = inspect.signature(find(name)).parameters
    for parameter in wanted.values():
        own = ours[parameter.name]
        assert own.default == parameter.default, parameter.name
        if parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD:
            assert own.kind is parameter.kind
            assert list(ours).index(parameter.name) == list(wanted).index(parameter.name)
    for parameter in ours.values():
        assert parameter.name in wanted or parameter.default is not inspect.Parameter.empty


# The package and its program


def test_the_version():
    assert ad.__version__ == version("autoden")


def test_the_package_runs_as_a_module():
    command = [sys.executable, "-m", "autoden", "-V"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert ad.__version__ in done.stdout


def test_the_program_is_called_autoden():
    (program,) = entry_points(group="console_scripts", name="autoden")
    assert program.load() is main


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_program_tells_its_version(capsys, option):
    with pytest.raises(SystemExit) as ended:
        main([option])
    assert ended.value.code in (0, None)
    assert ad.__version__ in capsys.readouterr().out


def test_the_program_tells_what_a_bug_report_needs(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--debug-info"])
    assert ended.value.code in (0, None)
    told = capsys.readouterr().out
    assert ad.__version__ in told
    assert "{}.{}.{}".format(*sys.version_info) in told
    assert version("torch") in told
    assert version("numpy") in told


def test_the_readme_says_to_uninstall_the_other_package():
    readme = Path(__file__).parents[1] / "README.md"
    assert "pip uninstall auto-denoise" in readme.read_text(encoding="utf-8")
