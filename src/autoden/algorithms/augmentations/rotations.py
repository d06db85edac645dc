r"""Turned images of a batch: by quarter turns, or by any angle without mixing elements.

Interpolation would smooth the noise, correlate it, and mix held-out elements into those that
train. The nearest neighbour mixes nothing, but at 45 degrees a third of what it shows is shown
twice, and a copy beside a blind spot gives away what the network should predict. Here every element
goes to one place of its own: a rotation by :math:`|\theta| \le 45` degrees is three shears,

.. math:: x \mathrel{-}= y \tan(\theta/2), \quad y \mathrel{+}= x \sin\theta, \quad
          x \mathrel{-}= y \tan(\theta/2),

each of which moves whole rows or columns by whole elements. White noise stays white and what is
held out stays held out; the price is that elements land half an element beside their exact place
(root mean square; 0.4 with the nearest neighbour).

References
----------
A. W. Paeth, "A fast algorithm for general raster rotation", Graphics Interface 1986.
E. Andres, "The quasi-shear rotation", DGCI 1996.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from autoden.algorithms.augmentations.augmentation import (
    RandomView,
    checked_axes,
    moving_axes,
)
from autoden.checks import number
from autoden.errors import InputError
from autoden.training.batch import Batch

Plane = tuple[int, int]


class AugmentationRotation90(RandomView):
    """Turn by 0, 90, 180 or 270 degrees, the same for all samples of a batch.

    Data of (H, W) become (W, H) by a quarter turn; nothing is lost. In 3D the plane is drawn too.

    Parameters
    ----------
    axes : sequence of int, optional
        Two or more axes that may turn into each other, counted from the end: (-2, -1) leaves the
        first of three in place. None: all spatial axes.
    rng : numpy.random.Generator, optional
        Source of the draws; None takes the denoiser's, or follows numpy's own state without one.

    Raises
    ------
    InputError
        Fewer than two axes, or axes not counted from the end; when called, axes that the data do
        not have.

    Examples
    --------
    >>> image = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> turn = AugmentationRotation90(rng=np.random.default_rng(2))
    >>> turn(Batch(image, image, image, image > 3)).input.squeeze()
    tensor([[3., 1.],
            [4., 2.]])
    """

    geometric = True

    def __init__(
        self, axes: Sequence[int] | None = None, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__(rng)
        self.axes = _checked_turning(axes)

    def __call__(self, batch: Batch) -> Batch:
        """Turn all four tensors alike."""
        plane = _draw_plane(self.axes, batch, self.rng)
        n_quarters = int(self.rng.integers(4))
        return batch.map(lambda tensor: tensor.rot90(n_quarters, plane)) if n_quarters else batch


class AugmentationRotationAny(RandomView):
    """Turn by a random angle about the centre, the same for all samples of a batch.

    The shape stays. Elements are moved, never mixed and never repeated, so that noise keeps its
    statistics. Places that come from outside the data are 0, have weight 0 and are not held out: 0
    is the mean of data that a denoiser has scaled and centred, and it tells nothing of an element
    near the border, which a repeat of the border would show beside itself. In 3D the plane is drawn
    too. Angles are right for axes of equal sampling.

    Parameters
    ----------
    step : float, optional
        Angles are multiples of it, in degrees; None takes any angle.
    axes : sequence of int, optional
        Two or more axes that may turn into each other, counted from the end: (-2, -1) leaves the
        first of three in place. None: all spatial axes.
    rng : numpy.random.Generator, optional
        Source of the draws; None takes the denoiser's, or follows numpy's own state without one.

    Raises
    ------
    InputError
        A step outside 0 to 360, fewer than two axes, or axes not counted from the end; when
        called, axes that the data do not have.

    Examples
    --------
    >>> image = torch.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> turn = AugmentationRotationAny(step=45, rng=np.random.default_rng(0))
    >>> turned = turn(Batch(image, image, torch.ones_like(image), image < 0))
    >>> turned.input.squeeze()
    tensor([[7., 4., 1.],
            [8., 5., 2.],
            [9., 6., 3.]])
    """

    geometric = True

    def __init__(
        self,
        step: float | None = None,
        axes: Sequence[int] | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__(rng)
        self.step = None if step is None else number("step", step, above=0, below=360)
        self.axes = _checked_turning(axes)

    def __call__(self, batch: Batch) -> Batch:
        """Turn all four tensors alike."""
        plane = _draw_plane(self.axes, batch, self.rng)
        height, width = (batch.input.shape[axis] for axis in plane)
        rows, columns = _sources(height, width, self._draw_angle(), batch.input.device)
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)  # (H, W)
        rows, columns = rows.clamp(0, height - 1), columns.clamp(0, width - 1)

        def move(tensor: Tensor) -> Tensor:
            turned = tensor.movedim(plane, (-2, -1))[..., rows, columns]  # (N, C, ..., H, W)
            return turned.masked_fill(~inside, 0).movedim((-2, -1), plane)

        return batch.map(move)

    def _draw_angle(self) -> float:
        """Draw an angle, in degrees."""
        if self.step is None:
            return float(self.rng.uniform(0, 360))
        return self.step * int(self.rng.integers(math.ceil(360 / self.step)))


def check_can_turn(
    augmentation: AugmentationRotation90 | AugmentationRotationAny, n_dims: int
) -> None:
    """Raise if data of so many spatial axes cannot be turned in this way."""
    _planes(augmentation.axes, n_dims)


def _checked_turning(axes: Sequence[int] | None) -> tuple[int, ...] | None:
    checked = checked_axes(axes)
    if checked is not None and len(checked) < 2:
        raise InputError(f"`axes` is {axes!r}: a rotation needs two of them, such as (-2, -1).")
    return checked


def _planes(axes: tuple[int, ...] | None, n_dims: int) -> list[Plane]:
    """List the planes that may turn, as pairs of axes."""
    planes = list(combinations(moving_axes(axes, n_dims), 2))
    if not planes:
        raise InputError(
            "A rotation needs two spatial axes, but the data have 1: leave it out of "
            "`augmentation`."
        )
    return planes


def _draw_plane(axes: tuple[int, ...] | None, batch: Batch, rng: np.random.Generator) -> Plane:
    planes = _planes(axes, batch.input.ndim - 2)
    return planes[int(rng.integers(len(planes)))]


def _sources(
    height: int, width: int, degrees: float, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Say from where each element comes: row and column, whole numbers of shape (H, W) each.

    The sense is that of `torch.rot90`: at 90 degrees the first axis turns towards the second.
    """
    n_quarters = round(degrees / 90)
    angle = math.radians(degrees - 90 * n_quarters)  # at most 45 degrees either way
    tangent, sine = math.tan(angle / 2), math.sin(angle)
    middle_row, middle_column = (height - 1) / 2, (width - 1) / 2
    y = torch.arange(height, device=device).unsqueeze(1) - middle_row  # (H, 1)
    x = torch.arange(width, device=device) - middle_column  # (W,)
    x = x - _nearest(y * tangent)  # (H, W)
    y = y + _nearest(x * sine)
    x = x - _nearest(y * tangent)
    for _ in range(n_quarters % 4):
        y, x = x, -y
    return _nearest(y + middle_row).long(), _nearest(x + middle_column).long()


def _nearest(values: Tensor) -> Tensor:
    """Round to whole numbers, halves upwards: `torch.round` would take halves in pairs."""
    return (values + 0.5).floor()
