"""What the plan recorded of the image that InVesalius loads. No geometry of InVesalius here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...base.errors import InputError
from ...plan.plan import Plan
from ..describe import t1_record
from ..t1 import navigator_t1

__all__ = ["RecordedImage", "recorded_image"]

Floats = NDArray[np.float64]

#: Largest cosine between two voxel axes of a straight grid; float32 headers stay below 1e-6.
_STRAIGHT = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class RecordedImage:
    """Header of one 3D image.

    Parameters
    ----------
    name : str
        Base name.
    shape : three int
    zooms : (3,) float64
        The header's pixdim, mm.
    affine : (4, 4) float64
        Scanner RAS mm from voxel indices.
    """

    name: str
    shape: tuple[int, int, int]
    zooms: Floats
    affine: Floats


def recorded_image(plan: Plan) -> RecordedImage:
    """Return the header of the T1 to load.

    Raises
    ------
    InputError
        If the plan records no shape, zooms and affine of three dimensions, if the T1 has no
        intent code, or if its grid is sheared: InVesalius then measures along other axes.
    """
    navigator_t1(plan)
    record = t1_record(plan)
    image = record.image or {}
    try:
        shape = np.asarray(cast("ArrayLike", image["shape"]), dtype=np.int64)
        zooms = np.asarray(cast("ArrayLike", image["zooms"]), dtype=np.float64)
        affine = np.asarray(cast("ArrayLike", image["affine"]), dtype=np.float64)
        if not (shape.shape == zooms.shape == (3,) and affine.shape == (4, 4)):
            raise ValueError("not three dimensions")
    except (KeyError, TypeError, ValueError) as err:
        raise InputError(
            f"{record.name}: the plan does not record shape, zooms and affine of this image. "
            f"InVesalius' coordinates depend on all three. Expected them in three dimensions. "
            f"Plan again with this version."
        ) from err
    unit = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    off = float(np.abs(unit.T @ unit - np.eye(3)).max())
    if not off <= _STRAIGHT:
        raise InputError(
            f"{record.name}: its voxel axes are not square to each other (cosine {off:.2g}). "
            f"Expected at most {_STRAIGHT:g}. Resample the T1 to a straight grid before "
            f"navigation."
        )
    n_i, n_j, n_k = (int(n) for n in shape)
    return RecordedImage(record.name, (n_i, n_j, n_k), zooms, affine)
