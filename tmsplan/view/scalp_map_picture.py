"""A map on the scalp from the left, from above and from the right, with the targets on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ..base.errors import InputError
from ..plan.plan import Plan
from ..space import Hemi, Points, Scanner, Vectors
from ..surface import Field, Labels
from ..surface.domain import require_same_domain
from .bake import BakedScalp, BakedScene
from .board import GREY, INK, Board
from .callouts import STANDARD, Dot, add_dots
from .camera import Camera, Head, Letter, aim, side_letters, with_room
from .draw import add_midline, add_skin, photograph
from .figures import neutral_style
from .look import GLASS, MARKER, OVERLAY
from .occlusion import smooth
from .sight import cover, in_sight
from .words import reason_words, say

if TYPE_CHECKING:
    import pyvista as pv
    from matplotlib.figure import Figure

__all__ = ["MAP_SCALES", "MapScale", "plot_scalp_map"]

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class MapScale:
    """How one map of the scalp is coloured: the same for every patient.

    Parameters
    ----------
    key : str
        Of the title in `words`.
    unit : str
    ticks : tuple of float
        The first and the last are the ends of the colours; values beyond have their colour.
    colours : str
        Name of a colour-blind safe scale of matplotlib.
    """

    key: str
    unit: str
    ticks: tuple[float, ...]
    colours: str

    @property
    def low(self) -> float:
        """Where the colours begin."""
        return self.ticks[0]

    @property
    def high(self) -> float:
        """Where the colours end."""
        return self.ticks[-1]


_LIMIT = OVERLAY.limit.value
#: By the name of the field.
MAP_SCALES: Mapping[str, MapScale] = {
    "depth": MapScale("scalp-depth", "mm", (10, 15, 20, 25, 30, 35, 40), "YlGnBu"),
    "z under the coil": MapScale("scalp-z", "z", (-_LIMIT, -2, 0, 2, _LIMIT), OVERLAY.colormap),
    "tolerability": MapScale("scalp-tolerability", "0 to 1", (0, 0.25, 0.5, 0.75, 1), "YlOrBr_r"),
}
#: Colours of places by the reason why a coil would not do there; places within reach have none.
_REASONS: Mapping[str, str] = {
    "too-deep": "#35629b",
    "scalp-too-far": "#7fa9d4",
    "over-eye": "#8c510a",
    "over-nose": "#bf812d",
    "over-sinus": "#dfc27d",
    "over-ear": "#6b4a86",
    "under-the-head": "#6e7780",
}
_OTHER = "#b9b1ab"
#: Pixels of a panel, of head and foot; free pixels in a panel.
_PANEL, _HEAD, _FOOT = (560, 580), 112, 140
_MARGINS = (46.0, 46.0, 30.0, 26.0)
_DOT_MM, _SLACK_MM = 4.2, 8.0
#: Steps of averaging where the drawn mesh is finer than the map's.
_STEPS = 2
_SIDES = ("left", "above", "right")


def plot_scalp_map(plan: Plan, shown: Field | Labels, baked: BakedScene | None = None) -> Figure:
    """Return one map of the scalp from three sides, with the targets' scalp points.

    Parameters
    ----------
    plan : Plan
        With its scene.
    shown : Field or Labels
        On the scalp of the scene: a field whose name is in `MAP_SCALES`, or labels whose names
        are reasons why a coil would not do, 0 where it would. Skin without a value is bare.
    baked : BakedScene or None
        Of ``plan.scene``, if it was baked before.

    Returns
    -------
    matplotlib.figure.Figure
        Nothing is shown.

    Raises
    ------
    InputError
        For a field that has no scale, or a plan without its scene.
    DomainError
        If the map is of another surface than the scene's scalp.
    MissingPartError
        If this machine cannot render.
    """
    from .pictures import ready_scene

    if isinstance(shown, Field) and shown.name not in MAP_SCALES:
        raise InputError(
            f"{plan.patient_id}: no colours are set for a scalp map of '{shown.name}'. Expected "
            f"one of {', '.join(MAP_SCALES)}."
        )
    baked = baked or ready_scene(plan)
    if plan.scene is not None:
        require_same_domain(shown.domain, plan.scene.scalp.domain, "draw a map on the scalp")
    with neutral_style():
        return _figure(plan, shown, baked)


def _figure(plan: Plan, shown: Field | Labels, baked: BakedScene) -> Figure:
    rgb = _colours(plan, shown, baked.scalp)
    board = Board(3 * _PANEL[0], _HEAD + _PANEL[1] + _FOOT)
    key = MAP_SCALES[shown.name].key if isinstance(shown, Field) else "scalp-reach"
    title = say("scalp-title", patient=plan.patient_id, map=say(key))
    board.head(title, say(f"{key}-line"), plan.labels)
    for k, side in enumerate(_SIDES):
        _panel(board, k * _PANEL[0], side, plan, baked, rgb)
    if isinstance(shown, Field):
        _scale(board, MAP_SCALES[shown.name])
    else:
        _legend(board, shown)
    foot = say("scalp-foot")
    board.text(30, board.height - 54, foot, 11.5, colour=GREY)
    return board.figure


def _colours(plan: Plan, shown: Field | Labels, scalp: BakedScalp) -> Bytes:
    """Return the (n, 3) colours of the drawn scalp: the map's, in the shade of the skin."""
    scene = plan.scene
    own = scalp.points if scene is None else scene.scalp.points
    _, found = KDTree(own.mm(own.frame)).query(scalp.points.mm(own.frame))
    nearest = np.asarray(found, dtype=np.intp)
    if isinstance(shown, Field):
        paint = _of_field(shown.values[nearest], MAP_SCALES[shown.name], scalp, len(own))
    else:
        paint = _of_labels(shown, nearest)
    known = np.isfinite(paint[:, 0])
    light = scalp.rgb / (np.array(GLASS.rgb) * 255)
    return np.where(known[:, None], np.clip(paint * light, 0, 1) * 255, scalp.rgb).astype(np.uint8)


