"""The rules that pick a place in a region, the 5 mm score and the doubt about the place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import round_head as rh
from scipy.sparse import coo_array

from tmsplan.base import DomainError, InputError, Params
from tmsplan.space.points import Points
from tmsplan.space.side import Hemi
from tmsplan.surface import Domain, Field, Labels, Pair, Surface
from tmsplan.target.choose import choose_target
from tmsplan.target.doubt import doubt_about
from tmsplan.target.point import POINT_RULES, Patch, locate
from tmsplan.target.score import score_within

P = Params()
MIDDLE = np.array([-52.0, 30.0, 33.0])


def sheet(size: int = 31, step: float = 2.0) -> Patch:
    """A flat square of vertices, 2 mm apart, of equal area."""
    k = np.arange(size * size).reshape(size, size)
    pairs = np.concatenate(
        [np.stack([k[:-1].ravel(), k[1:].ravel()], 1), np.stack([k[:, :-1].ravel(),
         k[:, 1:].ravel()], 1)]
    )  # fmt: skip
    both = np.concatenate([pairs, pairs[:, ::-1]])
    edges = coo_array((np.ones(len(both)), tuple(both.T)), shape=(k.size, k.size)).tocsr()
    x, y = np.meshgrid(np.arange(size) * step, np.arange(size) * step, indexing="ij")
    xyz = np.column_stack([x.ravel(), y.ravel(), np.zeros(k.size)])
    return Patch(np.arange(k.size), xyz, xyz, np.full(k.size, step**2), edges, None)


def cone(patch: Patch, *at: float) -> np.ndarray:
    return np.hypot(patch.xyz[:, 0] - at[0], patch.xyz[:, 1] - at[1])


def test_peak_is_the_lowest_vertex_and_cluster_is_not() -> None:
    patch = sheet()
    values = cone(patch, 40, 20)
    lone = int(np.argmin(cone(patch, 4, 56)))
    values[lone] = -100.0
    patch = patch.valued(values)
    assert locate(patch, "peak", 0.1).row == lone
    cluster = locate(patch, "cluster", 0.1)
    np.testing.assert_allclose(cluster.centre[:2], [40, 20], atol=1e-9)
    # A tenth of 961 vertices of 4 mm²: a disc of radius 11.06 mm.
    assert cone(patch, 40, 20)[cluster.rows].max() == pytest.approx(11.06, abs=1.0)


def test_region_centroid_does_not_look_at_the_map() -> None:
    patch = sheet()
    for values in (None, cone(patch, 10, 10)):
        found = locate(replace(patch, values=values), "region-centroid", 0.1)
        np.testing.assert_allclose(found.centre[:2], [30, 30], atol=1e-9)
    np.testing.assert_allclose(locate(patch, "cluster", 0.1).centre[:2], [30, 30], atol=1e-9)


def test_field_weighted_in_closed_form() -> None:
    """Weights area x depth x field: worked out on the cluster's own vertices."""
    patch = sheet()
    values = cone(patch, 30, 30)
    field = np.exp(patch.xyz[:, 0] / 10)
    plain = locate(patch.valued(values), "cluster", 0.1)
    found = locate(replace(patch, values=values, field=field), "field-weighted", 0.1)
    np.testing.assert_array_equal(found.rows, plain.rows)
    weight = (np.median(values) - values[found.rows]) * field[found.rows]
    expected = (weight[:, None] * patch.xyz[found.rows]).sum(axis=0) / weight.sum()
    np.testing.assert_allclose(found.centre, expected, atol=1e-9)
    assert found.centre[0] > 32
    flat = locate(replace(patch, values=values, field=np.full(961, 3.0)), "field-weighted", 0.1)
    np.testing.assert_allclose(flat.centre, plain.centre, atol=1e-9)
    without = locate(replace(patch, field=(patch.xyz[:, 0] > 45).astype(float)),
                     "field-weighted", 0.1)  # fmt: skip
    assert without.centre[0] == pytest.approx(53.0)


def test_a_field_that_misses_the_cluster_leaves_it_to_the_area() -> None:
    patch = sheet()
    away = (patch.xyz[:, 0] > 55).astype(float)
    found = locate(replace(patch, values=cone(patch, 20, 30), field=away), "field-weighted", 0.1)
    np.testing.assert_allclose(found.centre[:2], [20, 30], atol=1e-9)


@pytest.mark.parametrize("field", [None, np.full(961, -1.0), np.zeros(961), np.full(961, np.nan)])
def test_a_rule_without_its_field_is_refused(field) -> None:
    patch = replace(sheet(), values=np.arange(961.0), field=field)
    with pytest.raises(InputError, match="'field-weighted' needs the magnitude of a field"):
        locate(patch, "field-weighted", 0.1)


def test_a_rule_without_its_map_or_of_no_name_is_refused() -> None:
    with pytest.raises(InputError, match="point rule 'peak' needs a map"):
        locate(sheet(), "peak", 0.1)
    with pytest.raises(InputError, match="point rule 'middle' is none of cluster, peak, region-c"):
        locate(sheet(), "middle", 0.1)


