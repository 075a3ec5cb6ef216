"""Dots on a picture and the list that names them: no label ever covers another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["GUIDED_LINE", "STANDARD", "Dot", "add_dots", "add_leader", "spread_out"]

Floats = NDArray[np.float64]

#: The colour of standard targets, as on the page.
STANDARD = "#5a3aa6"
#: Lines to the guided target: its yellow, dark enough to be seen on white.
GUIDED_LINE = "#a87b00"


@dataclass(frozen=True, slots=True)
class Dot:
    """One dot on a figure; pixels from the top left corner.

    Parameters
    ----------
    x, y : float
    radius : float
    colour : str
    seen : bool
        Hollow if False: it lies on the far side.
    """

    x: float
    y: float
    radius: float
    colour: str
    seen: bool = True


def spread_out(wanted: Floats, gap: float, low: float, high: float) -> Floats:
    """Return places at least `gap` apart, in the order of `wanted`, that moved least.

    Least squares under the constraint of order, by pooling neighbours that are too near: each
    pool stands around the mean of what its members wanted.

    Parameters
    ----------
    wanted : (n,)
        In any order.
    gap : float
        Made smaller if n places do not fit between the ends otherwise.
    low, high : float
        Ends that no place leaves.

    Returns
    -------
    (n,) float64

    Source: doi:10.18637/jss.v032.i05 (pool adjacent violators).
    """
    n = len(wanted)
    if n == 0:
        return np.empty(0)
    gap = min(gap, (high - low) / max(n - 1, 1))
    order = np.argsort(wanted, kind="stable")
    offset = gap * np.arange(n)
    # With the gaps taken out, "at least gap apart" reads "never decreasing".
    free = _never_decreasing(np.asarray(wanted, dtype=np.float64)[order] - offset)
    placed = np.empty(n)
    placed[order] = np.clip(free, low, high - offset[-1]) + offset
    return placed


def _never_decreasing(values: Floats) -> Floats:
    pools: list[tuple[float, int]] = []
    for value in values:
        mean, count = float(value), 1
        while pools and pools[-1][0] > mean:
            before, many = pools.pop()
            mean = (before * many + mean * count) / (many + count)
            count += many
        pools.append((mean, count))
    return np.repeat([m for m, _ in pools], [c for _, c in pools])


def add_dots(figure: Figure, dots: Sequence[Dot]) -> None:
    """Draw the dots, those on the far side hollow; the last lies on top."""
    from matplotlib.patches import Circle
    from matplotlib.transforms import IdentityTransform

    height = figure.get_figheight() * figure.dpi
    for dot in dots:
        face = dot.colour if dot.seen else (1, 1, 1, 0.55)
        edge = "white" if dot.seen else dot.colour
        line = 0.22 * dot.radius if dot.seen else 0.36 * dot.radius
        circle = Circle(
            (dot.x, height - dot.y), dot.radius, facecolor=face, edgecolor=edge, zorder=4
        )
        circle.set_linewidth(line * 72 / figure.dpi)
        if not dot.seen:
            circle.set_linestyle((0, (2.2, 1.4)))
        circle.set_transform(IdentityTransform())
        figure.add_artist(circle)


def add_leader(figure: Figure, dot: Dot, to: tuple[float, float], colour: str) -> None:
    """Draw a thin line from a dot's rim to a label at pixels from the top left corner."""
    from matplotlib.lines import Line2D
    from matplotlib.transforms import IdentityTransform

    height = figure.get_figheight() * figure.dpi
    away = np.array(to) - (dot.x, dot.y)
    start = (dot.x, dot.y) + away / max(float(np.linalg.norm(away)), 1e-9) * dot.radius
    for drawn, width, alpha in (("white", 2.8, 0.55), (colour, 1.0, 0.9)):
        line = Line2D(
            [start[0], to[0]], [height - start[1], height - to[1]], color=drawn, lw=width,
            alpha=alpha, solid_capstyle="round",
        )  # fmt: skip
        line.set_transform(IdentityTransform())
        figure.add_artist(line)
