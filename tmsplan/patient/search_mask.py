"""A user's search mask: where a target may be sought, as a volume or as vertices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.errors import AmbiguityError, InputError, refuse_file
from ..base.provenance import InputFile, record_file
from ..space.side import Hemi
from ..surface.domain import Domain
from ..surface.field import Field
from ..surface.formats import read_bytes, read_values, require_regular
from ..surface.formats_bytes import guarded
from ..surface.formats_geometry import hemi_of_name
from ..surface.pair import Pair
from .bids import require_space
from .image import ImageRules, read_image
from .patient import Patient

__all__ = ["ROLE", "read_search_mask"]

Floats = NDArray[np.float64]

#: What the file is called among a plan's inputs.
ROLE = "search_mask"

#: A mask may come with a slab of the head.
_FIELD_MM = (30.0, 400.0)
_VOLUMES = (".nii", ".nii.gz", ".mgz")
_SURFACES = "one .gii, .label or value file per side"


def read_search_mask(
    paths: Sequence[Path], patient: Patient, *, use_form: str | None = None
) -> tuple[Pair[Field], tuple[InputFile, ...]]:
    """Read a search mask onto the patient's cortex.

    Parameters
    ----------
    paths : sequence of Path
        One image in the space of the patient's T1w (0 and 1; a vertex is inside where its
        mid-cortex lies in a voxel of 1), or one or two files on the patient's surfaces, each of
        one side: GIFTI (one array), FreeSurfer ``.label`` or values; above 0 is inside. A side
        without a file is outside.
    patient : Patient
    use_form : {"qform", "sform"} or None
        For an image whose two forms disagree.

    Returns
    -------
    mask : Pair of Field
        1 inside, 0 outside.
    inputs : tuple of InputFile

    Raises
    ------
    InputError
        If a file is refused, is no mask, is of another mesh or space, or leaves no cortex inside.
    AmbiguityError
        If nothing says which side a surface file is of.
    """
    if not paths:
        raise InputError("no file of a search mask was given; pass one or two.")
    if len(paths) == 1 and paths[0].name.lower().endswith(_VOLUMES):
        mask, record = _of_image(paths[0], patient, use_form)
        records: tuple[InputFile, ...] = (record,)
    else:
        mask = _of_surfaces(paths, patient)
        records = tuple(record_file(ROLE, path) for path in paths)
    if not any((side.values > 0).any() for _, side in mask.sides()):
        raise refuse_file(
            paths[0],
            f"no cortex of {patient.id} lies in it",
            "a mask that holds some of the mid-cortex",
            "Check that it was drawn on this patient's T1w",
        )
    return mask, records


def _of_image(path: Path, patient: Patient, use_form: str | None) -> tuple[Pair[Field], InputFile]:
    require_space(path, "T1w")
    image = read_image(path, ImageRules(_FIELD_MM, use_form))
    found = np.unique(np.asarray(image.data))
    if not np.isin(found, (0, 1)).all() or len(found) != 2:
        shown = ", ".join(f"{v:g}" for v in found[:4])
        raise refuse_file(
            path,
            f"it holds {len(found)} distinct values: {shown}",
            "a mask: 0 and 1, both",
            "Threshold it first: where a probability counts as inside is for you to say",
        )
    volume = image.volume(patient.scanner, "search mask")

    def side(hemi: Hemi) -> Field:
        cortex = patient.cortex.side(hemi)
        inside = volume.at_nearest(cortex.mid.points, outside=0) > 0
        return Field(inside.astype(np.float64), cortex.domain, ROLE, "1")

    return Pair(side(Hemi.LEFT), side(Hemi.RIGHT)), image.record(ROLE)


def _of_surfaces(paths: Sequence[Path], patient: Patient) -> Pair[Field]:
    found: dict[Hemi, Floats] = {}
    for path in paths:
        hemi, inside = _vertices(path, patient)
        if hemi in found:
            raise refuse_file(path, f"a second file of the {hemi} side", _SURFACES, "Merge them")
        found[hemi] = inside

    def side(hemi: Hemi) -> Field:
        domain = patient.cortex.side(hemi).domain
        return Field(found.get(hemi, np.zeros(domain.density)), domain, ROLE, "1")

    return Pair(side(Hemi.LEFT), side(Hemi.RIGHT))


def _vertices(path: Path, patient: Patient) -> tuple[Hemi, Floats]:
    """Return the side of a surface file, and 1 at its vertices inside."""
    is_label = path.name.lower().endswith(".label")
    values, said = (np.empty(0), hemi_of_name(path)) if is_label else read_values(path)
    if said is None:
        raise AmbiguityError(
            f"{path.name}: nothing says which hemisphere it is of. Begin its name with lh. or "
            f"rh., write hemi-L or hemi-R into it, or state AnatomicalStructurePrimary (GIFTI)."
        )
    domain = patient.cortex.side(said).domain
    if is_label:
        return said, _of_label(path, domain)
    if len(values) != domain.density:
        raise refuse_file(
            path,
            f"{len(values)} values",
            f"one per vertex of {domain}",
            "Draw the mask on this patient's own surface",
        )
    return said, (np.nan_to_num(values) > 0).astype(np.float64)


def _of_label(path: Path, domain: Domain) -> Floats:
    """Read a FreeSurfer ``.label``: a count, then one line for each vertex inside."""
    expected = "a FreeSurfer label: a comment, a count, and so many lines that begin with a vertex"
    require_regular(path)
    with guarded(path, expected):
        lines = read_bytes(path).decode("ascii").splitlines()[1:]
        inside = np.array([int(line.split()[0]) for line in lines[1:] if line.strip()])
        count = int(lines[0])
    if count != len(inside) or not count:
        raise refuse_file(path, f"{len(inside)} of {count} lines", expected, "Save it again")
    if inside.min() < 0 or inside.max() >= domain.density:
        raise refuse_file(
            path,
            f"vertex {inside.max()}",
            f"vertices of {domain}",
            "Draw the mask on this patient's own surface",
        )
    out = np.zeros(domain.density)
    out[inside] = 1.0
    return out
