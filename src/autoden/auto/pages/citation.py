"""How to say in a paper what was done: one paragraph, true of the result that it is made from."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from autoden.auto.images.measurement import ImageMeasurement
from autoden.auto.learning.selection import chosen_of
from autoden.auto.spectra.measurement import Measurement
from autoden.baselines.mean import Mean
from autoden.report.numerals import interval_90, show

if TYPE_CHECKING:
    from autoden.auto.result import Result

_PARTS: Final = {
    "poisson": "by binomial thinning of the counts",
    "gaussian": "by adding and subtracting drawn noise of the same size",
    "unknown": "into different exposures",
}
"""How each noise model splits a measurement, by its name."""


def cite(result: Result) -> str:
    """Say what was measured, what was done with it and how good the outcome is.

    Parameters
    ----------
    result : Result
        Of one sample or several.
    """
    return " ".join([_split(result), _chosen(result), _error(result)])


def _split(result: Result) -> str:
    measurement = result.measurement
    samples = measurement.samples
    one, many, size = _kind(measurement)
    repeats = sorted({sample.n_repeats for sample in samples})
    exposures = " to ".join(str(n) for n in {repeats[0]: None, repeats[-1]: None})
    exposures += " exposure" + "s" * (repeats[-1] > 1)
    if len(samples) > 1:
        what = f"{many} of {len(samples)} samples ({exposures} each"
    else:
        what = f"{one} ({exposures}"
    verb = "were" if len(samples) > 1 else "was"
    done = f"{verb} denoised with autoden {version('autoden')}"
    noise = result.trained.noise
    parts = f"{_PARTS[noise.name]} into parts whose noise is independent ({noise.describe()})"
    if result.applied:
        chosen = "had been chosen on another measurement of this set-up, which was split"
    else:
        chosen = "was chosen on measurements of this set-up alone: they were split"
    return f"{what}, {size}) {done}. The method {chosen} {parts}."


def _kind(measurement: Measurement | ImageMeasurement) -> tuple[str, str, str]:
    """Say what was measured, one and several of it, and how large it is."""
    if isinstance(measurement, Measurement):
        return "A spectrum", "Spectra", f"{measurement.n_channels} channels"
    pixels = f"{' x '.join(map(str, measurement.size))} pixels"
    if measurement.n_channels > 1:
        pixels += f" of {measurement.n_channels} channels"
    kind = ("An image", "Images") if measurement.n_dims == 2 else ("A volume", "Volumes")
    return (*kind, pixels)


def _chosen(result: Result) -> str:
    candidates = result.candidates
    compared = (
        f"{len(candidates)} methods, the mean of the exposures among them, were tuned or trained "
        "on some parts and compared by their deviance from others, in "
        f"{'pixels' if isinstance(result.measurement, ImageMeasurement) else 'channels'} where "
        "none had been trained."
    )
    if chosen_of(result.candidates).name == Mean.name:
        return f"{compared} None was better than the mean, which is shown unchanged."
    what = "these" if result.applied else "the"
    return (
        f"{compared} The one chosen was trained again on all parts ({result.method}) and applied "
        f"to the mean of {what} exposures."
    )


def _error(result: Result) -> str:
    quality = result.quality
    sigma = (
        "The uncertainty is one standard deviation of the error, noise and bias, found from "
        f"{result.trained.n_replicas} "
    )
    if isinstance(result.measurement, ImageMeasurement):
        sigma += (
            "splits of the measurement that were denoised in the same way, by the covariance of "
            "estimate and noise (Efron, J. Am. Stat. Assoc. 99, 619, 2004)"
        )
    else:
        sigma += "simulated measurements of the estimate that were denoised in the same way"
    if chosen_of(result.candidates).name == Mean.name:
        return f"{sigma}."
    gain = _range(quality["dose_gain"])
    interval = ""
    if result.measurement.n_samples == 1:
        low, high = quality["dose_gain_interval"]
        interval = f" ({interval_90(low, high)})"
    return (
        f"{sigma}; by this the error is that of the mean of {gain} times as many exposures"
        f"{interval}."
    )


def _range(values: Any) -> str:
    """Say the numbers of all samples by their least and greatest.

    Examples
    --------
    >>> _range(26.31), _range([31.2, 12.0, 26.3])
    ('26', '12 to 31')
    """
    numbers = values if isinstance(values, list) else [values]
    return " to ".join(dict.fromkeys(show(float(end), 2) for end in (min(numbers), max(numbers))))
