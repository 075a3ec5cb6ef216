"""The maps of a patient: volumes in the scanner world, vertex data, or values by parcel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.errors import AmbiguityError, refuse_file
from ..base.provenance import InputFile, record_file
from ..base.table import read_table
from ..space.frame import Frame, Scanner, template_frame
from ..space.grid import Volume
from ..space.side import Hemi
from ..space.tree import FrameTree
from ..surface.field import Field
from ..surface.formats import require_regular
from ..surface.pair import Pair
from .bids import require_space
from .cat12 import require_declared
from .cifti import CIFTI_ENDINGS, read_cifti
from .cifti_fslr import on_patient
from .cortex import read_field
from .image import ImageRules, RawImage, read_image
from .patient import Cortex
from .recipe import FsLrFiles, MapFiles
from .template_map import to_scanner

__all__ = ["MapValue", "read_maps"]

MapValue = Volume[Scanner] | Pair[Field] | Mapping[int, float]

_MASK = "brain_mask"
#: Maps that are read, those named in [maps.more] after them.
_MAPS = ("gm", "alff", "mean_bold", _MASK, "coupling")
#: Recorded by their hash; read by whoever makes series and connectomes of them.
_RECORDED = (
    *("coupling_left", "coupling_right", "bold", "bold_left", "bold_right", "confounds"),
    *("bold_mask", "sidecar", "sc", "fc", "labels"),
)
#: Partial coverage is common in functional images: a slab of 30 mm is one.
_FIELD_MM = (30.0, 400.0)
#: A map rounded to few values has lost its contrast (masks, bytes).
DISTINCT = 100
#: Share of mid-cortex inside the map's field of view; less is another place, not a slab.
OVERLAP = 0.2


def read_maps(
    files: MapFiles, cortex: Pair[Cortex], tree: FrameTree, fslr: FsLrFiles | None = None
) -> tuple[dict[str, MapValue], list[InputFile]]:
    """Read the ready-made maps of a patient; every volume keeps its own grid.

    Series (``bold``) and tables are recorded but not read here: they are no maps.

    Parameters
    ----------
    files : MapFiles
    cortex : Pair of Cortex
        In scanner RAS; a map must overlap it.
    tree : FrameTree
        Must hold the template's frame if a map lives in a template.
    fslr : FsLrFiles or None
        Spheres for maps on fsLR-32k.

    Returns
    -------
    maps : dict
        Volumes in scanner RAS, a pair of fields, or ``{parcel_id: value}``.
    inputs : list of InputFile

    Raises
    ------
    InputError
        If a file is refused, is empty or constant, holds infinite values or values outside its
        declared range, lies elsewhere than the cortex, or its name says another space.
    AmbiguityError
        If ``space`` is missing.
    """
    maps: dict[str, MapValue] = {}
    inputs: list[InputFile] = []
    reader = _Reader(files, cortex, tree, fslr)
    for key in (k for k in (*_MAPS, *files.more) if k in files.files):
        maps[key], record = _one(key, files.files[key], reader)
        inputs.append(record)
    pair = _coupling_pair(files, cortex)
    if pair is not None:
        maps["coupling"] = pair
    for key in (k for k in _RECORDED if k in files.files):
        require_regular(files.files[key])
        inputs.append(record_file(key, files.files[key]))
    return maps, inputs


@dataclass(frozen=True, slots=True, eq=False)
class _Reader:
    """What a map is read with."""

    files: MapFiles
    cortex: Pair[Cortex]
    tree: FrameTree
    fslr: FsLrFiles | None


def _one(key: str, path: Path, reader: _Reader) -> tuple[MapValue, InputFile]:
    name = path.name.lower()
    if name.endswith((".tsv", ".csv", ".txt")) and key == "coupling":
        return _parcel_values(path, reader.files.coupling_unit), record_file(key, path)
    if name.endswith(CIFTI_ENDINGS) and key not in {_MASK, "gm"}:
        return _of_cifti(key, path, reader), record_file(key, path)
    if name.endswith((*CIFTI_ENDINGS, ".dlabel.nii", ".gii", ".gii.gz")):
        raise refuse_file(
            path,
            f"'{key}' is a surface file",
            "a NIfTI image, a .dscalar.nii or a parcel table",
            "Give vertex data of both sides as coupling_left and coupling_right",
        )
    space = _space(key, path, reader.files)
    rules = ImageRules(_FIELD_MM, reader.files.use_form, templates=space != "T1w")
    image = read_image(path, rules)
    if key == _MASK:
        _require_mask(image.data, path)
    else:
        _require_values(image.data, path, _unit(key, reader.files))
    volume = _in_scanner(image, space, key, reader.tree, reader.cortex)
    _require_overlap(volume, reader.cortex, path)
    if key == _MASK:
        volume = Volume((np.nan_to_num(volume.data) > 0.5).astype(np.uint8), volume.grid)
    return volume, image.record(key)


def _space(key: str, path: Path, files: MapFiles) -> str:
    space = files.space_of(key)
    if space is None:
        raise AmbiguityError(
            f'{path.name}: nothing says in which space this map lives. Write space = "T1w" or '
            f"a template's name under [maps] of patient.toml."
        )
    require_space(path, space)
    if key == "gm":
        require_declared(path, space)
    return space


def _of_cifti(key: str, path: Path, reader: _Reader) -> Pair[Field]:
    cifti, unit = read_cifti(path), _unit(key, reader.files)
    values = cifti.only_map()
    for _, side in values.sides():
        _require_values(side, path, unit)
    unit = "1" if unit == "r" else unit
    return on_patient(values, reader.cortex, reader.fslr, name=key, unit=unit, file=path.name)


def _require_mask(data: NDArray[np.generic], path: Path) -> None:
    found = np.unique(data[: 1 << 20])
    if len(found) != 2 or not np.array_equal(found.astype(float), [0.0, 1.0]):
        raise refuse_file(
            path,
            f"it holds {len(found)} distinct values, {', '.join(map(str, found[:4]))}",
            "a mask: 0 and 1, both",
            "Pass the mask, not the image",
        )


def _unit(key: str, files: MapFiles) -> str:
    return files.coupling_unit if key == "coupling" else "1"


def _in_scanner(
    image: RawImage, space: str, key: str, tree: FrameTree, cortex: Pair[Cortex]
) -> Volume[Scanner]:
    scanner: Frame[Scanner] = tree.root
    if space == "T1w":
        return image.volume(scanner, key)
    there = image.volume(template_frame(space), key)
    # A template's image has no brain where it is 0.
    known = Volume(np.where(there.data == 0, np.nan, there.data), there.grid)
    return to_scanner(known, tree, cortex, image.name)


def _require_values(data: NDArray[np.generic], path: Path, unit: str) -> None:
    if np.isinf(data).any():
        raise refuse_file(path, "a value is infinite", "finite values or NaN", "Correct the map")
    values = data[np.isfinite(data) & (data != 0)]
    if not values.size:
        raise refuse_file(
            path, "empty: every value is zero or NaN", "a map with values", "Check the file"
        )
    distinct = len(np.unique(values[: 1 << 20]))
    if distinct <= DISTINCT and data.size > 10 * DISTINCT:
        raise refuse_file(
            path,
            f"only {distinct} distinct values ({data.dtype})",
            f"more than {DISTINCT}: a map, not a mask or a rounded or constant image",
            "Pass the map as floating point",
        )
    low, high = float(values.min()), float(values.max())
    if unit == "r" and max(-low, high) > 1:
        raise refuse_file(
            path,
            f"values run from {low:.3g} to {high:.3g}, out of the range of a correlation",
            "-1 to 1",
            'If they are Fisher z or of another unit, write coupling_unit = "fisher-z" or "1"',
        )


def _require_overlap(volume: Volume[Scanner], cortex: Pair[Cortex], path: Path) -> None:
    shares = [float(volume.grid.nearest(c.mid.points)[1].mean()) for _, c in cortex.sides()]
    if float(np.mean(shares)) < OVERLAP:
        raise refuse_file(
            path,
            f"only {100 * float(np.mean(shares)):.0f} % of the cortex overlaps the map's space",
            f"at least {100 * OVERLAP:.0f} %",
            "Map and T1 do not align: check that the map was registered to this T1",
        )


def _parcel_values(path: Path, unit: str) -> dict[int, float]:
    table = read_table(path)
    ids, values = table.texts("parcel_id"), table.numbers("value")
    for row, text in enumerate(ids, start=2):
        if not (text.isascii() and text.isdigit() and int(text) > 0):
            raise refuse_file(
                path, f"row {row}: parcel_id is '{text}'", "a whole number above 0", "Correct it"
            )
    numbers = [int(text) for text in ids]
    if len(set(numbers)) != len(numbers):
        twice = next(n for n in numbers if numbers.count(n) > 1)
        raise refuse_file(path, f"parcel_id {twice} occurs twice", "every id once", "Correct it")
    _require_values(np.array(values), path, unit)
    return dict(zip(numbers, values, strict=True))


def _coupling_pair(files: MapFiles, cortex: Pair[Cortex]) -> Pair[Field] | None:
    left, right = (files.files.get(f"coupling_{side}") for side in ("left", "right"))
    if left is None or right is None:
        if left or right:
            missing = "right" if left else "left"
            raise refuse_file(
                left or right or Path(),
                f"coupling_{missing} is missing",
                "both hemispheres",
                "Give coupling_left and coupling_right",
            )
        return None
    if "coupling" in files.files:
        raise refuse_file(
            left, "'coupling' is given as well", "one coupling map", "Leave one of them out"
        )

    def one(path: Path, hemi: Hemi) -> Field:
        unit = files.coupling_unit
        field = read_field(
            path,
            cortex.side(hemi).domain,
            hemi,
            name="coupling",
            unit="1" if unit == "r" else unit,
        )
        _require_values(field.values, path, unit)
        return field

    return Pair(left=one(left, Hemi.LEFT), right=one(right, Hemi.RIGHT))
