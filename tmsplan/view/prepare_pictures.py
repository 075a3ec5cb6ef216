"""Pictures to look at after a preparation: brain, tissue, cortex, scalp and BOLD on the T1.

Every slice is cut in scanner RAS and carries a large L and R at the patient's left and right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .figures import neutral_style, save_png

if TYPE_CHECKING:
    from ..plan.prepare import Prepared
    from ..plan.prepare.picture import Picture

__all__ = ["write_pictures"]

Floats = NDArray[np.float64]

_STEP_MM = 0.8
_MARGIN_MM = 28.0
#: Parts of the brain's extent along x, y and z at which slices are cut.
_CUTS = ((0, 0.35), (0, 0.62), (1, 0.4), (1, 0.65), (2, 0.45), (2, 0.7))
_NAMES = ("x", "y", "z")
_CYAN, _YELLOW, _RED, _BLUE = "#00d5ff", "#ffd400", "#ff3b30", "#4f7bff"


@dataclass(frozen=True, slots=True, eq=False)
class _Slice:
    """A plane of scanner RAS: `world` has shape (rows, columns, 3), mm."""

    axis: int
    at: float
    world: Floats

    def of(self, picture: Picture) -> Floats:
        flat = self.world.reshape(-1, 3)
        return picture.at(flat).reshape(self.world.shape[:2])

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top edge in mm."""
        u, v = (a for a in range(3) if a != self.axis)
        return (
            float(self.world[0, 0, u]),
            float(self.world[0, -1, u]),
            float(self.world[0, 0, v]),
            float(self.world[-1, 0, v]),
        )


