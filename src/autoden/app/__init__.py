"""The app: a page in the browser, served to this machine alone, behind ``autoden app``.

The page is thin. What a user asks becomes an `Order`, an order becomes a command line, and that
runs in a process of its own which speaks JSON lines; a queue runs one order after another. No
module here trains, and none but the page's own parts imports NiceGUI.
"""

from __future__ import annotations

from autoden.errors import InputError


def run(host: str = "127.0.0.1", port: int = 0, show: bool = True) -> None:
    """Serve the app until it is interrupted.

    Parameters
    ----------
    host : str
        Address of this machine that only it can reach: "127.0.0.1", "::1" or "localhost".
    port : int
        Port to listen on; 0 takes one that is free.
    show : bool
        Whether to open the page in the browser.

    Raises
    ------
    InputError
        An address that others can reach, a port that is taken, or NiceGUI is not installed.

    Examples
    --------
    >>> run("0.0.0.0")
    Traceback (most recent call last):
    autoden.errors.InputError: `host` is '0.0.0.0': the app reads the files of its user and serves
    this machine only; give one of 127.0.0.1, ::1, localhost.
    """
    from autoden.app.address import check_host

    check_host(host)
    try:
        import nicegui  # noqa: F401 - whether it is there
    except ImportError as error:
        raise InputError(
            "The app needs NiceGUI, which is not installed: pip install 'autoden[app]'."
        ) from error
    from autoden.app.server import serve

    serve(host, port, show)
