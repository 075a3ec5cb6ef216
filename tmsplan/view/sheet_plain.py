"""The target sheet: one printed A4 page per target, for the hands that hold the coil.

All statements of how sure the plan is are on it. The pictures give way to them; only what
does not fit beside the smallest pictures goes on to a second page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..plan.plan import Plan
from ..target.ranking import RankedParcel
from .facts import TargetFacts, frame_words, number, plan_head, target_facts
from .figures import neutral_style
from .sheet_paper import GREY, INK, LEFT, RIGHT, Paper
from .sheet_statements import Statements, all_statements, set_statements
from .words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["write_sheet"]

_MOST_ROWS = 4

# Heights of the page's parts, as shares of its own.
_PICTURES_TOP = 0.757
_TABLES = 0.104  # from the foot of the pictures to the head of the statements
_STATEMENT_TITLE = 0.012
_STATEMENTS_FOOT = 0.158
_SECOND_TOP, _SECOND_FOOT = 0.885, 0.045
#: Tried in order: size of the statements (points) and the least height of the pictures.
_SETTINGS = ((7.2, 0.28), (6.6, 0.26), (6.0, 0.14))
_TALLEST_PICTURES = 0.33
#: Lower ones stand side by side.
_STACKED_FROM = 0.25


def write_sheet(
    plan: Plan, path: Path, pictures: Mapping[str, Mapping[str, Path]] | None = None
) -> Path:
    """Write ``sheet.pdf``: one page per target, or one that says that there is none.

    A target whose statements cannot fit on one page gets a second one, and both say so.

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
    axes = plan_head(plan)
    papers = [
        paper
        for t in plan.targets
        for paper in _target(plan, target_facts(plan, t, axes), pictures.get(t.target.id, {}))
    ]
    papers = papers or _no_target(plan)
    for n, paper in enumerate(papers, start=1):
        paper.footer(n, len(papers))
    return [paper.figure for paper in papers]


def _no_target(plan: Plan) -> list[Paper]:
    line = say(f"verdict-{plan.ranking.verdict}")
    paper = Paper(plan)
    paper.heading(say("sheet-title"), line)
    y = paper.paragraph(0.885, say("sheet-no-target", why=plan.ranking.why), 10) - 0.02
    statements = set_statements(all_statements(plan), _SETTINGS[0][0])
    return _with_statements(paper, line, statements, (y, _SECOND_FOOT))


def _target(plan: Plan, facts: TargetFacts, pictures: Mapping[str, Path]) -> list[Paper]:
    line = f"{facts.name}  ·  {facts.kind}"
    paper = Paper(plan)
    paper.heading(say("sheet-title"), line)
    _numbers(paper, plan, facts)
    statements, height = _setting(plan)
    _pictures(paper, pictures, height)
    tables = _PICTURES_TOP - height - 0.016
    _regions(paper, plan, tables)
    _comparisons(paper, plan, facts.id, tables)
    _checklist(paper, facts)
    top = _PICTURES_TOP - height - _TABLES
    return _with_statements(paper, line, statements, (top, _STATEMENTS_FOOT))


def _setting(plan: Plan) -> tuple[Statements, float]:
    """Return the largest statements that leave their pictures room, and the pictures' height."""
    room = _PICTURES_TOP - _TABLES - _STATEMENT_TITLE - _STATEMENTS_FOOT
    texts = all_statements(plan)
    for size, least in _SETTINGS:
        statements = set_statements(texts, size)
        height = min(_TALLEST_PICTURES, room - statements.height)
        if height >= least:
            return statements, height
    size, least = _SETTINGS[-1]
    return set_statements(texts, size), least


def _with_statements(
    paper: Paper, line: str, statements: Statements, place: tuple[float, float]
) -> list[Paper]:
    """Write statements between two heights of a page, and the rest on pages after it."""
    papers, starts = [paper], [place[0]]
    top, foot = place
    while True:
        body = top - _STATEMENT_TITLE
        statements = statements.draw(papers[-1], body, body - foot)
        if not statements.blocks:
            break
        top, foot = _SECOND_TOP, _SECOND_FOOT
        papers.append(Paper(paper.plan))
        papers[-1].heading(say("sheet-title"), line)
        starts.append(top)
    for n, (page, y) in enumerate(zip(papers, starts, strict=True), start=1):
        of = f"  ·  {say('sheet-page', n=n, total=len(papers))}" if len(papers) > 1 else ""
        page.title(y, say("sheet-statements") + of)
    return papers


def _numbers(paper: Paper, plan: Plan, facts: TargetFacts) -> None:
    left, width = LEFT, 0.43
    head = f"{say('sheet-numbers')}: {say('sheet-type-this')}"
    paper.box(left, 0.820, width, 0.077, face="#fff8e5", edge="#d9a520")
    _boxed(paper, left, width, (head, facts.coil_centre, frame_words(plan)))
    left, width = LEFT + 0.445, RIGHT - LEFT - 0.445
    paper.box(left, 0.820, width, 0.077)
    note = f"{facts.cortex}; {facts.depth}"
    _boxed(paper, left, width, (say("card-cortex"), facts.cortex_side, note))
    _small_numbers(paper, facts)


