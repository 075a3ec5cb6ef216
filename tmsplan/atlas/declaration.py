"""What an atlas declares about itself: one TOML file per atlas in ``atlases/``."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..base.data import data_root
from ..base.errors import InputError, refuse_file
from ..space.side import Hemi
from ..surface.pair import Pair
from .atlas import CandidateSet, Parcel

__all__ = [
    "AtlasInfo",
    "LabelFile",
    "SurfaceData",
    "VolumeData",
    "atlas_info",
    "atlas_names",
    "read_declaration",
]

STATUSES = ("shipped", "user", "own")
#: Beyond this, ids no longer fit the int32 of a label array.
MAX_ID = 2**31 - 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LabelFile:
    """One file of labels, as it must lie on disk.

    Parameters
    ----------
    file, sha256 : str
        Base name and hash of the bytes.
    id_offset : int
        Parcel id = key in the file + this.
    prefix, suffix : str
        What the file's own table puts around each parcel name.
    background : frozenset of int
        Keys that are no parcel: medial wall, unknown, subcortex.
    url : str or None
        Public source, where the licence allows fetching it.
    """

    file: str
    sha256: str
    id_offset: int
    prefix: str
    suffix: str
    background: frozenset[int]
    url: str | None = None


@dataclass(frozen=True, slots=True)
class SurfaceData:
    """Labels on a template mesh, one file a hemisphere."""

    mesh: str
    density: int
    files: Pair[LabelFile]


@dataclass(frozen=True, slots=True)
class VolumeData:
    """Labels in a template's world, both hemispheres in one file."""

    template: str
    file: LabelFile


@dataclass(frozen=True, slots=True)
class AtlasInfo:
    """An atlas before it is put on a patient.

    Parameters
    ----------
    name, title, doi, licence : str
    status : str
        ``"shipped"`` with tmsplan, supplied by the ``"user"``, or the patient's ``"own"``.
    parcels : tuple of Parcel
        Ids unique over both hemispheres; names unique within one.
    candidates : mapping of name to CandidateSet
    surface : SurfaceData or None
    volume : VolumeData or None
    """

    name: str
    title: str
    doi: str
    licence: str
    status: str
    parcels: tuple[Parcel, ...]
    candidates: Mapping[str, CandidateSet]
    surface: SurfaceData | None = None
    volume: VolumeData | None = None

    def files(self) -> tuple[LabelFile, ...]:
        """Return every file that the atlas declares."""
        both = () if self.surface is None else (self.surface.files.left, self.surface.files.right)
        return both if self.volume is None else (*both, self.volume.file)


def atlas_names() -> tuple[str, ...]:
    """Return the sorted names of all declared atlases."""
    return tuple(sorted(p.stem for p in data_root("atlases").glob("*.toml")))


def atlas_info(name: str) -> AtlasInfo:
    """Return what the atlas called `name` declares.

    Raises
    ------
    InputError
        If there is none (names the nearest), or its TOML is refused.
    """
    names = atlas_names()
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(names)}."
        raise InputError(f"there is no atlas called '{name}'. {hint}")
    return read_declaration(data_root("atlases") / f"{name}.toml")


