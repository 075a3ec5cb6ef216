"""Two plots: candidates with their intervals, and the person beside the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..base.errors import InputError
from ..plan.plan import Plan
from ..space import Hemi
from ..target.ranking import RankedParcel
from .figures import FONT, neutral_style
from .look import OVERLAY
from .words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "CURVE_KEYS",
    "has_calibration",
    "has_norm_curve",
    "plot_calibration_of",
    "plot_norm",
    "plot_ranking",
]

INK, GREY, LINE = "#1c2733", "#5a6775", "#dfe4ea"
AMBER, LOW, HIGH, BAND = "#8a5a00", "#2166ac", "#b2182b", "#d9e3ec"
#: More rows than this cannot be read on one page.
_MOST_ROWS = 20
#: So many labels fit beside a title in full size.
_ROOMY = 2
#: More regions than this do not win; a band is drawn between at least two centiles.
_MOST_CURVES, _ENDS = 3, 2
#: What ``plan.norms["curve"]`` holds when the norms can draw one.
CURVE_KEYS = ("feature", "ages", "low", "median", "high", "age", "value", "unit")


def plot_ranking(plan: Plan) -> Figure:
    """Return candidates in order, each with z and its interval, verdict and labels.

    Parameters
    ----------
    plan : Plan
        The first 20 candidates are drawn; the count of all is printed.

    Returns
    -------
    matplotlib.figure.Figure
        Nothing is shown.
    """
    with neutral_style():
        return _ranking(plan)


def _ranking(plan: Plan) -> Figure:
    rows = [r for r in plan.ranking.rows if r.candidate][:_MOST_ROWS]
    height = 1.9 + 0.34 * max(len(rows), 2)
    figure, axes = _figure(8.6, height, left=0.30)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    limit = max([OVERLAY.limit.value, *(abs(v) + 0.3 for r in rows for v in _numbers(r))])
    axes.set_xlim(-limit, limit)
    threshold = OVERLAY.threshold.value
    axes.axvspan(-threshold, threshold, color="#f2f4f6", lw=0)
    axes.axvline(0, color=GREY, lw=0.8)
    for at, row in enumerate(rows):
        _interval(axes, at, row)
    _row_names(axes, rows)
    words = say(
        "plot-ranking-axis", interval=100 * plan.params.interval.value, threshold=threshold
    )
    hollow = any(r.z is not None and not r.reachable for r in rows)
    axes.set_xlabel(f"{words} {say('plot-ranking-hollow')}" if hollow else words)
    verdict = say(f"verdict-{plan.ranking.verdict}")
    searched = say("searched", n=plan.ranking.searched)
    _head(figure, say("plot-ranking"), f"{verdict}. {searched}", plan.labels)
    return figure


def _numbers(row: RankedParcel) -> list[float]:
    return [v for v in (row.z, row.z_low, row.z_high) if v is not None]


def _interval(axes: Axes, at: int, row: RankedParcel) -> None:
    if row.z is None:
        axes.text(0, at, say("plot-none"), color=GREY, ha="center", va="center", fontsize=8)
        return
    colour = LOW if row.z < 0 else HIGH
    if row.z_low is not None and row.z_high is not None:
        axes.plot([row.z_low, row.z_high], [at, at], color=colour, lw=2.2, alpha=0.55)
    # Out of reach is drawn hollow: it cannot be a target.
    face = colour if row.reachable else "white"
    axes.plot([row.z], [at], "o", ms=7, color=colour, mfc=face, mew=1.6)


def _row_names(axes: Axes, rows: Sequence[RankedParcel]) -> None:
    axes.set_yticks(range(len(rows)))
    labels = axes.set_yticklabels([f"{r.rank}.  {r.name}, {say(str(r.hemi))}" for r in rows])
    for label in labels:
        label.set_parse_math(False)


def has_norm_curve(plan: Plan) -> bool:
    """Return whether the plan's norms carry a curve that `plot_norm` can draw."""
    return bool(_curves(plan))


def _curves(plan: Plan) -> list[Mapping[str, Any]]:
    """Return the curves of the winning regions; older plans hold that of the first alone."""
    many = plan.norms.get("curves")
    found = many if isinstance(many, Sequence) else [plan.norms.get("curve")]
    return [c for c in found if isinstance(c, Mapping)][:_MOST_CURVES]


def plot_norm(plan: Plan) -> Figure:
    """Return the person's value beside the reference over age, for each winning region.

    Parameters
    ----------
    plan : Plan
        ``plan.norms["curves"]``, or ``["curve"]`` for one region, holds `CURVE_KEYS`; single
        controls are drawn where it also holds ``controls`` with ``age`` and ``value``. At most
        3 regions are drawn.

    Returns
    -------
    matplotlib.figure.Figure
        Nothing is shown.

    Raises
    ------
    InputError
        If there is no curve, or a part of one is missing.
    """
    with neutral_style():
        return _norm(plan)


def _checked_curves(plan: Plan) -> list[Mapping[str, Any]]:
    curves = _curves(plan)
    if not curves:
        raise InputError(f"{plan.patient_id}: the plan's norms hold no curve; nothing to plot.")
    for curve in curves:
        missing = [k for k in CURVE_KEYS if k not in curve]
        if missing:
            raise InputError(
                f"{plan.patient_id}: the norm curve lacks {', '.join(missing)}. Expected "
                f"{', '.join(CURVE_KEYS)}."
            )
    return curves


