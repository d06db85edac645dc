"""Compare the default simulated spectra with a measured series of exposures.

Usage: python benchmarks/compare_simulation.py MEASURED.csv FIGURE.png

The CSV file has an index column, a header of energies in keV, one exposure per row, and a last
column for the overflow, which is dropped. Prints a table and draws both means.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import curve_fit

import autoden as ad

Floats = NDArray[np.float64]

LINES = {
    "Ca Ka": 3.69,
    "Fe Ka": 6.40,
    "Cu Ka": 8.04,
    "Zn Ka": 8.63,
    "Zn Kb": 9.57,
    "Zr Ka": 15.74,
    "Mo Kb": 19.60,
}
ZOOMS = [(0.0, 20.5), (1.0, 5.2), (5.5, 10.5), (10.0, 15.5), (15.0, 20.5)]


def read(path: Path) -> tuple[Floats, Floats]:
    """Give energies (n_channels,) in keV and counts (n_exposures, n_channels)."""
    table = pd.read_csv(path, index_col=0)
    return table.columns.to_numpy(float)[:-1], table.to_numpy(float)[:, :-1]


def line_shape(energies: Floats, mean: Floats, near: float) -> tuple[float, float, float]:
    """Give height, position (keV) and FWHM (keV) of a Gaussian fitted within 0.12 keV."""

    def gaussian(x: Floats, height: float, position: float, fwhm: float) -> Floats:
        return np.asarray(height * np.exp(-4 * np.log(2) * ((x - position) / fwhm) ** 2))

    window = np.abs(energies - near) < 0.12
    x, y = energies[window], mean[window]
    sigma = np.sqrt(np.maximum(y, 0.2))
    (height, position, fwhm), _ = curve_fit(gaussian, x, y, [y.max(), near, 0.18], sigma=sigma)
    return float(height), float(position), abs(float(fwhm))


def rows(energies: Floats, counts: Floats) -> dict[str, float]:
    """Give the numbers to compare."""
    mean = counts.mean(0)
    table = {
        "counts per exposure": counts.sum(1).mean(),
        "empty channels, %": 100 * (counts == 0).mean(),
        "strongest channel, mean": mean.max(),
        "variance / mean, strong": float((counts.var(0, ddof=1)[mean > 5] / mean[mean > 5]).mean()),
    }
    for low, high in [(1.2, 2.5), (5.0, 6.0), (10.7, 13.7), (18.4, 19.2), (19.8, 20.4)]:
        band = (energies > low) & (energies < high)
        table[f"{low}-{high} keV, counts/channel"] = float(mean[band].mean())
    for name, near in LINES.items():
        height, position, fwhm = line_shape(energies, mean, near)
        table[f"{name} height"] = height
        table[f"{name} position, keV"] = position
        table[f"{name} FWHM, eV"] = 1000 * fwhm
    return table


def draw(real: tuple[Floats, Floats], simulated: tuple[Floats, Floats], truth: Floats) -> Figure:
    """Draw both means on a log scale: overview and zooms."""
    figure = Figure(figsize=(14, 22), layout="constrained")
    for axes, (low, high) in zip(figure.subplots(len(ZOOMS), 1), ZOOMS, strict=True):
        for (energies, counts), colour, name in (
            (real, "black", "measured"),
            (simulated, "#d55e00", "simulated"),
        ):
            mean = counts.mean(0)
            show = (energies >= low) & (energies < high)
            axes.semilogy(energies[show], mean[show], ".", color=colour, ms=3, alpha=0.35)
            smooth = gaussian_filter1d(mean, 4)[show]
            axes.semilogy(energies[show], smooth, color=colour, label=f"{name}, mean")
        show = (simulated[0] >= low) & (simulated[0] < high)
        axes.semilogy(simulated[0][show], truth[show], color="#0072b2", label="truth")
        axes.set(
            xlim=(low, high),
            ylim=(
                0.02,
                2
                * max(c[1].mean(0)[(c[0] >= low) & (c[0] < high)].max() for c in (real, simulated)),
            ),
            xlabel="Energy (keV)",
        )
        axes.set_ylabel("Counts per channel")
        axes.grid(alpha=0.3)
    figure.axes[0].legend()
    return figure


def main(measured: str, target: str) -> None:
    real = read(Path(measured))
    spectra = ad.datasets.xrf_spectra()
    simulated = (spectra.energies_keV, spectra.counts.astype(float))
    ours = rows(*simulated)
    print(f"{'':34}{'measured':>10}{'simulated':>11}")
    for name, value in rows(*real).items():
        print(f"{name:34}{value:10.3f}{ours[name]:11.3f}")
    draw(real, simulated, spectra.truth).savefig(target, dpi=60)


if __name__ == "__main__":
    main(*sys.argv[1:])
