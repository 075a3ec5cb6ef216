"""Every way to hold the coil over a region, and the best of them.

In the shell model |E| changes with the coil's angle by 1 to 9 % only: its best angle is noise,
and held against the folded cortex it loses up to 30 %. So the shell's grid has no best angle by
magnitude, by type; there the angle is chosen by the normal component or left at the convention.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...space.frame import CoilSimnibs, Frame, Scanner, require_same
from ...space.points import Points, Vectors
from ...space.side import Hemi
from ...space.transform import Rigid
from ..pose import CoilPose
from .adjoint import RegionResponse
from .compress import compressed
from .fast_potential import NEAREST_M, REACH_M, swept_m, turning_coil, windings_of
from .pial import PialHead
from .region import CorticalRegion
from .shell import ShellHead
from .source import CoilSource, FieldSource
from .sphere import A_PER_US

__all__ = ["Best", "PialGrid", "PoseGrid", "SearchSpace", "ShellGrid", "best_pose", "search_poses"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SearchSpace:
    """Places on the scalp and angles of the handle.

    Parameters
    ----------
    points, normals : Points, Vectors of Scanner
        (s, 3) contact points, mm, and unit outward normals.
    ahead : Vectors of Scanner
        (s, 3) directions on the scalp that 0 deg is measured from, see `along_midline`.
    hemi : Hemi
        Which way is lateral: the handle points backward and to this side, as `place_coil` has it.
    angles_deg : (a,) float64
        Between handle and midline.
    standoff_mm : float
        From the scalp to the coil's face.

    Raises
    ------
    InputError
        If sites and directions do not match, or there is no site or angle.
    """

    points: Points[Scanner]
    normals: Vectors[Scanner]
    ahead: Vectors[Scanner]
    hemi: Hemi
    angles_deg: Floats
    standoff_mm: float

    def __post_init__(self) -> None:
        n = len(self.points)
        angles = np.array(self.angles_deg, dtype=np.float64)
        if n == 0 or len(self.normals) != n or len(self.ahead) != n or angles.size == 0:
            raise InputError(
                f"a pose search has {n} sites, {len(self.normals)} normals, {len(self.ahead)} "
                f"directions and {angles.size} angles. Expected one normal and one direction per "
                f"site, and at least one angle."
            )
        angles.flags.writeable = False
        object.__setattr__(self, "angles_deg", angles)

    @property
    def frame(self) -> Frame[Scanner]:
        """Frame of the sites."""
        return self.points.frame

    def axes(self) -> Floats:
        """Return (s, 3, 3) matrices whose columns are the coil's x, y, z at angle 0."""
        z = -self.normals.components(self.frame)
        y = self.ahead.components(self.frame)
        y = y - z * np.einsum("sx,sx->s", y, z)[:, None]
        y = y / np.linalg.norm(y, axis=1, keepdims=True)
        return np.stack([np.cross(y, z), y, z], axis=2)

    def turns(self) -> Floats:
        """Return (a, 3, 3) rotations in coil axes: ``axes @ turn`` is the coil at that angle.

        y turns away from lateral: to the patient's left on the right side.
        """
        side = 1.0 if self.hemi is Hemi.RIGHT else -1.0
        a = np.radians(self.angles_deg) * side
        zero, one = np.zeros_like(a), np.ones_like(a)
        rows = [[np.cos(a), np.sin(a), zero], [-np.sin(a), np.cos(a), zero], [zero, zero, one]]
        return np.array(rows).transpose(2, 0, 1)

    def centres(self) -> Floats:
        """Return the (s, 3) centres of the coil's face, mm."""
        return (self.points + self.normals * self.standoff_mm).mm(self.frame)

    def pose(self, site: int, angle: int, source: FieldSource, to: Points[Scanner]) -> CoilPose:
        """Return one pose of the search; its depth is measured to the nearest of `to`."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.axes()[site] @ self.turns()[angle]
        matrix[:3, 3] = self.centres()[site]
        contact = self.points.take([site])
        return CoilPose(
            scanner_from_coil=Rigid.claim(
                matrix,
                dst=self.frame,
                src=Frame(CoilSimnibs, source.name),
                because="found by tmsplan's pose search: z against the mean scalp normal",
            ),
            coil=source.name,
            scalp_point=contact,
            scalp_normal=self.normals.take([site]),
            standoff_mm=self.standoff_mm,
            depth_mm=float(to.distances(contact).min()),
            handle_deg=float(self.angles_deg[angle]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """A pose that a search recommends, and why.

    Parameters
    ----------
    pose : CoilPose
    site, angle : int
        Where in the grid.
    value_v_per_m : float
        Of the quantity it was chosen by, for the grid's dI/dt.
    why : str
    """

    pose: CoilPose
    site: int
    angle: int
    value_v_per_m: float
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class PoseGrid:
    """Mean field over a region for every site and angle.

    Parameters
    ----------
    space : SearchSpace
    source : FieldSource
    region : CorticalRegion
    cortex : Points of Scanner
        The region's mid-cortex vertices, mm.
    magnitude : (s, a) float64
        Length of the mean field vector, V/m.
    normal : (s, a) float64
        Mean component out of the cortex, V/m.
    engine, leaves_out : str
    """

    space: SearchSpace
    source: FieldSource
    region: CorticalRegion
    cortex: Points[Scanner]
    magnitude: Floats
    normal: Floats
    engine: str
    leaves_out: str

    def best_by_normal(self) -> Best:
        """Return the pose with the largest normal component, whatever its sign.

        Of two poses 180 deg apart, which a symmetric coil makes equal, the first is taken.
        """
        return self._best(np.abs(self.normal), "the component normal to the cortex")

    def best_at_angle(self, angle: int) -> Best:
        """Return the site with the largest |E| at one angle, for example the conventional one.

        Parameters
        ----------
        angle : int
            Row of `space.angles_deg`.
        """
        chosen = np.where(np.arange(len(self.space.angles_deg)) == angle, self.magnitude, -1.0)
        degrees = self.space.angles_deg[angle]
        return self._best(chosen, f"|E| among the sites, with the handle kept at {degrees:g} deg")

    def _best(self, values: Floats, what: str) -> Best:
        # Equal within single precision counts as equal, so that rounding never picks the side.
        site, angle = np.unravel_index(
            int(np.flatnonzero(values.ravel() >= values.max() * (1 - 1e-6))[0]), values.shape
        )
        value = float(values[site, angle])
        why = (
            f"largest mean over {self.region.name} of {what} ({value:.2f} V/m) among "
            f"{values.shape[0]} sites and {values.shape[1]} angles; model: {self.engine}"
        )
        pose = self.space.pose(int(site), int(angle), self.source, self.cortex)
        return Best(pose, int(site), int(angle), value, why)


@dataclass(frozen=True, slots=True, eq=False)
class ShellGrid(PoseGrid):
    """A search in the shell model. It has no best angle by magnitude: that would be noise."""


@dataclass(frozen=True, slots=True, eq=False)
class PialGrid(PoseGrid):
    """A search in the two-compartment model: magnitude may choose the angle."""

    def best_by_magnitude(self) -> Best:
        """Return the pose with the largest mean |E|; of equal ones the first."""
        return self._best(self.magnitude, "|E|")


@overload
def search_poses(
    model: ShellHead, source: FieldSource, space: SearchSpace, region: CorticalRegion,
    *, didt: float = A_PER_US,
) -> ShellGrid: ...  # fmt: skip
@overload
def search_poses(
    model: PialHead, source: FieldSource, space: SearchSpace, region: CorticalRegion,
    *, didt: float = A_PER_US,
) -> PialGrid: ...  # fmt: skip
def search_poses(
    model: ShellHead | PialHead,
    source: FieldSource,
    space: SearchSpace,
    region: CorticalRegion,
    *,
    didt: float = A_PER_US,
) -> ShellGrid | PialGrid:
    """Return the mean field over a region for every site and angle.

    One adjoint solve for the region (kept in the cache), then sums of the coil's vector
    potential over far fewer points than the model has triangles.

    Parameters
    ----------
    model : ShellHead or PialHead
    source : FieldSource
        A coil of windings.
    space : SearchSpace
        About 200 sites and 36 angles.
    region : CorticalRegion
    didt : float
        A/s.

    Returns
    -------
    ShellGrid or PialGrid
        Only the latter can choose an angle by magnitude.

    Raises
    ------
    FrameError
        If the sites are another patient's.
    InputError
        If the coil would lie inside the head, or is no coil of windings.
    """
    require_same(space.frame, model.frame, "search poses")
    response = model.response(region)
    found = _mean_fields(response, windings_of(source), space) * didt
    hemi = region.domain.hemi
    mid = model.patient.cortex.side(hemi if hemi is not None else space.hemi).mid
    make = ShellGrid if isinstance(model, ShellHead) else PialGrid
    return make(
        space,
        source,
        region,
        mid.points.take(region.vertices),
        np.linalg.norm(found[..., :3], axis=-1),
        found[..., 3],
        model.engine,
        model.leaves_out,
    )


def best_pose(grid: PoseGrid, by: Literal["normal", "magnitude"]) -> Best:
    """Return the best pose of a search by a quantity that is known only when the program runs.

    Parameters
    ----------
    grid : PoseGrid
    by : {"normal", "magnitude"}

    Raises
    ------
    InputError
        If the shell model is asked for the angle of the largest magnitude.
    """
    if by == "normal":
        return grid.best_by_normal()
    if not isinstance(grid, PialGrid):
        raise InputError(
            f"{grid.region.name}: the best angle by |E| was asked of the model '{grid.engine}'. "
            f"There |E| changes with the angle by a few per cent only, so that its best angle is "
            f"noise. Choose by the normal component, keep the conventional angle, or use the "
            f"model shell+pial."
        )
    return grid.best_by_magnitude()


def _mean_fields(response: RegionResponse, coil: CoilSource, space: SearchSpace) -> Floats:
    """Return (s, a, 4): x, y, z and normal, V/m per A/s."""
    axes, centres = space.axes(), space.centres() * 1e-3
    swept = swept_m(coil)
    zone = np.einsum("sxy,py->spx", axes, swept) + centres[:, None]
    _require_clear(response.points_m, zone.reshape(-1, 3), response.region.name)
    points, vectors = compressed(response.points_m, response.vectors, zone.reshape(-1, 3))
    turning = turning_coil(coil, space.turns())
    rows = [turning.sums(points, vectors, a, c) for a, c in zip(axes, centres, strict=True)]
    return -np.stack(rows).transpose(0, 2, 1)


def _require_clear(points_m: Floats, zone_m: Floats, name: str) -> None:
    from scipy.spatial import cKDTree

    tree: Any = cKDTree(zone_m)
    near = float(tree.query(points_m)[0].min())
    far = float(np.ptp(np.vstack([points_m, zone_m]), axis=0).max())
    if near < NEAREST_M or far > REACH_M:
        raise InputError(
            f"{name}: among the poses to search, the windings come to {1e3 * near:.1f} mm of the "
            f"inner skull and {1e3 * far:.0f} mm lie between the farthest points. Expected at "
            f"least {1e3 * NEAREST_M:g} mm and at most {1e3 * REACH_M:g} mm: check the sites, "
            f"their normals (outward) and the standoff."
        )
