"""Local regression: R's numbers, one fit at a time, closed forms, distances along the cortex."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from coupling.small_patient import SHAPE, field, grid, half, patient, volume
from hypothesis import given
from hypothesis import strategies as st

from tmsplan.base.errors import InputError
from tmsplan.coupling import couple
from tmsplan.coupling.activity import Activity
from tmsplan.coupling.local_coupling import LOCAL_DEFAULTS, compute_local, local_coupling
from tmsplan.coupling.local_regression import local_fit
from tmsplan.coupling.local_volumes import stack_volumes
from tmsplan.coupling.neighbourhood import VolumeWindow
from tmsplan.coupling.neighbourhood_surface import GeodesicWindow, mesh_graph
from tmsplan.patient import Cortex, Patient
from tmsplan.space import Affine, Frame, Grid, Hemi, Points, Scanner, Volume, Voxel
from tmsplan.surface import Domain, Field, Pair, Surface, geodesic_mm

#: The reference was made with R's lm and has 13 digits.
REFERENCE = 1e-9
G = grid()


def maps_5() -> tuple[np.ndarray, np.ndarray]:
    i, j, k = np.meshgrid(*[np.arange(1, 6.0)] * 3, indexing="ij")
    common = np.sin(1.1 * i + 0.7 * j)
    x, y = common + 0.3 * k, np.cos(0.9 * i - 0.5 * k) + 0.2 * j + 0.4 * common
    return (x - x.mean()) / x.std(ddof=1), (y - y.mean()) / y.std(ddof=1)


def test_it_equals_r() -> None:
    """lm(y ~ x, weights) of R 4.2.2 at the centre of 5 x 5 x 5, FWHM 3 mm, 2 mm voxels.

    The published ``weighted_slr.R`` with ``reverse = TRUE`` would give R² .000404 here: it
    compares the wrong fitted values. Slopes agree.
    """
    window = VolumeWindow.gaussian((2.0, 2.0, 2.0), 3.0, radius=1)
    a, b = maps_5()
    fit = local_fit(a, b, window)
    assert fit.intercept[2, 2, 2] == pytest.approx(0.0155996328685, abs=REFERENCE)
    assert fit.slope[2, 2, 2] == pytest.approx(0.0286812021647, abs=REFERENCE)
    assert fit.r2[2, 2, 2] == pytest.approx(0.00080578133577, abs=REFERENCE)
    assert local_fit(b, a, window).slope[2, 2, 2] == pytest.approx(0.0280944059159, abs=REFERENCE)


def one_fit(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[float, float, float]:
    """Slope, intercept and R² of one weighted line, by numpy's least squares."""
    root = np.sqrt(w)
    design = np.stack([root, root * x], axis=1)
    (b0, b1), *_ = np.linalg.lstsq(design, root * y, rcond=None)
    mean = np.average(y, weights=w)
    explained = (w * (b0 + b1 * x - mean) ** 2).sum()
    return b1, b0, explained / (explained + (w * (y - b0 - b1 * x) ** 2).sum())


@given(st.integers(0, 2**32 - 1))
def test_all_voxels_at_once_equal_one_fit_at_a_time(seed) -> None:
    rng = np.random.default_rng(seed)
    shape = (6, 5, 7)
    x, y = rng.normal(1000, 1, shape), rng.normal(-40, 3, shape)  # raw moments would cancel
    x[rng.random(shape) < 0.3] = np.nan
    y[rng.random(shape) < 0.1] = np.nan
    window = VolumeWindow.gaussian((2.0, 2.5, 3.0), 5.0, radius=2)
    fit = local_fit(x, y, window)
    weights = np.einsum("i,j,k->ijk", *window.taps)
    padded = [np.pad(m, 2, constant_values=np.nan) for m in (x, y)]
    for at in np.argwhere(np.isfinite(fit.slope))[:15]:
        part = tuple(slice(c, c + 5) for c in at)
        u, v = padded[0][part], padded[1][part]
        known = np.isfinite(u) & np.isfinite(v)
        slope, intercept, r2 = one_fit(u[known], v[known], weights[known])
        here = tuple(at)
        assert fit.slope[here] == pytest.approx(slope, abs=1e-8)
        assert fit.intercept[here] == pytest.approx(intercept, rel=1e-8, abs=1e-6)
        assert fit.r2[here] == pytest.approx(r2, abs=1e-8)
        assert fit.n[here] == pytest.approx(known.sum())


