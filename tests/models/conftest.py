"""What the tests of model files share: intact files, and how hostile ones are refused."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import torch

from autoden.errors import InputError
from autoden.models import NetworkParamsDnCNN, create_optimizer
from autoden.models.io import load_model, save_model


@pytest.fixture(scope="session")
def content(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return intact files of both formats, with an optimiser's state."""
    network = NetworkParamsDnCNN(n_layers=2, n_features=2, n_dims=1).get_model("cpu", seed=0)
    optimizer = create_optimizer(network)
    (network(torch.linspace(0, 1, 9).reshape(1, 1, 9)) ** 2).sum().backward()
    optimizer.step()
    files = {}
    for suffix in ("pt", "safetensors"):
        file = tmp_path_factory.mktemp("intact") / f"n.{suffix}"
        save_model(file, network, optimizer.state_dict(), epoch_num=3)
        files[suffix] = file.read_bytes()
    return files


@contextmanager
def _little_memory() -> Iterator[None]:
    """Allow a block 256 MB more than there is in use, where the system can."""
    if not sys.platform.startswith("linux"):
        yield
        return
    import resource

    used = re.search(r"VmData:\s+(\d+) kB", Path("/proc/self/status").read_text())
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (int(used[1]) * 1024 + 2**28, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


@pytest.fixture
def little_memory() -> Callable[[], AbstractContextManager[None]]:
    """Make blocks that cannot allocate much."""
    return _little_memory


@pytest.fixture
def refused(tmp_path: Path) -> Callable[[bytes, str], None]:
    """Return an assertion: loading a file of this content gives one error, with this message."""

    def check(content: bytes, message: str) -> None:
        file = tmp_path / "hostile.model"
        file.write_bytes(content)
        with _little_memory(), pytest.raises(InputError, match=message) as raised:
            load_model(file)
        assert str(file) in str(raised.value)
        assert "allocate" not in str(raised.value)

    return check
