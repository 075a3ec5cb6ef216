"""The bootstrap over controls, scans and definitions in closed form; agreement of rankings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import round_head as rh

from tmsplan.base import DomainError, InputError
from tmsplan.space.points import Points
from tmsplan.space.side import Hemi
from tmsplan.surface import Labels, Pair
from tmsplan.target.agree import RankedOn, agreement_of
from tmsplan.target.cloud import cloud_of
from tmsplan.target.direction import direction_of
from tmsplan.target.ranking import RankedParcel, Ranking


def row(parcel_id: int, p_top: float | None, z: float = -2.0, **more) -> RankedParcel:
    return replace(rh.parcel(parcel_id), p_top=p_top, z=z, name=f"r{parcel_id}", **more)


def ranking(*rows: RankedParcel) -> Ranking:
    rows = tuple(replace(r, rank=k) for k, r in enumerate(rows, start=1))
    return Ranking(rows, len(rows), 0.01, "target", "", ())


def target(parcel_id: int, xyz, cloud=None, spread=None):
    return replace(
        rh.target([xyz], Hemi.LEFT),
        parcel_id=parcel_id,
        spread_mm=spread,
        cloud=None if cloud is None else Points(cloud, rh.FRAME),
        spread_parts={} if spread is None else {"vertices": spread},
    )


def test_spread_and_cloud_in_closed_form() -> None:
    """p = .7, .2, .1; the second region 30 mm off without a cloud, the third 40 ± 3 mm off."""
    own = target(1, [0, 0, 0], cloud=[[4, 0, 0], [-4, 0, 0]], spread=4.0)
    others = {
        2: target(2, [30, 0, 0]),
        3: target(3, [0, 40, 0], cloud=[[0, 37, 0], [0, 43, 0]], spread=3.0),
    }
    found = cloud_of(
        own, ranking(row(1, 0.7), row(2, 0.2), row(3, 0.1)), lambda r: others[r.parcel_id]
    )
    mean_third = (37**2 + 43**2) / 2
    assert found.spread_mm == pytest.approx(np.sqrt(0.7 * 16 + 0.2 * 900 + 0.1 * mean_third))
    assert found.spread_parts == {
        "vertices": 4.0, "controls": pytest.approx(np.sqrt(0.2 * 900 + 0.1 * 1600)),
    }  # fmt: skip
    xyz = found.cloud.mm(rh.FRAME)
    count = {tuple(p): int((xyz == p).all(axis=1).sum()) for p in np.unique(xyz, axis=0)}
    assert count == {(4, 0, 0): 70, (-4, 0, 0): 70, (30, 0, 0): 40, (0, 37, 0): 10, (0, 43, 0): 10}
    assert (found.point, found.vertex) == (own.point, own.vertex)
    # The cloud is the distribution that the spread is of.
    assert np.sqrt((xyz**2).sum(axis=1).mean()) == pytest.approx(found.spread_mm)


def test_a_region_that_always_comes_first_adds_nothing() -> None:
    own = target(1, [0, 0, 0], cloud=[[4, 0, 0]], spread=4.0)

    def never(_: RankedParcel):
        raise AssertionError("no other region is asked for")

    found = cloud_of(own, ranking(row(1, 1.0), row(2, 0.0), row(3, 0.004)), never)
    assert found.spread_mm == pytest.approx(4.0)
    assert found.spread_parts == {"vertices": 4.0, "controls": 0.0}
    assert len(found.cloud) == 200


def test_regions_without_a_point_are_left_out_and_the_rest_counts_fully() -> None:
    own, other = target(1, [0, 0, 0]), target(3, [0, 30, 0])

    def choose(r: RankedParcel):
        if r.parcel_id == 2:
            raise InputError("nothing can be aimed at (no-crown).")
        return other

    found = cloud_of(own, ranking(row(1, 0.4), row(2, 0.2), row(3, 0.4)), choose)
    assert found.spread_mm == pytest.approx(np.sqrt(0.5 * 900))
    assert len(found.cloud) == 200


def test_odd_shares_still_give_two_hundred_points() -> None:
    shares = {1: 1 / 3, 2: 1 / 3, 3: 1 / 3}
    targets = {k: target(k, [k, 0, 0]) for k in shares}
    found = cloud_of(targets[1], ranking(*(row(k, p) for k, p in shares.items())),
                     lambda r: targets[r.parcel_id])  # fmt: skip
    x = found.cloud.mm(rh.FRAME)[:, 0]
    assert [int((x == k).sum()) for k in (1, 2, 3)] == [67, 67, 66]


def test_norms_without_single_controls_leave_the_target_alone() -> None:
    own = target(1, [0, 0, 0], spread=4.0)
    assert cloud_of(own, ranking(row(1, None), row(2, None)), lambda _: own) is own


def test_a_target_of_another_ranking_is_refused() -> None:
    with pytest.raises(InputError, match="t: parcel 9 is not in this ranking"):
        cloud_of(target(9, [0, 0, 0]), ranking(row(1, 1.0)), lambda _: target(1, [0, 0, 0]))


@pytest.fixture(scope="module")
def patient():
    return rh.head()


def bands(patient, edges: list[float], owner: str = "round") -> Pair[Labels]:
    """Parcels 1, 2, ... from back to front on the left; 101, 102, ... on the right."""

    def side(hemi: Hemi) -> Labels:
        cortex = patient.cortex.side(hemi)
        y = cortex.mid.points.mm(patient.scanner)[:, 1]
        ids = np.digitize(y, edges) + 1 + (0 if hemi is Hemi.LEFT else 100)
        names = {int(k): f"r{k}" for k in np.unique(ids)}
        return Labels(ids.astype(np.int32), replace(cortex.domain, owner=owner), names)

    return Pair(side(Hemi.LEFT), side(Hemi.RIGHT))


def share_of(patient, a: Pair[Labels], ids_a, b: Pair[Labels], ids_b) -> float:
    """Dice by a loop over triangles, each counted a third per corner."""
    shared = both = 0.0
    for hemi, cortex in patient.cortex.sides():
        thirds = cortex.mid.face_areas() / 3
        for k in range(3):
            corner = cortex.mid.faces[:, k]
            mine = np.isin(a.side(hemi).ids[corner], ids_a)
            theirs = np.isin(b.side(hemi).ids[corner], ids_b)
            shared += thirds[mine & theirs].sum()
            both += thirds[mine].sum() + thirds[theirs].sum()
    return 2 * shared / both


def test_agreement_of_two_atlases_is_about_cortex_and_not_names(patient) -> None:
    coarse, fine = bands(patient, [-30, 0, 30]), bands(patient, [-45, -30, -15, 0, 15, 30, 45])
    first = RankedOn("coarse", ranking(row(3, 0.9, -3), row(2, 0.1, -2), row(4, 0, -1)), coarse)
    second = RankedOn(
        "fine",
        ranking(row(6, 0.6, -3), row(5, 0.4, -2.9), row(1, 0.0, -1),
                row(7, 0.0, -2, reachable=False)),
        fine,
    )  # fmt: skip
    xyz = patient.cortex.left.mid.points.mm(patient.scanner)
    in_six = int(np.argmin(np.linalg.norm(xyz - [-60, 22, 20], axis=1)))
    aimed = replace(rh.target([xyz[in_six]], Hemi.LEFT), parcel_id=3, vertex=in_six)
    found = agreement_of(aimed, first, second, patient, top=2)
    assert (found.same_winner, found.place, found.of, found.region) == (True, 1, 3, "left r6")
    # 3 and 2 against 6 and 5: region 3 is 5 and 6 together, so they share just that.
    assert found.overlap == pytest.approx(share_of(patient, coarse, [3, 2], fine, [6, 5]))
    assert 0.6 < found.overlap < 0.75
    assert found.line.startswith("By fine the target lies in left r6, place 1 of 3. The first 2")
    in_five = int(np.argmin(np.linalg.norm(xyz - [-62, 7, 20], axis=1)))
    below = agreement_of(replace(aimed, vertex=in_five), first, second, patient, top=2)
    assert (below.same_winner, below.place) == (False, 2)
    in_seven = int(np.argmin(np.linalg.norm(xyz - [-55, 37, 20], axis=1)))
    beside = agreement_of(replace(aimed, vertex=in_seven), first, second, patient)
    assert (beside.same_winner, beside.place) == (False, None)
    assert "left r7, which does not compete there" in beside.line


def test_a_ranking_agrees_with_itself_wholly(patient) -> None:
    on = RankedOn("it", ranking(row(3, 0.9, -3), row(2, 0.1, -2)), bands(patient, [-30, 0, 30]))
    ids = on.labels.left.ids
    aimed = replace(rh.target([[0, 0, 0]], Hemi.LEFT), vertex=int(np.flatnonzero(ids == 3)[0]))
    found = agreement_of(aimed, on, on, patient, top=5)
    assert (found.overlap, found.same_winner, found.top) == (pytest.approx(1.0), True, 2)


def test_a_target_outside_every_region_says_so(patient) -> None:
    labels = bands(patient, [-30, 0, 30])
    left = replace(labels.left, ids=np.where(labels.left.ids == 4, 0, labels.left.ids))
    on = RankedOn("it", ranking(row(3, 0.9, -3)), Pair(left, labels.right))
    aimed = replace(rh.target([[0, 0, 0]], Hemi.LEFT), vertex=int(np.argmin(left.ids)))
    assert "By it the target lies in no region." in agreement_of(aimed, on, on, patient).line


def test_rankings_that_cannot_be_compared_are_refused(patient) -> None:
    labels = bands(patient, [0])
    good = RankedOn("good", ranking(row(1, 1.0)), labels)
    empty = RankedOn("empty", ranking(row(1, 1.0, reachable=False)), labels)
    aimed = rh.target([[0, 0, 0]], Hemi.LEFT)
    with pytest.raises(InputError, match="empty: 0 regions compete and the first 3 are to be"):
        agreement_of(aimed, good, empty, patient)
    with pytest.raises(InputError, match="good: 1 regions compete and the first 0"):
        agreement_of(aimed, good, good, patient, top=0)
    alien = RankedOn("alien", good.ranking, bands(patient, [0], owner="sub-02"))
    with pytest.raises(DomainError, match="cannot compare two rankings"):
        agreement_of(aimed, good, alien, patient)


@pytest.mark.parametrize(
    ("word", "means", "tail"),
    [
        ("decoupled", "more coupled", "low"),
        ("decoupled", "more coupled, whatever the sign", "low"),
        ("decoupled", "less coupled", "high"),
        ("low", "less coupled", "low"),
        ("high", "more coupled", "high"),
    ],
)
def test_the_tail_of_a_word(word, means, tail) -> None:
    assert direction_of(word, means) == tail


def test_a_word_or_measure_without_a_tail_is_refused() -> None:
    with pytest.raises(InputError, match=r"direction 'down' is unknown\. Pass 'decoupled', or"):
        direction_of("down")
    with pytest.raises(InputError, match="a higher value means 'n/a', so which end is decoupled"):
        direction_of("decoupled", "n/a")
