"""A patient without a scalp gets one from the T1; a coil on a cut plane is called out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import round_head

from tmsplan.base.params import Params
from tmsplan.coil.place import place_coil
from tmsplan.coil.scalp import scalp_of
from tmsplan.patient import Patient
from tmsplan.plan.head import scalp_lines, with_scalp
from tmsplan.plan.plan import PlannedTarget
from tmsplan.space import Affine, Frame, Voxel
from tmsplan.space.grid import Grid, Volume
from tmsplan.space.side import Hemi

RADIUS = 90.0
STEP = 2.0


def without_scalp(*, cut_above: float | None = None) -> Patient:
    """The round head with a T1 of it: skin at 90 mm, fat, dark skull, brain; maybe cut."""
    n = 104
    affine = np.diag([STEP, STEP, STEP, 1.0])
    affine[:3, 3] = -STEP * (n - 1) / 2
    axis = affine[0, 3] + STEP * np.arange(n)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    depth = RADIUS - np.sqrt(x**2 + y**2 + z**2)
    value = 80 / (1 + np.exp(-depth / 0.35))
    for low, high, level in ((3.5, 6, 190.0), (6, 12, 12.0), (12, 999, 110.0)):
        value = np.where((depth > low) & (depth <= high), level, value)
    if cut_above is not None:
        value[y > cut_above] = 0
    value += np.abs(np.random.default_rng(2).normal(0, 1.0, value.shape))
    voxel = Frame(Voxel, "round T1w")
    claim = Affine.claim(affine, dst=round_head.FRAME, src=voxel, because="made up")
    head = round_head.head()
    t1w = replace(head.t1w, volume=Volume(value.astype(np.float32), Grid((n, n, n), claim)))
    return replace(head, scalp=None, t1w=t1w)


def planned(patient: Patient, xyz: tuple[float, float, float]) -> PlannedTarget:
    target = round_head.target([xyz], Hemi.LEFT)
    plane = patient.midplane()
    pose = place_coil(
        target, scalp_of(patient), midplane=plane, coil="figure8-70mm", params=Params()
    )
    return PlannedTarget(target, pose, None, None)


def test_the_scalp_is_made_and_said() -> None:
    patient, made = with_scalp(without_scalp())
    assert patient.qc["scalp_from"] == "made from the T1 by tmsplan"
    r = np.linalg.norm(patient.scalp.points.mm(round_head.FRAME), axis=1)
    # Voxels of 2 mm: half of one at the median, one at the rim.
    assert abs(np.median(r) - RADIUS) < 1.0
    assert np.quantile(np.abs(r - RADIUS), 0.95) < 2.0
    (line,) = scalp_lines(made, [planned(patient, (-40.0, 30.0, 40.0))])
    assert line.id == "scalp-made"
    assert "clear edge to air on " in line.text


def test_a_scalp_that_came_along_stays_and_an_empty_t1_says_nothing_of_it() -> None:
    given = round_head.head()
    patient, made = with_scalp(given)
    assert patient is given
    assert made.cut is None
    (line,) = scalp_lines(made, [])
    assert line.id == "scalp-unseen"
    assert "could not be checked for cut planes" in line.text


def test_a_given_scalp_is_held_against_the_t1() -> None:
    """The sphere goes on where the image was cut: the coil would hang in front of nothing."""
    whole = replace(without_scalp(), scalp=round_head.scalp())
    patient, held = with_scalp(whole)
    front = replace(planned(patient, (-20.0, 66.0, 0.0)).target, id="front")
    target = replace(planned(patient, (-20.0, 66.0, 0.0)), target=front)
    assert scalp_lines(held, [target]) == ()
    cut = replace(without_scalp(cut_above=72.0), scalp=round_head.scalp())
    (line,) = scalp_lines(with_scalp(cut)[1], [target])
    assert line.id == "scalp-cut"
    assert line.text.startswith("DO NOT USE front")


def test_a_coil_on_a_cut_plane_is_called_out_and_no_other() -> None:
    patient, made = with_scalp(without_scalp(cut_above=72.0))
    on_it, beside = planned(patient, (-20.0, 66.0, 0.0)), planned(patient, (-55.0, -10.0, 30.0))
    front = replace(on_it, target=replace(on_it.target, id="front"))
    lines = {s.id: s.text for s in scalp_lines(made, [front, beside])}
    assert lines["scalp-cut"].startswith("DO NOT USE front: the coil would lie on a plane")
    assert "scalp-cut" not in {s.id for s in scalp_lines(made, [beside])}
