"""CIFTI files written with nibabel: by name, with a medial wall, to the patient by spheres."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nibabel.cifti2 import BrainModelAxis, Cifti2Image, ParcelsAxis, ScalarAxis, SeriesAxis
from real_files import real_data
from scipy.spatial import ConvexHull
from small_head import UNIT, surface_gifti, write_explicit, write_freesurfer, write_toml

from tmsplan.base.errors import AmbiguityError, FrameError, InputError
from tmsplan.patient import load_patient
from tmsplan.patient.cifti import DENSITY, read_cifti, read_dtseries_sides
from tmsplan.space import Hemi

#: The medial wall of the made files: a cap, another one on each side.
WALL = {"left": 0.9, "right": 0.8}
NAMES = {"left": "CORTEX_LEFT", "right": "CORTEX_RIGHT"}
KEPT = 3


def fibonacci(n: int = DENSITY) -> np.ndarray:
    """Return n points, evenly on the unit sphere."""
    k = np.arange(n) + 0.5
    z, turn = 1 - 2 * k / n, np.pi * (1 + 5**0.5) * k
    r = np.sqrt(1 - z**2)
    return np.stack([r * np.cos(turn), r * np.sin(turn), z], -1)


POINTS = fibonacci()
#: fsLR's sphere lies otherwise than fsaverage's: here by a quarter turn, so a mix-up shows.
QUARTER = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])


def values(xyz: np.ndarray, side: str) -> np.ndarray:
    """Return a smooth map on the unit sphere, another one on each side."""
    sign = 1 if side == "left" else -1
    return 0.2 + sign * 0.3 * xyz[:, 0] + 0.1 * xyz[:, 1]


def models(
    sides=("right", "left"), n: int = DENSITY, *, deep: int = 7, thin: int = 1
) -> BrainModelAxis:
    """Return brain models: right before left, as names and not order must decide."""
    axis = None
    for side in sides:
        mask = np.abs(fibonacci(n)[:, 2] - 0.95) > 0.95 - WALL[side]
        mask &= np.arange(n) % thin == 0  # fewer vertices make a smaller file
        one = BrainModelAxis.from_mask(mask, name=NAMES[side])
        axis = one if axis is None else axis + one
    if deep:
        mask = np.zeros((3, 3, 3), bool)
        mask.flat[:deep] = True
        axis += BrainModelAxis.from_mask(mask, name="THALAMUS_LEFT", affine=np.eye(4))
    return axis


THIN = models(thin=16)


def matrix(axis: BrainModelAxis, rows: int = 1) -> np.ndarray:
    """Return the map at every model; row k is k higher."""
    out = np.full(len(axis), 9.0)
    for side, name in NAMES.items():
        at = axis.name == f"CIFTI_STRUCTURE_{name}"
        out[at] = values(POINTS[axis.vertex[at] % DENSITY], side)
    return np.float32(out + np.arange(rows)[:, None])


def dscalar(path: Path, axis: BrainModelAxis | None = None, maps=("coupling",)) -> Path:
    axis = axis or models()
    nib.save(Cifti2Image(matrix(axis, len(maps)), (ScalarAxis(list(maps)), axis)), path)
    return path


def dtseries(path: Path, rows: int = 6, step: float = 2.0, unit: str = "SECOND") -> Path:
    axis = models(thin=16)
    nib.save(Cifti2Image(matrix(axis, rows), (SeriesAxis(0, step, rows, unit), axis)), path)
    return path


def sphere(path: Path, xyz: np.ndarray, side: str) -> None:
    nib.save(surface_gifti(100 * xyz, "lh" if side == "left" else "rh", 0, hull(len(xyz))), path)


@cache
def hull(n: int) -> np.ndarray:
    """Return the triangles of `POINTS`, or of the small head; a turn changes none of them."""
    return ConvexHull(POINTS if n == len(POINTS) else UNIT).simplices


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A patient with sphere.reg, spheres of fsLR, and a map."""
    folder = tmp_path_factory.mktemp("cifti")
    write_freesurfer(folder / "fs")
    for side in ("left", "right"):
        sphere(folder / f"fsLR.32k.{side}.surf.gii", POINTS, side)
        sphere(folder / f"space-fsaverage_32k_{side}.surf.gii", POINTS @ QUARTER.T, side)
        # The patient's own sphere in fsLR: where sphere.reg lies, turned back.
        sphere(folder / f"own_{side}.surf.gii", UNIT @ QUARTER, side)
    dscalar(folder / "map.dscalar.nii")
    return folder


MAPS = 'coupling = "map.dscalar.nii"'
TO_FSLR = """[fslr]
registered_to = "fsLR"
left_sphere = "fsLR.32k.left.surf.gii"
right_sphere = "fsLR.32k.right.surf.gii"
left_own = "own_left.surf.gii"
right_own = "own_right.surf.gii"
"""
TO_FSAVERAGE = """[fslr]
registered_to = "fsaverage"
left_sphere = "space-fsaverage_32k_left.surf.gii"
right_sphere = "space-fsaverage_32k_right.surf.gii"
"""


