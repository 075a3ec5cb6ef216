"""Means per parcel: by id, with what is missing told apart from what is absent."""

from __future__ import annotations

import math

import numpy as np
import pytest
from surface_cases import fsaverage5

from tmsplan.base.errors import DomainError, InputError
from tmsplan.space import Hemi
from tmsplan.surface import Domain, Field, Labels, Pair, Surface, parcel_table

L, R = Hemi.LEFT, Hemi.RIGHT


def domain(hemi, n=8, owner="sub-01"):
    return Domain("fsnative", n, hemi, owner)


def pair(left, right, owner="sub-01"):
    """Fields of two hemispheres."""
    return Pair(
        Field(np.array(left, float), domain(L, len(left), owner), "map", "1"),
        Field(np.array(right, float), domain(R, len(right), owner), "map", "1"),
    )


def labels(left, right, parcels):
    names = {p[0]: p[1] for p in parcels} | {9000: "medial wall"}
    return Pair(
        Labels(np.array(left), domain(L, len(left)), names),
        Labels(np.array(right), domain(R, len(right)), names),
    )


# Sparse ids above 255, not sorted, left and right mixed.
PARCELS = [
    (12101, "precentral", R, "Somatomotor"),
    (300, "insula", L, None),
    (1001, "bankssts", L, "Default"),
    (257, "cuneus", L, None),
    (2001, "bankssts", R, "Default"),
]
LEFT_IDS = [300, 1001, 1001, 9000, 0, 300, 1001, 1001]
RIGHT_IDS = [12101, 12101, 2001, 2001, 2001, 0, 9000, 12101]


def test_means_are_joined_by_id():
    values = pair([1, 10, 20, -99, -99, 3, 30, 40], [5, 6, 100, 200, 300, -99, -99, 7])
    table = parcel_table(
        values, labels(LEFT_IDS, RIGHT_IDS, PARCELS), atlas="made", parcels=PARCELS
    )
    assert [r.parcel_id for r in table.rows] == [p[0] for p in PARCELS]
    assert [r.name for r in table.rows] == [p[1] for p in PARCELS]
    assert [r.network for r in table.rows] == [p[3] for p in PARCELS]
    rows = table.by_id()
    assert (rows[300].value, rows[1001].value) == (2, 25)
    assert (rows[12101].value, rows[2001].value) == (6, 200)
    assert {i: r.n for i, r in rows.items()} == {300: 2, 1001: 4, 257: 0, 12101: 3, 2001: 3}
    assert rows[300].coverage == 1
    assert (table.atlas, table.owner) == ("made", "sub-01")


def test_absent_parcel_is_not_zero():
    values = pair(np.ones(8), np.ones(8))
    table = parcel_table(
        values, labels(LEFT_IDS, RIGHT_IDS, PARCELS), atlas="made", parcels=PARCELS
    )
    row = table.by_id()[257]
    assert math.isnan(row.value)
    assert (row.n, row.coverage) == (0, 0.0)


def test_missing_values_lower_coverage_and_are_no_zeros():
    nan = np.nan
    values = pair([nan, 10, nan, 0, 0, nan, 30, nan], [5, 6, nan, 200, nan, 0, 0, 7])
    rows = parcel_table(
        values, labels(LEFT_IDS, RIGHT_IDS, PARCELS), atlas="made", parcels=PARCELS
    ).by_id()
    assert (rows[1001].value, rows[1001].n, rows[1001].coverage) == (20, 2, 0.5)
    assert rows[2001].value == 200
    assert rows[2001].coverage == pytest.approx(1 / 3)
    assert math.isnan(rows[300].value)
    assert (rows[300].n, rows[300].coverage) == (0, 0.0)


def test_order_of_parcels_does_not_matter():
    values = pair(np.arange(8.0), np.arange(8.0) ** 2)
    at = labels(LEFT_IDS, RIGHT_IDS, PARCELS)
    one = parcel_table(values, at, atlas="made", parcels=PARCELS).by_id()
    for seed in range(5):
        shuffled = [PARCELS[i] for i in np.random.default_rng(seed).permutation(len(PARCELS))]
        other = parcel_table(values, at, atlas="made", parcels=shuffled)
        assert [r.parcel_id for r in other.rows] == [p[0] for p in shuffled]
        assert {i: repr(r) for i, r in other.by_id().items()} == {
            i: repr(r) for i, r in one.items()
        }


