"""Vertex values as a GIFTI file that says hemisphere, name and unit."""

from __future__ import annotations

import numpy as np
from nibabel.gifti import GiftiDataArray, GiftiImage, GiftiMetaData

from ..space.side import Hemi
from .field import Field

__all__ = ["field_bytes"]

_STRUCTURE = {Hemi.LEFT: "CortexLeft", Hemi.RIGHT: "CortexRight"}


def field_bytes(field: Field) -> bytes:
    """Return the content of a ``.func.gii`` file with one value per vertex.

    Parameters
    ----------
    field : Field
        Written as float32; NaN stays NaN.

    Returns
    -------
    bytes
        Says hemisphere, name and unit; nothing of the machine or the time.
    """
    array = GiftiDataArray(
        np.asarray(field.values, dtype=np.float32),
        intent="NIFTI_INTENT_NONE",
        datatype="NIFTI_TYPE_FLOAT32",
        meta=GiftiMetaData({"Name": field.name, "Unit": field.unit}),
    )
    hemi = field.domain.hemi
    about = GiftiMetaData({"AnatomicalStructurePrimary": _STRUCTURE[hemi]} if hemi else {})
    return bytes(GiftiImage(meta=about, darrays=[array]).to_bytes())
