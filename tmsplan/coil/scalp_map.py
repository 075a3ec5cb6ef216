"""The whole scalp as a map: how deep, within reach or why not, what lies under, how it feels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.params import Params
from ..patient.patient import Patient
from ..space.frame import require_same
from ..surface.domain import require_same_domain
from ..surface.field import Field, Labels
from ..surface.pair import Pair
from .coils import coil_called
from .scalp import Scalp
from .scalp_map_cortex import cortex_samples, depth_mm
from .scalp_map_field import SolvedCoil, change_by_field
from .scalp_map_kernel import HEAD_RADIUS, coil_kernel
from .scalp_map_sites import MapSites, held_places, map_sites
from .scalp_map_tolerance import tolerability_of

__all__ = ["REACH_CODES", "ScalpMaps", "scalp_maps"]

Floats = NDArray[np.float64]

#: Why a coil at a vertex of the scalp would not do, by the id in `ScalpMaps.reach`; the words
#: are those of `REASONS`.
REACH_CODES = (
    "over-eye", "over-ear", "over-nose", "over-sinus", "under-the-head", "too-deep",
    "scalp-too-far",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class ScalpMaps:
    """What a coil would meet at each vertex of the scalp.

    Parameters
    ----------
    depth : Field
        mm from the vertex to the nearest mid-cortex; NaN where no coil can be held.
    reach : Labels
        0 where a coil can be held and reaches cortex; else an id whose name is one of
        `REACH_CODES`.
    z_under : Field
        Mean z of the cortex under the coil, weighted by area and |E| to the eighth power; NaN
        where `reach` is not 0, or where less than half of the weight is on cortex with a z.
    tolerability : Field
        0 (worst) to 1; NaN where no coil can be held. An order of places, not a forecast.
    how : str
        What the weights are and where they come from, in words.
    """

    depth: Field
    reach: Labels
    z_under: Field
    tolerability: Field
    how: str

    def fields(self) -> dict[str, Field]:
        """Return depth, z under the coil and tolerability by the names they are kept under."""
        return {f.name: f for f in (self.depth, self.z_under, self.tolerability)}

    def __str__(self) -> str:
        held = int((self.reach.ids == 0).sum())
        return f"scalp maps on {self.depth.domain}: {held} vertices within reach; {self.how}"


def scalp_maps(
    patient: Patient,
    scalp: Scalp,
    z: Pair[Field],
    coil: str,
    params: Params,
    solved: SolvedCoil | None = None,
) -> ScalpMaps:
    """Return maps of the whole scalp: depth, reach, z under the coil, tolerability.

    The coil is thought of as held flat at each place, off the scalp by standoff, hair and what
    its flat casing cannot come nearer, along the mean normal of the scalp. Its weight on the
    cortex is |E| to the eighth power, as for the hotspot, averaged over the directions of the
    handle: the maps are of places and not of poses. |E| is that in a sphere as round as a head
    (`coil_kernel`), and with a solved one-compartment head the change to its field is added.

    Parameters
    ----------
    patient : Patient
    scalp : Scalp
        Of the same patient.
    z : Pair of Field
        Deviation per vertex of the cortex; NaN where there is none.
    coil : str
        Name of a coil.
    params : Params
        `standoff`, `hair`, `normal_radius` and `reach` are used.
    solved : SolvedCoil, optional
        A solved head with the coil's windings, for example of a plan made with a field.

    Returns
    -------
    ScalpMaps
        On the scalp's mesh.

    Raises
    ------
    InputError
        For an unknown coil, or a patient without a scalp.
    FrameError, DomainError
        If scalp or z belong to other surfaces than the patient's.

    Source: doi:10.1016/j.brs.2012.02.005 (how fields fall with depth);
    doi:10.3389/fpsyg.2018.01989 (where stimulation is felt).
    Decision: docs/decisions/0029.
    """
    require_same(scalp.surface.frame, patient.scanner, "map the scalp")
    for hemi, side in z.sides():
        require_same_domain(side.domain, patient.cortex.side(hemi).domain, "map z to the scalp")
    held = held_places(patient, scalp)
    depth = depth_mm(patient, scalp.surface.points, held.open)
    sites = map_sites(scalp, held.open, params)
    places = scalp.surface.points.mm(patient.scanner)
    codes = _codes(held.ids, depth, sites.at(places, sites.lift_mm), params)
    at_sites, how = _z_under(patient, sites, z, coil_called(coil).name, solved)
    under = np.where(codes == 0, sites.at(places, at_sites), np.nan)
    domain = scalp.surface.domain
    return ScalpMaps(
        depth=Field(depth, domain, "depth", "mm"),
        reach=Labels(codes, domain, dict(enumerate(REACH_CODES, start=1))),
        z_under=Field(under, domain, "z under the coil", "1"),
        tolerability=Field(tolerability_of(patient, scalp, held), domain, "tolerability", "1"),
        how=how,
    )


def _codes(
    ids: NDArray[np.int32], depth: Floats, lift: Floats, params: Params
) -> NDArray[np.int32]:
    """Return the reason of each vertex: what it lies over, else too deep, else held off."""
    out = ids.copy()
    reach = params.reach.value
    with np.errstate(invalid="ignore"):  # NaN where no coil is held: never more than the reach
        deep, off = depth > reach, depth + lift > reach
    out[(out == 0) & deep] = 1 + REACH_CODES.index("too-deep")
    out[(out == 0) & off] = 1 + REACH_CODES.index("scalp-too-far")
    return out


def _z_under(
    patient: Patient,
    sites: MapSites,
    z: Pair[Field],
    coil: str,
    solved: SolvedCoil | None,
) -> tuple[Floats, str]:
    samples = cortex_samples(patient, z)
    kernel = coil_kernel(coil)
    found = samples.mean_z(sites, kernel)
    how = (
        f"z under the coil is a mean weighted by area and |E|^8, |E| as in a conducting sphere of "
        f"{HEAD_RADIUS.value:g} mm, averaged over the directions of the handle"
    )
    if solved is None:
        return found, how
    change, said = change_by_field(solved, patient, z, sites, kernel)
    return found + change, f"{how}; {said}"
