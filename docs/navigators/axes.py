"""Draw the coil axes of every navigator into ``axes_<name>.png`` beside this file.

Run ``python docs/navigators/axes.py [name ...]``. The table below is compared with the matrices
that the writers use in ``tests/export/test_export_axes_table.py``.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["VENDORS", "Convention", "draw", "main"]

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Convention:
    """Coil axes of one file format.

    Parameters
    ----------
    title : str
    x, y, z : tuple of 3 int
        Its axes in SimNIBS' axes: x = y cross z, y away from the handle, z into the head.
    """

    title: str
    x: tuple[int, int, int]
    y: tuple[int, int, int]
    z: tuple[int, int, int]


_SAME = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
_Z_OUT = ((-1, 0, 0), (0, 1, 0), (0, 0, -1))

VENDORS = {
    "brainsight": Convention("Brainsight", *_Z_OUT),
    "invesalius": Convention("InVesalius", (0, 1, 0), (1, 0, 0), (0, 0, -1)),
    "localite": Convention("Localite TMS Navigator", (0, 0, 1), (0, -1, 0), (1, 0, 0)),
    "navinibs": Convention("NaviNIBS", *_Z_OUT),
    "nibs-bids": Convention("NIBS-BIDS (draft)", *_SAME),
    "plain": Convention("plain files", *_SAME),
    "simnibs": Convention("SimNIBS", *_SAME),
    "slicer": Convention("3D Slicer files of tmsplan", *_SAME),
    "softaxic": Convention("Softaxic", (0, 1, 0), (-1, 0, 0), (0, 0, 1)),
    "visor2": Convention("visor2 (.mrk exchange file)", *_SAME),
}

#: Okabe and Ito's colours, told apart by colour-blind readers; letters say the same again.
_COLOURS = {"x": "#d55e00", "y": "#009e73", "z": "#0072b2"}
_CASING, _SKIN, _EDGE, _INK = "#3a4552", "#efe2d8", "#b89f8c", "#222222"
#: mm, RAS, origin at the coil's centre: two wings of 70 mm on the top of a head.
_WING, _HANDLE, _ARROW = 35.0, 125.0, 78.0
_HEAD_RADII, _HEAD_CENTRE = np.array([74.0, 92.0, 92.0]), np.array([0, 0, -98.0])
#: From where it is seen: the patient's left, a little from behind and above.
_EYE = np.array([-0.80, -0.36, 0.48])


def draw(convention: Convention) -> Figure:
    """Return the picture: head, coil with its handle backwards, three labelled arrows."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.8, 4.2), dpi=100)
    axes = figure.add_axes((0, 0, 1, 0.9))
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.set(xlim=(-128, 140), ylim=(-124, 92))
    _draw_head(axes)
    _draw_coil(axes)
    named = {"x": convention.x, "y": convention.y, "z": convention.z}
    # The one that leads away from the eye first, so that no arrow covers a nearer one.
    for name in sorted(named, key=lambda n: float(_world(named[n]) @ _EYE)):
        _draw_arrow(axes, name, _world(named[name]))
    figure.text(0.5, 0.925, convention.title, ha="center", size=14, color=_INK, weight="bold")
    return figure


def _world(direction: tuple[int, int, int]) -> np.ndarray:
    """Return the RAS direction for a coil on the vertex with its handle backwards."""
    to_the_left, forward, down = np.array([[-1, 0, 0], [0, 1, 0], [0, 0, -1]], dtype=float)
    x, y, z = direction
    return np.asarray(x * to_the_left + y * forward + z * down)


def _seen(xyz: np.ndarray) -> np.ndarray:
    """Return screen coordinates (..., 2), mm: parallel projection."""
    eye = _EYE / np.linalg.norm(_EYE)
    right = np.cross([0, 0, 1], eye)
    right /= np.linalg.norm(right)
    return np.asarray(
        np.asarray(xyz, dtype=float) @ np.column_stack([right, np.cross(eye, right)])
    )


def _draw_head(axes: Axes) -> None:
    turn = np.linspace(0, 2 * np.pi, 200)
    circle = np.column_stack([np.cos(turn), np.sin(turn)])
    # The outline of an ellipsoid is the ellipse with this matrix.
    half_axes = _seen(np.diag(_HEAD_RADII))
    values, vectors = np.linalg.eigh(half_axes.T @ half_axes)
    outline = circle * np.sqrt(values) @ vectors.T + _seen(_HEAD_CENTRE)
    nose = _seen(np.array([[-6, 88, -84], [0, 116, -112], [-2, 84, -122]]))
    axes.fill(*nose.T, facecolor=_SKIN, edgecolor=_EDGE, linewidth=1.5)
    axes.fill(*outline.T, facecolor=_SKIN, edgecolor=_EDGE, linewidth=1.5)
    ear = np.column_stack([0 * turn - 74, 9 * np.cos(turn) - 8, 17 * np.sin(turn) - 104])
    axes.fill(*_seen(ear).T, facecolor="#e0cbbc", edgecolor=_EDGE, linewidth=1.5)
    for text, place in (("left ear", (-74, -8, -80)), ("nose", (0, 118, -96))):
        axes.text(*_seen(np.array(place)), text, color=_INK, size=11, ha="center")


def _draw_coil(axes: Axes) -> None:
    turn = np.linspace(0, 2 * np.pi, 120)
    handle = _seen(np.array([[0, -8, 0], [0, -_HANDLE, 0]]))
    axes.plot(*handle.T, color=_CASING, linewidth=10, solid_capstyle="round")
    for side in (1, -1):
        wing = np.column_stack([_WING * (side + np.cos(turn)), _WING * np.sin(turn), 0 * turn])
        axes.plot(*_seen(wing).T, color=_CASING, linewidth=7)
    place = _seen(np.array([0, -_HANDLE + 18, 16]))
    axes.text(*place, "handle", color=_CASING, size=11, ha="center")


def _draw_arrow(axes: Axes, name: str, towards: np.ndarray) -> None:
    from matplotlib.patheffects import withStroke

    start, tip, label = _seen(np.outer([0, _ARROW, _ARROW + 13], towards))
    style = {"arrowstyle": "-|>,head_length=0.7,head_width=0.32", "linewidth": 3.4}
    for colour, width in (("white", 6.5), (_COLOURS[name], 3.4)):
        style |= {"color": colour, "linewidth": width, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", tip, start, arrowprops=dict(style))
    axes.text(
        *label, name, color=_COLOURS[name], size=18, weight="bold", ha="center", va="center",
        path_effects=[withStroke(linewidth=4, foreground="white")],
    )  # fmt: skip


def main(names: list[str]) -> None:
    """Draw the named conventions, or all."""
    for name in names or sorted(VENDORS):
        # No metadata: the same table gives the same bytes with the same matplotlib.
        draw(VENDORS[name]).savefig(FOLDER / f"axes_{name}.png", metadata={"Software": None})


if __name__ == "__main__":
    main(sys.argv[1:])
