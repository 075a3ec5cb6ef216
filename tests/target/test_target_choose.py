"""The point in a parcel: planted dips, other vertex orders, moved heads, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import round_head as rh
import trimesh
from ecog_head import dk_labels, ecog_patient

from tmsplan.base import DomainError, InputError, Params
from tmsplan.space.side import Hemi
from tmsplan.surface import Field, Pair
from tmsplan.target.choose import choose_target
from tmsplan.target.eligible import crown_mask
from tmsplan.target.reach import reachable
from tmsplan.target.rescan import rescans
from tmsplan.target.scalp_depth import LEAST_FACING, scalp_depth

P = Params()
#: Upper outer front of the left hemisphere, and where the planted dip is.
MIDDLE = np.array([-52.0, 30.0, 33.0])
#: Parcels of the convexity, Desikan-Killiany, left; on the right 1000 more.
CONVEX = (1003, 1008, 1022, 1024, 1027, 1028, 1029, 1031)


def mid(patient, hemi=Hemi.LEFT) -> np.ndarray:
    return patient.cortex.side(hemi).mid.points.mm(patient.scanner)


def patch_mask(patient, radius: float = 28.0) -> np.ndarray:
    return np.linalg.norm(mid(patient) - MIDDLE, axis=1) < radius


def inner_flank(xyz: np.ndarray) -> np.ndarray:
    """Beside the medial wall, over 10 mm from the midplane: deep, and facing inward."""
    return (xyz[:, 0] > -15) & (xyz[:, 0] < -11) & (xyz[:, 2] > -20)


def dip(xyz: np.ndarray, at: np.ndarray, width: float = 7.0) -> np.ndarray:
    """-1 at `at`, 0 far from it, on a slight slope so that nothing is tied."""
    gap = ((xyz - at) ** 2).sum(axis=1)
    return -np.exp(-gap / (2 * width**2)) + 1e-4 * xyz @ [1.0, 2.0, 3.0]


@pytest.fixture(scope="module")
def patient():
    return rh.head()


@pytest.fixture(scope="module")
def crown_point(patient) -> np.ndarray:
    """A place in the parcel, on a crown: where sulc is lowest near the middle."""
    xyz = mid(patient)
    near = np.flatnonzero(np.linalg.norm(xyz - MIDDLE, axis=1) < 12)
    sulc = patient.cortex.left.fields["sulc"].values
    return xyz[near[np.argmin(sulc[near])]]


def facing(patient, target) -> float:
    """Cosine between the cortex round a target and the way to the scalp, without tmsplan's."""
    at, corners = target.point.mm(patient.scanner), patient.scalp.corners()
    ways = trimesh.triangles.closest_point(corners, np.repeat(at, len(corners), axis=0)) - at
    way = ways[np.argmin((ways**2).sum(axis=1))]
    cortex = patient.cortex.side(target.hemi).mid
    ring = {target.vertex, *cortex.faces[(cortex.faces == target.vertex).any(axis=1)].ravel()}
    normal = sum(cortex.face_cross()[(cortex.faces == k).any(axis=1)].sum(axis=0) for k in ring)
    return float(normal @ way / np.linalg.norm(normal) / np.linalg.norm(way))


def choose(patient, mask=None, left=None, params=P):
    mask = patch_mask(patient) if mask is None else mask
    return choose_target(
        rh.parcel(),
        patient,
        rh.labels(patient, mask),
        params=params,
        vertex_values=None if left is None else rh.fields(patient, left),
    )


def test_finds_a_planted_dip(patient, crown_point) -> None:
    found = choose(patient, left=dip(mid(patient), crown_point))
    assert np.linalg.norm(found.point.mm(rh.FRAME)[0] - crown_point) < 4
    assert found.hemi is Hemi.LEFT
    assert found.point.mm(rh.FRAME)[0, 0] < 0
    np.testing.assert_array_equal(found.point.mm(rh.FRAME)[0], mid(patient)[found.vertex])
    assert (found.parcel_id, found.z, found.kind) == (rh.PARCEL, -2.5, "coupling")
    assert "lowest 10%" in found.why
    out = found.normal.components(rh.FRAME)[0]
    assert out @ (mid(patient)[found.vertex] - [-rh.CENTRE_MM, 0, 0]) > 0, "out of the cortex"


def test_a_deeper_dip_in_a_sulcus_or_out_of_reach_does_not_win(patient, crown_point) -> None:
    """The strongest predicate: everything the rule excludes is made far lower."""
    values = dip(mid(patient), crown_point)
    here = choose(patient, left=values)
    eligible = crown_mask(patient.cortex.left, P)
    eligible &= scalp_depth(patient, Hemi.LEFT, np.arange(len(values))).within(P.reach)
    there = choose(patient, left=np.where(eligible, values, -50.0))
    assert there.vertex == here.vertex


