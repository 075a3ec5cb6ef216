"""One way from a volume to the cortex; what lies outside the field of view holds no target."""

from __future__ import annotations

import math

import numpy as np
import pytest
import round_head as rh
from coupling.small_patient import SHAPE, grid, patient

from tmsplan.base.errors import FrameError, InputError
from tmsplan.base.params import Params
from tmsplan.coupling.project import KNOWN_SHARE, build_projector, project
from tmsplan.space import Affine, Frame, Grid, Scanner, Volume, Voxel
from tmsplan.target.choose import choose_target

G = grid()
STEP = 2.0


def box(low: tuple[float, float, float], high: tuple[float, float, float], owner: str) -> Grid:
    """2 mm voxels whose centres fill a box, in mm."""
    m = np.diag([STEP, STEP, STEP, 1.0])
    m[:3, 3] = low
    shape = tuple(round((b - a) / STEP) + 1 for a, b in zip(low, high, strict=True))
    scanner = Frame(Scanner, owner)
    claim = Affine.claim(m, dst=scanner, src=Frame(Voxel, "field"), because="made for this test")
    return Grid(shape, claim)


def filled(where: Grid, value) -> Volume:
    """`value` of the position in mm, at every voxel."""
    ijk = np.indices(where.shape).reshape(3, -1).T
    return Volume(value(where.centres(ijk).mm(where.world)).reshape(where.shape), where)


def test_a_linear_map_comes_out_at_mid_cortex() -> None:
    p = patient()
    volume = filled(G, lambda mm: mm @ [1.0, -2.0, 3.0] + 5)
    for hemi, one in project(p, volume, name="map", unit="1").sides():
        expected = p.cortex.side(hemi).mid.points.mm(p.scanner) @ [1.0, -2.0, 3.0] + 5
        np.testing.assert_allclose(one.values, expected, atol=1e-9)
        assert (one.name, one.unit) == ("map", "1")


def test_zero_is_a_value_and_nan_is_none() -> None:
    p = patient()
    assert (project(p, Volume(np.zeros(SHAPE), G), name="m", unit="1").left.values == 0).all()
    nothing = project(p, Volume(np.full(SHAPE, np.nan), G), name="m", unit="1")
    assert np.isnan(nothing.left.values).all()


def test_one_operator_serves_several_maps() -> None:
    p = patient()
    projector = build_projector(p, G)
    for k in range(3):
        volume = filled(G, lambda mm, k=k: mm[:, k])
        a, b = (
            projector.project(volume, name="m", unit="1"),
            project(p, volume, name="m", unit="1"),
        )
        assert a.right.values.tobytes() == b.right.values.tobytes()


@pytest.mark.parametrize(("samples_inside", "has_value"), [(4, False), (6, True)])
def test_a_vertex_half_out_of_the_field_of_view_has_no_value(samples_inside, has_value) -> None:
    """The field ends between white and pial: the sampling operator alone would fill the rest."""
    p = patient()
    cortex = p.cortex.left
    top = int(np.argmax(cortex.pial.points.mm(p.scanner)[:, 2]))
    white, pial = (s.points.mm(p.scanner)[top, 2] for s in (cortex.white, cortex.pial))
    depths = np.linspace(white, pial, 10)  # from white outward
    end = (depths[samples_inside - 1] + depths[samples_inside]) / 2
    # A grid ends half a voxel beyond its last centre; the operator drops what is a whole one.
    m = np.diag([STEP, STEP, STEP, 1.0])
    m[:3, 3] = (-80, -60, end - STEP * 40)
    claim = Affine.claim(m, dst=p.scanner, src=Frame(Voxel, "cut"), because="made for this test")
    cut = Grid((80, 60, 40), claim)
    field = project(p, Volume(np.ones(cut.shape), cut), name="m", unit="1").left
    assert math.isfinite(field.values[top]) is has_value
    assert KNOWN_SHARE.value == 0.5


def test_infinite_values_are_refused() -> None:
    data = np.ones(SHAPE)
    data[3, 3, 3] = np.inf
    with pytest.raises(InputError, match="p1: the alff map holds infinite values; write NaN"):
        project(patient(), Volume(data, G), name="alff", unit="1")


def test_a_field_of_view_without_cortex_is_refused() -> None:
    far = box((500, 500, 500), (560, 560, 560), "p1")
    with pytest.raises(FrameError, match=r"no vertex of .* lies inside the image"):
        project(patient(), filled(far, lambda mm: mm[:, 0]), name="m", unit="1")


def test_another_patients_volume_is_refused() -> None:
    other = box((-80, -60, -60), (80, 60, 60), "p2")
    with pytest.raises(FrameError, match=r"p1/Scanner.*p2/Scanner"):
        project(patient(), filled(other, lambda mm: mm[:, 0]), name="m", unit="1")


# --- uncovered cortex holds no target ---------------------------------------------------------

#: The slab ends here: everything in front of it is outside the field of view.
FRONT_MM = 30.0


@pytest.mark.parametrize("masked", [False, True])
def test_no_target_is_ever_chosen_outside_the_field_of_view(masked) -> None:
    """A map that is lowest where nothing was measured: by a short grid, or by NaN in a whole one.

    8 dips, each planted in front of the slab, so the best measured place is at its border.
    """
    p = rh.head()
    end = 80.0 if masked else FRONT_MM
    field = box((-80, -80, -80), (80, end, 80), "round")
    rng = np.random.default_rng(4)
    xyz = p.cortex.left.mid.points.mm(rh.FRAME)
    parcel = np.linalg.norm(xyz - [-52.0, 30.0, 33.0], axis=1) < 28
    outside = xyz[:, 1] > FRONT_MM + 2 * STEP
    assert 50 < (parcel & outside).sum() < parcel.sum() - 50
    labels = rh.labels(p, parcel)
    chosen = set()
    for at in xyz[rng.choice(np.flatnonzero(parcel & outside), 8)]:
        volume = filled(field, lambda mm, at=at: -np.exp(-((mm - at) ** 2).sum(axis=1) / 400))
        if masked:
            ahead = filled(field, lambda mm: mm[:, 1] > FRONT_MM).data
            volume = Volume(np.where(ahead, np.nan, volume.data), field)
        values = project(p, volume, name="coupling", unit="1")
        assert np.isnan(values.left.values[outside]).all()
        assert np.isfinite(values.left.values[xyz[:, 1] < FRONT_MM - STEP]).all()
        found = choose_target(rh.parcel(), p, labels, params=Params(), vertex_values=values)
        assert np.isfinite(values.left.values[found.vertex])
        assert found.point.mm(rh.FRAME)[0, 1] < FRONT_MM + STEP
        chosen.add(found.vertex)
    assert len(chosen) > 2  # the map decided, not the geometry alone


def test_a_parcel_that_nothing_covers_is_refused_as_a_target() -> None:
    p = rh.head()
    field = box((-80, -80, -80), (80, -20, 80), "round")
    values = project(p, filled(field, lambda mm: mm[:, 2]), name="coupling", unit="1")
    xyz = p.cortex.left.mid.points.mm(rh.FRAME)
    labels = rh.labels(p, np.linalg.norm(xyz - [-52.0, 30.0, 33.0], axis=1) < 28)
    with pytest.raises(InputError, match=r"\(no-coverage\): the map has no value in it"):
        choose_target(rh.parcel(), p, labels, params=Params(), vertex_values=values)
