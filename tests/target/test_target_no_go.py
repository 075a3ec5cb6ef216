"""No-go scalp: over the eyes of a real head as its T1 shows them, and carried by the head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import round_head as rh
from ecog_head import dk_labels, ecog_patient

from tmsplan.base import InputError, Params
from tmsplan.space.points import Points
from tmsplan.target.exclusions import NO_GO, Limits
from tmsplan.target.flat_coil import casing_lift
from tmsplan.target.head_axes import forward_of, up_of
from tmsplan.target.no_go import no_go_scalp
from tmsplan.target.reach import reachable

#: Centres of both eyes' globes on the ecog head's T1: the darkest balls of 9 mm radius in front
#: of the temporal lobes, along front, top and right of the brain, mm from its middle.
GLOBES = np.array([[74.0, -34.0, -34.0], [74.0, -36.0, 30.0]])


def own_axes(patient) -> tuple[np.ndarray, np.ndarray]:
    frame, right, forward = patient.scanner, patient.midplane().to_right, forward_of(patient)
    turn = np.column_stack(
        [v.components(frame)[0] for v in (forward, up_of(right, forward), right)]
    )
    middle = patient.mid_points().mm(frame).mean(axis=0)
    off = (middle - patient.midplane().point.mm(frame)[0]) @ turn[:, 2]
    return turn, middle - off * turn[:, 2]


@pytest.fixture(scope="module")
def real(ecog):
    patient = ecog_patient(ecog)
    turn, middle = own_axes(patient)
    return patient, (patient.scalp.points.mm(patient.scanner) - middle) @ turn


def codes(labels) -> np.ndarray:
    return np.array([labels.names.get(int(i), "") for i in labels.ids])


def test_the_skin_before_the_globes_is_over_the_eyes(real) -> None:
    patient, skin = real
    found = codes(no_go_scalp(patient))
    for globe in GLOBES:
        ahead = skin[:, 0] > globe[0]
        beside = np.linalg.norm(skin[:, 1:] - globe[1:], axis=1) < 10
        assert (ahead & beside).sum() > 5
        assert set(found[ahead & beside]) == {"over-eye"}


def test_the_rest_lies_where_its_name_says(real) -> None:
    patient, skin = real
    found = codes(no_go_scalp(patient))
    assert {*NO_GO} == set(found) - {""}
    eye, nose, sinus, ear = (skin[found == c] for c in
                             ("over-eye", "over-nose", "over-sinus", "over-ear"))  # fmt: skip
    assert np.abs(nose[:, 2]).max() < 16 < np.abs(eye[:, 2]).max()
    assert sinus[:, 1].min() > nose[:, 1].max() - 1, "above the nose"
    assert nose[:, 0].max() > 90
    assert set(np.sign(ear[:, 2])) == {-1.0, 1.0}, "both ears"
    assert np.abs(ear[:, 0]).max() < 50
    assert ear[:, 1].max() < -5
    # All where coils are held is free: above the brow and the ears.
    assert set(found[skin[:, 1] > 10]) == {""}


def test_a_flat_coil_touches_the_upper_head_and_not_the_skin_beside_the_ears(real) -> None:
    """The figures of docs/decisions/0026."""
    patient, skin = real
    upper = np.flatnonzero(skin[:, 1] > 10)[::5]
    level = np.flatnonzero((skin[:, 1] > -50) & (skin[:, 1] < -30))[::3]
    above, beside = (casing_lift(patient.scalp, at) for at in (upper, level))
    assert np.median(above) == pytest.approx(0.1, abs=0.05)
    assert above.max() < 1.35
    assert np.percentile(beside, 95) > 10


def test_orbital_cortex_is_lost_to_nose_and_sinus_and_the_convexity_is_not(real, ecog) -> None:
    """Desikan-Killiany: medial orbitofrontal and frontal pole; middle frontal, parietal, STG."""
    patient, _ = real
    near = (1003, 1022, 1024, 1027, 1029, 1030, 1031)
    limits = Limits(no_go=no_go_scalp(patient))
    reach = reachable(patient, dk_labels(ecog, patient), (*near, 1014, 2014), Params(),
                      limits=limits)  # fmt: skip
    assert all(reach.reachable[k] for k in near)
    assert {reach.reasons[k] for k in (1014, 2014)} <= set(NO_GO)


def test_landmarks_replace_the_estimate(real) -> None:
    """A nasion 20 mm higher lifts eyes and sinus by as much; a tragus moves its ear."""
    patient, skin = real
    turn, middle = own_axes(patient)

    def mark(*own: float) -> Points:
        return Points(middle + turn @ np.array(own), patient.scanner)

    def tops(height: float) -> list[float]:
        found = codes(no_go_scalp(patient, {"nasion": mark(95, height, 0)}))
        return [skin[found == c][:, 1].max() for c in ("over-eye", "over-sinus")]

    low, high = tops(-32), tops(-12)
    assert np.subtract(high, low) == pytest.approx([20, 20], abs=4)
    assert low == pytest.approx([-22, -2], abs=4), "brow 10 mm, sinus 30 mm above the nasion"
    found = codes(no_go_scalp(patient, {"lpa": mark(0, -40, -75), "rpa": mark(5, -45, 75)}))
    ear = skin[found == "over-ear"]
    for centre in ([0, -40, -75], [5, -45, 75]):
        own = ear[np.sign(ear[:, 2]) == np.sign(centre[2])]
        assert np.linalg.norm(own - centre, axis=1).max() < 30
    marked = replace(patient, landmarks={"nasion": mark(95, -12, 0)})
    assert skin[codes(no_go_scalp(marked)) == "over-eye"][:, 1].max() == high[0]
    bare = codes(no_go_scalp(marked, {}))
    np.testing.assert_array_equal(bare, codes(no_go_scalp(patient)))


def test_a_turned_head_carries_its_regions(real) -> None:
    patient, _ = real
    a = np.radians(15)
    move = np.eye(4)
    move[:3, :3] = [[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]
    move[:3, 3] = [4.0, -8.0, 15.0]
    there = no_go_scalp(rh.moved(patient, move))
    assert (there.ids == no_go_scalp(patient).ids).mean() > 0.999


def test_a_mirrored_head_has_mirrored_regions() -> None:
    patient = rh.head(rh.scalp(bumps=2.0))
    here, there = (no_go_scalp(p).ids for p in (patient, rh.mirrored(patient)))
    np.testing.assert_array_equal(here, there)


def test_a_scalp_that_ends_above_the_ears_has_none() -> None:
    patient = rh.head()
    xyz = patient.scalp.points.mm(rh.FRAME)
    cut = replace(
        patient,
        scalp=patient.scalp.with_points(
            Points(np.column_stack([xyz[:, :2], np.maximum(xyz[:, 2], -10)]), rh.FRAME)
        ),
    )
    assert "over-ear" in set(codes(no_go_scalp(patient)))
    assert "over-ear" not in set(codes(no_go_scalp(cut)))


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        (
            {"nose": [0, 90, 0]},
            r"landmark 'nose' with 1 points: expected one point each of nasion",
        ),
        ({"nasion": [[0, 90, 0], [0, 91, 0]]}, r"landmark 'nasion' with 2 points"),
        ({"lpa": [80, 0, -30]}, r"left tragus is 80 mm to the right of the midplane of round"),
    ],
)
def test_wrong_landmarks_are_refused(marks, message) -> None:
    with pytest.raises(InputError, match=message):
        no_go_scalp(rh.head(), {k: Points(v, rh.FRAME) for k, v in marks.items()})


def test_without_a_scalp_there_is_nothing_to_keep_off() -> None:
    with pytest.raises(InputError, match="round: no-go scalp needs a scalp surface"):
        no_go_scalp(replace(rh.head(), scalp=None))
