"""What one pose's field says about a target: how strong there, where strongest, on what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...base.param import Param
from ...patient.patient import Cortex
from ...space.frame import Scanner
from ...space.points import Points
from ...space.side import Hemi
from ...surface.domain import require_same_domain
from ...surface.field import Field
from ...surface.pair import Pair
from ...target.target import Target

__all__ = [
    "HOTSPOT_POWER",
    "TARGET_RADIUS",
    "FieldCheck",
    "Selectivity",
    "check_field",
    "field_overlap",
    "hotspot",
    "selectivity",
]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: The field at a place is a mean over this: less than a navigator's own error.
TARGET_RADIUS = Param(5.0, "mm", 1, 20, "docs/decisions/0021")
#: |E| to this power weighs the hotspot: high enough that only the strongest centimetre counts.
HOTSPOT_POWER = Param(8.0, "1", 2, 32, "docs/decisions/0021")
#: The hotspot of Lynch et al.: all thresholds from the strongest 1 % to the strongest 0.1 %.
TOP_PERCENT = (1.0, 0.1)
_TOP_STEPS = 10
#: The largest mean is looked for where |E| itself has at least this share of its largest value:
#: a field that smooth over centimetres has no strong place in a weak neighbourhood.
_SEARCHED_SHARE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class FieldCheck:
    """How one pose meets one target, for a current that rises by 1 A per μs.

    Parameters
    ----------
    engine : str
        Which model made the field, for example ``"shell"`` or ``"sphere"``.
    e_target_v_per_m : float
        Mean |E| on the mid-cortex within 5 mm of the target, V/m per A/μs.
    peak_v_per_m : float
        The largest such mean anywhere on the cortex.
    share_of_peak : float
        The first over the second, 0 to 1.
    hotspot : Points of Scanner, one row
        Centroid of the cortex weighted by |E|^8 and area, mm.
    hotspot_distance_mm : float
        From the target to it.
    missing_share : float
        Share of the cortex' area where no field is known (outside the inner skull).
    """

    engine: str
    e_target_v_per_m: float
    peak_v_per_m: float
    share_of_peak: float
    hotspot: Points[Scanner]
    hotspot_distance_mm: float
    missing_share: float

    def record(self) -> dict[str, object]:
        """Return the ``efield`` entry of plan.json."""
        return {
            "engine": self.engine,
            "e_target": self.e_target_v_per_m,
            "share_of_peak": self.share_of_peak,
            "hotspot_distance_mm": self.hotspot_distance_mm,
        }

    def __str__(self) -> str:
        return (
            f"{self.engine}: {self.e_target_v_per_m:.2f} V/m per A/μs at the target, "
            f"{100 * self.share_of_peak:.0f} % of the peak; hotspot "
            f"{self.hotspot_distance_mm:.1f} mm away"
        )


@dataclass(frozen=True, slots=True)
class Selectivity:
    """How much of the strongly stimulated cortex is the region.

    Parameters
    ----------
    half_peak : float
        Share of the area with at least half of the largest |E| that lies in the region.
    half_peak_mm2 : float
        That area, whether in the region or not.
    top : float
        Share of the strongest 1 to 0.1 % of the cortex' area in the region, mean over ten
        thresholds.
    """

    half_peak: float
    half_peak_mm2: float
    top: float


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """Vertices of one side whose field is known."""

    hemi: Hemi
    xyz: Floats
    area: Floats
    e: Floats
    rows: NDArray[np.intp]


def check_field(
    e: Pair[Field], cortex: Pair[Cortex], target: Target, *, engine: str
) -> FieldCheck:
    """Hold the field of one pose against its target.

    Parameters
    ----------
    e : Pair of Field
        |E| on the mid-cortex vertices, V/m for 1 A/μs; NaN where it is not known.
    cortex : Pair of Cortex
    target : Target
    engine : str
        Which model made `e`.

    Raises
    ------
    DomainError
        If `e` is not on the meshes of `cortex`.
    InputError
        If `e` is no strength in V/m, or is not known within 5 mm of the target.
    """
    known = list(_known(e, cortex))
    frame = target.point.frame
    at = target.point.mm(frame)
    near = [k for k in known if k.hemi is target.hemi]
    means = _local_means(near[0], at) if near else np.array([np.nan])
    if not np.isfinite(means[0]):
        raise InputError(
            f"{target.name}: no field is known within {TARGET_RADIUS.value:g} mm of the target. "
            f"Expected a target inside the inner skull. Look at the surface that the field was "
            f"made with, and at where the target lies."
        )
    peak = max(float(means[0]), *(_largest_mean(k) for k in known))
    place = _centroid(known)
    whole = sum(float(c.mid.vertex_areas().sum()) for _, c in cortex.sides())
    return FieldCheck(
        engine=engine,
        e_target_v_per_m=float(means[0]),
        peak_v_per_m=peak,
        share_of_peak=float(means[0]) / peak if peak > 0 else 0.0,
        hotspot=Points(place, frame),
        hotspot_distance_mm=float(np.linalg.norm(place - at[0])),
        missing_share=1 - sum(float(k.area.sum()) for k in known) / whole,
    )


def hotspot(e: Pair[Field], cortex: Pair[Cortex]) -> Points[Scanner]:
    """Return the centroid of the cortex weighted by |E|^8 and area, one row, mm.

    It may lie in a sulcus between two banks. Parameters and errors as in `check_field`.
    """
    return Points(_centroid(list(_known(e, cortex))), cortex.left.mid.frame)


def selectivity(e: Pair[Field], cortex: Pair[Cortex], region: Pair[Bools]) -> Selectivity:
    """Return how much of the strongly stimulated cortex lies in a region.

    Parameters
    ----------
    e : Pair of Field
        As in `check_field`.
    cortex : Pair of Cortex
    region : Pair of (n,) bool
        Which mid-cortex vertices belong to the region.

    Source: doi:10.1016/j.neuron.2022.08.012 (thresholds of the strongest 1 to 0.1 %).
    """
    known = list(_known(e, cortex))
    strength = np.concatenate([k.e for k in known])
    area = np.concatenate([k.area for k in known])
    inside = np.concatenate([_region_of(k, region, cortex) for k in known])
    half = strength >= strength.max() / 2
    order = np.argsort(-strength, kind="stable")
    covered, hit = np.cumsum(area[order]), np.cumsum((area * inside)[order])
    wanted = covered[-1] * np.linspace(*TOP_PERCENT, _TOP_STEPS) / 100
    ends = np.minimum(np.searchsorted(covered, wanted), len(covered) - 1)
    return Selectivity(
        half_peak=float((area * inside)[half].sum() / area[half].sum()),
        half_peak_mm2=float(area[half].sum()),
        top=float((hit[ends] / covered[ends]).mean()),
    )


def field_overlap(a: Pair[Field], b: Pair[Field], cortex: Pair[Cortex]) -> float:
    """Return how much two poses stimulate the same cortex: 0 nowhere, 1 the same.

    With p the share of each vertex in a pose's sum of area times |E|^8 (the weights of
    `hotspot`), the overlap is the sum over vertices of the smaller of the two shares. Strength
    plays no part: a pose at twice the current is the same pose.

    Parameters
    ----------
    a, b : Pair of Field
        As in `check_field`, on one cortex; a vertex that is missing in one counts as 0 there.
    cortex : Pair of Cortex
    """
    total = 0.0
    weights = [_vertex_shares(field, cortex) for field in (a, b)]
    for hemi, _ in cortex.sides():
        total += float(np.minimum(weights[0].side(hemi), weights[1].side(hemi)).sum())
    return total


def _vertex_shares(e: Pair[Field], cortex: Pair[Cortex]) -> Pair[Floats]:
    known = list(_known(e, cortex))
    weights = _weights(known)
    out = {h: np.zeros(len(c.pial)) for h, c in cortex.sides()}
    for k, w in zip(known, weights, strict=True):
        out[k.hemi][k.rows] = w
    return Pair(left=out[Hemi.LEFT], right=out[Hemi.RIGHT])


def _known(e: Pair[Field], cortex: Pair[Cortex]) -> Iterator[_Known]:
    """Yield the sides that have known values; at least one has."""
    found = 0
    for hemi, side in cortex.sides():
        field = e.side(hemi)
        require_same_domain(field.domain, side.domain, "hold a field against the cortex")
        if field.unit != "V/m":
            raise InputError(f"{field}: its unit is {field.unit}. Expected |E| in V/m. Pass |E|.")
        values = field.values
        if (values < 0).any() or np.isinf(values).any():
            raise InputError(f"{field}: negative or infinite. Expected |E|, 0 or more.")
        rows = np.flatnonzero(np.isfinite(values))
        found += len(rows)
        if len(rows):
            mid = side.mid
            xyz = mid.points.mm(mid.frame)[rows]
            yield _Known(hemi, xyz, mid.vertex_areas()[rows], values[rows], rows)
    if found == 0:
        raise InputError(
            f"{e.left.name} of {e.left.domain.owner}: no vertex has a value. Expected the field "
            f"on the cortex. All of it may lie outside the inner skull: check frames."
        )


def _weights(known: list[_Known]) -> list[Floats]:
    top = max(float(k.e.max()) for k in known)
    if top <= 0:
        raise InputError(
            "the field is 0 everywhere. Expected a current. Check dI/dt and the coil."
        )
    # Divided by the largest first: the eighth power of small numbers would vanish.
    raw = [k.area * (k.e / top) ** HOTSPOT_POWER.value for k in known]
    total = sum(float(w.sum()) for w in raw)
    return [w / total for w in raw]


def _centroid(known: list[_Known]) -> Floats:
    """Return the (1, 3) weighted mean place, mm."""
    weights = _weights(known)
    return np.asarray(sum(w[None, :] @ k.xyz for w, k in zip(weights, known, strict=True)))


def _largest_mean(known: _Known) -> float:
    rows = np.flatnonzero(known.e >= _SEARCHED_SHARE * known.e.max())
    return float(np.nanmax(_local_means(known, known.xyz[rows])))


def _local_means(known: _Known, at: Floats) -> Floats:
    """Return the area-weighted mean |E| within 5 mm of each place; NaN where there is none."""
    from scipy.spatial import cKDTree

    tree: Any = cKDTree(known.xyz)
    pairs = cKDTree(at).sparse_distance_matrix(tree, TARGET_RADIUS.value, output_type="ndarray")
    n = len(at)
    area = np.bincount(pairs["i"], known.area[pairs["j"]], n)
    total = np.bincount(pairs["i"], (known.area * known.e)[pairs["j"]], n)
    return np.asarray(np.divide(total, area, out=np.full(n, np.nan), where=area > 0))


def _region_of(known: _Known, region: Pair[Bools], cortex: Pair[Cortex]) -> Floats:
    mask = np.asarray(region.side(known.hemi), dtype=np.bool_)
    n = len(cortex.side(known.hemi).pial)
    if mask.shape != (n,):
        raise InputError(
            f"{known.hemi} region: {mask.shape} values for {n} vertices. Expected one a vertex. "
            f"Pass the mask of this patient's own mesh."
        )
    return mask[known.rows].astype(np.float64)
