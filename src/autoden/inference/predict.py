"""Run a network over many samples: batch by batch, in inference mode, arrays in and out."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

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
    # From and to pinned memory a GPU copies by itself, while the next batch is made ready.
    is_pinned = device.type == "cuda"
    was_training = model.training
    model.eval()
    result: Tensor | None = None
    at_once = batch_size or len(inputs)
    try:
        for start in range(0, len(inputs), at_once):
            # Tensors from numpy arrays share memory; a network may work in place, hence the copy.
            batch = torch.tensor(inputs[start : start + at_once], pin_memory=is_pinned)
            output = model(batch.to(device, non_blocking=is_pinned))
            if result is None:
                result = torch.empty(len(inputs), *output.shape[1:], pin_memory=is_pinned)
            result[start : start + at_once].copy_(output, non_blocking=is_pinned)
    finally:
        model.train(was_training)
    if is_pinned:
        torch.cuda.synchronize(device)
    assert result is not None
    return result.numpy()