def _of_field(values: Floats, scale: MapScale, scalp: BakedScalp, own: int) -> Floats:
    import matplotlib as mpl

    known = np.isfinite(values)
    if len(values) > own:  # refined for drawing: the map has one value for several vertices
        share = smooth(known.astype(np.float64), scalp.faces, _STEPS)
        total = smooth(np.where(known, values, 0.0), scalp.faces, _STEPS)
        values = np.where(known, total / np.maximum(share, 1e-9), np.nan)
    at = np.clip((np.where(known, values, 0) - scale.low) / (scale.high - scale.low), 0, 1)
    rgb = np.array(mpl.colormaps[scale.colours](at))[:, :3]
    return np.where(known[:, None], rgb, np.nan)


def _of_labels(shown: Labels, nearest: NDArray[np.intp]) -> Floats:
    from matplotlib.colors import to_rgb

    ids = shown.ids[nearest]
    rgb = np.full((len(ids), 3), np.nan)
    for i, name in shown.names.items():
        rgb[ids == i] = to_rgb(_REASONS.get(name, _OTHER))
    return rgb


def _panel(board: Board, x: int, side: str, plan: Plan, baked: BakedScene, rgb: Bytes) -> None:
    camera = _camera(side, baked)

    def everything(plotter: pv.Plotter) -> None:
        add_skin(plotter, baked.scalp, rgb)
        add_midline(plotter, baked, camera)

    board.picture(photograph(baked, camera, everything), x, _HEAD)
    board.letters(_letters(side, camera, baked), x, _HEAD)
    middle = x + _PANEL[0] / 2
    board.text(middle, _HEAD - 6, say(f"scalp-from-{side}"), 13, weight="bold", align="center")
    add_dots(board.figure, _dots(x, plan, baked, camera))


def _camera(side: str, baked: BakedScene) -> Camera:
    head, skin = baked.head, baked.scalp.points
    towards, up = _direction(side, head)
    camera = aim(towards, up, skin, size=_PANEL, margins=_MARGINS)
    return with_room(camera, _letters(side, camera, baked), _MARGINS)


def _direction(side: str, head: Head) -> tuple[Vectors[Scanner], Vectors[Scanner]]:
    if side == "above":
        return head.up, head.front
    return head.right * (1.0 if side == "right" else -1.0), head.up


def _letters(side: str, camera: Camera, baked: BakedScene) -> tuple[Letter, ...]:
    """Return L and R from above; from a side its own letter alone, in the picture's corner."""
    if side == "above":
        return side_letters(camera, baked.head, baked.scalp.points, baked.head.centre)
    hemi = Hemi.LEFT if side == "left" else Hemi.RIGHT
    x = 0.09 if side == "left" else 0.91
    return (Letter(hemi, x * _PANEL[0], 0.10 * _PANEL[1]),)


def _dots(x: int, plan: Plan, baked: BakedScene, camera: Camera) -> list[Dot]:
    """Return the scalp points that face the camera, the guided ones on top."""
    targets = [t for kind in ("standard", "coupling") for t in plan.targets
               if t.target.kind == kind]  # fmt: skip
    if not targets:
        return []
    frame = plan.frame
    at = Points(np.vstack([t.pose.scalp_point.mm(frame) for t in targets]), frame)
    xy = camera.project(at)
    seen = in_sight(camera, cover(baked.scalp), at, slack_mm=_SLACK_MM)
    size = _DOT_MM / camera.mm_per_pixel()
    colours = [str(MARKER.colour) if t.target.kind == "coupling" else STANDARD for t in targets]
    return [
        Dot(x + float(xy[k, 0]), _HEAD + float(xy[k, 1]), size, colours[k])
        for k in np.flatnonzero(seen)
    ]


def _scale(board: Board, scale: MapScale) -> None:
    import matplotlib as mpl

    wide, y = 620, board.height - _FOOT + 22
    x = (board.width - wide) / 2
    axes = board.axes(x, y, wide, 22)
    norm = mpl.colors.Normalize(scale.low, scale.high)
    mapper = mpl.cm.ScalarMappable(norm, scale.colours)
    bar = board.figure.colorbar(mapper, cax=axes, orientation="horizontal", ticks=scale.ticks)
    bar.outline.set_visible(False)
    axes.tick_params(labelsize=11, colors=INK, length=4)
    board.text(x - 16, y + 11, say(f"{scale.key}-low"), 12, align="right")
    board.text(x + wide + 16, y + 11, say(f"{scale.key}-high"), 12)


def _legend(board: Board, shown: Labels) -> None:
    """Write each reason that occurs beside its colour."""
    from matplotlib.colors import to_hex

    names = [n for n in _REASONS if n in {shown.names[i] for i in np.unique(shown.ids) if i}]
    wide = (board.width - 60) / max(len(names) + 1, 4)
    y = board.height - _FOOT + 30
    entries = [(say("scalp-reach-yes"), to_hex(GLASS.rgb))]
    entries += [(reason_words(n), _REASONS[n]) for n in names]
    add_dots(
        board.figure,
        [Dot(42 + k * wide, y, 10, colour) for k, (_, colour) in enumerate(entries)],
    )
    for k, (words, _) in enumerate(entries):
        board.text(60 + k * wide, y, words, min(11.5, 0.155 * wide * 8 / max(len(words), 8)))
