"""Cameras, and where the patient's left and right fall on the screen. Pure numbers, no GL."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..space import Frame, Hemi, Points, Scanner, Vectors, fit_midplane

__all__ = ["Camera", "Head", "Letter", "Margins", "aim", "head_of", "side_letters", "with_room"]

Floats = NDArray[np.float64]
#: Free pixels: left, right, top, bottom.
Margins = tuple[float, float, float, float]
#: Pixel constants of this module are for a picture of this height.
SIZE_HEIGHT = 1200

#: Far enough that noses do not grow, near enough that depth is still seen, mm.
DISTANCE_MM = 760.0
#: Left and right are lettered if their axis is seen at least this long (sine of the angle
#: between it and the line of sight); below, both letters would lie on the head.
LETTER_SINE = 0.35
#: Room between head and letter, and between letter and picture edge, pixels at 1200 height.
_LETTER_GAP, _LETTER_EDGE = 62.0, 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The patient's own axes in the scanner, from the plane between the hemispheres.

    Parameters
    ----------
    centre : Points of Scanner, one row
        Middle of the scalp's bounding box.
    right, front, up : Vectors of Scanner, one row each
        Unit length, orthogonal. `up` is scanner z as far as it lies in the midplane.
    middle : Points of Scanner, one row
        A point of the plane between the hemispheres.
    """

    centre: Points[Scanner]
    right: Vectors[Scanner]
    front: Vectors[Scanner]
    up: Vectors[Scanner]
    middle: Points[Scanner]

    def right_mm(self, points: Points[Scanner]) -> Floats:
        """Return the (n,) distances from the midplane in mm, positive on the patient's right."""
        return (points - self.middle).dot(self.right)

    def direction(self, right: float, front: float, up: float) -> Vectors[Scanner]:
        """Return the unit vector with these components along the head's axes."""
        return (self.right * right + self.front * front + self.up * up).units()

    def components(self, vector: Vectors[Scanner]) -> tuple[float, float, float]:
        """Return one vector's components to the right, front and top."""
        right, front, up = (float(vector.dot(a)[0]) for a in (self.right, self.front, self.up))
        return right, front, up


def head_of(left: Points[Scanner], right: Points[Scanner], scalp: Points[Scanner]) -> Head:
    """Return the head's axes from both hemispheres and the scalp, one frame."""
    frame = scalp.frame
    plane = fit_midplane(left, right)
    to_right = plane.to_right
    z = Vectors([0, 0, 1], frame)
    up = (z - to_right * z.dot(to_right)[:, None]).units()
    box = scalp.mm(frame)
    centre = Points((box.min(axis=0) + box.max(axis=0)) / 2, frame)
    return Head(centre, to_right, up.cross(to_right), up, plane.point)


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """A perspective camera in the patient's scanner frame.

    Parameters
    ----------
    position, focal : Points of Scanner, one row each
    up : Vectors of Scanner, one row
        Need not be orthogonal to the line of sight.
    angle_deg : float
        Vertical field of view.
    size : (width, height) in pixels
    """

    position: Points[Scanner]
    focal: Points[Scanner]
    up: Vectors[Scanner]
    angle_deg: float
    size: tuple[int, int]

    @property
    def frame(self) -> Frame[Scanner]:
        """The frame that the camera stands in."""
        return self.position.frame

    def axes(self) -> tuple[Floats, Floats, Floats]:
        """Return the unit vectors right, up and forward of the picture, (3,) each."""
        forward = (self.focal - self.position).units()
        right = forward.cross(self.up).units()
        triple = (right, right.cross(forward), forward)
        x, y, z = (v.components(self.frame)[0] for v in triple)
        return x, y, z

    def depth(self, points: Points[Scanner]) -> Floats:
        """Return the (n,) distances in mm along the line of sight."""
        forward = (self.focal - self.position).units()
        return (points - self.position).dot(forward)

    def project(self, points: Points[Scanner]) -> Floats:
        """Return the (n, 2) pixels, x to the right and y down from the top left corner."""
        offset = (points - self.position).components(self.frame)
        right, up, forward = self.axes()
        width, height = self.size
        scale = height / 2 / np.tan(np.radians(self.angle_deg) / 2) / (offset @ forward)
        return np.stack(
            [width / 2 + (offset @ right) * scale, height / 2 - (offset @ up) * scale], axis=1
        )

    def mm_per_pixel(self) -> float:
        """Return the size of one pixel at the focal point."""
        distance = float((self.focal - self.position).lengths()[0])
        return 2 * distance * float(np.tan(np.radians(self.angle_deg) / 2)) / self.size[1]

    def moved(self, dx: float, dy: float) -> Camera:
        """Return the camera moved sideways by pixels of its own picture (y down)."""
        right, up, _ = self.axes()
        step = Vectors((right * dx - up * dy) * self.mm_per_pixel(), self.frame)
        return replace(self, position=self.position + step, focal=self.focal + step)


