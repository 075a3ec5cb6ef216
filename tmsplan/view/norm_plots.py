"""Pictures about norms: whether z are calibrated, and what changed between two sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ..base.errors import InputError
from ..norms.monitor import Change
from .figures import FONT, neutral_style
from .words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_calibration", "plot_changes"]

Floats = NDArray[np.float64]

INK, GREY, LINE = "#1c2733", "#5a6775", "#dfe4ea"
AMBER, LOW, HIGH, BAND = "#8a5a00", "#2166ac", "#b2182b", "#e4ebf2"
#: More rows than this cannot be read on one page.
_MOST_ROWS = 20
#: Bars of the PIT picture: each holds 5 % where the norms are right.
_BARS = 20
_QUANTILES = np.linspace(0.0025, 0.9975, 400)


def plot_calibration(
    groups: Mapping[str, Floats], *, title: str, labels: Sequence[str] = ()
) -> Figure:
    """Return centiles of left-out controls as a histogram, and their z against normal ones.

    Parameters
    ----------
    groups : mapping of name to (n, f) float64
        z of people who were not used to judge themselves, for example by site. NaN is left
        out. The histogram is of all groups together.
    title : str
    labels : sequence of str
        For example ``SYNTHETIC``; drawn on the picture.

    Returns
    -------
    matplotlib.figure.Figure
        Nothing is shown.

    Raises
    ------
    InputError
        If there is no z to draw.
    """
    z = {name: v[np.isfinite(v)] for name, v in groups.items()}
    z = {name: v for name, v in z.items() if len(v)}
    if not z:
        raise InputError(f"{title}: there is no z to draw. Pass people with values.")
    with neutral_style():
        return _calibration(z, title, labels)


def _calibration(z: Mapping[str, Floats], title: str, labels: Sequence[str]) -> Figure:
    figure, (pit, qq) = _panels(title, labels)
    everyone = np.concatenate([*z.values()])
    share, _ = np.histogram(special.ndtr(everyone), bins=_BARS, range=(0, 1))
    centres = (np.arange(_BARS) + 0.5) / _BARS
    pit.bar(centres, 100 * share / len(everyone), width=0.9 / _BARS, color=LOW, alpha=0.75)
    pit.axhline(100 / _BARS, color=AMBER, lw=1.1, ls="--")
    pit.set_xlabel("centile by the norms")
    pit.set_ylabel("% of left-out values")
    wanted = special.ndtri(_QUANTILES)
    qq.axline((0, 0), slope=1, color=AMBER, lw=1.1, ls="--")
    if len(z) > 1:
        for values in z.values():
            qq.plot(wanted, np.quantile(values, _QUANTILES), color=GREY, lw=0.7, alpha=0.55)
        qq.plot([], [], color=GREY, lw=0.7, label=f"each of {len(z)} groups")
    qq.plot(wanted, np.quantile(everyone, _QUANTILES), color=LOW, lw=2.0, label="all")
    qq.set_xlabel("z expected")
    qq.set_ylabel("z of left-out controls")
    qq.set_aspect("equal", adjustable="datalim")
    qq.legend(frameon=False, fontsize=8.5, loc="upper left")
    return figure


def plot_changes(changes: Sequence[Change], *, title: str, labels: Sequence[str] = ()) -> Figure:
    """Return z of both sessions with the band of noise, and the largest changes.

    Parameters
    ----------
    changes : sequence of Change
        All regions are in the left panel, the 20 of largest index in the right.
    title : str
    labels : sequence of str
        Of both plans; drawn on the picture.

    Returns
    -------
    matplotlib.figure.Figure
        Nothing is shown.

    Raises
    ------
    InputError
        If there is no change to draw.
    """
    if not changes:
        raise InputError(f"{title}: there is no change to draw. Pass at least one region.")
    with neutral_style():
        return _changes(changes, title, labels)


def _changes(changes: Sequence[Change], title: str, labels: Sequence[str]) -> Figure:
    shown = sorted(changes, key=lambda c: -abs(c.index))[:_MOST_ROWS]
    figure, (both, rows) = _panels(title, labels, height=1.6 + 0.2 * max(len(shown), 16))
    before = np.array([c.z_before for c in changes])
    after = np.array([c.z_after for c in changes])
    limit = max(3.0, float(np.abs([before, after]).max()) + 0.4)
    # Regions may differ in reliability; the band is drawn for the least reliable.
    noise = max(c.detectable for c in changes)
    both.fill_between(
        [-limit, limit], [-limit - noise, limit - noise], [-limit + noise, limit + noise],
        color=BAND, lw=0, label=f"noise: within {noise:.2f}",
    )  # fmt: skip
    both.axline((0, 0), slope=1, color=GREY, lw=0.8)
    colours = [_colour(c) for c in changes]
    both.scatter(before, after, s=18, c=colours, alpha=0.85, lw=0, zorder=3)
    both.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", anchor="N")
    both.set_xlabel("z, first session")
    both.set_ylabel("z, this session")
    both.legend(frameon=False, fontsize=8.5, loc="upper left")
    _change_rows(rows, shown)
    return figure


def _change_rows(axes: Axes, shown: Sequence[Change]) -> None:
    axes.axvline(0, color=GREY, lw=0.8)
    for at, c in enumerate(shown):
        axes.barh(at, 2 * c.detectable, left=-c.detectable, height=0.86, color=BAND, lw=0)
        axes.plot([c.change_low, c.change_high], [at, at], color=_colour(c), lw=2.0, alpha=0.6)
        axes.plot([c.z_change], [at], "o", ms=5.5, color=_colour(c))
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_yticks(range(len(shown)))
    for text in axes.set_yticklabels([c.feature for c in shown]):
        text.set_parse_math(False)
    axes.set_xlabel("change of z with its interval; shaded: noise alone")


def _colour(change: Change) -> str:
    """Return grey for noise, blue or red for what moved with all regions judged together."""
    if not change.moved:
        return GREY
    return LOW if change.z_change < 0 else HIGH


def _panels(
    title: str, labels: Sequence[str], *, height: float = 4.6
) -> tuple[Figure, tuple[Axes, Axes]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, height), dpi=120, facecolor="white")
    left, right = figure.subplots(1, 2)
    figure.subplots_adjust(
        left=0.08, right=0.97, top=1 - 0.75 / height, bottom=0.62 / height, wspace=0.38
    )
    for axes in (left, right):
        axes.tick_params(length=0, colors=INK, labelsize=8.5)
        axes.grid(visible=True, color=LINE, lw=0.6)
        axes.set_axisbelow(True)
        axes.xaxis.label.set_color(GREY)
        axes.yaxis.label.set_color(GREY)
        for side, spine in axes.spines.items():
            spine.set_visible(side == "bottom")
            spine.set_color(LINE)
    style: dict[str, Any] = {"fontfamily": FONT, "va": "center", "parse_math": False}
    inch = 1 / height
    figure.text(0.03, 1 - 0.24 * inch, title, fontsize=12, weight="bold", color=INK, **style)
    note = "  ·  ".join([*labels, say("research-only")])
    figure.text(
        0.97, 1 - 0.50 * inch, note, fontsize=8.5, weight="bold", color=AMBER, ha="right", **style
    )
    return figure, (left, right)
