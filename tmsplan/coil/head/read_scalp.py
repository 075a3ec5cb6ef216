"""A scalp mesh from a file alone, for measurements without a patient."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from ...base.errors import AmbiguityError, refuse_file
from ...patient.image import read_image
from ...patient.placement import find_placement
from ...space.frame import Frame, Scanner
from ...surface.check import check_closed
from ...surface.domain import Domain
from ...surface.formats import MeshSpace, RawMesh, guarded, read_bytes, read_mesh
from ...surface.surface import Surface

__all__ = ["read_scalp"]

#: Formats without a place for a coordinate system; 3D Slicer writes it into their comment.
_PLAIN = {".stl": "stl", ".ply": "ply"}
_MAX_BYTES = 512 << 20
_HEADER_BYTES = 1024


def read_scalp(
    path: Path, *, stated: str | None = None, orig: Path | None = None
) -> Surface[Scanner]:
    """Read a closed head surface: GIFTI, FreeSurfer, STL or PLY.

    Parameters
    ----------
    path : Path
    stated : {"scanner", "tkras"} or None
        Where the numbers live, for a file that does not say.
    orig : Path or None
        FreeSurfer's volume (T1.mgz, orig.mgz), for a file in surface RAS without a footer.

    Returns
    -------
    Surface of Scanner
        mm, triangles facing out. Its frame is owned by the file's name.

    Raises
    ------
    AmbiguityError
        If neither the file nor `stated` says where its coordinates live.
    InputError
        If the file is refused, is no closed surface, or is in LPS.
    """
    mesh = _read_plain(path) if path.suffix.lower() in _PLAIN else read_mesh(path)
    scanner = Frame(Scanner, path.name.split(".", 1)[0] or "scalp")
    if mesh.space is MeshSpace.UNSAID and stated is None:
        raise AmbiguityError(
            f"{mesh.name}: the file does not say in which space its coordinates are. Scanner RAS "
            f"and FreeSurfer surface RAS differ by centimetres. Pass --scalp-space scanner or "
            f"--scalp-space tkras."
        )
    conformed = None if orig is None else read_image(orig)
    placement = find_placement(scanner, [mesh], conformed=conformed, stated=stated)
    domain = Domain("scalp", len(mesh.xyz), None, scanner.owner)
    surface = Surface(placement.points(mesh), mesh.faces, domain)
    if surface.signed_volume() < 0:
        # Only which way the triangles are counted: the points stay where they are.
        surface = Surface(surface.points, surface.faces[:, ::-1], domain)
    check_closed(surface, mesh.name)
    return surface


def _read_plain(path: Path) -> RawMesh:
    import trimesh

    data = read_bytes(path, limit=_MAX_BYTES)
    with guarded(path, "a triangle mesh"):
        # STL repeats each corner per triangle; merging makes one vertex of them.
        mesh = trimesh.load_mesh(
            io.BytesIO(data), file_type=_PLAIN[path.suffix.lower()], process=True
        )
        xyz, faces = np.asarray(mesh.vertices, dtype=np.float64), np.asarray(mesh.faces)
    return RawMesh(path.name, xyz, faces.astype(np.int32), _space_of_comment(path, data))


def _space_of_comment(path: Path, data: bytes) -> MeshSpace:
    comment = data[:_HEADER_BYTES]
    if b"SPACE=LPS" in comment:
        raise refuse_file(
            path,
            "its comment says SPACE=LPS: x and y have the other sign",
            "RAS",
            "Save it again in RAS (3D Slicer: coordinate system of the file)",
        )
    return MeshSpace.SCANNER if b"SPACE=RAS" in comment else MeshSpace.UNSAID
