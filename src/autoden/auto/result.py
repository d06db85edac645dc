"""What `denoise` gives: the estimate, how sure it is, how it was found, what to say about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoden.auto.files.saving import save_estimate
from autoden.auto.images.measurement import ImageMeasurement
from autoden.auto.learning.selection import Candidate
from autoden.auto.spectra.measurement import Measurement
from autoden.evaluation.ring_curve import RingCorrelation
from autoden.io.provenance import PROVENANCE, provenance
from autoden.io.reading import split_inside
from autoden.report.numerals import show
from autoden.report.tables import Table

if TYPE_CHECKING:
    from autoden.auto.trained import Trained

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """A denoised measurement and its verdict.

    Attributes
    ----------
    estimate : ndarray of float64
        Expected value of one mean acquisition, in the input's units: shape (E,) for one spectrum,
        (S, E) for several samples; that of the images without repeats, NaN where nothing was
        measured. Never negative for counts.
    uncertainty : ndarray of float64
        One standard deviation of the error of the estimate, noise and bias; same shape and units.
    method : str
        What was chosen, with its parameters.
    candidates : tuple of Candidate
        All methods that were compared, with their held-out scores.
    quality : mapping
        Numbers of the verdict: "mse" and "mse_interval" (estimated mean squared error against the
        unknown truth, squared data units, with a 90 % interval), "dose_gain" and
        "dose_gain_interval" (how many times more exposure the mean would need for the same error,
        squared error over variance), "held_out", "total_z", and more.
    warnings : list of str
        What a user must know before publishing; empty if nothing is wrong.
    notes : list of str
        What was read, assumed and found about the noise.
    verdict : list of str
        Plain sentences for a referee.
    mean, noise : ndarray of float64
        The mean of the exposures and the standard deviation of its noise; same shape and units.
    tables : tuple of Table
        Peaks, regions and residuals in numbers, as the report shows them.
    settings : mapping
        What the run was given and the versions that ran.
    measurement : Measurement
        What was denoised.
    curves : mapping of str to RingCorrelation
        Ring (shell) correlations of images, of the first of several samples; empty for spectra.
    reference : ndarray or None
        Mean of the acquisitions given for scoring.
    applied : bool
        Whether the method was chosen and trained on another measurement, by `apply`. Method,
        candidates, settings and ``quality["held_out"]`` are of that measurement then, all else of
        this one.
    seconds : float
        How long it took.
    """

    estimate: Floats
    uncertainty: Floats
    method: str
    candidates: tuple[Candidate, ...]
    quality: Mapping[str, Any]
    warnings: list[str]
    notes: list[str]
    verdict: list[str]
    mean: Floats
    noise: Floats
    measurement: Measurement | ImageMeasurement
    trained: Trained
    tables: tuple[Table, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, RingCorrelation] = field(default_factory=dict)
    reference: Floats | None = None
    applied: bool = False
    seconds: float = 0.0

    def __repr__(self) -> str:
        """Say the method and what it is worth; all the rest has a name of its own."""
        gains = np.atleast_1d(self.quality["dose_gain"])
        ends = dict.fromkeys(show(float(gain), 2) for gain in (gains.min(), gains.max()))
        return (
            f"<Result: {self.method}; shape {self.estimate.shape}, dose gain {' to '.join(ends)}, "
            f"{len(self.warnings)} warning{'s' * (len(self.warnings) != 1)}"
            f"{', applied' * self.applied}>"
        )

    def _repr_html_(self) -> str:
        """Show method, verdict, candidates and the spectrum at the end of a notebook cell."""
        from autoden.auto.pages.notebook import show

        return show(self)

    def apply(self, other: Any, *, axes: str | None = None, n_dims: int | None = None,
              exposure: Sequence[float] | None = None) -> Result:  # fmt: skip
        """Denoise another acquisition of the same set-up by the same trained method.

        Nothing is trained or chosen again. The noise of the new data is compared with that of the
        first, and a warning tells if they differ; uncertainty, verdict and tables are measured on
        the new data, but for the choice of the method, as the verdict says.

        Parameters
        ----------
        other, axes, n_dims, exposure
            As in `denoise`: the same channels as before.

        Raises
        ------
        InputError
            Other channels than those of the first measurement, no counts where those were counts,
            or what `denoise` refuses.
        """
        from autoden.auto.denoise import apply

        return apply(self.trained, self.measurement.setup, other, axes=axes, n_dims=n_dims,
                     exposure=exposure, protecting=[self.measurement])  # fmt: skip

    def save_model(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Keep the trained method for other measurements of the set-up; `autoden.load` reads it.

        The file holds networks, parameters and what is said about the method, and nothing of the
        measurement but its axis. Nothing in it can run.

        Parameters
        ----------
        path : str or Path
            The file, such as "method.safetensors".
        overwrite : bool
            Whether a file that is there may be replaced.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        InputError
            The file cannot be written.
        """
        from autoden.auto.files.trained_files import write_trained

        return write_trained(path, self.trained, self.measurement.setup, overwrite=overwrite)

    def save(self, path: str | Path, *, overwrite: bool = False) -> list[Path]:
        """Write estimate and uncertainty.

        Parameters
        ----------
        path : str or Path
            Its ending says the format. Tables, npz, HDF5 and zarr hold both; other formats have a
            second file, ``out.sigma.npy`` beside ``out.npy``. What was done (method, settings,
            seed, version, sums of the measured files) is in the metadata; see
            `autoden.io.provenance`.
        overwrite : bool
            Whether files that are there may be replaced; measured files never are.

        Returns
        -------
        list of Path
            What was written.
        """
        return list(
            save_estimate(
                path,
                self.estimate,
                self.uncertainty,
                self.measurement,
                overwrite=overwrite,
                metadata={"method": self.method, **self.settings, PROVENANCE: self._steps()},
            )
        )

    def _steps(self) -> list[Mapping[str, Any]]:
        """Say what was done to the measurement, after what had been done to it before."""
        before = self.measurement.metadata.get(PROVENANCE, [])
        there = [
            source for source in self.measurement.sources if Path(split_inside(source)[0]).exists()
        ]
        arrays = [sample.repeats for sample in self.measurement.samples]
        record = provenance(
            f"denoise: {self.method}",
            there or arrays,
            settings={key: each for key, each in self.settings.items() if key != "seed"},
            seed=self.settings.get("seed"),
        )
        return [*(before if isinstance(before, list) else []), record]

    def report(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write a report: one HTML file that needs no network, or a picture if it ends in .png.

        The picture shows what the page lets one zoom into: measured mean and estimate with its 1
        sigma band on a linear and on a logarithmic scale, and the residuals in units of the noise.

        Parameters
        ----------
        path : str or Path
            "report.html" or "report.png"; just this file is written. Call it twice for both.
        overwrite : bool
            Whether a file that is there may be replaced.

        Returns
        -------
        Path
            The file.
        """
        from autoden.auto.pages.page import write_report

        return write_report(self, path, overwrite=overwrite)

    def timed(self, seconds: float) -> Result:
        """Note how long it took."""
        return replace(self, seconds=seconds)
