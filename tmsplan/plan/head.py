"""The head of a plan: a scalp made from the T1 where none came along, and what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scipy.spatial import KDTree

from ..coil.scalp_cut import find_cuts
from ..coil.scalp_edge import edge_profiles
from ..coil.scalp_from_t1 import MadeScalp, scalp_from_t1
from ..coil.scalp_quality import ScalpQuality, quality_of
from ..patient.patient import Patient
from ..space.frame import Scanner
from ..space.grid import Volume
from ..surface.field import Field
from ..surface.surface import Surface
from ..target.ranking import Statement
from .plan import PlannedTarget

__all__ = ["GivenScalp", "scalp_lines", "with_scalp"]

#: What ``qc["scalp_from"]`` says of a scalp that was made here.
MADE = "made from the T1 by tmsplan"
#: Share of a given scalp at which the T1 must show a skin before it can show where none is.
_SEEN_SHARE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class GivenScalp:
    """A scalp that came along, held against the T1.

    Parameters
    ----------
    surface : Surface of Scanner
    cut : Field or None
        As of `MadeScalp`; None where the T1 shows no skin, a brain alone for example.
    quality : ScalpQuality
    """

    surface: Surface[Scanner]
    cut: Field | None
    quality: ScalpQuality


def with_scalp(patient: Patient) -> tuple[Patient, MadeScalp | GivenScalp]:
    """Return the patient with a scalp, and how it was made or what the T1 says of it.

    Raises
    ------
    InputError
        If the patient has no scalp and no head can be found in the T1.
    """
    if patient.scalp is not None:
        return patient, _given(patient.scalp, patient.t1w.volume)
    made = scalp_from_t1(patient.t1w.volume)
    return replace(patient, scalp=made.surface, qc={**patient.qc, "scalp_from": MADE}), made


def _given(surface: Surface[Scanner], t1: Volume[Scanner]) -> GivenScalp:
    profiles = edge_profiles(surface, t1)
    cuts = find_cuts(surface, t1, profiles)
    quality = quality_of(surface, t1, profiles=profiles, cuts=cuts)
    if float(profiles.clear.mean()) < _SEEN_SHARE:
        return GivenScalp(surface, None, quality)
    return GivenScalp(surface, Field(cuts.any.astype(float), surface.domain, "cut", "1"), quality)


def scalp_lines(
    scalp: MadeScalp | GivenScalp, targets: Sequence[PlannedTarget]
) -> tuple[Statement, ...]:
    """Return what has to be said of the scalp, and of coils where there is no skin."""
    lines = []
    if isinstance(scalp, MadeScalp):
        lines.append(_made_line(scalp))
    if scalp.cut is None:
        lines.append(
            Statement(
                "scalp-unseen",
                "The T1 shows no skin where the given scalp lies, so it could not be checked for "
                "cut planes and removed faces. Look at the scalp before a coil is placed.",
            )
        )
        return tuple(lines)
    frame = scalp.surface.frame
    tree = KDTree(scalp.surface.points.mm(frame))
    cut = [
        t.target.id
        for t in targets
        if scalp.cut.values[int(tree.query(t.pose.scalp_point.mm(frame)[0])[1])] > 0
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


def _made_line(made: MadeScalp) -> Statement:
    warnings = "".join(f" WARNING: {w}" for w in made.quality.warnings)
    return Statement(
        "scalp-made",
        f"The scalp was made from the T1, not by FreeSurfer or a segmentation: look at it on the "
        f"page before you trust a depth. It shows a {made.quality}.{warnings}",
    )
