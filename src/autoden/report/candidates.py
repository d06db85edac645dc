"""The table of the methods that were compared, the best first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from autoden.errors import InputError
from autoden.report.numerals import plus_minus
from autoden.report.tables import Table, equal_columns


def candidates_table(
    *,
    names: Sequence[str],
    parameters: Sequence[str],
    scores: ArrayLike,
    errors: ArrayLike,
    chosen: str | Sequence[str],
    behind: ArrayLike | None = None,
    behind_errors: ArrayLike | None = None,
    score_unit: str = "per channel",
) -> Table:
    """Tabulate how well each method predicted data that it had not seen, best first.

    Parameters
    ----------
    names, parameters : sequences of str
        The methods and what they were set to.
    scores : array_like, shape (n_candidates,)
        Held-out deviance minus that of the mean of the repeats: negative is better than the mean.
    errors : array_like, shape (n_candidates,)
        Standard errors of these differences; NaN for none, as for the mean itself.
    chosen : str or sequence of str
        The name, or names, of what the estimate was made with.
    behind, behind_errors : array_like, shape (n_candidates,), optional
        Held-out deviance minus that of the chosen method, and the standard errors of these
        differences, which are far smaller: both methods saw the same parts. A column of its own.
    score_unit : str
        Unit of the scores.

    Returns
    -------
    Table
        Lowest score first; the chosen rows are marked.

    Raises
    ------
    InputError
        Lengths differ, or what was chosen is not among the names.

    Examples
    --------
    >>> table = candidates_table(
    ...     names=["mean", "gaussian"], parameters=["", "width 2"], scores=[0, -0.31],
    ...     errors=[float("nan"), 0.02], chosen="gaussian",
    ... )
    >>> table.rows[0]
    ('gaussian', 'width 2', '-0.310 ± 0.020', 'chosen, best score')
    """
    nothing = np.full(len(names), np.nan)
    values = equal_columns(
        names=names,
        parameters=parameters,
        scores=scores,
        errors=errors,
        behind=nothing if behind is None else behind,
        behind_errors=nothing if behind_errors is None else behind_errors,
    )
    kept = {chosen} if isinstance(chosen, str) else set(chosen)
    if not kept <= set(names):
        raise InputError(f"`chosen` is {chosen!r}: choose from {', '.join(map(repr, names))}.")
    order = np.argsort(values["scores"], kind="stable")  # NaN goes last
    rows = []
    for place, index in enumerate(order):
        words = ["chosen"] * (names[index] in kept) + ["best score"] * (place == 0)
        score = plus_minus(values["scores"][index], values["errors"][index])
        row = [names[index], parameters[index], score]
        if behind is not None:
            lag = plus_minus(values["behind"][index], values["behind_errors"][index])
            row.append("" if names[index] in kept else lag)
        rows.append((*row, ", ".join(words) or "not chosen"))
    return Table(
        title="Candidates, compared on data that they had not seen",
        columns=(
            "Method",
            "Parameters",
            f"Misfit minus the mean's ({score_unit})",
            *(["Minus the chosen one's"] if behind is not None else []),
            "Decision",
        ),
        rows=rows,
        note="The misfit is the held-out deviance. Below zero predicts better than the mean of "
        "what was measured; ± is one standard error of the difference."
        + " One mdev is a thousandth of a nat: by so little is the logarithm of the likelihood of "
        "unseen data lower." * ("mdev" in score_unit),
        marked=[place for place, index in enumerate(order) if names[index] in kept],
    )
