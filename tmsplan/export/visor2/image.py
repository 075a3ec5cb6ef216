"""Where the T1 lies that the navigator loads, as the plan recorded it."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...base.errors import InputError
from ...plan.plan import Plan
from ..t1 import navigator_t1

__all__ = ["qform_affine"]

#: A qform is a rotation, voxel sizes and a shift. Headers keep float32: about 1e-7.
_SHEAR = 1e-4


def qform_affine(plan: Plan) -> tuple[str, NDArray[np.float64]]:
    """Return the name of the T1 and its (4, 4) affine, voxel to RAS mm, as a qform can hold it.

    Raises
    ------
    InputError
        If the T1 has no qform, or its affine has shear, which no qform can hold.
    """
    t1 = navigator_t1(plan)
    if not t1.qform_code:
        raise InputError(
            f"{t1.name}: the qform is not set (code 0). visor2 recognises the image by its qform, "
            f"so the file could not say which image it is for. Expected code 1 to 5. Set the "
            f"qform of the T1 to its sform, and plan again."
        )
    record = plan.input("t1w-navigator") or plan.input("t1w")
    image = None if record is None else record.image
    affine = np.asarray(cast("ArrayLike", None if image is None else image.get("affine")), float)
    if affine.shape != (4, 4) or not np.isfinite(affine).all():
        raise InputError(
            f"{t1.name}: the plan records no affine of it. Expected 4 rows of 4 numbers. Plan "
            f"again with this version."
        )
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    shear = float(np.abs(axes.T @ axes - np.eye(3)).max())
    if not shear <= _SHEAR:
        raise InputError(
            f"{t1.name}: its axes are not square to each other (by {shear:.2g}), which a qform "
            f"cannot hold, so visor2 would place the image elsewhere. Expected at most "
            f"{_SHEAR:g}. Resample the T1 to a straight grid, and plan again."
        )
    return t1.name, affine
