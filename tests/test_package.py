"""The package as a whole: its names, and what importing it costs."""

import subprocess
import sys

import autoden as ad


def fresh(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.strip()


def test_every_public_name_can_be_used():
    for name in ad.__all__:
        assert getattr(ad, name) is not None
    assert {"N2N", "NetworkParamsDnCNN", "NetworkParamsUNet", "NetworkParamsMSD"} <= set(dir(ad))
    assert ad.models.config.create_network
    assert ad.models.unet.UNet
    assert ad.algorithms.denoiser.Denoiser
    assert ad.algorithms.noise2noise.N2N is ad.N2N
    assert ad.losses.LossTV


def test_importing_is_cheap():
    heavy = "[m for m in ('torch', 'matplotlib', 'scipy', 'pandas') if m in sys.modules]"
    assert fresh(f"import sys, autoden; print({heavy})") == "[]"
    loaded = fresh(f"import sys, autoden as ad; ad.N2N; print({heavy})")
    assert "torch" in loaded
    assert "matplotlib" not in loaded


def test_the_version_is_that_of_the_installation():
    assert fresh("import autoden; print(autoden.__version__)") == ad.__version__
