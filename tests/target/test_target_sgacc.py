"""The individual subgenual target, on a made-up head with a planted anticorrelated patch."""

from __future__ import annotations

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
import round_head as rh

from tmsplan.base import InputError
from tmsplan.base.errors import FrameError
from tmsplan.coupling.activity.band import Band
from tmsplan.patient.series_open import SeriesFiles, open_series
from tmsplan.space.frame import Frame, MniNlin6Asym, Voxel
from tmsplan.space.grid import Grid, Volume
from tmsplan.space.points import Points
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Affine
from tmsplan.surface import Pair
from tmsplan.target.route import route_between
from tmsplan.target.sgacc import CONTESTED, NAME, sgacc_target
from tmsplan.target.sgacc_series import search_region, seed_and_region
from tmsplan.target.sgacc_settings import SEARCH, SEED, TEMPLATE, SgaccSettings

SIX = Frame(MniNlin6Asym, "template")
TR, VOLUMES, STEP = 2.0, 155, 5.0
#: Off the middle of the region on purpose: a rule that ignored the data would not find it.
PLANTED = np.array([-45.0, 35.0, 39.0])
LOW, SHAPE = np.array([-72.0, -76.0, -68.0]), (30, 32, 28)
RAW = SgaccSettings(confounds="none")


def routed(shift=(0.0, 0.0, 0.0)):
    """The round head, its scanner shifted from the template."""
    patient = rh.head()
    m = np.eye(4)
    m[:3, 3] = shift
    edge = Affine.claim(m, dst=rh.FRAME, src=SIX, because="made up")
    return replace(patient, tree=patient.tree.with_edge(edge))


def planted_point(patient) -> np.ndarray:
    """The mid-cortex vertex nearest to where the patch is planted."""
    xyz = patient.cortex.left.mid.points.mm(rh.FRAME)
    return xyz[np.linalg.norm(xyz - PLANTED, axis=1).argmin()]


def write_run(folder, patient, *, strength=1.0, shift=(0, 0, 0), dead_in_front_of=np.inf):
    """A run of noise with a seed signal, its negative in a patch, and a global wave."""
    rng = np.random.default_rng(3)
    t = np.arange(VOLUMES) * TR
    wave = sum(np.sin(2 * np.pi * f * t + p) for f, p in ((0.021, 0.3), (0.043, 1.1), (0.07, 2)))
    whole = np.sin(2 * np.pi * 0.03 * t + 0.5) + np.sin(2 * np.pi * 0.055 * t)
    ijk = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), -1)
    xyz = ijk * STEP + LOW
    halves = [np.linalg.norm((xyz - [x, 0, 0]) / (rh.AXES_MM + 6), axis=-1) < 1 for x in (-34, 34)]
    inside = (halves[0] | halves[1]).astype(float)
    near_seed = np.linalg.norm(xyz - np.add(SEED, shift), axis=-1) <= 12
    patch = np.exp(-0.5 * (np.linalg.norm(xyz - planted_point(patient), axis=-1) / 8) ** 2)
    data = 1000 * inside[..., None] + rng.normal(0, 4, (*SHAPE, VOLUMES))
    data += inside[..., None] * 6 * whole
    data += (inside * near_seed)[..., None] * 8 * wave
    data -= (inside * patch)[..., None] * 12 * strength * wave
    data[xyz[..., 1] > dead_in_front_of] = 0
    affine = np.diag([STEP, STEP, STEP, 1.0])
    affine[:3, 3] = LOW
    image = nib.Nifti1Image(np.clip(data, 0, None).astype(np.int16), affine)
    image.header.set_zooms((STEP, STEP, STEP, TR))
    image.header.set_xyzt_units("mm", "sec")
    image.set_sform(affine, 1)
    image.set_qform(affine, 1)
    path = folder / "sub-x_task-rest_bold.nii"
    nib.save(image, path)
    return open_series(path, scanner=rh.FRAME)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    patient = routed()
    bold = write_run(tmp_path_factory.mktemp("bold"), patient)
    patient = replace(patient, bold=bold)
    return patient, sgacc_target(patient)


def test_the_planted_patch_is_found_within_3_mm(found) -> None:
    patient, target = found
    gap = float(np.linalg.norm(target.point.mm(rh.FRAME)[0] - planted_point(patient)))
    assert gap < 3
    assert target.hemi is Hemi.LEFT
    assert target.id == NAME
    assert target.spread_mm is not None
    assert target.spread_mm < 3


def test_it_says_what_it_is_and_that_it_is_contested(found) -> None:
    _, target = found
    assert target.name.endswith("(unverified)")
    assert CONTESTED in target.why
    assert "NO CONFOUNDS WERE REMOVED" in target.why
    assert "crown or sulcus alike" in target.why
    assert "Short run: 5.2 min" in target.why
    for words in ("doi:10.1002/hbm.25330", "own BOLD", "0.01-0.1 Hz", "global signal regressed",
                  "the patient's own transform", "voxels"):  # fmt: skip
        assert words in target.provenance


def test_without_global_signal_regression_the_wave_hides_it(found) -> None:
    """The global wave makes everything positive: refused, not answered with the least positive."""
    patient, _ = found
    with pytest.raises(InputError, match=r"round: nothing in the search region is anticorrelated"):
        sgacc_target(quiet_patch(patient), settings=replace(RAW, global_signal=False))


def quiet_patch(patient):
    """The same run without the planted patch."""
    folder = patient.bold.files[0].parent / "quiet"
    folder.mkdir(exist_ok=True)
    return replace(patient, bold=write_run(folder, patient, strength=0.0))


