"""Weights of auto-denoise 3.0: which of ours each of them is.

Its networks compute what ours compute, with other names for the weights. What differs:

- Its U-Nets with ``bilinear=True`` interpolate from edge to edge: ours do with
  ``align_corners=True``, which is set here.
- Its U-Nets complete odd sizes as `pad_mode` says and halve thin axes down to one sample; ours
  repeat the edge and leave at least two. With the same weights the outputs therefore agree where
  every axis has at least ``2**(n_levels + 1)`` samples and, unless `pad_mode` is "replicate", a
  multiple of ``2**n_levels``. (With ``n_channels_skip=0`` its outputs of other sizes are larger
  than their inputs; ours never are.)
- Its MS-D networks with ``use_dilations=False`` pad with zeros and do not keep the size of the
  signal. They are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any

from autoden.errors import InputError
from autoden.models.params import (
    NetworkParams,
    NetworkParamsDnCNN,
    NetworkParamsMSD,
    NetworkParamsResnet,
    NetworkParamsUNet,
)
from autoden.models.registry import class_name

_FIRST: dict[type[NetworkParams], str] = {
    NetworkParamsDnCNN: "0.",
    NetworkParamsUNet: "in_layer.",
    NetworkParamsMSD: "msd_block.",
    NetworkParamsResnet: "0.",
}
"""How the name of the first weight begins there; it never does so in ours."""

_NOT_OURS = ("device", "verbose")


def is_reference(kind: type[NetworkParams], weights: Mapping[str, Any]) -> bool:
    """Tell whether the weights of a kind of network have the names of auto-denoise 3.0."""
    start = _FIRST.get(kind)
    return start is not None and any(str(weight).startswith(start) for weight in weights)


def our_params(kind: type[NetworkParams], init_params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of our network that computes the same.

    Raises
    ------
    InputError
        There is none.

    Examples
    --------
    >>> our_params(NetworkParamsUNet, {"n_levels": 2, "bilinear": True, "device": "cuda"})
    {'n_levels': 2, 'bilinear': True, 'align_corners': True}
    """
    params = {key: value for key, value in init_params.items() if key not in _NOT_OURS}
    if kind is NetworkParamsUNet and params.get("bilinear", True):
        params["align_corners"] = True
    if kind is NetworkParamsMSD and not params.get("use_dilations", True):
        raise InputError(
            "The weights are of auto-denoise 3.0 with `use_dilations=False`, whose treatment of "
            "edges and sizes has no counterpart here: train such a network anew."
        )
    return params


def rename(
    params: NetworkParams, weights: Mapping[str, Any], our_names: Iterable[str]
) -> dict[str, Any]:
    """Give weights of auto-denoise 3.0 the names of ours.

    Parameters
    ----------
    params : NetworkParams
        Of the network.
    weights : mapping of str to Tensor
        By their names in auto-denoise 3.0.
    our_names : iterable of str
        Names of all weights of our network, in order.

    Raises
    ------
    InputError
        The weights are not those of such a network.
    """
    their_names = _NAMES[type(params)](params)
    different = sorted(set(their_names) ^ set(map(str, weights)))
    if different:
        raise InputError(
            f"The weights are not those of a {class_name(type(params))} of auto-denoise 3.0 with "
            f"these parameters ({', '.join(map(repr, different[:3]))} ...): give the parameters "
            "that it was saved with."
        )
    return {ours: weights[theirs] for ours, theirs in zip(our_names, their_names, strict=True)}


def _conv(at: str) -> list[str]:
    return [f"{at}.weight", f"{at}.bias"]


def _norm(at: str) -> list[str]:
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    return [*_conv(at), *(f"{at}.{name}" for name in statistics)]


def _block(at: str, first: int = 0) -> list[str]:
    return [*_conv(f"{at}.{first}"), *_norm(f"{at}.{first + 1}")]


def _double(at: str) -> list[str]:
    return [*_block(f"{at}.0"), *_block(f"{at}.1")]


def _dncnn(p: NetworkParamsDnCNN) -> list[str]:
    last = p.n_layers - 1
    layers = (name for i in range(last) for name in (f"{i}.0.weight", *_norm(f"{i}.1")))
    return [*layers, f"{last}.0.weight"]


def _unet(p: NetworkParamsUNet) -> list[str]:
    listed = _double("in_layer")
    for i in range(p.n_levels):
        at = f"encoder_layers.{i}"
        listed += ([] if p.bilinear else _block(f"{at}.0")) + _double(f"{at}.1")
    for i in range(p.n_levels):
        at = f"decoder_layers.{i}"
        listed += [] if p.bilinear else _conv(f"{at}.up_block")
        listed += _block(f"{at}.skip_block") if p.n_channels_skip else []
        listed += _double(f"{at}.conv_block")
    return [*listed, *_conv("out_layer.0")]


def _msd(p: NetworkParamsMSD) -> list[str]:
    layers = (name for i in range(p.n_layers) for name in _block(f"msd_block.convs.{i}"))
    return [*layers, *_conv("outc")]


def _resnet(p: NetworkParamsResnet) -> list[str]:
    channels = [p.n_channels_in, *[p.n_features] * (p.n_layers - 1), p.n_channels_out]
    listed: list[str] = []
    for i, (n_in, n_out) in enumerate(pairwise(channels)):
        listed += _block(f"{i}.main_seq") + _block(f"{i}.main_seq", first=3)
        listed += _conv(f"{i}.scale_inp") if n_in != n_out else []
    return listed


_NAMES: dict[type[NetworkParams], Callable[[Any], list[str]]] = {
    NetworkParamsDnCNN: _dncnn,
    NetworkParamsUNet: _unet,
    NetworkParamsMSD: _msd,
    NetworkParamsResnet: _resnet,
}
"""Names of the weights in auto-denoise 3.0, in the order of ours."""