def read_declaration(path: Path) -> AtlasInfo:
    """Read one atlas TOML strictly: every key is known, every id and name is unique.

    Raises
    ------
    InputError
        Names the file and what in it is refused.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        raise refuse_file(path, f"cannot be read ({err})", "TOML", "Correct it") from err
    try:
        return _info(raw, path)
    except InputError as err:
        raise refuse_file(path, str(err), "an atlas declaration", "Correct the file") from err


def _info(raw: dict[str, Any], path: Path) -> AtlasInfo:
    texts = {k: _take(raw, k, str) for k in ("name", "title", "doi", "licence", "status")}
    if texts["name"] != path.stem:
        raise InputError(f"the name '{texts['name']}' is not the file's own")
    if texts["status"] not in STATUSES:
        raise InputError(f"status '{texts['status']}' is none of {', '.join(STATUSES)}")
    if "same_as" in raw:
        other = read_declaration(path.with_name(_take(raw, "same_as", str) + ".toml"))
        _nothing_left(raw)
        return _assembled(texts, other.parcels, other.candidates, None, None)
    parcels = _parcels(_take(raw, "parcels", list))
    candidates = _candidates(_take(raw, "candidates", dict), {p.id for p in parcels})
    surface = _surface(_take(raw, "surface", dict)) if "surface" in raw else None
    volume = _volume(_take(raw, "volume", dict)) if "volume" in raw else None
    if surface is None and volume is None:
        raise InputError("it declares neither a surface nor a volume")
    _nothing_left(raw)
    return _assembled(texts, parcels, candidates, surface, volume)


def _assembled(
    texts: dict[str, str],
    parcels: tuple[Parcel, ...],
    candidates: Mapping[str, CandidateSet],
    surface: SurfaceData | None,
    volume: VolumeData | None,
) -> AtlasInfo:
    return AtlasInfo(
        name=texts["name"],
        title=texts["title"],
        doi=texts["doi"],
        licence=texts["licence"],
        status=texts["status"],
        parcels=parcels,
        candidates=candidates,
        surface=surface,
        volume=volume,
    )


def _parcels(rows: list[Any]) -> tuple[Parcel, ...]:
    parcels = tuple(_parcel(row) for row in rows)
    if len({p.id for p in parcels}) != len(parcels):
        raise InputError("a parcel id occurs twice")
    if len({(p.hemi, p.name) for p in parcels}) != len(parcels):
        raise InputError("a parcel name occurs twice in one hemisphere")
    return parcels


def _parcel(row: object) -> Parcel:
    match row:
        case [int(number), str(side), str(name), str(network)] if 0 < number <= MAX_ID and name:
            return Parcel(number, name, Hemi.parse(side), network or None)
    raise InputError(f'{row!r} is no parcel; write [id, "left" or "right", "name", "network"]')


def _candidates(raw: dict[str, Any], known: set[int]) -> Mapping[str, CandidateSet]:
    sets = {}
    for name, entry in raw.items():
        if not isinstance(entry, dict):
            raise InputError(f"candidates.{name} is no table")
        ids, source = tuple(_take(entry, "ids", list)), _take(entry, "source", str)
        _nothing_left(entry)
        if strangers := [i for i in ids if i not in known]:
            raise InputError(f"candidates.{name} names ids that are no parcels: {strangers[:8]}")
        if not ids or len(set(ids)) != len(ids):
            raise InputError(f"candidates.{name} is empty or names an id twice")
        sets[name] = CandidateSet(name, ids, source)
    return sets


def _surface(raw: dict[str, Any]) -> SurfaceData:
    mesh, density = _take(raw, "mesh", str), _take(raw, "density", int)
    files = Pair(_label_file(_take(raw, "left", dict)), _label_file(_take(raw, "right", dict)))
    _nothing_left(raw)
    return SurfaceData(mesh, density, files)


def _volume(raw: dict[str, Any]) -> VolumeData:
    return VolumeData(_take(raw, "template", str), _label_file(raw))


def _label_file(raw: dict[str, Any]) -> LabelFile:
    out = LabelFile(
        file=_take(raw, "file", str),
        sha256=_take(raw, "sha256", str),
        id_offset=_take(raw, "id_offset", int, 0),
        prefix=_take(raw, "prefix", str, ""),
        suffix=_take(raw, "suffix", str, ""),
        background=frozenset(_take(raw, "background", list)),
        url=_take(raw, "url", str, "") or None,
    )
    _nothing_left(raw)
    if len(out.sha256) != 64 or Path(out.file).name != out.file:
        raise InputError(f"'{out.file}' is no base name, or its sha256 has not 64 digits")
    return out


def _take(raw: dict[str, Any], key: str, kind: type[T], default: T | None = None) -> T:
    if key not in raw and default is not None:
        return default
    value = raw.pop(key, None)
    # bool is an int in Python, but not here.
    if not isinstance(value, kind) or isinstance(value, bool):
        raise InputError(f"'{key}' is {value!r}, not {kind.__name__}")
    return value


def _nothing_left(raw: dict[str, Any]) -> None:
    if raw:
        raise InputError(f"unknown keys: {', '.join(map(str, raw))}")
