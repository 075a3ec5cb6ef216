"""Draw one view of one target with VTK: small functions, each adding one thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..coil.pose import CoilPose
from ..space import Points, Scanner, Vectors
from ..target.target import Target
from .bake import BakedCortex, BakedScalp, BakedScene
from .camera import Camera
from .coil_model import FIGURE8_70MM, Path3D, casing, ghost_paths, solid_paths
from .look import (
    CASING,
    CONTOUR_HIGH,
    CONTOUR_LOW,
    COPPER,
    CORTEX,
    GHOST,
    GLASS,
    GREEN,
    LIGHTS,
    MARKER,
    MIDLINE,
    SKIN,
    Material,
    glass_alpha,
)
from .scalp_shade import coil_shadow

if TYPE_CHECKING:
    import pyvista as pv

__all__ = [
    "MARKER_MM",
    "add_cortex",
    "add_midline",
    "add_skin",
    "marker_centre",
    "photograph",
    "render",
]

Image = NDArray[np.uint8]
Faces = NDArray[np.int32]
Floats = NDArray[np.float64]

_PARTS = {"ring": GHOST, "handle": CASING, "winding": COPPER}
#: Radius of the target's ball, and of the line that leads to it, mm.
MARKER_MM, _AXIS_MM = 4.2, 0.7
#: Where the outline runs in a border that averaging has made soft (0 outside, 1 inside).
_CONTOUR = 0.35
#: Slack before and behind everything drawn, mm.
_CLIP_MM = 60.0


def render(
    baked: BakedScene,
    target: Target,
    pose: CoilPose,
    camera: Camera,
    *,
    head: str | None,
    coil: str | None,
) -> Image:
    """Return one picture without letters, (height, width, 3).

    Parameters
    ----------
    baked : BakedScene
    target : Target
    pose : CoilPose
    camera : Camera
    head : ``"glass"``, ``"solid"`` or None
    coil : ``"ghost"``, ``"solid"`` or None
    """

    def everything(plotter: pv.Plotter) -> None:
        if head != "solid":
            add_cortex(plotter, baked)
            _add_marker(plotter, target)
        if coil == "ghost":
            _add_axis(plotter, target, pose)
        if head:
            _add_scalp(plotter, baked, pose if coil == "solid" else None, camera, head)
            add_midline(plotter, baked, camera)
        if coil:
            _add_coil(plotter, pose, coil)
            _add_arrow(plotter, pose, coil)

    return photograph(baked, camera, everything)


def photograph(baked: BakedScene, camera: Camera, add: Callable[[pv.Plotter], None]) -> Image:
    """Return what `add` puts before the camera, in the one light, (height, width, 3).

    Parameters
    ----------
    baked : BakedScene
        Its scalp decides what depth is drawn.
    camera : Camera
    add : callable
        Takes the plotter and adds meshes to it.
    """
    import pyvista as pv

    plotter = pv.Plotter(off_screen=True, window_size=list(camera.size), lighting="none")
    try:
        plotter.set_background("white")
        _add_lights(plotter)
        add(plotter)
        _set_camera(plotter, camera, baked)
        plotter.enable_anti_aliasing("ssaa")
        return np.array(plotter.screenshot(return_img=True, transparent_background=False))
    finally:
        plotter.close()


def _add(plotter: pv.Plotter, mesh: pv.DataSet, look: Material, **extra: object) -> None:
    colour = {"color": look.colour} if look.colour else {}
    plotter.add_mesh(
        mesh,
        smooth_shading=True,
        ambient=look.ambient,
        diffuse=look.diffuse,
        specular=look.specular,
        specular_power=look.power,
        **colour,
        **extra,
    )


def _add_lights(plotter: pv.Plotter) -> None:
    import pyvista as pv

    for light in LIGHTS:
        lamp = pv.Light(light_type="camera light", intensity=light.intensity, color=light.colour)
        lamp.position, lamp.focal_point = light.position, (0, 0, 0)
        plotter.add_light(lamp)


def _mesh(
    points: Points[Scanner], faces: NDArray[np.int32], normals: NDArray[np.float64]
) -> pv.PolyData:
    import pyvista as pv

    mesh = pv.PolyData.from_regular_faces(points.mm(points.frame), faces)
    mesh.point_data["Normals"] = normals
    mesh.point_data.active_normals_name = "Normals"
    return mesh


def add_cortex(plotter: pv.Plotter, baked: BakedScene) -> None:
    """Add both hemispheres with their deviations and outlines."""
    for _, part in baked.cortex.sides():
        _add_hemisphere(plotter, part)


def _add_hemisphere(plotter: pv.Plotter, part: BakedCortex) -> None:
    mesh = _mesh(part.points, part.faces, part.normals)
    mesh.point_data["rgb"] = part.rgb
    _add(plotter, mesh, CORTEX.material, scalars="rgb", rgb=True)
    for values, colour in ((part.low, CONTOUR_LOW), (part.high, CONTOUR_HIGH)):
        if values.max() > _CONTOUR:
            line = mesh.contour([_CONTOUR], scalars=values)
            # A quarter of a millimetre off the surface, or the two fight for the same pixels.
            line.points = line.points + 0.25 * np.asarray(line.point_data["Normals"])
            plotter.add_mesh(line, color=colour, line_width=2.2, lighting=False, scalars=None)


def _add_marker(plotter: pv.Plotter, target: Target) -> None:
    import pyvista as pv

    centre = _xyz(marker_centre(target))
    ball = pv.Sphere(radius=MARKER_MM, center=centre, theta_resolution=64, phi_resolution=64)
    _add(plotter, ball, MARKER)


def marker_centre(target: Target) -> Points[Scanner]:
    """Return where the ball is drawn: from mid-cortex out to the surface, where it is seen."""
    return target.point + target.normal * 2.0


def _xyz(points: Points[Scanner]) -> NDArray[np.float64]:
    return np.array(points.mm(points.frame)[0])


def _add_axis(plotter: pv.Plotter, target: Target, pose: CoilPose) -> None:
    import pyvista as pv

    line = pv.Line(_xyz(pose.centre), _xyz(target.point)).tube(radius=_AXIS_MM)
    _add(plotter, line, MARKER)


def _add_scalp(
    plotter: pv.Plotter, baked: BakedScene, shading: CoilPose | None, camera: Camera, head: str
) -> None:
    scalp = baked.scalp
    if head == "glass":
        mesh = _mesh(scalp.points, scalp.faces, scalp.normals)
        view = (camera.position - scalp.points).units().components(baked.frame)
        alpha = glass_alpha(np.abs((view * scalp.normals).sum(axis=1)))
        rgb = np.tile(np.array(GLASS.rgb) * 255, (len(alpha), 1))
        mesh.point_data["rgba"] = np.column_stack([rgb, alpha * 255]).astype(np.uint8)
        _add(plotter, mesh, GLASS.material, scalars="rgba", rgb=True, culling="back")
    else:
        light = coil_shadow(scalp, shading) if shading else np.ones(len(scalp.points))
        add_skin(plotter, scalp, (scalp.rgb * light[:, None]).astype(np.uint8))


def add_skin(plotter: pv.Plotter, scalp: BakedScalp, rgb: NDArray[np.uint8]) -> None:
    """Add a solid scalp with these colours, (n, 3), one for each of its vertices."""
    mesh = _mesh(scalp.points, scalp.faces, scalp.normals)
    mesh.point_data["rgb"] = rgb
    _add(plotter, mesh, SKIN, scalars="rgb", rgb=True)


def add_midline(plotter: pv.Plotter, baked: BakedScene, camera: Camera) -> None:
    """Draw the midline of the scalp where it faces the camera: it parts left from right."""
    scalp = baked.scalp
    mesh = _mesh(scalp.points, scalp.faces, scalp.normals)
    line = mesh.contour([0.0], scalars=baked.head.right_mm(scalp.points))
    normals = np.asarray(line.point_data["Normals"])
    towards = _xyz(camera.position) - np.asarray(line.points)
    front = (normals * towards).sum(axis=1) > 0
    seen = line.extract_points(front, adjacent_cells=False)
    if seen.n_cells:
        # Its own normals: a point that is left without a segment is dropped on the way.
        seen.points = seen.points + 0.6 * np.asarray(seen.point_data["Normals"])
        plotter.add_mesh(
            seen, color=MIDLINE, line_width=4, opacity=0.8, lighting=False, scalars=None
        )


def _add_coil(plotter: pv.Plotter, pose: CoilPose, coil: str) -> None:
    if coil == "ghost":
        for path in ghost_paths(pose):
            _add_path(plotter, path)
        return
    import pyvista as pv

    for grid in casing(pose):
        part = pv.StructuredGrid(grid[..., 0], grid[..., 1], grid[..., 2])
        surface = part.extract_surface(algorithm="dataset_surface")
        _add(plotter, surface, CASING, split_sharp_edges=True)
    for path in solid_paths(pose):
        _add_path(plotter, path)
    cap = pv.Sphere(radius=4.5, center=_xyz(_on_axis(pose, -FIGURE8_70MM.hub_thickness)))
    _add(plotter, cap, MARKER)


def _on_axis(pose: CoilPose, z: float) -> Points[Scanner]:
    return pose.scanner_from_coil @ Points([0, 0, z], pose.scanner_from_coil.src)


def _add_path(plotter: pv.Plotter, path: Path3D) -> None:
    import pyvista as pv

    xyz = path.line.mm(path.line.frame)
    line = pv.Spline(xyz, 240) if len(xyz) > 2 else pv.Line(xyz[0], xyz[1])
    tube = line.tube(radius=path.radius, n_sides=24, capping=True)
    _add(plotter, tube, _PARTS[path.part], split_sharp_edges=True)


def _along(pose: CoilPose, y: float) -> Points[Scanner]:
    return pose.scanner_from_coil @ Points([0, y, -5.0], pose.scanner_from_coil.src)


def _add_arrow(plotter: pv.Plotter, pose: CoilPose, coil: str) -> None:
    import pyvista as pv

    along = pose.scanner_from_coil @ Vectors([0, 1, 0], pose.scanner_from_coil.src)
    arrow = pv.Arrow(
        start=_xyz(_along(pose, 8.0 if coil == "ghost" else 18.0)),
        direction=along.components(along.frame)[0],
        scale=36,
        tip_length=0.34,
        tip_radius=0.10,
        shaft_radius=0.034,
        tip_resolution=48,
        shaft_resolution=48,
    )
    _add(plotter, arrow, GREEN, split_sharp_edges=True)


def _set_camera(plotter: pv.Plotter, camera: Camera, baked: BakedScene) -> None:
    view = plotter.camera
    view.position, view.focal_point = _xyz(camera.position), _xyz(camera.focal)
    view.up = camera.up.components(baked.frame)[0]
    view.view_angle = camera.angle_deg
    # Set by hand or VTK leaves (0.01, 1000): depth then has too few bits and crowns speckle.
    depth = camera.depth(baked.scalp.points)
    view.clipping_range = (
        max(float(depth.min()) - 3 * _CLIP_MM, 10.0),
        float(depth.max()) + 3 * _CLIP_MM,
    )
