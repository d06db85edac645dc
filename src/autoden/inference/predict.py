"""Run a network over many samples: batch by batch, in inference mode, arrays in and out."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from autoden.training.memory import keep_freed_memory


@keep_freed_memory()
@torch.inference_mode()
def predict(
    model: nn.Module, inputs: NDArray[np.float32], *, batch_size: int | None = None
) -> NDArray[np.float32]:
    """Predict every sample.

    Parameters
    ----------
    model : torch.nn.Module
        From (N, C_in, *S) to (N, C_out, *S).
    inputs : ndarray
        Shape (N, C_in, *S), float32, in the network's range.
    batch_size : int, optional
        Samples per call of the network; None takes all at once.

    Returns
    -------
    ndarray
        Shape (N, C_out, *S), float32.

    Examples
    --------
    >>> predict(torch.nn.Identity(), np.ones((3, 1, 5), dtype=np.float32), batch_size=2).shape
    (3, 1, 5)
    """
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    was_training = model.training
    model.eval()
    try:
        # Tensors from numpy arrays share memory; a network may work in place, hence the copy.
        outputs = [
            model(torch.tensor(inputs[start : start + (batch_size or len(inputs))], device=device))
            for start in range(0, len(inputs), batch_size or len(inputs))
        ]
    finally:
        model.train(was_training)
    return torch.cat(outputs).float().cpu().numpy()
