"""When a fit begins to follow the noise: its outputs vary more again (Wang et al., TMLR 2023).

While a Deep Image Prior still finds the regular part, its outputs vary less and less from step to
step; the minimum of their variance over a window is a good moment to stop, without any held-out
data.
"""

from __future__ import annotations

from torch import Tensor

from autoden.training.held_out import ERROR

WINDOW = 100
"""So many outputs are looked at together."""


class OutputVariance:
    """Variance of the last outputs of a network, as a held-out score of the engine.

    Parameters
    ----------
    window : int
        How many outputs to look at; before so many there is no score.

    Examples
    --------
    >>> import torch
    >>> variance = OutputVariance(window=2)
    >>> variance(torch.tensor([1.0, 5.0]))[[0, ERROR]].tolist()
    [0.0, 0.0]
    >>> variance(torch.tensor([3.0, 5.0]))[[0, ERROR]].tolist()  # 1 and 0, on average 0.5
    [1.0, 0.5]
    """

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._n_seen = 0
        self._outputs: Tensor | None = None  # (window, *output)

    def __call__(self, output: Tensor) -> Tensor:
        """Add an output and give the score as sums, shape (7,), as `held_out_sums` would.

        Without a full window the count is 0, that is: nothing is scored.
        """
        if self._outputs is None:
            self._outputs = output.new_zeros(self._window, *output.shape)
        self._outputs[self._n_seen % self._window] = output
        self._n_seen += 1
        sums = output.new_zeros(7)
        if self._n_seen >= self._window:
            sums[0] = 1.0
            sums[ERROR] = self._outputs.var(dim=0, correction=0).mean()
        return sums
