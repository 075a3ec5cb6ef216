"""Every statement of how sure a plan is, set in two columns: none is cut, none is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..plan.plan import Plan
from .sheet_paper import LEFT, RIGHT, Paper, line_height, wrapped
from .words import say

__all__ = ["Statements", "all_statements", "set_statements"]

_GUTTER = 0.026
_COLUMN = (RIGHT - LEFT - _GUTTER) / 2
_INDENT = 0.011
_BULLET = "–"  # noqa: RUF001 (a dash is meant)
#: Longer ones may be broken between columns and pages; lines.
_LONGEST_BLOCK = 12

Block = tuple[bool, tuple[str, ...]]  # Does it open a statement? Its lines.


@dataclass(frozen=True, slots=True)
class Statements:
    """Wrapped statements of one size (points), in order."""

    size: float
    blocks: tuple[Block, ...]

    @property
    def height(self) -> float:
        """The height that two balanced columns need, as a share of the page's."""
        cuts = range(len(self.blocks) + 1)
        return min(max(self._tall(0, k), self._tall(k, len(self.blocks))) for k in cuts)

    def _tall(self, start: int, stop: int) -> float:
        part = self.blocks[start:stop]
        lines = sum(len(b) for _, b in part)
        return (lines + 0.35 * len(part)) * line_height(self.size)

    def _filled(self, start: int, height: float) -> int:
        """Return where the column ends that starts at a block and has this height."""
        stop = start
        while stop < len(self.blocks) and self._tall(start, stop + 1) <= height + 1e-9:
            stop += 1
        return stop

    def draw(self, paper: Paper, top: float, height: float) -> Statements:
        """Write what fits below `top`; return the rest, for the next page."""
        height = min(height, self.height)
        start = 0
        for left in (LEFT, LEFT + _COLUMN + _GUTTER):
            stop = self._filled(start, height)
            self._column(paper, left, top, self.blocks[start:stop])
            start = stop
        return Statements(self.size, self.blocks[start:])

    def _column(self, paper: Paper, left: float, top: float, blocks: Sequence[Block]) -> None:
        pitch = line_height(self.size)
        y = top - pitch / 2
        for opens, lines in blocks:
            if opens:
                paper.text(left, y, _BULLET, self.size)
            for line in lines:
                paper.text(left + _INDENT, y, line, self.size)
                y -= pitch
            y -= 0.35 * pitch


def all_statements(plan: Plan) -> list[str]:
    """Return the verdict, every uncertainty statement and every caveat of a plan."""
    verdict = f"{say(f'verdict-{plan.ranking.verdict}')}: {plan.ranking.why}"
    return [verdict, *(s.text for s in plan.ranking.statements), *plan.caveats]


def set_statements(texts: Sequence[str], size: float) -> Statements:
    """Wrap statements by their measured width to the columns of the sheet."""
    blocks: list[Block] = []
    for text in texts:
        lines = wrapped(text, size, _COLUMN - _INDENT)
        starts = range(0, len(lines), _LONGEST_BLOCK)
        blocks.extend((k == 0, tuple(lines[k : k + _LONGEST_BLOCK])) for k in starts)
    return Statements(size, tuple(blocks))