def patient(home: Path, fslr: str, maps: str = MAPS, name: str = "patient"):
    toml = write_toml(home, 'freesurfer = "fs"', f"{maps}\n{fslr}")
    return load_patient(toml.rename(home / f"{name}.toml"))


@pytest.mark.parametrize("fslr", [TO_FSLR, TO_FSAVERAGE])
def test_a_map_reaches_the_patient_by_either_registration(home, fslr) -> None:
    found = patient(home, fslr).maps["coupling"]
    for hemi, field in found.sides():
        truth = values(UNIT @ QUARTER, hemi.value)
        wall = np.isnan(field.values)
        at_wall = np.abs((UNIT @ QUARTER)[:, 2] - 0.95) <= 0.95 - WALL[hemi.value]
        assert np.mean(wall == at_wall) > 0.99
        assert 0.02 < wall.mean() < 0.2
        # 32 492 points on a sphere of 1 lie 0.02 apart; the map has a slope of at most 0.32.
        assert np.abs(field.values[~wall] - truth[~wall]).max() < 0.32 * 0.02
    assert found.left.domain.mesh == "fsnative"


def test_structures_are_found_by_name_and_the_rest_is_told(home) -> None:
    cifti = read_cifti(home / "map.dscalar.nii")
    assert cifti.elsewhere == 7
    assert cifti.maps == ("coupling",)
    for side, one in cifti.values.sides():
        known = np.isfinite(one[0])
        assert one.shape == (1, DENSITY)
        assert np.allclose(one[0][known], values(POINTS[known], side.value), atol=1e-6)
    assert np.isfinite(cifti.values.left).sum() != np.isfinite(cifti.values.right).sum()


def test_without_spheres_the_message_says_what_to_give(home) -> None:
    with pytest.raises(FrameError, match=r"map\.dscalar\.nii: it lies on fsLR-32k.*\[fslr\] in"):
        patient(home, "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"fsLR"', '"fsaverage"', "registered to fsaverage and left_own is given"),
        ('left_own = "own_left.surf.gii"\n', "", r"\[fslr\] has no 'left_own'"),
        ('registered_to = "fsLR"\n', "", r"\[fslr\] has no 'registered_to'"),
        ("left_sphere", "left_spher", r"unknown key 'left_spher' in \[fslr\].*'left_sphere'"),
        ("fsLR.32k.left", "fsLR.32k.right", r"right\.surf\.gii: given as the left"),
        ("fsLR.32k.left", "own_left", rf"own_left\.surf\.gii: it has 2562 vertices.*{DENSITY}"),
        ("fsLR.32k.left", "space-fsaverage_32k_left", "registered to fsaverage, .fslr. says fsLR"),
    ],
)  # fmt: skip
def test_spheres_that_cannot_be_right_are_refused(home, old, new, message) -> None:
    assert old in TO_FSLR
    text = TO_FSLR.replace(old, new)
    with pytest.raises(InputError, match=message):
        patient(home, text)


