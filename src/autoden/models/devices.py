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
    autoden.errors.InputError: `device` is 'gpu', which is not here: choose cpu...
    """
    import torch

    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    # what torch raises for a name it does not know, no name, and a device it was built without
    except (RuntimeError, TypeError, AssertionError, NotImplementedError):
        here = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
        raise InputError(
            f"`device` is {device!r}, which is not here: choose {', '.join(here)}."
        ) from None
    return chosen
