"""What all denoisers share: a network, the scaling of its data, training on pairs, inference.

An algorithm subclasses `Denoiser`, adds `prepare_data` (from measurements to inputs, targets and
held-out pixels) and `train`. How the training itself runs is `autoden.training.fit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from os import PathLike
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from autoden.algorithms.arrays import PairArrays
from autoden.algorithms.comparison import close
from autoden.algorithms.contest import Contest
from autoden.algorithms.datasets import (
    Augmentation,
    AugmentationCrop,
    AugmentationLike,
    create_augmentations,
)
from autoden.algorithms.network import ModelLike, about_the_network, kind_of_data, network_of
from autoden.algorithms.pairs import PairsTask
from autoden.algorithms.penalties import limit_of, penalties_of, regularizer_of
from autoden.algorithms.results import as_measured, predict_measurements
from autoden.checks import flag, seed_or_none, whole_number
from autoden.errors import InputError
from autoden.losses.regularizers import LossRegularizer
from autoden.models.devices import choose_device
from autoden.randomness import numpy_generator, seeded, torch_generator
from autoden.signals.layout import to_network
from autoden.signals.scaling import (
    DataScaleBias,
    check_varies,
    compute_scaling_selfsupervised,
    compute_scaling_supervised,
    to_float32,
)
from autoden.signals.values import check_numeric
from autoden.training.batch import Batch
from autoden.training.engine import fit
from autoden.training.history import Comparison, History
from autoden.training.observers import Observer, ProgressBar
from autoden.training.settings import TrainingSettings
from autoden.training.task import Task

__all__ = [
    "DataScaleBias",
    "Denoiser",
    "compute_scaling_selfsupervised",
    "compute_scaling_supervised",
]


class Denoiser:
    """A network and all that is needed to train it on data and use it on data.

    Parameters
    ----------
    model : NetworkParams, str, torch.nn.Module, mapping or int
        Parameters of a network, its name ("dncnn", "msd", "resnet", "unet"), a network, a saved
        state, or the number of an epoch that was kept in `save_epochs_dir`. A module without
        ``init_params`` counts as two-dimensional with one channel; for others set
        ``module.init_params = {"n_dims": 1, "n_channels_in": 1, ...}``.
    data_scale_bias : DataScaleBias, optional
        Scaling of the data; None computes it anew from the data of each training.
    reg_val : float or LossRegularizer, optional
        Penalty on the output; a number is the weight of a total variation.
    device : str or torch.device, optional
        Where to compute; None takes "cuda" if there is one, else "cpu".
    batch_size : int, optional
        Samples per step and per call of the network; None takes all at once.
    augmentation : str, Augmentation or list of them, optional
        Other views of the data while training, such as "flip".
    save_epochs_dir : path, optional
        Folder in which a training keeps the weights of its epochs, as
        ``weights/weights_epoch_N.pt``, and the best ones, as ``weights/weights.pt``. Those of an
        epoch are as its last step left them, with running statistics of batch normalisation; the
        best are as `infer` uses them.
    verbose : bool
        Show progress and log one closing line, which compares a self-supervised network with what
        is simpler, and warns if that does better.
    seed : int, optional
        Makes every random choice repeat, without touching global state; None follows the global
        state of torch and numpy.
    save_every : int
        Keep every so manieth epoch.
    patch_size : int or sequence of int, optional
        Train on random windows of this size, one number or one per spatial axis, instead of
        whole samples. Inference always sees whole samples. Few small patches at a time make poor
        statistics for batch normalisation: take many, or whole samples where they fit.
    compile : bool
        Train as code that `torch.compile` makes for this network: half a minute at the start, then
        quicker epochs for some networks. Where nothing can be compiled, one line of log says so.
    mixed_precision : bool
        Train in bfloat16, all but weights, loss and optimizer, where the device computes in it. It
        is meant for GPUs; on CPUs float32 is as quick for all but wide networks. Each output is
        rounded to about 0.3 % while training, which data less noisy than that do not bear.
        Inference computes in float32.

    Raises
    ------
    InputError
        A value that cannot be used.
    """

    saved_options: ClassVar[tuple[str, ...]] = ()
    """What the constructor of an algorithm takes beside these, and a saved model remembers."""

    def __init__(
        self,
        model: ModelLike,
        data_scale_bias: DataScaleBias | None = None,
        reg_val: float | LossRegularizer | None = None,
        device: str | torch.device | None = None,
        batch_size: int | None = None,
        augmentation: AugmentationLike = None,
        save_epochs_dir: str | PathLike[str] | None = None,
        verbose: bool = True,
        seed: int | None = None,
        *,
        save_every: int = 1,
        patch_size: int | Sequence[int] | None = None,
        compile: bool = False,
        mixed_precision: bool = False,
    ) -> None:
        if not isinstance(data_scale_bias, DataScaleBias | None):
            raise InputError(f"`data_scale_bias` is {data_scale_bias!r}: give a DataScaleBias.")
        if not isinstance(save_epochs_dir, str | PathLike | None):
            raise InputError(f"`save_epochs_dir` is {save_epochs_dir!r}: give a folder.")
        self.seed = seed_or_none(seed)
        self.device = choose_device(device)
        self.model = network_of(model, save_epochs_dir, self.device, self.seed)
        self._kind = kind_of_data(self.model)
        self.n_dims = self._kind.n_dims
        self.n_channels_in = self._kind.n_channels_in
        self.n_channels_out = self._kind.n_channels_out
        self.batch_size = None if batch_size is None else whole_number("batch_size", batch_size)
        self.verbose = flag("verbose", verbose)
        self.data_scale_bias = data_scale_bias
        self.lower_limit: NDArray[np.float64] | None = None
        self.settings: dict[str, Any] | None = None
        self._given_scaling = data_scale_bias
        self._save_epochs_dir = save_epochs_dir
        self._save_every = whole_number("save_every", save_every)
        self._compile = flag("compile", compile)
        self._mixed_precision = flag("mixed_precision", mixed_precision)
        self._regularizer = regularizer_of(reg_val, self.n_dims)
        self._augmentations = create_augmentations(
            augmentation, n_dims=self.n_dims, rng=numpy_generator(self.seed, "augmentation")
        )
        if patch_size is not None:
            patches = AugmentationCrop(patch_size, rng=numpy_generator(self.seed, "patches"))
            self._augmentations = (patches, *self._augmentations)

    def infer(self, inp: ArrayLike, channel_axis_dst: int | None = None) -> NDArray[Any]:
        """Denoise data of the kind that the network was trained on.

        Parameters
        ----------
        inp : array_like
            Shape (..., [C,] *S) as `prepare_data` gives it: the channel axis is there only where
            the network has more than one. Complex data are taken as two channels.
        channel_axis_dst : int, optional
            Where to put the channel axis of the result; None leaves it before the spatial axes.

        Returns
        -------
        ndarray
            The shape of the input, in data units, never below the trained `lower_limit`; complex
            if the input was.

        Raises
        ------
        InputError
            The network was not trained, or the data do not fit it or hold NaN or infinity.
        TrainingError
            The network returned NaN or infinity.
        """
        data = check_numeric(inp, "input")
        return self._finish(self._predict(data), np.iscomplexobj(data), channel_axis_dst)

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Save the trained denoiser as a whole; `autoden.load` reads it.

        Parameters
        ----------
        path : path
            A safetensors file. It holds the network, the scaling, the lower limit, and how the
            training went; no data and no code.
        overwrite : bool
            Whether a file that is there may be replaced.

        Raises
        ------
        InputError
            The denoiser was not trained, its network or algorithm is not registered, or the file
            cannot be written.
        """
        from autoden.algorithms.saving import save  # files are checked by what imports slowly

        save(self, path, overwrite=overwrite)

    def _predict(self, data: NDArray[np.generic]) -> NDArray[np.float64]:
        """Run the network over data (..., [C,] *S); complex becomes channels."""
        return predict_measurements(
            self.model, data, self._kind, self.data_scale_bias, self.batch_size
        )

    def _finish(
        self, result: NDArray[np.float64], as_complex: bool, channel_axis_dst: int | None
    ) -> NDArray[Any]:
        """Make of the network's result what the user gets."""
        return as_measured(
            result,
            self._kind,
            lower_limit=self.lower_limit,
            as_complex=as_complex,
            channel_axis_dst=channel_axis_dst,
        )

    def _check_same_channels(self, algorithm: str) -> None:
        """Refuse a network whose output is of another kind than its input."""
        if self.n_channels_in != self.n_channels_out:
            raise InputError(
                f"{algorithm} predicts data of the kind it is shown: `n_channels_in` "
                f"(={self.n_channels_in}) and `n_channels_out` (={self.n_channels_out}) of the "
                "network must be equal."
            )

    def _train_pairs(
        self,
        arrays: PairArrays,
        settings: TrainingSettings,
        lower_limit: float | ArrayLike | None,
        observers: Sequence[Observer] = (),
        *,
        scaling: DataScaleBias | None = None,
        views: Sequence[Augmentation] = (),
        options: Mapping[str, Any] | None = None,
        make_task: Callable[..., PairsTask] = PairsTask,
    ) -> History:
        """Train on pairs of arrays (..., [C,] *S).

        The scaling is the user's, or the one given, or that of the inputs. The views come after
        the augmentations; the options are what a saved model tells beside the settings. The task
        is made as a `PairsTask` is.
        """
        check_varies(arrays.inputs, "input")
        check_varies(arrays.targets, "target")
        limit = limit_of(lower_limit, arrays.targets.shape, self._kind, self._augmentations)
        scaling = self._given_scaling or scaling or compute_scaling_selfsupervised(arrays.inputs)
        pairs = Batch(
            self._tensor(scaling.scale_input(arrays.inputs), self.n_channels_in),
            self._tensor(scaling.scale_target(arrays.targets), self.n_channels_out),
            self._tensor(arrays.trains, self.n_channels_out).float(),
            self._tensor(arrays.held_out, self.n_channels_out),
        )
        if _without_channels(pairs.input) != _without_channels(pairs.target):
            raise InputError(
                f"`inp` {arrays.inputs.shape} and `tgt` {arrays.targets.shape} must have the same "
                "shape, but for channels; pass on what `prepare_data` returned."
            )
        views = (*self._augmentations, *views)
        task = make_task(pairs, self.batch_size, views, torch_generator(self.seed))
        contest = self._contest(arrays) if self.verbose else None
        compare = None if contest is None else partial(self._compare, contest)
        return self._fit(task, settings, scaling, limit, observers, options, compare)

    def _contest(self, arrays: PairArrays) -> Contest | None:
        """Say on what a trained network is compared with what is simpler; None if on nothing."""
        return None

    def _compare(self, contest: Contest) -> Comparison | None:
        """Compare the trained network with what is simpler."""
        return contest.compare(self._predict(contest.inputs), self.n_dims)

    def _fit(
        self,
        task: Task,
        settings: TrainingSettings,
        scaling: DataScaleBias,
        limit: NDArray[np.float64] | None,
        observers: Sequence[Observer],
        options: Mapping[str, Any] | None,
        compare: Callable[[], Comparison | None] | None,
    ) -> History:
        """Train the network on a task; only a training that ends well changes the denoiser."""
        if not isinstance(observers, list | tuple):
            raise InputError(f"`observers` is {observers!r}: give a list of observers.")
        epochs = None
        if self._save_epochs_dir is not None:
            from autoden.training.checkpoints import SavedEpochs  # as in `save`

            epochs = SavedEpochs(self.model, self._save_epochs_dir, self._save_every)
            observers = [epochs, *observers]
        is_shown = any(getattr(observer, "shows_progress", False) for observer in observers)
        progress = ProgressBar(settings.epochs, enabled=self.verbose and not is_shown)
        with progress, seeded(self.seed, self.device), about_the_network(self.model):
            history = fit(
                self.model,
                task,
                settings,
                penalties=penalties_of(self._regularizer, scaling, limit, self.device),
                observers=[progress, *observers],
                compile=self._compile,
                mixed_precision=self._mixed_precision,
            )
        if epochs is not None:
            epochs.save_best(history.best_epoch)
        self.data_scale_bias, self.lower_limit = scaling, limit
        self.settings = {**asdict(settings), **(options or {}), "seed": self.seed}
        if self.verbose:
            close(history, compare, n_dims=self.n_dims)
        return history

    def _tensor(self, data: NDArray[Any], n_channels: int) -> torch.Tensor:
        """Bring an array (..., [C,] *S) to a tensor (N, C, *S) on the device."""
        samples, _ = to_network(data, n_dims=self.n_dims, n_channels=n_channels)
        if samples.dtype != np.bool_:
            samples = to_float32(samples)
        return torch.tensor(np.ascontiguousarray(samples), device=self.device)


def _without_channels(tensor: torch.Tensor) -> torch.Size:
    """Give the number of samples and their spatial shape."""
    return tensor[:, 0].shape
