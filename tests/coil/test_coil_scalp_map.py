"""Maps of the whole scalp on heads with known answers, and on a real one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import round_head
from ecog_head import ecog_patient
from efield_shells import round_patient, round_skull
from real_files import real_data

from tmsplan.base.errors import DomainError, FrameError, InputError
from tmsplan.base.params import Params
from tmsplan.coil.efield.shell import shell_head
from tmsplan.coil.efield.source import CoilSource, coil_source
from tmsplan.coil.efield.sphere import sphere_field
from tmsplan.coil.scalp import scalp_of
from tmsplan.coil.scalp_map import REACH_CODES, ScalpMaps, scalp_maps
from tmsplan.coil.scalp_map_cortex import depth_mm
from tmsplan.coil.scalp_map_kernel import HEAD_RADIUS, coil_kernel
from tmsplan.patient import Cortex, Patient
from tmsplan.space.points import Points
from tmsplan.space.side import Hemi
from tmsplan.surface import Domain, Field, Pair, Surface, closest_on_faces
from tmsplan.target.no_go import no_go_scalp

pytestmark = pytest.mark.slow  # thousands of places, one with a solved head

COIL = "figure8-70mm"
PARAMS = Params()
MID_MM = 72.0


def half(hemi: Hemi) -> Cortex:
    """Half of two balls round the origin, 70 and 74 mm: the mid-cortex is one of 72 mm.

    The vertices are crowded to front and back: that is the long axis of this brain.
    """
    v, f = round_head.sphere(5)
    v = v * [1.0, 1.2, 1.0]
    v /= np.linalg.norm(v, axis=1)[:, None]
    sign = 1 if hemi is Hemi.RIGHT else -1
    f = f[(sign * v[f][:, :, 0] >= -1e-9).all(axis=1)]
    used, f = np.unique(f, return_inverse=True)
    v, f = v[used], f.reshape(-1, 3).astype(np.int32)
    domain = Domain("fsnative", len(v), hemi, "round")
    pial = Surface(Points(v * (MID_MM + 2), round_head.FRAME), f, domain)
    return Cortex(pial.with_points(Points(v * (MID_MM - 2), round_head.FRAME)), pial)


def onion() -> Patient:
    """A scalp of 90 mm round a brain of 72 mm: 18 mm between them everywhere."""
    skin = round_head.scalp(subdivisions=4)
    return replace(round_head.head(skin), cortex=Pair(half(Hemi.LEFT), half(Hemi.RIGHT)))


def z_of(patient: Patient, function) -> Pair[Field]:
    def side(cortex: Cortex) -> Field:
        values = function(cortex.mid.points.mm(patient.scanner), cortex.domain.hemi)
        return Field(np.broadcast_to(values, len(cortex.pial)), cortex.domain, "z", "1")

    return patient.cortex.map(side)


def patch(direction, radius_mm: float):
    """-4 within a radius of where a direction leaves the mid-cortex, 0 elsewhere."""
    centre = MID_MM * np.array(direction) / np.linalg.norm(direction)

    def values(xyz, _hemi):
        return np.where(np.linalg.norm(xyz - centre, axis=1) < radius_mm, -4.0, 0.0)

    return values


def maps(patient: Patient, z: Pair[Field], params: Params = PARAMS, solved=None) -> ScalpMaps:
    return scalp_maps(patient, scalp_of(patient), z, COIL, params, solved)


def skin(patient: Patient) -> np.ndarray:
    return patient.scalp.points.mm(patient.scanner)


@pytest.fixture(scope="module")
def ball() -> Patient:
    return onion()


def test_depth_is_the_difference_of_the_radii(ball) -> None:
    depth = maps(ball, z_of(ball, lambda *_: 1.0)).depth.values
    held = np.isfinite(depth)
    assert held.sum() > len(held) / 2
    # Facets of the cortex sag by up to 0.06 mm under their ball, as 2 degrees wide chords do.
    np.testing.assert_allclose(depth[held], 90 - MID_MM, atol=0.08)


def test_a_constant_z_is_the_same_everywhere_within_reach(ball) -> None:
    found = maps(ball, z_of(ball, lambda *_: -1.7))
    under = found.z_under.values
    assert (np.isfinite(under) == (found.reach.ids == 0)).all()
    np.testing.assert_allclose(under[found.reach.ids == 0], -1.7, atol=1e-9)


@pytest.mark.parametrize("direction", [(-0.5, 0.5, 0.7), (0.6, 0.1, 0.8), (-0.2, -0.6, 0.8)])
def test_a_planted_patch_has_its_minimum_over_it(ball, direction) -> None:
    under = maps(ball, z_of(ball, patch(direction, 12.0))).z_under.values
    over = 90.0 * np.array(direction) / np.linalg.norm(direction)
    apart = np.linalg.norm(skin(ball) - over, axis=1)
    assert apart[np.nanargmin(under)] < 5.0
    assert -4.0 <= np.nanmin(under) < -1.5
    assert np.nanmax(np.abs(under[apart > 70])) < 0.05


def test_left_stays_left(ball) -> None:
    found = maps(ball, z_of(ball, lambda _, hemi: -2.0 if hemi is Hemi.LEFT else 3.0))
    x, under = skin(ball)[:, 0], found.z_under.values
    known = np.isfinite(under)
    np.testing.assert_allclose(under[known & (x < -50)], -2.0, atol=1e-3)
    np.testing.assert_allclose(under[known & (x > 50)], 3.0, atol=1e-3)


def test_a_mirrored_head_has_mirrored_maps() -> None:
    patient = round_head.head(round_head.scalp(bumps=2.0, subdivisions=4))
    wave = z_of(patient, lambda xyz, _: np.sin(xyz @ [0.05, 0.08, 0.03]))
    there = round_head.mirrored(patient)
    swapped = Pair(
        Field(wave.right.values, there.cortex.left.domain, "z", "1"),
        Field(wave.left.values, there.cortex.right.domain, "z", "1"),
    )
    here, other = maps(patient, wave), maps(there, swapped)
    assert (here.reach.ids == other.reach.ids).all()
    for name, field in here.fields().items():
        np.testing.assert_allclose(field.values, other.fields()[name].values, atol=1e-6)


def test_no_coil_no_value(ball) -> None:
    found = maps(ball, z_of(ball, lambda *_: 1.0))
    forbidden = no_go_scalp(ball)
    names = {i: found.reach.names[i] for i in np.unique(found.reach.ids) if i}
    assert {"over-eye", "over-ear", "under-the-head"} <= set(names.values())
    for old, code in forbidden.names.items():
        of_map = found.reach.ids[forbidden.ids == old]
        assert (of_map == 1 + REACH_CODES.index(code)).all()
    closed = np.isin(found.reach.ids, [i for i, n in names.items() if n not in REACH_CODES[5:]])
    for field in found.fields().values():
        assert np.isnan(field.values[closed]).all()
    low = skin(ball)[:, 2] < -90 * 0.6
    assert (found.reach.ids[low] != 0).all()


def test_beyond_the_reach_there_is_depth_and_no_z(ball) -> None:
    shallow = PARAMS.overriding({"reach": 15.0})
    found = maps(ball, z_of(ball, lambda *_: 1.0), shallow)
    held = np.isfinite(found.depth.values)
    assert {found.reach.names[i] for i in found.reach.ids[held]} == {"too-deep"}
    assert np.isnan(found.z_under.values).all()
    assert np.isfinite(found.tolerability.values[held]).all()


def test_where_most_of_the_cortex_has_no_z_there_is_none(ball) -> None:
    def front_only(xyz, _hemi):
        return np.where(xyz[:, 1] > 0, -1.0, np.nan)

    found = maps(ball, z_of(ball, front_only))
    y, within = skin(ball)[:, 1], found.reach.ids == 0
    assert np.isnan(found.z_under.values[within & (y < -12)]).all()
    np.testing.assert_allclose(found.z_under.values[within & (y > 12)], -1.0, atol=1e-9)


def test_the_score_is_best_above_and_worst_beside_the_face(ball) -> None:
    score = maps(ball, z_of(ball, lambda *_: 1.0)).tolerability.values
    xyz, held = skin(ball), np.isfinite(score)
    assert ((score[held] >= 0) & (score[held] <= 1)).all()
    assert score[np.argmax(xyz[:, 2])] == 1.0
    eyes = no_go_scalp(ball)
    face = xyz[np.isin([eyes.names.get(i) for i in eyes.ids], ["over-eye", "over-sinus"])]
    near = np.linalg.norm(xyz[:, None] - face[::7], axis=2).min(axis=1) < 12
    assert np.nanmax(score[near]) < 0.3
    front, back = held & (xyz[:, 1] > 20), held & (xyz[:, 1] < -20)
    assert score[front].mean() < score[back].mean()


def test_the_kernel_is_the_field_in_a_sphere_to_the_eighth() -> None:
    kernel, source = coil_kernel(COIL), coil_source(COIL)
    centre = np.array([0, 0, HEAD_RADIUS.value + 4.0]) * 1e-3
    turns = np.pi * (np.arange(36) + 0.5) / 36

    def mean(aside: float, under: float) -> float:
        at = np.stack([aside * np.cos(turns), aside * np.sin(turns), np.full(36, under)], axis=1)
        e = sphere_field(source, np.eye(4), centre, at * 1e-3, 1.0)
        return float((np.linalg.norm(e, axis=1) ** 8).mean())

    places = [(0, 15), (7, 17), (13, 21), (3, 33), (25, 30)]
    expected = np.array([mean(a, u) for a, u in places])
    found = kernel.weights(*np.array(places, dtype=float).T)
    np.testing.assert_allclose(found / found[0], expected / expected[0], rtol=0.03)
    beyond = kernel.weights(np.array([0.0, 60.0, 5.0]), np.array([-3.0, 20.0, 70.0]))
    assert (beyond == 0).all()


@dataclass(frozen=True)
class Solved:
    model: object
    source: CoilSource


def test_a_solved_round_head_changes_little(ball) -> None:
    patient = replace(round_patient(), cortex=ball.cortex, scalp=ball.scalp)
    head = shell_head(patient, round_skull(patient), None)
    wave = z_of(patient, patch((-0.5, 0.5, 0.7), 14.0))
    alone, solved = (
        maps(patient, wave),
        maps(patient, wave, solved=Solved(head, coil_source(COIL))),
    )
    a, b = alone.z_under.values, solved.z_under.values
    known = np.isfinite(a)
    assert (known == np.isfinite(b)).all()
    # The same sphere but for its radius (90 mm here) and a mesh of 5 degrees: 1.6 % of the patch.
    assert 0 < np.abs(a - b)[known].max() < 0.35
    assert np.median(np.abs(a - b)[known]) < 0.03
    xyz = skin(patient)
    assert np.linalg.norm(xyz[np.nanargmin(a)] - xyz[np.nanargmin(b)]) < 6
    assert "model shell at" in solved.how
    assert "sphere of 85 mm" in alone.how


def test_a_solved_head_of_another_patient_is_refused(ball) -> None:
    patient = round_patient()
    head = shell_head(patient, round_skull(patient), None)
    moved = replace(head.patient, tree=replace(head.patient.tree, root=replace(
        head.patient.scanner, owner="somebody-else")))  # fmt: skip
    head.patient = moved
    with pytest.raises(FrameError, match=r"map a solved field to the scalp: .*somebody-else"):
        maps(ball, z_of(ball, lambda *_: 1.0), solved=Solved(head, coil_source(COIL)))


def test_z_of_another_mesh_is_refused(ball) -> None:
    z = z_of(round_head.head(), lambda *_: 1.0)
    with pytest.raises(DomainError, match="cannot map z to the scalp"):
        maps(ball, z)


def test_an_unknown_coil_is_refused(ball) -> None:
    with pytest.raises(InputError, match=r"no coil called 'figure8-77mm'\. Did you mean"):
        scalp_maps(ball, scalp_of(ball), z_of(ball, lambda *_: 1.0), "figure8-77mm", PARAMS)


@pytest.mark.slow
def test_depth_on_a_real_head_is_that_to_the_nearest_triangle() -> None:
    patient = ecog_patient(real_data("mne_sample_ecog"))
    wanted = np.zeros(len(patient.scalp), dtype=bool)
    wanted[::40] = True
    found = depth_mm(patient, patient.scalp.points, wanted)[wanted]
    places = patient.scalp.points.take(np.flatnonzero(wanted))
    exact = [closest_on_faces(c.mid, places).distance_mm for _, c in patient.cortex.sides()]
    over = found - np.minimum(*exact)
    assert over.min() > -1e-6
    assert over.max() < 0.02


@pytest.mark.slow
def test_a_real_head_has_a_map_of_its_upper_half() -> None:
    patient = ecog_patient(real_data("mne_sample_ecog"))
    z = patient.cortex.map(lambda c: Field(c.fields["sulc"].values, c.domain, "z", "1"))
    found = maps(patient, z)
    within = found.reach.ids == 0
    assert 10 < np.median(found.depth.values[within]) < 22
    # |E|^8 falls so fast with depth that what is met are crowns: sulc is negative there.
    assert np.nanmax(found.z_under.values) < 0
    top = skin(patient)[:, 2] > np.quantile(skin(patient)[:, 2], 0.9)
    assert within[top].mean() > 0.9
