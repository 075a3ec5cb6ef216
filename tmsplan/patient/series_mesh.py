"""A run on the cortex and the patient's own mesh: one mesh, or a way from one to the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..base.errors import DomainError
from ..space.side import Hemi
from ..surface.pair import Pair
from ..surface.proximity import nearest_by_sphere
from .cifti_fslr import vertices_of_fslr
from .cifti_series import FSLR
from .patient import Cortex
from .recipe import FsLrFiles
from .series import Series
from .template_sphere import template_sphere

__all__ = ["OWN_MESH", "SPHERE_MESH", "placed_on"]

#: The patient's own mesh, as fMRIPrep calls it.
OWN_MESH = "fsnative"
#: The standard mesh whose sphere comes with a dependency; others would have to be downloaded.
SPHERE_MESH = "fsaverage5"


def placed_on(series: Series, cortex: Pair[Cortex], fslr: FsLrFiles | None = None) -> Series:
    """Return a run with its way to the patient's mesh, once it fits.

    A run on fsaverage5 reaches the patient by ``?h.sphere.reg``, one on fsLR-32k by the spheres
    of ``[fslr]``: each vertex of the patient takes the value of the nearest one on the sphere.
    A run of a volume is returned as it is; so is one on a mesh that nothing relates to the
    patient: it can be looked at, but not compared with this cortex.

    Parameters
    ----------
    series : Series
    cortex : Pair of Cortex
    fslr : FsLrFiles or None

    Raises
    ------
    DomainError
        If the run is said to be on the patient's mesh and has another number of vertices.
    InputError
        If a sphere of ``[fslr]`` is refused.

    Source: doi:10.1002/(SICI)1097-0193(1999)8:4<272::AID-HBM10>3.0.CO;2-4.
    """
    if series.mesh is None:
        return series
    if series.mesh.left == OWN_MESH:
        _require_own_mesh(series, cortex)
        return series
    at: Pair[NDArray[np.intp]] | None = None
    if series.mesh.left == FSLR and fslr is not None:
        at = vertices_of_fslr(cortex, fslr, file=series.name)
    elif series.mesh.left == SPHERE_MESH:
        at = _by_sphere_reg(cortex)
    return replace(series, vertex_at=at)


def _require_own_mesh(series: Series, cortex: Pair[Cortex]) -> None:
    files = series.files
    for hemi, path, n in zip(series.hemis, files, series.sizes, strict=True):
        own = len(cortex.side(hemi).pial)
        if n != own:
            raise DomainError(
                f"{path.name}: it has {n} vertices, the patient's {hemi} surfaces {own}. "
                f"Expected a run on the patient's own mesh (fsnative): run and surfaces must "
                f"come from one FreeSurfer run. Pass matching files, or the run in the space of "
                f"the T1."
            )


def _by_sphere_reg(cortex: Pair[Cortex]) -> Pair[NDArray[np.intp]] | None:
    found = {}
    for hemi, side in cortex.sides():
        if side.sphere is None:
            return None
        found[hemi] = nearest_by_sphere(side.sphere, template_sphere(SPHERE_MESH, hemi))
    return Pair(left=found[Hemi.LEFT], right=found[Hemi.RIGHT])
