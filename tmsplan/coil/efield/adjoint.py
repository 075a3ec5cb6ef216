"""What any coil does to one region, from one solve per component (reciprocity).

The mean field over a region is linear in the coil's vector potential: a sum over triangles and
region points of fixed vectors times A there. The vectors come from the transposed system, so
the result is the direct solution's to the solver's residual, for every pose and coil.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...base.param import Param
from ...space.side import Hemi
from .cache import Arrays, cached, entry_key
from .charges import field_operator
from .region import CorticalRegion
from .source import FieldSource, primary_field

if TYPE_CHECKING:
    from .head import ChargedHead

__all__ = ["COMPONENTS", "LEAST_TRUSTED", "RegionResponse", "region_response"]

Floats = NDArray[np.float64]

#: Share of a region's area that must be trusted: the mean of less is of another region.
LEAST_TRUSTED = Param(0.5, "share", 0.1, 1.0, "docs/decisions/0022")
#: Rows of every response: scanner axes, then the component out of the cortex.
COMPONENTS = ("x", "y", "z", "normal")


@dataclass(frozen=True, slots=True, eq=False)
class RegionResponse:
    """Mean field over a region as a linear function of the coil's vector potential.

    Parameters
    ----------
    region : CorticalRegion
    points_m : (n, 3) float64
        Where the vector potential is asked for: scanner axes, metres.
    vectors : (4, n, 3) float64
        Weights of -dA/dt there, for x, y, z and the normal component.
    trusted : float
        Share of the region's area that the mean is over.
    """

    region: CorticalRegion
    points_m: Floats
    vectors: Floats
    trusted: float

    def mean_field(self, pose_m: Floats, source: FieldSource, didt: float) -> Floats:
        """Return the mean field over the region, (4,) V/m: x, y, z and normal.

        Parameters
        ----------
        pose_m : (4, 4) float64
            Scanner from coil, metres.
        source : FieldSource
        didt : float
            A/s.
        """
        primary = primary_field(source, pose_m, self.points_m) * didt
        return np.asarray(np.einsum("knx,nx->k", self.vectors, primary))


def region_response(head: ChargedHead, region: CorticalRegion) -> RegionResponse:
    """Return the response of a region, from the cache where it was solved before."""
    offset = 0 if region.domain.hemi is Hemi.LEFT else head.mid.sheet.left
    rows = region.vertices + offset
    area = head.mid.sheet.areas_m2[rows]
    good = head.mid.trusted[rows]
    trusted = float(area[good].sum() / area.sum())
    if trusted < LEAST_TRUSTED.value:
        raise InputError(
            f"{region.name}: the field is trusted on {100 * trusted:.0f} % of the region "
            f"(deep enough under the inner skull and inside the model). Expected at least "
            f"{100 * LEAST_TRUSTED.value:.0f} %. Look at the inner skull there, or choose "
            f"another region."
        )
    kept, share = rows[good], area[good] / area[good].sum()
    points = head.mid.sheet.points_m[kept]
    weights = np.zeros((len(kept), 3, len(COMPONENTS)))
    weights[:, [0, 1, 2], [0, 1, 2]] = share[:, None]
    weights[:, :, 3] = share[:, None] * head.mid.sheet.normals[kept]

    def make() -> Arrays:
        right = field_operator(points, head.layer).transpose(weights)
        return {"adjoint": head.solver.solve_transposed(right)}

    key = entry_key(region.domain.owner, {"head": head.key, "rows": rows})
    adjoint = np.asarray(cached(head.root, key, make)["adjoint"], dtype=np.float64)
    layer = head.layer
    on_layer = (layer.contrast[:, None] * adjoint).T[:, :, None] * layer.normals
    return RegionResponse(
        region,
        np.concatenate([layer.centres_m, points]),
        np.concatenate([on_layer, weights.transpose(2, 0, 1)], axis=1),
        trusted,
    )
