"""Order, reasons and verdict of a ranking, on an atlas of eight parcels."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmsplan.atlas.atlas import Atlas, CandidateSet, Parcel
from tmsplan.base import InputError, Params, Table
from tmsplan.norms import false_discovery_q, fit_norms
from tmsplan.space import Hemi
from tmsplan.surface import Domain, Labels, Pair
from tmsplan.surface.parcels import ParcelRow, ParcelTable, feature_name
from tmsplan.target.candidates import candidate_ids
from tmsplan.target.rank import rank
from tmsplan.target.ranking import backup_rows

NAMES = ("angular", "middle", "precentral", "visual")
PARCELS = tuple(
    Parcel(base + k, name, hemi, "Cont" if k < 2 else None)
    for base, hemi in ((100, Hemi.LEFT), (200, Hemi.RIGHT))
    for k, name in enumerate(NAMES)
)
IDS = tuple(p.id for p in PARCELS)
FRONTOPARIETAL = CandidateSet("frontoparietal", (100, 101, 200, 201), "for tests")
PARAMS = Params().overriding({"bootstraps": 200})
ALL_IN_REACH = dict.fromkeys(IDS, True)


def labels(hemi: Hemi) -> Labels:
    ids = [p.id for p in PARCELS if p.hemi is hemi]
    return Labels(
        np.array(ids, np.int32),
        Domain("test", 4, hemi, "sub-01"),
        {p.id: p.name for p in PARCELS},
    )


ATLAS = Atlas(
    name="eight", title="Eight parcels", doi="", licence="", sha256="0" * 64, parcels=PARCELS,
    labels=Pair(left=labels(Hemi.LEFT), right=labels(Hemi.RIGHT)),
    candidates={"frontoparietal": FRONTOPARIETAL}, how="made for tests",
)  # fmt: skip


@functools.cache
def norms(n=100, lost=(), synthetic=False):
    """Return norms of n controls with mean 0 and sd 1 in every region."""
    values = np.random.default_rng(51).normal(size=(n, 8))
    values = (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)
    names = [feature_name(p.hemi, p.name) for p in PARCELS]
    keep = [k for k, p in enumerate(PARCELS) if p.id not in lost]
    rows = tuple(
        (f"c{i}", str(20 + i % 41), "FM"[i % 2], *(repr(float(v[k])) for k in keep))
        for i, v in enumerate(values)
    )
    columns = ("id", "age", "sex", *(names[k] for k in keep))
    table = Table("controls.tsv", columns, rows)
    # Constant: the z of this page are worked out by hand for Gaussian residuals.
    return fit_norms(table, covariates=(), spread="constant", synthetic=synthetic)


def parcels(values, coverage=None) -> ParcelTable:
    """Return a table of values by parcel id; others are 0, all covered unless said."""
    coverage = coverage or {}
    return ParcelTable(
        "eight", "sub-01",
        tuple(
            ParcelRow(p.id, p.name, p.hemi, p.network, float(values.get(p.id, 0.0)), 50,
                      coverage.get(p.id, 1.0))
            for p in PARCELS
        ),
    )  # fmt: skip


def deviations(table, model=None, **who):
    values = {feature_name(r.hemi, r.name): r.value for r in table.rows}
    return (model or norms()).deviations(values, **({"age": 30, "sex": "F"} | who), params=PARAMS)


def ranked(values, *, coverage=None, model=None, who=None, **options):
    table = parcels(values, coverage)
    options = {"candidates": FRONTOPARIETAL, "reachable": ALL_IN_REACH, "params": PARAMS} | options
    return rank(deviations(table, model, **(who or {})), table, ATLAS, **options)


def order(ranking) -> list[int]:
    return [r.parcel_id for r in ranking.rows]


def row(ranking, parcel_id):
    return next(r for r in ranking.rows if r.parcel_id == parcel_id)


def test_candidates_first_each_group_by_abnormality() -> None:
    values = {100: -1, 101: -4, 200: 1, 201: 0.5, 102: -6, 103: 2, 202: -2, 203: 3}
    found = ranked(values)
    assert order(found) == [101, 100, 201, 200, 102, 202, 103, 203]
    assert [r.rank for r in found.rows] == list(range(1, 9))
    assert found.best is found.rows[0]
    assert (found.best.hemi, found.best.name) == (Hemi.LEFT, "middle")
    assert found.searched == 4
    assert row(found, 102).reasons == ("not-a-candidate",)
    assert row(found, 102).q is None
    assert row(found, 102).p_top is None
    assert row(found, 102).z < -5, "a region that is no candidate still shows its z"


def test_high_direction_turns_the_order_and_the_tail() -> None:
    values = {100: -1, 101: -4, 200: 5, 201: 0.5}
    found = ranked(values, direction="high")
    assert order(found)[:4] == [200, 201, 100, 101]
    assert found.verdict == "target"
    assert found.best.p_top == 1.0
    assert found.best.q < 0.001
    assert row(found, 101).q > 0.99
    assert "highest z near 1" in statement(found, "search-space")


def test_mirrored_values_choose_the_mirrored_region() -> None:
    """Left stays left: the same numbers on the other side move the target there."""
    values = {100: -0.3, 101: -4, 200: 0.2, 201: 0.1}
    other = {k + 100 if k < 200 else k - 100: v for k, v in values.items()}
    assert ranked(values).best.hemi is Hemi.LEFT
    assert ranked(other).best.hemi is Hemi.RIGHT
    assert ranked(values).best.name == ranked(other).best.name == "middle"


def test_out_of_reach_follows_with_its_reason() -> None:
    reach = ALL_IN_REACH | {101: False, 201: False}
    found = ranked({101: -4, 100: -3, 201: -5}, reachable=reach, reach_reasons={101: "too-deep"})
    assert order(found)[:4] == [100, 200, 201, 101]
    assert row(found, 101).reasons == ("too-deep",)
    assert row(found, 201).reasons == ("out-of-reach",)
    assert found.searched == 2
    assert row(found, 101).p_top is None
    assert row(found, 101).q is not None, "q is over all candidates that were assessed"


def test_what_cannot_be_assessed_is_reported_and_never_a_number() -> None:
    lost = norms(lost=(200,))
    found = ranked({100: np.nan, 101: -9, 201: -1}, coverage={101: 0.94}, model=lost)
    assert order(found)[0] == 201
    assert found.searched == 1
    for parcel_id, reason in ((100, "no-value"), (101, "low-coverage"), (200, "no-norm")):
        lost_row = row(found, parcel_id)
        assert lost_row.reasons == (reason,)
        assert (lost_row.z, lost_row.z_shrunk, lost_row.q, lost_row.p_top) == (None,) * 4
    assert row(found, 100).value is None
    assert row(found, 101).value == -9
    text = statement(found, "not-assessed")
    assert "3 candidates were not assessed" in text
    assert "left angular, left middle, right angular" in text


def test_out_of_reach_comes_before_not_assessed() -> None:
    """What is known to be abnormal, but deep, says more than what is not known."""
    found = ranked({100: np.nan, 101: -4}, reachable=ALL_IN_REACH | {101: False})
    assert order(found)[:4] == [200, 201, 101, 100]


def test_coverage_at_the_limit_is_enough() -> None:
    assert ranked({101: -4}, coverage={101: 0.95}).best.parcel_id == 101


def test_nothing_to_choose_from() -> None:
    nothing = ranked({}, coverage=dict.fromkeys(FRONTOPARIETAL.ids, 0.1))
    assert nothing.verdict == "no-region-stands-out"
    assert nothing.best is None
    assert nothing.searched == 0
    assert nothing.max_null_p is None
    assert "No candidate could be both assessed and reached" in nothing.why
    unreached = ranked({101: -5}, reachable=dict.fromkeys(IDS, False))
    assert unreached.best is None
    assert unreached.rows[0].parcel_id == 101
    assert unreached.verdict == "no-region-stands-out"


def test_ties_are_named_and_broken_by_name_side_and_id() -> None:
    found = ranked({200: -3, 100: -3.0000000001, 101: -3, 201: 1})
    assert order(found)[:3] == [100, 200, 101], "angular before middle, left before right"
    assert [("tie" in r.reasons) for r in found.rows[:4]] == [True, True, True, False]
    shares = [r.p_top for r in found.rows[:3]]
    assert sum(shares) > 0.99
    assert found.verdict == "no-region-stands-out"
    assert "depends on who the controls are" in found.why


def test_a_clear_region_is_a_target_with_its_numbers() -> None:
    found = ranked({101: -5})
    assert found.verdict == "target"
    assert found.max_null_p == pytest.approx(1 / 101)
    assert "left middle (z -4.6" in found.why
    assert "the most extreme of 4 candidates (p = 0.010 from 100 controls'" in found.why
    assert "100 % of 200 redrawn references" in found.why
    best = found.best
    assert best.z_low < best.z < best.z_high
    assert best.z_shrunk == pytest.approx(best.z / 2)


def test_what_chance_explains_is_no_target() -> None:
    found = ranked({101: -1.5})
    assert found.verdict == "no-region-stands-out"
    assert found.best.parcel_id == 101, "it is still shown"
    assert "healthy people also have one this extreme too often" in found.why
    assert "limit 0.05" in found.why
    lenient = ranked({101: -1.5}, params=PARAMS.overriding({"max_null_alpha": 0.5}))
    assert lenient.verdict == "target"


def test_q_is_the_false_discovery_rate_over_the_candidates_only() -> None:
    found = ranked({100: -2.5, 101: -3, 200: -1, 201: 0, 102: -9, 103: -9})
    candidates = [r for r in found.rows if r.candidate]
    expected = false_discovery_q([r.centile for r in candidates])
    assert [r.q for r in candidates] == pytest.approx(expected, abs=1e-9)


def test_reliability_changes_what_is_expected_not_the_order() -> None:
    found = ranked({101: -4, 100: -3}, params=PARAMS.overriding({"icc_assumed": 0.8}))
    assert found.best.z_shrunk == pytest.approx(0.8 * found.best.z)
    assert "ICC 0.8, given by the user" in statement(found, "shrunk")
    assert "ICC 0.5, assumed, not measured" in statement(ranked({101: -4}), "shrunk")


@settings(max_examples=20)
@given(st.permutations(range(8)), st.lists(st.floats(-4, 4), min_size=8, max_size=8))
def test_the_order_of_the_parcels_does_not_matter(permutation, values) -> None:
    table = parcels(dict(zip(IDS, values, strict=True)))
    shuffled = replace(table, rows=tuple(table.rows[k] for k in permutation))
    options = {"candidates": FRONTOPARIETAL, "reachable": ALL_IN_REACH, "params": PARAMS}
    a = rank(deviations(table), table, ATLAS, **options)
    b = rank(deviations(shuffled), shuffled, ATLAS, **options)
    assert a.rows == b.rows
    assert (a.verdict, a.why, a.max_null_p) == (b.verdict, b.why, b.max_null_p)


@settings(max_examples=20)
@given(st.lists(st.floats(-4, -1), min_size=4, max_size=4, unique=True), st.floats(-20, 20))
def test_a_region_that_is_no_candidate_changes_no_decision(values, far) -> None:
    own = dict(zip(FRONTOPARIETAL.ids, values, strict=True))
    a, b = ranked(own), ranked(own | {103: far})
    assert a.best == b.best
    assert (a.verdict, a.max_null_p) == (b.verdict, b.max_null_p)


def test_without_the_first_the_second_comes_first() -> None:
    values = {100: -3, 101: -4, 200: -2, 201: -1}
    fewer = replace(FRONTOPARIETAL, ids=(100, 200, 201))
    assert order(ranked(values))[:2] == [101, 100]
    assert order(ranked(values, candidates=fewer))[0] == 100


def test_things_that_do_not_belong_together_are_refused() -> None:
    table = parcels({101: -3})
    found = deviations(table)
    options = {"candidates": FRONTOPARIETAL, "reachable": ALL_IN_REACH, "params": PARAMS}
    with pytest.raises(InputError, match=r"parcels are of atlas eight, the ranking is asked for"):
        rank(found, table, replace(ATLAS, name="nine"), **options)
    with pytest.raises(InputError, match=r"value of lh_middle is -2 in the parcels and -3 in the"):
        rank(found, parcels({101: -2}), ATLAS, **options)
    with pytest.raises(InputError, match=r"not known whether candidate 101 \(middle\) can be"):
        rank(found, table, ATLAS, **(options | {"reachable": {100: True}}))
    short = replace(table, rows=tuple(r for r in table.rows if r.parcel_id != 200))
    with pytest.raises(InputError, match=r"candidate 200 of 'frontoparietal' is not among"):
        rank(found, short, ATLAS, **options)


def test_candidates_by_name_or_id() -> None:
    assert candidate_ids(ATLAS) is FRONTOPARIETAL
    assert candidate_ids(ATLAS, [101, 203]).ids == (101, 203)
    assert candidate_ids(ATLAS, "101, 203").ids == (101, 203)
    assert candidate_ids(ATLAS, "101").name == "user"
    assert candidate_ids(ATLAS, "left middle, rh_Visual").ids == (101, 203)


def test_sets_may_stand_in_a_list_and_keep_their_source() -> None:
    found = candidate_ids(ATLAS, "frontoparietal, left visual")
    assert found.ids == (100, 101, 200, 201, 103)
    assert found.source == "chosen by the user for this plan; frontoparietal: for tests"


def test_backups_are_the_next_regions_that_can_be_treated() -> None:
    values = {100: -1, 101: -4, 200: -3, 201: -2}
    found = ranked(values, reachable={**ALL_IN_REACH, 200: False})
    assert found.best.parcel_id == 101
    assert [r.parcel_id for r in backup_rows(found)] == [201, 100]
    assert [r.parcel_id for r in backup_rows(found, 1)] == [201]
    assert [r.parcel_id for r in backup_rows(found, 9)] == [201, 100]
    nothing = ranked(values, reachable=dict.fromkeys(IDS, False))
    assert (nothing.best, backup_rows(nothing)) == (None, ())


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ("frontoparital", "no candidates called 'frontoparital'. Did you mean 'frontoparietal'"),
        ("nothing", r"declares no candidates called 'nothing'. It declares: frontoparietal"),
        ("visual", r"candidate 'visual' does not say its side; write 'left visual' or 'right"),
        ("left vissual", r"has no parcel 'left vissual'. Did you mean 'left visual'"),
        ("left 9z", r"has no parcel 'left 9z'. It has angular, middle"),
        ("101, left middle", "names a parcel twice"),
        ("", "no candidates called ''"),
        ([101, 999], r"candidate 999 is no parcel of atlas eight \(ids 100 to 203\)"),
        ("101,999", "candidate 999"),
        ([], "the list of candidates is empty"),
        ([101, 101], "names a parcel twice"),
    ],
)
def test_unknown_candidates_are_refused(which, message) -> None:
    with pytest.raises(InputError, match=message):
        candidate_ids(ATLAS, which)


def statement(ranking, key) -> str:
    return next(s.text for s in ranking.statements if s.id == key)


def test_statements_hold_their_numbers() -> None:
    found = ranked({101: -5})
    ids = [s.id for s in found.statements]
    assert ids == ["research-use", "reference", "search-space", "shrunk", "group-finding"]
    assert "not established that coupling-guided targets are superior" in statement(
        found, "research-use"
    )
    text = statement(found, "reference")
    assert "Left middle against 100 controls (usable) aged 20 to 60 years" in text
    assert f"z = {found.best.z:.2f}" in text
    assert "scanner not stated" in text
    assert "less than 0.01 % of comparable people" in text
    assert "p = 0.010" in text
    text = statement(found, "search-space")
    assert "4 regions were searched. 0 of 100 controls also have" in text
    assert "Chance alone gives a lowest z near -0.96" in text
    assert "first again on a second scan with a chance of about" in statement(found, "shrunk")


def test_warnings_come_first() -> None:
    few = norms(n=30, synthetic=True)
    found = ranked({101: -5}, model=few, who={"age": 90, "allow_extrapolation": True})
    assert [s.id for s in found.statements][:4] == [
        "synthetic", "exploratory", "extrapolated", "research-use",
    ]  # fmt: skip
    assert "EXPLORATORY: 30 controls" in statement(found, "exploratory")
    assert "outside the controls' (20 to 49 years)" in statement(found, "extrapolated")
    assert all("extrapolated" in r.reasons for r in found.rows)


def test_statements_without_a_search_still_say_what_it_is() -> None:
    nothing = ranked({}, coverage=dict.fromkeys(FRONTOPARIETAL.ids, 0.1))
    ids = [s.id for s in nothing.statements]
    assert ids == ["research-use", "not-assessed", "group-finding"]


def test_norms_without_single_controls_call_no_region_unusual() -> None:
    """Streamed norms keep sums alone: nobody is left to be left out in turn, or drawn again."""
    values = {p.id: 0.0 for p in PARCELS} | {PARCELS[0].id: -9.0}
    table = parcels(values)
    found = deviations(table)
    nobody = np.zeros((0, len(found.rows)))
    ranking = rank(
        replace(found, loo_z=nobody, boot_z=nobody), table, ATLAS,
        candidates=FRONTOPARIETAL, reachable=ALL_IN_REACH, params=PARAMS,
    )  # fmt: skip
    assert ranking.verdict == "no-region-stands-out"
    text = next(s.text for s in ranking.statements if s.id == "search-space")
    assert "These norms hold no single controls" in text
    assert "no region is called unusual" in text
    assert "nan" not in text
    assert (ranking.rows[0].rank_best, ranking.rows[0].p_top) == (None, None)
