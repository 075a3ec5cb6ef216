"""The cohort page's tables and plots as texts and numbers, ready for any layout."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..plan.cohort_spread import FAR_MM, Apart, SideSpread
from ..plan.cohort_summary import CohortPatient, CohortSummary, CohortTarget
from .cohort_page_marks import GUIDED, Drawn
from .cohort_page_words import tell
from .facts import number, yes_no
from .words import side_word

__all__ = [
    "Cell",
    "Strip",
    "counts",
    "patient_rows",
    "said",
    "spread_rows",
    "standard_letters",
    "strips",
]

#: Size of a strip's drawing, and the room for half a dot at its ends.
STRIP_WIDTH, STRIP_HEIGHT, _END = 300.0, 28.0, 6.0
#: Dots nearer than this are stacked, in units of the drawing; rows of a stack.
_TOUCH, _LANES = 8.0, (14.0, 6.0, 22.0)
#: The axis ends at a multiple of this, mm.
_STEP_MM = 10.0


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the table of patients: what is read, and what is sorted by."""

    text: str
    key: float | str
    number: bool = True


@dataclass(frozen=True, slots=True)
class Strip:
    """One standard target's distances: dots on a line, and the numbers beside it.

    Parameters
    ----------
    apart : Apart
    letter : str
    dots : tuple of (x, y, patient id, mm)
    lines : tuple of (x, mm)
        At the distances that are counted.
    same : float
        Where the error of navigation ends.
    words : str
        The strip in words.
    """

    apart: Apart
    letter: str
    dots: tuple[tuple[float, float, str, float], ...]
    lines: tuple[tuple[float, float], ...]
    same: float
    words: str
    other_side: str
    median: str
    over: tuple[str, ...]
    same_place: str


def counts(summary: CohortSummary) -> list[tuple[int, str, str]]:
    """Return number, words and anchor of each count."""
    none = sum(p.verdict != "target" for p in summary.patients)
    refused = summary.given - len(summary.patients)
    return [
        (summary.given, tell("count-given"), ""),
        (len(summary.patients), tell("count-shown"), "h-patients"),
        (len(summary.counted), tell("count-target"), ""),
        (none, tell("count-none"), ""),
        (refused, tell("count-refused"), "h-left-out" if summary.left_out else ""),
    ]


def standard_letters(ids: Sequence[str]) -> dict[str, str]:
    """Return a letter for each standard target: A to Z, then numbers."""
    return {x: chr(ord("A") + k) if k < 26 else str(k + 1) for k, x in enumerate(ids)}


def spread_rows(spreads: Sequence[SideSpread]) -> list[dict[str, str]]:
    """Return the table of spread; sides are never pooled."""
    rows = []
    for s in spreads:
        few = s.centroid is None
        place = tell("spread-few") if s.centroid is None else _xyz(s)
        rows.append(
            {
                "side": side_word(s.hemi),
                "n": str(s.n),
                "place": place,
                "mean": "" if few else number(s.mean_mm, 1),
                "median": "" if few else number(s.median_mm, 1),
                "radius": "" if few else number(s.radius_mm, 1),
                "own": number(s.own_mm, 1),
            }
        )
    return rows


def _xyz(spread: SideSpread) -> str:
    centroid = spread.centroid
    if centroid is None:
        return tell("missing")
    x, y, z = centroid.mm(centroid.frame)[0]
    return f"{x:.1f}, {y:.1f}, {z:.1f}"


def strips(
    aparts: Sequence[Apart], letters: Mapping[str, str], navigation_mm: float
) -> list[Strip]:
    """Return one strip a standard target, all on one axis so that they can be compared."""
    most = max((mm for a in aparts for _, mm in a.mm), default=0.0)
    end = max(_STEP_MM * math.ceil(most / _STEP_MM), FAR_MM[1] + _STEP_MM)
    scale = (STRIP_WIDTH - 2 * _END) / end
    return [_strip(a, letters.get(a.id, ""), scale, navigation_mm) for a in aparts if a.n]


def _strip(apart: Apart, letter: str, scale: float, navigation_mm: float) -> Strip:
    low, high = apart.mm[0][1], apart.mm[-1][1]
    median = number(apart.median_mm, 1)
    words = tell(
        "apart-name",
        name=apart.name,
        n=apart.n,
        low=f"{low:.1f}",
        high=f"{high:.1f}",
        median=median,
    )
    return Strip(
        apart=apart,
        letter=letter,
        dots=_stacked(apart, scale),
        lines=tuple((round(_END + scale * mm, 1), mm) for mm in FAR_MM),
        same=round(_END + scale * navigation_mm, 1),
        words=words,
        other_side=tell("apart-other-side", n=apart.other_side) if apart.other_side else "",
        median=median,
        over=tuple(_share(apart.beyond(mm), apart.n) for mm in FAR_MM),
        same_place=tell("of", k=apart.same_place, n=apart.n),
    )


