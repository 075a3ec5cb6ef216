"""Who may talk to the server: one browser that was handed the token, from its own page.

Wrapped around the whole application, so that a refusal of the router carries the same headers.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

__all__ = ["COOKIE", "ENTER", "HEADERS", "HOST", "Guard"]

#: The only address that the server is bound to, and the only host name it answers to.
HOST = "127.0.0.1"
COOKIE = "tmsplan"
#: Where the token is exchanged for the cookie.
ENTER = "/t/"

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: On every answer, refusals too.
HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
#: What a browser says of a request that its user, or this page, began. An older browser, or a
#: script of the user's own, says nothing; the cookie and the origin decide then.
_OWN_SITES = (None, "none", "same-origin")


class Guard:
    """An ASGI application in front of another one.

    Parameters
    ----------
    app : ASGI application
    port : int
        The one the server listens on.
    token : str
        Known to whom the link was shown.
    """

    def __init__(self, app: App, *, port: int, token: str) -> None:
        self._app, self._token = app, token
        self._host = f"{HOST}:{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it before the application sees it."""
        if scope["type"] != "http":
            return  # no web sockets; the server closes them
        refused = self._refusal(scope)
        if refused is None:
            await self._app(scope, receive, _with_headers(send))
            return
        status, text = refused
        start = {"type": "http.response.start", "status": status, "headers": _PLAIN}
        answer = _with_headers(send)
        await answer(start)
        await answer({"type": "http.response.body", "body": text.encode()})

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = _headers(scope)
        # A page elsewhere may point a name of its own at 127.0.0.1 (DNS rebinding).
        if headers.get("host") != [self._host]:
            return 400, "wrong host"
        if scope["path"].startswith(ENTER):
            return None
        if not self._has_token(headers.get("cookie", [])):
            return 403, "open the link that was printed in the terminal"
        site = headers.get("sec-fetch-site", [None])
        if any(s not in _OWN_SITES for s in site):
            return 403, "asked for by another site"
        if scope["method"] not in {"GET", "HEAD"}:
            own = [f"http://{self._host}"]
            if headers.get("origin") != own:
                return 403, "asked for by another page"
        return None

    def _has_token(self, cookies: list[str]) -> bool:
        try:
            found = SimpleCookie("; ".join(cookies)).get(COOKIE)
        except CookieError:
            return False
        return found is not None and same(found.value, self._token)


def same(a: str, b: str) -> bool:
    """Compare two secrets without telling by the time how much of them agrees."""
    return hmac.compare_digest(a.encode(), b.encode())


_PLAIN = [(b"content-type", b"text/plain; charset=utf-8")]


def _headers(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


def _with_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", []), *own]}
        await send(message)

    return wrapped
