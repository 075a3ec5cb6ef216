"""Four pictures of every target, each saying whose left is where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..base.errors import InputError
from ..plan.plan import Plan, PlannedTarget
from ..space import Hemi, Points, Scanner, Vectors, require_same
from ..target.target import Target
from .bake import BakedScene, bake_scene
from .callouts import Dot, add_dots
from .camera import Camera, Head, Letter, aim, side_letters, with_room
from .coil_model import solid_paths
from .draw import MARKER_MM, marker_centre, render
from .figures import neutral_style, save_png
from .gl import require_gl
from .lettering import Caption, Ring, lettered
from .sight import cover, in_sight
from .words import say, side_word

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "SIZE",
    "VIEWS",
    "View",
    "camera_for",
    "draw_picture",
    "letters_for",
    "ready_scene",
    "write_pictures",
]

#: Pixels of a picture.
SIZE = (1400, 1200)
#: Free pixels at 1200 high: left, right, top, bottom; lettering stands in them.
_MARGINS = (70, 70, 125, 150)
#: The camera of a target, deg: how much nearer to the face than the target, between which
#: turns from straight ahead, how high for a coil at the side and on top; targets farther
#: round than the last are seen from behind.
_NEARER_DEG, _TURN_DEG, _ELEVATION_DEG, _FROM_BEHIND_DEG = 6.0, (18.0, 52.0), (24.0, 58.0), 118.0


#: Dots of a target's cloud: radius; how far under the surface one still counts as seen, mm.
_CLOUD_MM, _CLOUD_SLACK_MM, _CLOUD_COLOUR = 0.85, 15.0, "#26323f"


@dataclass(frozen=True, slots=True)
class View:
    """One of the pictures that every target gets.

    Parameters
    ----------
    id : str
        Last part of the file name.
    head : ``"glass"``, ``"solid"`` or None
    coil : ``"ghost"``, ``"solid"`` or None
    """

    id: str
    head: str | None
    coil: str | None


VIEWS = (
    View("oblique", "glass", "ghost"),
    View("cortex", None, None),
    View("operator", "solid", "solid"),
    View("coil", "glass", "ghost"),
)


def write_pictures(
    plan: Plan, folder: Path, *, size: tuple[int, int] = SIZE
) -> Mapping[str, Mapping[str, Path]]:
    """Write ``<target-id>_<view>.png`` for every target and view.

    Parameters
    ----------
    plan : Plan
        With its scene.
    folder : Path
        Made if absent.
    size : (width, height)
        Pixels.

    Returns
    -------
    mapping of target id to mapping of view id to Path

    Raises
    ------
    InputError
        If the plan was opened without its scene.
    FrameError
        If the scene is not in the plan's frame.
    MissingPartError
        If this machine cannot render.
    """
    baked = ready_scene(plan)
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[str, dict[str, Path]] = {}
    for planned in plan.targets:
        for view in VIEWS:
            path = folder / f"{planned.target.id}_{view.id}.png"
            figure = draw_picture(plan, planned, view, baked, size=size)
            save_png(figure, path)
            written.setdefault(planned.target.id, {})[view.id] = path
    return written


def ready_scene(plan: Plan) -> BakedScene:
    """Return the plan's scene baked, after making sure that it can be drawn."""
    if plan.scene is None:
        raise InputError(
            f"{plan.patient_id}: the plan was opened without the geometry it was made on, so "
            f"nothing can be drawn; keep the scene file beside plan.json."
        )
    require_same(plan.frame, plan.scene.frame, "draw the plan's scene")
    require_gl()
    return bake_scene(plan.scene)


def draw_picture(
    plan: Plan,
    planned: PlannedTarget,
    view: View,
    baked: BakedScene,
    *,
    size: tuple[int, int] = SIZE,
) -> Figure:
    """Return one picture as a matplotlib Figure of exactly `size` pixels; nothing is shown.

    Parameters
    ----------
    plan : Plan
        For its labels and the patient's id.
    planned : PlannedTarget
    view : View
    baked : BakedScene
    size : (width, height)
    """
    camera = camera_for(view, planned, baked, size=size)
    target = planned.target
    image = render(baked, target, planned.pose, camera, head=view.head, coil=view.coil)
    letters = letters_for(camera, view, planned, baked)
    ring = None if view.head == "solid" else _ring(target, camera)
    cloud = _cloud(target, camera, baked) if view.head is None else None
    caption = _caption(plan, planned, view, camera, baked)
    if cloud is not None:
        caption = replace(caption, text=f"{cloud.words} {caption.text}")
    with neutral_style():
        figure = lettered(image, caption, letters, ring)
        if cloud is not None:
            add_dots(figure, cloud.dots)
    return figure


@dataclass(frozen=True, slots=True)
class _Cloud:
    """Where resampled data put a point: dots on the picture, and words for them."""

    dots: list[Dot]
    words: str


def _cloud(target: Target, camera: Camera, baked: BakedScene) -> _Cloud | None:
    if target.cloud is None or not len(target.cloud):
        return None
    cortex = cover(baked.cortex.left, baked.cortex.right)
    seen = in_sight(camera, cortex, target.cloud, slack_mm=_CLOUD_SLACK_MM)
    radius = _CLOUD_MM / camera.mm_per_pixel()
    xy = camera.project(target.cloud)[seen]
    hidden = int((~seen).sum())
    note = say("cloud-hidden", hidden=hidden) if hidden else ""
    return _Cloud(
        [Dot(float(x), float(y), radius, _CLOUD_COLOUR) for x, y in xy],
        say("cloud", n=len(seen), hidden=note),
    )


