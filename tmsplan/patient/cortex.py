"""From the files of both hemispheres to surfaces, vertex data and labels in one frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..base.errors import InputError, refuse_file
from ..space.frame import Frame, Scanner, SphereReg
from ..space.grid import Volume
from ..space.points import Points
from ..space.side import Hemi
from ..surface.domain import Domain
from ..surface.field import Field
from ..surface.formats import RawMesh, read_mesh, read_values
from ..surface.pair import Pair
from ..surface.surface import Surface
from .anatomy import HemiFiles
from .aparc import aparc_from_annot, aparc_from_volume, require_count, require_side
from .freesurfer import OVERLAYS
from .mesh_checks import require_cortex, require_scalp
from .patient import Cortex
from .placement import Placement

__all__ = ["RawHemi", "build_cortex", "build_scalp", "read_field", "read_hemi"]

#: ``?h.sphere.reg`` has radius 100 by construction; stored in float32.
SPHERE_RADIUS = 100.0
_SPHERE_TOL = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class RawHemi:
    """White and pial meshes of one hemisphere as read, with the files they came from."""

    hemi: Hemi
    files: HemiFiles
    white: RawMesh
    pial: RawMesh


def read_hemi(files: HemiFiles, hemi: Hemi) -> RawHemi:
    """Read white and pial of one hemisphere.

    Raises
    ------
    InputError
        If a file is refused, or says that it is of the other side.
    """
    raw = RawHemi(hemi, files, read_mesh(files.white), read_mesh(files.pial))
    for path, mesh in ((files.white, raw.white), (files.pial, raw.pial)):
        require_side(path, mesh.hemi, hemi)
    return raw


def build_cortex(raw: RawHemi, placement: Placement, ribbon: Volume[Scanner] | None) -> Cortex:
    """Return one hemisphere in the scanner frame, with its vertex data and labels.

    Raises
    ------
    InputError
        If a mesh is no closed cortex, white and pial are not one mesh, pial is not outside
        white, or vertex data have another number of vertices.
    """
    hemi, files = raw.hemi, raw.files
    white, pial = (_sheet(mesh, hemi, placement) for mesh in (raw.white, raw.pial))
    require_cortex(white, pial, (files.white.name, files.pial.name))
    domain = pial.domain
    fields = {
        name: read_field(path, domain, hemi, name=name, unit=OVERLAYS[name])
        for name, path in files.overlays.items()
    }
    sphere = _sphere(files.sphere, domain, hemi) if files.sphere else None
    aparc = None
    if files.aparc is not None:
        aparc = aparc_from_annot(files.aparc, domain, hemi)
    elif ribbon is not None:
        aparc = aparc_from_volume(ribbon, white, pial, hemi)
    return Cortex(white, pial, sphere, fields, aparc)


def _sheet(mesh: RawMesh, hemi: Hemi, placement: Placement) -> Surface[Scanner]:
    domain = Domain("fsnative", len(mesh.xyz), hemi, placement.scanner.owner)
    return Surface(placement.points(mesh), mesh.faces, domain)


def read_field(path: Path, domain: Domain, hemi: Hemi, *, name: str, unit: str) -> Field:
    """Read one value per vertex of `domain`; the file must be of that side and length.

    Raises
    ------
    InputError
        Who, which file, how many values and how many vertices.
    """
    values, said = read_values(path)
    require_side(path, said, hemi)
    if len(values) != domain.density:
        raise InputError(
            f"{domain.owner}: {hemi} pial has {domain.density} vertices but {hemi} {name} "
            f"({path.name}) has {len(values)}. They must come from one recon-all run; re-run it "
            f"or pass matching files."
        )
    return Field(values, domain, name, unit)


def build_scalp(mesh: RawMesh, placement: Placement, cortex: Pair[Cortex]) -> Surface[Scanner]:
    """Return the scalp in the scanner frame; closed, outward, around the whole cortex.

    Raises
    ------
    InputError
        If the mesh is open, or the cortex sticks out of it.
    """
    domain = Domain("scalp", len(mesh.xyz), None, placement.scanner.owner)
    scalp = Surface(placement.points(mesh), mesh.faces, domain)
    require_scalp(scalp, cortex, mesh.name)
    return scalp


def _sphere(path: Path, domain: Domain, hemi: Hemi) -> Surface[SphereReg]:
    mesh = read_mesh(path)
    require_side(path, mesh.hemi, hemi)
    require_count(path, len(mesh.xyz), domain, "vertices")
    radius = np.linalg.norm(mesh.xyz, axis=1)
    if float(np.abs(radius - SPHERE_RADIUS).max()) > _SPHERE_TOL:
        raise refuse_file(
            path,
            f"its radius runs from {radius.min():.1f} to {radius.max():.1f}",
            f"{SPHERE_RADIUS:g} everywhere",
            "Pass ?h.sphere.reg",
        )
    return Surface(Points(mesh.xyz, Frame(SphereReg, "template")), mesh.faces, domain)
