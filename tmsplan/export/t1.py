"""The T1 that the navigator will load, as the plan recorded it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from ..base.errors import InputError
from ..base.provenance import InputFile
from ..plan.plan import Plan

__all__ = ["NavigatorT1", "navigator_t1"]

#: Two records of one image; headers keep float32, about 1e-5 mm at 200 mm.
_SAME_AFFINE_MM = 1e-3
_CODES = range(6)


@dataclass(frozen=True, slots=True)
class NavigatorT1:
    """Name and NIfTI intent codes of one T1; 0 means that the form is not set."""

    name: str
    qform_code: int
    sform_code: int

    def __post_init__(self) -> None:
        for form, code in (("qform", self.qform_code), ("sform", self.sform_code)):
            if isinstance(code, bool) or code not in _CODES:
                raise InputError(
                    f"{self.name}: the {form} code is {code!r}. Expected 0 to 5, as NIfTI "
                    f"defines them. Check the T1's header."
                )
        if not self.qform_code and not self.sform_code:
            raise InputError(
                f"{self.name}: qform and sform code are both 0, so the image does not say where "
                f"it lies and the navigator would place it by its own rule. Expected code 1 to "
                f"5 on one of them. Convert the T1 from DICOM again, or set the true code."
            )


def navigator_t1(plan: Plan) -> NavigatorT1:
    """Return the T1 to load: the NIfTI copy beside the plan where there is one, else the T1.

    Raises
    ------
    InputError
        If the plan records no T1, if it has no NIfTI codes, if both are 0, or if the copy does
        not lie where the T1 lies.
    """
    original, copy = plan.input("t1w"), plan.input("t1w-navigator")
    record = copy or original
    if record is None or record.image is None:
        raise InputError(
            f"{plan.patient_id}: the plan records no header of a T1. Expected an input of role "
            f"'t1w' with its intent codes. Plan again with this version."
        )
    if copy is not None and original is not None:
        _require_same_place(original, copy)
    codes = [record.image.get(k) for k in ("qform_code", "sform_code")]
    if any(not isinstance(c, int) for c in codes):
        raise InputError(
            f"{record.name}: the T1 has no NIfTI intent codes (an MGH image has none), so the "
            f"navigator's name for its coordinates is not known. Expected a NIfTI T1. Plan again "
            f"so that a NIfTI copy is written beside the plan."
        )
    qform, sform = cast("list[int]", codes)
    return NavigatorT1(record.name, qform, sform)


def _require_same_place(original: InputFile, copy: InputFile) -> None:
    a, b = _affine(original.image), _affine(copy.image)
    if a is None or b is None:
        return
    off = float(np.abs(a - b).max())
    if a.shape != b.shape or off > _SAME_AFFINE_MM:
        raise InputError(
            f"{copy.name}: its affine differs from that of {original.name} by up to {off:.3f} "
            f"mm, so every target would be displaced on the navigator. Expected one place. "
            f"Plan again."
        )


def _affine(image: Mapping[str, object] | None) -> np.ndarray | None:
    value = None if image is None else image.get("affine")
    return None if value is None else np.asarray(cast("ArrayLike", value), dtype=np.float64)