def aim(
    towards: Vectors[Scanner],
    up: Vectors[Scanner],
    show: Points[Scanner],
    *,
    size: tuple[int, int],
    margins: Margins,
) -> Camera:
    """Return the camera that looks from a side and has everything inside the margins.

    Parameters
    ----------
    towards : Vectors of Scanner, one row
        From the head to the viewer.
    up : Vectors of Scanner, one row
    show : Points of Scanner
        What must be visible.
    size : (width, height)
        Pixels.
    margins : (left, right, top, bottom)
        Pixels that stay free.
    """
    left, right, top, bottom = margins
    free = np.array([size[0] - left - right, size[1] - top - bottom])
    middle = np.array([left, top]) + free / 2
    focal = show.centroid()
    camera = Camera(focal + towards.units() * DISTANCE_MM, focal, up, 24.0, size)
    for _ in range(4):  # perspective: centring changes the size a little, and the reverse
        pixels = camera.project(show)
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        growth = float(((high - low) / free).max())
        half = np.tan(np.radians(camera.angle_deg) / 2) * growth
        camera = replace(camera, angle_deg=float(2 * np.degrees(np.arctan(half))))
        pixels = camera.project(show)
        off = (pixels.min(axis=0) + pixels.max(axis=0)) / 2 - middle
        camera = camera.moved(float(off[0]), float(off[1]))
    return camera


@dataclass(frozen=True, slots=True)
class Letter:
    """An L or R on the picture, at pixels from the top left corner."""

    hemi: Hemi
    x: float
    y: float

    @property
    def text(self) -> str:
        """``L`` or ``R``: always the patient's own side."""
        return "L" if self.hemi is Hemi.LEFT else "R"


def side_letters(
    camera: Camera, head: Head, outline: Points[Scanner], target: Points[Scanner]
) -> tuple[Letter, ...]:
    """Return where L and R belong: off the head, and the target nearer to its own letter.

    Both stand on the line that runs through the target from the patient's left to right. The
    letter of the other side is moved out until the target is nearer to its own: a left target
    beside an R would be read as right, however correct the perspective.

    Parameters
    ----------
    camera : Camera
    head : Head
    outline : Points of Scanner
        What the letters must not cover.
    target : Points of Scanner, one row

    Returns
    -------
    tuple of Letter
        Left first; empty when left and right lie along the line of sight, where the words
        "seen from the patient's left" (or right) must say it.
    """
    right, up, _ = camera.axes()
    to_right = head.right.components(camera.frame)[0]
    on_screen = np.array([to_right @ right, -(to_right @ up)])
    seen = float(np.linalg.norm(on_screen))
    if seen < LETTER_SINE:
        return ()
    direction = on_screen / seen
    foot = camera.project(target - head.right * head.right_mm(target))[0]
    offset = float((camera.project(target)[0] - foot) @ direction)
    gap = _LETTER_GAP * camera.size[1] / SIZE_HEIGHT
    left_out, right_out = _reaches(camera.project(outline) - foot, direction, gap)
    if offset < 0:
        right_out = max(right_out, left_out + 2 * offset + gap)
    else:
        left_out = max(left_out, right_out - 2 * offset + gap)
    at_left, at_right = foot - direction * left_out, foot + direction * right_out
    return (
        Letter(Hemi.LEFT, float(at_left[0]), float(at_left[1])),
        Letter(Hemi.RIGHT, float(at_right[0]), float(at_right[1])),
    )


def _reaches(pixels: Floats, direction: Floats, gap: float) -> tuple[float, float]:
    """Return how far the drawing goes to each side of the line's foot, and a gap more."""
    # Only what lies near the line decides how far out its letters stand.
    aside = np.abs(pixels @ np.array([-direction[1], direction[0]]))
    along = pixels[aside < max(1.5 * gap, float(aside.min()) + 1)] @ direction
    return float(max(-along.min(), 0)) + gap, float(max(along.max(), 0)) + gap


def with_room(camera: Camera, letters: tuple[Letter, ...], margins: Margins) -> Camera:
    """Return the camera moved and widened so that the letters stand inside the margins.

    Letters are placed on a picture that may not have room for them; this makes the room.
    """
    if not letters:
        return camera
    left, right, top, bottom = margins
    xy = np.array([(x.x, x.y) for x in letters])
    edge = _LETTER_EDGE * camera.size[1] / SIZE_HEIGHT
    low = np.minimum(xy.min(axis=0) - edge, (left, top))
    high = np.maximum(xy.max(axis=0) + edge, (camera.size[0] - right, camera.size[1] - bottom))
    free = np.array([camera.size[0] - left - right, camera.size[1] - top - bottom])
    growth = float(max(((high - low) / free).max(), 1.0))
    half = np.tan(np.radians(camera.angle_deg) / 2) * growth
    shift = (low + high) / 2 - (np.array([left, top]) + free / 2)
    camera = camera.moved(float(shift[0]), float(shift[1]))
    return replace(camera, angle_deg=float(2 * np.degrees(np.arctan(half))))
