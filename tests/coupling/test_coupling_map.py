"""A ready-made map: what is put on the cortex is what the map says there."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from coupling.small_patient import ID, SHAPE, field, grid, half, patient

from tmsplan.base.errors import DomainError, FrameError, InputError
from tmsplan.coupling import couple
from tmsplan.patient import Cortex
from tmsplan.space.frame import Frame, Scanner, Voxel
from tmsplan.space.grid import Grid, Volume
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Affine
from tmsplan.surface import Domain, Field, Pair, Surface

G = grid()


def linear() -> Volume:
    """x + 1000 in mm of the scanner: trilinear sampling of it is exact."""
    ijk = np.argwhere(np.ones(SHAPE))
    x = G.centres(ijk).mm(G.world)[:, 0]
    return Volume((x + 1000).reshape(SHAPE), G)


def test_a_linear_volume_is_sampled_exactly_and_on_its_own_side() -> None:
    p = patient(maps={"coupling": linear()})
    result = couple(p)
    for hemi, f in result.vertices.sides():
        x = p.cortex.side(hemi).mid.points.mm(p.scanner)[:, 0]
        np.testing.assert_allclose(f.values, x + 1000, atol=1e-9)
    assert result.vertices.left.values.max() < 1000 < result.vertices.right.values.min()
    assert result.params["coverage"] == {"left": 1.0, "right": 1.0}


def test_exact_zeros_are_outside_the_maps_mask_unless_said_otherwise() -> None:
    data = np.array(linear().data)
    data[: SHAPE[0] // 2] = 0.0  # nothing on the left
    p = patient(maps={"coupling": Volume(data, G)})
    result = couple(p)
    assert np.isnan(result.vertices.left.values).all()
    assert np.isfinite(result.vertices.right.values).all()
    assert result.params["coverage"] == {"left": 0.0, "right": 1.0}
    assert result.params["zeros"] == "missing"
    taken = couple(p, settings={"zeros": "value"})
    # Every sample of the left hemisphere lies between voxels that are 0.
    assert set(taken.vertices.left.values) == {0.0}


def test_a_masked_map_is_averaged_over_the_samples_that_have_a_value() -> None:
    """A mask's rim runs between white and pial: a strict operator would leave no cortex."""
    p = patient()
    data = np.full(SHAPE, np.nan)
    for _, cortex in p.cortex.sides():
        ijk, _ = G.nearest(cortex.mid.points)
        data[tuple(ijk.T)] = 7.0
    p = replace(p, maps={"coupling": Volume(data, G)})
    nearest = couple(p, settings={"sampling": "nearest"})
    assert nearest.params["coverage"] == {"left": 1.0, "right": 1.0}
    assert set(nearest.vertices.left.values) == {7.0}
    values = couple(p).vertices.left.values
    known = values[np.isfinite(values)]
    assert 0 < len(known) < len(values)  # half of the weight, or missing
    np.testing.assert_allclose(known, 7.0, rtol=1e-12)


def test_infinite_values_are_not_taken_for_missing() -> None:
    p = patient()
    data = np.ones(SHAPE)
    data[0, 0, 0] = np.inf
    with pytest.raises(InputError, match="holds infinite values"):
        couple(replace(p, maps={"coupling": Volume(data, G)}))


def test_a_surface_map_is_taken_as_it_is() -> None:
    p = patient()
    values = {h: np.arange(162.0) + (h is Hemi.RIGHT) for h in Hemi}
    values[Hemi.LEFT][5] = math.nan
    result = couple(replace(p, maps={"coupling": field(p.cortex, values)}))
    for hemi, f in result.vertices.sides():
        np.testing.assert_array_equal(f.values, values[hemi])
    assert result.params["coverage"] == {"left": 161 / 162, "right": 1.0}


def test_a_table_by_id_is_taken_as_it_is() -> None:
    result = couple(patient(maps={"coupling": {1003: 0.5, 2003: math.nan}}))
    assert result.space == "parcels"
    assert result.by_id[1003] == 0.5
    assert math.isnan(result.by_id[2003])


