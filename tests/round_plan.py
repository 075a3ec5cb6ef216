"""A plan of the round head: every pose of it has a closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import round_head

from tmsplan.base.params import Params
from tmsplan.base.provenance import InputFile, sha256_bytes
from tmsplan.coil.place import place_coil
from tmsplan.coil.scalp import scalp_of
from tmsplan.patient import Patient
from tmsplan.plan.plan import Plan, PlannedTarget
from tmsplan.plan.scene import Scene, SceneCortex
from tmsplan.plan.scene_store import scene_bytes
from tmsplan.plan.store import SCENE_FILE, as_stored
from tmsplan.space import Affine, Frame, Hemi, Tripwire, Voxel
from tmsplan.space.grid import Grid, Volume
from tmsplan.surface import Field, Labels, Pair
from tmsplan.target.ranking import Ranking, Statement
from tmsplan.target.target import Target

#: What the header of that T1 says; navigator files need it.
T1_HEADER = {
    "shape": [200, 200, 200], "zooms": [1.0, 1.0, 1.0], "qform_code": 1, "sform_code": 1,
    "affine": [[1.0, 0, 0, -100.0], [0, 1.0, 0, -100.0], [0, 0, 1.0, -100.0], [0, 0, 0, 1.0]],
}  # fmt: skip
#: Left parcels of the round head, split at y = 0: id, name, z.
FRONT, BACK = (1001, "front", -2.5), (1002, "back", 1.0)
T1_SHA = "a1" * 32


def patient() -> Patient:
    head = round_head.head()
    return replace(head, t1w=replace(head.t1w, sha256=T1_SHA), synthetic=True)


def _part(head: Patient, hemi: Hemi) -> SceneCortex:
    cortex = head.cortex.side(hemi)
    front = cortex.mid.points.mm(head.scanner)[:, 1] > 0
    shift = 0 if hemi is Hemi.LEFT else 1000
    ids = np.where(front, FRONT[0], BACK[0]).astype(np.int32) + shift
    z = np.where(front, FRONT[2], BACK[2])
    names = {FRONT[0] + shift: FRONT[1], BACK[0] + shift: BACK[1]}
    return SceneCortex(
        pial=cortex.pial,
        sulc=cortex.fields["sulc"],
        z=Field(z, cortex.domain, "z", "1"),
        labels=Labels(ids, cortex.domain, names),
        white=cortex.white,
    )


def scene(head: Patient) -> Scene:
    affine = np.diag([100.0, 100.0, 100.0, 1.0])
    affine[:3, 3] = -50
    voxel = Frame(Voxel, f"{head.scanner.owner}:scene-t1")
    claim = Affine.claim(affine, dst=head.scanner, src=voxel, because="made up")
    t1 = Volume(np.full((2, 2, 2), 90, np.uint8), Grid((2, 2, 2), claim))
    both = Pair(_part(head, Hemi.LEFT), _part(head, Hemi.RIGHT))
    return Scene(head.scanner, both, head.scalp, t1)


def _target(head: Patient, hemi: Hemi, xyz: tuple[float, float, float], **kw: object) -> Target:
    mid = head.cortex.side(hemi).mid
    vertex = int(np.argmin(np.linalg.norm(mid.points.mm(head.scanner) - xyz, axis=1)))
    base = round_head.target(mid.points.mm(head.scanner)[vertex], hemi, head.scanner)
    normal = mid.vertex_normals().take(vertex)
    return replace(base, vertex=vertex, normal=normal, **kw)


def plan(head: Patient | None = None) -> Plan:
    """Two left targets, coupling-guided and standard, on the scene of the round head."""
    head = head or patient()
    made = scene(head)
    params = Params()
    guided = _target(
        head, Hemi.LEFT, (-50, 40, 30), id="coupling-1", name="left front", kind="coupling",
        parcel_id=FRONT[0], z=FRONT[2], spread_mm=4.0, why="lowest coupling",
        spread_parts={"vertices": 4.0},
    )  # fmt: skip
    standard = _target(head, Hemi.LEFT, (-45, 55, 10), id="beam-f3", name="Beam F3")
    skin, plane = scalp_of(head), head.midplane()
    targets = tuple(
        PlannedTarget(
            t, place_coil(t, skin, midplane=plane, coil="figure8-70mm", params=params), None, None
        )
        for t in (guided, standard)
    )
    rows = tuple(
        replace(round_head.parcel(k), name=name, z=z, rank=i)
        for i, (k, name, z) in enumerate((FRONT, BACK), start=1)
    )
    said = (
        Statement("coordinate", "The coupling-guided target is 20 mm from Beam F3."),
        Statement("spread-no-claim", "NO PRECISION IS CLAIMED."),
        Statement("research-use", "Research use."),
    )
    return as_stored(
        Plan(
            created="2026-03-04T05:06:07Z",
            patient_id=head.id,
            labels=("SYNTHETIC",),
            frame=head.scanner,
            t1_sha256=head.t1w.sha256,
            claims=(),
            inputs=(
                InputFile("t1w", "round_T1w.nii.gz", T1_SHA, T1_HEADER),
                InputFile("scene", SCENE_FILE, sha256_bytes(scene_bytes(made))),
            ),
            coupling={
                "method": "map", "unit": "Fisher z", "higher_means": "more coupled",
                "space": "T1w", "params": {}, "source": "given", "atlas": {"name": "desikan"},
            },
            norms={
                "id": "d" * 12, "sha256": "d" * 64, "n_reference": 120, "tier": "usable",
                "age_range": [20, 60], "sites": ["simulated"], "transferred": False,
            },
            ranking=Ranking(rows, 2, 0.01, "target", "the front stands out", said),
            targets=targets,
            comparisons=(),
            exports=(),
            tripwires=(
                Tripwire("TP-F01", "not-run", None, None, "there is no segmentation"),
                Tripwire("TP-F03", "pass", 40.0, 0.0, "before the move"),
                Tripwire("TP-F04", "pass", 0.0, 20.0, "before the move"),
                Tripwire("TP-F05", "pass", 0.0, 0.01, "before the move"),
            ),
            params=params,
            caveats=("SYNTHETIC: not for any person.",),
            versions={"tmsplan": "0"},
            scene=made,
        )
    )  # fmt: skip
