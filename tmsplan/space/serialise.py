"""Frames, points and transforms as plain data; kind, owner, axes and unit checked on reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ..base.errors import FrameError, InputError
from . import frame as kinds
from .frame import Frame, K, Kind
from .points import Points
from .transform import Affine, D, Rigid, S

__all__ = [
    "frame_from_dict",
    "frame_to_dict",
    "linear_from_dict",
    "linear_to_dict",
    "points_from_dict",
    "points_to_dict",
]

_KINDS: dict[str, type[Kind]] = {
    name: kind
    for name, kind in vars(kinds).items()
    if isinstance(kind, type) and issubclass(kind, Kind) and kind is not Kind
}


def frame_to_dict(frame: Frame[Any]) -> dict[str, str]:
    """Return kind, owner, axes and unit of a frame."""
    kind = frame.kind
    return {"kind": kind.__name__, "owner": frame.owner, "axes": kind.axes, "unit": kind.unit}


def frame_from_dict(data: Mapping[str, object]) -> Frame[Any]:
    """Read a frame; refuse an unknown kind, or axes or a unit that the kind does not have.

    Raises
    ------
    FrameError
        If what is written contradicts what the kind means here.
    """
    name = _text(data, "kind")
    kind = _KINDS.get(name)
    if kind is None:
        raise FrameError(f"'{name}' is no kind of frame; known: {', '.join(sorted(_KINDS))}.")
    for key, expected in (("axes", kind.axes), ("unit", kind.unit)):
        found = _text(data, key)
        if found != expected:
            raise FrameError(
                f"a {name} frame has {key} '{expected}', but the data say '{found}'. They were "
                f"written by something else, or changed by hand."
            )
    return Frame(kind, _text(data, "owner"))


def points_to_dict(points: Points[Any]) -> dict[str, object]:
    """Return points with their frame."""
    frame = points.frame
    xyz = points.ijk(frame) if frame.kind.unit == "voxel" else points.mm(frame)
    return {"frame": frame_to_dict(frame), "xyz": xyz.tolist()}


def points_from_dict(data: Mapping[str, object], expected: Frame[K]) -> Points[K]:
    """Read points that must be in `expected`.

    Raises
    ------
    FrameError
        If they are in another frame.
    """
    found = frame_from_dict(_mapping(data, "frame"))
    _require(found, expected, "points")
    return Points(cast("Any", data["xyz"]), expected)


def linear_to_dict(transform: Rigid[Any, Any] | Affine[Any, Any]) -> dict[str, object]:
    """Return a transform with both frames and its reasons."""
    return {
        "dst": frame_to_dict(transform.dst),
        "src": frame_to_dict(transform.src),
        "matrix": transform.matrix(transform.dst, transform.src).tolist(),
        "because": list(transform.because),
        "rigid": isinstance(transform, Rigid),
    }


def linear_from_dict(
    data: Mapping[str, object], dst: Frame[D], src: Frame[S]
) -> Rigid[D, S] | Affine[D, S]:
    """Read a transform that must map `src` to `dst`; the matrix is checked as in a claim.

    Raises
    ------
    FrameError
        If it maps between other frames.
    InputError
        If the matrix is not what it says it is.
    """
    _require(frame_from_dict(_mapping(data, "dst")), dst, "a transform's destination")
    _require(frame_from_dict(_mapping(data, "src")), src, "a transform's source")
    reasons = data.get("because")
    if not isinstance(reasons, list) or not reasons:
        raise InputError(f"the transform from {src} to {dst} carries no reason.")
    because = "; ".join(map(str, reasons))
    matrix = cast("Any", data["matrix"])
    if data.get("rigid") is True:
        return Rigid.claim(matrix, dst=dst, src=src, because=because)
    return Affine.claim(matrix, dst=dst, src=src, because=because)


def _require(found: Frame[Any], expected: Frame[Any], what: str) -> None:
    if found != expected:
        raise FrameError(f"{what}: the data say {found}, but {expected} was asked for.")


def _text(data: Mapping[str, object], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str):
        raise FrameError(f"a frame needs '{key}' as a text; got {value!r}.")
    return value


def _mapping(data: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = data.get(key)
    if not isinstance(value, Mapping):
        raise FrameError(f"'{key}' is missing: numbers without a frame are refused.")
    return value
