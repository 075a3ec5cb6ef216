"""How a target's sheet fits on one A4 page: sizes are chosen here, once, for both printers.

Everything but pictures and statements has a known height. Statements come first: they shrink
to 6 points, pictures to a strip of thumbnails, before anything goes on to a second page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from .sheet_content import SheetContent, Who
from .sheet_paper import text_width
from .sheet_statements import Block, Statements, set_statements

__all__ = ["Fit", "StatementPage", "fit_cover", "fit_target", "head_mm"]

#: A4, and what its margins leave: `static/sheet.css` says the same.
_A4_MM = (210.0, 297.0)
_FULL_MM = 280.0
#: Heights of the parts that do not give way, mm, with their gaps; `static/sheet.css` sets them.
_BAND, _BANDS, _BANNER, _HEADER = 10.0, 13.0, 7.0, 15.0
_NUMBERS, _SMALL, _BOTTOM, _FOOT = 25.5, 13.0, 45.0, 6.0
_TITLE = 5.2
#: Titles and captions of pictures and slices.
_PICTURE_WORDS = 10.0
#: Tape and comparison: size and pitch of their lines, a column's width, a row of the table.
_MID_PT, _MID_LINE, _MID_MM, _ROW = 6.8, 3.05, 92.0, 4.0
#: Width of a column of statements without its bullet.
_COLUMN_MM = 89.5
#: Lines break a little differently in each engine.
_SPARE_MM = 2.5
#: Tried in order: size of the statements (points), least height of pictures and slices (mm).
_SETTINGS = ((7.0, 84.0), (6.6, 78.0), (6.2, 70.0), (6.0, 60.0), (6.0, 29.0))
#: What a sheet whose statements go on to a second page is set in.
_OVERFLOWING = (6.2, 70.0)
_TALLEST = 106.0
#: Lower than this, pictures and slices stand in one row.
_TWO_ROWS_FROM = 60.0
_STRIP = 29.0
#: Share of two rows that the pictures get.
_PICTURE_SHARE = 0.53
_COVER_SIZES = (8.0, 7.4, 7.0, 6.6, 6.2)


@dataclass(frozen=True, slots=True)
class StatementPage:
    """The statements of one page, in two columns."""

    left: tuple[Block, ...]
    right: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """The sizes of one sheet.

    Parameters
    ----------
    size_pt : float
        Of the statements.
    pictures_mm, slices_mm : float
        Heights.
    strip : bool
        Whether pictures and slices stand in one row.
    pages : tuple of StatementPage
        The first is beside the pictures, the others follow.
    """

    size_pt: float
    pictures_mm: float
    slices_mm: float
    strip: bool
    pages: tuple[StatementPage, ...]


def fit_target(texts: Sequence[str], content: SheetContent, who: Who, *, pictured: bool) -> Fit:
    """Choose the largest statements that leave the pictures room.

    Parameters
    ----------
    texts : sequence of str
        From `all_statements`.
    content : SheetContent
    who : Who
    pictured : bool
        Whether there is anything to draw.
    """
    words = _PICTURE_WORDS if pictured else _ROW
    free = _FULL_MM - head_mm(who, content.stands_out) - _fixed(content) - words - _SPARE_MM
    next_mm = _FULL_MM - head_mm(who, content.stands_out) - _TITLE - _FOOT - _SPARE_MM
    for size, least in _SETTINGS:
        statements = _set(texts, size)
        left = free - statements.height * _A4_MM[1]
        if left >= (least if pictured else 0.0):
            return _sized(statements, min(left, _TALLEST) if pictured else 0.0, (free, next_mm))
    size, least = _OVERFLOWING
    return _sized(_set(texts, size), least if pictured else 0.0, (free, next_mm))


def fit_cover(
    texts: Sequence[str], above_mm: float, who: Who
) -> tuple[float, tuple[StatementPage, ...]]:
    """Return size and pages of the statements of a page that has no target."""
    full = _FULL_MM - head_mm(who, stands_out=False) - _TITLE - _FOOT - _SPARE_MM
    for size in _COVER_SIZES:
        statements = _set(texts, size)
        if statements.height * _A4_MM[1] <= full - above_mm:
            break
    return statements.size, _paged(statements, full - above_mm, full)


def head_mm(who: Who, stands_out: bool) -> float:
    """Return the height of what every page begins with."""
    band = 0.0 if not who.labels else _BAND if len(who.labels) == 1 else _BANDS
    return band + _HEADER + (0.0 if stands_out else _BANNER)


def _set(texts: Sequence[str], size: float) -> Statements:
    return set_statements(texts, size, _COLUMN_MM / _A4_MM[0])


def _sized(statements: Statements, pictures: float, free: tuple[float, float]) -> Fit:
    strip = 0 < pictures < _TWO_ROWS_FROM
    upper = min(pictures, _STRIP) if strip else _PICTURE_SHARE * pictures
    lower = upper if strip else pictures - upper
    room = free[0] - (upper if strip else pictures)
    return Fit(statements.size, upper, lower, strip, _paged(statements, room, free[1]))


def _paged(statements: Statements, room: float, later: float) -> tuple[StatementPage, ...]:
    """Return the statements page by page: `room` mm on the first, `later` mm on the others."""
    pages = []
    while True:
        left, right, statements = statements.columns(room / _A4_MM[1])
        pages.append(StatementPage(left, right))
        if not statements.blocks:
            return tuple(pages)
        room = later


def _fixed(content: SheetContent) -> float:
    return _NUMBERS + _SMALL + _middle(content) + _TITLE + _BOTTOM + _FOOT


def _middle(content: SheetContent) -> float:
    tape = sum(_lines(text) for text in content.tape) * _MID_LINE + 0.8 * len(content.tape)
    compared = (1 + len(content.rows)) * _ROW + 2 * _MID_LINE
    field = (_lines(content.field) + 1) * _MID_LINE if content.field else 0.0
    return _TITLE + 1.5 + max(tape, compared + field)


def _lines(text: str) -> int:
    """Return the lines of a text in a half column, a little more than a perfect break needs."""
    return ceil(1.06 * text_width(text, _MID_PT) * _A4_MM[0] / _MID_MM)
