"""Small plans of many made-up patients, with places that are known, written as folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import scene_plan

from tmsplan.base.provenance import sha256_bytes
from tmsplan.plan.plan import Plan, PlannedTarget
from tmsplan.plan.store import save_plan
from tmsplan.space import Frame, Hemi, Points, Rigid, Tripwire, Vectors, template_frame

Xyz = tuple[float, float, float]
#: Middle of the left guided targets, mm of MNI305, and where everybody's standard one is.
MIDDLE = np.array([-38.0, 40.0, 28.0])
STANDARD = np.array([-30.0, 40.0, 28.0])
PARCELS = {Hemi.LEFT: 1027, Hemi.RIGHT: 2027}


@dataclass(frozen=True)
class Person:
    """One made-up patient: id, place of the guided target, and what is unusual about the plan."""

    id: str
    at: Xyz
    hemi: Hemi = Hemi.LEFT
    template: str | None = "MNI305"
    labels: tuple[str, ...] = ("SYNTHETIC",)
    stands_out: bool = True
    region: str = "rostralmiddlefrontal"
    failed: bool = False


@cache
def _base() -> Plan:
    plan = scene_plan.plan(with_scene=False)
    coupling = {**plan.coupling, "unit": "Fisher z", "params": {}, "source": "test"}
    return replace(plan, coupling=coupling, others=())


def plan_of(person: Person) -> Plan:
    """Return the plan: guided at `at` and the standard one at `STANDARD`, in one straight frame.

    The scanner frame has the template's numbers, so that distances can be worked out by hand.
    """
    base = _base()
    frame = Frame(base.frame.kind, person.id)
    guided, standard = base.targets
    chosen = _moved(guided, person, person.at, "coupling-1", frame)
    other = _moved(standard, person, STANDARD, "beam-f3", frame)
    targets = (chosen, other) if person.stands_out else (other, chosen)
    rows = tuple(
        replace(r, name=person.region) if r.parcel_id == PARCELS[person.hemi] else r
        for r in base.ranking.rows
    )
    ranking = replace(scene_plan.ranking(stands_out=person.stands_out), rows=rows)
    status = "fail" if person.failed else "pass"
    return replace(
        base,
        patient_id=person.id,
        labels=person.labels,
        frame=frame,
        t1_sha256=sha256_bytes(person.id.encode()),
        targets=targets,
        ranking=ranking,
        comparisons=(),
        tripwires=(Tripwire("TP-F01", status, 0.9, 0.8, "made up"),),
    )


def _moved(
    planned: PlannedTarget, person: Person, at: Sequence[float], id_: str, frame: Frame
) -> PlannedTarget:
    pose = planned.pose
    rigid = pose.scanner_from_coil
    hemi = person.hemi if id_ == "coupling-1" else Hemi.LEFT
    target = replace(
        planned.target,
        id=id_,
        name="guided" if id_ == "coupling-1" else "Beam F3",
        hemi=hemi,
        parcel_id=PARCELS[hemi] if id_ == "coupling-1" else None,
        point=Points(at, frame),
        normal=_vectors(planned.target.normal, frame),
        z=-3.4 if id_ == "coupling-1" else None,
    )
    moved = Rigid.claim(
        rigid.matrix(rigid.dst, rigid.src), dst=frame, src=rigid.src, because="test"
    )
    held = replace(
        pose,
        scanner_from_coil=moved,
        scalp_point=Points(pose.scalp_point.mm(pose.scalp_point.frame), frame),
        scalp_normal=_vectors(pose.scalp_normal, frame),
    )
    mni = None if person.template is None else Points(at, template_frame(person.template))
    return PlannedTarget(target, held, mni, person.template)


def _vectors(vectors: Vectors, frame: Frame) -> Vectors:
    return Vectors(vectors.components(vectors.frame), frame)


def write_plans(people: Sequence[Person], folder: Path, *, pages: bool = True) -> list[Path]:
    """Write one folder a person, named by number; with a page each, to be linked to."""
    out = []
    for k, person in enumerate(people):
        one = folder / f"p{k:02d}"
        one.mkdir(parents=True)
        save_plan(plan_of(person), one)
        if pages:
            (one / "report.html").write_text(
                f"<!doctype html><title>{k}</title>", encoding="utf-8"
            )
        out.append(one)
    return out


def ten() -> list[Person]:
    """Eight left targets around `MIDDLE`, a right one, and one in whom nothing stands out.

    The left ones lie in pairs at plus and minus 3, 4, 12 and 13 mm along x, y, z and the
    diagonal: their centroid is `MIDDLE`, and their distances from it are 3, 3, 4, 4, 12, 12,
    13 and 13 mm.
    """
    steps = [(3, 0, 0), (0, 4, 0), (0, 0, 12), (3, 4, 12)]
    people = []
    for step in steps:
        for sign in (1, -1):
            x, y, z = (MIDDLE + sign * np.array(step)).tolist()
            people.append(Person(f"sub-{len(people) + 1:02d}", (x, y, z)))
    people.append(Person("sub-09", (38.0, 40.0, 28.0), hemi=Hemi.RIGHT))
    people.append(Person("sub-10", (-40.0, 30.0, 30.0), stands_out=False))
    return people
