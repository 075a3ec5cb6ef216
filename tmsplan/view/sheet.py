"""The target sheet: one printed A4 page per target, for the hands that hold the coil."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..plan.plan import Plan
from ..target.ranking import RankedParcel
from .facts import (
    TargetFacts,
    frame_words,
    number,
    plan_head,
    short_hash,
    target_facts,
)
from .figures import FONT, neutral_style
from .words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["write_sheet"]

_A4 = (8.27, 11.69)  # inches
INK, GREY, LINE, AMBER = "#1c2733", "#5a6775", "#ccd3da", "#8a5a00"
_LEFT, _RIGHT = 0.06, 0.94
_MOST_ROWS = 4


def _shortened(words: str, longest: int) -> str:
    """Return a name that fits its place; the whole one is on the page and in plan.json."""
    return words if len(words) <= longest else words[: longest - 1].rstrip() + "…"


def write_sheet(
    plan: Plan, path: Path, pictures: Mapping[str, Mapping[str, Path]] | None = None
) -> Path:
    """Write ``sheet.pdf``: one page per target, or one that says that there is none.

    Parameters
    ----------
    plan : Plan
    path : Path
        PDF file to write; without date, so that equal plans give equal files.
    pictures : mapping of target id to mapping of view id to PNG file, or None
    """
    from matplotlib.backends.backend_pdf import PdfPages

    title = say("page-title", patient=plan.patient_id)
    metadata = {"CreationDate": None, "ModDate": None, "Title": title, "Producer": None}
    with neutral_style(), PdfPages(path, metadata=metadata) as pdf:
        for page in _pages(plan, pictures or {}):
            pdf.savefig(page)
    return path


def _pages(plan: Plan, pictures: Mapping[str, Mapping[str, Path]]) -> list[Figure]:
    if not plan.targets:
        return [_empty_page(plan)]
    axes = plan_head(plan)
    total = len(plan.targets)
    return [
        _page(plan, target_facts(plan, t, axes), pictures.get(t.target.id, {}), (n, total))
        for n, t in enumerate(plan.targets, start=1)
    ]


def _empty_page(plan: Plan) -> Figure:
    sheet = _Sheet(plan)
    sheet.heading(say("sheet-title"), say(f"verdict-{plan.ranking.verdict}"))
    sheet.paragraph(0.84, say("sheet-no-target", why=plan.ranking.why), 10)
    sheet.footer(1, 1)
    return sheet.figure


def _page(
    plan: Plan, facts: TargetFacts, pictures: Mapping[str, Path], place: tuple[int, int]
) -> Figure:
    sheet = _Sheet(plan)
    sheet.heading(say("sheet-title"), f"{facts.name}  ·  {facts.kind}")
    _numbers(sheet, plan, facts)
    _pictures(sheet, pictures)
    _regions(sheet, plan)
    _comparisons(sheet, plan, facts.id)
    _statements(sheet, plan)
    _checklist(sheet, facts)
    sheet.footer(*place)
    return sheet.figure


class _Sheet:
    """One A4 page; positions are shares of its width and height, y up from the bottom."""

    def __init__(self, plan: Plan) -> None:
        from matplotlib.figure import Figure

        self.plan = plan
        self.figure: Figure = Figure(figsize=_A4, facecolor="white")

    def text(self, x: float, y: float, words: str, size: float = 8.5, **style: str) -> None:
        """Write one line whose left (or right) end is at `x`."""
        self.figure.text(
            x,
            y,
            words,
            fontsize=size,
            color=style.get("colour", INK),
            fontweight=style.get("weight", "normal"),
            ha=style.get("align", "left"),
            va="center",
            fontfamily=FONT,
            parse_math=False,
        )

    def paragraph(self, y: float, words: str, size: float, width: int = 104) -> float:
        """Write lines of at most `width` letters; return the height below the last one."""
        from textwrap import wrap

        for line in wrap(words, width):
            self.text(_LEFT, y, line, size)
            y -= size * 1.45 / 72 / _A4[1]
        return y

    def title(self, y: float, words: str, x: float = _LEFT) -> None:
        """Write a section's name."""
        self.text(x, y, words.upper(), 7.5, colour=GREY, weight="bold")

    def box(self, x: float, y: float, width: float, height: float, **style: str) -> None:
        """Draw a rounded box from its lower left corner."""
        from matplotlib.patches import FancyBboxPatch

        edge, face = style.get("edge", LINE), style.get("face", "white")
        self.figure.add_artist(
            FancyBboxPatch(
                (x, y), width, height, boxstyle="round,pad=0,rounding_size=0.006",
                facecolor=face, edgecolor=edge, lw=1.4 if "face" in style else 0.8, zorder=-1,
            )
        )  # fmt: skip

    def rule(self, y: float, x: tuple[float, float] = (_LEFT, _RIGHT), **style: str) -> None:
        """Draw a horizontal line."""
        from matplotlib.lines import Line2D

        colour = style.get("colour", INK)
        self.figure.add_artist(Line2D(x, (y, y), color=colour, lw=0.8))

    def heading(self, title: str, line: str) -> None:
        """Write the top of the page: title, labels, patient, T1."""
        plan = self.plan
        if plan.labels:
            self.box(_LEFT, 0.963, _RIGHT - _LEFT, 0.022, face="#fff4d6", edge=AMBER)
            words = "  ·  ".join(plan.labels)
            self.text(0.5, 0.974, words, 11, colour=AMBER, weight="bold", align="center")
        self.text(_LEFT, 0.942, title, 16, weight="bold")
        self.text(_LEFT, 0.920, _shortened(line, 62), 10, colour=GREY)
        right = (
            (say("page-patient"), plan.patient_id),
            (say("page-t1"), short_hash(plan.t1_sha256)),
        )
        for k, (name, value) in enumerate(right):
            self.text(_RIGHT, 0.942 - 0.022 * k, f"{name}:  {value}", 9, align="right")
        self.rule(0.907)

    def footer(self, n: int, total: int) -> None:
        """Write the bottom of the page."""
        version = self.plan.versions.get("tmsplan", say("missing"))
        left = say("sheet-plan", created=self.plan.created, version=version)
        page = say("sheet-page", n=n, total=total)
        self.rule(0.034, colour=LINE)
        self.text(_LEFT, 0.022, f"{left}  ·  {page}", 7, colour=GREY)
        note = say("research-only")
        self.text(_RIGHT, 0.022, note, 8, colour=AMBER, weight="bold", align="right")


