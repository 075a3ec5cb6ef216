"""The scene made ready to draw: fine meshes with their colours baked in.

Done once per plan; every picture of every target, and the page, are drawn from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ..plan.scene import Scene, SceneCortex
from ..space import Frame, Points, Scanner
from ..surface import Pair, Surface
from .camera import Head, head_of
from .look import OVERLAY, cortex_light, cortex_rgb, overlay_rgba, skin_rgb
from .occlusion import occluders, smooth, visibility

__all__ = ["BakedCortex", "BakedScalp", "BakedScene", "bake_scene"]

Floats = NDArray[np.float64]
Faces = NDArray[np.int32]

#: Meshes with fewer vertices are refined once before drawing: fsaverage5 looks faceted.
_COARSE_CORTEX, _COARSE_SCALP = 30_000, 12_000
#: Grid of the occlusion: a sulcus is 2 to 3 mm wide, the scalp has no such folds.
_SPACING_MM, _SCALP_SPACING_MM = 1.0, 2.0
#: A patient's 200 000 vertices lie closer than occlusion varies: so many are worked out.
_BAKED_VERTICES, _BANK_MM = 40_000, 3.0
_OVERLAY_STEPS, _OCCLUSION_STEPS, _SCALP_STEPS = 2, 2, 6


@dataclass(frozen=True, slots=True, eq=False)
class BakedCortex:
    """One hemisphere with colours.

    Parameters
    ----------
    points : Points of Scanner, n rows
    faces : (m, 3)
    normals : (n, 3)
        Outward unit normals in the frame of `points`.
    rgb : (n, 3) uint8
        With the deviations painted on.
    bare : (n, 3) uint8
        Without them: a page paints them itself, at the threshold that is asked for.
    light : (n,) float64
        1 in the open, 0 in full shadow; what shades both colours.
    z : (n,) float64
        Deviation as it is painted, averaged over parcel borders; 0 where there is none.
    ids : (n,) int32
        Parcel, 0 for none.
    white : (n, 3) float64 or None
        The white surface under each vertex, mm in the frame of `points`.
    low, high : (n,) float64
        Above 0.5 where z is beyond the threshold on that side: contours are drawn at 0.5.
    """

    points: Points[Scanner]
    faces: Faces
    normals: Floats
    rgb: NDArray[np.uint8]
    bare: NDArray[np.uint8]
    light: Floats
    z: Floats
    ids: NDArray[np.int32]
    white: Floats | None
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, eq=False)
class BakedScalp:
    """The scalp with the colours of a solid head; a glass head takes its alpha per camera."""

    points: Points[Scanner]
    faces: Faces
    normals: Floats
    rgb: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class BakedScene:
    """Everything that pictures are drawn from."""

    cortex: Pair[BakedCortex]
    scalp: BakedScalp
    head: Head

    @property
    def frame(self) -> Frame[Scanner]:
        """The scanner frame of the patient."""
        return self.scalp.points.frame


@dataclass(frozen=True, slots=True, eq=False)
class _Mesh:
    """A mesh being worked on: (n, 3) mm, (m, 3), and one (n, c) table of vertex values."""

    xyz: Floats
    faces: Faces
    values: Floats

    def normals(self) -> Floats:
        c = self.xyz[self.faces]
        cross = np.repeat(np.cross(c[:, 1] - c[:, 0], c[:, 2] - c[:, 0]), 3, axis=0)
        at, n = self.faces.ravel(), len(self.xyz)
        out = np.stack([np.bincount(at, cross[:, k], minlength=n) for k in range(3)], axis=1)
        length = np.linalg.norm(out, axis=1, keepdims=True)
        return np.asarray(np.where(length > 0, out / np.where(length > 0, length, 1), (0, 0, 1)))


@lru_cache(maxsize=1)  # pictures and page of one plan are made one after the other
def bake_scene(scene: Scene) -> BakedScene:
    """Return the scene with occlusion, sulcal depth and deviations baked into colours.

    Parameters
    ----------
    scene : Scene
        220 000 cortical vertices take a few seconds.

    Returns
    -------
    BakedScene
    """
    scale = _sulc_scale(scene)
    drafts = scene.cortex.map(lambda part: _draft(part, scale))
    seen = _seen_by_both(drafts)
    left, right = (
        _coloured(drafts.side(hemi), seen.side(hemi), part) for hemi, part in scene.cortex.sides()
    )
    head = head_of(
        scene.cortex.left.pial.points, scene.cortex.right.pial.points, scene.scalp.points
    )
    return BakedScene(Pair(left, right), _scalp(scene.scalp), head)


def _sulc_scale(scene: Scene) -> float:
    both = np.concatenate([part.sulc.values for _, part in scene.cortex.sides()])
    spread = float(np.nanstd(both)) if np.isfinite(both).any() else 0.0
    return spread or 1.0


#: So many first columns of a draft are not averaged over parcel borders.
_SHARP = 4


def _draft(part: SceneCortex, sulc_scale: float) -> _Mesh:
    """Return the mesh with its columns.

    They are sulc and the way to the white surface (3), and then, averaged over parcel borders,
    overlay colour times alpha (3), alpha, low, high.
    """
    z, threshold = part.z.values, OVERLAY.threshold.value
    rgba = overlay_rgba(z)
    # Missing sulcal depth is drawn as neither crown nor sulcus.
    sulc = np.nan_to_num(part.sulc.values / sulc_scale)
    known = np.nan_to_num(z)
    beyond = (known <= -threshold, known >= threshold)
    columns = (sulc, _inwards(part), rgba[:, :3] * rgba[:, 3:], rgba[:, 3], *beyond)
    mesh = _fine(part.pial, np.column_stack(columns).astype(np.float64), _COARSE_CORTEX)
    # Parcel borders run along triangle edges; averaging with neighbours takes the teeth off.
    soft = smooth(mesh.values[:, _SHARP:], mesh.faces, _OVERLAY_STEPS)
    return _Mesh(mesh.xyz, mesh.faces, np.column_stack([mesh.values[:, :_SHARP], soft]))


def _inwards(part: SceneCortex) -> Floats:
    """Return the (n, 3) way from the pial to the white surface, mm; 0 where it is unknown."""
    frame = part.pial.frame
    white = part.pial if part.white is None else part.white
    return white.points.mm(frame) - part.pial.points.mm(frame)


def _fine(surface: Surface[Any], values: Floats, coarse: int) -> _Mesh:
    """Return the mesh, refined once by interpolating (butterfly) subdivision if it is coarse."""
    xyz, faces = surface.points.mm(surface.frame), surface.faces
    if len(xyz) >= coarse:
        return _Mesh(xyz, faces, values)
    import pyvista as pv

    mesh = pv.PolyData.from_regular_faces(xyz, faces)
    mesh.point_data["values"] = values
    fine = mesh.subdivide(1, "butterfly")
    table = np.asarray(fine.point_data["values"], dtype=np.float64).reshape(fine.n_points, -1)
    return _Mesh(
        np.asarray(fine.points, np.float64), np.asarray(fine.regular_faces, np.int32), table
    )


def _seen_by_both(drafts: Pair[_Mesh]) -> Pair[Floats]:
    """Return each hemisphere's occlusion with both in the way: the medial walls are dark."""
    blockers = np.vstack([occluders(m.xyz, m.faces, _SPACING_MM) for _, m in drafts.sides()])
    xyz = np.vstack([m.xyz for _, m in drafts.sides()])
    normals = np.vstack([m.normals() for _, m in drafts.sides()])
    seen = _seen(xyz, normals, blockers)
    left, right = np.split(seen, [len(drafts.left.xyz)])
    return Pair(
        smooth(left, drafts.left.faces, _OCCLUSION_STEPS),
        smooth(right, drafts.right.faces, _OCCLUSION_STEPS),
    )


