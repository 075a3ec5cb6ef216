"""A picture of a session: where the coil pointed, and how it was turned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..base.errors import InputError
from .figures import FONT, neutral_style
from .words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Delivered", "plot_delivered"]

INK, GREY, LINE, BLUE, AMBER = "#1c2733", "#5a6775", "#dfe4ea", "#2166ac", "#8a5a00"


class Delivered(Protocol):
    """One stimulus beside its target, as `tmsplan.export.delivered` measures it."""

    @property
    def target_id(self) -> str:
        """Id of the target."""

    @property
    def in_brain_mm(self) -> float:
        """From the target to the coil's axis."""

    @property
    def depth_mm(self) -> float:
        """Farther from the target than planned."""

    @property
    def tilt_deg(self) -> float:
        """Of the coil's z."""

    @property
    def twist_deg(self) -> float:
        """Of the handle about z."""


def plot_delivered(
    rows: Sequence[Delivered], *, title: str, labels: Sequence[str], within_mm: float
) -> Figure:
    """Return two panels over the order of stimuli: millimetres in the brain, degrees.

    Parameters
    ----------
    rows : sequence of Delivered
        In the order of delivery.
    title : str
        For example patient and session.
    labels : sequence of str
        Of the plan; drawn on the picture.
    within_mm : float
        The navigation error; drawn as a line.

    Returns
    -------
    matplotlib.figure.Figure
        Nothing is shown.

    Raises
    ------
    InputError
        If there is no row.
    """
    if not rows:
        raise InputError(f"{title}: there is no stimulus to draw. Pass at least one.")
    with neutral_style():
        return _draw(rows, title, labels, within_mm)


def _draw(
    rows: Sequence[Delivered], title: str, labels: Sequence[str], within_mm: float
) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.6, 5.6), dpi=150, facecolor="white")
    top, bottom = figure.subplots(2, 1, sharex=True)
    figure.subplots_adjust(left=0.10, right=0.97, top=0.84, bottom=0.10, hspace=0.16)
    order = np.arange(1, len(rows) + 1)
    top.axhline(
        within_mm, color=AMBER, lw=1.0, ls="--", label=f"navigation error {within_mm:g} mm"
    )
    _dots(top, order, [r.in_brain_mm for r in rows], (BLUE, "o", "target to coil axis"))
    _dots(top, order, [r.depth_mm for r in rows], (GREY, "x", "farther along the axis"))
    _dots(bottom, order, [r.tilt_deg for r in rows], (BLUE, "o", "tilt"))
    _dots(bottom, order, [r.twist_deg for r in rows], (GREY, "x", "twist"))
    top.set_ylabel("mm", color=GREY)
    bottom.set_ylabel("degrees", color=GREY)
    bottom.set_xlabel("stimulus", color=GREY)
    for axes in (top, bottom):
        _plain(axes)
    _targets(top, rows)
    style: dict[str, Any] = {"fontfamily": FONT, "va": "center", "parse_math": False}
    figure.text(0.03, 0.96, title, fontsize=12, weight="bold", color=INK, **style)
    note = "  ·  ".join([*labels, say("research-only")])
    figure.text(0.97, 0.96, note, fontsize=8.5, weight="bold", color=AMBER, ha="right", **style)
    return figure


def _dots(
    axes: Axes, order: np.ndarray[Any, Any], values: Sequence[float], look: tuple[str, str, str]
) -> None:
    colour, marker, label = look
    axes.plot(order, values, marker, ms=4, color=colour, label=label)


def _plain(axes: Axes) -> None:
    axes.tick_params(length=0, colors=INK, labelsize=9)
    axes.grid(visible=True, axis="y", color=LINE, lw=0.7)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(LINE)
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="lower right", bbox_to_anchor=(1.01, 0.98))


def _targets(axes: Axes, rows: Sequence[Delivered]) -> None:
    """Write the target's name where it changes."""
    before = None
    for k, row in enumerate(rows, start=1):
        if row.target_id != before:
            axes.annotate(
                row.target_id, (k, 1.03), xycoords=("data", "axes fraction"), fontsize=8,
                color=INK, parse_math=False,
            )  # fmt: skip
        before = row.target_id
