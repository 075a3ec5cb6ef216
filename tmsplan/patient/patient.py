"""One patient: surfaces, T1, scalp, maps and the tree of frames. Read-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..base.provenance import InputFile
from ..space.frame import Frame, Scanner, SphereReg
from ..space.grid import Volume
from ..space.midplane import Midplane, fit_midplane
from ..space.points import Points
from ..space.side import Hemi
from ..space.tree import FrameTree
from ..surface.domain import Domain
from ..surface.field import Field, Labels
from ..surface.pair import Pair
from ..surface.surface import Surface
from .series import Series

__all__ = ["TEMPLATE_WARPED", "Connectome", "Cortex", "Patient", "T1w"]

#: `Patient.surfaces_because` of a cortex that is a template's, moved to the patient.
TEMPLATE_WARPED = "template-warped"


@dataclass(frozen=True, slots=True, eq=False)
class Cortex:
    """One hemisphere. All surfaces share one mesh, so vertex i is the same place on each.

    Parameters
    ----------
    white, pial : Surface
        mm, scanner RAS of the patient.
    sphere : Surface or None
        ``?h.sphere.reg``, in the frame of fsaverage's sphere.
    fields : mapping of name to Field
        Those of ``sulc`` (mm-like), ``thickness`` (mm), ``volume`` (mm³), ``curv`` (1/mm)
        that the folder has.
    aparc : Labels or None
        The patient's own Desikan-Killiany labels (ids 1001-1035 left, 2001-2035 right).
    """

    white: Surface[Scanner]
    pial: Surface[Scanner]
    sphere: Surface[SphereReg] | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    aparc: Labels | None = None

    @property
    def domain(self) -> Domain:
        """The mesh that both surfaces share."""
        return self.pial.domain

    @property
    def mid(self) -> Surface[Scanner]:
        """The surface half way between white and pial."""
        return self.white.with_points(self.white.points.midway(self.pial.points))


@dataclass(frozen=True, slots=True, eq=False)
class T1w:
    """The reference T1-weighted image and what its header says.

    Parameters
    ----------
    volume : Volume
        In scanner RAS of the patient.
    sha256 : str
        Of the file.
    qform_code, sform_code : int or None
        NIfTI intent codes; None for an MGH image, which has one affine and no code.
    zooms : tuple of float
        Voxel size in mm.
    needs_copy : bool
        Whether a navigator needs a NIfTI copy: the file is an MGH image, or its qform and
        sform differ, and the navigator may read the one that was not chosen.
    """

    volume: Volume[Scanner]
    sha256: str
    qform_code: int | None
    sform_code: int | None
    zooms: tuple[float, float, float]
    needs_copy: bool


@dataclass(frozen=True, slots=True, eq=False)
class Connectome:
    """Region-by-region matrices of one person, rows named by hemisphere and region.

    Parameters
    ----------
    regions : tuple of (Hemi, str)
        Name of each row and column.
    sc : (r, r) float64
        Structural weights, symmetric, not negative, zero diagonal.
    fc : (r, r) float64
        Functional connectivity: correlation of the region series.
    series : (t, r) float64 or None
        The region series, time x regions; None where only `fc` was given.
    """

    regions: tuple[tuple[Hemi, str], ...]
    sc: NDArray[np.float64]
    fc: NDArray[np.float64]
    series: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Patient:
    """Everything that was read of one patient, in frames that say whose they are.

    Parameters
    ----------
    id : str
        Letters, digits, hyphens, underscores; the only identifier that is kept.
    cortex : Pair of Cortex
    t1w : T1w
    tree : FrameTree
        Root is the scanner frame of the patient.
    age : float or None
        Years.
    sex : str or None
        ``"F"`` or ``"M"``.
    site : str or None
    scalp : Surface or None
        Scanner RAS, mm, closed, normals outward.
    ribbon : Volume or None
        Labels of aparc+aseg (or ribbon.mgz); None leaves TP-F01 not run.
    maps : mapping of name to Volume, Pair of Field, or mapping of parcel id to value
        ``coupling`` and others, as read.
    connectome : Connectome or None
    bold : Series or None
        The run that activity is computed from.
    surfaces_because : str
        ``"reconstructed"``, or ``"template-warped"`` where the cortex is a template's, moved
        to this patient: then every output says so.
    qc : mapping of name to number or text
        What the preparation of the data measured.
    synthetic : bool
        Whether the patient is simulated.
    composite : str or None
        Why this is no single person (maps of one, anatomy of another); printed everywhere.
    inputs : tuple of InputFile
    inner_skull : Surface or None
        Scanner RAS, mm, closed, normals outward: where the skull begins, seen from the brain.
        Only the electric field asks for it.
    landmarks : mapping of name to Points, one row each
        ``nasion``, ``inion``, ``lpa`` and ``rpa`` as a person marked them, scanner RAS, mm; all
        four or none.
    """

    id: str
    cortex: Pair[Cortex]
    t1w: T1w
    tree: FrameTree
    age: float | None = None
    sex: str | None = None
    site: str | None = None
    scalp: Surface[Scanner] | None = None
    ribbon: Volume[Scanner] | None = None
    maps: Mapping[str, Volume[Scanner] | Pair[Field] | Mapping[int, float]] = field(
        default_factory=dict
    )
    connectome: Connectome | None = None
    bold: Series | None = None
    surfaces_because: str = "reconstructed"
    qc: Mapping[str, float | str] = field(default_factory=dict)
    synthetic: bool = False
    composite: str | None = None
    inputs: tuple[InputFile, ...] = ()
    inner_skull: Surface[Scanner] | None = None
    landmarks: Mapping[str, Points[Scanner]] = field(default_factory=dict)

    @property
    def scanner(self) -> Frame[Scanner]:
        """The patient's scanner frame: world of the reference T1w."""
        return self.tree.root

    def midplane(self) -> Midplane[Scanner]:
        """Return the plane between the hemispheres, from the mid-cortex surfaces."""
        return fit_midplane(self.cortex.left.mid.points, self.cortex.right.mid.points)

    def mid_points(self) -> Points[Scanner]:
        """Return the mid-cortex vertices of both hemispheres, left first."""
        both = [c.mid.points.mm(self.scanner) for _, c in self.cortex.sides()]
        return Points(np.vstack(both), self.scanner)

    def __str__(self) -> str:
        label = " SYNTHETIC" if self.synthetic else ""
        label += " COMPOSITE" if self.composite else ""
        n = sum(len(c.pial) for _, c in self.cortex.sides())
        return f"patient {self.id}{label}: {n} cortical vertices, mm of {self.scanner} RAS"
