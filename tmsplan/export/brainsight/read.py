"""From a parsed Brainsight file to poses. Derived from the words of the format.

What is used here, and nothing from the writer: ``mAnB`` is component B of axis A (m0 = x, m1 =
y, m2 = z); Brainsight's z points out of the head, its y away from the handle; `CoilSimnibs`
wants z into the head, y away from the handle and x = y cross z.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...base.errors import FrameError, InputError
from ...space.frame import CoilSimnibs, Frame, Scanner
from ...space.points import Points
from ...space.transform import Rigid
from ..protocol import ReadPose
from ..rotation import rotation_from_printed
from ..t1 import NavigatorT1
from .parse import BrainsightFile, BrainsightRow

__all__ = ["brainsight_points", "brainsight_poses", "require_system"]

Floats = NDArray[np.float64]

_CODE_OF_INTENT = {"Scanner": 1, "Aligned": 2, "Talairach": 3, "MNI-152": 4, "Other-Template": 5}
#: First text version that names the form (Q or S) beside the intent.
_NAMES_FORM = 14
#: First text version known to print four decimals; earlier ones print three.
_FOUR_DECIMALS = 12
#: Worst entry of Rt R - 1 that rounding explains, over 20 000 random rotations: 0.0017 with
#: three decimals, 0.00017 with four; rounded up.
_ROUNDING_THREE, _ROUNDING_FOUR = 2e-3, 2e-4
#: What Brainsight's own axes add to that: one of 101 samples of a real version 7 file is 0.00034
#: longer than any rounding of a unit vector. Worth 0.02 deg; a shear of 0.04 deg is refused.
_BEYOND_ROUNDING = 4e-4
_LOCATION = ("Loc. X", "Loc. Y", "Loc. Z")


def require_system(file: BrainsightFile, t1: NavigatorT1) -> None:
    """Raise unless the file's coordinate system is the world of `t1`.

    Raises
    ------
    FrameError
        If the system is Brainsight's own or a world without a NIfTI form, if the version does
        not write such a name, or if the T1's codes do not carry the intent that it names.
    """
    system = file.system
    if system == "Brainsight":
        raise _refuse_system(
            file,
            "its axes run right to left, anterior to posterior, inferior to superior, from a "
            "corner of the image that the file does not record",
        )
    if system == "World":
        raise _refuse_system(file, "it is the world of a project without a NIfTI form")
    *_, intent = system.split(":")
    supported = _systems_of(file.version, t1)
    if system not in supported:
        shown = " or ".join(sorted(supported)) or "none"
        reason = (
            f"the codes of {t1.name} are qform {t1.qform_code}, sform {t1.sform_code}, for which "
            f"a version {file.version} file says {shown}"
        )
        if intent not in _CODE_OF_INTENT:
            reason = f"'{intent}' is no NIfTI intent"
        raise _refuse_system(file, reason)


def _systems_of(version: int, t1: NavigatorT1) -> frozenset[str]:
    """Return every name that a file of this version may give the T1's world."""
    intent = {code: word for word, code in _CODE_OF_INTENT.items()}
    forms = {"Q": t1.qform_code, "S": t1.sform_code}
    if version >= _NAMES_FORM:
        return frozenset(f"NIfTI:{form}:{intent[c]}" for form, c in forms.items() if c)
    return frozenset(f"NIfTI:{intent[c]}" for c in forms.values() if c)


def _refuse_system(file: BrainsightFile, reason: str) -> FrameError:
    return FrameError(
        f"{file.name}: its coordinate system is '{file.system}'; {reason}. Expected the NIfTI "
        f"world of the plan's T1. In Brainsight, export again with the NIfTI coordinate system of "
        f"that T1."
    )


def brainsight_poses(
    file: BrainsightFile,
    block: str,
    *,
    t1: NavigatorT1,
    scanner: Frame[Scanner],
    coil: Frame[CoilSimnibs],
) -> tuple[ReadPose, ...]:
    """Return the poses of one block (``Target``, ``Sample``) in tmsplan's own axes.

    A row without any number, such as a sample taken while the coil was not seen, holds no pose
    and is left out.

    Raises
    ------
    FrameError
        If the file's coordinate system is not the world of `t1`.
    ChiralityError
        If the axes of a row are left-handed.
    InputError
        If a row has some of its twelve numbers but not all, or the axes are no rotation.
    """
    require_system(file, t1)
    poses = []
    for row in file.rows(block):
        m = _matrix(row, file.version)
        if m is None:
            continue
        because = f"{row.where}: m0 is x, m1 is y, m2 is z, which points out of the head"
        rigid = Rigid.claim(m, dst=scanner, src=coil, because=because)
        poses.append(ReadPose(row.name, rigid))
    return tuple(poses)


def brainsight_points(
    file: BrainsightFile, block: str, *, t1: NavigatorT1, scanner: Frame[Scanner]
) -> dict[str, Points[Scanner]]:
    """Return the places of one block without axes (landmarks), by name, mm.

    Raises
    ------
    FrameError
        If the file's coordinate system is not the world of `t1`.
    InputError
        If a name stands twice or a row has only some of its numbers.
    """
    require_system(file, t1)
    points: dict[str, Points[Scanner]] = {}
    for row in file.rows(block):
        xyz = _numbers(row, _LOCATION)
        if xyz is None:
            continue
        if row.name in points:
            raise InputError(f"{row.where}: the name stands twice. Expected each once.")
        points[row.name] = Points(xyz, scanner)
    return points


def _matrix(row: BrainsightRow, version: int) -> Floats | None:
    x = _numbers(row, ("m0n0", "m0n1", "m0n2"))
    y = _numbers(row, ("m1n0", "m1n1", "m1n2"))
    z = _numbers(row, ("m2n0", "m2n1", "m2n2"))
    centre = _numbers(row, _LOCATION)
    if x is None and y is None and z is None and centre is None:
        return None
    if x is None or y is None or z is None or centre is None:
        raise InputError(f"{row.where}: some of the twelve numbers are (null). Expected all.")
    rounding = _ROUNDING_FOUR if version >= _FOUR_DECIMALS else _ROUNDING_THREE
    printed = np.column_stack([x, y, z])
    axes = rotation_from_printed(printed, rounding + _BEYOND_ROUNDING, row.where)
    leading, into_head = axes[:, 1], -axes[:, 2]
    m = np.eye(4)
    m[:3, 0] = np.cross(leading, into_head)
    m[:3, 1] = leading
    m[:3, 2] = into_head
    m[:3, 3] = centre
    return m


def _numbers(row: BrainsightRow, columns: tuple[str, str, str]) -> Floats | None:
    absent = [c for c in columns if c not in row.cells]
    if absent:
        raise InputError(
            f"{row.where}: there is no column '{absent[0]}'. Expected {', '.join(columns)}. "
            f"Export the file again."
        )
    texts = [row.cells[c] for c in columns]
    if all(t is None for t in texts):
        return None
    try:
        values = np.array([float(t) for t in texts if t is not None])
    except ValueError:
        values = np.array([np.nan])
    if len(values) != len(columns) or not np.isfinite(values).all():
        raise InputError(
            f"{row.where}: {', '.join(columns)} hold {', '.join(map(repr, texts))}. Expected "
            f"finite numbers with a decimal point, or all (null)."
        )
    return values
