"""Networks to disk and back, by the names that users know."""

from pathlib import Path

import numpy as np
import pytest
import torch

import autoden as ad
from autoden.errors import InputError
from autoden.models import (
    NETWORKS,
    NetworkParams,
    NetworkParamsDnCNN,
    NetworkParamsKernelMixture,
    NetworkParamsMSD,
    NetworkParamsUNet,
    create_network,
    create_optimizer,
)
from autoden.models.io import (
    SavedModel,
    load_model,
    load_model_state,
    read_model,
    save_model,
    save_model_state,
    write_model,
)
from autoden.models.optimizers import OPTIMIZERS
from autoden.models.records import DenoiserRecord
from autoden.signals.scaling import DataScaleBias

SMALL = {"n_features": 2, "n_dims": 1}
EACH_FORMAT = pytest.mark.parametrize("suffix", ["pt", "PT", "safetensors", "model"])


def small_network(seed: int = 0) -> torch.nn.Module:
    network = NetworkParamsDnCNN(n_layers=2, **SMALL).get_model("cpu", seed=seed)
    network(torch.linspace(0, 1, 18).reshape(2, 1, 9))  # moves the running statistics
    return network


@EACH_FORMAT
@pytest.mark.parametrize("name", NETWORKS)
def test_loaded_network_is_the_saved_one(tmp_path: Path, name: str, suffix: str) -> None:
    network = NETWORKS[name](**SMALL, n_channels_in=2).get_model("cpu")
    x = torch.randn(3, 2, 20)
    network(x)
    file = tmp_path / f"network.{suffix}"
    save_model(file, network, epoch_num=7)
    state = load_model(str(file))
    assert list(state) == ["model_class", "init_params", "epoch", "state_dict", "optimizer"]
    assert (state["model_class"], state["epoch"]) == (type(network).__name__, 7)
    assert state["init_params"] == network.init_params
    assert state["optimizer"] is None
    copy = create_network(state, device="cpu")
    assert type(copy) is type(network)
    assert torch.equal(copy.eval()(x), network.eval()(x))


@pytest.mark.parametrize(
    "params",
    [
        NetworkParamsUNet(n_features=2, n_levels=2, blur_pool=True, top_skip=False),
        NetworkParamsUNet(n_features=2, n_levels=1, bilinear=False, n_channels_skip=1),
        NetworkParamsMSD(n_layers=2, dilations=(4, 1), use_dilations=False, n_dims=3),
        NetworkParamsKernelMixture(gaussians=(0.5, 2.0), savgol=(), prior=0.5, n_dims=3),
        NetworkParamsKernelMixture(savgol=((7, 2),), stabilise="anscombe", reference=6),
    ],
)
@EACH_FORMAT
def test_options_survive(tmp_path: Path, params: NetworkParams, suffix: str) -> None:
    save_model(tmp_path / f"n.{suffix}", params.get_model("cpu"))
    assert read_model(tmp_path / f"n.{suffix}").params == params


@EACH_FORMAT
@pytest.mark.parametrize("algo", OPTIMIZERS)
def test_training_goes_on_where_it_was(tmp_path: Path, algo: str, suffix: str) -> None:
    network = small_network()
    optimizer = create_optimizer(network, algo)
    x, target = torch.randn(4, 1, 16), torch.randn(4, 1, 16)

    def steps(network: torch.nn.Module, optimizer: torch.optim.Optimizer) -> torch.Tensor:
        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            loss = ((network(x) - target) ** 2).mean()
            loss.backward()
            return loss

        for _ in range(2):
            optimizer.step(closure)
        return network.eval()(x).detach()

    steps(network.train(), optimizer)
    save_model(tmp_path / f"n.{suffix}", network, optimizer.state_dict())
    expected = steps(network.train(), optimizer)
    state = load_model(tmp_path / f"n.{suffix}")
    copy = create_network(state, device="cpu")
    resumed = create_optimizer(copy, algo, optim_state=state["optimizer"])
    torch.testing.assert_close(steps(copy.train(), resumed), expected)


