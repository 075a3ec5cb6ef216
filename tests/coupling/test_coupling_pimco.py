"""Local components: the published R code's numbers, closed forms, and two real images."""

from __future__ import annotations

import math
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from coupling.small_patient import SHAPE, grid, patient, volume
from hypothesis import given
from hypothesis import strategies as st
from patient.fmriprep_folder import write_warp
from patient.small_head import write_explicit, write_nifti
from real_files import real_data
from scipy.special import expit

from tmsplan.base.errors import InputError
from tmsplan.coupling import couple
from tmsplan.coupling.local_components import first_component, standardised
from tmsplan.coupling.local_volumes import VolumeStack, stack_volumes
from tmsplan.coupling.methods.pimco import coupled_volume
from tmsplan.coupling.neighbourhood import VolumeWindow
from tmsplan.patient import Patient, load_patient
from tmsplan.space import Affine, Frame, Grid, Scanner, Volume, Voxel

#: R and numpy sum 27 products in another order; the reference has 12 digits.
REFERENCE = 1e-9
WINDOW = VolumeWindow.gaussian((2.0, 2.0, 2.0), 3.0, radius=1)


def three_maps() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    i, j, k = np.meshgrid(*[np.arange(1, 6.0)] * 3, indexing="ij")
    common = np.sin(1.1 * i + 0.7 * j)
    a = common + 0.3 * k
    b = np.cos(0.9 * i - 0.5 * k) + 0.2 * j + 0.4 * common
    return tuple(standardised(m) for m in (a, b, 0.1 * i * j - 0.05 * k**2))


def test_the_weights_are_the_published_ones() -> None:
    edge = WINDOW.taps[0][0]
    known = (0.291632273638, 0.0850493830274, 0.0248031449438)
    np.testing.assert_allclose([edge, edge**2, edge**3], known, atol=1e-12)


@pytest.mark.parametrize(
    ("maps", "centre", "mean", "centre_logit", "mean_logit"),
    [
        (2, 0.523880147445, 0.675508336388, -2.99262215071, -0.762567960121),
        (3, 0.478010156635, 0.609499237684, -1.28314568042, -0.377330096869),
    ],
)
def test_it_equals_the_published_r_code(maps, centre, mean, centre_logit, mean_logit) -> None:
    """Made by running ``imco_pca.R`` of hufengling/pIMCo (a24671a) on these maps."""
    found = first_component(np.stack(three_maps()[:maps]), WINDOW)
    inner = (slice(1, 4),) * 3
    assert found.ratio[2, 2, 2] == pytest.approx(centre, abs=REFERENCE)
    assert found.ratio[inner].mean() == pytest.approx(mean, abs=REFERENCE)
    assert found.coupling[2, 2, 2] == pytest.approx(centre_logit, abs=REFERENCE)
    assert found.coupling[inner].mean() == pytest.approx(mean_logit, abs=REFERENCE)
    if maps == 2:
        assert found.ratio[1, 1, 1] == pytest.approx(0.877416210998, abs=REFERENCE)
    assert found.n[2, 2, 2] == 27
    assert found.n[0, 0, 0] == 8


def by_hand(maps: np.ndarray, at: tuple[int, int, int]) -> float:
    """One neighbourhood, written as the definition reads."""
    rows, weights = [], []
    for d in np.ndindex(3, 3, 3):
        where = tuple(c + s - 1 for c, s in zip(at, d, strict=True))
        if all(0 <= w < n for w, n in zip(where, maps.shape[1:], strict=True)):
            values = maps[(slice(None), *where)]
            if np.isfinite(values).all():
                rows.append(values)
                weights.append(WINDOW.taps[0][d[0]] * WINDOW.taps[1][d[1]] * WINDOW.taps[2][d[2]])
    x = np.array(rows) - np.mean(rows, axis=0)
    spectrum = np.linalg.eigvalsh((x * np.array(weights)[:, None]).T @ x)
    return float(spectrum[-1] / spectrum.sum())


@given(st.integers(0, 2**32 - 1), st.integers(2, 4))
def test_all_voxels_at_once_equal_one_by_one_with_missing_ones(seed, p) -> None:
    rng = np.random.default_rng(seed)
    maps = rng.normal(size=(p, 5, 6, 4))
    maps[0][rng.random((5, 6, 4)) < 0.3] = np.nan
    found = first_component(maps, WINDOW)
    there = np.argwhere(np.isfinite(found.ratio))
    for at in there[:12]:
        got = found.ratio[tuple(at)]
        assert got == pytest.approx(by_hand(maps, tuple(at)), abs=1e-11)
        assert 1 / p - 1e-12 <= got <= 1 + 1e-12
    assert (np.isfinite(found.ratio) <= np.isfinite(maps).all(axis=0)).all()


