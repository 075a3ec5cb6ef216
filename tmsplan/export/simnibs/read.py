"""Read ``matsimnibs`` files. Derived from SimNIBS' words, and nothing from the writer.

The matrix acts on columns; its third column points into the head, its second away from the
handle, its fourth is the coil's centre in mm (docs/documentation/sim_struct/position.rst).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ...base.errors import FrameError, InputError, refuse_file
from ...base.mat5 import read_mat5
from ...base.strict_json import load_file
from ...space.frame import CoilSimnibs, Frame, Scanner
from ...space.transform import Rigid
from ..protocol import ReadPose
from ..rotation import rotation_from_printed

__all__ = ["SimnibsFile", "parse_simnibs_json", "parse_simnibs_mat", "simnibs_poses"]

Floats = NDArray[np.float64]

#: SimNIBS keeps float64, other software at least four decimals, which put Rt R off 1 by at most
#: 0.00017 (20 000 random rotations); rounded up.
_ROUNDING = 2e-4
_WORDS = ("schema", "unit", "frame", "frame_axes", "t1_sha256", "coil", "coil_axes")


@dataclass(frozen=True, slots=True, eq=False)
class SimnibsFile:
    """Everything that one file says.

    Parameters
    ----------
    path : Path
    about : mapping of word to text
        ``unit``, ``frame``, ``t1_sha256``, ...; only those that the file has.
    positions : tuple of (name, matrix (4, 4))
    """

    path: Path
    about: Mapping[str, str]
    positions: tuple[tuple[str, Floats], ...]


def parse_simnibs_json(path: Path) -> SimnibsFile:
    """Read ``positions[]: name, matsimnibs`` and the words about them.

    Raises
    ------
    InputError
        If it is no strict JSON, or a position is not a name and 4 rows of 4 numbers.
    """
    root = load_file(path)
    positions = root.get("positions") if isinstance(root, dict) else None
    if not isinstance(root, dict) or not isinstance(positions, list):
        raise _refuse(path, "there is no list 'positions'", "an object that has one")
    found = []
    for k, entry in enumerate(positions, start=1):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            raise _refuse(path, f"position {k} has no name", "a text")
        rows = cast("dict[str, object]", entry).get("matsimnibs")
        found.append((name, _matrix(path, f"position {k}", rows)))
    return SimnibsFile(path, _about(path, root), tuple(found))


def parse_simnibs_mat(path: Path) -> SimnibsFile:
    """Read ``matsimnibs`` (4, 4) or (4, 4, n), and ``names`` where there are any.

    Raises
    ------
    InputError
        If it is no MATLAB 5 file, or `matsimnibs` is absent, not of numbers or of another shape.
    """
    raw = read_mat5(path, ("matsimnibs", "names", *_WORDS))
    stack, names = raw.get("matsimnibs"), raw.get("names")
    if not isinstance(stack, np.ndarray) or stack.shape[:2] != (4, 4) or stack.ndim > 3:
        found = stack.shape if isinstance(stack, np.ndarray) else "absent or no numbers"
        raise _refuse(path, f"matsimnibs is {found}", "numbers of shape (4, 4) or (4, 4, n)")
    if not np.isfinite(stack).all():
        raise _refuse(path, "matsimnibs holds values that are not finite", "finite numbers")
    stack = np.atleast_3d(stack)
    n = stack.shape[2]
    # A cell array of texts; one text alone, where somebody saved it as such; or no names.
    labels = names if isinstance(names, tuple) else (names,) if isinstance(names, str) else ()
    if names is not None and len(labels) != n:
        raise _refuse(path, f"{len(labels)} names for {n} matrices", "one name each")
    matrices = stack.transpose(2, 0, 1)
    positions = tuple(zip(labels or [""] * n, matrices, strict=True))
    return SimnibsFile(path, _about(path, raw), positions)


def simnibs_poses(
    file: SimnibsFile, *, scanner: Frame[Scanner], coil: Frame[CoilSimnibs]
) -> tuple[ReadPose, ...]:
    """Return the positions in tmsplan's own axes.

    Raises
    ------
    FrameError
        If the file says another unit, other world axes or other coil axes.
    ChiralityError
        If the axes of a position are left-handed.
    InputError
        If a matrix is no rotation with a translation.
    """
    for word, wanted in (("unit", "mm"), ("frame_axes", "RAS"), ("frame", str(scanner))):
        _require_word(file, word, wanted)
    convention = file.about.get("coil_axes", "simnibs").split(":")[0]
    if convention != "simnibs":
        raise FrameError(
            f"{file.path.name}: its coil axes are '{convention}'. Expected 'simnibs'."
        )
    poses = []
    for k, (name, matrix) in enumerate(file.positions, start=1):
        who = f"{file.path.name}, position {k}"
        if not np.array_equal(matrix[3], (0, 0, 0, 1)):
            raise InputError(
                f"{who}: the last row is {matrix[3].tolist()}. Expected 0 0 0 1. The matrix is "
                f"transposed, or the file is damaged."
            )
        axes = rotation_from_printed(matrix[:3, :3], _ROUNDING, who)
        away_from_handle, into_head = axes[:, 1], axes[:, 2]
        m = np.eye(4)
        m[:3, 0] = np.cross(away_from_handle, into_head)
        m[:3, 1], m[:3, 2], m[:3, 3] = away_from_handle, into_head, matrix[:3, 3]
        because = f"{who}: matsimnibs, z into the head, y away from the handle"
        poses.append(ReadPose(name, Rigid.claim(m, dst=scanner, src=coil, because=because)))
    return tuple(poses)


def _about(path: Path, found: Mapping[str, object]) -> dict[str, str]:
    about = {}
    for word in _WORDS:
        value = found.get(word, "")
        if not isinstance(value, str):
            raise _refuse(path, f"{word} is no text", "a text, or nothing")
        if word in found:
            about[word] = value
    return about


def _require_word(file: SimnibsFile, word: str, wanted: str) -> None:
    found = file.about.get(word, wanted)
    if found != wanted:
        raise FrameError(
            f"{file.path.name}: {word} is {found!r}. Expected {wanted!r}. The file belongs to "
            f"another plan or was edited."
        )


def _matrix(path: Path, who: str, rows: object) -> Floats:
    flat = [v for r in rows if isinstance(r, list) for v in r] if isinstance(rows, list) else []
    plain = all(isinstance(v, int | float) and not isinstance(v, bool) for v in flat)
    square = isinstance(rows, list) and [len(r) for r in rows if isinstance(r, list)] == [4] * 4
    try:
        found = np.array(flat if plain and square else [np.nan], dtype=np.float64)
    except OverflowError:
        found = np.array([np.nan])
    if not np.isfinite(found).all():
        raise _refuse(path, f"{who}: matsimnibs is not 4 rows of 4 numbers", "finite numbers")
    return found.reshape(4, 4)


def _refuse(path: Path, found: str, expected: str) -> InputError:
    return refuse_file(path, found, expected, "Export it again")
