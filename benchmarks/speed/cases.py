"""What is measured: each case a network, an algorithm, data of one shape, and settings.

A case is plain data, so that workers of both packages build the same thing from it. Settings that
are not named here are each package's defaults, which are the same. Only names that both packages
share can appear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Case:
    """Something to be timed.

    Attributes
    ----------
    name : str
        What ``--cases`` calls it.
    what : str
        What is timed, but for the size.
    algorithm : str
        "N2N", "N2V" or "Supervised".
    network : str
        What makes the network, as an attribute of the package.
    parameters : mapping
        Its keyword arguments.
    shape : tuple of int
        The measurements it trains on.
    epochs : int
        Epochs of one run; the first of each run is not counted.
    training : mapping
        Further keyword arguments of `train`.
    batch_size : int, optional
        Samples per step; None takes all at once.
    infer_shape : tuple of int, optional
        What is denoised in a case that times inference; it then trains only to be able to.
    quick_shape : tuple of int, optional
        The shape to be timed (of inference, if that is timed) by ``--quick``.
    """

    name: str
    what: str
    algorithm: str
    network: str
    parameters: Mapping[str, Any]
    shape: tuple[int, ...]
    epochs: int = 1
    training: Mapping[str, Any] = field(default_factory=dict)
    batch_size: int | None = None
    infer_shape: tuple[int, ...] | None = None
    quick_shape: tuple[int, ...] | None = None

    @property
    def title(self) -> str:
        """What tables call it."""
        return f"{self.what}, {' x '.join(map(str, self.infer_shape or self.shape))}"

    def quick(self) -> Case:
        """Give a small version, which only shows that everything works."""
        size = "infer_shape" if self.infer_shape else "shape"
        shape = self.quick_shape or getattr(self, size)
        return replace(self, epochs=min(self.epochs, 30), **{size: shape})

    def as_request(self) -> dict[str, Any]:
        """Give what a worker is sent, and what is kept with the results."""
        return {**asdict(self), "title": self.title}


TUTORIAL_NETWORK = {"n_dims": 1, "n_features": 4, "n_layers": 6}
TUTORIAL_TRAINING = {"lower_limit": 0.0, "learning_rate": 1e-2, "restarts": 1}

CASES = (
    Case(
        "tutorial",
        "DnCNN 1D, 256 parameters, N2N",
        "N2N",
        "NetworkParamsDnCNN",
        TUTORIAL_NETWORK,
        (4, 4095),
        epochs=1000,
        training=TUTORIAL_TRAINING,
    ),
    Case(
        "unet",
        "U-Net 16, N2N",
        "N2N",
        "NetworkParamsUNet",
        {"n_features": 16},
        (6, 128, 128),
        epochs=12,
        quick_shape=(6, 64, 64),
    ),
    Case(
        "n2v",
        "U-Net 16, N2V",
        "N2V",
        "NetworkParamsUNet",
        {"n_features": 16},
        (6, 256, 256),
        epochs=5,
        quick_shape=(6, 64, 64),
    ),
    Case(
        "dncnn",
        "DnCNN 20 x 64, supervised, batches of 16",
        "Supervised",
        "NetworkParamsDnCNN",
        {"n_layers": 20, "n_features": 64},
        (64, 64, 64),
        epochs=3,
        batch_size=16,
        quick_shape=(32, 16, 16),
    ),
    # The other package's parameters of this network know no third dimension, its class does.
    Case(
        "msd",
        "MS-D 3D, 12 layers, N2N",
        "N2N",
        "models.msd.MSDnet",
        {
            "n_channels_in": 1,
            "n_channels_out": 1,
            "n_layers": 12,
            "n_features": 1,
            "dilations": (1, 2, 3),
            "n_dims": 3,
        },
        (2, 64, 64, 64),
        epochs=4,
        quick_shape=(2, 24, 24, 24),
    ),
    Case(
        "unet3d",
        "U-Net 3D, 8, N2N",
        "N2N",
        "NetworkParamsUNet",
        {"n_features": 8, "n_dims": 3},
        (2, 64, 64, 64),
        epochs=4,
        quick_shape=(2, 16, 16, 16),
    ),
    Case(
        "image",
        "Inference, U-Net 16",
        "Supervised",
        "NetworkParamsUNet",
        {"n_features": 16},
        (2, 64, 64),
        infer_shape=(2048, 2048),
        quick_shape=(512, 512),
    ),
    Case(
        "map",
        "Inference, DnCNN 1D, 256 parameters",
        "Supervised",
        "NetworkParamsDnCNN",
        TUTORIAL_NETWORK,
        (4, 2048),
        infer_shape=(128, 128, 2048),
        quick_shape=(16, 16, 2048),
    ),
)