def test_closed_forms() -> None:
    """One map twice is one component; its logit is infinite, so there is none."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(5, 5, 5))
    same = first_component(np.stack([a, a]), WINDOW)
    np.testing.assert_allclose(same.ratio, 1.0, atol=1e-12)
    against = first_component(np.stack([a, -a]), WINDOW)
    np.testing.assert_allclose(against.ratio, same.ratio, atol=1e-12)  # blind to the sign
    k = np.arange(-1.0, 2.0)
    x, y = np.meshgrid(k, k, indexing="ij")
    crossed = np.stack([np.broadcast_to(m[..., None], (3, 3, 3)) for m in (x, y)])
    # Two gradients at right angles in a symmetric window: no direction is preferred.
    centre = first_component(crossed, WINDOW)
    assert centre.ratio[1, 1, 1] == pytest.approx(0.5, abs=1e-12)


def test_too_few_complete_neighbours_are_missing() -> None:
    rng = np.random.default_rng(3)
    maps = rng.normal(size=(2, 7, 7, 7))
    maps[1, :, :, :5] = np.nan
    maps[1, :4] = np.nan
    found = first_component(maps, WINDOW)
    assert np.isnan(found.ratio[:, :, :5]).all()
    assert np.isfinite(found.ratio[5, 3, 6])
    lonely = np.full((2, 7, 7, 7), np.nan)
    lonely[:, 3, 3, 2:4] = rng.normal(size=(2, 2))
    assert np.isnan(first_component(lonely, WINDOW).ratio).all()


def test_one_map_and_a_flat_map_are_refused() -> None:
    with pytest.raises(InputError, match="1 map has no coupling; name two or more"):
        first_component(np.ones((1, 3, 3, 3)), WINDOW)
    with pytest.raises(InputError, match="a map of 27 equal values cannot be standardised"):
        standardised(np.full((3, 3, 3), 4.0))


# --- on a patient -----------------------------------------------------------------------------


def two_maps() -> dict[str, Volume]:
    return {"gm": Volume(volume(1), grid()), "cbf": Volume(volume(2), grid())}


def test_any_two_maps_of_the_patient_by_name() -> None:
    p = patient(maps=two_maps())
    result = couple(p, method="pimco", settings={"maps": "gm, cbf"})
    assert result.space == "volume"
    assert result.higher_means == "more coupled, whatever the sign"
    assert result.params["coverage"] == {"left": 1.0, "right": 1.0}
    swapped = couple(p, method="pimco", settings={"maps": "cbf,gm"})
    for hemi, one in result.vertices.sides():
        np.testing.assert_allclose(swapped.vertices.side(hemi).values, one.values, atol=1e-9)
        assert np.ptp(one.values) > 0.5


@pytest.mark.parametrize(
    ("maps", "says"),
    [
        ("gm", "maps is 'gm'; name two or more different maps with commas"),
        ("gm,gm", "maps is 'gm,gm'; name two or more different"),
        ("gm,,cbf", "name two or more different"),
        ("gm,pet", "there is no map 'pet'; expected one of this patient's: cbf, gm"),
        ("gm,table", "there is no map 'table'"),
    ],
)
def test_bad_names_are_refused(maps, says) -> None:
    with pytest.raises(InputError, match=f"^p1: {says}" if says[0] != "n" else says):
        couple(patient(maps=two_maps()), method="pimco", settings={"maps": maps})


def test_a_map_that_is_no_volume_is_refused() -> None:
    p = patient(maps={**two_maps(), "table": {1001: 0.5}})
    with pytest.raises(InputError, match="p1: the map 'table' is no volume"):
        couple(p, method="pimco", settings={"maps": "gm,table"})


def test_maps_that_do_not_meet_are_refused() -> None:
    a, b = np.array(volume(1)), np.array(volume(2))
    a[:30], b[30:] = np.nan, np.nan
    p = patient(maps={"x": Volume(a, grid()), "y": Volume(b, grid())})
    with pytest.raises(InputError, match="p1: the maps x, y have no common value"):
        couple(p, method="pimco", settings={"maps": "x,y"})


# --- how a file stores its axes makes no difference -------------------------------------------


def test_stored_otherwise_the_same_place_has_the_same_value() -> None:
    m = grid().world_from_voxel.matrix(grid().world, grid().voxel)
    turned = np.ascontiguousarray(volume(2)[::-1, :, ::-1].transpose(2, 0, 1))
    last = np.array(SHAPE) - 1
    # New index (a, b, c) is old index (last - b, c, last - a).
    old_from_new = np.zeros((4, 4))
    old_from_new[0, [1, 3]] = -1, last[0]
    old_from_new[1, 2] = 1
    old_from_new[2, [0, 3]] = -1, last[2]
    old_from_new[3, 3] = 1
    claim = Affine.claim(m @ old_from_new, dst=grid().world, src=Frame(Voxel, "t"), because="test")
    p = patient(maps=two_maps())
    other = patient(maps={**two_maps(), "cbf": Volume(turned, Grid(turned.shape, claim))})
    a, b = (couple(x, method="pimco", settings={"maps": "gm,cbf"}) for x in (p, other))
    for hemi, one in a.vertices.sides():
        np.testing.assert_allclose(b.vertices.side(hemi).values, one.values, atol=1e-9)


def as_volume(path: Path, *, canonical: bool) -> Volume[Scanner]:
    image = nib.load(path)
    if canonical:
        image = nib.as_closest_canonical(image)
    data = np.asarray(image.dataobj, dtype=np.float64).squeeze()  # ALFF is 4-D with one volume
    claim = Affine.claim(
        image.affine, dst=Frame(Scanner, "2647"), src=Frame(Voxel, path.name), because="header"
    )
    return Volume(np.where(data == 0, np.nan, data), Grid(data.shape, claim))


TEMPLATE = "MNI152NLin2009cAsym"
ROUTE = f"sub-2647_from-{TEMPLATE}_to-T1w_mode-image_xfm.h5"


def real_child(folder: Path, *, turned: bool) -> Patient:
    """Return the child's maps on a made-up head, by a patient.toml and a known warp."""
    real = real_data("pimco_pnc2647")
    folder.mkdir()
    for short, name in (("alff", "2647_alffStd"), ("cbf", "2647_pvgmpnc_cbf")):
        image = nib.load(real / f"{name}.nii.gz")
        data = np.asarray(image.dataobj).squeeze()
        stored = nib.Nifti1Image(data, image.affine)
        if turned:  # ALFF to R, A, S; CBF to P, S, L
            codes = nib.orientations.axcodes2ornt("RAS" if short == "alff" else "PSL")
            here = nib.orientations.io_orientation(image.affine)
            stored = stored.as_reoriented(nib.orientations.ornt_transform(here, codes))
        write_nifti(folder / f"{short}.nii.gz", np.asarray(stored.dataobj), stored.affine, 4, 4)
    write_warp(str(folder / ROUTE))
    maps = f'space = "{TEMPLATE}"\nalff = "alff.nii.gz"\n[maps.more]\ncbf = "cbf.nii.gz"'
    route = f'from_mni = "{ROUTE}"\ntemplate = "{TEMPLATE}"'
    return load_patient(write_explicit(folder, route, maps, 'id = "sub-2647"'))


