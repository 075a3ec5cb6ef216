"""The sheet without a typesetter: the same numbers and sentences, drawn by matplotlib.

All statements of how sure the plan is are on it. The pictures give way to them; only what
does not fit beside the smallest pictures goes on to a second page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..plan.plan import Plan
from .facts import plan_head
from .figures import neutral_style
from .sheet_content import SheetContent, all_statements, sheet_content
from .sheet_paper import GREY, INK, LEFT, RIGHT, Paper, line_height
from .sheet_statements import Block, Statements, set_statements
from .words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plain_pages", "write_plain"]

# Heights of the page's parts, as shares of its own.
_PICTURES_TOP = 0.757
_TABLES = 0.088  # from the foot of the pictures to the head of the statements
_STATEMENT_TITLE = 0.012
_STATEMENTS_FOOT = 0.196
_SECOND_TOP, _SECOND_FOOT = 0.885, 0.045
#: Tried in order: size of the statements (points) and the least height of the pictures.
_SETTINGS = ((7.2, 0.28), (6.6, 0.26), (6.0, 0.14))
_TALLEST_PICTURES = 0.33
#: Lower ones stand side by side.
_STACKED_FROM = 0.25
_GUTTER = 0.026
_COLUMN = (RIGHT - LEFT - _GUTTER) / 2
_INDENT = 0.011
_BULLET = "–"  # noqa: RUF001 (a dash is meant)
_ROWS = 4


def write_plain(
    plan: Plan, path: Path, pictures: Mapping[str, Mapping[str, Path]] | None = None
) -> Path:
    """Write the sheet as a PDF without date: equal plans give equal files.

    Parameters
    ----------
    plan : Plan
    path : Path
        PDF file to write.
    pictures : mapping of target id to mapping of view id to PNG file, or None
    """
    from matplotlib.backends.backend_pdf import PdfPages

    title = say("page-title", patient=plan.patient_id)
    metadata = {"CreationDate": None, "ModDate": None, "Title": title, "Producer": None}
    with neutral_style(), PdfPages(path, metadata=metadata) as pdf:
        for page in plain_pages(plan, pictures or {}):
            pdf.savefig(page)
    return path


def plain_pages(plan: Plan, pictures: Mapping[str, Mapping[str, Path]]) -> list[Figure]:
    """Return the pages as matplotlib figures, in order."""
    head = plan_head(plan)
    papers = []
    if plan.ranking.verdict != "target" or not plan.targets:
        papers += _nobody(plan)
    for planned in plan.targets:
        content = sheet_content(plan, planned, head)
        papers += _target(plan, content, pictures.get(planned.target.id, {}))
    for n, paper in enumerate(papers, start=1):
        paper.footer(n, len(papers))
    return [paper.figure for paper in papers]


def _nobody(plan: Plan) -> list[Paper]:
    line = say(f"verdict-{plan.ranking.verdict}")
    paper = Paper(plan)
    paper.heading(say("sheet-title"), line)
    why = plan.ranking.why if plan.targets else say("sheet-no-target", why=plan.ranking.why)
    y = paper.paragraph(0.885, why, 10) - 0.02
    statements = set_statements(all_statements(plan), _SETTINGS[0][0], _COLUMN - _INDENT)
    return _with_statements(paper, line, statements, (y, _SECOND_FOOT))


def _target(plan: Plan, content: SheetContent, pictures: Mapping[str, Path]) -> list[Paper]:
    line = f"{content.facts.name}  ·  {content.facts.kind}"
    if not content.stands_out:
        line = f"{say('sheet-nobody')}  ·  {line}"
    paper = Paper(plan)
    paper.heading(say("sheet-title"), line)
    _numbers(paper, content)
    statements, height = _setting([*_own_lines(content), *all_statements(plan)])
    _pictures(paper, pictures, height)
    _comparisons(paper, content, _PICTURES_TOP - height - 0.016)
    _checklist(paper, content)
    top = _PICTURES_TOP - height - _TABLES
    return _with_statements(paper, line, statements, (top, _STATEMENTS_FOOT))


def _own_lines(content: SheetContent) -> list[str]:
    """Return what this target adds to the plan's statements."""
    marks = [f"{m.name} ({m.doubt}): {m.point} {content.frame}." for m in content.landmarks]
    field = [f"{content.field} {say('sheet-field-note')}"] if content.field else []
    near = f"{say('sheet-near')}: {content.nearest}, {say('sheet-near-note')}."
    held = f"{say('sheet-handle-held')}: {content.held}."
    note = f"{say('sheet-marks')}. {content.landmarks_note}"
    return [held, near, *content.tape, note, *marks, *field]


