"""Label files of an atlas, joined to its parcels by id and by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import DomainError, refuse_file
from ..space.frame import Frame, Voxel, template_frame
from ..space.grid import Grid, Volume
from ..space.side import Hemi
from ..space.transform import Affine
from ..surface.formats import guarded, read_gifti_labels
from .atlas import Parcel
from .declaration import AtlasInfo, LabelFile, SurfaceData, VolumeData

__all__ = ["names_of", "read_surface_ids", "read_volume_ids"]

Ids = NDArray[np.int32]


def names_of(info: AtlasInfo, hemi: Hemi) -> dict[int, str]:
    """Return ``{id: name}`` of one hemisphere's parcels."""
    return {p.id: p.name for p in info.parcels if p.hemi is hemi}


def read_surface_ids(info: AtlasInfo, data: SurfaceData, hemi: Hemi, path: Path) -> Ids:
    """Read one hemisphere's labels on the template mesh.

    Returns
    -------
    (density,) int32
        Parcel ids; 0 where there is no parcel.

    Raises
    ------
    InputError
        If a key is neither a declared parcel nor background, or has another name than declared.
    DomainError
        If the file is of the other hemisphere or of another mesh.
    """
    raw, said = read_gifti_labels(path)
    if said is not None and said is not hemi:
        raise DomainError(f"{path.name} is given as {hemi}, but the file says {said}.")
    if len(raw.index) != data.density:
        raise DomainError(
            f"{path.name} labels {len(raw.index)} vertices, but {data.mesh} has {data.density}. "
            f"Pass the file of that mesh."
        )
    declared = data.files.side(hemi)
    known = {p.id: p for p in info.parcels if p.hemi is hemi}
    keys = np.where(raw.index < 0, 0, raw.index)
    ids = _joined(keys, declared, known, path)
    for key, name in raw.names.items():
        parcel = known.get(key + declared.id_offset)
        own = name.removeprefix(declared.prefix).removesuffix(declared.suffix)
        if key not in declared.background and parcel is not None and parcel.name != own:
            raise refuse_file(
                path,
                f"key {key} is called '{own}'",
                f"'{parcel.name}', as atlas {info.name} declares",
                "The table is of another version; supply the declared file",
            )
    return ids


def read_volume_ids(info: AtlasInfo, data: VolumeData, path: Path) -> Volume[Any]:
    """Read the labels in the template's world; 0 where there is no cortical parcel.

    Raises
    ------
    InputError
        If the image is damaged, not three-dimensional, or holds an undeclared label.
    """
    import nibabel as nib

    with guarded(path, "a NIfTI image of labels"):
        image = nib.load(path)
        keys = np.asanyarray(image.dataobj)
        affine = np.asarray(image.affine, dtype=np.float64)
    if keys.ndim != 3 or not np.array_equal(keys, np.rint(keys)):
        raise refuse_file(
            path, f"shape {keys.shape}, {keys.dtype}", "whole numbers in 3-D", "Check the file"
        )
    known = {p.id: p for p in info.parcels}
    ids = _joined(keys.astype(np.int64), data.file, known, path)
    voxel = Frame(Voxel, f"atlas {info.name}")
    world = template_frame(data.template)
    because = f"header of {path.name}, template as declared by atlas {info.name}"
    grid = Grid(ids.shape, Affine.claim(affine, dst=world, src=voxel, because=because))
    return Volume(ids, grid)


def _joined(
    keys: NDArray[np.integer], declared: LabelFile, known: Mapping[int, Parcel], path: Path
) -> Ids:
    """Return parcel ids of keys; background becomes 0, anything undeclared is refused."""
    found, where = np.unique(keys, return_inverse=True)
    table = np.zeros(len(found), dtype=np.int32)
    for k, key in enumerate(found.tolist()):
        if key in declared.background:
            continue
        if key + declared.id_offset not in known:
            raise refuse_file(
                path,
                f"label {key} is neither a parcel nor background",
                "labels that the atlas declares",
                "The file is of another version; supply the declared one",
            )
        table[k] = key + declared.id_offset
    return np.asarray(table[where.reshape(keys.shape)], dtype=np.int32)
