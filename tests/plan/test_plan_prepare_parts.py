"""The parts of the preparation with a known answer: motion, the warp file, tables, pictures."""

import tomllib

import numpy as np
import pytest

from tmsplan.base.errors import MissingPartError
from tmsplan.patient.image import ImageRules, read_image
from tmsplan.plan.prepare import engine
from tmsplan.plan.prepare.files import write_confounds, write_image, write_toml
from tmsplan.plan.prepare.itk_chain import Chain, write_chain
from tmsplan.plan.prepare.motion import framewise_displacement, realign, rigid_matrix
from tmsplan.plan.prepare.picture import Picture, resampled_along_axes
from tmsplan.plan.prepare.template import load_template, template_cortex
from tmsplan.space import Frame, Hemi, Points, Scanner, read_itk_warp, template_frame

RNG = np.random.default_rng(7)
OBLIQUE = np.array(
    [[-2.9, 0.3, 0.2, 60.0], [0.25, 2.8, -0.9, -55.0], [0.3, 0.85, 3.1, -40.0], [0, 0, 0, 1.0]]
)


def _blobs(world: np.ndarray) -> np.ndarray:
    """Return a smooth head-like pattern that is defined everywhere, so moving it is exact."""
    r = np.linalg.norm((world - (0, 5, 8)) / (45, 55, 42), axis=-1)
    waves = np.cos(world[..., 0] / 7) * np.sin(world[..., 1] / 9 + 1) * np.cos(world[..., 2] / 8)
    return 900 / (1 + np.exp(12 * (r - 1))) * (1 + 0.25 * waves)


def _world(shape: tuple[int, int, int], affine: np.ndarray) -> np.ndarray:
    ijk = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), -1)
    return ijk @ affine[:3, :3].T + affine[:3, 3]


def test_realign_finds_known_motion_to_a_twentieth_of_a_millimetre():
    shape = (40, 44, 30)
    world = _world(shape, OBLIQUE)
    true = np.array(
        [[0, 0, 0, 0, 0, 0], [0.8, -0.4, 0.6, 0.01, -0.015, 0.02], [-1.5, 1.0, 0.3, 0, 0.02, 0]]
    )
    centre = np.array([0.0, 5.0, 8.0])
    volumes = []
    for p in true:
        back = np.linalg.inv(rigid_matrix(p, centre))
        volumes.append(_blobs(world @ back[:3, :3].T + back[:3, 3]))
    found = realign(np.stack(volumes, -1).astype(np.float32), OBLIQUE, 0)
    edge = centre + 60 * np.eye(3)
    for t, p in enumerate(true):
        a, b = found.matrix(t), rigid_matrix(p, centre)
        off = (edge @ a[:3, :3].T + a[:3, 3]) - (edge @ b[:3, :3].T + b[:3, 3])
        assert np.linalg.norm(off, axis=1).max() < 0.05


def test_framewise_displacement_is_powers_sum():
    p = np.zeros((3, 6))
    p[1] = (0.1, -0.2, 0.3, 0.01, 0.0, -0.002)
    fd = framewise_displacement(p)
    assert np.isnan(fd[0])
    assert fd[1] == pytest.approx(0.6 + 50 * 0.012)
    assert fd[2] == pytest.approx(fd[1])


def _chain() -> Chain:
    grid = np.diag([4.0, 4.0, 5.0, 1.0])
    grid[:3, 3] = (-90, -120, -70)
    field = RNG.normal(0, 1.5, (45, 55, 40, 3))
    a = rigid_matrix(np.array([3, -8, 12, 0.2, -0.1, 0.05]), np.zeros(3))
    a[:3, :3] *= 1.08
    return Chain(a, field, RNG.normal(0, 1.5, (45, 55, 40, 3)), grid)


def test_the_written_warp_moves_points_as_the_chain_does(tmp_path):
    chain = _chain()
    path = tmp_path / "from-MNI152NLin2009aSym_to-T1w_mode-image_xfm.h5"
    write_chain(chain, path)
    scanner, mni = Frame(Scanner, "sub-01"), template_frame("MNI152NLin2009aSym")
    warp = read_itk_warp(path, moving=mni, fixed=scanner)
    xyz = RNG.uniform(-60, 60, (500, 3))
    moved = (warp.pulls @ Points(xyz, scanner)).mm(mni)
    assert np.abs(moved - chain.template_from_t1(xyz)).max() < 1e-9


