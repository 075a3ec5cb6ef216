"""Three slices of the planning T1 through a target, as the sheet shows them.

Neurological, always: the patient's left is at the left. The T1 is resampled in planes of the
scanner's axes, however obliquely it was stored.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..plan.plan import Plan, PlannedTarget
from ..plan.scene import Scene
from ..space import Frame, Points, Scanner, Vectors
from ..surface.surface import Surface
from .figures import FONT, neutral_style
from .look import OVERLAY, overlay_rgba

__all__ = ["Slice", "draw_slices", "sections"]

Floats = NDArray[np.float64]

#: Pixels of a slice: 0.5 mm of the head, finer than the T1.
_STEP_MM = 0.5
_DPI = 200
#: Free rim round the head, and what is shown below the cortex (the neck is not of interest).
_RIM_MM, _BELOW_MM = 9.0, 22.0
#: The drawn part of the coil's axis, outward from the coil's centre.
_AXIS_MM = 22.0
#: As on the page's dark slices.
_BACK, _PIAL, _SKIN, _AXIS, _CROSS = "#0b0d10", "#f3d27a", "#8d99a6", "#2fe0a5", "#ffffff"
_JPEG_QUALITY = 88
#: Axis cut, axis to the right, axis up; letters at left, right, top, bottom.
_PLANES = {
    "axial": (2, 0, 1, "LRAP"),
    "coronal": (1, 0, 2, "LRSI"),
    "sagittal": (0, 1, 2, "PASI"),
}


@dataclass(frozen=True, slots=True)
class Slice:
    """One drawn slice.

    Parameters
    ----------
    id : str
        ``axial``, ``coronal`` or ``sagittal``.
    src : str
        Data URL of a JPEG.
    at_mm : float
        Where the plane lies on the axis that it cuts, mm in the plan's frame.
    wide : float
        Width over height.
    """

    id: str
    src: str
    at_mm: float
    wide: float


# Drawn once for the page in the browser and once more for the PDF of the same plan.
@lru_cache(maxsize=8)
def draw_slices(plan: Plan, planned: PlannedTarget) -> tuple[Slice, ...]:
    """Return the three slices through a target; none if the plan has no scene.

    Without a T1 in the scene the outlines of cortex and scalp are drawn alone.
    """
    if plan.scene is None:
        return ()
    low, high = _field_of_view(plan.scene)
    return tuple(_drawn(plan.scene, planned, name, (low, high)) for name in _PLANES)


def _field_of_view(scene: Scene) -> tuple[Floats, Floats]:
    skin = scene.scalp.points.mm(scene.frame)
    brain = np.vstack([p.pial.points.mm(scene.frame) for _, p in scene.cortex.sides()])
    # A scalp may be cut or lie askew: the brain is shown in any case.
    low = np.minimum(skin.min(axis=0), brain.min(axis=0)) - _RIM_MM
    high = np.maximum(skin.max(axis=0), brain.max(axis=0)) + _RIM_MM
    low[2] = max(low[2], brain[:, 2].min() - _BELOW_MM)
    return low, high


def _drawn(scene: Scene, planned: PlannedTarget, name: str, view: tuple[Floats, Floats]) -> Slice:
    from matplotlib.figure import Figure

    cut, across, up, letters = _PLANES[name]
    low, high = view
    at = float(planned.target.point.mm(scene.frame)[0][cut])
    size = (high - low)[[across, up]] / _STEP_MM / _DPI
    with neutral_style():
        figure = Figure(figsize=(float(size[0]), float(size[1])), dpi=_DPI, facecolor=_BACK)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.axis("off")
        extent = (low[across], high[across], low[up], high[up])
        if scene.t1 is not None:
            image = _plane_values(scene, name, at, view)
            axes.imshow(image, cmap="gray", origin="lower", extent=extent, vmin=0, vmax=255)
        _outlines(axes, scene, name, at)
        _marks(axes, planned, scene.frame, name)
        _letters(axes, letters)
        axes.set_xlim(extent[0], extent[1])
        axes.set_ylim(extent[2], extent[3])
        axes.set_aspect("auto")
        buffer = io.BytesIO()
        jpeg = {"quality": _JPEG_QUALITY}
        figure.savefig(buffer, format="jpeg", facecolor=_BACK, pil_kwargs=jpeg)
    src = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
    return Slice(name, src, at, float(size[0] / size[1]))


def _plane_values(scene: Scene, name: str, at: float, view: tuple[Floats, Floats]) -> Floats:
    """Return grey values, 0 to 255, on a plane of the scanner; 0 outside the T1."""
    from scipy.ndimage import map_coordinates

    _, across, up, _ = _PLANES[name]
    low, high = view
    x = np.arange(low[across], high[across], _STEP_MM) + _STEP_MM / 2
    y = np.arange(low[up], high[up], _STEP_MM) + _STEP_MM / 2
    places = np.full((len(y), len(x), 3), at)
    places[..., across], places[..., up] = x[None, :], y[:, None]
    t1 = scene.t1
    if t1 is None:
        return np.zeros(places.shape[:2])
    ijk = t1.grid.indices(Points(places.reshape(-1, 3), scene.frame))
    values = map_coordinates(np.asarray(t1.data, dtype=np.float32), ijk.T, order=1, cval=0.0)
    return np.asarray(values, dtype=np.float64).reshape(places.shape[:2])


def _outlines(axes: Any, scene: Scene, name: str, at: float) -> None:  # noqa: ANN401
    """Draw skin and pial surface; thick and coloured where the deviation passes the threshold."""
    from matplotlib.collections import LineCollection

    cut, across, up, _ = _PLANES[name]
    lines, _ = sections(scene.scalp, cut, at)
    axes.add_collection(LineCollection(list(lines[..., [across, up]]), colors=_SKIN, lw=0.5))
    for _, part in scene.cortex.sides():
        lines, faces = sections(part.pial, cut, at)
        flat = lines[..., [across, up]]
        z = part.z.values[part.pial.faces[faces]]
        z = z[:, 0]
        loud = np.abs(np.nan_to_num(z)) >= OVERLAY.threshold.value
        axes.add_collection(LineCollection(list(flat[~loud]), colors=_PIAL, lw=0.45))
        if loud.any():
            colours = overlay_rgba(np.sign(z[loud]) * np.maximum(np.abs(z[loud]), 3.0))
            axes.add_collection(LineCollection(list(flat[loud]), colors=colours, lw=2.2))


def sections(
    surface: Surface[Scanner], axis: int, at_mm: float
) -> tuple[Floats, NDArray[np.intp]]:
    """Return where a mesh meets a plane of its frame: one segment for each triangle it cuts.

    Parameters
    ----------
    surface : Surface of Scanner
    axis : int
        0, 1 or 2: the axis that the plane is perpendicular to.
    at_mm : float

    Returns
    -------
    (n, 2, 3) float64
        Ends, mm in the surface's frame.
    (n,) int
        The triangle of each.
    """
    xyz = surface.points.mm(surface.frame)
    height = xyz[:, axis] - at_mm
    above = height[surface.faces] > 0
    cut = np.flatnonzero(above.any(axis=1) & ~above.all(axis=1))
    corners = surface.faces[cut]
    # The corner that is alone on its side: both of its edges are cut, the third is not.
    sums = above[cut].sum(axis=1)
    alone = np.argmax(above[cut] == (sums == 1)[:, None], axis=1)
    rows = np.arange(len(cut))
    tip = corners[rows, alone]
    ends = []
    for k in (1, 2):
        other = corners[rows, (alone + k) % 3]
        share = (height[tip] / (height[tip] - height[other]))[:, None]
        ends.append(xyz[tip] * (1 - share) + xyz[other] * share)
    return np.stack(ends, axis=1), cut


def _marks(axes: Any, planned: PlannedTarget, frame: Frame[Scanner], name: str) -> None:  # noqa: ANN401
    """Draw crosshair, target and the coil's axis, from over the coil to the target."""
    from matplotlib import patheffects

    _, across, up, _ = _PLANES[name]
    target = planned.target.point.mm(frame)[0]
    pose = planned.pose
    inward = (pose.scanner_from_coil @ Vectors([0, 0, 1], pose.scanner_from_coil.src)).components(
        frame
    )[0]
    centre = pose.centre.mm(frame)[0]
    line = np.stack([centre - _AXIS_MM * inward, target])
    dark = [patheffects.withStroke(linewidth=3.2, foreground=_BACK)]
    axes.axvline(target[across], color=_CROSS, lw=0.5, alpha=0.75, dashes=(6, 4))
    axes.axhline(target[up], color=_CROSS, lw=0.5, alpha=0.75, dashes=(6, 4))
    axes.plot(line[:, across], line[:, up], color=_AXIS, lw=1.6, path_effects=dark)
    dot = {"ms": 6.5, "mfc": "#ffcf1a", "mec": "black", "mew": 1.0}
    axes.plot(target[across], target[up], "o", **dot)


def _letters(axes: Any, letters: str) -> None:  # noqa: ANN401
    from matplotlib import patheffects

    dark = [patheffects.withStroke(linewidth=3, foreground=_BACK)]
    places = ((0.03, 0.5), (0.97, 0.5), (0.5, 0.97), (0.5, 0.03))
    for letter, (x, y) in zip(letters, places, strict=True):
        axes.text(
            x, y, letter, transform=axes.transAxes, color="white", weight="bold", size=12,
            ha="left" if x < 0.1 else "right" if x > 0.9 else "center",
            va="top" if y > 0.9 else "bottom" if y < 0.1 else "center",
            fontfamily=FONT, path_effects=dark,
        )  # fmt: skip
