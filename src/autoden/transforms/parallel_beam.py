"""Parallel-beam tomography in two dimensions: projection, its adjoint, filtered back-projection.

One geometry, that of `skimage.transform.radon` and `iradon`. Small on purpose: slices are treated
one by one, and iterative or cone-beam reconstruction belongs to packages made for it. How the
reconstructions of several sets of projections denoise each other is told in
`algorithms/noise2inverse.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from autoden.checks import choice, number, whole_number
from autoden.errors import InputError
from autoden.signals.values import check_finite, check_numeric

FILTERS = ("ram-lak", "hann")
FULL_TURN = 2 * math.pi
CENTRE = (0.0,)
QUARTERS = (-0.25, 0.25)
"""Which points stand for a pixel, along each of its axes, in pixels from its centre."""

_Points = tuple[float, ...]


class ParallelBeam:
    r"""Parallel rays through square slices, seen from several angles.

    With the slice's centre at pixel ``size // 2`` of both axes and `y` pointing up (against the
    rows), the ray through the point (x, y) at angle :math:`\theta` meets the detector at
    ``axis + x * cos(theta) + y * sin(theta)``, in pixels. Slices and detector have the same pixel
    size. This is the geometry of scikit-image; `axis` is for real scans, whose axis of rotation
    is rarely where one wants it.

    Parameters
    ----------
    angles : array_like
        Shape (A,), in radians.
    n_detectors : int
        Number of detector pixels, D.
    size : int, optional
        Rows and columns of a slice; None takes `n_detectors`.
    axis : float, optional
        Where the axis of rotation meets the detector, in pixels counted from 0; None is
        ``n_detectors // 2``, as in scikit-image. A detector centred on the axis has
        ``(n_detectors - 1) / 2``.

    Raises
    ------
    InputError
        Angles that are no row of finite numbers, or that seem to be degrees; numbers outside
        their range.

    Examples
    --------
    >>> beam = ParallelBeam(torch.arange(60) * torch.pi / 60, n_detectors=33)
    >>> disc = beam.circle.float()
    >>> sinogram = beam.project(disc)
    >>> sinogram.shape
    torch.Size([60, 33])
    >>> slice_again = beam.filtered_back_projection(sinogram)
    >>> round(slice_again[8:25, 8:25].mean().item(), 1)
    1.0
    """

    def __init__(
        self,
        angles: ArrayLike | Tensor,
        n_detectors: int,
        size: int | None = None,
        axis: float | None = None,
    ) -> None:
        self.angles = _checked_angles(angles)
        self.n_detectors = whole_number("n_detectors", n_detectors)
        self.size = self.n_detectors if size is None else whole_number("size", size)
        self.axis = (
            self.n_detectors // 2
            if axis is None
            else number("axis", axis, at_least=0, below=self.n_detectors)
        )

    @property
    def circle(self) -> Tensor:
        """Pixels that every projection can see: bool, shape (size, size), True inside."""
        radius = max(min(self.size // 2, self.axis, self.n_detectors - 1 - self.axis), 0)
        squared = (torch.arange(self.size) - self.size // 2).square()
        return squared[:, None] + squared <= radius**2

    def project(self, images: Tensor) -> Tensor:
        """Sum slices along the rays.

        Four points stand for a pixel, at the centres of its quarters (with a single one, the
        grids of slice and detector would beat: by a tenth at 45 degrees). Each point is shared
        between the two detector pixels that it falls between.

        Parameters
        ----------
        images : Tensor
            Shape (..., size, size), float32 or float64.

        Returns
        -------
        Tensor
            Shape (..., A, D), in the unit of `images` times pixels.
        """
        _check_shape("images", images, (self.size, self.size))
        return _project(images, self, QUARTERS)

    def back_project(self, sinograms: Tensor) -> Tensor:
        """Smear projections back over the slice, without filter: the exact adjoint of `project`.

        Parameters
        ----------
        sinograms : Tensor
            Shape (..., A, D), float32 or float64.

        Returns
        -------
        Tensor
            Shape (..., size, size).
        """
        _check_shape("sinograms", sinograms, (len(self.angles), self.n_detectors))
        return _back_project(sinograms, self, QUARTERS)

    def filtered_back_projection(self, sinograms: Tensor, filter: str = "ram-lak") -> Tensor:  # noqa: A002 - the field's word
        """Reconstruct slices from their projections.

        Each pixel gathers, over all angles, the filtered projection where the ray through its
        centre meets the detector, linearly interpolated and 0 beyond the detector. The angles
        count alike and are taken to cover half turns evenly; so the reconstruction from every
        K-th angle has the scale of that from all, and the K of them average to it.

        Parameters
        ----------
        sinograms : Tensor
            Shape (..., A, D), float32 or float64: line integrals, in pixels times the unit of
            the slice.
        filter : {"ram-lak", "hann"}
            The plain ramp, or the ramp with its high frequencies damped.

        Returns
        -------
        Tensor
            Shape (..., size, size). Outside `circle` it is incomplete.

        References
        ----------
        A. C. Kak, M. Slaney, "Principles of Computerized Tomographic Imaging", IEEE Press 1988,
        chapter 3.
        """
        choice("filter", filter, FILTERS)
        _check_shape("sinograms", sinograms, (len(self.angles), self.n_detectors))
        response = _ramp(self.n_detectors, filter).to(sinograms)
        spectrum = torch.fft.rfft(sinograms, n=2 * (len(response) - 1))
        filtered = torch.fft.irfft(spectrum * response)[..., : self.n_detectors]
        return _back_project(filtered, self, CENTRE) * (math.pi / len(self.angles))

    def _footprints(self, like: Tensor, points: _Points) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Give, for each angle and point, the detector left of each pixel's and the right's share.

        The angle is an index. Detectors are counted from an empty one that stands before the
        first; another one stands behind the last. Both tensors have shape (size * size,).
        """
        centre = torch.arange(self.size, device=like.device, dtype=like.dtype) - self.size // 2
        for (i, angle), dy, dx in product(enumerate(self.angles), points, points):
            along_x = (centre + dx) * math.cos(angle) + self.axis + 1
            along_y = (centre + dy) * math.sin(angle)
            position = (along_x - along_y[:, None]).flatten().clamp_(0, self.n_detectors + 1)
            left = position.floor().clamp_(max=self.n_detectors)
            yield i, left.long(), position - left


