"""The geometry that a plan was made on, kept beside plan.json and named there by its hash.

Pictures and the page need meshes; they get them from here and open no patient file.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..space.frame import Frame, Scanner
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
    """

    pial: Surface[Scanner]
    sulc: Field
    z: Field
    labels: Labels


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Cortex and scalp of one plan, mm in the patient's scanner frame."""

    frame: Frame[Scanner]
    cortex: Pair[SceneCortex]
    scalp: Surface[Scanner]
