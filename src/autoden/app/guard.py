"""Who may talk to the app: the browser that its own user opened, and nobody else.

Everything that listens on this machine can be asked by any page that a browser shows, and by every
other user of the machine. So a request has to name this machine as its host (a page elsewhere may
let its name point here), come from no other page, and carry the secret of this run, which only the
address that the user opened contains. Answers forbid the browser to load anything from elsewhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qs

from autoden.app.address import origins

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

KEY: Final = "key"
"""Name of the secret in the address that the user opens."""

_REFUSED_ORIGIN = "The app answers its own page only."
_REFUSED_HOST = "The app answers to the names of this machine only."
_NO_KEY = "Open the address that autoden app showed when it started: it holds the key to this page."


class Guard:
    """Let through to an application what its own user asks.

    Parameters
    ----------
    application : ASGI application
        What is guarded.
    port : int
        Where it listens.
    key : str or None
        The secret; None makes one.
    """

    def __init__(self, application: Application, port: int, key: str | None = None) -> None:
        self.app = application
        self.key = key or secrets.token_urlsafe(24)
        self._cookie = f"autoden-{port}"
        self._origins = origins(port)
        self._hosts = tuple(origin.removeprefix("http://") for origin in self._origins)
        self._headers = _answer_headers(self._origins)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        refusal = self.refusal(headers)
        if refusal is None and self._brings_key(scope):
            await _answer(send, 303, "", {"location": "/", "set-cookie": self._set_cookie()})
        elif refusal is None and not self._has_key(headers):
            await self._refuse(scope, send, _NO_KEY)
        elif refusal is not None:
            await self._refuse(scope, send, refusal)
        else:
            await self.app(scope, receive, self._sealed(send))

    def refusal(self, headers: Mapping[str, str]) -> str | None:
        """Say why a request with these headers is not for this app; None if it may be.

        Examples
        --------
        >>> guard = Guard(None, 8123)
        >>> guard.refusal({"host": "127.0.0.1:8123"}) is None
        True
        >>> guard.refusal({"host": "evil.example:8123"})
        'The app answers to the names of this machine only.'
        >>> guard.refusal({"host": "localhost:8123", "origin": "http://evil.example"})
        'The app answers its own page only.'
        """
        if headers.get("host", "").lower() not in self._hosts:
            return _REFUSED_HOST
        if headers.get("origin", self._origins[0]).lower() not in self._origins:
            return _REFUSED_ORIGIN
        return None

    def _brings_key(self, scope: Mapping[str, Any]) -> bool:
        """Whether this is the address that the user was given."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
            return False
        given = parse_qs(scope["query_string"].decode("latin-1")).get(KEY, [""])[0]
        return self._fits(given)

    def _has_key(self, headers: Mapping[str, str]) -> bool:
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return cookie is not None and self._fits(cookie.value)

    def _fits(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self.key.encode())

    def _set_cookie(self) -> str:
        return f"{self._cookie}={self.key}; Path=/; HttpOnly; SameSite=Lax"

    async def _refuse(self, scope: Mapping[str, Any], send: Send, why: str) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _answer(send, 403, why, {})

    def _sealed(self, send: Send) -> Send:
        """Add to each answer what the browser must not do with it; no other page may read it."""

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [
                    pair for pair in message.get("headers", [])
                    if not pair[0].lower().startswith(b"access-control-")
                ]  # fmt: skip
                message["headers"] = [*kept, *self._headers]
            await send(message)

        return sealed


def _answer_headers(allowed: tuple[str, ...]) -> list[tuple[bytes, bytes]]:
    """Write what goes with every answer: the page may load from here and from nowhere else."""
    named = (origin for origin in allowed if "[" not in origin)
    sockets = " ".join(origin.replace("http://", "ws://") for origin in named)
    policy = (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        f"connect-src 'self' {sockets}; worker-src 'self' blob:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    headers = {
        "content-security-policy": policy,
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }
    return [(name.encode(), value.encode()) for name, value in headers.items()]


async def _answer(send: Send, status: int, text: str, headers: Mapping[str, str]) -> None:
    body = text.encode()
    named = {"content-type": "text/plain; charset=utf-8", "cache-control": "no-store", **headers}
    named["content-length"] = str(len(body))
    pairs = [(name.encode(), value.encode()) for name, value in named.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