def test_a_map_under_maps_more_is_named_and_its_orientation_does_not_matter(tmp_path) -> None:
    """ALFF L, A, S beside CBF R, A, S, and both turned: one coupling at every vertex."""
    own, turned = (real_child(tmp_path / str(t), turned=t) for t in (False, True))
    assert set(own.maps) == {"alff", "cbf"}
    a, b = (couple(p, method="pimco", settings={"maps": "alff,cbf"}) for p in (own, turned))
    assert [i.role for i in own.inputs if i.role in {"alff", "cbf"}] == ["alff", "cbf"]
    for hemi, one in a.vertices.sides():
        known = np.isfinite(one.values)
        assert known.mean() > 0.5
        # Shares, 0 to 1: near 1 the logit magnifies the rounding of sums in another order.
        shares = [expit(x.vertices.side(hemi).values) for x in (a, b)]
        np.testing.assert_allclose(*shares, atol=1e-9)
        assert np.ptp(one.values[known]) > 0.5
    left, right = (f.values for _, f in a.vertices.sides())
    both = np.isfinite(left) & np.isfinite(right)
    # The two hemispheres of the made-up head share one mesh: sides exchanged would show.
    assert np.corrcoef(left[both], right[both])[0, 1] < 0.9
    with pytest.raises(InputError, match=r"there is no map 'fa'.*: alff, cbf\. Give it"):
        couple(own, method="pimco", settings={"maps": "alff,fa"})


@pytest.mark.slow
def test_real_maps_stored_in_two_orientations() -> None:
    """ALFF is stored L, A, S and CBF R, A, S: the same as with both brought to R, A, S."""
    folder = real_data("pimco_pnc2647")
    names = ("2647_alffStd.nii.gz", "2647_pvgmpnc_cbf.nii.gz")
    codes = [nib.aff2axcodes(nib.load(folder / n).affine) for n in names]
    assert codes == [("L", "A", "S"), ("R", "A", "S")]
    stored, turned = (
        coupled_volume(stack_volumes([as_volume(folder / n, canonical=c) for n in names]))
        for c in (False, True)
    )
    grey = as_volume(folder / "gm10_pcals_rest.nii.gz", canonical=True)
    known = np.argwhere(np.isfinite(turned.data))
    inside = np.isfinite(grey.at_nearest(turned.grid.centres(known), outside=math.nan))
    known = known[inside]
    assert len(known) > 100_000
    back = stored.at_nearest(turned.grid.centres(known), outside=math.nan)
    np.testing.assert_allclose(back, turned.data[tuple(known.T)], atol=1e-9)
    # By array index, which is the mistake, the two have little in common.
    wrong = stack_volumes([as_volume(folder / n, canonical=True) for n in names])
    flipped = VolumeStack(np.stack([wrong.maps[0][::-1], wrong.maps[1]]), wrong.grid, wrong.box)
    mistaken = coupled_volume(flipped).data[tuple(known.T)]
    both = np.isfinite(mistaken) & np.isfinite(back)
    assert np.corrcoef(mistaken[both], back[both])[0, 1] < 0.5
