"""The facts that the page's script needs, as plain JSON data. Sentences come with them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ..plan.plan import Plan, PlannedTarget
from ..plan.scene import Scene
from ..space import Frame, Points, Scanner, Vectors
from ..target.ranking import RankedParcel
from ..target.target import Target
from .bake import BakedScene, bake_scene
from .camera import Head
from .coil_model import FIGURE8_70MM
from .draw import MARKER_MM, marker_centre
from .facts import frame_words
from .look import look_data
from .page_meshes import LAYERS
from .page_scalp import map_data
from .pictures import VIEWS, camera_for
from .words import WORDS, say

__all__ = ["badge", "page_data"]

#: Decimals of mm: finer than the meshes of the page.
_DECIMALS = 3
#: A cloud is drawn as dots of 2 mm.
_CLOUD_DECIMALS = 1
#: The dots of a cloud stand off the cortex by this, or half of each would sink in it.
_CLEAR_MM = 0.6
#: 10-10 names of nasion and inion.
_LANDMARK_SITES = ("Nz", "Iz")


def badge(index: int) -> str:
    """Return the letter that stands for a target on cards, labels and slices: A, B, ..."""
    return chr(ord("A") + index) if index < 26 else str(index + 1)


def page_data(plan: Plan) -> dict[str, Any]:
    """Return what the page's script reads.

    Parameters
    ----------
    plan : Plan
        Without a scene there is nothing to turn or cut, and the data are only words.

    Returns
    -------
    dict
        Plain JSON data; all points in mm of the plan's frame. ``sites`` and ``landmarks`` are
        empty where the head was not measured, ``maps`` where its scalp was not mapped.
    """
    words = {k.removeprefix("js-"): v for k, v in WORDS.items() if k.startswith("js-")}
    data: dict[str, Any] = {"frame": frame_words(plan), "words": words, "targets": []}
    if plan.scene is None:
        return data
    baked = bake_scene(plan.scene)
    data["look"] = look_data()
    data["coil"] = asdict(FIGURE8_70MM)
    data["layers"] = LAYERS
    data["head"] = _head(baked.head, plan.frame)
    data["targets"] = [_target(plan, t, i, baked) for i, t in enumerate(plan.targets)]
    centres = _centres(plan.scene)
    data["regions"] = [_region(r, centres) for r in plan.ranking.rows]
    data["sites"], data["landmarks"] = _sites(plan), _landmarks(plan)
    data["maps"] = map_data(plan)
    return data


def _target(plan: Plan, planned: PlannedTarget, index: int, baked: BakedScene) -> dict[str, Any]:
    target, pose, frame = planned.target, planned.pose, plan.frame
    rigid = pose.scanner_from_coil
    camera = camera_for(VIEWS[0], planned, baked)
    return {
        "id": target.id,
        "badge": badge(index),
        "name": target.name,
        "kind": target.kind,
        "side": str(target.hemi),
        "point": _xyz(target.point, frame),
        "marker": _xyz(marker_centre(target), frame),
        "markerRadius": MARKER_MM,
        "spread": target.spread_mm,
        "scalp": _xyz(pose.scalp_point, frame),
        "outward": _xyz(pose.scalp_normal, frame),
        "matrix": rigid.matrix(frame, rigid.src).tolist(),
        "oblique": _xyz((camera.position - camera.focal).units(), frame),
        "cloud": [] if target.cloud is None else _rows(target.cloud.mm(frame)),
        "cloudSeen": [] if target.cloud is None else _on_surface(target, baked),
    }


def _on_surface(target: Target, baked: BakedScene) -> list[list[float]]:
    """Return the cloud where it is seen: over the pial surface, as the ball of a target is."""
    part = baked.cortex.side(target.hemi)
    if target.cloud is None:
        return []
    frame = part.points.frame
    xyz = part.points.mm(frame)
    _, near = KDTree(xyz).query(target.cloud.mm(frame))
    return _rows(xyz[near] + _CLEAR_MM * part.normals[near])


def _rows(xyz: NDArray[np.float64]) -> list[list[float]]:
    return [[round(float(v), _CLOUD_DECIMALS) for v in row] for row in xyz]


def _sites(plan: Plan) -> list[dict[str, Any]]:
    """Return the 10-10 sites, without those that are the landmarks by another name."""
    if plan.head is None:
        return []
    return [
        {"name": name, "point": _xyz(point, plan.frame)}
        for name, point in plan.head.sites.items()
        if name not in _LANDMARK_SITES
    ]


def _landmarks(plan: Plan) -> list[dict[str, Any]]:
    if plan.head is None:
        return []
    marks = plan.head.landmarks
    return [
        {"name": _short(name, marks.confidence_mm[name]), "point": _xyz(point, plan.frame)}
        for name, point in marks.named().items()
    ]


def _short(name: str, within_mm: float) -> str:
    """Return "nasion ±8 mm"; a landmark that a person marked has no doubt of ours."""
    plain = say(f"short-{name}")
    return plain if np.isnan(within_mm) else say("short-within", name=plain, mm=within_mm)


def _head(head: Head, frame: Frame[Scanner]) -> dict[str, Any]:
    axes = {"right": head.right, "front": head.front, "up": head.up}
    points = {"centre": head.centre, "middle": head.middle}
    placed = {name: _xyz(p, frame) for name, p in points.items()}
    return placed | {name: _xyz(v, frame) for name, v in axes.items()}


def _xyz(what: Points[Scanner] | Vectors[Scanner], frame: Frame[Scanner]) -> list[float]:
    row = what.mm(frame)[0] if isinstance(what, Points) else what.components(frame)[0]
    return [round(float(v), _DECIMALS) for v in row]


def _region(row: RankedParcel, centres: dict[int, list[float]]) -> dict[str, Any]:
    return {
        "id": row.parcel_id,
        "name": row.name,
        "side": str(row.hemi),
        "z": None if row.z is None else round(row.z, 2),
        "point": centres.get(row.parcel_id),
    }


def _centres(scene: Scene) -> dict[int, list[float]]:
    """Return for each parcel the vertex nearest to its middle: a place that is on the cortex."""
    found: dict[int, list[float]] = {}
    for _, part in scene.cortex.sides():
        xyz, ids = part.pial.points.mm(scene.frame), part.labels.ids
        if part.white is not None:
            xyz = (xyz + part.white.points.mm(scene.frame)) / 2
        for parcel_id in np.unique(ids[ids != 0]):
            found[int(parcel_id)] = _middle(xyz[ids == parcel_id])
    return found


def _middle(xyz: NDArray[np.float64]) -> list[float]:
    nearest = int(np.argmin(np.linalg.norm(xyz - xyz.mean(axis=0), axis=1)))
    return [round(float(v), _DECIMALS) for v in xyz[nearest]]
