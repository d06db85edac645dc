"""Where the app listens: addresses that only this machine can reach, and a port that is free."""

from __future__ import annotations

import socket

from autoden.checks import whole_number
from autoden.errors import InputError

HOSTS = ("127.0.0.1", "::1", "localhost")
"""Names of this machine for itself."""


def check_host(host: str) -> str:
    """Refuse an address that others can reach.

    Raises
    ------
    InputError
        Any host but those of `HOSTS`.
    """
    if host not in HOSTS:
        raise InputError(
            f"`host` is {host!r}: the app reads the files of its user and serves this machine "
            f"only; give one of {', '.join(HOSTS)}."
        )
    return host


def listen(host: str, port: int) -> socket.socket:
    """Take a port of this machine.

    Parameters
    ----------
    host : str
        One of `HOSTS`.
    port : int
        0 takes one that is free.

    Returns
    -------
    socket
        Bound, so that nobody else can take the port before the server starts.

    Raises
    ------
    InputError
        A port that is taken, not allowed, or no number from 0 to 65535.
    """
    whole_number("port", port, at_least=0)
    if port > 65535:
        raise InputError(f"`port` is {port}: give a number from 0 to 65535.")
    family = socket.AF_INET6 if ":" in check_host(host) else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise InputError(
            f"Port {port} of {host} cannot be used ({error.strerror or error}): give another one, "
            "or 0 for any that is free."
        ) from error
    return taken


def origins(port: int) -> tuple[str, ...]:
    """Give the origins of pages that the app itself served.

    Examples
    --------
    >>> origins(8123)
    ('http://127.0.0.1:8123', 'http://[::1]:8123', 'http://localhost:8123')
    """
    return tuple(f"http://{f'[{host}]' if ':' in host else host}:{port}" for host in HOSTS)
