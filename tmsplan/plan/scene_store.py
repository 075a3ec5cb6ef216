"""A scene as one .npz file: fixed keys, no pickles, the same bytes every time."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.provenance import sha256_bytes
from ..space.frame import Frame, Scanner
from ..space.points import Points
from ..space.side import Hemi
from ..surface.domain import Domain
from ..surface.field import Field, Labels
from ..surface.pair import Pair
from ..surface.surface import Surface
from .scene import Scene, SceneCortex

__all__ = ["load_scene", "scene_bytes"]

#: Refuse to unpack more than this: a whole cortex and scalp stay far below.
MAX_UNPACKED = 1 << 30

_HEMI_KEYS = ("points", "faces", "sulc", "z", "ids")


def scene_bytes(scene: Scene) -> bytes:
    """Return the scene as .npz; float32 coordinates (exact to 1e-5 mm) to stay small."""
    arrays: dict[str, NDArray[Any]] = {
        "scalp_points": scene.scalp.points.mm(scene.frame).astype(np.float32),
        "scalp_faces": scene.scalp.faces,
        "frame": np.array([scene.frame.kind.__name__, scene.frame.owner]),
    }
    for hemi, cortex in scene.cortex.sides():
        arrays |= {
            f"{hemi}_points": cortex.pial.points.mm(scene.frame).astype(np.float32),
            f"{hemi}_faces": cortex.pial.faces,
            f"{hemi}_sulc": cortex.sulc.values.astype(np.float32),
            f"{hemi}_z": cortex.z.values.astype(np.float32),
            f"{hemi}_ids": cortex.labels.ids,
        }
    return _zipped(arrays)


def _zipped(arrays: dict[str, NDArray[Any]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(arrays):
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.ascontiguousarray(arrays[name]))
            # A fixed date: the bytes must not depend on when they were written.
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, entry.getvalue(), compresslevel=3)
    return out.getvalue()


def load_scene(data: bytes, sha256: str, frame: Frame[Scanner]) -> Scene:
    """Return the scene in `data`, if it is the one with this hash and frame.

    Raises
    ------
    InputError
        If hash, keys, frame or sizes are not those of the plan.
    """
    if sha256_bytes(data) != sha256:
        raise InputError("its hash is not the one that plan.json names")
    arrays = _unzipped(data)
    if list(arrays["frame"]) != [frame.kind.__name__, frame.owner]:
        raise InputError(f"it is in {'/'.join(arrays['frame'])}, not in {frame}")
    cortex = {hemi: _cortex(arrays, hemi, frame) for hemi in Hemi}
    domain = Domain("scalp", len(arrays["scalp_points"]), None, frame.owner)
    scalp = Surface(Points(arrays["scalp_points"], frame), arrays["scalp_faces"], domain)
    return Scene(frame, Pair(cortex[Hemi.LEFT], cortex[Hemi.RIGHT]), scalp)


def _cortex(arrays: dict[str, NDArray[Any]], hemi: Hemi, frame: Frame[Scanner]) -> SceneCortex:
    xyz = arrays[f"{hemi}_points"]
    domain = Domain("fsnative", len(xyz), hemi, frame.owner)
    ids = arrays[f"{hemi}_ids"]
    names = {int(i): f"parcel {int(i)}" for i in np.unique(ids) if i}
    return SceneCortex(
        pial=Surface(Points(xyz, frame), arrays[f"{hemi}_faces"], domain),
        sulc=Field(arrays[f"{hemi}_sulc"], domain, "sulc", "mm"),
        z=Field(arrays[f"{hemi}_z"], domain, "z", "1"),
        labels=Labels(ids, domain, names),
    )


def _unzipped(data: bytes) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(i.file_size for i in archive.infolist())
    if size > MAX_UNPACKED:
        raise InputError(f"it unpacks to {size} bytes")
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    wanted = {f"{h}_{k}" for h in Hemi for k in _HEMI_KEYS}
    wanted |= {"scalp_points", "scalp_faces", "frame"}
    if set(arrays) != wanted:
        raise InputError(f"its entries are {sorted(set(arrays) ^ wanted)[:4]} off")
    return arrays
