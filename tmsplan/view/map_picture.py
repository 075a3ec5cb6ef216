"""A map on the patient's cortex: both hemispheres from outside and inside, sides in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..space import Hemi, Scanner, Vectors, fit_midplane
from ..surface import Field, Pair, Surface
from .figures import neutral_style
from .look import LIGHTS
from .words import say

if TYPE_CHECKING:
    import pyvista as pv
    from matplotlib.figure import Figure

__all__ = ["MapLook", "plot_map"]

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]

#: Pixels of one panel, drawn at twice that and reduced.
_PANEL = (560, 430)
#: The colour scale ends at these percentiles: one voxel at the rim must not decide it.
_ENDS = (2.0, 98.0)
#: Colour of cortex without a value: no colour of either scale.
_MISSING = (0.80, 0.80, 0.80)
#: Free room around the hemisphere, share of its size.
_ROOM = 1.06


@dataclass(frozen=True, slots=True)
class MapLook:
    """Title, unit and labels (SYNTHETIC, ...) of a map's picture."""

    title: str
    unit: str
    labels: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    colours: str


def plot_map(surface: Pair[Surface[Scanner]], values: Pair[Field], look: MapLook) -> Figure:
    """Return a figure of a map on the cortex, four panels and a colour scale.

    Parameters
    ----------
    surface : Pair of Surface of Scanner
        Pial or mid-cortex.
    values : Pair of Field
        On the same meshes; NaN is drawn grey and said to be missing.
    look : MapLook

    Returns
    -------
    matplotlib.figure.Figure
        Nothing is shown.

    Raises
    ------
    InputError
        If no vertex has a value.
    MissingPartError
        If this machine cannot render.
    """
    from .gl import require_gl

    require_gl()
    scale = _scale_of(values, look)
    to_right = fit_midplane(surface.left.points, surface.right.points).to_right
    panels = {
        (hemi, side): _panel(
            surface.side(hemi), values.side(hemi), scale, to_right * _seen(hemi, side)
        )
        for hemi in (Hemi.LEFT, Hemi.RIGHT)
        for side in ("outside", "inside")
    }
    with neutral_style():
        return _figure(panels, values, scale, look)


def _seen(hemi: Hemi, side: str) -> float:
    """Return on which side of the hemisphere the eye is: 1 is the patient's right."""
    outward = 1.0 if hemi is Hemi.RIGHT else -1.0
    return outward if side == "outside" else -outward


def _scale_of(values: Pair[Field], look: MapLook) -> _Scale:
    known = np.concatenate([f.values[np.isfinite(f.values)] for _, f in values.sides()])
    if not known.size:
        raise InputError(f"{look.title}: no vertex has a value, so there is nothing to draw.")
    low, high = (float(v) for v in np.percentile(known, _ENDS))
    if low < 0 < high:
        end = max(-low, high)
        return _Scale(-end, end, "RdBu_r")
    return _Scale(low, high if high > low else low + 1.0, "viridis")


def _panel(surface: Surface[Scanner], field: Field, scale: _Scale, eye: Vectors[Scanner]) -> Image:
    import matplotlib as mpl
    import pyvista as pv

    frame = surface.points.frame
    xyz = surface.points.mm(frame)
    mesh = pv.PolyData.from_regular_faces(xyz, surface.faces)
    share = np.clip((field.values - scale.low) / (scale.high - scale.low), 0, 1)
    rgb = np.array(mpl.colormaps[scale.colours](np.where(np.isfinite(share), share, 0)))[:, :3]
    rgb[~np.isfinite(field.values)] = _MISSING
    mesh.point_data["rgb"] = (255 * rgb).astype(np.uint8)
    size = [2 * n for n in _PANEL]
    plotter = pv.Plotter(off_screen=True, window_size=size, lighting="none")
    try:
        plotter.set_background("white")
        _light(plotter)
        plotter.add_mesh(
            mesh, scalars="rgb", rgb=True, smooth_shading=True, ambient=0.35, diffuse=0.7
        )
        _look_from(plotter, xyz, eye.components(frame)[0])
        picture = np.array(plotter.screenshot(return_img=True, transparent_background=False))
    finally:
        plotter.close()
    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    return np.asarray(picture.reshape(height, 2, width, 2, 3).mean(axis=(1, 3)), dtype=np.uint8)