class _Project(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, beam: ParallelBeam, points: _Points) -> Tensor:
        ctx.arguments = beam, points
        slices = images.reshape(-1, beam.size**2) / len(points) ** 2  # (N, size * size)
        sinograms = slices.new_zeros(len(slices), len(beam.angles), beam.n_detectors + 2)
        for i, left, share in beam._footprints(images, points):
            on_the_right = slices * share
            sinograms[:, i].index_add_(1, left, slices - on_the_right)
            sinograms[:, i].index_add_(1, left + 1, on_the_right)
        return sinograms[..., 1:-1].reshape(*images.shape[:-2], *sinograms[0, :, 1:-1].shape)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return _back_project(gradients[0], *ctx.arguments), None, None


class _BackProject(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, sinograms: Tensor, beam: ParallelBeam, points: _Points) -> Tensor:
        ctx.arguments = beam, points
        rows = sinograms.reshape(-1, *sinograms.shape[-2:]) / len(points) ** 2  # (N, A, D)
        rows = torch.nn.functional.pad(rows, (1, 1))
        images = rows.new_zeros(len(rows), beam.size**2)
        for i, left, share in beam._footprints(rows, points):
            right = left + 1
            for image, row in zip(images, rows[:, i], strict=True):  # faster than all in one call
                image += torch.lerp(row.index_select(0, left), row.index_select(0, right), share)
        return images.reshape(*sinograms.shape[:-2], beam.size, beam.size)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return _project(gradients[0], *ctx.arguments), None, None


_Operator = Callable[[Tensor, ParallelBeam, _Points], Tensor]
_project: _Operator = _Project.apply
_back_project: _Operator = _BackProject.apply


def _ramp(n_detectors: int, name: str) -> Tensor:
    """Give the frequency response of a filter on projections padded with zeros.

    The ramp is the transform of its band-limited kernel, sampled in space: a ramp sampled in
    frequency would lose the mean of the slice.
    """
    n_padded = max(64, 2 ** math.ceil(math.log2(2 * n_detectors)))
    lag = torch.fft.fftfreq(n_padded, 1 / n_padded, dtype=torch.float64)
    kernel = torch.where(lag.remainder(2) == 1, -1 / (math.pi * lag).square(), 0.0)
    kernel[0] = 0.25
    response: Tensor = torch.fft.rfft(kernel).real
    if name == "hann":
        response *= 0.5 + 0.5 * torch.cos(FULL_TURN * torch.fft.rfftfreq(n_padded))
    return response


def _checked_angles(angles: ArrayLike | Tensor) -> list[float]:
    array = check_finite(check_numeric(angles, "`angles`"), "`angles`")
    if array.ndim != 1 or array.dtype.kind not in "iuf":
        raise InputError(
            f"`angles` has shape {array.shape} and dtype {array.dtype}: give one real number per "
            "projection, in radians."
        )
    span = float(array.max()) - float(array.min())
    if span > 2 * FULL_TURN:
        raise InputError(
            f"`angles` span {span:g}, more than two turns in radians: if they are degrees, give "
            "`numpy.deg2rad(angles)`; if they are several turns, give `angles % (2 * numpy.pi)`."
        )
    return [float(angle) for angle in array]


def _check_shape(name: str, tensor: Tensor, expected: tuple[int, int]) -> None:
    if not isinstance(tensor, Tensor) or tensor.dtype not in (torch.float32, torch.float64):
        kind = tensor.dtype if isinstance(tensor, Tensor) else type(tensor).__name__
        raise InputError(f"`{name}` is {kind}: give a tensor of float32 or float64.")
    if tuple(tensor.shape[-2:]) != expected:
        axes = "(..., angles, detectors)" if name == "sinograms" else "(..., rows, columns)"
        raise InputError(
            f"`{name}` has shape {tuple(tensor.shape)}, but {axes} = (..., {expected[0]}, "
            f"{expected[1]}) is needed."
        )
