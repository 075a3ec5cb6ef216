"""Plans for the sheet: the view room's SYNTHETIC plan with a measured head, a field and a T1."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import mne
import numpy as np
import scene_plan
from matplotlib.image import imsave

from tmsplan.coil.efield.measures import FieldCheck
from tmsplan.coil.head import given_landmarks, head_tapes, nearest_site, tape_instructions, ten_ten
from tmsplan.coil.scalp import Scalp
from tmsplan.plan.measured_head import HeadRecord
from tmsplan.plan.plan import Plan
from tmsplan.space import Affine, Frame, Grid, Points, Vectors, Volume, Voxel
from tmsplan.target.ranking import Statement

FRAME = scene_plan.FRAME


def _fiducials() -> dict[str, Points]:
    path = Path(mne.__file__).parent / "data" / "fsaverage" / "fsaverage-fiducials.fif"
    points, _ = mne.io.read_fiducials(path, verbose=False)
    names = {1: "lpa", 2: "nasion", 3: "rpa"}
    return {names[int(p["ident"])]: Points(1000 * np.array(p["r"]), FRAME) for p in points}


@cache
def measured() -> tuple[HeadRecord, Scalp]:
    surface = scene_plan.scalp()
    scalp = Scalp(surface, Vectors([0, 1, 0], FRAME))
    inion = Points([1.0, -115.0, -25.0], FRAME)
    marks = given_landmarks(scalp, inion=inion, **_fiducials())
    tapes = head_tapes(scalp, marks)
    sites = ten_ten(scalp, marks, tapes=tapes)
    return HeadRecord(marks, tapes.as_dict(), sites), scalp


def t1() -> Volume:
    """A ball of brightness that rises to the front, on a grid that is turned and stretched."""
    n, turn = 90, np.radians(12)
    m = np.eye(4)
    m[:3, :3] = np.array(
        [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
    ) * [2.4, 2.2, 2.4]
    m[:3, 3] = [0, -20, 0] - m[:3, :3] @ np.full(3, n / 2)
    map_ = Affine.claim(m, dst=FRAME, src=Frame(Voxel, "t1"), because="test: a turned grid")
    grid = Grid((n, n, n), map_)
    ijk = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    front = (map_ @ Points(ijk, map_.src)).mm(FRAME)[:, 1]
    return Volume(np.clip(front + 128, 0, 255).astype(np.uint8).reshape(n, n, n), grid)


@cache
def full_plan() -> Plan:
    """The plan with everything that a sheet can print; `spread` says how much of it is doubt."""
    plan = scene_plan.plan()
    head, scalp = measured()
    targets = []
    for planned in plan.targets:
        place = planned.pose.scalp_point
        targets.append(
            replace(
                planned,
                pose=replace(planned.pose, tilt_deg=3.0, lift_mm=1.5, hair_mm=2.0),
                nearest=nearest_site(place, head.sites),
                tape=tape_instructions(place, scalp, head.landmarks),
                field=FieldCheck("shell", 0.99, 1.14, 0.87, place, 6.1, 0.02),
            )
        )
    return replace(plan, targets=tuple(targets), head=head, scene=replace(plan.scene, t1=t1()))


def with_statements(plan: Plan, n: int, letters: int = 250) -> Plan:
    words = "the deviation of this region is uncertain because few controls were scanned "
    texts = [
        f"Number {k} of them: {words * 20}"[:letters].rstrip() + f" end{k}." for k in range(n)
    ]
    statements = tuple(Statement(str(k), text) for k, text in enumerate(texts))
    return replace(plan, ranking=replace(plan.ranking, statements=statements))


def with_long_names(plan: Plan) -> Plan:
    long = "Group target, most anticorrelated with the subgenual cingulate (Fox 2012), again"
    targets = [replace(t, target=replace(t.target, name=long)) for t in plan.targets]
    rows = [replace(r, name=f"G_and_S_{r.name}_of_a_very_long_atlas") for r in plan.ranking.rows]
    ranking = replace(plan.ranking, rows=tuple(rows))
    labels = ("SYNTHETIC", "COMPOSITE", "TEMPLATE-WARPED", "EXPLORATORY")
    return replace(plan, targets=tuple(targets), ranking=ranking, labels=labels)


def pictures_for(plan: Plan, folder: Path) -> dict[str, dict[str, Path]]:
    """A grey picture of the right shape for each view: rendering has its own tests."""
    png = folder / "picture.png"
    imsave(png, np.full((120, 140, 3), 0.7))
    return {t.target.id: dict.fromkeys(("operator", "coil", "cortex"), png) for t in plan.targets}
