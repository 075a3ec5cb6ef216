"""The template cortex of the cohort page: four pictures true to scale, and places on them.

Projection is parallel and every picture has the same number of pixels a millimetre, so that a
dot's place, a ring's radius and a bar's length are exact arithmetic and need no renderer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..space import Frame, Hemi, Mni305, Points
from ..surface import Domain, Pair, Surface, closest_on_faces
from .look import CORTEX, LIGHTS, cortex_rgb
from .occlusion import occluders, smooth, visibility

if TYPE_CHECKING:
    import pyvista as pv

__all__ = ["PANELS", "Panel", "behind_mm", "draw_panel", "snapped", "template_cortex"]

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]

_FRAME = Frame(Mni305, "template")
_MESH = "fsaverage5"
#: Middle of fsaverage5's pial surfaces, mm of MNI305; every panel is centred on it.
_CENTRE = (0.0, -18.0, 14.0)
#: Pixels a millimetre: twice what a 1280 pixel wide window shows.
_SHARP = 4
#: Grid of the occlusion, and how far sight is looked for in front of a place, mm.
_SPACING_MM, _BESIDE_MM = 1.0, 3.0
_EYE_MM = 600.0


@dataclass(frozen=True, slots=True)
class Panel:
    """One view of the template.

    Parameters
    ----------
    id : str
    towards : three floats
        From the head to the eye: right, front, up.
    across, down : three floats
        The template's direction that runs to the right of the picture, and down it.
    size_mm : (width, height)
    shows : tuple of Hemi
        Hemispheres that are drawn, and whose targets are.
    """

    id: str
    towards: tuple[float, float, float]
    across: tuple[float, float, float]
    down: tuple[float, float, float]
    size_mm: tuple[int, int]
    shows: tuple[Hemi, ...]

    def place(self, points: Points[Mni305]) -> Floats:
        """Return (n, 2) mm from the top left corner of the picture, to the right and down."""
        offset = points.mm(_FRAME) - np.array(_CENTRE)
        axes = np.array([self.across, self.down])
        return np.asarray(offset @ axes.T + np.array(self.size_mm) / 2)


_UP = (0.0, 0.0, -1.0)
#: From the left, the face looks to the left of the picture; from the front, the patient's right
#: is at the left; from above, the face is up and the patient's left at the left.
PANELS = (
    Panel("left", (-1, 0, 0), (0, -1, 0), _UP, (190, 150), (Hemi.LEFT,)),
    Panel("right", (1, 0, 0), (0, 1, 0), _UP, (190, 150), (Hemi.RIGHT,)),
    Panel("front", (0, 1, 0), (-1, 0, 0), _UP, (150, 150), (Hemi.LEFT, Hemi.RIGHT)),
    Panel("top", (0, 0, 1), (1, 0, 0), (0, -1, 0), (150, 190), (Hemi.LEFT, Hemi.RIGHT)),
)


@cache
def template_cortex() -> Pair[Surface[Mni305]]:
    """Return fsaverage5's pial surfaces in MNI305, from nilearn's wheel; no network."""
    return Pair(_pial(Hemi.LEFT), _pial(Hemi.RIGHT))


def _pial(hemi: Hemi) -> Surface[Mni305]:
    from nilearn.datasets import load_fsaverage

    part = load_fsaverage(_MESH)["pial"].parts[hemi.value]
    domain = Domain(_MESH, len(part.coordinates), hemi, _FRAME.owner)
    return Surface(Points(part.coordinates, _FRAME), part.faces, domain)


def snapped(points: Points[Mni305], hemi: Hemi) -> tuple[Points[Mni305], Floats]:
    """Return the nearest places of one hemisphere's pial surface, and how far off, (n,) mm.

    For drawing only: an affine puts a patient's point near the template's cortex, not on it.
    """
    found = closest_on_faces(template_cortex().side(hemi), points)
    return found.points, found.distance_mm


def behind_mm(panel: Panel, points: Points[Mni305]) -> Floats:
    """Return how much brain, (n,) mm, lies between each place and the eye of a panel."""
    sight = np.array(panel.towards, dtype=float)
    parts = [template_cortex().side(h).points.mm(_FRAME) for h in panel.shows]
    cortex = Points(np.vstack(parts), _FRAME)
    depth, seen = cortex.mm(_FRAME) @ sight, panel.place(cortex)
    out = []
    for at, xyz in zip(panel.place(points), points.mm(_FRAME), strict=True):
        beside = np.linalg.norm(seen - at, axis=1) < _BESIDE_MM
        out.append(float(max(depth[beside].max(initial=-np.inf) - xyz @ sight, 0.0)))
    return np.array(out)


def draw_panel(panel: Panel) -> Image:
    """Return the picture of a panel, `_SHARP` pixels a millimetre, (height, width, 3)."""
    import pyvista as pv

    size = [n * _SHARP for n in panel.size_mm]
    plotter = pv.Plotter(off_screen=True, window_size=size, lighting="none")
    try:
        plotter.set_background("white")
        for light in LIGHTS:
            kind = {"intensity": light.intensity, "color": light.colour}
            lamp = pv.Light(light_type="camera light", **kind)
            lamp.position, lamp.focal_point = light.position, (0, 0, 0)
            plotter.add_light(lamp)
        for hemi in panel.shows:
            _add(plotter, _baked().side(hemi))
        _look(plotter, panel)
        plotter.enable_anti_aliasing("ssaa")
        return np.array(plotter.screenshot(return_img=True, transparent_background=False))
    finally:
        plotter.close()


def _add(plotter: pv.Plotter, mesh: pv.PolyData) -> None:
    m = CORTEX.material
    plotter.add_mesh(
        mesh,
        scalars="rgb",
        rgb=True,
        smooth_shading=True,
        ambient=m.ambient,
        diffuse=m.diffuse,
        specular=m.specular,
        specular_power=m.power,
    )


def _look(plotter: pv.Plotter, panel: Panel) -> None:
    camera, centre = plotter.camera, np.array(_CENTRE)
    camera.focal_point = centre
    camera.position = centre + _EYE_MM * np.array(panel.towards, dtype=float)
    camera.up = -np.array(panel.down, dtype=float)
    camera.parallel_projection = True
    camera.parallel_scale = panel.size_mm[1] / 2
    camera.clipping_range = (_EYE_MM / 3, 2 * _EYE_MM)


@cache
def _baked() -> Pair[pv.PolyData]:
    """Return both hemispheres refined once, with shadow and sulci in their colours."""
    fine = Pair(_fine(Hemi.LEFT), _fine(Hemi.RIGHT))
    blockers = np.vstack(
        [occluders(xyz, faces, _SPACING_MM) for xyz, faces in map(_mesh, _both(fine))]
    )
    for mesh in _both(fine):
        xyz, faces = _mesh(mesh)
        normals = np.asarray(mesh.point_data["Normals"], dtype=np.float64)
        seen = smooth(visibility(xyz, normals, blockers, pixel_mm=_SPACING_MM), faces, 2)
        rgb = cortex_rgb(np.asarray(mesh.point_data["sulc"]), seen, np.zeros((len(xyz), 4)))
        mesh.point_data["rgb"] = np.round(255 * rgb).astype(np.uint8)
    return fine


def _both(pair: Pair[pv.PolyData]) -> tuple[pv.PolyData, ...]:
    return tuple(mesh for _, mesh in pair.sides())


def _mesh(mesh: pv.PolyData) -> tuple[Floats, NDArray[np.int32]]:
    return np.asarray(mesh.points, np.float64), np.asarray(mesh.regular_faces, np.int32)


def _fine(hemi: Hemi) -> pv.PolyData:
    import pyvista as pv
    from nilearn.datasets import load_fsaverage_data

    surface = template_cortex().side(hemi)
    mesh = pv.PolyData.from_regular_faces(surface.points.mm(_FRAME), surface.faces)
    sulc = np.asarray(load_fsaverage_data(_MESH, data_type="sulcal").data.parts[hemi.value])
    mesh.point_data["sulc"] = sulc / sulc.std()
    mesh = mesh.subdivide(1, "butterfly")
    return mesh.compute_normals(cell_normals=False, split_vertices=False)