def _share(k: int, n: int) -> str:
    return tell("share", k=k, n=n, percent=100 * k / n)


def _stacked(apart: Apart, scale: float) -> tuple[tuple[float, float, str, float], ...]:
    """Return the dots, each in the first lane in which it touches no other."""
    last = [-math.inf] * len(_LANES)
    dots = []
    for who, mm in apart.mm:
        x = _END + scale * mm
        lane = next((k for k, at in enumerate(last) if x - at >= _TOUCH), int(np.argmin(last)))
        last[lane] = x
        dots.append((round(x, 1), _LANES[lane], who, mm))
    return tuple(dots)


def patient_rows(summary: CohortSummary, drawn: Sequence[Drawn]) -> list[list[Cell]]:
    """Return the cells of every patient, after the first that holds id and link."""
    off = {d.patient: d.off_mm for d in drawn if d.layer == GUIDED}
    return [_cells(p, summary.chosen, off.get(i)) for i, p in enumerate(summary.patients)]


def _cells(p: CohortPatient, chosen: Sequence[str], off_mm: float | None) -> list[Cell]:
    row, guided = p.region, p.guided
    to = {t.id: t for t in p.standard}
    region = tell("no-guided") if guided is None else guided.name if row is None else row.name
    z = None if row is None else row.z
    reach = None if row is None else row.reachable
    return [
        _text("" if guided is None else side_word(guided.hemi)),
        _text(region),
        _number(z, 2, sign=True),
        _interval(p),
        *(_distance(p, to.get(x)) for x in chosen),
        _text(tell(f"verdict-{p.verdict}")),
        _text(tell("missing") if reach is None else yes_no(reach)),
        _number(p.depth_mm, 1),
        _checks(p),
        _number(p.spread_mm, 1),
        _text(tell("no-place")) if guided and off_mm is None else _number(off_mm, 1),
    ]


def _text(text: str) -> Cell:
    return Cell(text, text, number=False)


def _number(value: float | None, digits: int, *, sign: bool = False) -> Cell:
    # Missing numbers sort last, whichever way: the page's script knows an empty key.
    return Cell(number(value, digits, sign=sign), "" if value is None else round(value, 6))


def _distance(p: CohortPatient, standard: CohortTarget | None) -> Cell:
    if p.guided is None or standard is None or standard.guided_mm is None:
        return _number(None, 1)
    mm = standard.guided_mm
    if p.guided.hemi is not standard.hemi:
        return Cell(tell("other-side", mm=mm), round(mm, 6))
    return _number(mm, 1)


def _interval(p: CohortPatient) -> Cell:
    row = p.region
    if row is None or row.z_low is None or row.z_high is None:
        return Cell(tell("missing"), "")
    return Cell(f"{row.z_low:+.2f} to {row.z_high:+.2f}", round(row.z_low, 6))


def _checks(p: CohortPatient) -> Cell:
    if p.failed:
        text = tell("checks-fail", ids=", ".join(p.failed))
    elif p.not_run:
        text = tell("checks-not-run", ids=", ".join(p.not_run))
    else:
        text = tell("checks-pass")
    return Cell(text, len(p.failed) * 100 + len(p.not_run))


def said(summary: CohortSummary, drawn: Sequence[Drawn]) -> list[tuple[str, bool]]:
    """Return what must be said, each with whether it is a warning."""
    lines: list[tuple[str, bool]] = []
    if summary.methods:
        each = "; ".join(
            tell("said-method", what=tell(f"method-{what}"), found=", ".join(found))
            for what, found in summary.methods.items()
        )
        lines.append((tell("said-methods", methods=each), True))
    lines += [(tell("said-one-t1", ids=", ".join(ids)), True) for ids in summary.one_t1]
    ways = Counter(t.why for p in summary.patients for t in (p.guided,) if t and t.place)
    if ways:
        each = "; ".join(tell("said-way", n=n, way=way) for way, n in ways.most_common())
        lines.append((tell("said-ways", ways=each), any(_assumed(p) for p in summary.patients)))
    if any(p.verdict != "target" for p in summary.patients):
        lines.append((tell("said-none"), False))
    lines.append((tell("said-where"), False))
    off = [d.off_mm for d in drawn]
    if off:
        text = tell("said-drawn", median=float(np.median(off)), most=max(off))
        lines.append((text, False))
    lines += [(tell("said-no-proof"), False), (tell("said-links"), False)]
    return lines


def _assumed(patient: CohortPatient) -> bool:
    return patient.guided is not None and patient.guided.assumed
