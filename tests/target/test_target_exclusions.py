"""Every reason for which cortex is not aimed at: made to fire, and said in one place."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import round_head as rh

import tmsplan.target
from tmsplan.base import DomainError, InputError, Params
from tmsplan.space.points import Points
from tmsplan.space.side import Hemi
from tmsplan.surface import Domain, Field, Labels, Pair, Surface
from tmsplan.target.choose import choose_target
from tmsplan.target.eligible import sieve
from tmsplan.target.exclusions import HOLE_MARGIN, NO_GO, REASONS, Limits, near_holes
from tmsplan.target.flat_coil import CASING_RADIUS, casing_lift
from tmsplan.target.reach import reachable

P = Params()
MIDDLE = np.array([-52.0, 30.0, 33.0])


@pytest.fixture(scope="module")
def patient():
    return rh.head()


def mid(patient, hemi=Hemi.LEFT) -> np.ndarray:
    return patient.cortex.side(hemi).mid.points.mm(patient.scanner)


def ball(patient, at, radius) -> np.ndarray:
    return np.linalg.norm(mid(patient) - at, axis=1) < radius


def one_side(patient, left) -> Pair[Field]:
    """Values on the left; the right is covered, too."""
    right = patient.cortex.right.domain
    return Pair(
        Field(left, patient.cortex.left.domain, "map", "1"),
        Field(np.zeros(right.density), right, "map", "1"),
    )


def why(patient, mask, limits, params=P) -> str | None:
    """The reason of a parcel; the point in it is refused for the same one."""
    atlas = rh.labels(patient, mask)
    found = reachable(patient, atlas, (rh.PARCEL,), params, limits=limits)
    return found.reasons.get(rh.PARCEL)


def refused(patient, mask, limits, code, params=P) -> None:
    assert why(patient, mask, limits, params) == code
    message = rf"no point in left patch can be aimed at \({code}\): {re.escape(REASONS[code])}"
    with pytest.raises(InputError, match=message):
        choose_target(rh.parcel(), patient, rh.labels(patient, mask), params=params, limits=limits)


def test_outside_the_search_mask(patient) -> None:
    mask = ball(patient, MIDDLE, 25)
    inside = Limits(mask=one_side(patient, mask.astype(float)))
    outside = Limits(mask=one_side(patient, (~mask).astype(float)))
    assert why(patient, mask, inside) is None
    refused(patient, mask, outside, "outside-mask")


def test_the_point_stays_in_the_mask(patient) -> None:
    """Half of the parcel is in the mask; without it the point is in the other half."""
    parcel = ball(patient, MIDDLE, 25)
    upper = (mid(patient)[:, 2] > MIDDLE[2] + 8).astype(float)
    atlas = rh.labels(patient, parcel)
    free = choose_target(rh.parcel(), patient, atlas, params=P)
    held = choose_target(
        rh.parcel(), patient, atlas, params=P, limits=Limits(mask=one_side(patient, upper))
    )
    assert upper[free.vertex] == 0
    assert upper[held.vertex] == 1
    assert "a gyral crown, inside the search mask, facing the scalp" in held.why


def test_uncovered_and_beside_a_hole(patient) -> None:
    mask = ball(patient, MIDDLE, 8)
    gone = np.where(ball(patient, MIDDLE, 14), np.nan, 1.0)
    refused(patient, mask, Limits(coverage=one_side(patient, gone)), "no-coverage")
    # Cortex on every side is lost, and the parcel itself is whole.
    whole = rh.labels(patient, ball(patient, MIDDLE, 30))
    ring = np.where(ball(patient, MIDDLE, 18) & ~mask, np.nan, 1.0)
    left = replace(whole.left, ids=np.where(mask, rh.PARCEL, 7), names={rh.PARCEL: "p", 7: "q"})
    around = Pair(left, whole.right)
    limits = Limits(coverage=one_side(patient, ring))
    found = reachable(patient, around, (rh.PARCEL,), P, limits=limits)
    assert found.reasons == {rh.PARCEL: "near-a-hole"}
    with pytest.raises(InputError, match=r"\(near-a-hole\): what the map covers of it is within"):
        choose_target(rh.parcel(), patient, around, params=P, limits=limits)


def test_no_point_within_10_mm_of_a_hole(patient) -> None:
    """A dip next to a hole does not win; one beyond 10 mm does. Distances by brute force."""
    xyz = mid(patient)
    hole = ball(patient, MIDDLE, 8)
    parcel = ball(patient, MIDDLE, 32)
    toward = np.exp(-((xyz - MIDDLE) ** 2).sum(axis=1) / 200)
    values = one_side(patient, np.where(hole, np.nan, -toward))
    atlas = rh.labels(patient, parcel)
    free = choose_target(rh.parcel(), patient, atlas, params=P, vertex_values=values)
    held = choose_target(
        rh.parcel(), patient, atlas, params=P, vertex_values=values,
        limits=Limits(coverage=values),
    )  # fmt: skip
    gap = [np.linalg.norm(xyz[hole] - xyz[t.vertex], axis=1).min() for t in (free, held)]
    assert gap[0] < 8
    assert 10 < gap[1] < 16


def test_holes_are_connected_cortex_of_some_size(patient) -> None:
    surface = patient.cortex.left.mid
    labels = rh.labels(patient, np.ones(len(surface), dtype=bool)).left
    hole = ball(patient, MIDDLE, 8)
    speck = np.zeros(len(surface), dtype=bool)
    speck[np.argmin(np.linalg.norm(mid(patient) - [-60, -30, 10], axis=1))] = True
    area = surface.vertex_areas()[speck].sum()

    def found(lost, ids=labels) -> np.ndarray:
        values = Field(np.where(lost, np.nan, 0.0), labels.domain, "map", "1")
        return near_holes(surface, values, ids)

    xyz = mid(patient)
    gap = np.linalg.norm(xyz[:, None] - xyz[hole][None], axis=2).min(axis=1)
    np.testing.assert_array_equal(found(hole), gap < HOLE_MARGIN.value)
    assert found(speck).any() == (area >= 10.0), "one vertex counts if it is 10 mm² itself"
    assert not found(np.zeros_like(hole)).any()
    wall = replace(labels, ids=np.where(hole, 0, rh.PARCEL).astype(np.int32))
    assert not found(hole, wall).any(), "unlabelled cortex is no hole: the medial wall has no map"
    alien = replace(labels.domain, owner="sub-02")
    with pytest.raises(DomainError, match="cannot look for holes of a map"):
        near_holes(surface, Field(np.zeros(len(surface)), alien, "map", "1"), labels)


@pytest.mark.parametrize("code", NO_GO)
def test_no_go_scalp(patient, code) -> None:
    """A cap of the skin over the parcel, marked as each of the four in turn."""
    mask = ball(patient, MIDDLE, 20)
    skin = patient.scalp.points.mm(patient.scanner)
    over = np.linalg.norm(skin - 90 * MIDDLE / np.linalg.norm(MIDDLE), axis=1) < 45
    names = dict(enumerate(NO_GO, start=1))
    number = next(k for k, name in names.items() if name == code)
    ids = np.where(over, number, 0).astype(np.int32)
    no_go = Labels(ids, patient.scalp.domain, names)
    refused(patient, mask, Limits(no_go=no_go), code)
    elsewhere = replace(no_go, ids=np.where(over, 0, number).astype(np.int32))
    assert why(patient, mask, Limits(no_go=elsewhere)) is None


def test_no_go_regions_of_another_scalp_are_refused(patient) -> None:
    other = replace(patient.scalp.domain, owner="sub-02")
    no_go = Labels(np.zeros(other.density), other, {})
    with pytest.raises(DomainError, match="cannot keep coils off no-go scalp"):
        why(patient, ball(patient, MIDDLE, 20), Limits(no_go=no_go))


def test_a_mask_of_another_mesh_is_refused(patient) -> None:
    def alien(hemi: Hemi) -> Field:
        domain = replace(patient.cortex.side(hemi).domain, owner="sub-02")
        return Field(np.ones(domain.density), domain, "mask", "1")

    with pytest.raises(DomainError, match="cannot search within a mask"):
        why(
            patient,
            ball(patient, MIDDLE, 20),
            Limits(mask=Pair(alien(Hemi.LEFT), alien(Hemi.RIGHT))),
        )


def test_a_dent_of_the_scalp_is_too_far_for_a_flat_coil() -> None:
    """The skin dips to the cortex, so it is near; a plate rests on the rim of the dip."""
    v, f = rh.sphere(5)
    away = np.arccos(np.clip(v @ MIDDLE / np.linalg.norm(MIDDLE), -1, 1)) * rh.SCALP_MM
    radius = rh.SCALP_MM - 14 * np.exp(-((away / 18) ** 2))
    domain = Domain("scalp", len(v), None, "round")
    dented = rh.head(Surface(Points(v * radius[:, None], rh.FRAME), f, domain))
    mask = ball(dented, MIDDLE, 9)
    params = P.overriding({"reach": 16.0})
    refused(dented, mask, Limits(), "scalp-too-far", params)
    assert why(dented, mask, Limits(), P) is None, "with 30 mm of reach the lift does not matter"
    plain = rh.head()
    assert why(plain, mask, Limits(), P.overriding({"reach": 24.0})) is None


def test_lift_of_a_casing_in_closed_form() -> None:
    """0 on a ball; in a bowl of radius R the plate rests on a ring: 40² / 2R above its floor."""
    skin = rh.scalp(subdivisions=5)
    at = np.arange(0, len(skin), 301)
    assert casing_lift(skin, at).max() < 0.15, "only the steps between triangles"
    bowl = Surface(skin.points, skin.faces[:, ::-1], skin.domain)
    expected = CASING_RADIUS.value**2 / (2 * rh.SCALP_MM)
    np.testing.assert_allclose(casing_lift(bowl, at), expected, atol=0.6)


def test_lift_beside_a_step() -> None:
    """A plate beside a knob of 7 mm, 25 mm away, is held 7 mm off; 60 mm away, not at all."""
    x, y = np.meshgrid(np.arange(-80.0, 81, 2), np.arange(-80.0, 81, 2), indexing="ij")
    height = np.where(np.hypot(x - 25, y) < 3, 7.0, 0.0)
    v = np.column_stack([x.ravel(), y.ravel(), height.ravel()])
    k = np.arange(81 * 81).reshape(81, 81)
    a, b, c, d = (g.ravel() for g in (k[:-1, :-1], k[1:, :-1], k[1:, 1:], k[:-1, 1:]))
    faces = np.vstack([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    sheet = Surface(Points(v, rh.FRAME), faces, Domain("scalp", len(v), None, "round"))
    near, far = k[40, 40], k[10, 40]
    assert casing_lift(sheet, np.array([near, far])) == pytest.approx([7.0, 0.0], abs=1e-9)


def test_a_finer_scalp_gives_the_same_lift() -> None:
    """Over 12,000 vertices the skin is thinned; the rim of a dent is not lost by that."""
    lifts = []
    for cuts in (5, 6):
        v, f = rh.sphere(cuts)
        away = np.arccos(np.clip(v @ MIDDLE / np.linalg.norm(MIDDLE), -1, 1)) * 90
        xyz = v * (90 - 14 * np.exp(-((away / 18) ** 2)))[:, None]
        skin = Surface(Points(xyz, rh.FRAME), f, Domain("scalp", len(v), None, "round"))
        lifts.append(casing_lift(skin, np.array([np.argmin(away)]))[0])
    assert lifts[0] > 5
    assert lifts[0] == pytest.approx(lifts[1], abs=0.5)


def test_every_code_is_explained_and_every_explained_code_exists() -> None:
    """Codes are looked for in the source, as quoted words handed to a reason."""
    room = Path(tmsplan.target.__file__).parent
    used = set()
    for name in ("rank.py", "reach.py", "eligible.py", "choose.py", "scalp_depth.py"):
        text = (room / name).read_text(encoding="utf-8")
        used |= set(re.findall(r'"([a-z]+(?:-[a-z]+)+|extrapolated|tie)"', text))
    known = {*REASONS, "coupling-1", "region-centroid", "field-weighted", "no-region-stands-out"}
    assert used <= known
    assert set(REASONS) - set(NO_GO) <= used


def test_gates_only_ever_take_away(patient) -> None:
    vertices = np.flatnonzero(ball(patient, MIDDLE, 40))
    labels = rh.labels(patient, np.ones(patient.cortex.left.domain.density, dtype=bool)).left
    coverage = one_side(patient, np.where(ball(patient, MIDDLE, 6), np.nan, 1.0))
    found = sieve(
        patient, labels, vertices, params=P, limits=Limits(coverage=coverage, mask=coverage)
    )
    masks = list(found.gates.values())
    assert list(found.gates) == [c for c in REASONS if c in found.gates], "in the order of REASONS"
    for before, after in pairwise(masks):
        assert not (after & ~before).any()
    np.testing.assert_array_equal(masks[-1], found.left)
