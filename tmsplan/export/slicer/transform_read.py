"""From an ITK text transform to a pose. Derived from the words of ITK.

What is used here, and nothing from the writer: nine numbers row by row, then a translation t;
FixedParameters are a centre c, and a point p goes to A (p - c) + t + c; points are in LPS mm and
go from the parent's space to the node's, so the pose is the inverse.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...base.errors import FrameError, InputError, refuse_file
from ...space.frame import CoilSimnibs, Frame, Scanner
from ...space.transform import Rigid
from ..protocol import ReadPose
from ..rotation import rotation_from_printed

__all__ = ["itk_matrix", "transform_pose"]

Floats = NDArray[np.float64]

_KINDS = ("AffineTransform_double_3_3", "MatrixOffsetTransformBase_double_3_3")
_MAX_BYTES = 1 << 20
#: Worst entry of Rt R - 1 of twelve decimals is 2e-12; other software prints fewer.
_OFF = 1e-5


def transform_pose(
    path: Path, *, scanner: Frame[Scanner], coil: Frame[CoilSimnibs], t1_sha256: str
) -> ReadPose:
    """Return the pose of one file; its name is in a comment, else it is the file's own.

    Raises
    ------
    FrameError
        If the file names another T1.
    ChiralityError
        If it mirrors.
    InputError
        If it is no ITK text file with one rigid transform.
    """
    fields, comments = _lines(path)
    found = comments.get("T1 SHA-256")
    if found is not None and found != t1_sha256:
        raise FrameError(
            f"{path.name}: it was made for a T1 with SHA-256 {found[:12]}..., the plan's begins "
            f"with {t1_sha256[:12]}. Expected one T1. Export again from this plan."
        )
    node_from_parent = _matrix(path, fields)
    axes = rotation_from_printed(node_from_parent[:3, :3].T, _OFF, path.name)
    # The origin of the coil is the point that goes to 0.
    centre = -axes @ node_from_parent[:3, 3]
    # LPS on both sides: signs change where exactly one of row and column is z.
    sign = np.array([-1.0, -1.0, 1.0])
    m = np.eye(4)
    m[:3, :3] = axes * np.outer(sign, sign)
    m[:3, 3] = centre * sign
    because = f"{path.name}: ITK's from-parent transform in LPS, inverted"
    rigid = Rigid.claim(m, dst=scanner, src=coil, because=because)
    return ReadPose(comments.get("Name", path.stem), rigid)


def itk_matrix(path: Path) -> Floats:
    """Return the (4, 4) matrix of an ITK text file as ITK applies it: LPS, from the parent.

    Raises
    ------
    InputError
        If it is no ITK text file with one affine transform in three dimensions.
    """
    return _matrix(path, _lines(path)[0])


def _matrix(path: Path, fields: Mapping[str, str]) -> Floats:
    if fields.get("Transform") not in _KINDS:
        raise refuse_file(
            path,
            f"its transform is {fields.get('Transform')!r}",
            f"{_KINDS[0]}",
            "Save a linear transform from Slicer",
        )
    twelve = _numbers(path, fields, "Parameters", 12)
    centre = _numbers(path, fields, "FixedParameters", 3)
    m = np.eye(4)
    m[:3, :3] = twelve[:9].reshape(3, 3)
    m[:3, 3] = twelve[9:] + centre - m[:3, :3] @ centre
    return m


def _lines(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the fields of the file and those of its comments."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise refuse_file(path, "too large", f"at most {_MAX_BYTES} bytes", "Pass another")
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as err:
        raise refuse_file(
            path, f"cannot be read ({err.__class__.__name__})", "a UTF-8 text", "Check the file"
        ) from err
    if not lines[0].startswith("#Insight Transform File V1.0"):
        raise refuse_file(
            path,
            f"it begins with {lines[0][:40]!r}",
            "#Insight Transform File V1.0",
            "Pass a .tfm",
        )
    fields: dict[str, str] = {}
    comments: dict[str, str] = {}
    for line in lines[1:]:
        into = comments if line.startswith("#") else fields
        key, colon, value = line.lstrip("#").strip().partition(":")
        if colon and key in into:
            raise refuse_file(path, f"'{key}' stands twice", "one transform", "Save it alone")
        if colon:
            into[key] = value.strip()
    return fields, comments


def _numbers(path: Path, fields: Mapping[str, str], key: str, n: int) -> Floats:
    try:
        values = np.array([float(t) for t in fields.get(key, "").split()])
    except ValueError:
        values = np.array([np.nan])
    if values.shape != (n,) or not np.isfinite(values).all():
        raise InputError(
            f"{path.name}: {key} hold {fields.get(key, 'nothing')[:60]!r}. Expected {n} finite "
            f"numbers. Save the transform again."
        )
    return values