def _numbers(sheet: _Sheet, plan: Plan, facts: TargetFacts) -> None:
    sheet.box(_LEFT, 0.820, 0.43, 0.077, face="#fff8e5", edge="#d9a520")
    left = _LEFT + 0.014
    head = f"{say('sheet-numbers')}: {say('sheet-type-this')}"
    sheet.text(left, 0.882, head, 8, colour=GREY)
    sheet.text(left, 0.860, facts.coil_centre, 14, weight="bold")
    sheet.text(left, 0.836, frame_words(plan), 7.5, colour=GREY)
    x, width = _LEFT + 0.445, _RIGHT - _LEFT - 0.445
    sheet.box(x, 0.820, width, 0.077)
    sheet.text(x + 0.014, 0.882, say("card-cortex"), 8, colour=GREY)
    sheet.text(x + 0.014, 0.860, facts.cortex_side, 14, weight="bold")
    sheet.text(x + 0.014, 0.836, f"{facts.cortex}; {facts.depth}", 7.5, colour=GREY)
    _small_numbers(sheet, facts)


def _small_numbers(sheet: _Sheet, facts: TargetFacts) -> None:
    cells = (
        (_LEFT, say("card-handle"), facts.handle, facts.handle_points),
        (0.265, say("card-scalp"), facts.scalp_point, facts.standoff),
        (0.525, say("card-z"), facts.z, facts.interval),
        (0.690, say("card-mni"), facts.mni, facts.mni_frame),
    )
    for x, name, value, note in cells:
        sheet.text(x, 0.804, name, 7.5, colour=GREY)
        sheet.text(x, 0.787, value, 8.2, weight="bold")
        sheet.text(x, 0.772, note, 7.5, colour=GREY)


#: One large picture, the coil on the head, and two beside it: view, left, bottom, width, height.
_PLACES = (
    ("operator", _LEFT, 0.432, 0.545, 0.318),
    ("coil", 0.615, 0.594, 0.325, 0.156),
    ("cortex", 0.615, 0.432, 0.325, 0.156),
)


