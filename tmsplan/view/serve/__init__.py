"""The page on a server of one's own machine: move a target, look, save a new plan."""

from .run import LocalServer, require_serve
from .session import Session

__all__ = ["LocalServer", "Session", "require_serve"]
