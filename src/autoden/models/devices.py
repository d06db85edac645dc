"""Where to compute: the device that was asked for, or the best there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoden.errors import InputError

if TYPE_CHECKING:
    import torch


def choose_device(device: torch.device | str | None = None) -> torch.device:
    """Choose a device, at the moment it is needed.

    Parameters
    ----------
    device : torch.device or str, optional
        Such as "cpu", "cuda" or "cuda:1"; None takes the GPU if there is one, else the CPU.

    Returns
    -------
    torch.device
        A device that is there.

    Raises
    ------
    InputError
        No such device, on any machine or on this one.

    Examples
    --------
    >>> choose_device("gpu")
    Traceback (most recent call last):
    autoden.errors.InputError: `device` (='gpu') is not known; choose cpu, cuda or cuda:0.
    """
    import torch

    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError:
        raise InputError(
            f"`device` (={device!r}) is not known; choose cpu, cuda or cuda:0."
        ) from None
    n_gpus = torch.cuda.device_count()
    if chosen.type == "cuda" and (chosen.index or 0) >= n_gpus:
        raise InputError(f"`device` (={str(device)!r}) is not here: {n_gpus} GPUs; choose cpu.")
    return chosen
