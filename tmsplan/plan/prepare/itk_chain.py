"""The chain of one affine and one displacement field, as numbers and as ITK's composite file.

Points move in float64 by ITK's rules: linear interpolation inside the field, no displacement
outside. The file is what `tmsplan.space.warp.read_itk_warp`, ANTs and SimpleITK read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chain", "read_affine", "read_field", "write_chain"]

Floats = NDArray[np.float64]

_FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """Template points to T1 points, and back, RAS mm.

    Parameters
    ----------
    affine : (4, 4)
        T1 from template, after the forward field.
    forward, backward : (i, j, k, 3)
        Displacements in RAS mm on the template's grid: of template points before the affine,
        and of T1 points after its inverse.
    grid : (4, 4)
        World of both fields from their voxel indices.
    """

    affine: Floats
    forward: Floats
    backward: Floats
    grid: Floats

    def t1_from_template(self, xyz: Floats) -> Floats:
        """Move (n, 3) points from the template to the T1."""
        moved = xyz + _displacement(self.forward, self.grid, xyz)
        return np.asarray(moved @ self.affine[:3, :3].T + self.affine[:3, 3])

    def template_from_t1(self, xyz: Floats) -> Floats:
        """Move (n, 3) points from the T1 to the template."""
        back = np.linalg.inv(self.affine)
        near = xyz @ back[:3, :3].T + back[:3, 3]
        return np.asarray(near + _displacement(self.backward, self.grid, near))


def _displacement(field: Floats, grid: Floats, xyz: Floats) -> Floats:
    from scipy.ndimage import map_coordinates

    back = np.linalg.inv(grid)
    ijk = xyz @ back[:3, :3].T + back[:3, 3]
    inside = ((ijk >= -0.5) & (ijk < np.array(field.shape[:3]) - 0.5)).all(axis=1)
    parts = [map_coordinates(field[..., k], ijk.T, order=1, mode="nearest") for k in range(3)]
    return np.asarray(np.stack(parts, axis=1) * inside[:, None])


def read_affine(path: Path | str) -> Floats:
    """Return the RAS matrix of an ANTs ``.mat``: points of the fixed image to the moving one."""
    from scipy.io import loadmat

    raw = loadmat(path)
    kind = next(k for k in raw if not k.startswith("__") and k != "fixed")
    numbers, centre = raw[kind].ravel(), raw["fixed"].ravel()
    matrix = np.eye(4)
    matrix[:3, :3] = numbers[:9].reshape(3, 3)
    matrix[:3, 3] = numbers[9:12] + centre - matrix[:3, :3] @ centre
    return np.asarray(_FLIP @ matrix @ _FLIP)


def read_field(path: Path | str) -> tuple[Floats, Floats]:
    """Return an ANTs displacement field in RAS mm and the affine of its grid."""
    import nibabel as nib

    image = nib.load(path)
    data = np.asarray(image.dataobj, dtype=np.float64).reshape(*image.shape[:3], 3)
    return np.asarray(data * (-1.0, -1.0, 1.0)), np.asarray(image.affine, dtype=np.float64)


def write_chain(chain: Chain, path: Path) -> None:
    """Write the map of T1 points to the template as an ITK composite: a ``from-template_to-T1w``.

    ITK applies the transform that was added last first: the affine stands last.
    """
    import h5py

    lps = _FLIP @ np.linalg.inv(chain.affine) @ _FLIP
    grid = _FLIP @ chain.grid
    step = np.linalg.norm(grid[:3, :3], axis=0)
    size = np.array(chain.backward.shape[:3], dtype=np.float64)
    fixed = np.concatenate([size, grid[:3, 3], step, (grid[:3, :3] / step).ravel()])
    # x runs fastest in ITK, then y, z; the three components lie side by side.
    field = np.ascontiguousarray((chain.backward * (-1.0, -1.0, 1.0)).transpose(2, 1, 0, 3))
    linear = np.concatenate([lps[:3, :3].ravel(), lps[:3, 3]])
    parts = (
        ("CompositeTransform_double_3_3", None, None),
        ("DisplacementFieldTransform_double_3_3", field.ravel(), fixed),
        ("AffineTransform_double_3_3", linear, np.zeros(3)),
    )
    text = h5py.string_dtype("ascii")
    with h5py.File(path, "w") as out:
        out.create_dataset("ITKVersion", data=["5.4.0"], dtype=text)
        out.create_dataset("HDFVersion", data=["1.14.0"], dtype=text)
        out.create_dataset("OSName", data=["tmsplan"], dtype=text)
        out.create_dataset("OSVersion", data=["tmsplan"], dtype=text)
        for k, (kind, numbers, fixed_numbers) in enumerate(parts):
            group = out.create_group(f"TransformGroup/{k}", track_order=True)
            group.create_dataset("TransformType", data=[kind], dtype=text)
            if numbers is not None:
                group.create_dataset("TransformParameters", data=numbers)
                group.create_dataset("TransformFixedParameters", data=fixed_numbers)