def test_pt_files_are_plain_mappings_that_torch_reads_safely(tmp_path: Path) -> None:
    network = small_network()
    optimizer = create_optimizer(network)
    save_model(tmp_path / "n.pt", network, optimizer.state_dict(), epoch_num=2)
    mapping = torch.load(tmp_path / "n.pt", weights_only=True)
    assert list(mapping) == ["model_class", "init_params", "epoch", "state_dict", "optimizer"]
    assert mapping["model_class"] == "DnCNN"
    assert mapping["init_params"] == network.init_params
    assert mapping["epoch"] == 2
    assert set(mapping["optimizer"]) == {"state", "param_groups"}
    network.load_state_dict(mapping["state_dict"])


def test_same_network_gives_the_same_file(tmp_path: Path) -> None:
    for suffix in ("pt", "safetensors"):
        files = [tmp_path / f"{i}.{suffix}" for i in range(2)]
        for file in files:
            save_model(file, small_network())
        assert files[0].read_bytes() == files[1].read_bytes()


@EACH_FORMAT
def test_file_of_the_same_name_is_replaced_only_by_a_whole_one(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"n.{suffix}"
    save_model(file, small_network(), epoch_num=1)
    save_model(file, small_network(), epoch_num=2)
    broken = small_network()
    with torch.no_grad():
        next(broken.parameters()).fill_(torch.nan)
    with pytest.raises(InputError, match=r"holds NaN or infinity.*lower learning rate"):
        save_model(file, broken, epoch_num=3)
    assert load_model(file)["epoch"] == 2
    assert [other.name for other in tmp_path.iterdir()] == [file.name]


def test_network_changed_after_it_was_built_is_not_saved(tmp_path: Path) -> None:
    for change in (
        lambda network: network.double(),
        lambda network: network.add_module("more", torch.nn.Linear(1, 1)),
        lambda network: network.init_params.update(n_features=3),
    ):
        network = small_network()
        change(network)
        with pytest.raises(InputError, match=r"saved with"):
            save_model(tmp_path / "n.pt", network)


@pytest.mark.parametrize("epoch", [-1, 1.5, True, None, "3"], ids=str)
def test_odd_epochs_are_refused(tmp_path: Path, epoch: object) -> None:
    with pytest.raises(InputError, match=rf"`epoch_num` is {epoch!r}: give a whole number"):
        save_model(tmp_path / "n.safetensors", small_network(), epoch_num=epoch)


def test_optimizer_state_must_be_finite_and_plain(tmp_path: Path) -> None:
    for state in ({"lr": float("inf")}, {"f": print}):
        for suffix in ("pt", "safetensors"):
            with pytest.raises(InputError, match=rf"n.{suffix}: It holds .* can be kept"):
                save_model(tmp_path / f"n.{suffix}", small_network(), state)


def test_folder_of_a_training_holds_its_epochs_and_the_best(tmp_path: Path) -> None:
    folder = tmp_path / "run" / "1"
    for epoch in (0, 1, 2, 7):
        save_model_state(folder, epoch, small_network(epoch))
    save_model_state(str(folder), 2, small_network(2), is_best=True)
    names = {path.name for path in (folder / "weights").iterdir()}
    assert names == {"weights.pt", *(f"weights_epoch_{epoch}.pt" for epoch in (0, 1, 2, 7))}
    assert load_model_state(folder, 7)["epoch"] == 7
    for best in (load_model_state(folder), load_model_state(str(folder), -1)):
        assert best["epoch"] == 2
        weights = small_network(2).state_dict()
        assert torch.equal(best["state_dict"]["layers.2.weight"], weights["layers.2.weight"])
    with pytest.raises(InputError, match=r"epoch_5.pt .*holds the epochs 0-2, 7 and the best one"):
        load_model_state(folder, 5)
    with pytest.raises(InputError, match=r"`epoch_num` is -2"):
        load_model_state(folder, -2)
    with pytest.raises(InputError, match=r"weights.pt does not exist: .* holds no epochs\."):
        load_model_state(tmp_path)


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"folder .*file.weights cannot be made"):
        save_model_state(tmp_path / "file", 0, small_network())


