"""From fsLR-32k to the patient's own mesh: by spheres that are registered to each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import FrameError, refuse_file
from ..space.frame import Frame, SphereReg
from ..space.points import Points
from ..space.side import Hemi
from ..surface.domain import Domain
from ..surface.field import Field
from ..surface.formats import read_mesh
from ..surface.pair import Pair
from ..surface.proximity import nearest_by_sphere
from ..surface.surface import Surface
from .aparc import require_side
from .cifti import DENSITY
from .patient import Cortex
from .recipe import FsLrFiles

__all__ = ["on_patient", "vertices_of_fslr"]

#: fsaverage's sphere is called "template" where ``?h.sphere.reg`` is read; fsLR's is another.
_FRAMES = {"fsaverage": Frame(SphereReg, "template"), "fsLR": Frame(SphereReg, "fsLR")}
#: A sphere's radii agree to rounding; an inflated surface's do not.
_ROUND = 0.01
_DO = (
    "Write [fslr] in patient.toml: registered_to, left_sphere and right_sphere (the template's "
    "32k spheres), and for fsLR left_own and right_own (the patient's, as fMRIPrep writes them: "
    "space-fsLR_desc-msmsulc_sphere.surf.gii); or resample the map to the patient's own mesh "
    "(wb_command -metric-resample) and give coupling_left and coupling_right"
)


def on_patient(
    values: Pair[NDArray[np.float32]],
    cortex: Pair[Cortex],
    files: FsLrFiles | None,
    *,
    name: str,
    unit: str,
    file: str,
) -> Pair[Field]:
    """Bring one map of fsLR-32k to the patient's vertices: the nearest one on the sphere.

    Parameters
    ----------
    values : Pair of (32492,) float32
        NaN on the medial wall; so it is on the patient.
    cortex : Pair of Cortex
    files : FsLrFiles or None
        Which spheres; None is refused.
    name, unit : str
        Of the field.
    file : str
        Base name of the map's file, for messages.

    Raises
    ------
    FrameError
        If no sphere relates the two meshes; says what to give.
    InputError
        If a sphere is refused, of the wrong side, or of another number of vertices.

    Source: doi:10.1093/cercor/bhr291 (fs_LR); doi:10.1016/j.neuroimage.2013.05.041 (CIFTI).
    """
    at = vertices_of_fslr(cortex, files, file=file)

    def one(hemi: Hemi) -> Field:
        there = values.side(hemi)[at.side(hemi)].astype(np.float64)
        return Field(there, cortex.side(hemi).domain, name, unit)

    return Pair(left=one(Hemi.LEFT), right=one(Hemi.RIGHT))


def vertices_of_fslr(
    cortex: Pair[Cortex], files: FsLrFiles | None, *, file: str
) -> Pair[NDArray[np.intp]]:
    """Return for each vertex of the patient the nearest one of fsLR-32k on the sphere.

    Parameters
    ----------
    cortex : Pair of Cortex
    files : FsLrFiles or None
        Which spheres; None is refused.
    file : str
        Base name of the file that lies on fsLR-32k, for messages.

    Raises
    ------
    FrameError
        If no sphere relates the two meshes; says what to give.
    InputError
        If a sphere is refused, of the wrong side, or of another number of vertices.
    """
    if files is None:
        raise FrameError(
            f"{file}: it lies on fsLR-32k, and nothing relates that mesh to this patient's "
            f"surfaces. {_DO}."
        )

    def one(hemi: Hemi) -> NDArray[np.intp]:
        fixed = _sphere(files.spheres.side(hemi), hemi, DENSITY, files, "fsLR-32k")
        return nearest_by_sphere(_own(files, cortex.side(hemi), hemi, file), fixed)

    return Pair(left=one(Hemi.LEFT), right=one(Hemi.RIGHT))


def _own(files: FsLrFiles, side: Cortex, hemi: Hemi, file: str) -> Surface[SphereReg]:
    if files.own is not None:
        return _sphere(files.own.side(hemi), hemi, side.domain.density, files, side.domain.mesh)
    if side.sphere is None:
        raise FrameError(
            f"{file}: [fslr] is registered to fsaverage, but the patient's {hemi} hemisphere has "
            f"no sphere.reg. Give {hemi}_sphere under [anatomy]."
        )
    return side.sphere


def _sphere(
    path: Path, hemi: Hemi, density: int, files: FsLrFiles, mesh: str
) -> Surface[SphereReg]:
    raw = read_mesh(path)
    require_side(path, raw.hemi, hemi)
    if len(raw.xyz) != density:
        raise refuse_file(
            path,
            f"it has {len(raw.xyz)} vertices",
            f"{density} ({mesh})",
            "Pass the sphere of that mesh",
        )
    radius = np.linalg.norm(raw.xyz, axis=1)
    if float(np.ptp(radius)) > _ROUND * float(radius.mean()):
        raise refuse_file(
            path,
            f"its radius runs from {radius.min():.1f} to {radius.max():.1f}",
            "one radius",
            "Pass a sphere, not a folded or inflated surface",
        )
    _require_registration(path, files)
    frame: Frame[Any] = _FRAMES[files.registered_to]
    return Surface(Points(raw.xyz, frame), raw.faces, Domain(mesh, density, hemi, "fsLR"))


def _require_registration(path: Path, files: FsLrFiles) -> None:
    """Refuse a name that says the other registration; fsLR's own tools put it there."""
    name = path.name.lower()
    other = "fsLR" if files.registered_to == "fsaverage" else "fsaverage"
    says_fsaverage = "space-fsaverage" in name or "deformed_to-fsaverage" in name
    says_fslr = "space-fslr" in name
    if (says_fsaverage and other == "fsaverage") or (says_fslr and other == "fsLR"):
        raise refuse_file(
            path,
            f"its name says that it is registered to {other}, [fslr] says {files.registered_to}",
            "agreement",
            "The two spheres differ by centimetres; correct registered_to or the file",
        )
