"""The server itself: bound to this machine's own address, on a port that nobody chose."""

from __future__ import annotations

import secrets
import socket
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ...base.errors import MissingPartError
from .app import make_app
from .guard import ENTER, HOST
from .session import Session

if TYPE_CHECKING:
    import uvicorn

__all__ = ["LocalServer", "require_serve"]

_TOKEN_BYTES = 32


def require_serve() -> None:
    """Refuse before any work if the optional part is not installed.

    Raises
    ------
    MissingPartError
        Says what to install.
    """
    missing = [name for name in ("starlette", "uvicorn") if not _there(name)]
    if missing:
        raise MissingPartError(
            f"'tmsplan view --serve' needs {' and '.join(missing)}. Install with: "
            f"pip install 'tmsplan[serve]'"
        )


def _there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:  # it was taken out of sys.modules on purpose
        return False


class LocalServer:
    """One session on 127.0.0.1. No other address can be asked for.

    Parameters
    ----------
    session : Session

    Attributes
    ----------
    link : str
        To be opened once in the user's browser; holds the token.

    Raises
    ------
    MissingPartError
        If the optional part is not installed.
    """

    def __init__(self, session: Session) -> None:
        require_serve()
        import uvicorn

        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._socket = socket.socket()
        self._socket.bind((HOST, 0))
        self.port = int(self._socket.getsockname()[1])
        self.link = f"http://{HOST}:{self.port}{ENTER}{token}"
        self._server: uvicorn.Server = uvicorn.Server(
            uvicorn.Config(
                make_app(session, port=self.port, token=token),
                http="h11",
                ws="none",
                lifespan="off",
                log_level="error",
                access_log=False,  # its lines would hold the token
                server_header=False,
            )
        )

    def run(self) -> None:
        """Answer until the user stops it (Ctrl-C) or `stop` is called."""
        self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """End `run` after the request that is being answered."""
        self._server.should_exit = True