def _norm(plan: Plan) -> Figure:
    curves, each = _checked_curves(plan), 2.9
    figure, first = _figure(8.6, 1.5 + each * len(curves), left=0.11)
    height = figure.get_figheight()
    panels = [first, *(figure.add_axes((0, 0, 1, 1)) for _ in curves[1:])]
    for k, (axes, curve) in enumerate(zip(panels, curves, strict=True)):
        low = 0.62 + each * (len(curves) - 1 - k)
        axes.set_position((0.11, low / height, 0.85, (each - 0.62) / height))
        _norm_panel(axes, curve)
        _plain(axes)
    first.legend(
        frameon=False, fontsize=8.5, ncols=4, loc="lower left", bbox_to_anchor=(-0.02, 1.08)
    )
    panels[-1].set_xlabel(say("plot-age"))
    n = plan.norms.get("n_reference", "?")
    line = say("plot-norm-line", patient=plan.patient_id, n=n)
    _head(figure, say("plot-norm"), line, plan.labels)
    return figure


def _norm_panel(axes: Axes, curve: Mapping[str, Any]) -> None:
    ages = curve["ages"]
    axes.fill_between(ages, curve["low"], curve["high"], color=BAND, lw=0, label=_band(curve))
    axes.plot(ages, curve["median"], color=LOW, lw=1.8, label=say("plot-median"))
    people = curve.get("controls")
    if isinstance(people, Mapping):
        axes.plot(
            people["age"], people["value"], "o", ms=3.2, color=GREY, mew=0, alpha=0.55,
            label=say("plot-people"),
        )  # fmt: skip
    axes.plot(
        [curve["age"]], [curve["value"]], "o", ms=10, color="#ffcf1a", mec=INK, mew=1.3,
        label=say("plot-person"), zorder=5,
    )  # fmt: skip
    axes.set_ylabel(str(curve["unit"]), parse_math=False)
    axes.set_title(
        _region(str(curve["feature"])), loc="left", fontsize=10, weight="bold", color=INK,
        parse_math=False, pad=3,
    )  # fmt: skip
    axes.margins(y=0.12)


def _band(curve: Mapping[str, Any]) -> str:
    """Return what the band is: its centiles where the plan says them."""
    ends = curve.get("centiles")
    if not isinstance(ends, Sequence) or len(ends) < _ENDS:
        return say("plot-band")
    return say("plot-band-centiles", low=100 * float(ends[0]), high=100 * float(ends[-1]))


def _region(feature: str) -> str:
    """Return a column name of normative tables in words: ``lh_insula`` is ``insula, left``."""
    for hemi in Hemi:
        start = f"{hemi.freesurfer}_"
        if feature.startswith(start):
            return say("compare-name", name=feature.removeprefix(start), side=say(str(hemi)))
    return feature


def has_calibration(plan: Plan) -> bool:
    """Return whether the plan's norms hold quantiles of their own controls."""
    return isinstance(plan.norms.get("quantiles"), Mapping)


def plot_calibration_of(plan: Plan) -> Figure:
    """Return the z of the norms' own controls, each left out in turn, beside what is expected.

    Norms that are right follow the diagonal; a bend at an end is a tail that is too heavy or too
    light, and z says too much or too little there.

    Parameters
    ----------
    plan : Plan
        ``plan.norms["quantiles"]`` holds ``expected`` and ``observed``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with neutral_style():
        return _calibration(plan)


def _calibration(plan: Plan) -> Figure:
    found = plan.norms.get("quantiles")
    if not isinstance(found, Mapping):
        raise InputError(f"{plan.patient_id}: the plan's norms hold no quantiles to plot.")
    figure, axes = _figure(8.6, 4.4, left=0.11)
    ends = (min(found["expected"]), max(found["expected"]))
    axes.plot(ends, ends, color=GREY, lw=0.9)
    axes.plot(found["expected"], found["observed"], "o", ms=4.5, color=LOW)
    axes.set_xlabel(say("plot-expected"))
    axes.set_ylabel(say("plot-observed"))
    n = plan.norms["n_reference"]
    _head(figure, say("plot-calibration"), say("plot-controls", n=n), plan.labels)
    return figure


def _figure(width: float, height: float, *, left: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=150, facecolor="white")
    # Room for the head line is in inches, so that short and tall plots look alike.
    axes = figure.add_axes((left, 0.62 / height, 0.96 - left, 1 - 1.55 / height))
    _plain(axes)
    return figure, axes


def _plain(axes: Axes) -> None:
    """Leave grid and lower edge, and nothing that is not read."""
    axes.tick_params(length=0, colors=INK, labelsize=9)
    axes.grid(visible=True, axis="x", color=LINE, lw=0.7)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(LINE)
    axes.xaxis.label.set_color(GREY)
    axes.yaxis.label.set_color(GREY)


def _head(figure: Figure, title: str, line: str, labels: Sequence[str]) -> None:
    inch = 1 / figure.get_figheight()
    style: dict[str, Any] = {"fontfamily": FONT, "va": "center", "parse_math": False}
    figure.text(0.03, 1 - 0.28 * inch, title, fontsize=12, weight="bold", color=INK, **style)
    figure.text(0.03, 1 - 0.56 * inch, line, fontsize=9.5, color=GREY, **style)
    style |= {"weight": "bold", "color": AMBER, "ha": "right"}
    # Labels beside the title, the note beside the line: together they would run into the line.
    size = 8.5 if len(labels) <= _ROOMY else 6.5
    figure.text(0.97, 1 - 0.28 * inch, "  ·  ".join(labels), fontsize=size, **style)
    figure.text(0.97, 1 - 0.56 * inch, say("research-only"), fontsize=8.5, **style)