def test_ants_reads_the_written_warp_alike(tmp_path):
    ants = pytest.importorskip("ants", reason="the extra [prepare] is not installed")
    chain = _chain()
    path = tmp_path / "from-MNI152NLin2009aSym_to-T1w_mode-image_xfm.h5"
    write_chain(chain, path)
    xyz = RNG.uniform(-60, 60, (200, 3))
    lps = xyz * (-1, -1, 1)
    transform = ants.read_transform(str(path))
    theirs = np.array([transform.apply_to_point(tuple(p)) for p in lps]) * (-1, -1, 1)
    assert np.abs(theirs - chain.template_from_t1(xyz)).max() < 1e-3


def test_simpleitk_reads_the_written_warp_alike(tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    chain = _chain()
    path = tmp_path / "warp.h5"
    write_chain(chain, path)
    transform = sitk.ReadTransform(str(path))
    xyz = RNG.uniform(-60, 60, (200, 3))
    theirs = np.array([transform.TransformPoint(p) for p in (xyz * (-1, -1, 1)).tolist()])
    assert np.abs(theirs * (-1, -1, 1) - chain.template_from_t1(xyz)).max() < 1e-3


def test_resampling_keeps_every_place():
    """A ramp in world coordinates reads the same world coordinates after resampling."""
    shape = (30, 32, 34)
    world = _world(shape, OBLIQUE)
    for axis in range(3):
        ramp = Picture(world[..., axis].astype(np.float32), OBLIQUE)
        out = resampled_along_axes(ramp, 4.0)
        inner = (slice(3, -3),) * 3
        expected = _world(out.data.shape, out.affine)[..., axis]
        assert np.abs(out.data - expected)[inner].max() < 0.02


def test_the_carried_template_is_the_symmetric_one():
    """nilearn's page says asymmetrical; the voxels equal their own mirror image."""
    template = load_template()
    for picture in (template.t1, template.gm, template.wm):
        assert picture.affine[0, 3] == -98
        assert picture.data.shape[0] == 197
        assert np.array_equal(picture.data, picture.data[::-1])


def test_the_template_cortex_lies_in_the_template_s_grey_matter():
    gm = load_template().gm
    for hemi, sheet in template_cortex().sides():
        middle = ((sheet.white + sheet.pial) / 2)[sheet.parcels > 0]
        assert (middle[:, 0].mean() < 0) == (hemi is Hemi.LEFT)
        here = (gm.at(middle) > 0.4).mean()
        shifted = [
            (gm.at(middle + s) > 0.4).mean() for s in 6 * np.vstack([np.eye(3), -np.eye(3)])
        ]
        assert here > max(shifted)


def test_a_written_image_passes_the_strict_reader(tmp_path):
    path = tmp_path / "gm.nii.gz"
    data = RNG.uniform(size=(60, 62, 50)).astype(np.float32)
    q, _ = np.linalg.qr(OBLIQUE[:3, :3])
    affine = np.eye(4)
    affine[:3, :3] = q * np.sign(np.diag(q)) * 3.0
    affine[:3, 3] = (-90, -80, -70)
    write_image(path, data, affine)
    image = read_image(path, ImageRules())
    assert np.array_equal(image.data, data)
    corners = np.array([[0, 0, 0], [59, 61, 49]])
    for ijk in corners:
        off = (
            image.affine[:3, :3] @ ijk + image.affine[:3, 3] - affine[:3, :3] @ ijk - affine[:3, 3]
        )
        assert np.abs(off).max() < 1e-3
    assert image.qform_code == image.sform_code == 1


def test_confounds_write_na_where_there_is_no_value(tmp_path):
    write_confounds(
        tmp_path / "c.tsv",
        {"trans_x": np.array([0.0, 0.25]), "framewise_displacement": np.array([np.nan, 0.25])},
    )
    text = (tmp_path / "c.tsv").read_text()
    assert text == "trans_x\tframewise_displacement\n0\tn/a\n0.25\t0.25\n"


def test_toml_quotes_what_people_type(tmp_path):
    write_toml(tmp_path / "p.toml", {"id": "sub-01", "site": 'a "b" \\c'}, {"qc": {"x": 1 / 3}})
    read = tomllib.loads((tmp_path / "p.toml").read_text())
    assert read["site"] == 'a "b" \\c'
    assert read["qc"]["x"] == pytest.approx(1 / 3, abs=1e-6)


def test_without_ants_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ants", None)
    with pytest.raises(MissingPartError, match=r'pip install "tmsplan\[prepare\]"'):
        engine.load_ants()
