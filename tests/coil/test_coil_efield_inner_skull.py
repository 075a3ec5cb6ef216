"""The inner skull, from a file, a mask, labels or the cortex: on a round head and a real one."""

from __future__ import annotations

from dataclasses import replace

import ecog_head
import nibabel as nib
import nibabel.freesurfer as nfs
import numpy as np
import pytest
import round_head as rh
from real_files import real_data

from tmsplan.base.errors import InputError
from tmsplan.coil.efield.even_mesh import evenly_meshed
from tmsplan.coil.efield.inner_skull import LEAST_DEPTH, SCALP_GAP, inner_skull_of
from tmsplan.coil.efield.mask_surface import surface_of_points, surface_of_volume
from tmsplan.space.frame import Frame, Voxel
from tmsplan.space.grid import Grid, Volume
from tmsplan.space.points import Points
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Affine, Rigid
from tmsplan.surface import Domain, Surface
from tmsplan.surface.check import check_closed
from tmsplan.surface.proximity import closest_on_faces

pytestmark = pytest.mark.slow  # surfaces from masks, several heads


def ball(radius: float, subdivisions: int = 4) -> Surface:
    v, f = rh.sphere(subdivisions)
    return Surface(Points(v * radius, rh.FRAME), f, Domain("inner-skull", len(v), None, "round"))


def ellipsoid_volume(axes_mm, step: float = 2.0) -> Volume:
    n = int(2 * max(axes_mm) / step) + 21
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = -step * (n - 1) / 2
    grid = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), -1) * step + affine[:3, 3]
    data = ((grid / np.array(axes_mm)) ** 2).sum(axis=-1) <= 1
    own = Affine.claim(affine, dst=rh.FRAME, src=Frame(Voxel, "mask"), because="made up")
    return Volume(data.astype(np.uint8), Grid((n, n, n), own))


def radii(surface: Surface) -> np.ndarray:
    return np.linalg.norm(surface.points.mm(rh.FRAME), axis=1)


def test_a_mask_becomes_its_surface_grown_by_what_was_asked() -> None:
    made = surface_of_volume(ellipsoid_volume((60, 60, 60)), grown_mm=2.0)
    check_closed(made, "ball")
    assert np.median(radii(made)) == pytest.approx(62, abs=0.4)
    assert np.ptp(radii(made)) < 2.5  # a voxel of 2 mm, smoothed


def test_a_sulcus_is_closed_and_a_cloud_is_filled() -> None:
    """Points of a hollow ball with a cut 8 mm wide become a full one."""
    v, _ = rh.sphere(6)
    shell = v[np.abs(v[:, 0]) > 4 / 60] * 60
    made = surface_of_points(Points(shell, rh.FRAME), grown_mm=0.0)
    assert np.median(radii(made)) == pytest.approx(60, abs=0.6)
    assert radii(made).min() > 58


def test_a_mask_of_nothing_or_of_a_pea_is_refused() -> None:
    volume = ellipsoid_volume((60, 60, 60))
    with pytest.raises(InputError, match="every voxel is 0"):
        surface_of_volume(Volume(volume.data * 0, volume.grid), grown_mm=2.0)
    with pytest.raises(InputError, match=r"the brain has 0\.0\d litres. Expected more than 0\.3"):
        surface_of_points(Points([[0, 0, 0], [1, 1, 1]], rh.FRAME), grown_mm=2.0)


def test_an_even_mesh_lies_on_the_surface_with_like_triangles() -> None:
    v, f = rh.sphere(5)
    axes = np.array([65.0, 85.0, 60.0])
    skull = Surface(Points(v * axes + [5, -9, 20], rh.FRAME), f, Domain("x", len(v), None, "r"))
    mesh = evenly_meshed(skull)
    check_closed(mesh, "even mesh")
    assert len(mesh.faces) == 5120
    assert closest_on_faces(skull, mesh.points).distance_mm.max() < 1e-6
    corners = mesh.corners()
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    assert (edges.max(axis=1) / edges.min(axis=1)).max() < 2
    areas = mesh.face_areas()
    assert areas.max() / areas.min() < 6


def test_a_surface_with_a_hole_in_the_way_is_refused() -> None:
    open_ball = ball(70)
    cut = Surface(open_ball.points, open_ball.faces[2000:], open_ball.domain)
    with pytest.raises(InputError, match=r"never leaves it|V - E|enclose|edges"):
        evenly_meshed(cut)


@pytest.fixture(scope="module")
def head():
    return rh.head()


def test_every_patient_has_one_and_it_says_from_what(head) -> None:
    skull = inner_skull_of(head)
    assert skull.how.startswith("cortical surfaces, closed by 10 mm, grown by 5 mm")
    assert skull.outside == skull.shallow == 0
    assert skull.warnings() == ()
    check_closed(skull.surface, "inner skull")
    gap = -closest_on_faces(head.scalp, skull.surface.points).signed_mm
    assert gap.min() > SCALP_GAP.value - 0.2
    # The pial surface lies 1.5 mm over mid-cortex and the skull 5 mm over the pial surface.
    depths = np.concatenate([d.values for _, d in skull.depth.sides()])
    assert 5 < depths.min() < 8
    assert all(skull.trusted(hemi).all() for hemi in Hemi)


