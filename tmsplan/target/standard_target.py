"""A standard target as its file says: a point of the literature, or a rule to find one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..space.side import Hemi

__all__ = ["BOLD_FRAME", "SCALP_FRAME", "ScalpRule", "StandardTarget", "TargetKind"]

TargetKind = Literal["cortex", "scalp", "bold"]

#: What `StandardTarget.frame` says of a target that is no point of a template.
SCALP_FRAME = "scalp rule"
BOLD_FRAME = "own BOLD"


@dataclass(frozen=True, slots=True)
class ScalpRule:
    """How a point of the scalp is found with a tape.

    Parameters
    ----------
    by : {"beam", "along", "sites"}
        Beam's three measurements; a distance along the scalp; or electrode sites.
    form : str
        For ``beam``: which published form of its arithmetic, ``"program"`` or ``"simple"``.
    adjusted : bool
        For ``beam``: whether the point lies 0.35 cm further from the vertex.
    start : str
        For ``along``: the standard target under whose scalp point the tape starts, unless the
        user gives the hotspot.
    distance_mm : float
        For ``along``: forward along the scalp.
    sites : tuple of str
        For ``sites``: names of the 10-10 system; of two, the middle of the way along the scalp.
    """

    by: Literal["beam", "along", "sites"]
    form: str = ""
    adjusted: bool = False
    start: str = ""
    distance_mm: float = 0.0
    sites: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.by == "beam":
            return f"Beam's measurements, {self.form} form{', adjusted' * self.adjusted}"
        if self.by == "along":
            return f"{self.distance_mm / 10:g} cm forward along the scalp from {self.start}"
        return " to ".join(self.sites) + (", half way" if len(self.sites) > 1 else " (10-10)")


@dataclass(frozen=True, slots=True)
class StandardTarget:
    """A target of the literature, as its file says.

    Parameters
    ----------
    name, title : str
        `name` is also the file's name; `title` is for people.
    kind : {"cortex", "scalp", "bold"}
        A point of a template's cortex; a rule on the scalp; a point that is found in the
        patient's own BOLD.
    frame : str
        BIDS name of a versioned template, ``"scalp rule"`` or ``"own BOLD"``.
    frame_assumed : bool
        True if the source says "MNI" and not which one.
    hemi : Hemi
        Named by the source; the sign of x must not contradict it.
    mni : (float, float, float) or None
        mm, RAS of `frame`; None where the target is no point of a template.
    rule : ScalpRule or None
        For ``scalp``.
    source : str
        DOI; or ``"no paper: ..."`` for a point that only lists of coordinates give.
    status : {"verified", "unverified"}
        Verified only if the number or rule was read in the source itself.
    verified_by : str
        Where it was read; empty if unverified.
    how : str
        How the target was derived, and what to beware of.
    conflicts : tuple of str
        Where sources contradict each other about number or author.
    aliases : tuple of str
        Other names that are understood.
    """

    name: str
    title: str
    kind: TargetKind
    frame: str
    frame_assumed: bool
    hemi: Hemi
    mni: tuple[float, float, float] | None
    rule: ScalpRule | None
    source: str
    status: Literal["verified", "unverified"]
    verified_by: str
    how: str
    conflicts: tuple[str, ...]
    aliases: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The title as people see it: a number that nobody read in its source says so."""
        return self.title if self.status == "verified" else f"{self.title} (unverified)"

    @property
    def where(self) -> str:
        """The point and its frame, or the rule, in words."""
        if self.mni is not None:
            x, y, z = self.mni
            assumed = " (assumed)" if self.frame_assumed else ""
            return f"({x:g}, {y:g}, {z:g}) mm in {self.frame}{assumed}"
        return self.frame if self.rule is None else f"{self.frame}: {self.rule}"

    @property
    def pedigree(self) -> str:
        """Source, status and place in words: the first part of a placed target's provenance."""
        read = f"verified ({self.verified_by})" if self.verified_by else self.status
        conflicts = "".join(f"; conflict: {c}" for c in self.conflicts)
        return f"{self.source}; {read}; {self.where}{conflicts}"