def test_the_lowest_single_vertex_does_not_decide(patient, crown_point) -> None:
    """An outlier far from the dip is a cluster of one and loses against the patch."""
    values = dip(mid(patient), crown_point)
    eligible = np.flatnonzero(patch_mask(patient) & crown_mask(patient.cortex.left, P))
    xyz = mid(patient)
    far = eligible[np.argmax(np.linalg.norm(xyz[eligible] - crown_point, axis=1))]
    values[far] = -30
    found = choose(patient, left=values)
    assert np.linalg.norm(xyz[found.vertex] - crown_point) < 6


def test_the_order_of_the_vertices_does_not_matter(patient, crown_point) -> None:
    order = np.random.default_rng(3).permutation(len(mid(patient)))
    values = dip(mid(patient), crown_point)
    for left in (values, None):
        one = choose(patient, left=left)
        other = rh.permuted(patient, order)
        two = choose(other, patch_mask(other), None if left is None else left[order])
        assert one.point.distances(two.point)[0] < 1e-9
        assert one.spread_mm == pytest.approx(two.spread_mm, abs=1e-6)


def test_ties_are_broken_by_place_and_not_by_order(patient) -> None:
    """A constant map: every vertex is as low as any other, on any numbering of the mesh."""
    order = np.random.default_rng(4).permutation(len(mid(patient)))
    other = rh.permuted(patient, order)
    one = choose(patient, left=np.zeros(len(order)))
    two = choose(other, patch_mask(other), np.zeros(len(order)))
    assert one.point.distances(two.point)[0] < 1e-9
    assert one.spread_mm is None
    assert "Spread not computed" in one.why


def test_of_two_equal_dips_the_front_one_is_taken_however_the_mesh_is_held(patient) -> None:
    """A mesh and a map that are their own mirror image front to back: an exact tie."""
    even = replace(patient, cortex=patient.cortex.map(lambda c: replace(c, fields={})))
    xyz = mid(even)
    mask = (np.abs(xyz[:, 1]) < 45) & (xyz[:, 0] < -45)
    values = np.round(np.minimum(*(((xyz - [-60, y, 15]) ** 2).sum(axis=1) for y in (-28, 28))), 6)
    rng = np.random.default_rng(6)
    for _ in range(6):
        order = rng.permutation(len(values))
        a = rng.uniform(-0.5, 0.5)
        turn = np.eye(4)
        turn[:2, :2] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
        held = rh.permuted(rh.moved(even, turn), order)
        found = choose(held, mask[order], values[order])
        assert xyz[order[found.vertex]][1] > 15


def test_the_largest_part_may_be_the_highest(patient) -> None:
    """All is kept, the large part lies above the median: its centroid is by area, no crash."""
    xyz = mid(patient)
    bare = replace(patient, cortex=patient.cortex.map(lambda c: replace(c, fields={})))
    large = np.linalg.norm(xyz - [-62, 0, 10], axis=1) < 14
    small = np.zeros_like(large)
    for y in (40.0, -40.0):
        small |= np.linalg.norm(xyz - [-55, y, 10], axis=1) < 11
    values = np.where(large, 5.0, -5.0)
    assert large.sum() < 2 * small.sum(), "the median lies in the small parts or between"
    found = choose(bare, large | small, values, P.overriding({"low_fraction": 1.0}))
    assert large[found.vertex]


def test_a_moved_head_carries_its_target(patient, crown_point) -> None:
    a = np.radians(20)
    move = np.eye(4)
    move[:3, :3] = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]) @ [
        [1, 0, 0],
        [0, np.cos(a), -np.sin(a)],
        [0, np.sin(a), np.cos(a)],
    ]
    move[:3, 3] = [3.0, -17.0, 28.0]
    mask, values = patch_mask(patient), dip(mid(patient), crown_point)
    for left in (values, None):
        here = choose(patient, mask, left)
        there = choose(rh.moved(patient, move), mask, left)
        expected = move[:3, :3] @ here.point.mm(rh.FRAME)[0] + move[:3, 3]
        np.testing.assert_allclose(there.point.mm(rh.FRAME)[0], expected, atol=1e-6)
        assert here.spread_mm == pytest.approx(there.spread_mm, abs=1e-5)


def test_without_a_map_the_point_is_the_middle_of_the_reachable_crown(patient) -> None:
    found = choose(patient)
    mask = patch_mask(patient) & crown_mask(patient.cortex.left, P)
    reach = scalp_depth(patient, Hemi.LEFT, np.arange(len(mask))).within(P.reach)
    assert (mask & reach)[found.vertex]
    assert found.spread_mm is None
    assert "Centre of the parcel's largest eligible part" in found.why


