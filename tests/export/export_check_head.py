"""A made-up head without symmetry, coils that lie on it, and files written by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import trimesh
from plan_builder import AFFINES, FRAME, build_plan, planned_from_matrix, t1_input

from tmsplan.base import Params
from tmsplan.export.check import PoseReport, T1Facts, check_pose
from tmsplan.export.check.ground import Ground
from tmsplan.plan.plan import Plan
from tmsplan.space import Affine, Frame, Hemi, Points, Scanner, Voxel
from tmsplan.space.grid import Grid
from tmsplan.surface import Domain, Surface

#: Off the origin and longer than wide: LPS numbers read as RAS must not land on it.
CENTRE, RADII = np.array([3.0, -14.0, 14.0]), np.array([76.0, 92.0, 88.0])
SHAPE = (180, 220, 200)
BRAINSIGHT = np.diag([-1.0, 1.0, -1.0, 1.0])
#: Localite: x into the head, y along the handle, z = x of SimNIBS.
LOCALITE = np.array([[0, 0, 1, 0], [0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1.0]])
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
NINE = [f"m{a}n{b}" for a in range(3) for b in range(3)]


def bumpy_scalp(frame: Frame[Scanner] = FRAME) -> Surface[Scanner]:
    ball = trimesh.creation.icosphere(subdivisions=4)
    v = np.asarray(ball.vertices)
    relief = 1 + 0.02 * np.cos(v @ [3.0, 1.0, 2.0]) + 0.02 * np.sin(v @ [-1.0, 2.5, 4.0])
    xyz = CENTRE + v * RADII * relief[:, None]
    domain = Domain("scalp", len(v), None, frame.owner)
    return Surface(Points(xyz, frame), np.asarray(ball.faces, dtype=np.int32), domain)


def t1_facts(
    qform: int | None = 1, sform: int | None = 1, *, affine: np.ndarray = AFFINES["ras"]
) -> T1Facts:
    claim = Affine.claim(affine, dst=FRAME, src=Frame(Voxel, "t1"), because="test")
    return T1Facts("sub-01_T1w.nii.gz", Grid(SHAPE, claim), qform, sform, "ab" * 32)


def good_poses(
    scalp: Surface[Scanner], n: int, seed: int, *, tilt_max: float = 20.0, lowest: float = 0.35
) -> np.ndarray:
    """(n, 4, 4) in SimNIBS' axes: 1 to 15 mm off, tilted up to `tilt_max`, any handle."""
    rng = np.random.default_rng(seed)
    v = scalp.points.mm(scalp.frame)
    high = np.flatnonzero(v[:, 2] > np.quantile(v[:, 2], lowest))
    at = v[rng.choice(high, n)]
    # The inward direction as the checker measures it, so that the tilt is the one asked for.
    _, inward = Ground(scalp, Params())._measure(at)
    out = np.tile(np.eye(4), (n, 1, 1))
    for m, place, z in zip(out, at, inward, strict=True):
        side = np.cross(z, rng.normal(size=3))
        side /= np.linalg.norm(side)
        a = np.radians(rng.uniform(0, tilt_max))
        tilted = np.cos(a) * z + np.sin(a) * side
        y = np.cross(tilted, rng.normal(size=3))
        y /= np.linalg.norm(y)
        m[:3, :3] = np.column_stack([np.cross(y, tilted), y, tilted])
        m[:3, 3] = place - rng.uniform(1, 15) * z
    return out


def plan_of(matrices: np.ndarray, affine: np.ndarray = AFFINES["ras"]) -> Plan:
    """A plan whose names state the side that each coil is on."""
    targets = [
        planned_from_matrix(
            m,
            Hemi.LEFT if m[0, 3] < CENTRE[0] else Hemi.RIGHT,
            name=f"pose {k}",
            target_id=f"pose-{k}",
        )
        for k, m in enumerate(matrices)
    ]
    record = t1_input(affine=affine)
    return build_plan(*targets, inputs=[replace(record, image=dict(record.image or {}))])


def brainsight_text(
    matrices: np.ndarray,
    *,
    names: list[str] | None = None,
    system: str = "NIfTI:Scanner",
    version: int = 12,
    axes: np.ndarray = BRAINSIGHT,
) -> str:
    """A target file from poses in SimNIBS' axes, good or bad, four decimals."""
    names = names or [f"target number {k}" for k in range(len(matrices))]
    lines = [
        f"# Version: {version}",
        f"# Coordinate system: {system}",
        "# Created by: a test",
        "# Units: millimetres, degrees, milliseconds, and microvolts",
        "# Encoding: UTF-8",
        "\t".join(["# Target Name", "Loc. X", "Loc. Y", "Loc. Z", *NINE]),
    ]
    for name, m in zip(names, matrices @ axes, strict=True):
        lines.append("\t".join([name, *(f"{x:.4f}" for x in [*m[:3, 3], *m[:3, :3].T.ravel()])]))
    return "\n".join(lines) + "\n"


def localite_text(
    matrices: np.ndarray,
    *,
    names: list[str] | None = None,
    space: str = "RAS",
    escaped: bool = True,
    axes: np.ndarray = LOCALITE,
) -> str:
    names = names or [f"marker number {k}" for k in range(len(matrices))]
    rows = [
        f'<?xml version="1.0" encoding="UTF-8"?>\n<InstrumentMarkerList coordinateSpace="{space}">'
    ]
    for k, (name, m) in enumerate(zip(names, matrices @ axes, strict=True)):
        cells = " ".join(f'data{r}{c}="{m[r, c]!r}"' for r in range(4) for c in range(4))
        text = quoteattr(name) if escaped else f'"{name}"'
        rows.append(
            f'<InstrumentMarker alwaysVisible="false" index="{k}" selected="false"><Marker '
            f'color="#ff0000" description={text} set="true"><Matrix4D {cells}/></Marker>'
            f"</InstrumentMarker>".replace("np.float64(", "").replace(")", "")
        )
    return "\n".join([*rows, "</InstrumentMarkerList>"])


def report_of(
    text: str | bytes, folder: Path, *, scalp: Surface[Scanner] | None, t1: T1Facts | None = None
) -> PoseReport:
    path = folder / "file.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return check_pose(path, t1=t1 or t1_facts(), scalp=scalp)