def test_an_exact_line_is_found_and_a_missing_voxel_has_no_value() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 8, 8))
    x[3, 3, 3] = np.nan
    fit = local_fit(x, 2.5 - 0.75 * x, VolumeWindow.gaussian((2.0,) * 3, 4.0))
    known = np.isfinite(x)
    np.testing.assert_allclose(fit.slope[known], -0.75, rtol=1e-9)
    np.testing.assert_allclose(fit.intercept[known], 2.5, rtol=1e-9)
    np.testing.assert_allclose(fit.r2[known], 1.0, rtol=1e-9)
    np.testing.assert_allclose(fit.correlation[known], -1.0, rtol=1e-9)
    assert math.isnan(fit.slope[3, 3, 3])


def test_a_flat_map_and_too_few_neighbours_have_no_value() -> None:
    rng = np.random.default_rng(0)
    window = VolumeWindow.gaussian((2.0,) * 3, 3.0, radius=1)
    x, y = rng.normal(size=(2, 9, 9, 9))
    flat = np.where(np.arange(9) < 5, 7.0, x)  # does not vary where k < 4
    assert np.isnan(local_fit(flat, y, window).slope[..., :4]).all()
    assert np.isnan(local_fit(y, flat, window).r2[..., :4]).all()
    few = np.full_like(x, np.nan)
    few[4, 4, 3:7] = x[4, 4, 3:7]  # 4 in a row: 3 neighbours at most
    assert np.isnan(local_fit(few, y, window).slope).all()
    assert np.isfinite(local_fit(few, y, window, min_neighbours=3).slope[4, 4, 4:6]).all()
    thin = np.where(rng.random(x.shape) < 0.2, x, np.nan)
    assert np.isnan(local_fit(thin, y, window, min_share=0.99).slope).all()
    nothing = local_fit(np.full_like(x, np.nan), y, window)
    assert np.isnan(nothing.slope).all()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: VolumeWindow.gaussian((2.0,) * 3, 0.0), "fwhm_mm is 0.0; it must be above 0"),
        (lambda: VolumeWindow.gaussian((0.1,) * 3, 20.0), "276 voxels on each side is out of"),
        (lambda: GeodesicWindow.gaussian(half(Hemi.LEFT).mid, 50.0), "at most 40 mm"),
    ],
)
def test_impossible_widths_are_refused(call, says) -> None:
    with pytest.raises(InputError, match=says):
        call()


# --- along the cortex -------------------------------------------------------------------------


def flat_sheet(n: int = 15, step: float = 1.0) -> Surface:
    """A plane of right triangles: distances across it are known."""
    k = np.arange(n * n).reshape(n, n)
    a, b, c, d = (m.ravel() for m in (k[:-1, :-1], k[1:, :-1], k[1:, 1:], k[:-1, 1:]))
    x, y = np.meshgrid(np.arange(n) * step, np.arange(n) * step, indexing="ij")
    xyz = np.stack([x.ravel(), y.ravel(), np.zeros(n * n)], axis=1)
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)
    domain = Domain("sheet", n * n, Hemi.LEFT, "s")
    return Surface(Points(xyz, Frame(Scanner, "s")), faces, domain)


def test_shortcuts_cross_the_shared_edge_of_two_triangles() -> None:
    """On a grid of squares with one diagonal each, the other diagonal is a shortcut."""
    sheet = flat_sheet()
    graph = mesh_graph(sheet.points.mm(sheet.frame), sheet.faces)
    assert graph[[0], [16]] == pytest.approx(math.sqrt(2))  # an edge
    assert graph[[1], [15]] == pytest.approx(math.sqrt(2))  # a shortcut
    assert abs(graph - graph.T).max() == 0


