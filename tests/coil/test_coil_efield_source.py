"""Coils and their fields in free space, against a second route and the laws they must obey."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from efield_cases import FIGURE8, FREE_SPACE, rotation

from tmsplan.base.errors import InputError
from tmsplan.coil import coils
from tmsplan.coil.coils import coil_called, coil_names, read_coil
from tmsplan.coil.efield.dipoles import dipoles_of
from tmsplan.coil.efield.filament import MU0, potential_over_radius, ring_field
from tmsplan.coil.efield.source import (
    CoilSource,
    Wing,
    coil_source,
    loop_source,
    primary_field,
)
from tmsplan.coil.efield.table import (
    CLEARANCE_M,
    TabulatedSource,
    source_for,
    tabulated,
    tabulated_source,
)

MODELS = Path(coils.__file__).with_name("models")
OTHERS = [n for n in coil_names() if n != FIGURE8]
FIGURE_OF_EIGHT = [n for n in coil_names() if coil_called(n).kind == "figure-of-eight"]


def peak(vectors: np.ndarray) -> float:
    return float(np.linalg.norm(vectors, axis=1).max())


def cloud(n: int, seed: int = 0, low=(-0.1, -0.08, 0.01), high=(0.1, 0.08, 0.12)) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, (n, 3))


@pytest.mark.parametrize(
    ("key", "field"),
    [("A_V_s_per_m_per_A", "vector_potential"), ("B_T_per_A", "magnetic_field")],
)
def test_free_space_agrees_with_the_reference_to_a_millionth(key, field) -> None:
    expected = np.array(FREE_SPACE[key])
    found = getattr(coil_source(FIGURE8), field)(np.array(FREE_SPACE["points_m"]))
    assert np.abs(found - expected).max() < 1e-6 * peak(expected)


def test_the_figure_of_eight_is_the_one_of_the_reference() -> None:
    coil = coil_called(FIGURE8)
    assert [w.centre_mm for w in coil.windings] == [(45, 0, -6.5), (-45, 0, -6.5)]
    assert [w.moment for w in coil.windings] == [(0, 0, 1), (0, 0, -1)]
    assert all(w.radii_mm == tuple(range(28, 45, 2)) for w in coil.windings)
    assert coil.windings[0].heights_mm == pytest.approx([-7 / 3, 0, 7 / 3])
    wing = coil_source(FIGURE8).wings[0]
    area = float((np.pi * wing.radius_m**2 * wing.share).sum())
    assert area == pytest.approx(FREE_SPACE["total_turn_area_per_wing_m2"], rel=1e-12)


def test_a_filament_agrees_with_its_own_line_integral() -> None:
    """A = mu0 / 4 pi times the integral of dl / distance: nothing elliptic."""
    radius = 0.03
    turn = 2 * np.pi * np.arange(4000) / 4000
    wire = radius * np.column_stack([np.cos(turn), np.sin(turn), 0 * turn])
    dl = radius * 2 * np.pi / 4000 * np.column_stack([-np.sin(turn), np.cos(turn), 0 * turn])
    points = np.vstack([cloud(30, 1), [[1e-7, 0, 0.02], [0, 1e-4, 0.02], [2e-3, 0, 0.3]]])
    gap = np.linalg.norm(points[:, None] - wire[None], axis=2)
    expected = MU0 / (4 * np.pi) * (dl[None] / gap[:, :, None]).sum(axis=1)
    found = loop_source([0, 0, 0], [0, 0, 1], radius).vector_potential(points)
    assert np.abs(found - expected).max() < 1e-12 * peak(expected)


def test_the_potential_is_smooth_towards_the_axis() -> None:
    """There A_phi / rho is half of B_z; the series and the closed form meet."""
    rho = np.geomspace(1e-9, 1e-2, 400)
    value = potential_over_radius(rho, np.full(400, 0.02), 0.04)
    _, axial = ring_field(np.zeros(1), np.array([0.02]), 0.04)
    assert value[0] == pytest.approx(axial[0] / 2, rel=1e-12)
    assert np.abs(np.diff(value)).max() < 0.01 * value[0]
    assert np.abs(np.diff(value, 2)).max() < 1e-3 * value[0]


@pytest.mark.parametrize("name", coil_names())
def test_b_is_the_curl_of_a_and_has_no_divergence(name) -> None:
    source, points, h = coil_source(name), cloud(40, 2), 1e-5
    steps = h * np.eye(3)
    da = [(source.vector_potential(points + s) - source.vector_potential(points - s)) / (2 * h)
          for s in steps]  # fmt: skip
    curl = np.stack([da[1][:, 2] - da[2][:, 1], da[2][:, 0] - da[0][:, 2],
                     da[0][:, 1] - da[1][:, 0]], axis=1)  # fmt: skip
    b = source.magnetic_field(points)
    assert np.abs(curl - b).max() < 1e-6 * peak(b)
    db = sum((source.magnetic_field(points + s) - source.magnetic_field(points - s))[:, k]
             for k, s in enumerate(steps)) / (2 * h)  # fmt: skip
    assert np.abs(db).max() < 1e-6 * peak(b) / 1e-2


@pytest.mark.parametrize("name", FIGURE_OF_EIGHT)
def test_turned_by_180_degrees_or_with_reversed_current_the_field_reverses(name) -> None:
    source, points = coil_source(name), cloud(50, 3)
    half_turn = np.diag([-1.0, -1.0, 1.0, 1.0])
    one = primary_field(source, np.eye(4), points)
    assert np.abs(primary_field(source, half_turn, points) + one).max() < 1e-14 * peak(one) * 100
    assert np.array_equal(source.opposite().vector_potential(points), one)


@pytest.mark.parametrize("name", FIGURE_OF_EIGHT)
def test_under_the_centre_the_field_points_along_y(name) -> None:
    field = primary_field(coil_source(name), np.eye(4), np.array([[0, 0, 0.02]]))[0]
    assert field[1] > 0
    assert abs(field[0]) + abs(field[2]) < 1e-12 * field[1]


def test_a_circular_coil_has_no_field_under_its_centre() -> None:
    source = coil_source("circular-90mm")
    ring = np.array([[0.047, 0, 0.02], [0, 0, 0.02]])
    under, centre = np.linalg.norm(source.vector_potential(ring), axis=1)
    assert centre < 1e-12 * under


def test_a_tilted_wing_is_the_flat_one_turned() -> None:
    """The axes of a winding may point anywhere: bent coils have such wings."""
    turn, flat = rotation(4), loop_source([0, 0, 0], [0, 0, 1], 0.03)
    tilted = loop_source(turn @ [0.01, 0, 0], turn @ [0, 0, 1], 0.03)
    points = cloud(30, 5)
    moved = (points + np.array([0.01, 0, 0])) @ turn.T
    expected = flat.vector_potential(points) @ turn.T
    assert np.abs(tilted.vector_potential(moved) - expected).max() < 1e-13 * peak(expected) * 10


@pytest.mark.parametrize(
    "name", [FIGURE8, *(pytest.param(n, marks=pytest.mark.slow) for n in OTHERS)]
)
def test_tables_are_true_to_a_millionth_or_a_ten_thousandth(name) -> None:
    source = coil_source(name)
    near = cloud(8_000, 6, (-0.12, -0.08, -0.03), (0.12, 0.08, 0.05))
    far = cloud(3_000, 7, (-0.3, -0.3, -0.3), (0.4, 0.4, 0.4))
    points = np.vstack([near, far])
    exact = source.vector_potential(points)
    clear = source.nearest_m(points) > CLEARANCE_M
    scale = peak(exact[clear])
    for way, share in (("cubic", 1e-6), ("linear", 1e-4)):
        found = tabulated_source(name, way).vector_potential(points)
        assert np.linalg.norm(found - exact, axis=1).max() < share * scale, way
    assert found.dtype == np.float32
    assert tabulated_source(name).magnetic_field(points[:9]) == pytest.approx(
        source.magnetic_field(points[:9])
    )


def test_a_lopsided_wing_has_no_table() -> None:
    one = np.ones(2)
    wing = Wing(np.zeros(3), np.eye(3), 0.03 * one * [1, 2], np.array([0, 0.01]), one)
    with pytest.raises(InputError, match=r"bent: the filaments .* not symmetric about its middle"):
        tabulated(CoilSource("bent", (wing,)))


def test_many_points_are_read_from_tables_where_there_can_be_one() -> None:
    source, points = coil_source(FIGURE8), cloud(500, 6, (-0.1, -0.1, 0.02), (0.1, 0.1, 0.1))
    assert source_for(1_000, source) is source
    many = source_for(300_000, source)
    assert isinstance(many, TabulatedSource)
    assert source_for(300_000, source) is many
    exact = source.vector_potential(points)
    assert np.abs(many.vector_potential(points) - exact).max() < 1e-6 * peak(exact)
    one = np.ones(2)
    lopsided = Wing(np.zeros(3), np.eye(3), 0.03 * one * [1, 2], np.array([0, 0.01]), one)
    for other in (CoilSource("bent", (lopsided,)), dipoles_of(source)):
        assert source_for(300_000, other) is other


@pytest.mark.parametrize("name", coil_names())
def test_dipoles_stand_for_the_coil(name) -> None:
    source, points = coil_source(name), cloud(60, 8)
    dipoles = dipoles_of(source)
    for field in ("vector_potential", "magnetic_field"):
        exact = getattr(source, field)(points)
        assert np.abs(getattr(dipoles, field)(points) - exact).max() < 1e-4 * peak(exact)


def test_a_loop_without_a_size_is_refused() -> None:
    with pytest.raises(InputError, match=r"a loop's radius is -0\.03 m"):
        loop_source([0, 0, 0], [0, 0, 1], -0.03)


@pytest.mark.parametrize("name", coil_names())
def test_every_coil_says_where_its_numbers_come_from(name) -> None:
    coil = coil_called(name)
    assert coil.source.startswith("doi:10.")
    assert coil.status in {"verified", "unverified"}
    assert len(coil.how) > 60
    assert coil.casing_radius_mm > coil.outer_radius_mm


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("outer_radius_mm = 44.0", "outer_radius_mm = 50.0", "radii of 28 to 44 mm. Expected 28"),
        ("wing_offset_mm = 45.0", "wing_offset_mm = 44.0", r"centred at x = 45, y = 0 mm"),
        ('kind = "figure-of-eight"', 'kind = "round"', "kind is 'round'. Expected figure-of"),
        ('kind = "figure-of-eight"', 'kind = "circular"', "a circular coil with 2 windings"),
        ('status = "unverified"', 'status = "sure"', "status is 'sure'"),
        ('title = "', 'weight = 3\ntitle = "', r"unknown \['weight'\], missing \[\]"),
        ("centre_mm = [45.0, 0.0, -6.5]", "centre_mm = [45.0, 0.0, 6.5]", "windings at z > 0"),
        ("moment = [0.0, 0.0, 1.0]", "moment = [0.0, 0.0, 0.0]", "Expected a direction"),
        ("radii_mm = [28.0", "radii_mm = [0.028", "radii of 2 to 150 mm. Check the unit"),
        ('title = "', "title = ", "not TOML"),
    ],
)
def test_a_coil_file_that_contradicts_itself_is_refused(tmp_path, old, new, message) -> None:
    text = (MODELS / f"{FIGURE8}.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "broken.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=rf"broken\.toml.*{message}"):
        read_coil(path)