def test_weights():
    values = pair([1, 10, 20, 0, 0, 3, 30, np.nan], np.ones(8))
    weights = Pair(np.array([3.0, 1, 1, 1, 1, 1, 2, 50]), np.ones(8))
    rows = parcel_table(
        values,
        labels(LEFT_IDS, RIGHT_IDS, PARCELS),
        atlas="made",
        parcels=PARCELS,
        weights=weights,
    ).by_id()
    assert rows[300].value == pytest.approx((3 * 1 + 3) / 4)
    assert rows[1001].value == pytest.approx((10 + 20 + 60) / 4)
    # Coverage counts vertices, whatever they weigh.
    assert rows[1001].coverage == 0.75


def test_equals_a_loop_on_fsaverage5():
    surfaces = Pair(fsaverage5("pial", L), fsaverage5("pial", R))
    rng = np.random.default_rng(0)
    parcels = [
        (int(i), f"p{i}", L if i < 5000 else R, None) for i in rng.permutation(9999)[:300] + 1
    ]
    field, label = {}, {}
    for hemi, s in surfaces.sides():
        own = [p[0] for p in parcels if p[2] is hemi]
        values = rng.normal(size=len(s))
        values[rng.random(len(s)) < 0.1] = np.nan
        field[hemi] = Field(values, s.domain, "x", "1")
        label[hemi] = Labels(rng.choice([0, *own], len(s)), s.domain, {i: str(i) for i in own})
    areas = surfaces.map(Surface.vertex_areas)
    table = parcel_table(
        Pair(field[L], field[R]),
        Pair(label[L], label[R]),
        atlas="x",
        parcels=parcels,
        weights=areas,
    )
    for row in table.rows:
        here = label[row.hemi].ids == row.parcel_id
        there = here & ~np.isnan(field[row.hemi].values)
        expected = np.average(field[row.hemi].values[there], weights=areas.side(row.hemi)[there])
        assert row.value == pytest.approx(expected, abs=1e-12)
        assert row.n == there.sum()
        assert row.coverage == pytest.approx(there.sum() / here.sum())


class TestRefusals:
    def test_twice(self):
        values = pair(np.ones(8), np.ones(8))
        at = labels(LEFT_IDS, RIGHT_IDS, PARCELS)
        with pytest.raises(InputError, match="parcel id 300 is declared twice"):
            parcel_table(values, at, atlas="x", parcels=[*PARCELS, (300, "again", L, None)])

    def test_background_as_a_parcel(self):
        values = pair(np.ones(8), np.ones(8))
        at = labels(LEFT_IDS, RIGHT_IDS, PARCELS)
        with pytest.raises(InputError, match="parcel id 0 is not above 0"):
            parcel_table(values, at, atlas="x", parcels=[*PARCELS, (0, "unknown", L, None)])

    def test_exchanged_label_files(self):
        values = pair(np.ones(8), np.ones(8))
        at = labels(RIGHT_IDS, LEFT_IDS, PARCELS)
        with pytest.raises(InputError, match=r"declared right, but vertices of the left mesh"):
            parcel_table(values, at, atlas="x", parcels=PARCELS)

    def test_other_mesh(self):
        values = pair(np.ones(9), np.ones(8))
        at = labels(LEFT_IDS, RIGHT_IDS, PARCELS)
        with pytest.raises(DomainError, match="cannot average map over parcels"):
            parcel_table(values, at, atlas="x", parcels=PARCELS)

    def test_two_people(self):
        one, two = pair(np.ones(8), np.ones(8)), pair(np.ones(8), np.ones(8), "sub-02")
        at = labels(LEFT_IDS, RIGHT_IDS, PARCELS)
        with pytest.raises(DomainError, match="left hemisphere is of sub-01, the right of sub-02"):
            parcel_table(Pair(one.left, two.right), at, atlas="x", parcels=PARCELS)

    @pytest.mark.parametrize(
        ("weights", "error", "message"),
        [
            (np.ones(7), DomainError, r"\(7,\) left weights do not fit"),
            (-np.ones(8), InputError, "left weights must be finite and not negative"),
            (np.full(8, np.nan), InputError, "left weights must be finite"),
        ],
    )
    def test_weights(self, weights, error, message):
        values = pair(np.ones(8), np.ones(8))
        at = labels(LEFT_IDS, RIGHT_IDS, PARCELS)
        with pytest.raises(error, match=message):
            parcel_table(values, at, atlas="x", parcels=PARCELS, weights=Pair(weights, np.ones(8)))