def _ring(target: Target, camera: Camera) -> Ring:
    x, y = camera.project(marker_centre(target))[0]
    return Ring(float(x), float(y), 1.35 * MARKER_MM / camera.mm_per_pixel())


def camera_for(
    view: View, planned: PlannedTarget, baked: BakedScene, *, size: tuple[int, int] = SIZE
) -> Camera:
    """Return the camera of one view: it goes to the target's side, or behind the coil."""
    k = size[1] / SIZE[1]
    left, right, top, bottom = (m * k for m in _MARGINS)
    margins = (left, right, top, bottom)
    towards, up = _direction(view, planned, baked)
    outline = _outline(view, baked, planned)
    camera = aim(towards, up, outline, size=size, margins=margins)
    for _ in range(3):  # a wider picture moves the letters a little
        letters = side_letters(camera, baked.head, outline, planned.target.point)
        camera = with_room(camera, letters, margins)
    return camera


def letters_for(
    camera: Camera, view: View, planned: PlannedTarget, baked: BakedScene
) -> tuple[Letter, ...]:
    """Return the L and R of one picture."""
    outline = _outline(view, baked, planned)
    return side_letters(camera, baked.head, outline, planned.target.point)


def _direction(
    view: View, planned: PlannedTarget, baked: BakedScene
) -> tuple[Vectors[Scanner], Vectors[Scanner]]:
    pose, head = planned.pose.scanner_from_coil, baked.head
    if view.id == "coil":
        axes = (Vectors([0, 0, -1], pose.src), Vectors([0, 1, 0], pose.src))
        return pose @ axes[0], pose @ axes[1]
    return _own_side(planned, head), head.up


def _own_side(planned: PlannedTarget, head: Head) -> Vectors[Scanner]:
    """Return a direction from which the target is seen, in the half of its own letter.

    A camera nearer to the ear than the target would show a left target in the right half of
    the picture. So it stays closer to the face (or, for a target at the back, to the back of
    the head) than the target.
    """
    _, front, _ = head.components(planned.target.point - head.centre)
    aside = abs(float(head.right_mm(planned.target.point)[0]))
    azimuth = float(np.degrees(np.arctan2(aside, front)))
    behind = azimuth > _FROM_BEHIND_DEG
    turn = (180 - azimuth if behind else azimuth) - _NEARER_DEG
    turn = float(np.radians(np.clip(turn, *_TURN_DEG)))
    elevation = _elevation(planned, head)
    side = np.sin(turn) if planned.target.hemi is Hemi.RIGHT else -np.sin(turn)
    ahead = -np.cos(turn) if behind else np.cos(turn)
    flat = np.cos(elevation)
    return head.direction(float(side * flat), float(ahead * flat), float(np.sin(elevation)))


def _elevation(planned: PlannedTarget, head: Head) -> float:
    """Return how high the camera stands, radians: higher for a coil on top of the head."""
    out = planned.pose.scanner_from_coil @ Vectors([0, 0, -1], planned.pose.scanner_from_coil.src)
    _, _, up = head.components(out)
    low, high = _ELEVATION_DEG
    return float(np.radians(low + (high - low) * np.clip((up - 0.6) / 0.4, 0, 1)))


def _outline(view: View, baked: BakedScene, planned: PlannedTarget) -> Points[Scanner]:
    """Return the points that must be inside the picture and free of letters."""
    frame = baked.frame
    if view.head is None:
        parts = [p.points.mm(frame)[::7] for _, p in baked.cortex.sides()]
        return Points(np.vstack(parts), frame)
    parts = [baked.scalp.points.mm(frame)[::3]]
    if view.coil:
        parts += [p.line.mm(frame) for p in solid_paths(planned.pose)]
    return Points(np.vstack(parts), frame)


def _caption(
    plan: Plan, planned: PlannedTarget, view: View, camera: Camera, baked: BakedScene
) -> Caption:
    target = planned.target
    x = float(target.point.mm(plan.frame)[0, 0])
    words = [say(f"{view.id}-what"), say("seen-from", where=_seen_from(camera, baked))]
    if view.coil:
        words[1:1] = [say("arrow"), say("midline")]
    return Caption(
        title=say("picture-title", patient=plan.patient_id, target=target.name),
        side=say("picture-side", side=side_word(target.hemi), x=x),
        text=" ".join(words),
        labels=plan.labels,
        scale=view.head != "solid",
    )


def _seen_from(camera: Camera, baked: BakedScene) -> str:
    """Return the directions from which the camera looks, the largest first."""
    offset = (camera.position - camera.focal).units()
    right, front, up = baked.head.components(offset)
    names: Iterator[tuple[float, str]] = iter(
        (
            (right, say("right" if right > 0 else "left")),
            (front, say("seen-front" if front > 0 else "seen-back")),
            (up, say("seen-above" if up > 0 else "seen-below")),
        )
    )
    named = sorted(((abs(v), word) for v, word in names), reverse=True)
    return ", ".join(word for v, word in named if v > 0.3)
