"""Every statement of how sure a plan is, set in two columns: none is cut, none is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .sheet_paper import line_height, wrapped

__all__ = ["Block", "Statements", "set_statements"]

#: Longer ones may be broken between columns and pages; lines.
_LONGEST_BLOCK = 12
#: Between two statements, in lines.
PARAGRAPH_GAP = 0.35

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
        return (lines + PARAGRAPH_GAP * len(part)) * line_height(self.size)

    def _filled(self, start: int, height: float) -> int:
        """Return where the column ends that starts at a block and has this height."""
        stop = start
        while stop < len(self.blocks) and self._tall(start, stop + 1) <= height + 1e-9:
            stop += 1
        return stop

    def columns(self, height: float) -> tuple[tuple[Block, ...], tuple[Block, ...], Statements]:
        """Return two columns of this height, a share of the page's, and the rest of them."""
        height = min(height, self.height)
        middle = self._filled(0, height)
        end = self._filled(middle, height)
        rest = Statements(self.size, self.blocks[end:])
        return self.blocks[:middle], self.blocks[middle:end], rest


def set_statements(texts: Sequence[str], size: float, room: float) -> Statements:
    """Wrap statements by their measured width.

    Parameters
    ----------
    texts : sequence of str
    size : float
        Points.
    room : float
        Width of a column's lines, as a share of the page's.
    """
    blocks: list[Block] = []
    for text in texts:
        lines = wrapped(text, size, room)
        starts = range(0, len(lines), _LONGEST_BLOCK)
        blocks.extend((k == 0, tuple(lines[k : k + _LONGEST_BLOCK])) for k in starts)
    return Statements(size, tuple(blocks))
