"""A head whose charges can be solved for: what both engines share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...base.errors import DomainError
from ...patient.patient import Patient
from ...space.frame import CoilSimnibs, Frame, Scanner
from ...space.transform import Rigid
from ...surface import Pair
from ..pose import CoilPose
from .adjoint import RegionResponse, region_response
from .charges import FieldOperator, field_operator
from .cortex_field import CorticalField, cortical_field
from .layer import Layer
from .mid_cortex import MidCortex
from .region import CorticalRegion
from .solve import Solver
from .source import FieldSource, primary_field
from .sphere import A_PER_US
from .table import source_for

__all__ = ["ChargedHead", "pose_metres"]

Floats = NDArray[np.float64]


@dataclass(slots=True, eq=False)
class ChargedHead:
    """Boundaries that carry charge round one patient's cortex.

    Parameters
    ----------
    patient : Patient
    layer : Layer
        All triangles, metres, scanner axes.
    mid : MidCortex
    build : callable
        Makes the solver; called when a system is solved for the first time.
    root : Path or None
        Cache folder; None keeps nothing.
    key : str
        Hash of the head: meshes, conductivities, settings, code.
    notes : tuple of str
        What was counted or mended on the way, for the outputs.
    """

    engine: ClassVar[str]
    leaves_out: ClassVar[str]

    patient: Patient
    layer: Layer
    mid: MidCortex
    build: Callable[[], Solver]
    root: Path | None
    key: str
    notes: tuple[str, ...]
    _solver: Solver | None = field(default=None, init=False)
    _operator: FieldOperator | None = field(default=None, init=False)

    @property
    def frame(self) -> Frame[Scanner]:
        """Scanner frame of the patient."""
        return self.patient.scanner

    @property
    def solver(self) -> Solver:
        """The solver, made on first use."""
        if self._solver is None:
            self._solver = self.build()
        return self._solver

    @property
    def operator(self) -> FieldOperator:
        """The field of the charges at the anchors, made on first use."""
        if self._operator is None:
            points = self.mid.sheet.points_m[self.mid.anchors]
            self._operator = field_operator(points, self.layer)
        return self._operator

    def density(self, pose_m: Floats, source: FieldSource) -> Floats:
        """Return the charge density, (n,) V/m for dI/dt = 1 A/s.

        Parameters
        ----------
        pose_m : (4, 4) float64
            Scanner from coil, metres.
        source : FieldSource
        """
        primary = primary_field(source, pose_m, self.layer.centres_m)
        right = self.layer.contrast * np.einsum("nx,nx->n", primary, self.layer.normals)
        return self.solver.solve(right[:, None])[:, 0]

    def on_cortex(
        self, pose: CoilPose, source: FieldSource, *, didt: float = A_PER_US
    ) -> Pair[CorticalField]:
        """Return the field of one pose on the whole mid-cortex.

        Parameters
        ----------
        pose : CoilPose
            Of this patient.
        source : FieldSource
            The coil's windings, for example ``coil_source(pose.coil)``.
        didt : float
            A/s; 1 A/μs unless given.

        Returns
        -------
        Pair of CorticalField
            V/m; vertices that are not trusted are NaN and counted.

        Raises
        ------
        FrameError
            If the pose is another patient's.
        """
        pose_m = pose_metres(pose.scanner_from_coil, self.frame)
        mid = self.mid
        vectors = np.full(mid.sheet.points_m.shape, np.nan)
        rows = np.flatnonzero(mid.trusted)
        charges = mid.spread @ self.operator.apply(self.density(pose_m, source))
        asked = source_for(len(rows), source)
        vectors[rows] = primary_field(asked, pose_m, mid.sheet.points_m[rows]) + charges[rows]
        left, right = np.split(vectors * didt, [mid.sheet.left])
        cortex = self.patient.cortex
        return Pair(cortical_field(left, cortex.left), cortical_field(right, cortex.right))

    def response(self, region: CorticalRegion) -> RegionResponse:
        """Return what any coil does to a region: one adjoint solve per component, kept.

        Raises
        ------
        DomainError
            If the region is on another mesh than this head's.
        InputError
            If fewer than half of its vertices are trusted.
        """
        hemi = region.domain.hemi
        own = None if hemi is None else self.patient.cortex.side(hemi).domain
        if region.domain != own:
            raise DomainError(
                f"{region.name}: the region is on {region.domain}, the field on {own}. They must "
                f"come from one reconstruction; pass a region of this patient's own mesh."
            )
        return region_response(self, region)


def pose_metres(scanner_from_coil: Rigid[Scanner, CoilSimnibs], frame: Frame[Scanner]) -> Floats:
    """Return the (4, 4) matrix of a pose with its translation in metres."""
    matrix = np.array(scanner_from_coil.matrix(frame, scanner_from_coil.src))
    matrix[:3, 3] *= 1e-3
    return matrix
