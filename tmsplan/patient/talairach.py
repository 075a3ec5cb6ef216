"""The affine that FreeSurfer found from the patient to MNI305."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.errors import refuse_file
from ..space.frame import Frame, Mni305, Scanner
from ..space.transform import Affine
from ..surface.formats import guarded, read_bytes

__all__ = ["scanner_from_mni305"]

#: Linear size of a head against MNI305; beyond it the registration failed.
SCALE = (0.5, 2.0)


def scanner_from_mni305(path: Path, scanner: Frame[Scanner]) -> Affine[Scanner, Mni305] | None:
    """Read ``talairach.xfm`` and return the map from MNI305 to the scanner.

    FreeSurfer applies the file's matrix to the scanner RAS of the conformed volume, not to
    surface RAS: ``tal = xfm @ Norig @ inv(Torig) @ tkRAS`` (FreeSurfer wiki,
    CoordinateSystems). Read as acting on surface RAS it would be wrong by c_ras.

    Parameters
    ----------
    path : Path
    scanner : Frame

    Returns
    -------
    Affine or None
        None for the identity: that is what recon-all leaves when it did not register.

    Raises
    ------
    InputError
        If the file is no MNI linear transform, not finite, or scales a head by more than two.
    ChiralityError
        If it mirrors.
    """
    matrix = _read_xfm(path)
    if np.array_equal(matrix, np.eye(4)):
        return None
    mni = Affine.claim(
        matrix,
        dst=Frame(Mni305, "template"),
        src=scanner,
        because=f"{path.name} (FreeSurfer: scanner RAS to MNI305)",
    )
    size = float(np.cbrt(np.linalg.det(matrix[:3, :3])))
    if not SCALE[0] <= size <= SCALE[1]:
        raise refuse_file(
            path,
            f"it scales by {size:.2f}",
            f"{SCALE[0]:g} to {SCALE[1]:g}",
            "The Talairach registration failed; repeat it",
        )
    return mni.inverse()


def _read_xfm(path: Path) -> NDArray[np.float64]:
    text = read_bytes(path, limit=1 << 20)
    with guarded(path, "an MNI transform file with a Linear_Transform of 3 rows"):
        head, _, tail = text.decode("ascii").partition("Linear_Transform")
        if "MNI Transform File" not in head:
            raise ValueError("the first line is not 'MNI Transform File'")
        numbers = tail.partition("=")[2].partition(";")[0].split()
        rows = np.array(numbers, dtype=np.float64).reshape(3, 4)
    return np.vstack([rows, (0, 0, 0, 1)])
