"""What the server answers: three addresses to read, three to act, nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...base import strict_json
from ...base.errors import InputError, TmsplanError, TripwireError
from .guard import COOKIE, ENTER, App, Guard, same
from .page import served_page
from .session import Session

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["MAX_BODY", "make_app"]

#: A move is 100 bytes long.
MAX_BODY = 2048
_NO_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_MOVE_KEYS = {"target", "point_mm", "frame"}
#: Nobody's head is larger, in any scanner.
_FAR_MM = 1000.0


class _RefusedError(Exception):
    """A request that is answered with a status and one sentence."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


def make_app(session: Session, *, port: int, token: str) -> App:
    """Return the application of one session, with its guard in front.

    Everything runs in the one thread of the server, one request after the other: there is one
    user, and a move must not overtake a save.

    Parameters
    ----------
    session : Session
    port : int
        That the server listens on.
    token : str
    """
    from starlette.applications import Starlette
    from starlette.routing import Route

    at = _Answers(session, token)
    routes = [
        Route(f"{ENTER}{{token}}", at.enter),
        Route("/", at.page),
        Route("/state.json", at.state),
        Route("/move", at.move, methods=["POST"]),
        Route("/back", at.put_back, methods=["POST"]),
        Route("/save", at.save, methods=["POST"]),
    ]
    return Guard(Starlette(routes=routes), port=port, token=token)


class _Answers:
    """The endpoints."""

    def __init__(self, session: Session, token: str) -> None:
        self._session, self._token = session, token
        self._drawn: tuple[object, tuple[str, str]] | None = None

    async def enter(self, request: Request) -> Response:
        """Exchange the token for the cookie; the redirect takes it out of the address bar."""
        from starlette.responses import PlainTextResponse, RedirectResponse

        if not same(str(request.path_params["token"]), self._token):
            return PlainTextResponse("this link is not valid any more", 403)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, self._token, httponly=True, samesite="strict")
        return answer

    async def page(self, _: Request) -> Response:
        """Return the page of the plan as it stands."""
        from starlette.responses import HTMLResponse

        plan = self._session.plan
        if self._drawn is None or self._drawn[0] is not plan:
            self._drawn = (plan, served_page(plan))
        html, policy = self._drawn[1]
        return HTMLResponse(html, headers={"content-security-policy": policy})

    async def state(self, _: Request) -> Response:
        """Return what was moved so far."""
        return _json(self._session.state())

    async def move(self, request: Request) -> Response:
        """Move one target."""

        def act(body: Mapping[str, Any]) -> None:
            self._session.move(*_move_of(body))

        return await self._acted(request, act)

    async def put_back(self, request: Request) -> Response:
        """Put one target back."""

        def act(body: Mapping[str, Any]) -> None:
            if set(body) != {"target"} or not isinstance(body["target"], str):
                raise _RefusedError(400, 'expected {"target": "<id>"}')
            self._session.put_back(body["target"])

        return await self._acted(request, act)

    async def save(self, request: Request) -> Response:
        """Write the moved plan as a new folder."""

        def act(body: Mapping[str, Any]) -> None:
            if body:
                raise _RefusedError(400, "expected {}")
            self._session.save()

        return await self._acted(request, act)

    async def _acted(self, request: Request, act: Callable[[Mapping[str, Any]], None]) -> Response:
        """Do one thing and return the new state; a refusal is one sentence and changes nothing."""
        try:
            act(_object(await _body(request)))
        except _RefusedError as err:
            return _json({"refused": err.text}, err.status)
        except TripwireError as err:
            return _json({"refused": str(err)}, 409)
        except TmsplanError as err:
            return _json({"refused": str(err)}, 422)
        return _json(self._session.state())


def _json(data: Mapping[str, object], status: int = 200) -> Response:
    from starlette.responses import Response

    return Response(
        strict_json.dump_bytes(data),
        status,
        headers={"content-security-policy": _NO_DATA_POLICY},
        media_type="application/json",
    )


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type") != "application/json":
        raise _RefusedError(415, "expected application/json")
    found = b""
    async for block in request.stream():
        found += block
        if len(found) > MAX_BODY:
            raise _RefusedError(413, f"more than {MAX_BODY} bytes")
    return found


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = strict_json.loads(body.decode())
    except (InputError, UnicodeDecodeError) as err:
        raise _RefusedError(400, f"not strict JSON ({err.__class__.__name__})") from err
    if not isinstance(found, dict):
        raise _RefusedError(400, "expected one JSON object")
    return found


def _move_of(body: Mapping[str, Any]) -> tuple[str, tuple[float, float, float]]:
    if set(body) != _MOVE_KEYS:
        raise _RefusedError(400, f"expected the keys {', '.join(sorted(_MOVE_KEYS))}")
    target, point = body["target"], body["point_mm"]
    if body["frame"] != "scanner":
        raise _RefusedError(400, "frame: expected 'scanner', the frame of every coordinate here")
    if not isinstance(target, str) or not target.isprintable() or not target.isascii():
        raise _RefusedError(400, "target: expected its id")
    if not (isinstance(point, list) and len(point) == 3 and all(map(_is_mm, point))):
        raise _RefusedError(400, "point_mm: expected three numbers, mm")
    x, y, z = (float(v) for v in point)
    return target, (x, y, z)


def _is_mm(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    # Compared first: an integer of a thousand digits is no float.
    return number and -_FAR_MM < value < _FAR_MM and math.isfinite(value)  # type: ignore[operator, arg-type]
