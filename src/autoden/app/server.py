"""The server: one page, the files it is sent, and the files that jobs leave."""

from __future__ import annotations

import logging
import signal
import threading
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from nicegui import ui

from autoden.app.address import listen
from autoden.app.guard import KEY, Guard
from autoden.app.order import REPORT
from autoden.app.page import Page
from autoden.app.queue import JobQueue
from autoden.app.tray import Tray
from autoden.errors import InputError

logger = logging.getLogger(__name__)

STATIC = Path(__file__).with_name("static")


def serve(host: str, port: int, show: bool) -> None:
    """Serve the app until it is interrupted; see `autoden.app.run`."""
    with listen(host, port) as taken, Tray() as tray, JobQueue(tray.new_folder) as queue:
        port = taken.getsockname()[1]
        guard = Guard(application(tray, queue), port)
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}/?{KEY}={guard.key}"
        config = uvicorn.Config(
            guard, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=1
        )
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        server = uvicorn.Server(config)
        threading.Thread(target=_tell, args=(server, address, show), daemon=True).start()
        with _ended_by_signals():
            server.run(sockets=[taken])


def application(tray: Tray, queue: JobQueue) -> FastAPI:
    """Make what is served.

    Parameters
    ----------
    tray : Tray
        Takes the files that the browser brings.
    queue : JobQueue
        Runs what the page asks for.
    """
    served = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @served.put("/files")
    async def take(name: str, request: Request) -> Response:
        """Take a file; the page gets a number for it, never a path."""
        try:
            path = await tray.take(name, request.stream())
        except InputError as error:
            return JSONResponse({"error": str(error)}, status_code=413)
        return JSONResponse({"file": tray.number(path)})

    @served.get("/jobs/{number}/{what}")
    def leave(number: int, what: str, inline: bool = False) -> Response:
        """Give a file that a job left."""
        job = queue.job(number)
        path = None if job is None else job.files().get(what)
        if path is None:
            return PlainTextResponse("There is no such file.", status_code=404)
        kind = "inline" if inline and what == REPORT else "attachment"
        return FileResponse(path, filename=path.name, content_disposition_type=kind)

    @served.get("/static/{name}")
    def static(name: str) -> Response:
        """Give a part of the page."""
        known = {path.name: path for path in STATIC.iterdir()}
        if name not in known:
            return PlainTextResponse("There is no such file.", status_code=404)
        return FileResponse(known[name], headers={"cache-control": "no-cache"})

    ui.run_with(
        served,
        root=lambda: Page(tray, queue).build(),
        title="autoden",
        favicon=STATIC / "icon.svg",
        dark=None,
        language="en-US",
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=60.0,
    )
    return served


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let the signals that end the app come out quietly, so that what it keeps is put away."""

    def leave(*_: Any) -> None:
        raise KeyboardInterrupt

    def hang_up(*_: Any) -> None:  # the terminal was closed
        signal.raise_signal(signal.SIGTERM)

    handlers: dict[str, Any] = {"SIGTERM": leave, "SIGHUP": hang_up}
    before = {
        number: signal.signal(number, handler)
        for name, handler in handlers.items()
        if (number := getattr(signal, name, None)) is not None  # not every system has all
    }
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(server: Any, address: str, show: bool) -> None:
    """Say where the page is, and open it, as soon as it is there."""
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.02)
    logger.info("The app is at %s (for this user of this machine; Ctrl-C ends it).", address)
    if show:
        webbrowser.open(address)
