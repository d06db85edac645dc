"""Jobs one after another: each runs when those before it have ended, or is taken out."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from autoden.app.job import Job, State
from autoden.app.order import Order
from autoden.app.program import Process, Program


class JobQueue:
    """Runs orders, one at a time, in a thread.

    Parameters
    ----------
    new_folder : callable
        Makes a folder for a job.
    program : Program
        What runs an order.
    grace : float
        Seconds in which a cancelled program may write what it has, before it is ended.
    """

    def __init__(
        self, new_folder: Callable[[], Path], program: Program | None = None, grace: float = 20.0
    ) -> None:
        self._new_folder = new_folder
        self._program = program or Program()
        self._grace = grace
        self._jobs: list[Job] = []
        self._n_ordered = 0  # of those that were removed, no number is given again
        self._process: Process | None = None
        self._changed = threading.Condition()
        self._is_open = True
        self._worker = threading.Thread(target=self._work, name="autoden-jobs", daemon=True)
        self._worker.start()

    def __enter__(self) -> JobQueue:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs, the oldest first."""
        with self._changed:
            return tuple(self._jobs)

    def job(self, number: int) -> Job | None:
        """Give the job of that number, if there is one."""
        return next((job for job in self.jobs if job.number == number), None)

    def add(self, order: Order) -> Job:
        """Put an order at the end of the queue."""
        with self._changed:
            self._n_ordered += 1
            job = Job(self._n_ordered, order, self._new_folder())
            self._jobs.append(job)
            self._changed.notify_all()
        return job

    def cancel(self, job: Job) -> None:
        """Take a job out of the queue, or stop it.

        A program that runs is asked to write what it has; asked again, or when the grace is over,
        it is ended.
        """
        with self._changed:
            process = self._process
            if job.state is State.WAITING:
                job.state = State.CANCELLED
            elif job.state is State.RUNNING:
                job.state = State.STOPPING
                if process is not None:  # else it has not started yet
                    self._interrupt(process)
            elif job.state is State.STOPPING and process is not None:
                threading.Thread(target=process.end, daemon=True).start()

    def remove(self, job: Job) -> None:
        """Forget a job that has ended, and delete what it left."""
        with self._changed:
            if job.has_ended and job in self._jobs:
                self._jobs.remove(job)
                shutil.rmtree(job.folder, ignore_errors=True)

    def close(self) -> None:
        """End what runs, and start nothing more."""
        with self._changed:
            self._is_open = False
            process = self._process
            self._changed.notify_all()
        if process is not None:
            process.end()
        self._worker.join(timeout=5.0)

    def wait(self, job: Job, timeout: float) -> bool:
        """Wait until a job has ended; False if it has not by then."""
        with self._changed:
            return self._changed.wait_for(lambda: job.has_ended, timeout)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            started = time.monotonic()
            try:
                code, said = self._run(job)
            except OSError as error:  # the system starts no process
                code, said = 1, [f"error: {error}"]
            with self._changed:
                self._process = None
                job.end(code, said, time.monotonic() - started)
                self._changed.notify_all()

    def _next(self) -> Job | None:
        """Wait for a job that waits; None when the queue is closed."""
        with self._changed:
            while self._is_open:
                waiting = [job for job in self._jobs if job.state is State.WAITING]
                if waiting:
                    waiting[0].state = State.RUNNING
                    return waiting[0]
                self._changed.wait()
        return None

    def _run(self, job: Job) -> tuple[int | None, list[str]]:
        with self._changed:
            process = self._program.start(job.order.words(job.folder), job.folder)
            self._process = process
            if job.state is State.STOPPING:  # by now
                self._interrupt(process)
            if not self._is_open:
                process.end()
        for event in process.events():
            with self._changed:
                job.hear(event)
        return process.code, process.said

    def _interrupt(self, process: Process) -> None:
        process.interrupt()
        threading.Thread(target=_end_after, args=(process, self._grace), daemon=True).start()


def _end_after(process: Process, seconds: float) -> None:
    until = time.monotonic() + seconds
    while process.code is None and time.monotonic() < until:
        time.sleep(0.05)
    process.end()