def write_pictures(done: Prepared, folder: Path) -> list[Path]:
    """Write one PNG for each thing that can go wrong; return their paths.

    Parameters
    ----------
    done : Prepared
    folder : Path
        Made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    slices = _slices(done)
    t1 = done.anatomy.t1
    kinds: list[tuple[str, str, Picture, Callable[[Any, _Slice], None]]] = [
        ("brain", "brain outline on the T1", t1, _outline(done.anatomy.brain, _CYAN)),
        ("template", "template's tissue borders on the T1", t1, _template_lines(done)),
        ("tissue", "grey matter (yellow) and white matter (blue)", t1, _tissue(done)),
        (
            "cortex",
            "TEMPLATE-WARPED white (blue) and pial (red) surface",
            t1,
            _cortex_lines(done),
        ),
        ("scalp", "scalp (cyan; red where it is a cut plane)", t1, _scalp_lines(done)),
    ]
    if done.run is not None:
        lines = _outline(done.anatomy.gm, _YELLOW)
        kinds.append(("bold", "the T1's grey matter on the mean BOLD", done.run.mean, lines))
    return [_page(folder / f"{name}.png", title, p, slices, f) for name, title, p, f in kinds]


def _slices(done: Prepared) -> list[_Slice]:
    brain = done.anatomy.brain
    ijk = np.argwhere(brain.data > 0)
    world = ijk @ brain.affine[:3, :3].T + brain.affine[:3, 3]
    low, high = world.min(axis=0), world.max(axis=0)
    out = []
    for axis, part in _CUTS:
        u, v = (a for a in range(3) if a != axis)
        across, up = (
            np.arange(low[a] - _MARGIN_MM, high[a] + _MARGIN_MM, _STEP_MM) for a in (u, v)
        )
        plane = np.zeros((len(up), len(across), 3))
        plane[..., axis] = at = low[axis] + part * (high[axis] - low[axis])
        plane[..., u], plane[..., v] = across[None, :], up[:, None]
        out.append(_Slice(axis, float(at), plane))
    return out


def _page(
    path: Path,
    title: str,
    background: Picture,
    slices: list[_Slice],
    lines: Callable[[Any, _Slice], None],
) -> Path:
    from matplotlib.figure import Figure

    with neutral_style():
        figure = Figure(figsize=(13.5, 9.5), dpi=100, facecolor="black")
        axes = figure.subplots(2, 3)
        top = float(np.quantile(background.data[background.data > 0], 0.98))
        for ax, cut in zip(axes.T.ravel(), slices, strict=True):
            ax.imshow(
                cut.of(background),
                cmap="gray",
                vmin=0,
                vmax=top,
                origin="lower",
                extent=cut.extent,
            )
            lines(ax, cut)
            _letter(ax, cut)
        figure.suptitle(title, color="white", fontsize=17)
        figure.subplots_adjust(0.01, 0.01, 0.99, 0.93, 0.02, 0.06)
        save_png(figure, path)
    return path


def _letter(ax: Any, cut: _Slice) -> None:  # noqa: ANN401 - matplotlib axes
    left, right, bottom, top = cut.extent
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.set_axis_off()
    ax.set_title(f"{_NAMES[cut.axis]} = {cut.at:.0f} mm", color="white", fontsize=11)
    style = {"color": "white", "fontsize": 30, "fontweight": "bold", "va": "center"}
    middle = (bottom + top) / 2
    if cut.axis == 0:
        # The whole slice lies on one side of the scanner's zero; letters would mislead.
        ax.text(left + 3, middle, "P", ha="left", **style)
        ax.text(right - 3, middle, "A", ha="right", **style)
        return
    ax.text(left + 3, middle, "L", ha="left", **style)  # x grows to the patient's right
    ax.text(right - 3, middle, "R", ha="right", **style)


def _contour(ax: Any, cut: _Slice, values: Floats, colour: str) -> None:  # noqa: ANN401
    if values.min() < 0.5 < values.max():
        left, right, bottom, top = cut.extent
        rows, columns = values.shape
        ax.contour(
            np.linspace(left, right, columns),
            np.linspace(bottom, top, rows),
            values,
            [0.5],
            colors=colour,
            linewidths=0.9,
        )


def _outline(picture: Picture, colour: str) -> Callable[[Any, _Slice], None]:
    return lambda ax, cut: _contour(ax, cut, cut.of(picture), colour)


def _tissue(done: Prepared) -> Callable[[Any, _Slice], None]:
    def draw(ax: Any, cut: _Slice) -> None:  # noqa: ANN401
        _contour(ax, cut, cut.of(done.anatomy.gm), _YELLOW)
        _contour(ax, cut, cut.of(done.anatomy.wm), _BLUE)

    return draw


def _template_lines(done: Prepared) -> Callable[[Any, _Slice], None]:
    from ..plan.prepare.template import load_template

    template = load_template()

    def draw(ax: Any, cut: _Slice) -> None:  # noqa: ANN401
        there = done.anatomy.chain.template_from_t1(cut.world.reshape(-1, 3))
        shape = cut.world.shape[:2]
        _contour(ax, cut, template.wm.at(there).reshape(shape), _BLUE)
        _contour(ax, cut, template.brain.at(there).reshape(shape), _CYAN)

    return draw


def _cortex_lines(done: Prepared) -> Callable[[Any, _Slice], None]:
    def draw(ax: Any, cut: _Slice) -> None:  # noqa: ANN401
        for _, sheet in done.cortex.sides():
            _section(ax, cut, sheet.white, sheet.faces, _BLUE)
            _section(ax, cut, sheet.pial, sheet.faces, _RED)

    return draw


def _scalp_lines(done: Prepared) -> Callable[[Any, _Slice], None]:
    surface, cut_vertex = done.scalp.surface, done.scalp.cut.values > 0
    xyz = surface.points.mm(surface.frame)
    flat = cut_vertex[surface.faces].all(axis=1)

    def draw(ax: Any, cut: _Slice) -> None:  # noqa: ANN401
        _section(ax, cut, xyz, surface.faces[~flat], _CYAN)
        _section(ax, cut, xyz, surface.faces[flat], _RED)

    return draw


def _section(
    ax: Any,  # noqa: ANN401
    cut: _Slice,
    xyz: Floats,
    faces: NDArray[np.int32],
    colour: str,
) -> None:
    """Draw where a mesh meets the plane: one segment for each triangle that it cuts."""
    from matplotlib.collections import LineCollection

    height = xyz[:, cut.axis] - cut.at
    side = height[faces] > 0
    some = faces[side.any(axis=1) & ~side.all(axis=1)]
    if not len(some):
        return
    ends = []
    for a, b in ((0, 1), (1, 2), (2, 0)):
        h0, h1 = height[some[:, a]], height[some[:, b]]
        crosses = (h0 > 0) != (h1 > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(crosses, h0 / (h0 - h1), np.nan)[:, None]
        ends.append(xyz[some[:, a]] * (1 - share) + xyz[some[:, b]] * share)
    three = np.stack(ends, axis=1)
    order = np.argsort(np.isnan(three[..., 0]), axis=1)[:, :2]
    keep = [k for k in range(3) if k != cut.axis]
    segments = np.take_along_axis(three, order[..., None], axis=1)[..., keep]
    ax.add_collection(LineCollection(list(segments), colors=colour, linewidths=0.8))
