"""A scene as one .npz file: fixed keys, no pickles, the same bytes every time.

Format 1 held cortex and scalp and no number. Format 2 says its number and may add the white
surfaces, the T1 and the maps of the scalp. Both open.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.provenance import sha256_bytes
from ..space.frame import Frame, Scanner, Voxel
from ..space.grid import Grid, Volume
from ..space.points import Points
from ..space.side import Hemi
from ..space.transform import Affine
from ..surface.domain import Domain
from ..surface.field import Field, Labels
from ..surface.pair import Pair
from ..surface.surface import Surface
from .scalp_map_store import MAP_ENTRIES, map_entries, maps_from
from .scene import Scene, SceneCortex

__all__ = ["load_scene", "scene_bytes"]

#: Refuse to unpack more than this: a whole cortex and scalp stay far below.
MAX_UNPACKED = 1 << 30

#: Raised when an entry changes meaning; scenes of older numbers keep opening.
FORMAT = 2

_HEMI_KEYS = ("points", "faces", "sulc", "z", "ids")
#: Entries that come together or not at all.
_WHITE = frozenset(f"{h}_white" for h in Hemi)
_T1 = frozenset({"t1", "t1_affine"})


def scene_bytes(scene: Scene) -> bytes:
    """Return the scene as .npz; float32 coordinates (exact to 1e-5 mm) to stay small."""
    arrays: dict[str, NDArray[Any]] = {
        "format": np.array([FORMAT]),
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
        if cortex.white is not None:
            arrays[f"{hemi}_white"] = cortex.white.points.mm(scene.frame).astype(np.float32)
    if scene.t1 is not None:
        grid = scene.t1.grid
        arrays["t1"] = scene.t1.data
        arrays["t1_affine"] = grid.world_from_voxel.matrix(scene.frame, grid.voxel)
    return _zipped(arrays | map_entries(scene.scalp_maps))


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
    both = Pair(cortex[Hemi.LEFT], cortex[Hemi.RIGHT])
    return Scene(frame, both, scalp, _t1(arrays, frame), maps_from(arrays, domain))


def _t1(arrays: dict[str, NDArray[Any]], frame: Frame[Scanner]) -> Volume[Scanner] | None:
    if "t1" not in arrays:
        return None
    data = arrays["t1"]
    if data.ndim != 3 or data.dtype != np.uint8:
        raise InputError(f"its T1 is {data.dtype} of shape {data.shape}, not a uint8 volume")
    voxel = Frame(Voxel, f"{frame.owner}:scene-t1")
    affine = Affine.claim(
        arrays["t1_affine"], dst=frame, src=voxel, because="the scene file's T1 affine"
    )
    nx, ny, nz = data.shape
    return Volume(data, Grid((nx, ny, nz), affine))


def _cortex(arrays: dict[str, NDArray[Any]], hemi: Hemi, frame: Frame[Scanner]) -> SceneCortex:
    xyz = arrays[f"{hemi}_points"]
    domain = Domain("fsnative", len(xyz), hemi, frame.owner)
    ids = arrays[f"{hemi}_ids"]
    names = {int(i): f"parcel {int(i)}" for i in np.unique(ids) if i}
    pial = Surface(Points(xyz, frame), arrays[f"{hemi}_faces"], domain)
    white = arrays.get(f"{hemi}_white")
    return SceneCortex(
        pial=pial,
        sulc=Field(arrays[f"{hemi}_sulc"], domain, "sulc", "mm"),
        z=Field(arrays[f"{hemi}_z"], domain, "z", "1"),
        labels=Labels(ids, domain, names),
        white=None if white is None else pial.with_points(Points(white, frame)),
    )


def _unzipped(data: bytes) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(i.file_size for i in archive.infolist())
    if size > MAX_UNPACKED:
        raise InputError(f"it unpacks to {size} bytes")
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    _require_keys(arrays)
    return arrays


def _require_keys(arrays: dict[str, NDArray[Any]]) -> None:
    wanted = {f"{h}_{k}" for h in Hemi for k in _HEMI_KEYS}
    wanted |= {"scalp_points", "scalp_faces", "frame"}
    if "format" in arrays:
        found = int(arrays["format"][0])
        if found != FORMAT:
            raise InputError(
                f"it is of format {found} and this version reads up to {FORMAT}; open it with "
                f"the version that wrote it"
            )
        wanted.add("format")
        for group in (_WHITE, _T1, MAP_ENTRIES):
            wanted |= group if group & set(arrays) else set()
    if set(arrays) != wanted:
        raise InputError(f"its entries are {sorted(set(arrays) ^ wanted)[:4]} off")