def test_the_seed_goes_where_the_template_goes(tmp_path) -> None:
    """A scanner 15 mm off the template: the seed follows, and is not read at (6, 16, -10)."""
    shift = (4.0, -15.0, 6.0)
    patient = routed(shift)
    bold = write_run(tmp_path, patient, shift=shift)
    data = seed_and_region(replace(patient, bold=bold), bold, RAW)
    still = seed_and_region(replace(routed(), bold=bold), bold, RAW)
    assert np.linalg.norm(data.seed) > 1.3 * np.linalg.norm(still.seed)


def test_the_search_region_is_four_spheres_of_the_template() -> None:
    shift = np.array([3.0, -2.0, 5.0])
    patient = routed(tuple(shift))
    route = route_between(TEMPLATE, patient, assumed=True)
    region = search_region(patient, route, SgaccSettings())
    xyz = patient.cortex.left.mid.points.mm(rh.FRAME) - shift
    least = np.min([np.linalg.norm(xyz - c, axis=1) for c in SEARCH], axis=0)
    np.testing.assert_array_equal(region, np.flatnonzero(least <= 20))


def test_a_group_map_weights_the_seed(found) -> None:
    """A map that is 1 at the seed alone gives the seed's own series; without the region."""
    patient, target = found
    at = Affine.claim(np.diag([2.0, 2, 2, 1]) @ shifted(-75), dst=SIX, src=Frame(Voxel, "map"),
                      because="made up")  # fmt: skip
    grid = Grid((80, 80, 80), at)
    ijk = np.stack(np.meshgrid(*[np.arange(80)] * 3, indexing="ij"), -1).reshape(-1, 3)
    there = grid.centres(ijk).distances(Points(SEED, SIX)) <= 10
    one = Volume(there.reshape(80, 80, 80).astype(float), grid)
    again = sgacc_target(patient, seed_map=one)
    assert again.point.distances(target.point)[0] < 3


def shifted(mm: float) -> np.ndarray:
    m = np.eye(4)
    m[:3, 3] = mm / 2
    return m


def test_on_the_patients_own_mesh(found, tmp_path) -> None:
    """The same run, sampled on the surfaces before: the seed is then cortex near the sphere."""
    patient, target = found
    image = nib.load(patient.bold.files[0])
    data = np.asarray(image.dataobj)
    files = {}
    for hemi, cortex in patient.cortex.sides():
        xyz = cortex.mid.points.mm(rh.FRAME)
        i, j, k = np.clip(np.rint((xyz - LOW) / STEP).astype(int), 0, np.array(SHAPE) - 1).T
        arrays = [
            nib.gifti.GiftiDataArray(data[i, j, k, v].astype(np.float32)) for v in range(VOLUMES)
        ]
        files[hemi] = tmp_path / f"sub-x_task-rest_hemi-{hemi.value[0].upper()}_bold.func.gii"
        nib.save(nib.GiftiImage(darrays=arrays), files[hemi])
    bold = open_series(files[Hemi.LEFT], scanner=rh.FRAME, tr_s=TR,
                       files=SeriesFiles(right=files[Hemi.RIGHT]))  # fmt: skip
    surface = replace(patient, bold=bold)
    region = seed_and_region(surface, bold, RAW)
    assert "vertices" in region.words
    again = sgacc_target(surface)
    assert again.point.distances(target.point)[0] < 6  # the nearest voxel of 5 mm, not 10 depths


def test_no_run_is_refused() -> None:
    with pytest.raises(InputError, match=r"round: 'sgacc-individual' is found in the patient's "
                       r"own BOLD, and there is no run\. Give bold = FILE"):  # fmt: skip
        sgacc_target(routed())


def test_no_route_is_refused(found) -> None:
    patient, _ = found
    with pytest.raises(FrameError, match="no route from MNI152NLin6Asym"):
        sgacc_target(replace(rh.head(), bold=patient.bold))


def test_a_run_without_the_region_is_refused(tmp_path) -> None:
    """A head that lies 60 mm lower than the run: the seed is in it, the prefrontal cortex not."""
    patient = routed()
    bold = write_run(tmp_path, patient)
    gone = replace(
        patient, cortex=Pair(rh.hemisphere(Hemi.LEFT), patient.cortex.right),
        tree=routed((0, 0, 45.0)).tree, bold=bold,
    )  # fmt: skip
    with pytest.raises(InputError, match=r"covers 0 % of the search region \(0 vertices\)"):
        sgacc_target(gone)


def test_a_run_with_a_hole_in_the_region_is_refused(tmp_path) -> None:
    """Signal dropout in front of y = 30: vertices that read a dead voxel have no value."""
    patient = routed()
    bold = write_run(tmp_path, patient, dead_in_front_of=30.0)
    with pytest.raises(InputError, match=r"covers [2-7]\d % of the search region"):
        sgacc_target(replace(patient, bold=bold))


def test_a_run_without_the_seed_is_refused(tmp_path) -> None:
    patient = routed((0.0, 0.0, -90.0))
    bold = write_run(tmp_path, patient)
    with pytest.raises(InputError, match=r"does not cover the subgenual seed \(6\.0, 16\.0, -10"):
        sgacc_target(replace(patient, bold=bold))


def test_the_band_is_the_settings(found) -> None:
    patient, _ = found
    other = seed_and_region(patient, patient.bold, replace(RAW, band=Band(0.15, 0.2)))
    power = np.abs(np.fft.rfft(other.seed)) ** 2
    frequency = np.fft.rfftfreq(VOLUMES, TR)
    outside = (frequency < 0.149) | (frequency > 0.201)
    assert power[outside].sum() < 1e-6 * power.sum()