def test_scale_and_offset_of_the_map_do_not_matter(patient, crown_point) -> None:
    values = dip(mid(patient), crown_point)
    assert choose(patient, left=values).vertex == choose(patient, left=7 * values - 300).vertex


def test_lower_values_pull_the_point(patient) -> None:
    """With everything eligible kept, a slope moves the centroid down it, on either slope."""
    params = P.overriding({"low_fraction": 1.0, "crown_sulc": 3.0})
    up = mid(patient)[:, 2]
    middle, low, high = (
        mid(patient)[choose(patient, left=left, params=params).vertex][2]
        for left in (None, up, -up)
    )
    assert low < middle - 5
    assert high > middle + 5


def test_missing_sulc_is_said(patient, crown_point) -> None:
    bare = replace(patient, cortex=patient.cortex.map(lambda c: replace(c, fields={})))
    found = choose(bare, left=dip(mid(bare), crown_point))
    assert "no sulc file" in found.why


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("no-vertex", r"left patch can be aimed at \(no-vertex\): it has no vertex"),
        ("no-coverage", r"\(no-coverage\): the map has no value in it"),
        ("no-crown", r"\(no-crown\): it lies in sulci only"),
        ("too-deep", r"\(too-deep\): all of it lies too deep under the scalp \(limit 12 mm\)"),
        ("no-scalp", r"\(no-scalp\): the patient has no scalp surface"),
        ("medial-wall", r"\(medial-wall\): it lies on the wall between the hemispheres"),
        ("under-the-head", r"\(under-the-head\): the nearest skin is face, throat or neck"),
        ("faces-away", r"\(faces-away\): its crown within reach points away from the scalp"),
    ],
)
def test_an_empty_set_says_why(patient, case: str, message: str) -> None:
    mask, left, params, who = patch_mask(patient), None, P, patient
    if case == "no-vertex":
        mask = np.zeros_like(mask)
    elif case == "no-coverage":
        left = np.full(len(mask), np.nan)
    elif case == "no-crown":
        mask = mask & ~crown_mask(patient.cortex.left, P)
    elif case == "too-deep":
        params = P.overriding({"reach": 12.0})
    elif case == "no-scalp":
        who = replace(patient, scalp=None)
    elif case == "medial-wall":
        mask = mid(patient)[:, 0] > -8
    elif case == "faces-away":
        mask, params = inner_flank(mid(patient)), P.overriding({"reach": 60.0})
    else:
        mask = mid(patient)[:, 2] < -48
    with pytest.raises(InputError, match=message):
        choose(who, mask, left, params)


def test_a_map_of_another_mesh_is_refused(patient) -> None:
    def alien(hemi: Hemi) -> Field:
        domain = replace(patient.cortex.side(hemi).domain, owner="sub-02")
        return Field(np.zeros(domain.density), domain, "coupling", "1")

    with pytest.raises(DomainError, match="cannot choose a point on a map: one is on sub-02"):
        choose_target(
            rh.parcel(),
            patient,
            rh.labels(patient, patch_mask(patient)),
            params=P,
            vertex_values=Pair(alien(Hemi.LEFT), alien(Hemi.RIGHT)),
        )


def test_a_reliable_map_spreads_less(patient, crown_point) -> None:
    values = dip(mid(patient), crown_point)
    spreads = [
        choose(patient, left=values, params=P.overriding({"icc_assumed": icc})).spread_mm
        for icc in (0.3, 0.9, 0.999)
    ]
    assert spreads[0] > spreads[1] > spreads[2]
    assert spreads[2] < 1.5


def test_rescans_have_the_reliability_they_claim(patient) -> None:
    """Mean and spread over rescans are those of the bivariate normal; the noise is smooth."""
    xyz = mid(patient)
    edges = patient.cortex.left.mid.adjacency().tocsr()
    first = np.sin(xyz @ [0.11, 0.07, -0.09]) + np.cos(xyz @ [-0.05, 0.12, 0.06])
    again = np.array(list(rescans(first, xyz, edges, 0.6)))
    expected = first.mean() + 0.6 * (first - first.mean())
    noise = again - expected
    assert np.abs(noise.mean(axis=0)).max() < 0.45 * first.std()  # 100 draws: 4.5 standard errors
    assert noise.std() == pytest.approx(first.std() * 0.8, rel=0.1)
    a, b = edges.tocoo().coords
    rough = ((first[a] - first[b]) ** 2).mean() / first.var()
    assert ((noise[:, a] - noise[:, b]) ** 2).mean() / noise.var() == pytest.approx(rough, rel=0.2)


