"""The field of one pose on the mid-cortex, and where on the cortex it can be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...patient.patient import Cortex
from ...space.frame import Frame, Scanner, require_same
from ...surface import Domain, Field

__all__ = ["CorticalField", "cortical_field"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CorticalField:
    """The electric field on the mid-cortex of one hemisphere.

    Parameters
    ----------
    magnitude : Field
        |E|, V/m. NaN where the field is not trusted: outside the model's conductor or too
        close to the inner skull for its mesh.
    normal : Field
        The component along the outward normal, V/m: positive out of the cortex. Its sign
        follows the direction of the current, which no output states.
    untrusted : int
        How many vertices are NaN.
    """

    magnitude: Field
    normal: Field
    untrusted: int
    _vectors: Floats
    frame: Frame[Scanner]

    @property
    def domain(self) -> Domain:
        """The mesh that the field lies on."""
        return self.magnitude.domain

    def components(self, frame: Frame[Scanner]) -> Floats:
        """Return the (n, 3) field in V/m, if it really is in `frame`; NaN where untrusted."""
        require_same(frame, self.frame, "read the field")
        return self._vectors

    def __str__(self) -> str:
        top = float(np.nanmax(self.magnitude.values, initial=0.0))
        return f"E-field on {self.domain}: up to {top:.2f} V/m, {self.untrusted} untrusted"


def cortical_field(vectors: Floats, cortex: Cortex) -> CorticalField:
    """Return the field on one hemisphere from its vectors, (n, 3) V/m in scanner axes."""
    mid = cortex.mid
    kept = vectors.copy()
    kept.flags.writeable = False
    along = np.einsum("nx,nx->n", kept, mid.vertex_normals().components(mid.frame))
    return CorticalField(
        Field(np.linalg.norm(kept, axis=1), mid.domain, "E-field magnitude", "V/m"),
        Field(along, mid.domain, "E-field normal to the cortex", "V/m"),
        int(np.isnan(kept[:, 0]).sum()),
        kept,
        mid.frame,
    )
