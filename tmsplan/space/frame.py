"""Frames: where a coordinate lives. A frame is a kind and an owner.

The kind is also a static type, so ``mypy --strict`` refuses a wrong-frame line; the owner
is checked at run time. There is no default and no "unknown".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from ..base.errors import FrameError, InputError

__all__ = [
    "TEMPLATES",
    "CoilBrainsight",
    "CoilLocalite",
    "CoilSimnibs",
    "Frame",
    "K",
    "Kind",
    "Mni305",
    "Mni2009aSym",
    "Mni2009cAsym",
    "MniNlin6Asym",
    "Scanner",
    "ScannerLps",
    "SphereReg",
    "Tkras",
    "Voxel",
    "require_same",
    "template_frame",
]


class Kind:
    """A kind of frame. Subclasses are tags and are never instantiated."""

    axes: ClassVar[str] = "RAS"
    unit: ClassVar[str] = "mm"


class Scanner(Kind):
    """World of the patient's reference T1w as its header says, RAS+, mm."""


class ScannerLps(Kind):
    """The same world with x and y negated, LPS+, mm (DICOM, ITK)."""

    axes = "LPS"


class Tkras(Kind):
    """FreeSurfer surface RAS, mm. Not the scanner world: the two differ by c_ras or more."""


class Voxel(Kind):
    """Array indices (i, j, k) of one image, counted from 0 at voxel centres."""

    axes = "ijk"
    unit = "voxel"


class SphereReg(Kind):
    """FreeSurfer's registered sphere, radius 100, shared with fsaverage."""

    axes = "fsaverage sphere"


class Mni305(Kind):
    """MNI305, the world of fsaverage and of ``talairach.xfm``, RAS+, mm."""


class Mni2009cAsym(Kind):
    """MNI152NLin2009cAsym, RAS+, mm (fMRIPrep's default template)."""


class Mni2009aSym(Kind):
    """MNI152NLin2009aSym, RAS+, mm (the template that nilearn carries; equals its mirror)."""


class MniNlin6Asym(Kind):
    """MNI152NLin6Asym, RAS+, mm (FSL's MNI152)."""


class CoilSimnibs(Kind):
    """Coil axes: z into the head, y away from the handle, x = y cross z; origin at the centre."""

    axes = "coil: z into the head, y away from the handle"


class CoilBrainsight(Kind):
    """Coil axes: z out of the head, y away from the handle."""

    axes = "coil: z out of the head, y away from the handle"


class CoilLocalite(Kind):
    """Coil axes: x into the head, y along the handle."""

    axes = "coil: x into the head, y along the handle"


K = TypeVar("K", bound=Kind)

#: Templates by the name that BIDS and TemplateFlow use.
TEMPLATES: dict[str, type[Kind]] = {
    "MNI152NLin2009cAsym": Mni2009cAsym,
    "MNI152NLin6Asym": MniNlin6Asym,
    "MNI152NLin2009aSym": Mni2009aSym,
    "MNI305": Mni305,
}


@dataclass(frozen=True, slots=True)
class Frame(Generic[K]):
    """A coordinate frame: a kind that belongs to somebody.

    Two frames are the same only if both kind and owner are: the scanner frame of sub-01 is
    not the scanner frame of sub-02.

    Parameters
    ----------
    kind : type of Kind
        One of the tags of this module.
    owner : str
        Patient, image or coil that the frame belongs to; ``"template"`` for a template.
    """

    kind: type[K]
    owner: str

    def __post_init__(self) -> None:
        if not self.owner:
            raise InputError(f"a {self.kind.__name__} frame needs an owner; name the patient.")

    def __str__(self) -> str:
        return f"{self.owner}/{self.kind.__name__}"


def template_frame(name: str) -> Frame[Any]:
    """Return the frame of a template by its BIDS name.

    Raises
    ------
    InputError
        For a name that is no versioned template; "MNI" alone is refused.
    """
    if name not in TEMPLATES:
        raise InputError(
            f"'{name}' is no template that tmsplan knows. 'MNI' alone is not enough: templates "
            f"differ by millimetres. Write one of {', '.join(sorted(TEMPLATES))}."
        )
    return Frame(TEMPLATES[name], "template")


def require_same(a: Frame[Any], b: Frame[Any], doing: str) -> None:
    """Raise unless `a` and `b` are one frame; say what was being done.

    Raises
    ------
    FrameError
        Names both frames, their axes, and the transform that is missing.
    """
    if a != b:
        raise FrameError(
            f"cannot {doing}: left is in {a} ({a.kind.axes}), right is in {b} ({b.kind.axes}). "
            f"Convert one of them first with the transform from {b} to {a}."
        )
