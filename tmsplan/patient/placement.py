"""From surface files to the scanner frame: by FreeSurfer's own volume, or by what a file says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import AmbiguityError, InputError, refuse_file
from ..space.frame import Frame, Scanner, Tkras
from ..space.points import Points
from ..space.transform import Rigid
from ..surface.formats import MeshSpace, RawMesh
from .image import RawImage

__all__ = ["Placement", "find_placement"]

#: A footer prints its numbers with at least four decimals; more than this is another volume.
FOOTER_MM = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """How surface coordinates of one patient become scanner RAS.

    Parameters
    ----------
    scanner : Frame
    scanner_from_tkras : Rigid or None
        None if no file relates the two.
    stated : {"scanner", "tkras"} or None
        The user's ``coordinate_system``, for files that do not say.
    """

    scanner: Frame[Scanner]
    scanner_from_tkras: Rigid[Scanner, Tkras] | None
    stated: str | None

    def points(self, mesh: RawMesh) -> Points[Scanner]:
        """Return the vertices in scanner RAS, mm.

        Raises
        ------
        AmbiguityError
            If neither the file nor the user says where its coordinates live.
        InputError
            If both do and contradict each other, or nothing relates tkRAS to the scanner.
        """
        space = self._space(mesh)
        if space is MeshSpace.SCANNER:
            return Points(mesh.xyz, self.scanner)
        if self.scanner_from_tkras is None:
            raise refuse_file(
                mesh.name,
                "its coordinates are FreeSurfer surface RAS (tkRAS) and nothing relates them to "
                "the scanner: there is no valid volume footer (c_ras) and no orig.mgz",
                "one of the two",
                "Give 'freesurfer' or 'orig' (the mri/orig.mgz it was made on) in patient.toml",
            )
        return self.scanner_from_tkras @ Points(mesh.xyz, self.scanner_from_tkras.src)

    def _space(self, mesh: RawMesh) -> MeshSpace:
        stated = _STATED[self.stated] if self.stated else None
        if mesh.space is MeshSpace.UNSAID:
            if stated is None:
                raise AmbiguityError(
                    f"{mesh.name}: the file does not say in which space its coordinates are "
                    f"(DataSpace is unknown or missing). Scanner RAS and FreeSurfer surface RAS "
                    f'differ by centimetres. Write coordinate_system = "scanner" or "tkras" '
                    f"under [anatomy] of patient.toml."
                )
            return stated
        if stated is not None and stated is not mesh.space:
            raise refuse_file(
                mesh.name,
                f"coordinate_system is '{self.stated}', but the file's own space is {mesh.space}",
                "agreement",
                "Leave the key out for files that say their space themselves",
            )
        return mesh.space


_STATED = {"scanner": MeshSpace.SCANNER, "tkras": MeshSpace.TKRAS}


def find_placement(
    scanner: Frame[Scanner],
    meshes: Sequence[RawMesh],
    *,
    conformed: RawImage | None,
    stated: str | None,
) -> Placement:
    """Relate FreeSurfer's surface RAS to the scanner, and check every footer against it.

    With the conformed volume the map is ``Norig @ inv(Torig)`` from its header: a rotation and
    a shift, right for oblique volumes too. Without it the surfaces' own valid footers must
    all agree.

    Parameters
    ----------
    scanner : Frame
    meshes : sequence of RawMesh
        All surfaces of the patient.
    conformed : RawImage or None
        An MGH image.
    stated : {"scanner", "tkras"} or None

    Raises
    ------
    InputError
        If a footer names another volume than the conformed one or than its neighbours: mixed
        patients or volumes.
    """
    tkras = Frame(Tkras, scanner.owner)
    footed = [m for m in meshes if m.geometry is not None and m.geometry.valid]
    if conformed is not None:
        if conformed.tkras_from_voxel is None:
            raise refuse_file(
                conformed.name, "it is no MGH image", "mri/orig.mgz", "Pass FreeSurfer's volume"
            )
        matrix = conformed.affine @ np.linalg.inv(conformed.tkras_from_voxel)
        source = f"Norig inv(Torig) of {conformed.name}"
    elif footed and footed[0].geometry is not None:
        matrix = footed[0].geometry.scanner_from_tkras()
        source = f"volume footer of {footed[0].name}"
    else:
        return Placement(scanner, None, stated)
    for mesh in footed:
        _require_footer(mesh, matrix, source)
    rigid = Rigid.claim(_orthonormal(matrix), dst=scanner, src=tkras, because=source)
    return Placement(scanner, rigid, stated)


def _require_footer(mesh: RawMesh, matrix: NDArray[np.float64], source: str) -> None:
    if mesh.geometry is None:
        return
    difference = mesh.geometry.scanner_from_tkras() - matrix
    box = np.array([mesh.xyz.min(axis=0), mesh.xyz.max(axis=0)])
    corners = np.stack(np.meshgrid(*box.T, indexing="ij"), -1).reshape(-1, 3)
    off = float(np.linalg.norm(corners @ difference[:3, :3].T + difference[:3, 3], axis=1).max())
    if off > FOOTER_MM:
        raise InputError(
            f"{mesh.name}: its volume footer (c_ras, made on {mesh.geometry.filename}) and "
            f"{source} do not match; they place it {off:.1f} mm apart. Expected at most "
            f"{FOOTER_MM} mm. Files of different subjects or volumes are mixed; pass those of one "
            f"recon-all run."
        )


def _orthonormal(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the nearest rotation; a footer's four decimals leave it 1e-4 from one."""
    u, _, vt = np.linalg.svd(matrix[:3, :3])
    out = matrix.copy()
    # Only rounding may be removed: a mirror stays one and is refused by the claim.
    if float(np.abs(u @ vt - matrix[:3, :3]).max()) < 1e-3:
        out[:3, :3] = u @ vt
    out[3] = (0, 0, 0, 1)
    return out