def _light(plotter: pv.Plotter) -> None:
    import pyvista as pv

    for light in LIGHTS:
        lamp = pv.Light(light_type="camera light", intensity=light.intensity, color="#ffffff")
        lamp.position, lamp.focal_point = light.position, (0, 0, 0)
        plotter.add_light(lamp)


def _look_from(plotter: pv.Plotter, xyz: Floats, direction: Floats) -> None:
    centre = (xyz.min(axis=0) + xyz.max(axis=0)) / 2
    camera = plotter.camera
    camera.focal_point, camera.position = centre, centre + 600.0 * direction
    camera.up = (0.0, 0.0, 1.0)
    camera.parallel_projection = True
    extent = np.ptp(xyz, axis=0)
    wide = _PANEL[1] / _PANEL[0] * float(extent[1])
    camera.parallel_scale = _ROOM * max(float(extent[2]), wide) / 2
    camera.clipping_range = (100.0, 1200.0)


def _figure(
    panels: dict[tuple[Hemi, str], Image], values: Pair[Field], scale: _Scale, look: MapLook
) -> Figure:
    import matplotlib as mpl
    from matplotlib.figure import Figure as NewFigure

    figure = NewFigure(figsize=(11.2, 10.6), dpi=100, facecolor="white")
    for column, hemi in enumerate((Hemi.LEFT, Hemi.RIGHT)):
        for row, side in enumerate(("outside", "inside")):
            axes = figure.add_axes((0.5 * column, 0.49 - 0.39 * row, 0.5, 0.385))
            axes.imshow(panels[hemi, side], interpolation="antialiased")
            axes.set_axis_off()
            _letters(axes, hemi, side)
    figure.text(0.03, 0.965, look.title, fontsize=17, weight="bold", va="top")
    figure.text(0.03, 0.925, _covered(values), fontsize=11, color="#5a6775", va="top")
    if look.labels:
        figure.text(
            0.97, 0.965, " · ".join(look.labels), fontsize=15, weight="bold", color="#b2182b",
            ha="right", va="top",
        )  # fmt: skip
    bar = figure.add_axes((0.25, 0.055, 0.5, 0.022))
    mapper = mpl.cm.ScalarMappable(mpl.colors.Normalize(scale.low, scale.high), scale.colours)
    figure.colorbar(mapper, cax=bar, orientation="horizontal").set_label(look.unit, fontsize=12)
    return figure


def _letters(axes: Any, hemi: Hemi, side: str) -> None:  # noqa: ANN401 - matplotlib axes
    """Name the hemisphere in large type, and the front and back of each view."""
    front_left = _seen(hemi, side) < 0  # seen from the patient's left, the face looks left
    axes.text(
        0.5, 1.0, say(f"map-{hemi}-{side}"), transform=axes.transAxes, ha="center", va="top",
        fontsize=14, weight="bold",
    )  # fmt: skip
    for x, front in ((0.02, front_left), (0.98, not front_left)):
        axes.text(
            x, 0.9, say("map-front" if front else "map-back"), transform=axes.transAxes,
            ha="left" if x < 0.5 else "right", va="center", fontsize=11, color="#5a6775",
        )  # fmt: skip
    axes.text(
        0.03, 0.03, "L" if hemi is Hemi.LEFT else "R", transform=axes.transAxes, fontsize=34,
        weight="bold", va="bottom",
    )  # fmt: skip


def _covered(values: Pair[Field]) -> str:
    left, right = (100 * float(np.isfinite(f.values).mean()) for _, f in values.sides())
    return say("map-covered", left=left, right=right)
