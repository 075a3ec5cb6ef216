"""Letters, captions, labels and the colour scale, set on a rendered picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .camera import Letter
from .figures import FONT
from .look import OVERLAY, overlay_rgba
from .words import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

__all__ = ["Caption", "Ring", "lettered"]

Image = NDArray[np.uint8]

INK, GREY, AMBER, AMBER_FILL = "#1c2733", "#5a6775", "#8a5a00", "#fff4d6"
#: Type sizes are for a picture 1200 pixels high.
_HEIGHT = 1200
#: Letters of a caption line: it ends before the colour scale begins.
_LINE = 86


@dataclass(frozen=True, slots=True)
class Caption:
    """What a picture says about itself.

    Parameters
    ----------
    title : str
        Patient and target.
    side : str
        The target's side in words.
    text : str
        What is drawn and from where it is seen.
    labels : tuple of str
        ``SYNTHETIC`` and others.
    scale : bool
        Whether the colours of deviations are in the picture.
    """

    title: str
    side: str
    text: str
    labels: tuple[str, ...]
    scale: bool


@dataclass(frozen=True, slots=True)
class Ring:
    """A thin circle on the picture; pixels from the top left corner."""

    x: float
    y: float
    radius: float


def lettered(
    image: Image, caption: Caption, letters: Sequence[Letter], ring: Ring | None
) -> Figure:
    """Return a matplotlib Figure of the picture, pixel for pixel, with all its lettering.

    Parameters
    ----------
    image : (height, width, 3) uint8
    caption : Caption
    letters : sequence of Letter
    ring : Ring or None
        Drawn around the target, so that it is found even deep in a sulcus.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    height, width = image.shape[:2]
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    figure.figimage(image, zorder=-1)
    pen = _Pen(figure, width, height)
    # A long name gets smaller letters: cutting it could hide what tells two targets apart.
    pen.text(0.030, 44, caption.title, 19 * min(1.0, 48 / len(caption.title)), weight="bold")
    pen.text(0.030, 84, caption.side, 17, colour=GREY)
    _labels(pen, caption.labels)
    for letter in letters:
        x, y = letter.x / width, letter.y / pen.k
        pen.text(x, y, letter.text, 42, weight="bold", align="center")
    if ring is not None:
        _add_ring(figure, ring)
    for up, line in enumerate(reversed(wrap(caption.text, _LINE))):
        pen.text(0.030, _HEIGHT - 66 - 27 * up, line, 13, colour=GREY)
    pen.text(0.030, _HEIGHT - 36, say("research-only"), 13, colour=AMBER, weight="bold")
    if caption.scale:
        _scale(pen)
    return figure


class _Pen:
    """Text at pixels of a 1200 high picture, y down from the top."""

    def __init__(self, figure: Figure, width: int, height: int) -> None:
        self.figure, self.k, self.height, self.width = figure, height / _HEIGHT, height, width

    def text(
        self, x: float, y: float, words: str, size: float, *, align: str = "left", **style: str
    ) -> Text:
        """Write one line; `x` is a share of the width, `y` pixels."""
        return self.figure.text(
            x,
            1 - y * self.k / self.height,
            words,
            fontsize=size * self.k,
            color=style.get("colour", INK),
            fontweight=style.get("weight", "normal"),
            ha=align,
            va="center",
            fontfamily=FONT,
            parse_math=False,
        )


def _labels(pen: _Pen, labels: Sequence[str]) -> None:
    if not labels:
        return
    words, size = "  ·  ".join(labels), 19 if len(labels) == 1 else 14
    badge = pen.text(0.970, 48, words, size, align="right", weight="bold", colour=AMBER)
    badge.set_bbox(
        {"boxstyle": "round,pad=0.45", "facecolor": AMBER_FILL, "edgecolor": AMBER, "lw": 1.2}
    )


def _add_ring(figure: Figure, ring: Ring) -> None:
    from matplotlib.patches import Circle
    from matplotlib.transforms import IdentityTransform

    height = figure.get_figheight() * figure.dpi
    for colour, lw in (("white", 3.2), (INK, 1.4)):
        centre = (ring.x, height - ring.y)
        circle = Circle(centre, ring.radius, fill=False, edgecolor=colour, lw=lw)
        circle.set_transform(IdentityTransform())  # pixels, not shares of the figure
        figure.add_artist(circle)


def _scale(pen: _Pen) -> None:
    """Draw the fixed colour scale, with the band that is not shown left grey."""
    limit, threshold = OVERLAY.limit.value, OVERLAY.threshold.value
    z = np.linspace(-limit, limit, 401)
    rgba = overlay_rgba(z)
    hidden = np.array([0.87, 0.85, 0.83])
    rgb = rgba[:, :3] * rgba[:, 3:] + hidden * (1 - rgba[:, 3:])
    box = (0.745, 118 * pen.k / pen.height, 0.225, 16 * pen.k / pen.height)
    axes = pen.figure.add_axes(box)
    axes.imshow(rgb[None], aspect="auto", extent=(-limit, limit, 0, 1), interpolation="bilinear")
    axes.set_yticks([])
    axes.set_xticks([-limit, -threshold, 0, threshold, limit])
    axes.set_xticklabels(
        [f"{v:+g}" if v else "0" for v in (-limit, -threshold, 0, threshold, limit)],
        fontsize=11 * pen.k,
        color=GREY,
        fontfamily=FONT,
    )
    axes.tick_params(length=3 * pen.k, color=GREY, pad=3 * pen.k)
    for at in (-threshold, threshold):
        axes.axvline(at, color=INK, lw=1.2 * pen.k)
    for spine in axes.spines.values():
        spine.set_visible(False)
    pen.text(0.745, _HEIGHT - 150, say("scale-title"), 12, colour=INK)
    words = say("scale-threshold", threshold=threshold)
    pen.text(0.970, _HEIGHT - 150, words, 11, colour=GREY, align="right")