def test_the_weights_are_those_of_the_distance_along_the_sheet() -> None:
    sheet = flat_sheet()
    window = GeodesicWindow.gaussian(sheet, 4.0)
    centre = 7 * 15 + 7
    row = window.weights[[centre]].toarray()[0]
    sigma = 4.0 / 2.35482
    # Straight along an axis the path follows edges: the weight is exact.
    for k in range(5):
        assert row[centre + k] == pytest.approx(math.exp(-(k**2) / (2 * sigma**2)), rel=1e-12)
    assert row[centre + 5] == 0
    assert row[centre + 4] == pytest.approx(1 / 16, rel=1e-4)


def folded(gap: float = 2.0) -> Surface:
    """A sheet bent into two parallel banks, `gap` mm apart, as in a sulcus."""
    sheet = flat_sheet(21)
    x, y, _ = sheet.points.mm(sheet.frame).T
    down = np.minimum(x, 20 - x)
    xyz = np.stack([np.where(x <= 10, 0.0, gap), y, down], axis=1)
    return sheet.with_points(Points(xyz, sheet.frame))


def test_the_other_bank_of_a_sulcus_is_not_a_neighbour() -> None:
    """2 mm through the air, more than 10 mm along the sheet."""
    sheet = folded()
    window = GeodesicWindow.gaussian(sheet, 6.0)
    here, opposite = 4 * 21 + 10, 16 * 21 + 10
    xyz = sheet.points.mm(sheet.frame)
    assert np.linalg.norm(xyz[here] - xyz[opposite]) == pytest.approx(2.0)
    assert window.weights[[here], [opposite]] == 0
    assert window.weights[[here], [here + 1]] > 0.8


def test_distances_are_close_to_exact_ones_on_a_round_surface() -> None:
    mesh = trimesh.creation.icosphere(subdivisions=4, radius=30.0)
    v, f = np.asarray(mesh.vertices), np.asarray(mesh.faces, dtype=np.int32)
    domain = Domain("ball", len(v), Hemi.LEFT, "s")
    ball = Surface(Points(v * (0.8, 1.2, 1.0), Frame(Scanner, "s")), f, domain)
    window = GeodesicWindow.gaussian(ball, 10.0)
    assert abs(window.weights - window.weights.T).max() < 1e-12
    worst, mean = 0.0, []
    for source in (0, 500, 2000):
        row = window.weights[[source]]
        far = row.indices[row.indices != source]
        w = window.weights[[source]].toarray()[0, far]
        found = np.sqrt(-2 * (10 / 2.35482) ** 2 * np.log(w))
        off = found / geodesic_mm(ball, source, far) - 1
        assert off.min() > -1e-9  # a path along edges and flaps is never too short
        worst, mean = max(worst, off.max()), [*mean, off.mean()]
    assert np.mean(mean) < 0.02
    assert worst < 0.10


def test_one_fit_per_vertex_is_the_same() -> None:
    sheet = folded()
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, len(sheet)))
    x[rng.random(len(x)) < 0.2] = np.nan
    window = GeodesicWindow.gaussian(sheet, 6.0)
    fit = local_fit(x, y, window)
    for at in range(0, len(x), 37):
        w = window.weights[[at]].toarray()[0]
        used = (w > 0) & np.isfinite(x)
        if not np.isfinite(x[at]):
            assert math.isnan(fit.slope[at])
            continue
        slope, _, r2 = one_fit(x[used], y[used], w[used])
        assert fit.slope[at] == pytest.approx(slope, abs=1e-10)
        assert fit.r2[at] == pytest.approx(r2, abs=1e-10)


# --- on a patient -----------------------------------------------------------------------------


def activity(values: Volume | Pair[Field]) -> Activity:
    return Activity(values, None, "log mALFF", "ready-made", None)


def linear_patient(slope: float = -0.5) -> tuple[Patient, Activity]:
    """Activity is an exact line of grey matter."""
    gm = 0.5 + 0.05 * (volume(1) - volume(1).mean())
    p = patient(maps={"gm": Volume(gm, G)})
    return p, activity(Volume(1.0 + slope * gm, G))


COMPLETE = dict(LOCAL_DEFAULTS)


