"""The verdict in words: how the method was chosen, how good its estimate is, what it kept.

Each sentence says a fact with its numbers, good or bad; what is wrong, ``findings.py`` says.
Samples are numbered from 1, and of several the worst one is named.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autoden.auto.learning.selection import CLEARLY, Candidate, chosen_of
from autoden.auto.verdicts.agreement import Agreement, dispersion_ratio, largest, width_z
from autoden.auto.verdicts.uncertainty import Errors
from autoden.baselines.mean import Mean
from autoden.baselines.registry import BASELINES
from autoden.report.numerals import interval_90, plus_minus, show


def say_choice(
    candidates: Sequence[Candidate],
    *,
    refitted: str = "",
    applied: bool = False,
    what: str = "channel",
) -> list[str]:
    """Say which method was chosen, among how many, and by how much; where, if not on these data.

    `refitted` says the parameters that the method has once trained on all parts; `what` the data
    are made of.

    Examples
    --------
    >>> tried = [Candidate("mean", "", 0.0, 0.0), Candidate("gaussian", "sigma 3", -9.0, 0.5, True)]
    >>> print(*say_choice(tried))
    The method, gaussian (sigma 3), was chosen among 2 by parts of the data that it had not seen:
    its deviance from them is 9.00 ± 0.50 mdev (thousandths of a nat per channel and exposure)
    below that of the mean of the exposures.
    """
    chosen = chosen_of(candidates)
    data = "the first data" if applied else "the data"
    others = [candidate for candidate in candidates if not candidate.chosen]
    if chosen.name == Mean.name:
        tried = f"None of the {len(others)} methods" if len(others) > 1 else "No method"
        best = min((each for each in others if each.score < 0), key=_score, default=None)
        but = "" if best is None else f" in all {what}s, though {_named(best)} does in some"
        return [
            f"{tried} tried predicts unseen parts of {data} better than the mean of the exposures"
            f"{but}: the estimate is {'the mean of these' if applied else 'that mean'}, unchanged."
        ]
    side = "below" if chosen.score <= 0 else "above"
    said = (
        f"The method, {_named(chosen)}, was chosen among {len(candidates)} by parts of {data} "
        f"that it had not seen: its deviance from them is "
        f"{plus_minus(abs(chosen.score), chosen.standard_error)} mdev (thousandths of a nat per "
        f"{what} and exposure) {side} that of the mean of the exposures"
    )
    classical = [each for each in others if each.name in BASELINES and each.name != Mean.name]
    if classical:
        best = min(classical, key=lambda candidate: candidate.behind)
        which = "next best" if chosen.name in BASELINES else "best"
        said += (
            f"; that of the {which} classical filter, {_named(best)}, is "
            f"{plus_minus(abs(best.behind), best.behind_error)} mdev "
            f"{'higher' if best.behind >= 0 else 'lower'}"
        )
    sentences = [f"{said}."]
    if refitted and refitted != chosen.parameters:
        sentences.append(
            "It was compared as trained on some parts; for the estimate it was trained again on "
            f"all of them: {refitted}."
        )
    if any(each.behind < 0 for each in others):
        sentences.append(
            f"None is better than it by more than {_errors(what)}: the best of several "
            "alike would be chosen by chance, so that a mixture goes before single filters, and "
            "those that adapt to more data before others."
        )
    if applied:
        sentences.append(
            "All that follows was measured on these data, to which the trained method was applied; "
            "no part of them was held out, neither to choose again nor to check the stated error."
        )
    return sentences


def _errors(what: str) -> str:
    """Say by how many standard errors another method has to be better."""
    n = CLEARLY[1 if what == "channel" else 2]
    return f"{n:g} standard error{'s' * (n != 1)}"


def say_errors(errors: Sequence[Errors], *, is_mean: bool) -> list[str]:
    """Say how near to the truth the estimates are, as far as that can be known without it."""
    gains, sizes = [each.gain for each in errors], [float(np.sqrt(each.mse)) for each in errors]
    if len(errors) == 1:
        low, high = errors[0].gain_interval
        gain = f"{show(gains[0], 2)} times as many exposures would be ({interval_90(low, high)})"
        low, high = np.sqrt(errors[0].mse_interval)
        size = f"{show(sizes[0], 2)} ({interval_90(low, high)})"
    else:
        gain = f"{_range(gains)} times as many exposures would be"
        size = _range(sizes)
    error = f"The root mean square error is estimated as {size}, in units of the data."
    if is_mean:
        return [error]
    sentences = [f"The estimate is as near to the truth as the mean of {gain}.", error]
    if any(each.held_out_z for each in errors):
        worst = _worst([each.held_out_z for each in errors])
        sentences.append(f"Held-out parts of the data differ from the stated error by {worst}.")
    return sentences


def say_fidelity(found: Sequence[Agreement], *, is_counts: bool) -> list[str]:
    """Say what the estimates kept of the measurements, and what they took away."""
    return [
        *_totals(found, is_counts),
        *_lines(found),
        *_background(found),
        *_residuals(found),
        *([_smallest(found)] if is_counts else []),
    ]


def _totals(found: Sequence[Agreement], is_counts: bool) -> list[str]:
    what = "Total counts" if is_counts else "Totals"
    worst = _worst([each.total.z for each in found])
    return [
        f"{what} differ from the measured ones by {worst} (of the measurement, whose noise the "
        "estimate shares)."
    ]


def _lines(found: Sequence[Agreement]) -> list[str]:
    numbers = [len(each.lines) for each in found]
    if not any(numbers):
        return ["No line is strong enough for a test of its position and width."]
    moved, areas, widths = (
        [largest(z(line) for line in each.lines) for each in found]
        for z in (lambda line: line.centroid.z, lambda line: line.area.z, width_z)
    )
    if sum(numbers) == 1:
        return [
            f"1 strong line: its centre differs from the measured one by {_worst(moved)}, its net "
            f"area by {_worst(areas, '')}, its width by {_worst(widths, '')}."
        ]
    return [
        f"{sum(numbers)} strong lines: centres differ from the measured ones by {_most(moved)}, "
        f"net areas by {_most(areas, '')}, widths by {_most(widths, '')}."
    ]


def _background(found: Sequence[Agreement]) -> list[str]:
    levels = [each.background.overall for each in found]
    if None in levels:
        return []
    overall = _worst([level.level.z for level in levels if level is not None])
    windows = [largest(part.level.z for part in each.background.windows) for each in found]
    n_windows = max(len(each.background.windows) for each in found)
    said = f"The level between the lines differs from the measured one by {overall}"
    if n_windows > 1:
        said += f", in {n_windows} windows by {_most(windows, '')}"
    return [f"{said}."]


def _residuals(found: Sequence[Agreement]) -> list[str]:
    left = [each for each in found if each.has_residuals]
    if not left:
        return []
    structure = min(each.residuals.overall.whiteness.structure_p_value for each in left)
    ratios = [dispersion_ratio(band) for each in left for band in each.residuals.bands]
    if len(left) > 1:
        size, bands = f"{min(ratios):.2f} to {max(ratios):.2f}", ", over intensities and samples"
    elif len(ratios) > 1:
        size = ", ".join(f"{ratio:.2f}" for ratio in ratios[:-1]) + f" and {ratios[-1]:.2f}"
        bands = ", from faint to bright channels"
    else:
        size, bands = f"{ratios[0]:.2f}", ""
    chance = "below 0.001" if structure < 0.001 else f"{structure:.2g}"
    return [
        f"What was taken away has {size} times the variance that noise alone would leave{bands}; "
        f"the chance of noise alone to show as much structure is {chance}."
    ]


def _smallest(found: Sequence[Agreement]) -> str:
    smallest = min(float(each.estimate.min()) for each in found)
    if smallest < 0:
        return f"The smallest rate is negative, {smallest:.2g}."
    return f"No rate is negative; the smallest is {smallest:.2g}."


def _score(candidate: Candidate) -> float:
    return candidate.score


def _named(candidate: Candidate) -> str:
    """Say a method and its parameters, which may begin with its name."""
    name, parameters = candidate.name, candidate.parameters
    if not parameters or parameters.lower().startswith(name.lower()):
        return parameters or name
    return f"{name} ({parameters})"


def _range(values: Sequence[float]) -> str:
    """Say the least and the greatest of several samples."""
    least, most = int(np.argmin(values)), int(np.argmax(values))
    return (
        f"{show(values[least], 2)} (sample {least + 1}) to "
        f"{show(values[most], 2)} (sample {most + 1})"
    )


def _most(differences: Sequence[float], unit: str = " standard errors") -> str:
    """Say how far several numbers differ at most."""
    worst = _worst(differences, unit)
    return worst if worst.startswith("less") else f"up to {worst}"


def _worst(differences: Sequence[float], unit: str = " standard errors") -> str:
    """Say the greatest difference, and of which sample it is where there are several."""
    sizes = [abs(difference) for difference in differences]
    worst = int(np.argmax(sizes))
    size = f"{sizes[worst]:.1f}"
    if size == "0.0":
        return f"less than 0.1{unit}"
    return f"{size}{unit}" + (f" (sample {worst + 1})" if len(sizes) > 1 else "")
