"""MATLAB 5 files with a variable `matsimnibs`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...base.errors import refuse_file
from ...base.mat5 import MatValue, read_mat5
from .raw import RawFile, RawPose, require_count

__all__ = ["MAGIC", "read"]

MAGIC = b"MATLAB 5.0 MAT-file"
_ROUNDING = 1e-5
_WANTED = ("matsimnibs", "names", "t1_sha256")


def read(path: Path) -> RawFile:
    """Return the (4, 4) or (4, 4, n) of the variable ``matsimnibs``.

    Raises
    ------
    InputError
        If the file is damaged, or has no such variable. Poses inside the structures of a SimNIBS
        session are not looked for.
    """
    found = read_mat5(path, _WANTED)
    stack = found.get("matsimnibs")
    if not isinstance(stack, np.ndarray) or stack.shape[:2] != (4, 4) or stack.ndim > 3:
        raise refuse_file(
            path,
            "there is no variable 'matsimnibs' of shape (4, 4) or (4, 4, n)",
            "one; a SimNIBS session keeps it inside structures, which are not read",
            "Save matsimnibs as a variable of its own, or as JSON",
        )
    matrices = np.moveaxis(np.atleast_3d(stack), -1, 0)
    require_count(path, len(matrices))
    digest = found.get("t1_sha256")
    return RawFile(
        name=path.name,
        format="SimNIBS matrices (.mat)",
        axes="simnibs",
        world="RAS",
        poses=tuple(_pose(path, k, m, found.get("names")) for k, m in enumerate(matrices)),
        rounding=_ROUNDING,
        world_says="nothing; taken for RAS of the T1",
        t1_sha256=frozenset({digest} if isinstance(digest, str) else ()),
    )


def _pose(path: Path, k: int, matrix: NDArray[np.float64], names: MatValue | None) -> RawPose:
    words = (names,) if isinstance(names, str) else names
    name = words[k] if isinstance(words, tuple) and k < len(words) else f"matrix {k + 1}"
    return RawPose(f"{path.name}, matrix {k + 1}", name, "pose", matrix)
