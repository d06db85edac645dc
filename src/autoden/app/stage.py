"""The right side of the page: the data, a job on its way, or its result. One at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import background_tasks, run, ui

from autoden.app.comparison import Comparison
from autoden.app.figures import curve_figure
from autoden.app.job import Job, State
from autoden.app.order import MODEL, REPORT, RESULT, SETTINGS, SIGMA
from autoden.app.outcome import Outcome, read_outcome
from autoden.app.preview import Preview
from autoden.app.progress import say_seconds
from autoden.app.queue import JobQueue
from autoden.app.texts import text
from autoden.app.tray import say_size
from autoden.errors import AutodenError

_NAMES = {
    RESULT: "Result",
    SIGMA: "Uncertainty",
    REPORT: "Report",
    MODEL: "Model",
    SETTINGS: "Settings",
}

_NOW = {
    State.WAITING: "waiting for its turn",
    State.RUNNING: "running",
    State.STOPPING: "being cancelled",
}


class Stage:
    """What is looked at.

    Parameters
    ----------
    queue : JobQueue
        Has the jobs.
    limit : int
        Bytes that a dropped file may have.
    """

    def __init__(self, queue: JobQueue, limit: int) -> None:
        self._queue = queue
        self._limit = limit
        self._job: Job | None = None
        self._preview: Preview | None = None
        self._shown: tuple[int, State] | None = None
        self._running: _Running | None = None
        self._frame = ui.element("div").classes("stage")

    @property
    def job(self) -> Job | None:
        """The job that is looked at."""
        return self._job

    def show_welcome(self, example: Callable[[], Awaitable[None]]) -> None:
        """Say what to do first."""
        self._job, self._preview, self._shown = None, None, None
        with self._clear(), ui.element("div").classes("welcome"):
            ui.icon("ssid_chart").props('aria-hidden="true"')
            text("h2", "Drop a measurement to begin")
            ui.label(
                "Spectra or images: CSV, TIFF, NumPy, HDF5, EMSA and more. Repeats of one "
                "measurement are best; a single one will do."
            )
            ui.label(f"Nothing leaves this machine. Up to {say_size(self._limit)} for each file.")
            ui.button("Try it with simulated spectra", on_click=example).props(
                "outline no-caps"
            ).props('data-testid="example"')

    def show_data(self, preview: Preview) -> None:
        """Show what is to be denoised."""
        self._job, self._preview, self._shown = None, preview, None
        with self._clear():
            averaged = ", repeats averaged" if "R" in preview.letters else ""
            _title(preview.title, f"As measured{averaged}")
            if preview.view is None:
                ui.label("Say what runs along each axis, on the left, to see the data.").classes(
                    "note"
                )
            else:
                Comparison(preview.view, None, None)

    def show_job(self, job: Job, preview: Preview | None) -> None:
        """Show a job: how far it is, or what it left."""
        self._job, self._preview, self._shown = job, preview, None
        self.refresh()

    def refresh(self) -> None:
        """Follow the job that is shown."""
        job = self._job
        if job is None:
            return
        if (job.number, job.state) != self._shown:
            self._shown = (job.number, job.state)
            self._draw(job)
        elif self._running is not None:
            self._running.refresh(job)

    def _clear(self) -> Any:
        self._running = None
        self._frame.clear()
        return self._frame

    def _draw(self, job: Job) -> None:
        with self._clear():
            if not job.has_ended:
                self._running = _Running(job, self._queue)
                if self._preview is not None and self._preview.view is not None:
                    Comparison(self._preview.view, None, None)
                return
            what = f"{job.order.verb}, {job.state} after {say_seconds(job.seconds)}"
            _title(job.order.title, what)
            if job.state is State.FAILED:
                _failure(job)
                return
            with ui.row().classes("downloads"):
                _downloads(job)
            if RESULT in job.files():
                place = ui.element("div").classes("place")
                background_tasks.create(self._show_outcome(job, place), name="outcome")
            elif job.state is State.CANCELLED:
                ui.label("It was cancelled before there was anything to keep.").classes("note")
            _verdict(job)

    async def _show_outcome(self, job: Job, place: Any) -> None:
        """Read and draw before and after, if that is still what is looked at."""
        try:
            outcome = await run.io_bound(_read, job, self._preview)
        except AutodenError as error:
            if self._job is job:
                with place:
                    ui.label(f"The result cannot be shown: {error}").classes("note")
            return
        if outcome is not None and self._job is job:
            with place:
                Comparison(outcome.before, outcome.after, outcome.sigma)


class _Running:
    """A job that waits or runs: how far it is, its curve, and the button that ends it."""

    def __init__(self, job: Job, queue: JobQueue) -> None:
        self._drawn = -1.0
        _title(job.order.title, f"{job.order.verb}, {_NOW[job.state]}")
        with ui.element("div").classes("progress"):
            self._bar: Any = ui.linear_progress(0.0, show_value=False).props(
                'data-testid="progress"'
            )
            self._bar.props('instant-feedback aria-label="Progress"')
            self._text = ui.label().props('role="status" data-testid="progress-text"')
            label = "End now" if job.state is State.STOPPING else "Cancel"
            ui.button(label, on_click=lambda: queue.cancel(job)).props(
                "outline no-caps data-testid=cancel"
            )
        if job.state is State.STOPPING:
            ui.label("Cancelled: what there is by now is being written.").classes("note")
        self._place = ui.element("div").classes("place")
        self.refresh(job)

    def refresh(self, job: Job) -> None:
        """Say how far it is by now."""
        fraction = job.progress.fraction
        if fraction is None and job.state is State.RUNNING:
            self._bar.props("indeterminate")
        else:
            self._bar.props(remove="indeterminate")
            self._bar.set_value(fraction or 0.0)
        self._text.text = job.say().capitalize()
        if len(job.curve.epochs) > 1 and job.curve.epochs[-1] != self._drawn:
            self._draw(job)

    def _draw(self, job: Job) -> None:
        figure = curve_figure(job.curve)
        if self._drawn < 0:
            with self._place:
                self._plot = ui.plotly(figure).classes("figure curve").props('data-testid="curve"')
                self._plot.props('role="img" aria-label="Held-out loss by epoch"')
        else:
            self._plot.update_figure(figure)
        self._drawn = job.curve.epochs[-1]


def _read(job: Job, preview: Preview | None) -> Outcome:
    """Read what a job left, and what it was made from if this window does not know it."""
    from autoden.app.preview import look

    if preview is None:
        letters = job.order.options.get("--axes", (None,))[0]
        preview = look(job.order.files, letters)
    return read_outcome(preview, job.files()[RESULT])


def _title(title: str, what: str) -> None:
    with ui.element("div").classes("title"):
        text("h2", title).classes("name")
        ui.label(what).classes("muted").props('data-testid="what"')


def _downloads(job: Job) -> None:
    for what, path in job.files().items():
        address = f"/jobs/{job.number}/{what}"
        link = ui.element("a").classes("download").props(f'href="{address}" download')
        with link.props(f'data-testid="download-{what}"'):
            ui.icon("download").props('aria-hidden="true"')
            ui.label(f"{_NAMES[what]} ({path.suffix})")
        if what == REPORT:
            link = ui.element("a").classes("download")
            link.props(f'href="{address}?inline=true" target="_blank" rel="noopener"')
            with link.props('data-testid="open-report"'):
                ui.icon("open_in_new").props('aria-hidden="true"')
                ui.label("Open the report")


def _failure(job: Job) -> None:
    with ui.element("div").classes("failure").props('role="alert"'):
        ui.icon("error").props('aria-hidden="true"')
        ui.label(job.message).props('data-testid="failure"')
    _said(job)


def _verdict(job: Job) -> None:
    """Say what is to be said of a result: warnings, then the verdict, then how it was made."""
    warnings, verdict = job.warnings(), job.sentences("verdict")
    with (
        ui.element("section").classes("verdict").props('aria-label="Verdict" data-testid="verdict"')
    ):
        for sentence in warnings:
            with ui.element("div").classes("warning"):
                ui.icon("warning").props('aria-hidden="true"')
                ui.label(sentence)
        for sentence in verdict:
            text("p", sentence)
        _said(job, is_open=not verdict)


def _said(job: Job, is_open: bool = False) -> None:
    told = [line for line in job.told if not line.startswith("Wrote ")]  # where, concerns nobody
    notes = [*(told or job.sentences("notes")), *job.said]
    if notes:
        with (
            ui.expansion("What was read, assumed and done", value=is_open)
            .classes("said")
            .props("dense")
        ):
            for line in dict.fromkeys(notes):
                ui.label(line).classes("muted")
