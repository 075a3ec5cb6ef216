"""How a target's sheet fits on one A4 page: sizes are chosen here, once, for both printers.

Everything but pictures and statements has a known height. Statements come first: they shrink
to 6 points, pictures to a strip of thumbnails, before anything goes on to a second page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from .sheet_content import SheetContent, Who
from .sheet_paper import A4_MM, text_width
from .sheet_statements import Block, Statements, set_statements

__all__ = ["Fit", "StatementPage", "fit_cover", "fit_target", "head_mm"]

#: Height of A4, and what its margins leave: `static/sheet.css` says the same.
_TALL_MM = 297.0
_FULL_MM = 282.0
#: Heights of the parts that do not give way, mm, with their gaps; `static/sheet.css` sets them.
_BAND, _BANDS, _BANNER, _HEADER = 9.0, 12.5, 7.0, 14.5
_NUMBERS, _SMALL, _FOOT = 21.5, 13.0, 5.5
_TITLE = 5.2
#: Captions of pictures and slices.
_PICTURE_WORDS = 10.5
#: The two columns at the foot: size and pitch of their lines, width, a row of the comparison, a
#: box to tick, a landmark, the two names.
_FOOT_PT, _FOOT_LINE, _FOOT_MM, _ROW = 6.6, 2.95, 90.0, 4.0
_CHECK, _LANDMARK, _NAMES = 3.7, 7.6, 9.5
#: Width of a column of statements without its bullet.
_COLUMN_MM = 89.5
#: Lines break a little differently in each engine.
_SPARE_MM = 2.5
#: Tried in order: size of the statements (points), least height of pictures and slices (mm).
_SETTINGS = ((7.0, 84.0), (6.6, 78.0), (6.2, 70.0), (6.0, 60.0))
#: What a sheet whose statements go on to a second page is set in.
_OVERFLOWING = (6.2, 70.0)
#: Before that, pictures and slices stand in one row.
_STRIP_SIZES = (6.6, 6.3, 6.0)
_STRIP = 29.0
#: Captions of a strip are one line, not two.
_SHORT_CAPTIONS = 2.5
#: Share of two rows that the pictures get.
_PICTURE_SHARE = 0.52
#: Three pictures or three slices fill the page's width at this height, and a strip its half.
_PICTURE_WIDE, _ROW_MM, _STRIP_SLICES_MM, _STRIP_PICTURES_MM = 1.32, 180.0, 82.0, 102.0
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


def fit_target(
    texts: Sequence[str], content: SheetContent, who: Who, *, pictures: int, slices: float
) -> Fit:
    """Choose the largest statements that leave the pictures room.

    Parameters
    ----------
    texts : sequence of str
        From `all_statements`.
    content : SheetContent
    who : Who
    pictures : int
        How many there are.
    slices : float
        Sum of the slices' widths over their height; 0 without slices.
    """
    drawn = pictures > 0 or slices > 0
    words = _PICTURE_WORDS if drawn else _ROW
    page = _FULL_MM - head_mm(who, content.stands_out) - _SPARE_MM
    free = page - _fixed(content) - words
    room = _Room(pictures, slices, free, page - _TITLE - _FOOT)
    for size, least in _SETTINGS:
        statements = _set(texts, size)
        left = free - statements.height * _TALL_MM
        if left >= (least if drawn else 0.0):
            return room.two_rows(statements, left)
    for size in _STRIP_SIZES if drawn else ():
        statements = _set(texts, size)
        if free - statements.height * _TALL_MM >= max(room.strip_mm) - _SHORT_CAPTIONS:
            return room.strip(statements)
    size, least = _OVERFLOWING
    return room.two_rows(_set(texts, size), least)


@dataclass(frozen=True, slots=True)
class _Room:
    """What there is to draw and to fill: mm on the page of the pictures and on later ones."""

    pictures: int
    slices: float
    free: float
    later: float

    def two_rows(self, statements: Statements, height: float) -> Fit:
        """Return the sizes with pictures over slices, in this height at most."""
        tall = _ROW_MM / 3 / _PICTURE_WIDE if self.pictures else 0.0
        upper = min(_PICTURE_SHARE * height if self.slices else height, tall)
        lower = min(height - upper, _ROW_MM / self.slices) if self.slices else 0.0
        pages = _paged(statements, self.free - upper - lower, self.later)
        return Fit(statements.size, upper, lower, strip=False, pages=pages)

    @property
    def strip_mm(self) -> tuple[float, float]:
        """Heights of pictures and slices in one row, each filling its half."""
        upper = _STRIP_PICTURES_MM / 3 / _PICTURE_WIDE
        return upper, min(_STRIP, _STRIP_SLICES_MM / self.slices) if self.slices else 0.0

    def strip(self, statements: Statements) -> Fit:
        """Return the sizes with pictures beside slices."""
        upper, lower = self.strip_mm
        room = self.free + _SHORT_CAPTIONS - max(upper, lower)
        pages = _paged(statements, room, self.later)
        return Fit(statements.size, upper, lower, strip=True, pages=pages)


def fit_cover(
    texts: Sequence[str], above_mm: float, who: Who
) -> tuple[float, tuple[StatementPage, ...]]:
    """Return size and pages of the statements of a page that has no target."""
    full = _FULL_MM - head_mm(who, stands_out=False) - _TITLE - _FOOT - _SPARE_MM
    statements = _set(texts, _COVER_SIZES[0])
    for size in _COVER_SIZES:
        statements = _set(texts, size)
        if statements.height * _TALL_MM <= full - above_mm:
            break
    return statements.size, _paged(statements, full - above_mm, full)


def head_mm(who: Who, stands_out: bool) -> float:
    """Return the height of what every page begins with."""
    band = 0.0 if not who.labels else _BAND if len(who.labels) == 1 else _BANDS
    return band + _HEADER + (0.0 if stands_out else _BANNER)


def _set(texts: Sequence[str], size: float) -> Statements:
    return set_statements(texts, size, _COLUMN_MM / A4_MM)


def _paged(statements: Statements, room: float, later: float) -> tuple[StatementPage, ...]:
    """Return the statements page by page: `room` mm on the first, `later` mm on the others."""
    pages = []
    while True:
        left, right, statements = statements.columns(room / _TALL_MM)
        pages.append(StatementPage(left, right))
        if not statements.blocks:
            return tuple(pages)
        room = later


def _fixed(content: SheetContent) -> float:
    return _NUMBERS + _SMALL + _TITLE + _FOOT + 1.5 + max(_left(content), _right(content))


def _left(content: SheetContent) -> float:
    """Return the height of tape and checklist."""
    tape = sum(_lines(text) for text in content.tape) * _FOOT_LINE + 0.7 * len(content.tape)
    return 2 * _TITLE + tape + _CHECK * len(content.checks)


def _right(content: SheetContent) -> float:
    """Return the height of comparison, field, landmarks and names."""
    compared = (1 + len(content.rows)) * _ROW + _FOOT_LINE
    field = (_lines(content.field) + 1) * _FOOT_LINE if content.field else 0.0
    note = _lines(f"{content.frame}. {content.landmarks_note}") * _FOOT_LINE
    marks = _LANDMARK * len(content.landmarks) or 3 * _CHECK
    return 2 * _TITLE + compared + field + note + marks + _NAMES


def _lines(text: str) -> int:
    """Return the lines of a text in a half column, a little more than a perfect break needs."""
    return ceil(1.06 * text_width(text, _FOOT_PT) * A4_MM / _FOOT_MM)
