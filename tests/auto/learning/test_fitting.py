"""Trainings side by side."""

import threading

import pytest
import torch

from autoden.auto.learning.fitting import side_by_side


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_each_computes_on_one_thread_and_the_number_comes_back(two_threads) -> None:
    assert side_by_side(lambda _: torch.get_num_threads(), [0, 1]) == [1, 1]
    assert torch.get_num_threads() == 2


def test_callers_that_overlap_leave_the_number_as_it_was(two_threads) -> None:
    entered, first_left = threading.Event(), threading.Event()

    def first(_: int) -> None:
        assert entered.wait(10)

    def second(_: int) -> None:
        entered.set()
        assert first_left.wait(10)

    def run_first() -> None:
        side_by_side(first, [0])
        first_left.set()

    callers = [
        threading.Thread(target=run_first),
        threading.Thread(target=side_by_side, args=(second, [0])),
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert torch.get_num_threads() == 2


def test_an_error_puts_the_number_back(two_threads) -> None:
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda x: 1 / x, [0])
    assert torch.get_num_threads() == 2
