"""The page: data and method on the left, what is looked at on the right; its parts draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nicegui import run, ui

from autoden.app.job import Job
from autoden.app.job_list import JobList
from autoden.app.method_form import MethodForm
from autoden.app.order import Order
from autoden.app.preview import Preview, look
from autoden.app.queue import JobQueue
from autoden.app.source_form import SourceForm
from autoden.app.stage import Stage
from autoden.app.texts import text
from autoden.app.tray import Tray
from autoden.errors import AutodenError

_INTERVAL = 0.25
_THEMES = {
    None: ("brightness_auto", "as the system"),
    False: ("light_mode", "light"),
    True: ("dark_mode", "dark"),
}


class Page:
    """One browser window.

    Parameters
    ----------
    tray : Tray
        Holds the files that the browser brought.
    queue : JobQueue
        Runs jobs, which all windows see.
    """

    def __init__(self, tray: Tray, queue: JobQueue) -> None:
        self._tray = tray
        self._queue = queue
        self._preview: Preview | None = None
        self._previews: dict[int, Preview] = {}

    def build(self) -> None:
        """Put the page together."""
        ui.add_head_html('<link rel="stylesheet" href="/static/page.css">')
        ui.add_body_html('<script src="/static/page.js"></script>')
        ui.colors(primary="#0b6e8f")
        self._header()
        with ui.element("div").classes("columns"):
            with ui.element("aside").classes("side"):
                self._source = SourceForm(self._tray, self._open)
                self._method = MethodForm(self._order)
                self._list = JobList(self._queue, self._show_job)
            with ui.element("section").classes("main") as main:  # the page has its <main>
                main.props('tabindex="-1" aria-label="Figure and result"')
                self._stage = Stage(self._queue, self._tray.limit)
        ui.skip_link("Skip to the figure", target=main)
        jobs = self._queue.jobs
        if jobs:  # the page was loaded again: go on where it was
            self._show_job(jobs[-1])
        else:
            self._show_data()
        ui.timer(_INTERVAL, self._tick)

    def _header(self) -> None:
        with ui.element("header").classes("top"):
            ui.image("/static/icon.svg").classes("logo").props('alt="" no-spinner no-transition')
            text("h1", "autoden")
            ui.label("Removes noise from scientific data. Runs on this machine only.").classes(
                "muted"
            )
            ui.space()
            self._dark = ui.dark_mode(None)
            self._theme = ui.button(on_click=self._next_theme).props("flat round dense")
            self._theme.props('data-testid="theme"')
            self._say_theme()

    def _next_theme(self) -> None:
        themes = list(_THEMES)
        self._dark.value = themes[(themes.index(self._dark.value) + 1) % len(themes)]
        self._say_theme()

    def _say_theme(self) -> None:
        icon, name = _THEMES[self._dark.value]
        self._theme.props(f'icon={icon} aria-label="Colours: {name}" title="Colours: {name}"')

    async def _open(self, files: Sequence[str], letters: str | None) -> None:
        """Read files and show them."""
        self._source.say_busy("Reading ...")
        try:
            preview = await run.io_bound(look, files, letters)
        except AutodenError as error:
            self._source.say_error(str(error))
            return
        except MemoryError:
            self._source.say_error("The file does not fit into the memory of this machine.")
            return
        if preview is None:  # the app is being closed
            return
        self._preview = preview
        self._source.show(preview)
        await self._method.offer(preview)
        self._show_data()

    def _order(self, verb: str, options: dict[str, tuple[str, ...]]) -> None:
        """Put what the user asks for into the queue."""
        preview = self._preview
        if preview is None:
            self._method.say_error("There are no data yet: drop a file, or type its path.")
            return
        if not preview.letters:
            self._method.say_error("Say first what runs along each axis of the data.")
            return
        axes = {} if preview.given is None else {"--axes": (preview.given,)}
        order = Order(preview.title, preview.files, verb, {**axes, **options}, preview.suffix)
        job = self._queue.add(order)
        self._previews[job.number] = preview
        self._list.refresh()
        self._show_job(job)

    def _show_job(self, job: Job) -> None:
        self._list.select(job)
        self._stage.show_job(job, self._previews.get(job.number))

    def _show_data(self) -> None:
        self._list.select(None)
        if self._preview is None:
            self._stage.show_welcome(self._source.open_example)
        else:
            self._stage.show_data(self._preview)

    def _tick(self, _: Any = None) -> None:
        shown = self._stage.job
        if shown is not None and shown not in self._queue.jobs:  # removed, here or elsewhere
            self._previews.pop(shown.number, None)
            self._show_data()
        self._list.refresh()
        self._stage.refresh()