def test_state_of_the_optimizer_is_kept_with_an_epoch(tmp_path: Path) -> None:
    network = small_network()
    state = create_optimizer(network, "sgd", learning_rate=0.5).state_dict()
    save_model_state(tmp_path, 0, network, state)
    assert load_model_state(tmp_path, 0)["optimizer"]["param_groups"][0]["lr"] == 0.5


def denoiser_record(**changes: object) -> DenoiserRecord:
    given = {
        "algorithm": "noise2noise",
        "n_dims": 1,
        "axes": "RE",
        "scaling": DataScaleBias(scale_inp=0.1, bias_out=-3.25),
        "settings": {"epochs": 10, "rates": [1e-3, None], "nested": {"a": [True, "b"]}},
        "arrays": ("lower_limit",),
    }
    return DenoiserRecord(**{**given, **changes})


def test_denoiser_survives_with_its_numbers(tmp_path: Path) -> None:
    limit = np.linspace(0, 1, 7)
    saved = SavedModel.of(
        small_network(), epoch=4, denoiser=denoiser_record(), arrays={"lower_limit": limit}
    )
    file = tmp_path / "d.safetensors"
    write_model(file, saved)
    with pytest.raises(InputError, match=r"exists already"):
        write_model(file, saved)
    loaded = read_model(file)
    assert loaded.denoiser == denoiser_record()
    np.testing.assert_array_equal(loaded.arrays["lower_limit"], limit)
    assert loaded.arrays["lower_limit"].dtype == np.float64
    x = torch.randn(2, 1, 12)
    assert torch.equal(loaded.get_model("cpu").eval()(x), small_network().eval()(x))
    assert load_model(file)["epoch"] == 4  # its network alone, too


def test_denoiser_does_not_go_into_a_pt_file(tmp_path: Path) -> None:
    saved = SavedModel.of(small_network(), denoiser=denoiser_record(arrays=()))
    with pytest.raises(InputError, match=r"d.pt: .*not a denoiser.*\.safetensors"):
        write_model(tmp_path / "d.pt", saved)


@pytest.mark.parametrize("arrays", [{}, {"limit": np.zeros(1)}])
def test_arrays_are_those_that_the_denoiser_speaks_of(tmp_path: Path, arrays: dict) -> None:
    saved = SavedModel.of(small_network(), denoiser=denoiser_record(), arrays=arrays)
    with pytest.raises(InputError, match=r"its arrays are .* has \['lower_limit'\]"):
        write_model(tmp_path / "d.safetensors", saved)


@pytest.mark.parametrize(
    "changes",
    [
        {"n_dims": 4},
        {"n_dims": "1"},
        {"axes": "Q"},
        {"settings": {"x": float("nan")}},
        {"settings": {"x": [1, {"y": float("inf")}]}},
        {"settings": {"x": object()}},
        {"algorithm": ""},
        {"scaling": (1.0, 2.0)},
        {"more": 1},
    ],
    ids=range(9),
)
def test_denoisers_are_described_by_plain_checked_values(changes: dict) -> None:
    with pytest.raises(ValueError, match=r"DenoiserRecord"):
        denoiser_record(**changes)


def test_settings_that_could_not_be_read_back_are_not_written(tmp_path: Path) -> None:
    record = denoiser_record(settings={"note": "x" * 2**20}, arrays=())
    with pytest.raises(InputError, match=r"d.safetensors .*give shorter settings"):
        write_model(tmp_path / "d.safetensors", SavedModel.of(small_network(), denoiser=record))


def test_public_names_are_where_users_look() -> None:
    assert ad.models.io.save_model is save_model
    assert ad.models.param_utils.get_num_parameters(small_network()) == 2 * 3 + 4 + 2 * 3
    assert callable(ad.models.register)