@pytest.fixture(scope="module")
def patient():
    return rh.head()


def mid(patient, hemi=Hemi.LEFT) -> np.ndarray:
    return patient.cortex.side(hemi).mid.points.mm(patient.scanner)


def dip(xyz, at, width=7.0) -> np.ndarray:
    gap = ((xyz - at) ** 2).sum(axis=1)
    return -np.exp(-gap / (2 * width**2)) + 1e-4 * xyz @ [1.0, 2.0, 3.0]


def chosen(patient, left, *, mask=None, params=P, **options):
    mask = np.linalg.norm(mid(patient) - MIDDLE, axis=1) < 28 if mask is None else mask
    return choose_target(
        rh.parcel(), patient, rh.labels(patient, mask), params=params,
        vertex_values=rh.fields(patient, left), **options,
    )  # fmt: skip


@pytest.mark.parametrize("rule", POINT_RULES)
def test_every_rule_is_the_same_on_a_permuted_mesh_and_a_moved_head(patient, rule) -> None:
    xyz = mid(patient)
    values, mask = dip(xyz, [-58, 22, 36]), np.linalg.norm(xyz - MIDDLE, axis=1) < 28
    weight = np.exp(-((xyz - [-60, 35, 25]) ** 2).sum(axis=1) / 800)
    field = rh.fields(patient, weight)
    one = chosen(patient, values, mask=mask, point=rule, field=field)
    order = np.random.default_rng(8).permutation(len(xyz))
    other = rh.permuted(patient, order)
    two = chosen(other, values[order], mask=mask[order], point=rule,
                 field=rh.fields(other, weight[order]))  # fmt: skip
    assert one.point.distances(two.point)[0] < 1e-9
    assert one.score_5mm == pytest.approx(two.score_5mm, abs=1e-9)
    a = np.radians(10)
    move = np.eye(4)
    move[:2, :2] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
    move[:3, 3] = [3.0, -9.0, 12.0]
    there = chosen(rh.moved(patient, move), values, mask=mask, point=rule, field=field)
    expected = one.point.mm(rh.FRAME) @ move[:3, :3].T + move[:3, 3]
    np.testing.assert_allclose(there.point.mm(rh.FRAME), expected, atol=1e-6)
    assert there.vertex == one.vertex


def test_a_mirrored_head_has_a_mirrored_point_and_cloud(patient) -> None:
    """To 0.05 mm, on a scalp and folds without any symmetry; the map is mirrored with the head."""
    patient = rh.head(rh.scalp(bumps=2.0))
    xyz = mid(patient)
    mask, values = np.linalg.norm(xyz - MIDDLE, axis=1) < 28, dip(xyz, [-58, 22, 36])
    here = chosen(patient, values, mask=mask)
    flipped = rh.mirrored(patient)
    domain, other = flipped.cortex.right.domain, flipped.cortex.left.domain
    labels = Pair(
        Labels(np.zeros(other.density, dtype=np.int32), other, {}),
        Labels(np.where(mask, rh.PARCEL, 0).astype(np.int32), domain, {rh.PARCEL: "patch"}),
    )
    maps = Pair(
        Field(np.full(other.density, np.nan), other, "m", "1"), Field(values, domain, "m", "1")
    )
    there = choose_target(
        rh.parcel(hemi=Hemi.RIGHT), flipped, labels, params=P, vertex_values=maps
    )
    gap = there.point.mm(rh.FRAME) - here.point.mm(rh.FRAME) @ rh.MIRROR
    assert np.linalg.norm(gap) < 0.05
    assert there.spread_mm == pytest.approx(here.spread_mm, rel=0.3)


