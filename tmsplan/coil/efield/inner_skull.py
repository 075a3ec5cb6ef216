"""The inner surface of a patient's skull: where the induced current ends.

Taken from a file where there is one; else made from the brain mask, from labels or from the
cortex itself, so that every patient has one. Whatever it comes from, it leaves here as one even
mesh of 5,120 triangles, closed, outward, inside the scalp and around the cortex.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...base.param import Param
from ...patient.patient import Patient
from ...space.frame import Scanner
from ...space.grid import Volume
from ...space.points import Points
from ...space.side import Hemi
from ...surface.check import check_closed
from ...surface.field import Field
from ...surface.pair import Pair
from ...surface.proximity import Contact, closest_on_faces
from ...surface.surface import Surface
from .even_mesh import evenly_meshed
from .mask_surface import surface_of_points, surface_of_volume

__all__ = ["InnerSkull", "inner_skull_of"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: How far the closed shape is grown: a brain mask already holds the fluid, labels and the
#: cortex do not.
GROWN = {
    "mask": Param(2.0, "mm", 0, 6, "docs/decisions/0021"),
    "labels": Param(5.0, "mm", 0, 10, "docs/decisions/0021"),
    "cortex": Param(5.0, "mm", 0, 10, "docs/decisions/0021"),
}
#: Skull and scalp together are thicker than this everywhere over the brain.
SCALP_GAP = Param(4.0, "mm", 0, 15, "docs/decisions/0021")
#: Mid-cortex lies at least this far under the skull: half the cortex, pia and some fluid. A
#: point nearer than that is too near the mesh for its field to be trusted.
LEAST_DEPTH = Param(2.0, "mm", 0, 6, "docs/decisions/0021")
#: More than this share of the cortex outside, and the surface is not this brain's skull.
MOST_OUTSIDE = Param(0.05, "share", 0, 0.5, "docs/decisions/0021")
_ROUNDS = 6
_CM3 = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class InnerSkull:
    """An inner skull that a field can be computed in.

    Parameters
    ----------
    surface : Surface of Scanner
        Closed, outward, 5,120 triangles, mm.
    how : str
        Where it comes from and what was done to it; printed.
    depth : Pair of Field
        Of each mid-cortex vertex under the surface, mm; negative outside. Where it is below
        `LEAST_DEPTH` the field is not trusted and stays missing.
    found_outside : int
        Mid-cortex vertices that lay outside the surface as it was found or made, before it was
        moved out of the cortex.
    """

    surface: Surface[Scanner]
    how: str
    depth: Pair[Field]
    found_outside: int

    @property
    def outside(self) -> int:
        """Number of mid-cortex vertices that still lie outside."""
        return sum(int((d.values < 0).sum()) for _, d in self.depth.sides())

    @property
    def shallow(self) -> int:
        """Number of mid-cortex vertices outside or too near the surface to be trusted."""
        return sum(int((d.values < self._trusted_mm).sum()) for _, d in self.depth.sides())

    @property
    def _trusted_mm(self) -> float:
        # Moving the surface stops within a tenth of a millimetre of the depth it asks for.
        return LEAST_DEPTH.value - 0.1

    def trusted(self, hemi: Hemi) -> Bools:
        """Return which mid-cortex vertices of one side lie deep enough, (n,) bool."""
        return np.asarray(self.depth.side(hemi).values >= self._trusted_mm)

    def warnings(self) -> tuple[str, ...]:
        """Return what a reader of the field must know about this surface."""
        total = sum(len(d.values) for _, d in self.depth.sides())
        lines = []
        if self.found_outside:
            lines.append(
                f"{self.found_outside} of {total} cortical vertices "
                f"({100 * self.found_outside / total:.2f} %) lay outside the inner skull; it was "
                f"moved outward there."
            )
        if self.shallow:
            lines.append(
                f"The field is not given at {self.shallow} of {total} cortical vertices that lie "
                f"outside the inner skull or less than {LEAST_DEPTH.value:g} mm under it."
            )
        return tuple(lines)


def inner_skull_of(patient: Patient) -> InnerSkull:
    """Return the inner skull of a patient.

    In this order: the surface that was read with the patient; the brain mask, closed by 10 mm
    and grown by 2 mm; the labels of aparc+aseg, closed by 10 mm and grown by 5 mm; the white
    and pial surfaces, treated alike. It is then meshed evenly, moved inside the scalp, and moved
    out of the cortex where it comes nearer than 2 mm to the middle of it.

    Raises
    ------
    InputError
        If the surface comes to lie outside the scalp, or more than 5 % of the cortex outside
        the surface: frames or people were mixed.
    """
    raw, how = _raw(patient)
    surface = evenly_meshed(raw)
    surface, inward = _inside_scalp(surface, patient)
    contacts = patient.cortex.map(lambda c: closest_on_faces(surface, c.mid.points))
    depth = contacts.map(lambda c: -c.signed_mm)
    found = sum(int((d < 0).sum()) for _, d in depth.sides())
    _require_round_brain(found, patient, how)
    moved, outward = _off_cortex(surface, patient, depth)
    if outward > 0:
        check_closed(moved, "inner skull")
        depth = _deepened(moved, surface, patient, contacts)
    _require_in_scalp(moved, patient, how)
    said = [how, f"meshed evenly ({len(surface.faces)} triangles)"]
    if inward > 0:
        said.append(f"moved up to {inward:.1f} mm inward to stay {SCALP_GAP.value:g} mm off scalp")
    if outward > 0:
        said.append(
            f"moved up to {outward:.1f} mm outward to stay {LEAST_DEPTH.value:g} mm off mid-cortex"
        )
    return InnerSkull(moved, "; ".join(said), _as_fields(depth, patient), found)


def _raw(patient: Patient) -> tuple[Surface[Scanner], str]:
    if patient.inner_skull is not None:
        return patient.inner_skull, "inner skull surface read with the patient"
    mask = patient.maps.get("brain_mask")
    if isinstance(mask, Volume):
        grown = GROWN["mask"].value
        return surface_of_volume(mask, grown_mm=grown), f"brain mask, {_treated(grown)}"
    if patient.ribbon is not None:
        grown = GROWN["labels"].value
        return (
            surface_of_volume(patient.ribbon, grown_mm=grown),
            f"labels of the brain, {_treated(grown)}",
        )
    grown = GROWN["cortex"].value
    both = [
        s.points.mm(patient.scanner)
        for _, c in patient.cortex.sides()
        for s in (c.white, c.mid, c.pial)
    ]
    points = Points(np.vstack(both), patient.scanner)
    return (
        surface_of_points(points, grown_mm=grown),
        f"cortical surfaces, {_treated(grown)} (no cerebellum: the skull below is a guess)",
    )


def _treated(grown_mm: float) -> str:
    return f"closed by 10 mm, grown by {grown_mm:g} mm"


def _as_fields(depth: Pair[Floats], patient: Patient) -> Pair[Field]:
    def side(hemi: Hemi) -> Field:
        domain = patient.cortex.side(hemi).domain
        return Field(depth.side(hemi), domain, "depth under the inner skull", "mm")

    return Pair(left=side(Hemi.LEFT), right=side(Hemi.RIGHT))


def _deepened(
    moved: Surface[Scanner],
    before: Surface[Scanner],
    patient: Patient,
    contacts: Pair[Contact[Scanner]],
) -> Pair[Floats]:
    """Measure again where the nearest triangle has moved: the rest is as it was."""
    vertices = np.asarray(before.points.distances(moved.points)) > 0
    faces: Bools = np.asarray(vertices[before.faces].any(axis=1), dtype=np.bool_).reshape(-1)

    def side(hemi: Hemi) -> Floats:
        contact = contacts.side(hemi)
        out = -contact.signed_mm
        rows = np.flatnonzero(faces[contact.faces])
        if len(rows):
            points = patient.cortex.side(hemi).mid.points.take(rows)
            out[rows] = -closest_on_faces(moved, points).signed_mm
        return np.asarray(out)

    return Pair(left=side(Hemi.LEFT), right=side(Hemi.RIGHT))


def _inside_scalp(surface: Surface[Scanner], patient: Patient) -> tuple[Surface[Scanner], float]:
    """Move what is nearer than 4 mm to the scalp inward; return the farthest move."""
    if patient.scalp is None:
        return surface, 0.0
    frame, most = surface.frame, 0.0
    for _ in range(_ROUNDS):
        gap = -closest_on_faces(patient.scalp, surface.points).signed_mm
        short = np.maximum(SCALP_GAP.value - gap, 0)
        if short.max() < 0.1:
            break
        step = _spread(surface, short)
        most += float(step.max())
        inward = surface.vertex_normals().components(frame) * -step[:, None]
        surface = surface.with_points(Points(surface.points.mm(frame) + inward, frame))
    return surface, most


def _off_cortex(
    surface: Surface[Scanner], patient: Patient, depth: Pair[Floats]
) -> tuple[Surface[Scanner], float]:
    """Move the surface outward where mid-cortex comes nearer than 2 mm; return the most."""
    frame = surface.frame
    near = [
        c.mid.points.mm(frame)[depth.side(h) < LEAST_DEPTH.value + 3.0]
        for h, c in patient.cortex.sides()
    ]
    if sum(map(len, near)) == 0:
        return surface, 0.0
    brain = Points(np.vstack(near), frame)
    start, most = surface.points, 0.0
    for _ in range(_ROUNDS):
        found = closest_on_faces(surface, brain)
        short = np.maximum(LEAST_DEPTH.value + found.signed_mm, 0)
        if short.max() < 0.05:
            break
        wanted = np.zeros(len(surface))
        for corner in surface.faces[found.faces].T:
            np.maximum.at(wanted, corner, short)
        outward = surface.vertex_normals().components(frame) * _spread(surface, wanted)[:, None]
        surface = surface.with_points(Points(surface.points.mm(frame) + outward, frame))
        most = float(start.distances(surface.points).max())
    return surface, most


def _spread(surface: Surface[Scanner], wanted: Floats) -> Floats:
    """Return at least `wanted`, fading out over two rings of neighbours: no spikes."""
    neighbours = surface.adjacency()
    degree = np.asarray(neighbours.sum(axis=1)).ravel()
    out = wanted
    for _ in range(2):
        out = np.maximum(wanted, (out + neighbours @ out / degree) / 2)
    return np.asarray(out)


def _require_round_brain(found: int, patient: Patient, how: str) -> None:
    total = sum(len(c.pial) for _, c in patient.cortex.sides())
    if found > MOST_OUTSIDE.value * total:
        raise InputError(
            f"{patient.id}: {100 * found / total:.1f} % of the cortex lies outside the inner "
            f"skull ({how}). Expected at most {100 * MOST_OUTSIDE.value:g} %. Mask, labels or "
            f"surface are of another person or frame, or cut the brain; name another inner_skull "
            f"in patient.toml."
        )


def _require_in_scalp(surface: Surface[Scanner], patient: Patient, how: str) -> None:
    if patient.scalp is None:
        return
    signed = closest_on_faces(patient.scalp, surface.points).signed_mm
    if (signed > 0).any():
        raise InputError(
            f"{patient.id}: {int((signed > 0).sum())} of {len(surface)} vertices of the inner "
            f"skull ({how}) lie outside the scalp, by up to {signed.max():.1f} mm. Expected the "
            f"scalp around the skull around the brain. Check the frames of scalp and cortex."
        )