def test_reach_of_parcels_has_a_reason_for_each(patient) -> None:
    xyz = mid(patient)
    front = patch_mask(patient)
    masks = {1: front, 2: xyz[:, 0] > -8, 3: xyz[:, 2] < -48, 4: inner_flank(xyz)}
    ids = np.zeros(len(xyz), dtype=np.int32)
    for k, mask in masks.items():
        ids[mask] = k
    atlas = rh.labels(patient, front)
    left = replace(atlas.left, ids=ids, names={k: str(k) for k in masks})
    reach = reachable(patient, Pair(left, atlas.right), (1, 2, 3, 4, 9), P)
    assert reach.reachable == {1: True, 2: False, 3: False, 4: False, 9: False}
    assert reach.reasons == {
        2: "medial-wall", 3: "under-the-head", 4: "too-deep", 9: "no-vertex",
    }  # fmt: skip
    depth = 90 - np.linalg.norm(xyz[front & crown_mask(patient.cortex.left, P)], axis=1)
    assert reach.depth_mm[1] == pytest.approx(np.median(depth), abs=1.0)
    far = reachable(patient, Pair(left, atlas.right), (4,), P.overriding({"reach": 60.0}))
    assert far.reasons == {4: "faces-away"}
    blind = reachable(replace(patient, scalp=None), Pair(left, atlas.right), (1, 9), P)
    assert blind.reasons == {1: "no-scalp", 9: "no-vertex"}


@pytest.fixture(scope="module")
def real(ecog):
    patient = ecog_patient(ecog)
    return patient, dk_labels(ecog, patient)


def test_real_cortex_that_a_coil_can_reach(real) -> None:
    """Known anatomy: the convexity is reachable, insula and cingulum are not."""
    patient, atlas = real
    near, far = CONVEX, (1002, 1010, 1023, 1026, 1035)
    reach = reachable(patient, atlas, [*near, *far, *(k + 1000 for k in (*near, *far))], P)
    for base in (0, 1000):
        assert all(reach.reachable[k + base] for k in near)
        assert not any(reach.reachable[k + base] for k in far)
    assert 15 < reach.depth_mm[1027] < 25


@pytest.mark.parametrize("slope", [1.0, -1.0])
@pytest.mark.parametrize("parcel_id", [1027, 2027, 2003, 2028])
def test_no_point_on_a_real_head_faces_away_from_the_coil(real, parcel_id, slope) -> None:
    """A map lowest below, or above: crowns by `sulc` go down the underside of each parcel."""
    patient, atlas = real
    hemi = Hemi.LEFT if parcel_id < 2000 else Hemi.RIGHT

    def height(side: Hemi) -> Field:
        cortex = patient.cortex.side(side)
        return Field(slope * mid(patient, side)[:, 2], cortex.domain, "height", "mm")

    values = Pair(height(Hemi.LEFT), height(Hemi.RIGHT))
    found = choose_target(
        rh.parcel(parcel_id, hemi), patient, atlas, params=P, vertex_values=values
    )
    assert facing(patient, found) > LEAST_FACING.value - 0.02


def test_the_limit_keeps_the_convexity_and_drops_what_faces_down(real) -> None:
    """Most of the tops of gyri stay (over 1 sd above the mean); most undersides go."""
    patient, atlas = real
    tops, undersides = [], []
    for base, (hemi, labels) in zip((0, 1000), atlas.sides(), strict=True):
        cortex = patient.cortex.side(hemi)
        crown = crown_mask(cortex, P) & np.isin(labels.ids, np.add(CONVEX, base))
        crown = np.flatnonzero(crown)
        depth = scalp_depth(patient, hemi, crown)
        top = crown_mask(cortex, P.overriding({"crown_sulc": -1.0}))[crown]
        down = cortex.mid.vertex_normals().components(patient.scanner)[crown, 2] < -0.8
        tops.append(depth.facing[top])
        undersides.append(depth.facing[down & (mid(patient, hemi)[crown, 2] < 20)])
    assert np.concatenate(tops).mean() > 0.7
    assert np.concatenate(undersides).mean() < 0.2


def test_a_round_head_faces_its_scalp_as_its_closed_form_says(patient) -> None:
    """The normal of an ellipsoid against the radius of the sphere round it."""
    xyz = mid(patient)
    axes = rh.AXES_MM - rh.THICK_MM / 2
    normal = (xyz - [-rh.CENTRE_MM, 0, 0]) / axes**2
    cosine = (normal * xyz).sum(axis=1) / np.linalg.norm(normal, axis=1)
    cosine /= np.linalg.norm(xyz, axis=1)
    sure = np.abs(cosine - LEAST_FACING.value) > 0.05
    found = scalp_depth(patient, Hemi.LEFT, np.arange(len(xyz))).facing
    np.testing.assert_array_equal(found[sure], (cosine > LEAST_FACING.value)[sure])