@pytest.mark.parametrize("where", ["volume", "surface"])
def test_a_planted_slope_is_found_at_every_vertex(where) -> None:
    p, a = linear_patient()
    settings = {**COMPLETE, "where": where, "fwhm_surface": 25.0}
    found = compute_local(p, settings, activity=a)
    assert found.where == where
    for _, one in found.vertices.sides():
        np.testing.assert_allclose(one.values, -0.5, rtol=1e-6)
        assert one.unit == "log mALFF per unit of grey matter"
    r2 = compute_local(p, {**settings, "statistic": "r2"}, activity=a).vertices
    np.testing.assert_allclose(r2.left.values, 1.0, rtol=1e-6)
    assert r2.left.unit == "R²"
    local = local_coupling(p, {"where": where, "fwhm_surface": 25.0, "other": 1}, activity=a)
    np.testing.assert_allclose(local.right.values, -1.0, rtol=1e-6)
    assert local.right.unit == "r"


def test_the_data_say_where_the_neighbourhoods_are() -> None:
    p, a = linear_patient()
    assert compute_local(p, COMPLETE, activity=a).where == "volume"
    gm = {h: np.random.default_rng(3).normal(size=162) for h in Hemi}
    on_mesh = activity(field(p.cortex, {h: 2 * v for h, v in gm.items()}))
    q = replace(p, maps={"gm": field(p.cortex, gm)})
    found = compute_local(q, {**COMPLETE, "fwhm_surface": 25.0}, activity=on_mesh)
    assert found.where == "surface"
    np.testing.assert_allclose(found.vertices.left.values, 2.0, rtol=1e-9)
    with pytest.raises(InputError, match=r"p1: neighbourhoods in a volume .* set where = surface"):
        compute_local(q, {**COMPLETE, "where": "volume"}, activity=on_mesh)


def test_thickness_of_the_cortex_is_a_structure_too() -> None:
    p, _ = linear_patient()
    rng = np.random.default_rng(8)

    def thick(c: Cortex) -> Cortex:
        values = rng.normal(2.5, 0.2, len(c.pial))
        return replace(c, fields={"thickness": Field(values, c.domain, "thickness", "mm")})

    q = replace(p, cortex=p.cortex.map(thick))
    values = {h: 3 * c.fields["thickness"].values for h, c in q.cortex.sides()}
    settings = {**COMPLETE, "structure": "thickness", "fwhm_surface": 25.0}
    found = compute_local(q, settings, activity=activity(field(q.cortex, values)))
    np.testing.assert_allclose(found.vertices.right.values, 3.0, rtol=1e-9)
    assert found.vertices.right.unit == "log mALFF per mm"
    walled = q.cortex.right.fields["thickness"].values.copy()
    walled[:40] = 0.0  # as FreeSurfer marks the medial wall
    domain = q.cortex.right.domain
    right = replace(q.cortex.right, fields={"thickness": Field(walled, domain, "thickness", "mm")})
    beside = compute_local(
        replace(q, cortex=Pair(q.cortex.left, right)),
        settings,
        activity=activity(field(q.cortex, values)),
    ).vertices.right.values
    assert np.isnan(beside[:40]).all()
    np.testing.assert_allclose(beside[40:][np.isfinite(beside[40:])], 3.0, rtol=1e-9)
    with pytest.raises(InputError, match=r"p1: the left hemisphere has no thickness; .*lh\.thick"):
        compute_local(p, settings, activity=activity(field(p.cortex, values)))


def test_a_patient_without_grey_matter_is_told_what_to_do() -> None:
    p, a = linear_patient()
    with pytest.raises(InputError, match=r"no grey-matter map; .*structure = thickness"):
        compute_local(replace(p, maps={}), COMPLETE, activity=a)
    with pytest.raises(InputError, match="the gm map has one value per parcel"):
        compute_local(replace(p, maps={"gm": {1001: 0.5}}), COMPLETE, activity=a)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"statistic": "z"}, "statistic is 'z'; write one of slope, r2, correlation"),
        ({"where": "mesh"}, "where is 'mesh'; write one of data, volume, surface"),
        ({"structure": "fa"}, "structure is 'fa'; write one of gm, thickness, volume"),
        ({"fwhm_volume": 0.5}, "fwhm_volume is 0.5; it must lie between 1 and 20 mm"),
        ({"where": "surface", "fwhm_surface": 90.0}, "it must lie between 2 and 40 mm"),
    ],
)
def test_settings_out_of_range_are_refused(settings, says) -> None:
    p, a = linear_patient()
    with pytest.raises(InputError, match=says):
        compute_local(p, {**COMPLETE, **settings}, activity=a)