def _boxed(paper: Paper, left: float, width: float, lines: tuple[str, str, str]) -> None:
    x, room = left + 0.014, width - 0.028
    paper.text(x, 0.882, lines[0], 8, room=room, colour=GREY)
    paper.text(x, 0.860, lines[1], 14, room=room, weight="bold")
    paper.text(x, 0.836, lines[2], 7.5, room=room, colour=GREY)


def _small_numbers(paper: Paper, facts: TargetFacts) -> None:
    cells = (
        (LEFT, 0.205, say("card-handle"), facts.handle, facts.handle_points),
        (0.280, 0.235, say("card-scalp"), facts.scalp_point, facts.standoff),
        (0.530, 0.155, say("card-z"), facts.z, facts.interval),
        (0.700, 0.240, say("card-mni"), facts.mni, facts.mni_frame),
    )
    for x, room, name, value, note in cells:
        paper.text(x, 0.806, name, 7.5, room=room, colour=GREY)
        paper.text(x, 0.790, value, 8.2, room=room, weight="bold")
        paper.text(x, 0.775, note, 7.5, room=room, colour=GREY)


def _places(height: float) -> dict[str, tuple[float, float, float, float]]:
    """Return left, bottom, width and height of each view: the coil on the head comes first."""
    foot, gap = _PICTURES_TOP - height, 0.006
    if height < _STACKED_FROM:
        width = (RIGHT - LEFT - 2 * 0.01) / 3
        row = enumerate(("operator", "coil", "cortex"))
        return {view: (LEFT + k * (width + 0.01), foot, width, height) for k, view in row}
    half = (height - gap) / 2
    return {
        "operator": (LEFT, foot, 0.545, height),
        "coil": (0.615, foot + half + gap, 0.325, half),
        "cortex": (0.615, foot, 0.325, half),
    }


def _pictures(paper: Paper, pictures: Mapping[str, Path], height: float) -> None:
    from matplotlib.image import imread

    if not pictures:
        y = _PICTURES_TOP - height / 2
        paper.text(LEFT, y, say("no-pictures"), 9, room=RIGHT - LEFT, colour=GREY)
    for view, (left, foot, width, tall) in _places(height).items():
        if view in pictures:
            paper.box(left, foot, width, tall)
            axes = paper.figure.add_axes((left + 0.004, foot + 0.003, width - 0.008, tall - 0.006))
            axes.imshow(imread(pictures[view]), interpolation="antialiased")
            axes.axis("off")


def _regions(paper: Paper, plan: Plan, top: float) -> None:
    paper.title(top, say("sheet-regions"))
    rows = [r for r in plan.ranking.rows if r.candidate][:_MOST_ROWS]
    for k, row in enumerate(rows):
        y = top - 0.0155 * (k + 1)
        name = f"{row.rank}.  {row.name}, {say(str(row.hemi))}"
        paper.text(LEFT, y, name, 7.5, room=0.240)
        z = number(row.z, 2, sign=True)
        paper.text(0.350, y, z, 7.5, room=0.045, weight="bold", align="right")
        paper.text(0.358, y, _interval(row), 7, room=0.095, colour=GREY)
        paper.rule(y - 0.0078, (LEFT, 0.455), colour="#e6eaee")


def _interval(row: RankedParcel) -> str:
    if row.z_low is None or row.z_high is None:
        return ""
    return say("card-z-interval", low=row.z_low, high=row.z_high)


def _comparisons(paper: Paper, plan: Plan, target_id: str, top: float) -> None:
    left = 0.475
    paper.title(top, say("sheet-compare"), left)
    rows = [c for c in plan.comparisons if target_id in {c.a, c.b}][:_MOST_ROWS]
    names = {t.target.id: t.target.name for t in plan.targets}
    for k, c in enumerate(rows):
        other, y = c.b if c.a == target_id else c.a, top - 0.0155 * (k + 1)
        words = say("sheet-compare-mm", cortex=c.euclidean_mm, scalp=c.scalp_mm)
        paper.text(RIGHT, y, words, 7, room=0.190, align="right")
        paper.text(left, y, names.get(other, other), 7.5, room=RIGHT - left - 0.200)
        paper.rule(y - 0.0078, (left, RIGHT), colour="#e6eaee")


def _checklist(paper: Paper, facts: TargetFacts) -> None:
    from matplotlib.patches import Rectangle

    paper.title(0.144, say("sheet-checklist"))
    for k, words in enumerate(_checks(facts)):
        x, y = (LEFT, 0.51)[k % 2], 0.126 - 0.0185 * (k // 2)
        box = Rectangle((x, y - 0.005), 0.0135, 0.0095, fill=False, edgecolor=INK, lw=1.0)
        paper.figure.add_artist(box)
        paper.text(x + 0.022, y, words, 7.8, room=0.405)
    for x, words in ((LEFT, say("sheet-prepared")), (0.52, say("sheet-checked"))):
        paper.rule(0.057, (x, x + 0.42))
        paper.text(x, 0.047, words, 7, room=0.42, colour=GREY)


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