def _setting(texts: Sequence[str]) -> tuple[Statements, float]:
    """Return the largest statements that leave their pictures room, and the pictures' height."""
    room = _PICTURES_TOP - _TABLES - _STATEMENT_TITLE - _STATEMENTS_FOOT
    size, least = _SETTINGS[-1]
    statements = set_statements(texts, size, _COLUMN - _INDENT)
    for size, least in _SETTINGS:
        statements = set_statements(texts, size, _COLUMN - _INDENT)
        height = min(_TALLEST_PICTURES, room - statements.height)
        if height >= least:
            return statements, height
    return statements, least


def _with_statements(
    paper: Paper, line: str, statements: Statements, place: tuple[float, float]
) -> list[Paper]:
    """Write statements between two heights of a page, and the rest on pages after it."""
    papers, starts = [paper], [place[0]]
    top, foot = place
    while True:
        body = top - _STATEMENT_TITLE
        *columns, statements = statements.columns(body - foot)
        for left, blocks in zip((LEFT, LEFT + _COLUMN + _GUTTER), columns, strict=True):
            _column(papers[-1], (left, body), blocks, statements.size)
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


def _column(paper: Paper, top: tuple[float, float], blocks: Sequence[Block], size: float) -> None:
    left, y = top
    pitch = line_height(size)
    y -= pitch / 2
    for opens, lines in blocks:
        if opens:
            paper.text(left, y, _BULLET, size)
        for line in lines:
            paper.text(left + _INDENT, y, line, size)
            y -= pitch
        y -= 0.35 * pitch


def _numbers(paper: Paper, content: SheetContent) -> None:
    facts = content.facts
    left, width = LEFT, 0.43
    head = f"{say('sheet-numbers')}: {say('sheet-type-this')}"
    paper.box(left, 0.820, width, 0.077, face="#fff8e5", edge="#d9a520")
    _boxed(paper, left, width, (head, facts.coil_centre, content.frame))
    left, width = LEFT + 0.445, RIGHT - LEFT - 0.445
    paper.box(left, 0.820, width, 0.077)
    note = f"{facts.cortex}, {content.frame}; {facts.depth}"
    _boxed(paper, left, width, (say("card-cortex"), facts.cortex_side, note))
    _small_numbers(paper, content)


def _boxed(paper: Paper, left: float, width: float, lines: tuple[str, str, str]) -> None:
    x, room = left + 0.014, width - 0.028
    paper.text(x, 0.882, lines[0], 8, room=room, colour=GREY)
    paper.text(x, 0.860, lines[1], 14, room=room, weight="bold")
    for k, words in enumerate(lines[2].split("; ")):
        paper.text(x, 0.841 - 0.012 * k, words, 7.5, room=room, colour=GREY)


def _small_numbers(paper: Paper, content: SheetContent) -> None:
    facts = content.facts
    cells = (
        (LEFT, 0.195, say("card-handle"), facts.handle, facts.handle_points),
        (0.270, 0.285, say("card-scalp"), facts.scalp_point, content.frame),
        (0.570, 0.135, say("card-z"), facts.z, facts.interval),
        (0.720, 0.220, say("card-mni"), facts.mni, facts.mni_frame),
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


def _comparisons(paper: Paper, content: SheetContent, top: float) -> None:
    paper.title(top, say("sheet-compare"))
    for k, row in enumerate(content.rows[:_ROWS]):
        y = top - 0.0145 * (k + 1)
        words = say("sheet-compare-mm", cortex=row.cortex, scalp=row.scalp)
        more = f"{words}; {say('sheet-same')} {row.same}; {say('sheet-overlap')} {row.overlap}"
        paper.text(RIGHT, y, more, 7, room=0.50, align="right")
        paper.text(LEFT, y, row.name, 7.5, room=RIGHT - LEFT - 0.51)
        paper.rule(y - 0.0072, colour="#e6eaee")


def _checklist(paper: Paper, content: SheetContent) -> None:
    from matplotlib.patches import Rectangle

    paper.title(0.176, say("sheet-checklist"))
    for k, words in enumerate((*content.checks, say("sheet-marks"))):
        x, y = (LEFT, 0.51)[k % 2], 0.158 - 0.0185 * (k // 2)
        box = Rectangle((x, y - 0.005), 0.0135, 0.0095, fill=False, edgecolor=INK, lw=1.0)
        paper.figure.add_artist(box)
        paper.text(x + 0.022, y, words, 7.8, room=0.405)
    for x, words in ((LEFT, say("sheet-prepared")), (0.52, say("sheet-checked"))):
        paper.rule(0.062, (x, x + 0.42))
        paper.text(x, 0.051, words, 7, room=0.42, colour=GREY)
