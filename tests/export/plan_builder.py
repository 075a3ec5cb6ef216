"""Plans made by hand: a round head, one target a side, any T1 record, any pose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial import ConvexHull
from strategies import rotation

from tmsplan.base import InputFile, Params
from tmsplan.coil.pose import CoilPose
from tmsplan.plan.plan import Plan, PlannedTarget
from tmsplan.plan.scene import Scene, SceneCortex
from tmsplan.space import CoilSimnibs, Frame, Hemi, Points, Rigid, Scanner, Tripwire, Vectors
from tmsplan.surface import Domain, Field, Labels, Pair, Surface
from tmsplan.target.ranking import Ranking
from tmsplan.target.target import Target

PATIENT = "sub-01"
FRAME = Frame(Scanner, PATIENT)
COIL = Frame(CoilSimnibs, "figure8-70mm")
SCALP_MM, CORTEX_MM, STANDOFF_MM = 90.0, 72.0, 4.0
#: Where the test head's targets lie, seen from the head's centre.
TOWARDS = {Hemi.LEFT: (-0.5, 0.6, 0.62), Hemi.RIGHT: (0.55, 0.5, 0.67)}
#: G1 of the facts: x to the left, y forward, z down, over the vertex.
G1 = np.array([[-1, 0, 0, -1.2], [0, 1, 0, -15.8], [0, 0, -1, 120], [0, 0, 0, 1]], dtype=float)

#: World affines of one head stored in several ways; the text must not depend on them.
AFFINES = {
    "ras": np.array([[1, 0, 0, -90], [0, 1, 0, -110], [0, 0, 1, -80], [0, 0, 0, 1.0]]),
    "las": np.array([[-1, 0, 0, 90], [0, 1, 0, -110], [0, 0, 1, -80], [0, 0, 0, 1.0]]),
    "lps": np.array([[-1, 0, 0, 90], [0, -1, 0, 120], [0, 0, 1, -80], [0, 0, 0, 1.0]]),
}
_oblique = np.eye(4)
_oblique[:3, :3] = rotation((0.97, 0.1, -0.15, 0.12)) @ np.diag([-0.8, 0.9, 1.1])
_oblique[:3, 3] = (71, -88, -60)
AFFINES["oblique"] = _oblique


def t1_input(
    qform: int | None = 1,
    sform: int | None = 1,
    *,
    role: str = "t1w",
    name: str = "sub-01_T1w.nii.gz",
    affine: np.ndarray = AFFINES["ras"],
) -> InputFile:
    image = {
        "shape": [180, 220, 200],
        "zooms": [1.0, 1.0, 1.0],
        "affine": affine.tolist(),
        "qform_code": qform,
        "sform_code": sform,
    }
    return InputFile(role, name, "ab" * 32, image)


def planned_from_matrix(
    matrix: np.ndarray,
    hemi: Hemi = Hemi.LEFT,
    *,
    name: str = "Beam F3",
    target_id: str = "beam-f3",
    coil: Frame[CoilSimnibs] = COIL,
) -> PlannedTarget:
    """Any pose, with a scalp that fits it: flat, 4 mm in front of the coil."""
    out = -matrix[:3, 2]
    scalp = matrix[:3, 3] - STANDOFF_MM * out
    cortex = scalp - (SCALP_MM - CORTEX_MM) * out
    pose = Rigid.claim(matrix, dst=FRAME, src=coil, because="test: this pose by hand")
    target = Target(
        id=target_id,
        name=name,
        kind="standard",
        hemi=hemi,
        parcel_id=None,
        vertex=0,
        point=Points(cortex, FRAME),
        normal=Vectors(out, FRAME),
        spread_mm=None,
        z=None,
        why="test",
        provenance="test",
    )
    coil_pose = CoilPose(
        pose, coil.owner, Points(scalp, FRAME), Vectors(out, FRAME), STANDOFF_MM, 18.0, 45.0
    )
    return PlannedTarget(target, coil_pose, None, None)


def planned_on_head(
    hemi: Hemi, *, centre: Sequence[float] = (0, 0, 0), name: str | None = None
) -> PlannedTarget:
    """A coil on the round head, handle backwards, 45 deg to the midline."""
    out = np.array(TOWARDS[hemi]) / np.linalg.norm(TOWARDS[hemi])
    forward = np.array([1.0 if hemi is Hemi.LEFT else -1.0, 1.0, 0.0])
    y = forward - out * (forward @ out)
    y /= np.linalg.norm(y)
    m = np.eye(4)
    m[:3, :3] = np.column_stack([np.cross(y, -out), y, -out])
    m[:3, 3] = np.array(centre) + (SCALP_MM + STANDOFF_MM) * out
    text = name or f"{hemi} prefrontal"
    return planned_from_matrix(m, hemi, name=text, target_id=f"coupling-{hemi}")


def build_plan(
    *targets: PlannedTarget,
    inputs: Sequence[InputFile] | None = None,
    labels: tuple[str, ...] = ("SYNTHETIC",),
    tripwires: tuple[Tripwire, ...] = (Tripwire("TP-F02", "pass", 70.0, 0.0, "in order"),),
    scene: Scene | None = None,
) -> Plan:
    return Plan(
        created="2026-01-01T00:00:00Z",
        patient_id=PATIENT,
        labels=labels,
        frame=FRAME,
        t1_sha256="ab" * 32,
        claims=(),
        inputs=tuple(inputs) if inputs is not None else (t1_input(),),
        coupling={},
        norms={},
        ranking=Ranking((), 0, None, "no-region-stands-out", "test", ()),
        targets=targets or (planned_on_head(Hemi.LEFT), planned_on_head(Hemi.RIGHT)),
        comparisons=(),
        exports=(),
        tripwires=tripwires,
        params=Params(),
        caveats=(),
        versions={"tmsplan": "0"},
        scene=scene,
    )


def round_scene(centre: Sequence[float] = (0, 0, 0)) -> Scene:
    """Two half brains beside a midline that need not be at x = 0, inside a round scalp."""
    rng = np.random.default_rng(3)
    ball = rng.normal(size=(300, 3))
    ball /= np.linalg.norm(ball, axis=1)[:, None]
    faces = ConvexHull(ball).simplices

    def surface(shift: float, radii: Sequence[float], domain: Domain) -> Surface[Scanner]:
        xyz = ball * np.array(radii) + np.array(centre) + np.array([shift, 0, 0])
        return Surface(Points(xyz, FRAME), faces, domain)

    def half(hemi: Hemi) -> SceneCortex:
        domain = Domain("round", len(ball), hemi, PATIENT)
        shift = -31.0 if hemi is Hemi.LEFT else 31.0
        zero = np.zeros(len(ball))
        return SceneCortex(
            surface(shift, (30, 70, 60), domain),
            Field(zero, domain, "sulc", "mm"),
            Field(zero, domain, "z", "1"),
            Labels(np.zeros(len(ball), dtype=np.int32), domain, {}),
        )

    scalp = surface(0, (SCALP_MM,) * 3, Domain("scalp", len(ball), None, PATIENT))
    return Scene(FRAME, Pair(half(Hemi.LEFT), half(Hemi.RIGHT)), scalp)


def random_poses(n: int, seed: int) -> np.ndarray:
    """Return (n, 4, 4) poses: rotations uniform over the sphere, centres within 150 mm."""
    rng = np.random.default_rng(seed)
    out = np.tile(np.eye(4), (n, 1, 1))
    for k in range(n):
        out[k, :3, :3] = rotation(tuple(rng.normal(size=4)))
        out[k, :3, 3] = rng.uniform(-150, 150, 3)
    return out


def many_targets(matrices: np.ndarray) -> tuple[PlannedTarget, ...]:
    return tuple(
        planned_from_matrix(m, name=f"pose {k}", target_id=f"pose-{k}")
        for k, m in enumerate(matrices)
    )


def renamed(planned: PlannedTarget, name: str, target_id: str | None = None) -> PlannedTarget:
    new = replace(planned.target, name=name, id=target_id or planned.target.id)
    return replace(planned, target=new)
