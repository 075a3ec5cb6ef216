"""All targets in one picture: on the cortex and on the scalp, with mm to the guided one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..plan.plan import Plan, PlannedTarget
from ..space import Hemi, Points, Scanner
from .bake import BakedScene
from .board import GREY, Board
from .callouts import GUIDED_LINE, STANDARD, Dot, add_dots, add_leader, spread_out
from .camera import Camera, Letter, aim, side_letters, with_room
from .draw import MARKER_MM, add_cortex, add_midline, add_skin, marker_centre, photograph
from .figures import neutral_style
from .look import MARKER
from .sight import cover, in_sight
from .words import say

if TYPE_CHECKING:
    import pyvista as pv
    from matplotlib.figure import Figure

__all__ = ["plot_targets"]

#: Pixels of each of the two pictures, of head and foot.
_PANEL, _HEAD, _FOOT = (720, 730), 96, 80
#: Free pixels of a picture: left, right, top, bottom.
_MARGINS = (24.0, 24.0, 44.0, 16.0)
#: The camera: so far from straight ahead to the guided target's side, so high, deg. Low turn:
#: standard targets lie on both sides. High: most lie on the upper half of the brain.
_TURN_DEG, _ELEVATION_DEG = 24.0, 42.0
#: How high L and R stand beside the drawing, share of its height.
_LETTERS_AT = 0.86
#: Pixels between lines of the list; from its edges to words and to the two columns of mm.
_LINE, _INSET, _CORTEX_AT, _SCALP_AT = 30.0, 26, 128, 26
#: Type of the list, points, and how narrow and wide it may be, pixels; width of one letter as
#: share of its type, pixels per point.
_TYPE, _NARROW, _WIDE, _LETTER = (11.5, 9.5), 560, 900, 0.84
#: More targets than this get small type and small dots; size of dots, share of the marker.
_FEW, _DOT = 20, (0.8, 0.55)
#: A target in a sulcus lies up to about 15 mm under the crowns; a scalp point on the skin.
_CORTEX_SLACK_MM, _SCALP_SLACK_MM = 15.0, 8.0


@dataclass(frozen=True, slots=True, eq=False)
class _Panel:
    """One picture with its camera, letters and where each target is on it."""

    image: NDArray[np.uint8]
    camera: Camera
    letters: tuple[Letter, ...]
    xy: NDArray[np.float64]
    seen: NDArray[np.bool_]


def plot_targets(plan: Plan, baked: BakedScene | None = None) -> Figure:
    """Return all targets of a plan on the patient's cortex and scalp, with a list between them.

    Both pictures are seen from the same side. Each target has one line in the list, joined to
    its dot on the cortex and to its dot on the scalp: name, side, and straight distances in mm
    to the first coupling-guided target (to the first target where there is none). A hollow dot
    lies on the far side. The list holds targets and all standard targets that were placed.

    Parameters
    ----------
    plan : Plan
        With its scene.
    baked : BakedScene or None
        Of ``plan.scene``, if it was baked before.

    Returns
    -------
    matplotlib.figure.Figure
        Nothing is shown.

    Raises
    ------
    InputError
        If the plan holds no target, or was opened without its scene.
    MissingPartError
        If this machine cannot render.
    """
    from .pictures import ready_scene

    everyone = [*plan.targets, *plan.others]
    if not everyone:
        raise InputError(f"{plan.patient_id}: the plan holds no target, so there is no picture.")
    baked = baked or ready_scene(plan)
    with neutral_style():
        return _figure(plan, everyone, baked)


def _figure(plan: Plan, everyone: Sequence[PlannedTarget], baked: BakedScene) -> Figure:
    names = _List.of(everyone)
    hemi = names.first.target.hemi
    at_cortex = _stack([marker_centre(t.target) for t in everyone])
    at_scalp = _stack([t.pose.scalp_point for t in everyone])
    cortex = _panel(baked, hemi, at_cortex, on_scalp=False)
    scalp = _panel(baked, hemi, at_scalp, on_scalp=True)
    board = Board(2 * _PANEL[0] + names.width, _HEAD + _PANEL[1] + _FOOT)
    title = say("compare-title", patient=plan.patient_id)
    board.head(title, say("compare-line", target=names.first.target.name), plan.labels)
    wanted = _HEAD + (cortex.xy[:, 1] + scalp.xy[:, 1]) / 2
    rows = spread_out(wanted, _LINE, _HEAD + 56, _HEAD + _PANEL[1] - 12)
    names.write(board, rows)
    _picture(board, cortex, 0, names, rows)
    _picture(board, scalp, _PANEL[0] + names.width, names, rows)
    board.text(30, board.height - 54, say("compare-foot"), 11.5, colour=GREY)
    return board.figure


@dataclass(frozen=True, slots=True, eq=False)
class _List:
    """The list between the two pictures: who is in it, and how large it is written."""

    everyone: Sequence[PlannedTarget]
    first: PlannedTarget
    width: int
    type: float

    @classmethod
    def of(cls, everyone: Sequence[PlannedTarget]) -> _List:
        """Return the list, as wide as its longest name; the distances are to its guided one."""
        first = next((t for t in everyone if t.target.kind == "coupling"), everyone[0])
        size = _TYPE[len(everyone) > _FEW]
        longest = max(len(_name(t)) for t in everyone)
        width = int(np.clip(_INSET + longest * _LETTER * size + _CORTEX_AT + 80, _NARROW, _WIDE))
        return cls(everyone, first, width, size)

    def write(self, board: Board, rows: NDArray[np.float64]) -> None:
        """Write a head line and one line for each target at these heights."""
        left, right = _PANEL[0] + _INSET, _PANEL[0] + self.width
        head = float(rows.min()) - 34
        board.text(left, head, say("compare-target"), 11, colour=GREY)
        board.text(right - _CORTEX_AT, head, say("compare-cortex"), 11, colour=GREY, align="right")
        board.text(right - _SCALP_AT, head, say("compare-scalp"), 11, colour=GREY, align="right")
        room = self.width - _INSET - _CORTEX_AT - 80
        for planned, y in zip(self.everyone, rows, strict=True):
            name, weight = _name(planned), "bold" if planned is self.first else "normal"
            size = min(self.type, room / (_LETTER * len(name)))
            board.text(left, float(y), name, size, weight=weight)
            self._distances(board, planned, right, float(y))

    def _distances(self, board: Board, planned: PlannedTarget, right: float, y: float) -> None:
        if planned is self.first:
            return
        cortex = planned.target.point.distances(self.first.target.point)
        scalp = planned.pose.scalp_point.distances(self.first.pose.scalp_point)
        for x, mm in ((right - _CORTEX_AT, cortex), (right - _SCALP_AT, scalp)):
            board.text(x, y, f"{float(mm[0]):.1f}", self.type, align="right", weight="bold")


def _name(planned: PlannedTarget) -> str:
    return say("compare-name", name=planned.target.name, side=say(str(planned.target.hemi)))


def _picture(board: Board, panel: _Panel, x: int, names: _List, rows: NDArray[np.float64]) -> None:
    """Put one picture on the board, its dots joined to their lines of the list."""
    board.picture(panel.image, x, _HEAD)
    board.letters(panel.letters, x, _HEAD)
    key, end = ("compare-on-scalp", x - 12) if x else ("compare-on-cortex", _PANEL[0] + 12)
    board.text(x + _PANEL[0] / 2, _HEAD + 16, say(key), 13, weight="bold", align="center")
    dots = _dots(panel, x, names)
    for dot, planned, y in zip(dots, names.everyone, rows, strict=True):
        colour = STANDARD if planned.target.kind == "standard" else GUIDED_LINE
        add_leader(board.figure, dot, (end, float(y)), colour)
    # The guided target lies on top of those that are compared with it.
    guided = [t is names.first for t in names.everyone]
    add_dots(board.figure, [d for d, g in sorted(zip(dots, guided, strict=True), key=_second)])


def _second(pair: tuple[Dot, bool]) -> bool:
    return pair[1]


def _stack(points: Sequence[Points[Scanner]]) -> Points[Scanner]:
    frame = points[0].frame
    return Points(np.vstack([p.mm(frame) for p in points]), frame)


def _panel(baked: BakedScene, hemi: Hemi, dots: Points[Scanner], *, on_scalp: bool) -> _Panel:
    frame = baked.frame
    parts = [p.points.mm(frame) for _, p in baked.cortex.sides()]
    skin = baked.scalp.points if on_scalp else Points(np.vstack(parts), frame)
    camera = _camera(baked, hemi, skin)

    def everything(plotter: pv.Plotter) -> None:
        if on_scalp:
            add_skin(plotter, baked.scalp, baked.scalp.rgb)
            add_midline(plotter, baked, camera)
        else:
            add_cortex(plotter, baked)

    slack = _SCALP_SLACK_MM if on_scalp else _CORTEX_SLACK_MM
    covered = cover(baked.scalp) if on_scalp else cover(baked.cortex.left, baked.cortex.right)
    return _Panel(
        photograph(baked, camera, everything),
        camera,
        _letters(camera, baked, skin),
        camera.project(dots),
        in_sight(camera, covered, dots, slack_mm=slack),
    )


def _camera(baked: BakedScene, hemi: Hemi, skin: Points[Scanner]) -> Camera:
    head = baked.head
    turn, elevation = np.radians(_TURN_DEG), np.radians(_ELEVATION_DEG)
    side = 1.0 if hemi is Hemi.RIGHT else -1.0
    towards = head.direction(
        side * float(np.sin(turn) * np.cos(elevation)),
        float(np.cos(turn) * np.cos(elevation)),
        float(np.sin(elevation)),
    )
    camera = aim(towards, head.up, skin, size=_PANEL, margins=_MARGINS)
    for _ in range(3):  # a wider picture moves the letters a little
        camera = with_room(camera, _letters(camera, baked, skin), _MARGINS)
    return camera


def _letters(camera: Camera, baked: BakedScene, skin: Points[Scanner]) -> tuple[Letter, ...]:
    """Return L and R beside the upper half, where few lines to the list run."""
    head = baked.head
    height = (skin - head.middle).dot(head.up)
    level = float(height.min() + _LETTERS_AT * np.ptp(height))
    return side_letters(camera, head, skin, head.middle + head.up * level)


def _dots(panel: _Panel, x: int, names: _List) -> list[Dot]:
    share = _DOT[len(names.everyone) > _FEW]
    size = share * MARKER_MM / panel.camera.mm_per_pixel()
    return [
        Dot(
            x + float(panel.xy[k, 0]),
            _HEAD + float(panel.xy[k, 1]),
            size * (1.3 if planned is names.first else 1.0),
            str(MARKER.colour) if planned.target.kind == "coupling" else STANDARD,
            bool(panel.seen[k]),
        )
        for k, planned in enumerate(names.everyone)
    ]