def test_a_folded_surface_is_no_sphere(home) -> None:
    sphere(home / "egg.surf.gii", POINTS, "left")
    egg = nib.load(home / "egg.surf.gii")
    egg.darrays[0].data = egg.darrays[0].data * np.float32([1, 1, 0.7])
    nib.save(egg, home / "egg.surf.gii")
    with pytest.raises(InputError, match=r"egg\.surf\.gii: its radius runs from 70\.0 to 100\.0"):
        patient(home, TO_FSLR.replace("fsLR.32k.left", "egg"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: dscalar(p, THIN, ("a", "b")), r"it holds 2 maps \(a, b\).*not guessed"),
        (lambda p: dscalar(p, models(("left",), thin=16)), r"there is no right cortex"),
        (lambda p: dscalar(p, models(n=59292, thin=16)), rf"59292 vertices.*{DENSITY} \(fsLR"),
        (lambda p: p.write_bytes(b"\0" * 600), "no NIfTI-2 header"),
        (lambda p: p.write_bytes(dscalar(p, THIN).read_bytes()[:4000]), "CIFTI-2|start"),
        (lambda p: p.write_bytes(
            dscalar(p, THIN).read_bytes().replace(b"<CIFTI", b"<!ENTITY x><CIFTI", 1)
        ), "declares an entity"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_such_map_is_refused(home, make, message) -> None:
    make(home / "bad.dscalar.nii")
    with pytest.raises(InputError, match=r"bad\.dscalar\.nii: .*(" + message + ")"):
        patient(home, TO_FSLR, 'coupling = "bad.dscalar.nii"')


def test_parcels_and_labels_are_no_maps(home) -> None:
    with pytest.raises(InputError, match=r"x\.dlabel\.nii: 'coupling' is a surface file"):
        patient(home, TO_FSLR, 'coupling = "x.dlabel.nii"')
    with pytest.raises(InputError, match=r"map\.dscalar\.nii: 'gm' is a surface file"):
        patient(home, TO_FSLR, 'gm = "map.dscalar.nii"')
    with pytest.raises(InputError, match="no map or series by its name"):
        read_cifti(home / "x.dlabel.nii")


def test_a_repeated_vertex_is_refused(home) -> None:
    axis = models(thin=16)
    axis.vertex[5] = axis.vertex[6]
    dscalar(home / "bad.dscalar.nii", axis)
    with pytest.raises(InputError, match="a vertex of its right cortex occurs twice"):
        read_cifti(home / "bad.dscalar.nii")


def test_parcels_under_the_name_of_a_map_are_refused(home) -> None:
    both = [(NAMES[s], np.arange(4) + k) for k, s in enumerate(NAMES)]
    parcels = ParcelsAxis.from_brain_models(
        [(n, BrainModelAxis.from_surface(v, DENSITY, name=n)) for n, v in both]
    )
    image = Cifti2Image(np.zeros((1, 2), np.float32), (ScalarAxis(["coupling"]), parcels))
    nib.save(image, home / "bad.dscalar.nii")
    with pytest.raises(InputError, match=r"its axes are ScalarAxis and ParcelsAxis.*dense"):
        read_cifti(home / "bad.dscalar.nii")


def test_fsaverage_needs_the_patients_own_sphere(home, tmp_path) -> None:
    toml = write_explicit(tmp_path, maps=f'coupling = "{home}/map.dscalar.nii"\n{TO_FSAVERAGE}')
    toml.write_text(toml.read_text().replace('"space-fs', f'"{home}/space-fs'))
    with pytest.raises(FrameError, match=r"left hemisphere has no sphere\.reg\. Give left_sphere"):
        load_patient(toml)


def test_a_real_label_file_of_fslr_is_refused_as_a_map() -> None:
    path = real_data("atlases") / "fsaverage.BN_Atlas.32k_fs_LR_246regions.dlabel.nii"
    with pytest.raises(InputError, match="no map or series by its name"):
        read_cifti(path)


# Series


def test_a_series_is_a_run_on_fslr(home) -> None:
    dtseries(home / "sub-01_task-rest_space-fsLR_den-91k_bold.dtseries.nii")
    side = {"RepetitionTime": 2.0, "TaskName": "rest"}
    (home / "sub-01_task-rest_space-fsLR_den-91k_bold.json").write_text(json.dumps(side))
    maps = 'bold = "sub-01_task-rest_space-fsLR_den-91k_bold.dtseries.nii"'
    series = patient(home, "", maps).bold
    assert (series.tr_s, series.n_volumes, series.task, series.kind) == (2.0, 6, "rest", "cifti")
    assert series.mesh.left == "fsLR_32k"
    sides = read_dtseries_sides(series)
    known = np.isfinite(sides[Hemi.RIGHT][:, 0])
    truth = values(POINTS[known], "right") + KEPT
    assert np.allclose(sides[Hemi.RIGHT][known, KEPT], truth, atol=1e-5)


def test_a_series_reaches_the_patient_by_the_spheres_of_the_patient_toml(home) -> None:
    dtseries(home / "way.dtseries.nii")
    maps = 'bold = "way.dtseries.nii"'
    assert patient(home, "", maps).bold.vertex_at is None  # nothing says the way
    found = patient(home, TO_FSLR, maps)
    for hemi in Hemi:
        at = found.bold.vertex_at.side(hemi)
        # Each vertex takes from the place where the patient's own sphere of fsLR lies.
        apart = np.linalg.norm(POINTS[at] - UNIT @ QUARTER, axis=1)
        assert apart.max() < 0.02
        assert len(at) == len(found.cortex.side(hemi).pial)


def test_a_series_whose_step_differs_or_is_no_time_is_refused(home) -> None:
    path = dtseries(home / "x.dtseries.nii", step=1.0)
    (home / "x.json").write_text('{"RepetitionTime": 1.4}')
    with pytest.raises(AmbiguityError, match=r"stated differently: 1 s in .* 1\.4 s in"):
        patient(home, "", 'bold = "x.dtseries.nii"')
    assert patient(home, "", 'bold = "x.dtseries.nii"\ntr = 1.4').bold.tr_s == 1.4
    dtseries(path, unit="HERTZ")
    with pytest.raises(InputError, match=r"x\.dtseries\.nii: its series has steps of 2 hertz"):
        patient(home, "", 'bold = "x.dtseries.nii"')
    dscalar(home / "maps.dscalar.nii", models(thin=16)).rename(path)
    with pytest.raises(InputError, match=r"x\.dtseries\.nii: no series of volumes"):
        patient(home, "", 'bold = "x.dtseries.nii"')
    with pytest.raises(InputError, match=r"x\.dtseries\.nii: it holds a series"):
        read_cifti(dtseries(path)).only_map()