@pytest.mark.slow
def test_a_surface_of_the_patient_comes_before_a_mask(head) -> None:
    given = replace(
        head, inner_skull=ball(82, 5), maps={"brain_mask": ellipsoid_volume((75,) * 3)}
    )
    skull = inner_skull_of(given)
    assert skull.how.startswith("inner skull surface read with the patient")
    assert np.median(radii(skull.surface)) == pytest.approx(82, abs=0.1)
    masked = inner_skull_of(replace(given, inner_skull=None))
    assert masked.how.startswith("brain mask, closed by 10 mm, grown by 2 mm")
    assert np.median(radii(masked.surface)) == pytest.approx(77, abs=0.5)
    labelled = inner_skull_of(replace(head, ribbon=ellipsoid_volume((75,) * 3)))
    assert labelled.how.startswith("labels of the brain, closed by 10 mm, grown by 5 mm")
    assert np.median(radii(labelled.surface)) == pytest.approx(80, abs=0.5)


def test_cortex_that_sticks_out_is_counted_and_the_surface_moved_off_it(head) -> None:
    """A ball that leaves out the farthest 3 % of the vertices."""
    mids = np.vstack([c.mid.points.mm(rh.FRAME) for _, c in head.cortex.sides()])
    far = np.linalg.norm(mids, axis=1)
    radius = float(np.quantile(far, 0.97))
    skull = inner_skull_of(replace(head, inner_skull=ball(radius, 5), scalp=None))
    out = int((far > radius).sum())
    assert skull.found_outside == pytest.approx(out, rel=0.1)
    assert skull.outside == 0
    assert "outward to stay 2 mm off mid-cortex" in skull.how
    depths = np.concatenate([d.values for _, d in skull.depth.sides()])
    again = np.concatenate(
        [-closest_on_faces(skull.surface, c.mid.points).signed_mm for _, c in head.cortex.sides()]
    )
    assert np.abs(depths - again).max() < 1e-9
    assert depths.min() > LEAST_DEPTH.value - 0.1
    assert f"{skull.found_outside} of {len(mids)} cortical vertices" in skull.warnings()[0]


def test_a_skull_of_another_person_is_refused(head) -> None:
    with pytest.raises(
        InputError, match=r"round: \d\d\.\d % of the cortex lies outside the inner"
    ):
        inner_skull_of(replace(head, inner_skull=ball(55, 5), scalp=None))


def test_a_skull_too_near_the_scalp_is_moved_inward(head) -> None:
    skull = inner_skull_of(replace(head, inner_skull=ball(88, 5)))
    assert "inward to stay 4 mm off scalp" in skull.how
    assert radii(skull.surface).max() < 90 - SCALP_GAP.value + 0.3


def test_a_scalp_inside_the_brain_is_refused(head) -> None:
    with pytest.raises(InputError, match=r"of the inner skull|outside the inner skull|scalp"):
        inner_skull_of(replace(head, inner_skull=ball(88, 5), scalp=rh.scalp(50)))


# A real head ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ecog():
    return ecog_head.ecog_patient(real_data("mne_sample_ecog"))


def watershed() -> Surface:
    folder = real_data("mne_sample_ecog")
    header = nib.load(folder / "mri/T1.mgz").header
    own = Rigid.claim(
        header.get_vox2ras() @ np.linalg.inv(header.get_vox2ras_tkr()),
        dst=ecog_head.ECOG, src=ecog_head.TKRAS, because="T1.mgz",
    )  # fmt: skip
    v, f = nfs.read_geometry(folder / "bem/watershed/sample_ecog_inner_skull_surface")
    return Surface(
        Points(v, ecog_head.TKRAS), f, Domain("inner-skull", len(v), None, "ecog")
    ).moved(own)


def volume(name: str) -> Volume:
    image = nib.load(real_data("mne_sample_ecog") / "mri" / name)
    own = Affine.claim(image.affine, dst=ecog_head.ECOG, src=Frame(Voxel, name), because=name)
    return Volume((np.asarray(image.dataobj) > 0).astype(np.uint8), Grid(image.shape, own))


@pytest.mark.slow
def test_on_a_real_head_every_way_agrees_with_the_watershed(ecog) -> None:
    """Above the brain's middle, where coils are held: median offset of the surfaces, mm."""
    file = watershed()
    ways = {
        "file": (replace(ecog, inner_skull=file), 0.05),
        "mask": (replace(ecog, maps={"brain_mask": volume("brain.mgz")}), 0.6),
        "labels": (replace(ecog, ribbon=volume("aparc+aseg.mgz")), 0.5),
        "cortex": (ecog, 0.5),
    }
    for name, (patient, most) in ways.items():
        skull = inner_skull_of(patient)
        assert skull.outside == skull.shallow == 0, name
        z = skull.surface.points.mm(ecog_head.ECOG)[:, 2]
        upper = skull.surface.points.take(np.flatnonzero(z > np.median(z)))
        assert abs(np.median(closest_on_faces(file, upper).signed_mm)) < most, name
        gap = -closest_on_faces(ecog.scalp, skull.surface.points).signed_mm
        assert gap.min() > SCALP_GAP.value - 0.2, name
