"""One A4 page of the target sheet: its pens, its head and foot, and text that is measured."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ..plan.plan import Plan
from .facts import short_hash
from .figures import FONT
from .words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "A4_MM", "AMBER", "GREY", "INK", "LEFT", "LINE", "RIGHT",
    "Paper", "fitted", "line_height", "text_width", "wrapped",
]  # fmt: skip

_A4 = (8.27, 11.69)  # inches
#: Width of the page: lengths given as shares of it become mm.
A4_MM = 210.0
INK, GREY, LINE, AMBER = "#1c2733", "#5a6775", "#ccd3da", "#8a5a00"
#: Margins, as shares of the page's width.
LEFT, RIGHT = 0.06, 0.94
#: A one-line text shrinks to this size before it loses letters; points.
_SMALLEST = 6.0
_LINE_SPACING = 1.22


@lru_cache(maxsize=8192)
def text_width(words: str, size: float, weight: str = "normal") -> float:
    """Return the measured width of one line in the PDF, as a share of the page's width."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    # Letters of a PDF are not hinted; those of a screen are, and differ by some per cent.
    font = FontProperties(family=FONT, size=size, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(words, font, ismath=False)
    return float(width) / 72 / _A4[0]


def line_height(size: float) -> float:
    """Return the distance between two lines, as a share of the page's height."""
    return size * _LINE_SPACING / 72 / _A4[1]


def fitted(words: str, size: float, room: float, weight: str = "normal") -> tuple[str, float]:
    """Return a text and size that fit on one line: smaller first, then fewer letters.

    Parameters
    ----------
    words : str
    size : float
        Wanted size, points.
    room : float
        Share of the page's width.
    weight : str

    Returns
    -------
    str
        As given, or cut and ended by an ellipsis; the whole of it is on the page, report.html.
    float
        Points, at most `size`.
    """
    while size > _SMALLEST and text_width(words, size, weight) > room:
        size = max(_SMALLEST, size - 0.25)
    if text_width(words, size, weight) <= room:
        return words, size
    while words and text_width(words + "…", size, weight) > room:
        words = words[:-1]
    return words.rstrip() + "…", size


def wrapped(words: str, size: float, room: float) -> list[str]:
    """Return a text as lines that are at most `room` wide, a share of the page's width.

    A word that is wider than a line is broken: nothing is lost and nothing runs out.
    """
    lines, line = [], ""
    for word in words.split():
        longer = f"{line} {word}" if line else word
        if text_width(longer, size) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        *whole, line = _broken(word, size, room)
        lines += whole
    return [*lines, line] if line else lines


def _broken(word: str, size: float, room: float) -> list[str]:
    parts, part = [], ""
    for letter in word:
        if part and text_width(part + letter, size) > room:
            parts.append(part)
            part = ""
        part += letter
    return [*parts, part]


class Paper:
    """One A4 page; positions are shares of its width and height, y up from the bottom."""

    def __init__(self, plan: Plan) -> None:
        from matplotlib.figure import Figure

        self.plan = plan
        self.figure: Figure = Figure(figsize=_A4, facecolor="white")

    def text(
        self, x: float, y: float, words: str, size: float, *, room: float = 1.0, **style: str
    ) -> None:
        """Write one line, at most `room` wide, whose left (or right) end is at `x`."""
        weight = style.get("weight", "normal")
        words, size = fitted(words, size, room, weight)
        self.figure.text(
            x,
            y,
            words,
            fontsize=size,
            color=style.get("colour", INK),
            fontweight=weight,
            ha=style.get("align", "left"),
            va="center",
            fontfamily=FONT,
            parse_math=False,
        )

    def paragraph(self, y: float, words: str, size: float) -> float:
        """Write lines over the full width; return the height below the last one."""
        for line in wrapped(words, size, RIGHT - LEFT):
            self.text(LEFT, y, line, size)
            y -= line_height(size)
        return y

    def title(self, y: float, words: str, x: float = LEFT) -> None:
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

    def rule(self, y: float, x: tuple[float, float] = (LEFT, RIGHT), **style: str) -> None:
        """Draw a horizontal line."""
        from matplotlib.lines import Line2D

        colour = style.get("colour", INK)
        self.figure.add_artist(Line2D(x, (y, y), color=colour, lw=0.8))

    def heading(self, title: str, line: str) -> None:
        """Write the top of the page: title, labels, patient, T1, and a line on what it is of."""
        plan, full = self.plan, RIGHT - LEFT
        if plan.labels:
            self.box(LEFT, 0.963, full, 0.022, face="#fff4d6", edge=AMBER)
            words = "  ·  ".join(plan.labels)
            style = {"colour": AMBER, "weight": "bold", "align": "center"}
            self.text(0.5, 0.974, words, 11, room=full - 0.02, **style)
        self.text(LEFT, 0.942, title, 16, room=0.40, weight="bold")
        right = (
            (0.948, f"{say('page-patient')}:  {plan.patient_id}"),
            (0.932, f"{say('page-t1')}:  {short_hash(plan.t1_sha256)}"),
        )
        for y, words in right:
            self.text(RIGHT, y, words, 8.5, room=0.46, align="right")
        self.text(LEFT, 0.917, line, 10, room=full, colour=GREY)
        self.rule(0.906)

    def footer(self, n: int, total: int) -> None:
        """Write the bottom of the page."""
        version = self.plan.versions.get("tmsplan", say("missing"))
        made = say("sheet-plan", created=self.plan.created, version=version)
        page = say("sheet-page", n=n, total=total)
        left = f"{page}  ·  {made}  ·  {say('sheet-set-plain')}"
        self.rule(0.034, colour=LINE)
        self.text(LEFT, 0.022, left, 7, room=0.56, colour=GREY)
        note = say("research-only")
        self.text(RIGHT, 0.022, note, 8, room=0.33, colour=AMBER, weight="bold", align="right")