def _pictures(sheet: _Sheet, pictures: Mapping[str, Path]) -> None:
    from matplotlib.image import imread

    if not pictures:
        sheet.text(_LEFT, 0.60, say("no-pictures"), 9, colour=GREY)
    for view, left, bottom, width, height in _PLACES:
        if view in pictures:
            sheet.box(left, bottom, width, height)
            inset = (left + 0.004, bottom + 0.003, width - 0.008, height - 0.006)
            axes = sheet.figure.add_axes(inset)
            axes.imshow(imread(pictures[view]), interpolation="antialiased")
            axes.axis("off")


def _regions(sheet: _Sheet, plan: Plan) -> None:
    sheet.title(0.414, say("sheet-regions"))
    rows = [r for r in plan.ranking.rows if r.candidate][:_MOST_ROWS]
    for k, row in enumerate(rows):
        y = 0.396 - 0.0165 * k
        sheet.text(_LEFT, y, f"{row.rank}.  {row.name}, {say(str(row.hemi))}", 7.8)
        sheet.text(0.395, y, number(row.z, 2, sign=True), 7.8, weight="bold", align="right")
        sheet.text(0.405, y, _interval(row), 7, colour=GREY)
        sheet.rule(y - 0.0085, (_LEFT, 0.50), colour="#e6eaee")


def _interval(row: RankedParcel) -> str:
    if row.z_low is None or row.z_high is None:
        return ""
    return say("card-z-interval", low=row.z_low, high=row.z_high)


def _comparisons(sheet: _Sheet, plan: Plan, target_id: str) -> None:
    sheet.title(0.414, say("sheet-compare"), 0.54)
    rows = [c for c in plan.comparisons if target_id in {c.a, c.b}][:_MOST_ROWS]
    names = {t.target.id: t.target.name for t in plan.targets}
    for k, c in enumerate(rows):
        other, y = c.b if c.a == target_id else c.a, 0.396 - 0.0165 * k
        sheet.text(0.54, y, _shortened(names.get(other, other), 26), 7.8)
        words = say("sheet-compare-mm", cortex=c.euclidean_mm, scalp=c.scalp_mm)
        sheet.text(_RIGHT, y, words, 7.8, align="right")
        sheet.rule(y - 0.0085, (0.54, _RIGHT), colour="#e6eaee")


def _statements(sheet: _Sheet, plan: Plan) -> None:
    sheet.title(0.316, say("sheet-statements"))
    verdict = f"{say(f'verdict-{plan.ranking.verdict}')}: {plan.ranking.why}"
    lines = [verdict, *(s.text for s in plan.ranking.statements), *plan.caveats]
    y = 0.299
    for k, line in enumerate(lines):
        if y < 0.195 and k < len(lines) - 1:
            # What does not fit is counted, not dropped in silence.
            sheet.paragraph(y, say("sheet-more", n=len(lines) - k), 7.6)
            return
        y = sheet.paragraph(y, f"-  {line}", 7.6, 112) - 0.002


def _checklist(sheet: _Sheet, facts: TargetFacts) -> None:
    from matplotlib.patches import Rectangle

    sheet.title(0.158, say("sheet-checklist"))
    for k, words in enumerate(_checks(facts)):
        x, y = (_LEFT, 0.51)[k % 2], 0.139 - 0.021 * (k // 2)
        box = Rectangle((x, y - 0.005), 0.0135, 0.0095, fill=False, edgecolor=INK, lw=1.0)
        sheet.figure.add_artist(box)
        sheet.text(x + 0.022, y, words, 7.8)
    for x, words in ((_LEFT, say("sheet-prepared")), (0.52, say("sheet-checked"))):
        sheet.rule(0.060, (x, x + 0.42))
        sheet.text(x, 0.050, words, 7, colour=GREY)


def _checks(facts: TargetFacts) -> Sequence[str]:
    side = facts.cortex_side.split(",")[0]
    return (
        say("sheet-check-t1"),
        say("sheet-check-side", side=side),
        say("sheet-check-landmarks"),
        say("sheet-check-readback"),
        say("sheet-check-handle", where=facts.handle_points),
        say("sheet-check-safety"),
    )
