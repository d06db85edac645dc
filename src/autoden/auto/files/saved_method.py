"""A method that `Result.save_model` kept, and the door through which all saved models come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autoden.algorithms import saving
from autoden.models.tensor_files import read_format

if TYPE_CHECKING:
    import torch

    from autoden.algorithms.denoiser import Denoiser
    from autoden.auto.result import Result
    from autoden.auto.setup import Setup
    from autoden.auto.trained import Trained

FORMAT = "autoden-method"


@dataclass(frozen=True, eq=False)
class SavedMethod:
    """A method that `autoden.denoise` chose and trained, read from a file.

    Attributes
    ----------
    trained : Trained
        The method, what its noise is and what it was compared with.
    setup : Setup
        The kind of measurement that it is for.
    """

    trained: Trained = field(repr=False)
    setup: Setup

    @property
    def method(self) -> str:
        """What was chosen, with its parameters."""
        return f"{self.trained.method.name}: {self.trained.method.describe()}"

    def apply(
        self,
        other: Any,
        *,
        axes: str | None = None,
        n_dims: int | None = None,
        exposure: Sequence[float] | None = None,
    ) -> Result:
        """Denoise an acquisition of the set-up that the method was trained on.

        Parameters
        ----------
        other, axes, n_dims, exposure
            As in `Result.apply`, which gives the same.

        Raises
        ------
        InputError
            As `Result.apply`.
        """
        from autoden.auto.denoise import apply

        return apply(self.trained, self.setup, other, axes=axes, n_dims=n_dims, exposure=exposure)

    infer = apply
    """The name that it has for denoisers."""


def load(
    path: str | PathLike[str],
    device: str | torch.device | None = None,
    *,
    batch_size: int | None = None,
    verbose: bool = True,
) -> Denoiser | SavedMethod:
    """Load what `Denoiser.save` or `Result.save_model` saved.

    Nothing in the file can run; one that is damaged, or not exactly what it describes, is refused.

    Parameters
    ----------
    path : path
        The file.
    device, batch_size, verbose
        As in `autoden.algorithms.saving.load`, for denoisers. Methods compute on the CPU.

    Returns
    -------
    Denoiser or SavedMethod
        A denoiser of the class that was saved, such as `N2N`, ready for `infer`; or a method, whose
        `SavedMethod.apply` gives estimate, uncertainty and verdict.

    Raises
    ------
    InputError
        No such file, or neither, or not intact.

    Examples
    --------
    >>> import tempfile
    >>> import autoden as ad
    >>> counts = ad.datasets.xrf_spectra(3, n_channels=512, seed=0).counts
    >>> result = ad.denoise(counts[:2], axes="RE", budget="fast")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = result.save_model(f"{folder}/method.safetensors")
    ...     method = ad.load(path)
    >>> again = method.apply(counts[2])
    >>> bool((again.estimate == result.apply(counts[2]).estimate).all())
    True
    """
    if isinstance(path, str | PathLike) and read_format(Path(path)) == FORMAT:
        from autoden.auto.files.trained_files import read_trained

        return SavedMethod(*read_trained(Path(path)))
    return saving.load(path, device, batch_size=batch_size, verbose=verbose)
