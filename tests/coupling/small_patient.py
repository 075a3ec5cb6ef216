"""A small made-up patient: two round hemispheres, maps on them, regions, a connectome."""

from __future__ import annotations

import numpy as np
import trimesh

from tmsplan.coupling import Regions
from tmsplan.patient import Connectome, Cortex, Patient, T1w
from tmsplan.space.frame import Frame, Scanner, SphereReg, Voxel
from tmsplan.space.grid import Grid, Volume
from tmsplan.space.points import Points
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Affine
from tmsplan.space.tree import FrameTree
from tmsplan.surface import Domain, Field, Labels, Pair, Surface

ID = "p1"
FRAME = Frame(Scanner, ID)
WHITE_MM, PIAL_MM, CENTRE_MM = 24.0, 27.0, 34.0
#: Odd count and 2.5 mm steps around 0: the grid is its own mirror image in x.
SHAPE, STEP_MM = (61, 41, 41), 2.5
LARGE = ("cap", "band", "low", "high")
REGIONS = tuple((h, f"r{k:02d}") for h in Hemi for k in range(20))


def icosphere(subdivisions: int = 2) -> tuple[np.ndarray, np.ndarray]:
    mesh = trimesh.creation.icosphere(subdivisions=subdivisions)
    return np.asarray(mesh.vertices, dtype=float), np.asarray(mesh.faces, dtype=np.int32)


def half(
    hemi: Hemi, order: np.ndarray | None = None, mesh: str = "fsnative", subdivisions: int = 2
) -> Cortex:
    """One hemisphere; its twin is its exact mirror image. `order` renumbers the vertices.

    Two subdivisions make 162 vertices, three 642. Its registered sphere is round.
    """
    xyz, faces = icosphere(subdivisions)
    round_ = xyz * (1.0 if hemi is Hemi.RIGHT else -1.0, 1.0, 1.0) * 100.0
    round_ = round_ if order is None else round_[order]
    # Not round: an ellipsoid that is longest in y has no symmetry but the three planes.
    xyz = xyz * (0.9, 1.3, 1.0) + (0.02, 0.05, -0.03)
    if hemi is Hemi.LEFT:
        xyz, faces = xyz * (-1, 1, 1), faces[:, ::-1]
    if order is not None:
        xyz, faces = xyz[order], np.argsort(order)[faces].astype(np.int32)
    domain = Domain(mesh, len(xyz), hemi, ID)
    centre = np.array([CENTRE_MM if hemi is Hemi.RIGHT else -CENTRE_MM, 0.0, 0.0])

    def surface(radius: float) -> Surface:
        return Surface(Points(xyz * radius + centre, FRAME), faces, domain)

    sphere = Surface(Points(round_, Frame(SphereReg, "template")), faces, domain)
    return Cortex(surface(WHITE_MM), surface(PIAL_MM), sphere)


def grid() -> Grid:
    m = np.diag([STEP_MM, STEP_MM, STEP_MM, 1.0])
    m[:3, 3] = -STEP_MM * (np.array(SHAPE) - 1) / 2
    voxel = Frame(Voxel, f"{ID} map")
    return Grid(SHAPE, Affine.claim(m, dst=FRAME, src=voxel, because="made for this test"))


def volume(seed: int) -> np.ndarray:
    """Smooth, not symmetric, never 0."""
    rng = np.random.default_rng(seed)
    i, j, k = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
    a, b, c, d = rng.normal(size=4)
    return 5.0 + a * i + b * np.sin(3 * j + c) + d * i * k


def connectome(seed: int) -> Connectome:
    rng = np.random.default_rng(seed)
    r = len(REGIONS)
    sc = rng.gamma(1.0, 1.0, (r, r)) * (rng.random((r, r)) < 0.7)
    sc = np.triu(sc, 1)
    fc = np.triu(np.tanh(0.3 * sc + rng.normal(0, 0.3, (r, r))), 1)
    series = rng.normal(size=(120, r)) @ np.linalg.cholesky(np.eye(r) + 0.1).T
    return Connectome(REGIONS, sc + sc.T, fc + fc.T + np.eye(r), series)


def large_regions(cortex: Pair[Cortex]) -> Regions:
    """Four regions a side, mirror images of each other: a cap behind, a band, two in front."""

    def labels(hemi: Hemi) -> Labels:
        # From the mesh, not from the index: it holds for renumbered vertices too.
        xyz = cortex.side(hemi).mid.points.mm(FRAME)
        y, z = xyz[:, 1], xyz[:, 2]
        which = np.where(y < -22, 1, np.where(y < -10, 2, np.where(z < 0, 3, 4)))
        base = 1000 if hemi is Hemi.LEFT else 2000
        names = {base + k + 1: name for k, name in enumerate(LARGE)}
        return Labels(base + which, cortex.side(hemi).domain, names)

    return _regions(Pair(labels(Hemi.LEFT), labels(Hemi.RIGHT)))


def small_regions(cortex: Pair[Cortex]) -> Regions:
    """The regions of the made-up connectome, around 20 places of each hemisphere."""
    seeds = icosphere()[0][:20] * (0.9, 1.3, 1.0) * WHITE_MM

    def labels(hemi: Hemi) -> Labels:
        sign = -1.0 if hemi is Hemi.LEFT else 1.0
        there = seeds * (sign, 1, 1) + (sign * CENTRE_MM, 0.0, 0.0)
        xyz = cortex.side(hemi).mid.points.mm(FRAME)
        away = np.linalg.norm(xyz[:, None] - there[None], axis=2)
        base = 1001 if hemi is Hemi.LEFT else 2001
        names = {base + k: f"r{k:02d}" for k in range(20)}
        return Labels(base + away.argmin(axis=1), cortex.side(hemi).domain, names)

    return _regions(Pair(labels(Hemi.LEFT), labels(Hemi.RIGHT)))


def _regions(labels: Pair[Labels]) -> Regions:
    keys = {i: (h, name) for h, one in labels.sides() for i, name in one.names.items()}
    return Regions("made-up", labels, keys)


def patient(
    cortex: Pair[Cortex] | None = None,
    maps: dict[str, object] | None = None,
    matrices: Connectome | None = None,
    tree: FrameTree | None = None,
) -> Patient:
    t1 = Volume(np.zeros(SHAPE), grid())
    return Patient(
        ID,
        cortex or Pair(half(Hemi.LEFT), half(Hemi.RIGHT)),
        T1w(t1, "0" * 64, 1, 1, (STEP_MM,) * 3, False),
        tree or FrameTree(FRAME),
        maps=maps or {},
        connectome=matrices,
    )


def field(cortex: Pair[Cortex], values: dict[Hemi, np.ndarray], unit: str = "1") -> Pair[Field]:
    left, right = (Field(values[h], c.domain, "coupling", unit) for h, c in cortex.sides())
    return Pair(left, right)
