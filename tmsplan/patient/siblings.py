"""Other MNI152s for a patient whose cortex was warped from one of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..space.frame import Frame, Mni2009aSym, Mni2009cAsym, MniNlin6Asym
from ..space.transform import Affine
from .patient import TEMPLATE_WARPED, Patient

__all__ = ["SYMMETRIC", "reads_sibling", "sibling_of_mni152"]

#: The template of `tmsplan prepare`.
SYMMETRIC: Frame[Any] = Frame(Mni2009aSym, "template")
_SIBLINGS = (Frame(MniNlin6Asym, "template"), Frame(Mni2009cAsym, "template"))


def reads_sibling(patient: Patient, template: Frame[Any]) -> bool:
    """Return whether a template is read as the patient's own one.

    Only for a cortex that was warped from 2009aSym and where that is the only MNI152: the cortex
    itself is millimetres off, and every output says so.
    """
    tree = patient.tree
    warped = patient.surfaces_because == TEMPLATE_WARPED and SYMMETRIC in tree
    return warped and template in _SIBLINGS and template not in tree


def sibling_of_mni152(source: Frame[Any]) -> Affine[Any, Any]:
    """Return the identity from another MNI152 to 2009aSym: an approximation, by name.

    Their cortices differ by about 1.5 mm at most. Decision: docs/decisions/0017.
    """
    return Affine.claim(
        np.eye(4),
        dst=SYMMETRIC,
        src=source,
        because="MNI152 siblings taken as equal for a template-warped cortex (decision 0017)",
    )
