"""Warps against SimpleITK, an independent reader and writer of ITK transforms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its own customary name
from strategies import SCANNER

from tmsplan.base import FrameError, InputError
from tmsplan.space import Frame, ImageWarp, Mni2009cAsym, Points, read_itk_warp

MNI = Frame(Mni2009cAsym, "template")
LPS = np.array([-1.0, -1, 1])
#: The field is interpolated linearly by both; what is left is rounding of coordinates.
FIELD_MM = 1e-6


def field_transform(rng: np.random.Generator) -> sitk.DisplacementFieldTransform:
    """A smooth field of up to a few mm on an oblique, anisotropic, off-centre grid."""
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in (21, 24, 19)], indexing="ij"))
    coefficients = rng.uniform(-4, 4, (3, 3))
    data = np.einsum("cd,dzyx->zyxc", coefficients, np.sin(1.3 * grid))
    image = sitk.GetImageFromArray(data, isVector=True)
    image.SetSpacing((7.0, 8.0, 9.5))
    image.SetOrigin((-70.0, -90.0, -60.0))
    a = 0.2
    image.SetDirection((np.cos(a), -np.sin(a), 0, np.sin(a), np.cos(a), 0, 0, 0, 1))
    return sitk.DisplacementFieldTransform(sitk.Cast(image, sitk.sitkVectorFloat64))


def affine_transform() -> sitk.AffineTransform:
    t = sitk.AffineTransform(3)
    t.SetMatrix((1.05, 0.03, -0.02, -0.01, 0.97, 0.04, 0.02, -0.03, 1.1))
    t.SetTranslation((3.0, -7.0, 11.0))
    t.SetCenter((5.0, 6.0, -8.0))
    return t


def sitk_points(transform: sitk.Transform, ras: np.ndarray) -> np.ndarray:
    return np.array([transform.TransformPoint((p * LPS).tolist()) for p in ras]) * LPS


@pytest.fixture
def ras() -> np.ndarray:
    return np.random.default_rng(7).uniform(-30, 30, (40, 3))


def written(transform: sitk.Transform, path: Path) -> ImageWarp:
    sitk.WriteTransform(transform, str(path))
    return read_itk_warp(path, moving=MNI, fixed=SCANNER)


def test_an_affine_file_maps_points_as_itk_does(tmp_path, ras) -> None:
    warp = written(affine_transform(), tmp_path / "affine.tfm")
    got = warp.pulls @ Points(ras, SCANNER)
    np.testing.assert_allclose(got.mm(MNI), sitk_points(affine_transform(), ras), atol=1e-6)


def test_a_composite_h5_maps_points_as_itk_does(tmp_path, ras) -> None:
    chain = sitk.CompositeTransform(3)
    chain.AddTransform(affine_transform())
    chain.AddTransform(field_transform(np.random.default_rng(1)))
    warp = written(chain, tmp_path / "from-MNI_to-T1w_xfm.h5")
    got = (warp.pulls @ Points(ras, SCANNER)).mm(MNI)
    np.testing.assert_allclose(got, sitk_points(chain, ras), atol=FIELD_MM)
    # The order of the chain matters: the reverse would be seen.
    wrong = sitk.CompositeTransform(
        [field_transform(np.random.default_rng(1)), affine_transform()]
    )
    assert np.abs(got - sitk_points(wrong, ras)).max() > 100 * FIELD_MM


def test_the_inverse_brings_points_back(tmp_path, ras) -> None:
    chain = sitk.CompositeTransform(3)
    chain.AddTransform(affine_transform())
    chain.AddTransform(field_transform(np.random.default_rng(2)))
    pulls = written(chain, tmp_path / "x.h5").pulls
    there = pulls @ Points(ras, SCANNER)
    # 1e-4 mm residual in the image, at most doubled by the local scale.
    np.testing.assert_allclose((pulls.inverse() @ there).mm(SCANNER), ras, atol=3e-4)


def test_an_image_warp_refuses_points_and_names_the_way(tmp_path) -> None:
    warp = written(affine_transform(), tmp_path / "affine.tfm")
    with pytest.raises(TypeError, match=r"moves points the other way, to template/Mni2009cAsym"):
        warp @ Points([0, 0, 0], SCANNER)
    with pytest.raises(FrameError, match="cannot warp points"):
        warp.pulls @ Points([0, 0, 0], MNI)


def test_a_folded_field_cannot_be_inverted_and_says_so() -> None:
    from tmsplan.space import PointWarp

    folded = PointWarp.claim(
        lambda x: x + 40 * np.sin(x / 3.0), dst=MNI, src=SCANNER, because="a folding test field"
    )
    with pytest.raises(InputError, match="could not be inverted"):
        folded.inverse() @ Points([[10.0, 3.0, 7.0], [1.0, 2.0, 3.0]], MNI)


@pytest.mark.parametrize("name", ["x.h5", "x.txt"])
def test_a_broken_file_is_named(tmp_path, name) -> None:
    path = tmp_path / name
    path.write_bytes(b"not a transform")
    with pytest.raises(InputError, match=rf"{name}: cannot be read as an ITK transform"):
        read_itk_warp(path, moving=MNI, fixed=SCANNER)
    with pytest.raises(InputError, match="there is no such file"):
        read_itk_warp(tmp_path / "absent.h5", moving=MNI, fixed=SCANNER)
