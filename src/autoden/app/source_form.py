"""Where the data come from: dropped, chosen or named by their path; and what their axes are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from nicegui import run, ui

from autoden.app.preview import Preview
from autoden.app.texts import text
from autoden.app.tray import Tray, say_size
from autoden.errors import AutodenError

Open = Callable[[Sequence[str], str | None], Awaitable[None]]


class SourceForm:
    """The part of the page where data are chosen.

    Parameters
    ----------
    tray : Tray
        Holds what the browser brought.
    open_files : callable
        Called with paths and with the letters of the axes, or None.
    """

    def __init__(self, tray: Tray, open_files: Open) -> None:
        self._tray = tray
        self._open = open_files
        self._files: tuple[str, ...] = ()
        with ui.element("section").classes("card").props('aria-label="Data"'):
            text("h2", "Data")
            self._drop_zone()
            with ui.row().classes("line"):
                self._path = ui.input("or type a path").props("dense outlined clearable")
                self._path.classes("grow").props('data-testid="path"').on(
                    "keydown.enter", self._open_path
                )
                ui.button("Open", on_click=self._open_path).props(
                    "flat dense no-caps data-testid=open"
                )
            self._status = (
                ui.label().classes("status").props('role="status" data-testid="source-status"')
            )
            self._about = ui.element("div").classes("about")
        ui.on("file_sending", self._sending)
        ui.on("files_sent", self._sent)

    async def open_example(self) -> None:
        """Simulate spectra, for those who want to try first."""
        path = await run.io_bound(_simulate, self._tray)
        if path is not None:
            await self._open_new([path])

    def say_busy(self, text: str) -> None:
        """Say that something is going on."""
        self._status.text = text
        self._status.classes(remove="error")

    def say_error(self, text: str) -> None:
        """Say what cannot be done, and what to do."""
        self._status.text = self._tray.by_name(text)
        self._status.classes(add="error")

    def show(self, preview: Preview) -> None:
        """Say what the data were taken for."""
        self.say_busy("")
        self._zone.classes(add="small")
        self._about.clear()
        with self._about:
            ui.label(preview.title).classes("name").props('data-testid="file-name"')
            for fact in preview.facts:
                ui.label(fact).classes("muted").props('data-testid="fact"')
            with ui.row().classes("line"):
                self._axes = ui.input("Axes", value=preview.letters)
                self._axes.props("dense outlined").classes("grow").props('data-testid="axes"')
                self._axes.on("keydown.enter", self._apply)
                ui.button("Apply", on_click=self._apply).props(
                    "flat dense no-caps data-testid=apply"
                )
            ui.label(
                "One letter for each axis: R repeats, S samples, T time, C colours, ZYX space, "
                "E spectrum."
            ).classes("hint")

    def _drop_zone(self) -> None:
        limit = say_size(self._tray.limit)
        with ui.element("label").classes("drop") as self._zone:
            chooser = ui.element("input").props('type="file" multiple id="files"')
            chooser.props('aria-label="Choose files of data" data-testid="files"')
            ui.icon("upload_file").props('aria-hidden="true"')
            ui.label("Drop files here, or choose them")
            ui.label(f"Several files are repeats; up to {limit} each").classes("muted")

    async def _open_new(self, files: Sequence[str]) -> None:
        self._files = tuple(files)
        await self._open(self._files, None)

    async def _open_path(self) -> None:
        """Open what the user typed, and nothing else."""
        typed = (self._path.value or "").strip().strip("\"'")
        if not typed:
            self.say_error("Type the path of a file first.")
            return
        path, inside, within = typed.partition("::")
        await self._open_new([f"{Path(path).expanduser().absolute()}{inside}{within}"])

    async def _apply(self) -> None:
        await self._open(self._files, self._axes.value.strip() or None)

    def _sending(self, event: Any) -> None:
        said = event.args
        self.say_busy(f"Taking {said['name']} ({said['index']} of {said['count']}) ...")

    async def _sent(self, event: Any) -> None:
        try:
            paths = [str(self._tray.path(str(number))) for number in event.args["numbers"]]
        except AutodenError as error:
            self.say_error(str(error))
            return
        if event.args["error"]:
            self.say_error(str(event.args["error"]))
        elif paths:
            await self._open_new(paths)


def _simulate(tray: Tray) -> str:
    from autoden.datasets import xrf_spectra
    from autoden.io import write
    from autoden.signals import Axis, Signal

    spectra = xrf_spectra(4, n_channels=2048, seed=0)
    energy = Axis("energy", "keV", spectra.energies_keV)
    path = tray.new_folder() / "simulated-xrf.csv"
    write(path, Signal(spectra.counts, (Axis("repeat"), energy)))
    return str(path)