def test_the_score_is_the_mean_over_a_disc_in_closed_form() -> None:
    """Of a cone of slope 1 over a disc of radius 5 mm: two thirds of the radius."""
    n = 61
    x, y = np.meshgrid(np.arange(n) * 0.5 - 15, np.arange(n) * 0.5 - 15, indexing="ij")
    k = np.arange(n * n).reshape(n, n)
    a, b, c, d = (g.ravel() for g in (k[:-1, :-1], k[1:, :-1], k[1:, 1:], k[:-1, 1:]))
    faces = np.vstack([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    xyz = np.column_stack([x.ravel(), y.ravel(), np.zeros(n * n)])
    flat = Surface(Points(xyz, rh.FRAME), faces, Domain("flat", n * n, Hemi.LEFT, "round"))
    cone = np.hypot(xyz[:, 0], xyz[:, 1])
    centre = int(k[30, 30])
    assert score_within(flat, cone, centre) == pytest.approx(10 / 3, abs=0.05)
    assert score_within(flat, np.full(n * n, -2.5), centre) == pytest.approx(-2.5)
    half = np.where(xyz[:, 0] > 0, np.nan, -1.0)
    assert score_within(flat, half, centre) == pytest.approx(-1.0), "missing values are left out"
    # A fold: the far bank is 2 mm away in a straight line, and 22 mm along the surface.
    folded = xyz.copy()
    folded[:, 2] = -np.minimum(np.abs(xyz[:, 0] - 6), 10) + 10
    folded[:, 0] = np.where(xyz[:, 0] > 6, 1.0, -1.0) * np.abs(xyz[:, 0] - 6) * 0.1
    fold = Surface(Points(folded, rh.FRAME), faces, flat.domain)
    far = np.where(xyz[:, 0] > 6, 100.0, 0.0)
    assert score_within(fold, far, int(k[18, 30])) == 0.0


def test_the_score_of_a_target_is_softer_than_its_value(patient) -> None:
    values = dip(mid(patient), [-58, 22, 36])
    found = chosen(patient, values)
    assert values[found.vertex] < found.score_5mm < values[found.vertex] / 2
    assert chosen(patient, np.full_like(values, -3.0)).score_5mm == pytest.approx(-3.0)


def test_a_target_without_a_map_has_neither_score_nor_cloud(patient) -> None:
    mask = np.linalg.norm(mid(patient) - MIDDLE, axis=1) < 28
    found = choose_target(rh.parcel(), patient, rh.labels(patient, mask), params=P)
    assert (found.score_5mm, found.cloud, found.spread_mm) == (None, None, None)
    assert found.spread_parts == {}


def test_the_cloud_is_where_rescans_would_aim(patient) -> None:
    values = dip(mid(patient), [-58, 22, 36])
    found = chosen(patient, values)
    assert len(found.cloud) == 100
    on_mesh = {tuple(p) for p in mid(patient)}
    assert {tuple(p) for p in found.cloud.mm(rh.FRAME)} <= on_mesh
    assert found.spread_parts == {"vertices": found.spread_mm}
    gaps = np.linalg.norm(found.cloud.mm(rh.FRAME) - found.point.mm(rh.FRAME), axis=1)
    # Snapped to the mesh: edges are 5 mm long on this coarse one.
    assert np.sqrt((gaps**2).mean()) == pytest.approx(found.spread_mm, rel=0.35)


def test_another_definition_widens_the_spread_by_a_known_amount(patient) -> None:
    """Two dips 20 mm apart; with a reliability near 1 the rescans stay, the definitions differ."""
    xyz = mid(patient)
    params = P.overriding({"icc_assumed": 0.999})
    values, elsewhere = dip(xyz, [-58, 22, 36]), dip(xyz, [-54, 42, 30])
    alone = chosen(patient, values, params=params)
    its = chosen(patient, elsewhere, params=params)
    apart = float(alone.point.distances(its.point)[0])
    assert apart > 12
    both = chosen(patient, values, params=params, others=[rh.fields(patient, elsewhere)])
    assert both.vertex == alone.vertex, "the chosen definition alone decides about the point"
    assert both.spread_parts["vertices"] == alone.spread_mm < 1.5
    assert both.spread_parts["definitions"] == pytest.approx(apart, abs=4)
    # Half of the draws move by nothing, half by the distance.
    assert both.spread_mm == pytest.approx(both.spread_parts["definitions"] / np.sqrt(2), rel=0.1)
    assert len(both.cloud) == 200
    assert "other definitions' own points lie" in both.why
    agreed = chosen(patient, values, params=params, others=[rh.fields(patient, values)])
    assert agreed.spread_mm == pytest.approx(alone.spread_mm)
    assert agreed.spread_parts["definitions"] == 0.0


def test_a_definition_without_values_says_nothing(patient) -> None:
    values = dip(mid(patient), [-58, 22, 36])
    none = np.full_like(values, np.nan)
    found = chosen(patient, values, others=[rh.fields(patient, none)])
    assert found.spread_parts == {"vertices": found.spread_mm}
    part = np.where(mid(patient)[:, 2] > 30, values, np.nan)
    assert "definitions" in chosen(patient, values, others=[rh.fields(patient, part)]).spread_parts


def test_a_rule_that_does_not_look_at_the_map_has_no_doubt() -> None:
    patch = sheet().valued(cone(sheet(), 20, 20))
    doubt = doubt_about(patch, locate(patch, "region-centroid", 0.1), "region-centroid", params=P)
    assert (doubt.spread_mm, doubt.parts, len(doubt.rows)) == (None, {}, 0)
    assert doubt.words(P) == "Spread not computed: this rule does not look at the map."


def test_a_definition_or_field_of_another_mesh_is_refused(patient) -> None:
    def alien(hemi: Hemi) -> Field:
        domain = replace(patient.cortex.side(hemi).domain, owner="sub-02")
        return Field(np.zeros(domain.density), domain, "coupling", "1")

    other, values = Pair(alien(Hemi.LEFT), alien(Hemi.RIGHT)), dip(mid(patient), MIDDLE)
    with pytest.raises(DomainError, match="cannot compare points of two definitions"):
        chosen(patient, values, others=[other])
    with pytest.raises(DomainError, match="cannot weigh a point by a field"):
        chosen(patient, values, point="field-weighted", field=other)
