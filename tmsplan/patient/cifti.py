"""CIFTI, read strictly: both cortices of fsLR-32k by name, the medial wall as NaN."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import refuse_file
from ..base.provenance import sha256_bytes
from ..space.side import Hemi
from ..surface.formats import guarded, read_bytes
from ..surface.pair import Pair
from .series import Series

__all__ = ["CIFTI_ENDINGS", "DENSITY", "CiftiCortex", "read_cifti", "read_dtseries_sides"]

#: The kinds that are read; a parcellation (.dlabel.nii) is an atlas, not a map.
CIFTI_ENDINGS = (".dscalar.nii", ".dtseries.nii")
#: Vertices of one hemisphere of fsLR-32k, medial wall included.
DENSITY = 32_492
_STRUCTURES = {
    Hemi.LEFT: "CIFTI_STRUCTURE_CORTEX_LEFT",
    Hemi.RIGHT: "CIFTI_STRUCTURE_CORTEX_RIGHT",
}
_HEADER = 540
#: A table of some hundred maps and parcels stays far under this.
_MAX_XML = 64 << 20


@dataclass(frozen=True, slots=True, eq=False)
class CiftiCortex:
    """What a CIFTI file holds on the cortex.

    Parameters
    ----------
    name : str
        Base name.
    values : Pair of (maps or volumes, 32492) float32
        NaN where the file has no vertex: the medial wall.
    maps : tuple of str
        Names of the maps; empty for a series.
    step_s : float or None
        Time between volumes in seconds; None for maps.
    elsewhere : int
        Values of other structures (thalamus, cerebellum), which are left out.
    sha256 : str
    """

    name: str
    values: Pair[NDArray[np.float32]]
    maps: tuple[str, ...]
    step_s: float | None
    elsewhere: int
    sha256: str

    def only_map(self) -> Pair[NDArray[np.float32]]:
        """Return the one map of the file.

        Raises
        ------
        InputError
            If it holds several, or a series.
        """
        if len(self.maps) != 1:
            named = f"{len(self.maps)} maps ({', '.join(self.maps[:6])})"
            what = named if self.maps else "a series"
            raise refuse_file(
                self.name,
                f"it holds {what}",
                "one map",
                "Extract the one that is meant; which of several is not guessed",
            )
        return self.values.map(lambda v: v[0])


def read_cifti(path: Path) -> CiftiCortex:
    """Read the two cortices of a ``.dscalar.nii`` or ``.dtseries.nii`` file.

    Brain models are found by their names, never by their order.

    Raises
    ------
    InputError
        If the file is damaged or hostile, is no dense map or series, lacks a cortex, lies on
        another mesh than fsLR-32k, repeats a vertex, or has a step that is no time in seconds.
    """
    if not path.name.lower().endswith(CIFTI_ENDINGS):
        raise refuse_file(
            path, "no map or series by its name", " or ".join(CIFTI_ENDINGS), "Pass that kind"
        )
    stored = read_bytes(path)
    _require_plain(stored, path)
    with guarded(path, "a whole CIFTI-2 file"):
        from nibabel.cifti2 import Cifti2Image

        image: Any = Cifti2Image.from_bytes(stored)
        rows, columns = (image.header.get_axis(k) for k in (0, 1))
        data = np.asarray(image.dataobj, dtype=np.float32)
    _require_axes(rows, columns, data.shape, path)
    step = _step(rows, path)
    sides = {hemi: _cortex(columns, data, hemi, path) for hemi in _STRUCTURES}
    found = sum(count for _, count in sides.values())
    return CiftiCortex(
        path.name,
        Pair(left=sides[Hemi.LEFT][0], right=sides[Hemi.RIGHT][0]),
        tuple(str(n) for n in rows.name) if step is None else (),
        step,
        len(columns) - found,
        sha256_bytes(stored),
    )


def read_dtseries_sides(series: Series) -> dict[Hemi, NDArray[np.float32]]:
    """Return (32492, volumes) of each side of a CIFTI run; NaN on the medial wall."""
    cifti = read_cifti(series.files[0])
    return {hemi: np.ascontiguousarray(side.T) for hemi, side in cifti.values.sides()}


def _require_plain(stored: bytes, path: Path) -> None:
    if len(stored) < _HEADER or _HEADER not in {
        int.from_bytes(stored[:4], "little"),
        int.from_bytes(stored[:4], "big"),
    }:
        raise refuse_file(path, "no NIfTI-2 header", "a CIFTI-2 file", "Check the file")
    little = stored[:4] == _HEADER.to_bytes(4, "little")
    offset = int.from_bytes(stored[168:176], "little" if little else "big", signed=True)
    if not _HEADER <= offset <= min(len(stored), _MAX_XML):
        raise refuse_file(
            path, f"its data start at byte {offset}", "a start within the file", "Copy it again"
        )
    if b"<!ENTITY" in stored[_HEADER:offset]:
        raise refuse_file(
            path,
            "the XML declares an entity, which can read files or fill the memory",
            "CIFTI without entities",
            "Do not use this file before you know who wrote it",
        )


def _require_axes(rows: Any, columns: Any, shape: tuple[int, ...], path: Path) -> None:  # noqa: ANN401
    from nibabel.cifti2 import BrainModelAxis, ScalarAxis, SeriesAxis

    kinds = (type(rows).__name__, type(columns).__name__)
    if not isinstance(rows, ScalarAxis | SeriesAxis) or not isinstance(columns, BrainModelAxis):
        raise refuse_file(
            path,
            f"its axes are {' and '.join(kinds)}",
            "maps or a series by brain models (dense)",
            "Pass a .dscalar.nii or .dtseries.nii; parcels go into a table",
        )
    if shape != (len(rows), len(columns)):
        raise refuse_file(
            path,
            f"its matrix is {shape}, its header says {(len(rows), len(columns))}",
            "agreement",
            "The file is damaged; copy it again",
        )


def _step(rows: Any, path: Path) -> float | None:  # noqa: ANN401
    from nibabel.cifti2 import SeriesAxis

    if not isinstance(rows, SeriesAxis):
        return None
    if rows.unit != "SECOND" or not 0 < float(rows.step) < 60:
        raise refuse_file(
            path,
            f"its series has steps of {rows.step:g} {rows.unit.lower()}",
            "a repetition time in seconds",
            "Correct the header of the series",
        )
    return float(rows.step)


def _cortex(
    columns: Any,  # noqa: ANN401  nibabel's BrainModelAxis
    data: NDArray[np.float32],
    hemi: Hemi,
    path: Path,
) -> tuple[NDArray[np.float32], int]:
    """Return (rows, 32492) values with NaN where there are none, and how many there are."""
    name = _STRUCTURES[hemi]
    at = np.flatnonzero((columns.name == name) & columns.surface_mask)
    if not len(at):
        raise refuse_file(
            path,
            f"there is no {hemi} cortex ({name})",
            "both hemispheres",
            "Pass the file of the whole cortex",
        )
    mesh = int(columns.nvertices[name])
    vertices = columns.vertex[at]
    if mesh != DENSITY:
        raise refuse_file(
            path,
            f"its {hemi} cortex has {mesh} vertices",
            f"{DENSITY} (fsLR-32k)",
            "Resample it: wb_command -cifti-resample; 91k grayordinates, not 170k",
        )
    if (
        len(np.unique(vertices)) != len(vertices)
        or not 0 <= vertices.min() <= vertices.max() < mesh
    ):
        raise refuse_file(
            path,
            f"a vertex of its {hemi} cortex occurs twice or lies outside the mesh",
            "every vertex at most once",
            "The file is damaged; write it again",
        )
    out = np.full((len(data), mesh), np.nan, dtype=np.float32)
    out[:, vertices] = data[:, at]
    return out, len(at)
