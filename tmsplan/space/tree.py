"""The patient's frames as a tree with the scanner at the root: one route, or an error.

There is no search for a path. A frame hangs on exactly one parent; a second, different edge
is refused, and a missing one is an error that names both ends. So a wrong route cannot be
composed from right pieces.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from ..base.errors import FrameError
from .frame import Frame, Kind, Scanner
from .points import Points
from .transform import Affine, Rigid
from .warp import PointWarp

__all__ = ["Edge", "FrameTree"]

D = TypeVar("D", bound=Kind)
S = TypeVar("S", bound=Kind)

Edge = Rigid[Any, Any] | Affine[Any, Any] | PointWarp[Any, Any]


@dataclass(frozen=True, slots=True)
class FrameTree:
    """Frames of one patient; grown by `with_edge`, never changed.

    Parameters
    ----------
    root : Frame of Scanner
        World of the reference T1w.
    edges : tuple
        Each maps points from a child to its parent.
    """

    root: Frame[Scanner]
    edges: tuple[Edge, ...] = ()

    def with_edge(self, parent_from_child: Edge) -> FrameTree:
        """Return the tree with one more frame.

        Raises
        ------
        FrameError
            If the parent is not in the tree, or the child already is.
        """
        child, parent = parent_from_child.src, parent_from_child.dst
        if parent not in self:
            raise FrameError(
                f"{child} cannot hang on {parent}: that frame is not in the tree of {self.root}."
            )
        if child in self:
            raise FrameError(
                f"{child} is in the tree of {self.root} already; a second edge to {parent} "
                f"could contradict the first. Remove one of the two sources."
            )
        return FrameTree(self.root, (*self.edges, parent_from_child))

    def __contains__(self, frame: object) -> bool:
        return frame == self.root or any(e.src == frame for e in self.edges)

    def __iter__(self) -> Iterator[Frame[Any]]:
        return iter((self.root, *(e.src for e in self.edges)))

    def points(self, points: Points[S], to: Frame[D]) -> Points[D]:
        """Move points to another frame of this patient by the one route there is.

        Raises
        ------
        FrameError
            If one of the two frames is not in the tree.
        """
        moved: Points[Any] = points
        for edge in self._route(to, points.frame):
            moved = edge @ moved
        return cast("Points[D]", moved)

    def rigid(self, dst: Frame[D], src: Frame[S]) -> Rigid[D, S]:
        """Return the rigid map between two frames of this patient.

        Raises
        ------
        FrameError
            If there is no route, or a part of it is not rigid.
        """
        route = self._route(dst, src)
        if not route:
            raise FrameError(f"{dst} and {src} are the same frame; nothing to map.")
        total: Rigid[Any, Any] | None = None
        for edge in route:
            if not isinstance(edge, Rigid):
                raise FrameError(f"the route from {src} to {dst} is not rigid: {edge}.")
            total = edge if total is None else edge @ total
        return cast("Rigid[D, S]", total)

    def _route(self, dst: Frame[Any], src: Frame[Any]) -> list[Edge]:
        up, down = self._to_root(src), self._to_root(dst)
        while up and down and up[-1] is down[-1]:  # the common stem is walked by neither
            up.pop()
            down.pop()
        return [*up, *(edge.inverse() for edge in reversed(down))]

    def _to_root(self, frame: Frame[Any]) -> list[Edge]:
        path: list[Edge] = []
        while frame != self.root:
            edge = next((e for e in self.edges if e.src == frame), None)
            if edge is None:
                raise FrameError(
                    f"no route from {frame} to {self.root}: nothing says how the two relate. "
                    f"Known frames: {', '.join(map(str, self))}."
                )
            path.append(edge)
            frame = edge.dst
        return path

    def draw(self) -> str:
        """Return the tree as text, one frame a line with the reason of its edge."""
        lines = [f"{self.root}  {self.root.kind.axes} {self.root.kind.unit}"]
        self._draw(self.root, "", lines)
        return "\n".join(lines)

    def _draw(self, parent: Frame[Any], indent: str, lines: list[str]) -> None:
        children = [e for e in self.edges if e.dst == parent]
        for k, edge in enumerate(children):
            last = k == len(children) - 1
            kind = type(edge).__name__.lower()
            lines.append(
                f"{indent}{'└─' if last else '├─'} {edge.src}  {edge.src.kind.axes}  "
                f"[{kind}] {'; '.join(edge.because)}"
            )
            self._draw(edge.src, indent + ("   " if last else "│  "), lines)
