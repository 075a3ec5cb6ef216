"""The reference T1: an image with contrast everywhere it should have some."""

from __future__ import annotations

import numpy as np

from ..base.errors import refuse_file
from ..space.frame import Frame, Scanner
from .image import RawImage
from .patient import T1w

__all__ = ["build_t1w"]


def build_t1w(image: RawImage, scanner: Frame[Scanner]) -> T1w:
    """Return the image as the patient's reference T1; its world is the scanner frame.

    Raises
    ------
    InputError
        If a voxel is not finite, or the image is constant.
    """
    low, high = float(image.data.min()), float(image.data.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        bad = int((~np.isfinite(image.data)).sum())
        raise refuse_file(
            image.name,
            f"{bad} voxels are not finite (NaN or inf)",
            "a number in every voxel",
            "The image is damaged or masked; take the one from the scanner",
        )
    if low == high:
        raise refuse_file(
            image.name,
            f"the image is constant or empty (every voxel is {low:g})",
            "a T1-weighted image with contrast",
            "Convert it again",
        )
    return T1w(
        volume=image.volume(scanner, "T1w"),
        sha256=image.sha256,
        qform_code=image.qform_code,
        sform_code=image.sform_code,
        zooms=image.zooms,
        needs_copy=image.is_mgh or not image.forms_agree,
    )
