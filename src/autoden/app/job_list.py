"""The jobs: those that wait, the one that runs, those that have ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from autoden.app.job import Job, State
from autoden.app.progress import say_seconds
from autoden.app.queue import JobQueue
from autoden.app.texts import text

_ICONS = {
    State.WAITING: "schedule",
    State.RUNNING: "autorenew",
    State.STOPPING: "hourglass_bottom",
    State.DONE: "check_circle",
    State.CANCELLED: "cancel",
    State.FAILED: "error",
}


@dataclass
class _Row:
    frame: Any
    choose: Any
    icon: Any
    status: Any
    end: Any
    shown: str = ""


class JobList:
    """The part of the page that lists jobs.

    Parameters
    ----------
    queue : JobQueue
        Has them.
    choose : callable
        Called with the job that the user wants to see.
    """

    def __init__(self, queue: JobQueue, choose: Callable[[Job], None]) -> None:
        self._queue = queue
        self._choose = choose
        self._rows: dict[int, _Row] = {}
        self._selected: int | None = None
        with ui.element("section").classes("card").props('aria-label="Jobs"'):
            text("h2", "Jobs")
            self._empty = ui.label("None yet. Several run one after another.").classes("muted")
            self._frame = ui.element("ul").classes("jobs").props('data-testid="jobs"')

    def select(self, job: Job | None) -> None:
        """Mark the job that is looked at."""
        self._selected = None if job is None else job.number
        self.refresh()

    def refresh(self) -> None:
        """Bring the rows up to date; what has not changed is left alone."""
        jobs = self._queue.jobs
        self._empty.set_visibility(not jobs)
        for number in set(self._rows) - {job.number for job in jobs}:
            self._frame.remove(self._rows.pop(number).frame)
        for job in jobs:
            row = self._rows.get(job.number) or self._add(job)
            self._say(job, row)

    def _add(self, job: Job) -> _Row:
        with (
            self._frame,
            ui.element("li").classes("job").props(f'data-testid="job-{job.number}"') as frame,
        ):
            with (
                ui.element("button")
                .classes("choose")
                .on("click", lambda: self._choose(job)) as choose
            ):
                icon = ui.icon(_ICONS[job.state])
                with ui.element("span").classes("what"):
                    ui.label(f"{job.number}. {job.order.title}").classes("name")
                    status = ui.label().classes("muted")
            end = ui.button(on_click=lambda: self._end(job)).props("flat round dense size=sm")
            end.props(f'data-testid="end-{job.number}"')
        frame.move(target_index=0)  # the newest first
        self._rows[job.number] = _Row(frame, choose, icon, status, end)
        return self._rows[job.number]

    def _say(self, job: Job, row: _Row) -> None:
        where = _say_state(job)
        text = f"{job.order.verb}, {where}"
        is_selected = job.number == self._selected
        shown = f"{text}{job.state}{is_selected}"
        if shown == row.shown:
            return
        row.shown = shown
        row.status.text = text
        row.icon.name = _ICONS[job.state]
        row.icon.classes(replace=f"state-{job.state}")
        row.choose.props(f'aria-current="{str(is_selected).lower()}"')
        action = (
            "Remove" if job.has_ended else "End now" if job.state is State.STOPPING else "Cancel"
        )
        icon = "delete_outline" if job.has_ended else "close"
        row.end.props(f'icon={icon} aria-label="{action} job {job.number}" title="{action}"')

    def _end(self, job: Job) -> None:
        """Cancel a job, or remove one that has ended."""
        if job.has_ended:
            self._queue.remove(job)
        else:
            self._queue.cancel(job)
        self.refresh()


def _say_state(job: Job) -> str:
    if job.state is State.RUNNING and job.progress.fraction is not None:
        return f"{100 * job.progress.fraction:.0f} %"
    if job.state is State.DONE:
        return f"done in {say_seconds(job.seconds)}"
    return {State.STOPPING: "keeping what there is"}.get(job.state, str(job.state))
