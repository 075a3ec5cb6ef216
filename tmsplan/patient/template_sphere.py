"""The sphere of the template mesh that comes with nilearn."""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.data import data_root
from ..base.errors import InputError, MissingPartError
from ..base.provenance import sha256_bytes
from ..space.frame import Frame, SphereReg
from ..space.points import Points
from ..space.side import Hemi
from ..surface.domain import Domain
from ..surface.surface import Surface

__all__ = ["template_sphere"]

SPHERE = Frame(SphereReg, "template")


def template_sphere(mesh: str, hemi: Hemi) -> Surface[SphereReg]:
    """Return the sphere of a template mesh that nilearn's wheel carries, after checking it.

    Data are joined to vertices by their order, so a nilearn with another order must not pass:
    coordinates and triangles are compared with the hashes in ``meshes/<mesh>.toml``.

    Parameters
    ----------
    mesh : str
        ``"fsaverage5"``.
    hemi : Hemi

    Returns
    -------
    Surface
        In the sphere frame that every ``sphere.reg`` shares.

    Raises
    ------
    InputError
        If the mesh is not declared.
    MissingPartError
        If nilearn carries other vertices than declared.
    """
    from nilearn.datasets import load_fsaverage

    path = data_root("meshes") / f"{mesh}.toml"
    if not path.is_file():
        raise InputError(f"there is no mesh called '{mesh}'.")
    declared = tomllib.loads(path.read_text(encoding="utf-8"))
    part = load_fsaverage(mesh)["sphere"].parts[hemi.value]
    _require(part.coordinates, "<f4", declared["sphere"][hemi.value], mesh)
    _require(part.faces, "<i4", declared["faces"], mesh)
    domain = Domain(mesh, declared["density"], hemi, "template")
    return Surface(Points(part.coordinates, SPHERE), part.faces, domain)


def _require(array: NDArray[Any], kind: str, sha256: str, mesh: str) -> None:
    found = sha256_bytes(np.ascontiguousarray(array, dtype=kind).tobytes())
    if found != sha256:
        raise MissingPartError(
            f"nilearn carries another {mesh} than tmsplan was checked with (SHA-256 {found}, "
            f"expected {sha256}); install the nilearn version of the lock file."
        )
