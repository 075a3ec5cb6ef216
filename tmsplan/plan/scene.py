"""The geometry that a plan was made on, kept beside plan.json and named there by its hash.

Pictures and the page need meshes and the T1; they get them from here and open no patient file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..space.frame import Frame, Scanner
from ..space.grid import Volume
from ..surface.field import Field, Labels
from ..surface.pair import Pair
from ..surface.surface import Surface

__all__ = ["Scene", "SceneCortex"]


@dataclass(frozen=True, slots=True, eq=False)
class SceneCortex:
    """One hemisphere as it is drawn.

    Parameters
    ----------
    pial : Surface of Scanner
    sulc : Field
        Positive in sulci, as FreeSurfer writes it.
    z : Field
        Deviation of each vertex' parcel; NaN where there is none.
    labels : Labels
        Parcel ids of the atlas of the plan.
    white : Surface of Scanner or None
        On the same mesh as `pial`; None in scenes of the first format.
    """

    pial: Surface[Scanner]
    sulc: Field
    z: Field
    labels: Labels
    white: Surface[Scanner] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Cortex, scalp and T1 of one plan, mm in the patient's scanner frame.

    Parameters
    ----------
    frame : Frame of Scanner
    cortex : Pair of SceneCortex
    scalp : Surface of Scanner
    t1 : Volume of Scanner or None
        The planning T1 cut to the head, uint8, to be looked at and not measured; None in
        scenes of the first format.
    scalp_maps : mapping of name to Field or Labels
        On the scalp: what a coil would meet at each vertex; empty where it was not mapped.
    """

    frame: Frame[Scanner]
    cortex: Pair[SceneCortex]
    scalp: Surface[Scanner]
    t1: Volume[Scanner] | None = None
    scalp_maps: Mapping[str, Field | Labels] = field(default_factory=dict)
