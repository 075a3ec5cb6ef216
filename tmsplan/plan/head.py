"""The head of a plan: a patient without a scalp gets one made from the T1, and that is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scipy.spatial import KDTree

from ..coil.scalp_from_t1 import MadeScalp, scalp_from_t1
from ..patient.patient import Patient
from ..target.ranking import Statement
from .plan import PlannedTarget

__all__ = ["scalp_lines", "with_scalp"]

#: What ``qc["scalp_from"]`` says of a scalp that was made here.
MADE = "made from the T1 by tmsplan"


def with_scalp(patient: Patient) -> tuple[Patient, MadeScalp | None]:
    """Return the patient with a scalp, and how it was made; None if it came along.

    Raises
    ------
    InputError
        If no head can be found in the T1.
    """
    if patient.scalp is not None:
        return patient, None
    made = scalp_from_t1(patient.t1w.volume)
    return replace(patient, scalp=made.surface, qc={**patient.qc, "scalp_from": MADE}), made


def scalp_lines(made: MadeScalp | None, targets: Sequence[PlannedTarget]) -> tuple[Statement, ...]:
    """Return what has to be said of a scalp made from the T1, and of coils on a cut plane."""
    if made is None:
        return ()
    lines = [
        Statement(
            "scalp-made",
            "The scalp was made from the T1, not by FreeSurfer or a segmentation: look at it on "
            "the page before you trust a depth.",
        )
    ]
    frame = made.surface.frame
    tree = KDTree(made.surface.points.mm(frame))
    cut = [
        t.target.id
        for t in targets
        if made.cut.values[int(tree.query(t.pose.scalp_point.mm(frame)[0])[1])] > 0
    ]
    if cut:
        lines.append(
            Statement(
                "scalp-cut",
                f"DO NOT USE {', '.join(cut)}: the coil would lie on a plane where the image or "
                f"the face was cut off; there is no skin. Give a scalp of the whole head.",
            )
        )
    return tuple(lines)
