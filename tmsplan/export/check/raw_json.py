"""JSON with 4 by 4 matrices: visor2's exchange file, SimNIBS, tmsplan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...base.errors import refuse_file
from .axes import Vendor
from .raw import Fingerprint, RawFile, RawPose, lenient_float, matrix_from, require_count

__all__ = [
    "looks_like_matrices",
    "looks_like_navinibs",
    "looks_like_visor2",
    "read_matrices",
    "read_navinibs",
    "read_visor2",
]

#: Keys under which software stores a pose in SimNIBS' axes.
_KEYS = ("matsimnibs", "matrix")
_NAVINIBS = "coilToMRITransf"
_NAMES = ("name", "Name", "key", "label", "id")
#: Eight decimals in the vendor's example, float32 in some others.
_ROUNDING = 1e-5


def looks_like_visor2(text: str) -> bool:
    """Return whether this is visor2's JSON of target markers."""
    return text.lstrip().startswith("{") and '"TargetMarkers"' in text


def looks_like_matrices(text: str) -> bool:
    """Return whether this is JSON that holds poses under a key that is known."""
    start = text.lstrip()[:1]
    known = any(f'"{key}"' in text for key in _KEYS)
    other = looks_like_visor2(text) or looks_like_navinibs(text)
    return start in {"{", "["} and known and not other


def looks_like_navinibs(text: str) -> bool:
    """Return whether this is NaviNIBS' JSON of targets."""
    return text.lstrip()[:1] in {"{", "["} and f'"{_NAVINIBS}"' in text


def read_visor2(path: Path, text: str) -> RawFile:
    """Return the coil targets of an ANT Neuro visor2 exchange file.

    Raises
    ------
    InputError
        If it is not JSON, or has no list of target markers.
    """
    data = _load(path, text)
    markers = data.get("TargetMarkers") if isinstance(data, dict) else None
    if not isinstance(markers, list):
        raise refuse_file(path, "'TargetMarkers' is no list", "a list", "Export it again")
    require_count(path, len(markers))
    coils = [_get(marker, "CoilTarget") for marker in markers]
    units = {str(_get(c, "PositionalUnit")) for c in coils}
    systems = {str(_get(c, "CoordinateSystem")) for c in coils}
    axes = {str(_get(c, "CoilAxesConvention")) for c in coils}
    return RawFile(
        name=path.name,
        format="visor2 exchange (.mrk)",
        axes="simnibs" if axes <= {"simnibs"} else None,
        world="RAS" if systems <= {"ASSOCIATED_IMAGE"} else None,
        poses=tuple(_marker(path, k, c) for k, c in enumerate(coils, start=1)),
        rounding=_ROUNDING,
        world_says=", ".join(sorted(systems)),
        unknown=()
        if units <= {"mm"}
        else (f"the unit: the file says {', '.join(sorted(units))}",),
        fingerprint=_fingerprint(_get(data, "Configuration", "AssociatedImageInfo")),
    )


def _marker(path: Path, k: int, coil: object) -> RawPose:
    name = str(_get(coil, "Name") or "")
    matrix = matrix_from(_get(coil, "CoilPose", "RigidTransformMatrix4x4"))
    if matrix is None:
        raise refuse_file(
            path,
            f"marker {k} has no 4 by 4 matrix",
            "CoilPose.RigidTransformMatrix4x4 of four rows",
            "Export it again",
        )
    return RawPose(f"{path.name}, marker {k} ('{name}')", name, "pose", matrix)


def _fingerprint(info: object) -> Fingerprint | None:
    parts = []
    for key, n in (("NIfTI_quatern", 3), ("NIfTI_qoffset", 3), ("NIfTI_pixdim", 4)):
        value = _get(info, key)
        if not isinstance(value, list) or len(value) != n:
            return None
        parts.append([lenient_float(v) for v in value])
    (b, c, d), (x, y, z), (f, i, j, k) = parts
    return Fingerprint((b, c, d), (x, y, z), (f, i, j, k))


def read_matrices(path: Path, text: str) -> RawFile:
    """Return every 4 by 4 under a known key, with the nearest name.

    Raises
    ------
    InputError
        If it is not JSON.
    """
    return _matrices(path, text, "JSON with 4 by 4 matrices", "simnibs", _KEYS)


def read_navinibs(path: Path, text: str) -> RawFile:
    """Return the pose of every target of a NaviNIBS file.

    Raises
    ------
    InputError
        If it is not JSON.
    """
    # -y along the handle and -z into the head are Brainsight's axes.
    return _matrices(path, text, "NaviNIBS targets", "brainsight", (_NAVINIBS,))


def _matrices(path: Path, text: str, title: str, axes: Vendor, keys: tuple[str, ...]) -> RawFile:
    data = _load(path, text)
    try:
        found = list(_walk(data, "", keys))
    except RecursionError as err:
        raise refuse_file(path, "nested too deeply", "a list of poses", "Export it again") from err
    require_count(path, len(found))
    digests = {str(_get(data, k, "sha256")) for k in ("t1", "T1") if _get(data, k, "sha256")}
    return RawFile(
        name=path.name,
        format=title,
        axes=axes,
        world="RAS",
        poses=tuple(
            RawPose(f"{path.name}, matrix {k} ('{name}')", name, "pose", matrix)
            for k, (name, matrix) in enumerate(found, start=1)
        ),
        rounding=_ROUNDING,
        world_says="nothing; taken for RAS of the T1",
        t1_sha256=frozenset(digests),
    )


def _walk(value: Any, name: str, keys: tuple[str, ...]) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, name, keys)
    if not isinstance(value, dict):
        return
    own = next((str(value[k]) for k in _NAMES if isinstance(value.get(k), str)), name)
    for key, inner in value.items():
        if key not in keys or _is_claim(value):
            yield from _walk(inner, own, keys)
            continue
        # One matrix, or a list of them.
        several = inner if isinstance(inner, list) and matrix_from(inner) is None else [inner]
        yield from ((own, m) for item in several if (m := matrix_from(item)) is not None)


def _is_claim(value: dict[str, object]) -> bool:
    """Whether this is a transform between frames, as plan.json records them, and no pose."""
    return "dst" in value and "Coil" not in str(value.get("src"))


def _load(path: Path, text: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as err:
        raise refuse_file(
            path, f"no JSON ({err.__class__.__name__})", "one JSON object", "Export it again"
        ) from err


def _get(value: object, *keys: str) -> object:
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