def _seen(xyz: Floats, normals: Floats, blockers: Floats) -> Floats:
    """Return the occlusion of each vertex; of a dense mesh, that of its nearest sample."""
    step = max(1, len(xyz) // _BAKED_VERTICES)
    sample, facing = xyz[::step], normals[::step]
    seen = visibility(sample, facing, blockers, directions=96, pixel_mm=_SPACING_MM)
    if step == 1:
        return seen
    # Near in place and in direction: the two banks of a sulcus touch but face each other.
    tree = KDTree(np.hstack([sample, _BANK_MM * facing]))
    _, nearest = tree.query(np.hstack([xyz, _BANK_MM * normals]), eps=0.5)
    return np.asarray(seen[nearest])


def _coloured(mesh: _Mesh, seen: Floats, part: SceneCortex) -> BakedCortex:
    sulc, inwards, premultiplied, alpha, low, high = np.split(mesh.values, [1, 4, 7, 8, 9], axis=1)
    # Colour was averaged times its opacity, or transparent neighbours would bleed grey in.
    rgb = np.clip(premultiplied / np.where(alpha > 1e-6, alpha, 1), 0, 1)
    rgba = np.column_stack([rgb, np.clip(alpha, 0, 1)])
    bare = cortex_rgb(sulc[:, 0], seen, np.zeros_like(rgba))
    frame = part.pial.frame
    _, nearest = KDTree(part.pial.points.mm(frame)).query(mesh.xyz)
    return BakedCortex(
        points=Points(mesh.xyz, frame),
        faces=mesh.faces,
        normals=mesh.normals(),
        rgb=_bytes(cortex_rgb(sulc[:, 0], seen, rgba)),
        bare=_bytes(bare),
        light=cortex_light(seen),
        # Subdivision overshoots at borders, and no vertex may look more unusual than its parcel.
        z=smooth(np.nan_to_num(part.z.values[nearest]), mesh.faces, _OVERLAY_STEPS),
        ids=np.asarray(part.labels.ids[nearest], dtype=np.int32),
        white=None if part.white is None else mesh.xyz + inwards,
        low=np.clip(low[:, 0], 0, 1),
        high=np.clip(high[:, 0], 0, 1),
    )


def _scalp(surface: Surface[Scanner]) -> BakedScalp:
    mesh = _fine(surface, np.zeros((len(surface), 1)), _COARSE_SCALP)
    blockers = occluders(mesh.xyz, mesh.faces, _SCALP_SPACING_MM)
    seen = visibility(
        mesh.xyz, mesh.normals(), blockers, directions=64, pixel_mm=_SCALP_SPACING_MM
    )
    seen = smooth(seen, mesh.faces, _SCALP_STEPS)
    return BakedScalp(
        Points(mesh.xyz, surface.frame), mesh.faces, _soft_normals(mesh), _bytes(skin_rgb(seen))
    )


def _soft_normals(mesh: _Mesh) -> Floats:
    """Return normals averaged with their neighbours: scalps carry steps of their T1's voxels."""
    normals = smooth(mesh.normals(), mesh.faces, _SCALP_STEPS // 2)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9))


def _bytes(colours: Floats) -> NDArray[np.uint8]:
    return np.round(np.clip(colours, 0, 1) * 255).astype(np.uint8)
