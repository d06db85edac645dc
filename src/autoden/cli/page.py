"""``autoden app``: the local app in a browser, of which nothing is imported before."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

from cyclopts import Parameter

from autoden.errors import InputError

PACKAGE = "autoden.app"


def start(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    show: Annotated[bool, Parameter(negative="--no-show")] = True,
) -> None:
    """Open the local app in a browser; nothing leaves this machine. Ctrl-C ends it.

    Parameters
    ----------
    host
        The address to listen on: that of this machine alone.
    port
        The port to listen on; 0 takes one that is free.
    show
        Whether to open a browser.
    """
    try:
        import_module(PACKAGE).run(host=host, port=port, show=show)
    except ModuleNotFoundError as error:
        raise InputError(
            f"The app needs the package {error.name}, which is not installed: "
            "pip install 'autoden[app]'"
        ) from error
