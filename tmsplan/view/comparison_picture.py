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
from .board import GREY, INK, Board
from .callouts import GUIDED_LINE, STANDARD, Dot, add_dots, add_leader, spread_out
from .camera import Camera, Letter, aim, side_letters, with_room
from .draw import MARKER_MM, add_cortex, add_midline, add_skin, marker_centre, photograph
from .figures import neutral_style
from .look import MARKER
from .sight import in_sight
from .words import say

if TYPE_CHECKING:
    import pyvista as pv
    from matplotlib.figure import Figure

__all__ = ["plot_targets"]

#: Pixels of each of the two pictures, of the list between them, of head and foot.
_PANEL, _LIST, _HEAD, _FOOT = (720, 730), 640, 96, 64
#: Free pixels of a picture: left, right, top, bottom.
_MARGINS = (24.0, 24.0, 44.0, 16.0)
#: The camera: so far from straight ahead to the guided target's side, so high, deg. Low turn:
#: standard targets lie on both sides. High: most lie on the upper half of the brain.
_TURN_DEG, _ELEVATION_DEG = 24.0, 42.0
#: How high L and R stand beside the drawing, share of its height.
_LETTERS_AT = 0.86
#: Pixels between lines of the list; from its edges to words and to the two columns of mm.
_LINE, _INSET, _CORTEX_AT, _SCALP_AT = 30.0, 26, 128, 26
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
    first = next((t for t in everyone if t.target.kind == "coupling"), everyone[0])
    lines = [marker_centre(t.target) for t in everyone]
    cortex = _panel(baked, first.target.hemi, _stack(lines), on_scalp=False)
    scalp = _panel(baked, first.target.hemi, _stack([t.pose.scalp_point for t in everyone]),
                   on_scalp=True)  # fmt: skip
    width, height = 2 * _PANEL[0] + _LIST, _HEAD + _PANEL[1] + _FOOT
    board = Board(width, height)
    board.head(
        say("compare-title", patient=plan.patient_id),
        say("compare-line", target=first.target.name),
        plan.labels,
    )
    at_scalp = _PANEL[0] + _LIST
    for panel, x in ((cortex, 0), (scalp, at_scalp)):
        board.picture(panel.image, x, _HEAD)
        board.letters(panel.letters, x, _HEAD)
    wanted = _HEAD + (cortex.xy[:, 1] + scalp.xy[:, 1]) / 2
    rows = spread_out(wanted, _LINE, _HEAD + 56, _HEAD + _PANEL[1] - 12)
    left, right = _dots(cortex, everyone, 0, first), _dots(scalp, everyone, at_scalp, first)
    for k, planned in enumerate(everyone):
        _line(board, planned, first, float(rows[k]))
        colour = STANDARD if planned.target.kind == "standard" else GUIDED_LINE
        for dot, x in ((left[k], _PANEL[0] + 12), (right[k], at_scalp - 12)):
            add_leader(board.figure, dot, (x, float(rows[k])), colour)
    _columns(board, float(rows.min()) - 34)
    # The guided target lies on top of those that it is compared with.
    guided = everyone.index(first)
    for dots in (left, right):
        add_dots(board.figure, [*dots[:guided], *dots[guided + 1 :], dots[guided]])
    _foot(board)
    return board.figure


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
    return _Panel(
        photograph(baked, camera, everything),
        camera,
        _letters(camera, baked, skin),
        camera.project(dots),
        in_sight(camera, skin, dots, slack_mm=slack),
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


def _dots(
    panel: _Panel, everyone: Sequence[PlannedTarget], x: float, first: PlannedTarget
) -> list[Dot]:
    size = 0.8 * MARKER_MM / panel.camera.mm_per_pixel()
    return [
        Dot(
            x + float(panel.xy[k, 0]),
            _HEAD + float(panel.xy[k, 1]),
            size * (1.25 if planned is first else 1.0),
            _colour(planned),
            bool(panel.seen[k]),
        )
        for k, planned in enumerate(everyone)
    ]


def _colour(planned: PlannedTarget) -> str:
    return str(MARKER.colour) if planned.target.kind == "coupling" else STANDARD


def _line(board: Board, planned: PlannedTarget, first: PlannedTarget, y: float) -> None:
    """Write name, side and distances of one target, between the two pictures."""
    target, left, right = planned.target, _PANEL[0] + _INSET, _PANEL[0] + _LIST
    words = say("compare-name", name=target.name, side=say(str(target.hemi)))
    weight = "bold" if planned is first else "normal"
    room = (_LIST - _INSET - _CORTEX_AT - 60) / (0.86 if planned is first else 0.80)
    board.text(left, y, words, min(11.5, room / len(words)), weight=weight)
    for x, a, b in (
        (right - _CORTEX_AT, first.target.point, target.point),
        (right - _SCALP_AT, first.pose.scalp_point, planned.pose.scalp_point),
    ):
        mm = "" if planned is first else f"{float(a.distances(b)[0]):.1f}"
        board.text(x, y, mm, 11.5, align="right", weight="bold")


def _columns(board: Board, y: float) -> None:
    right = _PANEL[0] + _LIST
    board.text(_PANEL[0] + _INSET, y, say("compare-target"), 11, colour=GREY)
    board.text(right - _CORTEX_AT, y, say("compare-cortex"), 11, colour=GREY, align="right")
    board.text(right - _SCALP_AT, y, say("compare-scalp"), 11, colour=GREY, align="right")


def _foot(board: Board) -> None:
    y = board.height - 54
    board.text(30, y, say("compare-foot"), 11.5, colour=GREY)
    for x, key in ((_PANEL[0] / 2, "compare-on-cortex"),
                   (1.5 * _PANEL[0] + _LIST, "compare-on-scalp")):  # fmt: skip
        board.text(x, _HEAD + 16, say(key), 13, weight="bold", align="center", colour=INK)