def test_voxels_with_little_grey_matter_do_not_count() -> None:
    """Outside the cortex activity follows another line; the mask keeps it out."""
    p, _ = linear_patient()
    gm = np.array(p.maps["gm"].data)
    y = G.centres(np.argwhere(np.ones(SHAPE))).mm(G.world)[:, 1].reshape(SHAPE)
    gm = np.where(y > 5, gm, 0.01 * gm)
    a = activity(Volume(np.where(y > 5, 1 - 0.5 * gm, 40 * gm), G))
    q = replace(p, maps={"gm": Volume(gm, G)})
    values = compute_local(q, COMPLETE, activity=a).vertices.left.values
    known = np.isfinite(values)
    assert 20 < known.sum() < len(values)
    np.testing.assert_allclose(values[known], -0.5, rtol=1e-6)


def test_a_finer_map_is_averaged_onto_the_coarser_grid() -> None:
    """2.5 mm of grey matter, 5 mm of activity: the grid is the coarser one, whoever it is."""
    m = np.diag([5.0, 5.0, 5.0, 1.0])
    m[:3, 3] = -5.0 * (np.array([31, 21, 21]) - 1) / 2
    claim = Affine.claim(m, dst=G.world, src=Frame(Voxel, "coarse"), because="test")
    coarse = Grid((31, 21, 21), claim)
    x = coarse.centres(np.argwhere(np.ones(coarse.shape))).mm(G.world)[:, 0].reshape(coarse.shape)
    fine = G.centres(np.argwhere(np.ones(SHAPE))).mm(G.world)[:, 0].reshape(SHAPE)
    for order in ((fine, G, x, coarse), (x, coarse, fine, G)):
        stack = stack_volumes([Volume(order[0], order[1]), Volume(order[2], order[3])])
        assert stack.grid.shape == (31, 21, 21)
        inner = (slice(1, -1),) * 3
        np.testing.assert_allclose(stack.maps[0][inner], stack.maps[1][inner], atol=1e-9)


def test_cutting_the_box_changes_nothing() -> None:
    p, a = linear_patient()
    data = np.array(a.values.data)
    data[:20] = data[45:] = np.nan
    stack = stack_volumes([p.maps["gm"], Volume(data, G)])
    window = VolumeWindow.gaussian(stack.step_mm, 6.0)
    box = stack.cropped(window.radius)
    assert box.maps.shape[1] < stack.maps.shape[1]
    whole = local_fit(*stack.maps, window)
    cut = box.volume(local_fit(*box.maps, window).slope).data
    np.testing.assert_allclose(cut, whole.slope, rtol=1e-9)


def test_a_patient_whose_maps_do_not_meet_is_refused() -> None:
    p, _ = linear_patient()
    far = np.full(SHAPE, np.nan)
    far[:8, :8, :8] = volume(4)[:8, :8, :8]  # a corner, away from the cortex
    gm = np.where(np.isfinite(far), 0.6, np.array(p.maps["gm"].data))
    q = replace(p, maps={"gm": Volume(gm, G), "alff": Volume(far, G)})
    with pytest.raises(InputError, match="p1: local coupling has no value on the cortex"):
        couple(q, method="imco")


def test_the_record_says_how() -> None:
    p, _ = linear_patient()
    q = replace(p, maps={**p.maps, "alff": Volume(volume(4), G)})
    result = couple(q, method="imco", settings={"statistic": "r2"})
    assert result.space == "volume"
    assert result.higher_means == "more coupled, whatever the sign"
    assert result.params["coverage"] == {"left": 1.0, "right": 1.0}
    assert result.params["source"] == "doi:10.1016/j.neuroimage.2016.03.002"
