"""Memory that is used again is never used twice at a time, and goes back when asked."""

import threading

import numpy as np
import pytest
import torch

from autoden.models.narrow import memory
from autoden.models.narrow.memory import SMALL, lend, release
from autoden.models.params import NetworkParamsUNet

N = SMALL  # numbers of four bytes: large enough to be kept


@pytest.fixture(autouse=True)
def nothing_is_kept():
    release()
    yield
    release()


def place(array: np.ndarray) -> int:
    return array.ctypes.data


def test_what_is_in_use_is_not_given_out_again() -> None:
    one = lend((N,), np.dtype(np.float32))
    part = one[5:].reshape(-1, 1)
    first = place(one)
    del one  # a part of it is still in use
    other = lend((N,), np.dtype(np.float32))
    assert place(other) != first
    del part
    assert place(lend((2, N // 2), np.dtype(np.float32))) == first


def test_tensors_keep_their_memory_as_long_as_they_live() -> None:
    array = lend((N,), np.dtype(np.float32))
    tensor = torch.from_numpy(array).fill_(3)[7:]
    del array
    lend((N,), np.dtype(np.float32)).fill(0)
    assert (tensor == 3).all()


def test_sizes_must_be_alike_and_small_arrays_are_not_kept() -> None:
    first = place(lend((N,), np.dtype(np.float32)))
    assert place(lend((N // 2,), np.dtype(np.float32))) != first
    assert place(lend((int(0.9 * N),), np.dtype(np.float32))) == first
    lend((10,), np.dtype(np.float64))
    assert len(memory._free) == 2
    assert lend((3, 5), np.dtype(np.float64)).shape == (3, 5)


def test_many_threads_never_share() -> None:
    wrong = []

    def work(value: int) -> None:
        for _ in range(200):
            array = lend((N,), np.dtype(np.float32))
            array[::1000] = value
            if (array[::1000] != value).any():
                wrong.append(value)

    threads = [threading.Thread(target=work, args=(value,)) for value in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_training_uses_the_same_memory_again_and_inference_gives_it_back() -> None:
    network = NetworkParamsUNet(n_features=4, n_levels=2).get_model("cpu", 0)
    x = torch.randn(2, 1, 128, 128)

    def step() -> int:
        network(x).square().mean().backward()
        return len(memory._free)

    step()
    assert len({step() for _ in range(4)}) == 1
    assert memory._free
    with torch.inference_mode():
        network.eval()(x)
    assert len(memory._free) <= 1  # the result of a layer before the last


def test_a_graph_that_is_kept_can_be_gone_back_through_twice() -> None:
    network = NetworkParamsUNet(n_features=4, n_levels=2).get_model("cpu", 0)
    x = torch.randn(2, 1, 128, 128)
    weights = list(network.parameters())
    loss = network(x).square().mean()
    first = torch.autograd.grad(loss, weights, retain_graph=True)
    network(x).square().mean().backward()
    for one, other in zip(first, torch.autograd.grad(loss, weights), strict=True):
        assert torch.equal(one, other)
