"""Jobs run one after another, can be stopped for real, and say what they left."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from autoden.app.job import Job, State
from autoden.app.order import MODEL, REPORT, RESULT, Order
from autoden.app.program import Process, Program
from autoden.app.progress import Curve, Progress
from autoden.app.queue import JobQueue

SPEAKER = Path(__file__).with_name("speaking_program.py")
PATIENCE = 30.0


@pytest.fixture(autouse=True)
def _interrupts():
    """The server listens to interrupts; who ignores them has children that ignore them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def queue(tmp_path):
    folders = (tmp_path / str(i) for i in range(100))

    def new_folder():
        folder = next(folders)
        folder.mkdir()
        return folder

    program = Program((sys.executable, "-S", str(SPEAKER)))
    with JobQueue(new_folder, program, grace=5.0) as queue:
        yield queue


def order(verb):
    return Order("in.csv", ("/data/in.csv",), verb, suffix=".csv")


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.01)


def is_running(job):
    return job.state is State.RUNNING and job.progress.epoch is not None


def test_a_job_says_how_far_it_is_and_what_it_left(queue):
    job = queue.add(order("quick"))
    assert queue.wait(job, PATIENCE)
    assert job.state is State.DONE
    assert job.progress.epoch == 4
    assert job.curve.epochs == [0, 1, 2, 3, 4]
    assert job.curve.scores == [1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5]
    assert job.files()[RESULT].read_text() == "result"
    assert job.sentences("verdict") == ["It is better."]
    assert job.sentences("notes") == job.sentences("method") == []
    assert job.warnings() == job.told == ["Few counts."]
    assert {"reading", "no event"} <= set(job.said)


def test_jobs_queue_and_run_in_order(queue):
    first, second, third = (queue.add(order(verb)) for verb in ("slow", "quick", "quick"))
    until(lambda: is_running(first))
    assert second.state is State.WAITING
    assert [job.number for job in queue.jobs] == [1, 2, 3]
    queue.cancel(second)
    assert second.state is State.CANCELLED
    queue.cancel(first)
    assert queue.wait(third, PATIENCE)
    assert third.state is State.DONE
    assert second.files() == {}
    assert queue.job(3) is third
    assert queue.job(4) is None


def test_cancelling_ends_the_process_and_offers_what_was_kept(queue):
    job = queue.add(order("slow"))
    until(lambda: is_running(job))
    process = queue._process
    queue.cancel(job)
    assert job.files() == {}
    assert queue.wait(job, PATIENCE)
    assert job.state is State.CANCELLED
    assert process.code == 130
    assert job.files()[RESULT].read_text() == "best so far"
    assert "kept" in job.say()


@pytest.mark.skipif(os.name != "posix", reason="elsewhere no signal can be ignored")
def test_a_program_that_does_not_listen_is_killed(queue):
    job = queue.add(order("stubborn"))
    until(lambda: is_running(job))
    process = queue._process
    queue.cancel(job)
    queue.cancel(job)  # asked again: at once
    assert queue.wait(job, PATIENCE)
    assert job.state is State.CANCELLED
    assert process.code == -9
    assert job.files() == {}
    assert job.say() == "cancelled"


@pytest.mark.parametrize(
    ("verb", "message"),
    [("fail", "in.csv is empty: give another."), ("die", "no room left: free some.")],
)
def test_a_failure_says_why(queue, verb, message):
    job = queue.add(order(verb))
    assert queue.wait(job, PATIENCE)
    assert job.state is State.FAILED
    assert job.message == message


def test_a_program_that_cannot_start_is_a_failure(tmp_path):
    with JobQueue(lambda: tmp_path, Program((str(tmp_path / "absent"),))) as queue:
        job = queue.add(order("quick"))
        assert queue.wait(job, PATIENCE)
        assert job.state is State.FAILED
        assert "absent" in job.message


def test_removing_a_job_deletes_what_it_left(queue):
    job = queue.add(order("quick"))
    assert queue.wait(job, PATIENCE)
    queue.remove(job)
    assert queue.jobs == ()
    assert not job.folder.exists()
    assert queue.add(order("quick")).number == job.number + 1  # nobody takes it for the other


def test_a_job_that_runs_cannot_be_removed(queue):
    job = queue.add(order("slow"))
    until(lambda: is_running(job))
    queue.remove(job)
    assert queue.jobs == (job,)


def test_closing_ends_what_runs(tmp_path):
    queue = JobQueue(lambda: tmp_path, Program((sys.executable, "-S", str(SPEAKER))))
    job = queue.add(order("slow"))
    until(lambda: is_running(job))
    process = queue._process
    queue.close()
    assert process.code is not None


def test_nothing_is_imported_from_where_a_job_works(tmp_path):
    (tmp_path / "numpy.py").write_text("raise SystemExit('taken from the folder')")
    process = Process([*Program().start_words, "--version"], tmp_path)
    assert list(process.events()) == []
    assert process.code == 0, process.said


def test_a_job_killed_from_outside_says_so():
    job = Job(1, order("quick"), Path(), State.RUNNING)
    job.end(-9, [], 1.0)
    assert "signal 9" in job.message


def test_a_curve_starts_anew_with_each_training_and_stays_small():
    curve = Curve()
    for epoch in range(50_000):
        curve.add(Progress("first", epoch=epoch, epochs=50_000, held_out=1.0))
    assert len(curve.epochs) == len(curve.scores) <= 2000
    assert curve.epochs[0] == 0
    assert curve.epochs[-1] == 49_999
    assert curve.epochs == sorted(curve.epochs)
    curve.add(Progress("second", epoch=0, epochs=10, held_out=2.0))
    assert curve.epochs == [0]


@pytest.mark.parametrize(
    "event",
    [{}, {"fraction": "half", "epoch": None, "held_out": True}, {"held_out": float("nan")}],
)
def test_progress_knows_only_numbers(event):
    assert Progress.of(event) == Progress()


def test_progress_of_all_follows_from_epochs():
    assert Progress.of({"epoch": 25, "epochs": 100}).fraction == 0.25
    assert Progress.of({"fraction": 7}).fraction == 1.0


def test_the_command_line_of_an_order():
    plain = Order(
        "../a b.csv", ("/d/a b.csv",), "n2n", {"--seed": ("-1",), "--compile": ()}, ".csv"
    )
    words = plain.words(Path("/o"))
    assert words[:2] == ["n2n", "/d/a b.csv"]
    assert {"--seed=-1", "--compile", "--output=/o/a b-denoised.csv"} <= set(words)
    for order in (plain, Order("a", ("/a",))):
        goes = order.destinations(Path("/o"))
        assert {f"--report={goes[REPORT]}", f"--save-model={goes[MODEL]}"} < set(
            order.words(Path("/o"))
        )
