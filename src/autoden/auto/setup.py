"""What measurements of one set-up have in common, without any of their values."""

from __future__ import annotations

from dataclasses import dataclass

from autoden.auto.spectra.channels import common_axis
from autoden.errors import InputError
from autoden.signals import Axis


@dataclass(frozen=True, eq=False)
class Setup:
    """The kind of measurement that a method was trained on.

    Attributes
    ----------
    n_dims : int
        1 for spectra, 2 for images, 3 for volumes.
    n_channels : int
        Number of channels: E of spectra, C of images and volumes.
    axis : Axis or None
        What runs along spectra; None for images and volumes.
    """

    n_dims: int
    n_channels: int
    axis: Axis | None = None

    def check(self, other: Setup) -> None:
        """Refuse a measurement of another kind than the one before.

        Raises
        ------
        InputError
            Spectra instead of images or the reverse, other channels or dimensions.

        Examples
        --------
        >>> Setup(1, 4096, Axis("energy")).check(Setup(2, 1))
        Traceback (most recent call last):
        autoden.errors.InputError: the method was trained on spectra, and the new data are images.
        """
        if (self.axis is None) != (other.axis is None):
            kinds = ("images", "spectra")
            trained, new = kinds[self.axis is not None], kinds[other.axis is not None]
            raise InputError(f"the method was trained on {trained}, and the new data are {new}.")
        if self.axis is not None and other.axis is not None:
            common_axis(
                [
                    (self.axis, self.n_channels, "the measurement before"),
                    (other.axis, other.n_channels, "the new measurement"),
                ]
            )
        elif (other.n_dims, other.n_channels) != (self.n_dims, self.n_channels):
            raise InputError(
                f"the method was trained on data of {self.n_dims} dimensions and {self.n_channels} "
                f"channel(s), the new data have {other.n_dims} and {other.n_channels}: give such "
                "data, or denoise these by themselves."
            )
