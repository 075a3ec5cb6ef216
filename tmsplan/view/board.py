"""A figure on which pictures and words are put by the pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .camera import Letter
from .figures import FONT
from .words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

__all__ = ["AMBER", "AMBER_FILL", "GREY", "INK", "Board"]

INK, GREY, AMBER, AMBER_FILL = "#1c2733", "#5a6775", "#8a5a00", "#fff4d6"
#: Where the head line stands, and the foot: pixels from the top and from the bottom edge.
_TITLE, _LINE, _FOOT, _SIDE = 34, 66, 24, 30


class Board:
    """A white figure of exactly so many pixels; y runs down from the top.

    Parameters
    ----------
    width, height : int
        Pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        from matplotlib.figure import Figure

        self.width, self.height = width, height
        self.figure: Figure = Figure(
            figsize=(width / 100, height / 100), dpi=100, facecolor="white"
        )

    def picture(self, image: NDArray[np.uint8], x: int, y: int) -> None:
        """Put a picture with its top left corner at (x, y), pixel for pixel."""
        self.figure.figimage(image, x, self.height - y - image.shape[0], zorder=-1)

    def text(self, x: float, y: float, words: str, size: float, **style: str) -> Text:
        """Write one line whose middle is at height y; `align`, `colour`, `weight` are words."""
        return self.figure.text(
            x / self.width,
            1 - y / self.height,
            words,
            fontsize=size,
            color=style.get("colour", INK),
            fontweight=style.get("weight", "normal"),
            ha=style.get("align", "left"),
            va="center",
            fontfamily=FONT,
            parse_math=False,
        )

    def letters(self, letters: Sequence[Letter], x: float, y: float) -> None:
        """Write the L and R of a picture that was put at (x, y)."""
        from matplotlib.patheffects import withStroke

        for letter in letters:
            text = self.text(
                x + letter.x, y + letter.y, letter.text, 30, weight="bold", align="center"
            )
            # A line of the figure may pass below: the letter stays readable.
            text.set_path_effects([withStroke(linewidth=5, foreground="white")])
            text.set_zorder(5)

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """Return axes with their top left corner at (x, y)."""
        box = (x, self.height - y - height, width, height)
        shares = np.array(box) / (self.width, self.height, self.width, self.height)
        left, bottom, wide, high = (float(v) for v in shares)
        return self.figure.add_axes((left, bottom, wide, high))

    def head(self, title: str, line: str, labels: Sequence[str]) -> None:
        """Write title, line and labels on top, and at the foot what this is not."""
        # A long name gets smaller letters: cutting it could hide what tells two apart.
        room = (self.width - 2 * _SIDE) * 0.7
        size = min(17.0, room / (0.88 * max(len(title), 1)))
        self.text(_SIDE, _TITLE, title, size, weight="bold")
        self.text(_SIDE, _LINE, line, 12.5, colour=GREY)
        if labels:
            words = "  ·  ".join(labels)
            badge = self.text(
                self.width - _SIDE, _TITLE, words, 14, align="right", weight="bold", colour=AMBER
            )
            badge.set_bbox(
                {"boxstyle": "round,pad=0.4", "facecolor": AMBER_FILL, "edgecolor": AMBER}
            )
        foot = self.height - _FOOT
        self.text(_SIDE, foot, say("research-only"), 11.5, weight="bold", colour=AMBER)
