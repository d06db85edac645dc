"""How time grows: per epoch against channels, pixels and parameters, one at a time; a figure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.speed.cases import Case
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator, StrMethodFormatter

COLOURS = ("#1b7f5c", "#d9722e", "#4a5fa5", "#a0527f")
LABELS = {
    "channels": ("features (channels of a layer)", "DnCNN 1D, 6 layers, N2N, 4 x 4095"),
    "pixels": ("pixels of an image", "U-Net 16, N2N, 2 images"),
    "parameters": ("parameters (by depth)", "DnCNN 2D, 16 features, N2N, 2 x 128 x 128"),
}


def sweeps(*, quick: bool) -> dict[str, dict[int, Case]]:
    """Give the cases of each sweep, by what is varied."""
    features = (4, 16) if quick else (1, 2, 4, 8, 16, 32, 64)
    sizes = (32, 64) if quick else (32, 64, 128, 256, 512)
    depths = (3, 6) if quick else (3, 6, 12, 24, 48)
    return {
        "channels": {n: _dncnn_1d(n, quick=quick) for n in features},
        "pixels": {n * n: _unet(n, quick=quick) for n in sizes},
        "parameters": {_n_parameters(n): _dncnn_2d(n, quick=quick) for n in depths},
    }


def _dncnn_1d(features: int, *, quick: bool) -> Case:
    parameters = {"n_dims": 1, "n_layers": 6, "n_features": features}
    epochs = 5 if quick else max(10, min(200, 800 // features))
    name = f"{features} features"
    return Case(name, name, "N2N", "NetworkParamsDnCNN", parameters, (4, 4095), epochs)


def _unet(size: int, *, quick: bool) -> Case:
    epochs = 3 if quick else max(4, min(60, 10**6 // size**2))
    name, shape = f"U-Net 16 on {size} x {size}", (2, size, size)
    return Case(name, name, "N2N", "NetworkParamsUNet", {"n_features": 16}, shape, epochs)


def _dncnn_2d(layers: int, *, quick: bool) -> Case:
    parameters = {"n_layers": layers, "n_features": 16}
    epochs = 3 if quick else max(6, 120 // layers)
    name, shape = f"{layers} layers", (2, 128, 128)
    return Case(name, name, "N2N", "NetworkParamsDnCNN", parameters, shape, epochs)


def _n_parameters(layers: int, features: int = 16) -> int:
    """Give the parameters of a 2D DnCNN: kernels of 9, a scale and a shift per feature.

    Examples
    --------
    >>> _n_parameters(20, 64)
    667136
    """
    between = (layers - 2) * 9 * features**2
    return 9 * features + between + 2 * (layers - 1) * features + 9 * features


def draw(scaling: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Draw time per epoch (medians, with the range of all rounds) against what was varied."""
    figure = Figure(figsize=(13, 4.4), layout="constrained")
    figure.get_layout_engine().set(wspace=0.06)  # or numbers of neighbours touch
    panels = figure.subplots(1, len(scaling), squeeze=False, sharey=True)[0]
    for axes, (varied, points) in zip(panels, scaling.items(), strict=True):
        names = list(dict.fromkeys(name for runs in points.values() for name in runs))
        for name, colour in zip(names, COLOURS, strict=False):
            _draw_line(axes, points, name, colour)
        along, title = LABELS[varied]
        axes.set(xscale="log", yscale="log", xlabel=along, title=title)
        axes.set_xticks([int(x) for x in points], [f"{int(x):,}" for x in points], minor=False)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.grid(color="#e6e6e6", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("time per epoch (ms)")
    panels[0].legend(frameon=False)
    figure.savefig(path, dpi=110)


def _draw_line(axes: Axes, points: Mapping[str, Any], name: str, colour: str) -> None:
    """Draw one contender, where it did not fail."""
    times = {int(x): runs[name]["each"] for x, runs in points.items() if "each" in runs[name]}
    middle, lowest, highest = (
        [1e3 * of(each) for each in times.values()] for of in (median, min, max)
    )
    axes.fill_between(list(times), lowest, highest, color=colour, alpha=0.2, linewidth=0)
    axes.plot(list(times), middle, marker="o", markersize=4, color=colour, label=name)
