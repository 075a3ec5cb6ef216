"""A SYNTHETIC plan with a scene: fsaverage5 and MNE's scalp, made-up z, one target a side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from tmsplan.base.params import Params
from tmsplan.base.provenance import InputFile
from tmsplan.coil.pose import CoilPose
from tmsplan.plan.plan import Comparison, Export, Plan, PlannedTarget
from tmsplan.plan.scene import Scene, SceneCortex
from tmsplan.space import (
    CoilSimnibs,
    Frame,
    Hemi,
    Mni305,
    Points,
    Rigid,
    Scanner,
    Tripwire,
    Vectors,
)
from tmsplan.surface import Domain, Field, Labels, Pair, Surface
from tmsplan.target.ranking import RankedParcel, Ranking, Statement
from tmsplan.target.target import Target

FRAME = Frame(Scanner, "demo-01")
COIL = Frame(CoilSimnibs, "figure8-70mm")
#: Seeds of made-up parcels on each side: id, name, centre, radius (mm), z.
PARCELS = {
    Hemi.LEFT: (
        (1027, "rostralmiddlefrontal", (-38, 44, 26), 17, -3.4),
        (1008, "inferiorparietal", (-48, -62, 36), 16, 2.6),
        (1024, "precentral", (-44, 4, 44), 12, -1.1),
    ),
    Hemi.RIGHT: (
        (2027, "rostralmiddlefrontal", (38, 44, 26), 17, -1.7),
        (2008, "inferiorparietal", (46, -60, 38), 14, 4.2),
    ),
}


def _gifti(name: str) -> list[np.ndarray]:
    import nibabel as nib
    import nilearn

    folder = Path(nilearn.__file__).parent / "datasets" / "data" / "fsaverage5"
    return [a.data for a in nib.load(folder / name).darrays]


def scene_cortex(hemi: Hemi) -> SceneCortex:
    xyz, faces = _gifti(f"pial_{hemi}.gii.gz")
    sulc = _gifti(f"sulc_{hemi}.gii.gz")[0]
    domain = Domain("fsaverage5", len(xyz), hemi, FRAME.owner)
    z = np.full(len(xyz), np.nan)
    ids = np.zeros(len(xyz), dtype=np.int32)
    for parcel_id, _, centre, radius, value in PARCELS[hemi]:
        near = np.linalg.norm(xyz - np.array(centre), axis=1) < radius
        z[near], ids[near] = value, parcel_id
    names = {i: name for i, name, *_ in PARCELS[hemi]}
    return SceneCortex(
        Surface(Points(xyz, FRAME), faces, domain),
        Field(sulc, domain, "sulc", "mm"),
        Field(z, domain, "z", "1"),
        Labels(ids, domain, names),
    )


def scalp() -> Surface[Scanner]:
    import mne

    path = Path(mne.__file__).parent / "data" / "fsaverage" / "fsaverage-head.fif"
    bem = mne.read_bem_surfaces(path, verbose=False)[0]
    xyz = bem["rr"] * 1000  # metres
    # A scalp has no hemisphere; the domain's field is filled with one all the same.
    domain = Domain("scalp", len(xyz), Hemi.LEFT, FRAME.owner)
    surface = Surface(Points(xyz, FRAME), bem["tris"], domain)
    flip = surface.signed_volume() < 0
    return Surface(surface.points, surface.faces[:, ::-1], domain) if flip else surface


def scene() -> Scene:
    both = Pair(scene_cortex(Hemi.LEFT), scene_cortex(Hemi.RIGHT))
    return Scene(FRAME, both, scalp())


def pose_over(point: np.ndarray, head: Surface[Scanner], handle: np.ndarray) -> CoilPose:
    xyz = head.points.mm(FRAME)
    nearest = int(np.argmin(np.linalg.norm(xyz - point, axis=1)))
    contact = xyz[nearest]
    near = np.linalg.norm(xyz - contact, axis=1) < 15
    out = head.vertex_normals().components(FRAME)[near].mean(axis=0)
    out /= np.linalg.norm(out)
    y = -(handle - out * (handle @ out))
    y /= np.linalg.norm(y)
    m = np.eye(4)
    m[:3, 1], m[:3, 2] = y, -out
    m[:3, 0] = np.cross(y, -out)
    m[:3, 3] = contact + 4 * out
    pose = Rigid.claim(m, dst=FRAME, src=COIL, because="test: placed over the target")
    depth = float(np.linalg.norm(contact - point))
    return CoilPose(
        pose, "figure8-70mm", Points(contact, FRAME), Vectors(out, FRAME), 4.0, depth, 45.0
    )


def planned(scene_: Scene, hemi: Hemi, seed: tuple[float, float, float], **kw: object) -> object:
    part = scene_.cortex.side(hemi)
    xyz = part.pial.points.mm(FRAME)
    vertex = int(np.argmin(np.linalg.norm(xyz - seed, axis=1) + 100 * (part.sulc.values > 0)))
    side = -1.0 if hemi is Hemi.LEFT else 1.0
    target = Target(
        id=str(kw.get("id", f"coupling-{hemi}")),
        name=str(kw.get("name", f"{hemi} rostral middle frontal gyrus")),
        kind=kw.get("kind", "coupling"),
        hemi=hemi,
        parcel_id=int(part.labels.ids[vertex]) or None,
        vertex=vertex,
        point=Points(xyz[vertex], FRAME),
        normal=part.pial.vertex_normals().take(vertex),
        spread_mm=3.1,
        z=float(part.z.values[vertex]) if np.isfinite(part.z.values[vertex]) else None,
        why="vertex of lowest coupling on a crown of the best-ranked region",
        provenance="tmsplan",
    )
    pose = pose_over(xyz[vertex], scene_.scalp, np.array([side, -1.0, 0.0]))
    mni = Points(xyz[vertex], Frame(Mni305, "template"))
    return PlannedTarget(target, pose, mni, "MNI305")


def _row(rank: int, parcel_id: int, name: str, hemi: Hemi, z: float | None) -> RankedParcel:
    candidate = name == "rostralmiddlefrontal"
    reasons = () if candidate else ("not-a-candidate",)
    if z is None:
        return RankedParcel(
            rank, parcel_id, name, hemi, None, None, None, None, None, None, None, None, None,
            0, 0.42, False, False, ("low-coverage",),
        )  # fmt: skip
    return RankedParcel(
        rank, parcel_id, name, hemi, "Cont", 0.21, z, z - 0.6, z + 0.5, z * 0.8,
        0.001 if z < 0 else 0.99, 0.02, 0.71 if rank == 1 else 0.1, 412, 0.99, candidate,
        candidate, reasons,
    )  # fmt: skip


def ranking(*, stands_out: bool = True) -> Ranking:
    rows = (
        _row(1, 1027, "rostralmiddlefrontal", Hemi.LEFT, -3.4),
        _row(2, 2027, "rostralmiddlefrontal", Hemi.RIGHT, -1.7),
        _row(3, 2008, "inferiorparietal", Hemi.RIGHT, 4.2),
        _row(4, 1008, "inferiorparietal", Hemi.LEFT, 2.6),
        _row(5, 1024, "precentral", Hemi.LEFT, -1.1),
        _row(6, 2024, "precentral", Hemi.RIGHT, None),
    )
    why = (
        "left rostralmiddlefrontal is lower than 1 of 120 controls' most extreme candidate"
        if stands_out
        else "31 of 120 controls have a candidate at least as extreme"
    )
    statements = (
        Statement("max-null", "With 2 candidates searched, 1 of 120 controls is as extreme."),
        Statement("p-top", "Under resampled controls this region stays first in 71 % of draws."),
    )
    verdict = "target" if stands_out else "no-region-stands-out"
    return Ranking(rows, 2, 0.008 if stands_out else 0.26, verdict, why, statements)


def norms() -> Mapping[str, object]:
    ages = list(range(20, 71, 2))
    median = [0.42 - 0.001 * (a - 20) for a in ages]
    curve = {
        "feature": "lh_rostralmiddlefrontal",
        "ages": ages,
        "low": [m - 0.08 for m in median],
        "median": median,
        "high": [m + 0.08 for m in median],
        "age": 34.0,
        "value": 0.27,
        "unit": "Fisher z",
    }
    return {
        "id": "demo-norms",
        "sha256": "ab" * 32,
        "n_reference": 120,
        "tier": "usable",
        "age_range": [20, 70],
        "sites": ["site-a"],
        "transferred": False,
        "curve": curve,
    }


def plan(*, with_scene: bool = True, stands_out: bool = True) -> Plan:
    geometry = scene()
    targets = (
        planned(geometry, Hemi.LEFT, (-38, 44, 26), id="coupling-1"),
        planned(
            geometry, Hemi.RIGHT, (38, 44, 26), id="right-dlpfc", kind="standard",
            name="right DLPFC, group target",
        ),
    )  # fmt: skip
    return Plan(
        created="2026-11-21T12:00:00Z",
        patient_id="demo-01",
        labels=("SYNTHETIC",),
        frame=FRAME,
        t1_sha256="4be190c7" + "0" * 52 + "77d2",
        claims=(
            {
                "dst": "demo-01/Scanner",
                "src": "demo-01/Tkras",
                "matrix": np.eye(4).tolist(),
                "because": "FreeSurfer's c_ras in the header of orig.mgz",
            },
        ),
        inputs=(InputFile("t1w", "T1.nii.gz", "4b" * 32), InputFile("fc", "fc.tsv", "5c" * 32)),
        coupling={"method": "sc_fc_rank", "higher_means": "more coupled", "space": "parcels"},
        norms=norms(),
        ranking=ranking(stands_out=stands_out),
        targets=targets,
        comparisons=(
            Comparison(
                "coupling-1", "right-dlpfc", 76.2, None, 101.4, 74.0, False, False, -3.4, None
            ),
        ),
        exports=(
            Export("brainsight", "demo-01_brainsight.txt", "6d" * 32, 0.0001, 0.0002),
            Export("localite", "demo-01_localite.xml", "7e" * 32, 0.0, 0.0),
        ),
        tripwires=(
            Tripwire("TP-F01", "pass", 0.936, 0.8, "left 0.94, right 0.93 in their own ribbon"),
            Tripwire("TP-F02", "pass", 61.0, 0.0, "right lies 61.0 mm to the right of left"),
            Tripwire("TP-F06", "not-run", None, None, "the patient has no route to a template"),
        ),
        params=Params().overriding({"standoff": 6.0}),
        caveats=(
            "That coupling-guided targets are better than standard ones is not established.",
            "The patient is simulated.",
        ),
        versions={"tmsplan": "0.1.0", "numpy": "2.0"},
        scene=geometry if with_scene else None,
    )


def renamed(plan_: Plan, name: str) -> Plan:
    first = plan_.targets[0]
    target = replace(first.target, name=name)
    return replace(plan_, targets=(replace(first, target=target), *plan_.targets[1:]))