def test_unit_and_direction_are_what_the_user_says() -> None:
    p = patient(maps={"coupling": {1003: 0.5}})
    assert (couple(p).unit, couple(p).higher_means) == ("not stated", "more coupled")
    said = couple(p, settings={"unit": "Fisher z", "higher_means": "less coupled"})
    assert (said.unit, said.higher_means) == ("Fisher z", "less coupled")


def test_another_reconstructions_map_is_refused() -> None:
    p = patient()
    other = Domain("fsnative", 162, Hemi.LEFT, "p2")
    maps = {"coupling": Pair(
        Field(np.ones(162), other, "coupling", "1"),
        Field(np.ones(162), p.cortex.right.domain, "coupling", "1"),
    )}  # fmt: skip
    with pytest.raises(DomainError, match="take the coupling map: one is on p2/fsnative left"):
        couple(replace(p, maps=maps))


def test_another_patients_volume_is_refused() -> None:
    stranger = Frame(Scanner, "p2")
    m = G.world_from_voxel.matrix(G.world, G.voxel)
    theirs = Grid(SHAPE, Affine.claim(m, dst=stranger, src=Frame(Voxel, "v"), because="test"))
    with pytest.raises(FrameError, match=r"p1/Scanner.*p2/Scanner"):
        couple(patient(maps={"coupling": Volume(np.ones(SHAPE), theirs)}))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({1003: math.inf, 2003: 1.0}, r"parcels \[1003\] is infinite"),
        ({1003: math.nan}, "holds no value"),
        ({}, "holds no value"),
    ],
)
def test_bad_tables_are_refused(given, says) -> None:
    with pytest.raises(InputError, match=f"{ID}: .*{says}"):
        couple(patient(maps={"coupling": given}))


def test_an_infinite_surface_map_is_refused() -> None:
    p = patient()
    values = {h: np.full(162, np.inf if h is Hemi.RIGHT else 1.0) for h in Hemi}
    with pytest.raises(InputError, match="p1: the right coupling map holds infinite values"):
        couple(replace(p, maps={"coupling": field(p.cortex, values)}))


def test_an_empty_volume_is_refused() -> None:
    with pytest.raises(InputError, match="p1: the coupling map covers no vertex"):
        couple(patient(maps={"coupling": Volume(np.zeros(SHAPE), G)}))


@pytest.mark.parametrize("settings", [{"sampling": "cubic"}, {"zeros": "skip"}])
def test_a_setting_outside_its_words_is_refused(settings) -> None:
    name, value = next(iter(settings.items()))
    with pytest.raises(InputError, match=f"{name} is '{value}'; write one of"):
        couple(patient(maps={"coupling": linear()}), settings=settings)


def test_depth_sampling_is_the_mean_through_the_ribbon() -> None:
    """A quadratic map: the mean over 10 depths differs from mid-cortex by its curvature."""
    a, b = 24.0, 27.0
    ijk = np.argwhere(np.ones(SHAPE))
    z = G.centres(ijk).mm(G.world)[:, 2]
    p = patient(maps={"coupling": Volume((z**2 + 1).reshape(SHAPE), G)})
    flat: Cortex = p.cortex.left
    assert isinstance(flat.pial, Surface)
    top = int(np.argmax(flat.pial.points.mm(p.scanner)[:, 2]))
    unit = flat.pial.points.mm(p.scanner)[top, 2] / b
    depths = np.linspace(a, b, 10) * unit
    step = 2.5
    # Trilinear interpolation of z² is the chord between the two nearest voxel centres.
    low = np.floor(depths / step) * step
    chord = low**2 + (depths - low) * (2 * low + step)
    got = couple(p).vertices.left.values[top]
    assert got == pytest.approx(float((chord + 1).mean()), rel=1e-9)
    assert abs(got - (25.5 * unit) ** 2 - 1) > 0.5
    assert half(Hemi.LEFT).domain == flat.domain
