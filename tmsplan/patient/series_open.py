"""Open a BOLD run: what its files say, every doubt refused; no voxel is kept."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import DomainError, refuse_file
from ..space.frame import Frame, Scanner
from ..space.grid import Grid, Volume
from ..space.side import Hemi
from ..surface.pair import Pair
from .confounds import read_confounds
from .image import ImageRules, RawImage, read_image, require_affine
from .nifti_header import FORM_NAMES
from .series import Series
from .series_stream import read_series_header, volumes_of
from .series_surface import SurfaceSeries, read_surface_series
from .tr import decide_tr, read_sidecar, sidecar_of, task_of, tr_statements

__all__ = ["SeriesFiles", "open_series", "require_no_mask"]

#: A slab of 30 mm is a run; more than 400 mm is a mistake of units.
_RULES = ImageRules(field_mm=(30.0, 400.0))
#: Two headers of one grid differ by the rounding of float32 only.
GRID_MM = 1e-3
_SURFACE = (".mgz", ".mgh", ".gii", ".gii.gz")
_CIFTI = ".dtseries.nii"
#: Vertices of one side of the meshes that everybody uses.
_MESHES = {
    10242: "fsaverage5",
    40962: "fsaverage6",
    163842: "fsaverage",
    32492: "fsLR_32k",
}


@dataclass(frozen=True, slots=True)
class SeriesFiles:
    """What belongs to a run beside its image.

    Parameters
    ----------
    sidecar : Path or None
        BIDS JSON; None takes the one of the same stem where there is one.
    confounds : Path or None
        fMRIPrep's table.
    right : Path or None
        The right side of a surface run whose left side is the run's image.
    mask : Path or None
        The brain, on the grid of a volume run.
    """

    sidecar: Path | None = None
    confounds: Path | None = None
    right: Path | None = None
    mask: Path | None = None


def open_series(
    path: Path,
    *,
    scanner: Frame[Any],
    tr_s: float | None = None,
    files: SeriesFiles | None = None,
    use_form: str | None = None,
) -> Series:
    """Open one run of BOLD: a 4-D NIfTI image, or surface series of one or both sides.

    Parameters
    ----------
    path : Path
        ``.nii``, ``.nii.gz``; ``.mgz`` or ``.func.gii`` of one side. (CIFTI:
        `tmsplan.patient.cifti_series.open_dtseries`.)
    scanner : Frame of Scanner
        The world that the image's header names: the run must lie where the T1 lies. The frame
        of a template for a run in that template.
    tr_s : float or None
        Declared repetition time in seconds; it decides.
    files : SeriesFiles or None
    use_form : {"qform", "sform"} or None

    Returns
    -------
    Series

    Raises
    ------
    InputError
        If a file is refused; the message names it, what was found and what to do.
    AmbiguityError
        If the repetition time is in doubt, or qform and sform disagree.
    DomainError
        If the two sides of a surface run do not belong together.
    """
    files = files or SeriesFiles()
    sidecar = files.sidecar or sidecar_of(path)
    fields = read_sidecar(sidecar) if sidecar else {}
    said = tr_statements(sidecar, fields) if sidecar else {}
    if path.name.lower().endswith(_CIFTI):
        raise refuse_file(path, "a CIFTI run", "NIfTI, or one file a side", "Use open_dtseries")
    if path.name.lower().endswith(_SURFACE):
        require_no_mask(path, files)
        series, header_s = _surface(path, files)
    else:
        series, header_s = _volume(path, scanner, files, use_form)
    seconds, because = decide_tr(path.name, header_s, said, tr_s)
    return replace(
        series,
        tr_s=seconds,
        tr_because=because,
        confounds=read_confounds(files.confounds, series.n_volumes) if files.confounds else {},
        task=task_of(path, fields),
    )


def require_no_mask(path: Path, files: SeriesFiles) -> None:
    """Refuse a mask beside a run of surfaces: it could only be ignored.

    Raises
    ------
    InputError
        Names the mask.
    """
    if files.mask is not None:
        raise refuse_file(
            path,
            f"a run on surfaces, with the mask {files.mask.name}",
            "no mask: vertices without a series are missing by themselves",
            "Leave the mask out",
        )


def _volume(
    path: Path, scanner: Frame[Any], files: SeriesFiles, use_form: str | None
) -> tuple[Series, float | None]:
    if files.right is not None:
        raise refuse_file(
            path, "a volume, with a right side beside it", "a surface for both", "Leave one out"
        )
    rules = replace(_RULES, templates=scanner.kind is not Scanner)
    header = read_series_header(path, use_form=use_form, templates=rules.templates)
    nifti = header.nifti
    if header.n_volumes < 2:
        raise refuse_file(path, "one volume", "a series", "Pass the run with all its volumes")
    first = next(islice(volumes_of(path, nifti, 1), 1)).reshape(header.volume_shape, order="F")
    code = nifti.sform_code if nifti.form == "sform" else nifti.qform_code
    because = f"{nifti.form} of {path.name} (code {code}, {FORM_NAMES[code]})"
    image = RawImage(
        path.name,
        first.copy(),
        nifti.affine,
        because + (", chosen by use_form" if use_form else ""),
        nifti.qform_code,
        nifti.sform_code,
        None,
        "",
        nifti.forms_agree,
    )
    require_affine(image, rules)
    grid = image.volume(scanner, "bold").grid
    mask = _mask(files.mask, grid, rules) if files.mask else None
    opened = Series((path,), math.nan, "", header.n_volumes, grid, mask=mask, use_form=use_form)
    return opened, header.tr_s


def _mask(path: Path, grid: Grid[Any], rules: ImageRules) -> Volume[Any]:
    """Read a mask that lies on the grid of the run.

    Raises
    ------
    InputError
        If it lies on another grid, or holds anything but two values.
    """
    image = read_image(path, rules)
    here = image.volume(grid.world, "mask").grid
    one, two = (g.world_from_voxel.matrix(grid.world, g.voxel) for g in (here, grid))
    if here.shape != grid.shape or not np.allclose(one, two, rtol=0, atol=GRID_MM):
        raise refuse_file(
            path,
            f"a mask of {here.shape} on another grid than the run's {grid.shape}",
            "the grid of the BOLD run",
            "Resample the mask to the run (nearest neighbour)",
        )
    values = np.unique(image.data)
    if not np.array_equal(values, [0, 1]):
        raise refuse_file(
            path,
            f"values {values[:4].tolist()}{' and more' if len(values) > 4 else ''}",
            "a mask of 0 and 1",
            "Threshold it; a probability is no mask",
        )
    # Values from the mask, voxels from the run: the two grids are one.
    return Volume(image.data.astype(bool), grid)


def _surface(path: Path, files: SeriesFiles) -> tuple[Series, float | None]:
    side = read_surface_series(path)
    hemi = side.hemi
    if hemi is None:
        raise refuse_file(
            path,
            "neither name nor content says which hemisphere it is",
            "lh, rh, hemi-L or hemi-R in its name",
            "Rename it; a side is never guessed",
        )
    paths: tuple[Path, ...] = (path,)
    hemis: tuple[Hemi, ...] = (hemi,)
    sizes: tuple[int, ...] = (len(side.values),)
    if files.right is not None:
        sizes += (_right_size(path, side, files.right),)
        paths, hemis = (path, files.right), (Hemi.LEFT, Hemi.RIGHT)
    mesh = _mesh(path, len(side.values))
    opened = Series(
        files=paths,
        tr_s=math.nan,
        tr_because="",
        n_volumes=side.values.shape[1],
        mesh=Pair(left=mesh, right=mesh),
        kind="surface",
        hemis=hemis,
        sizes=sizes,
    )
    return opened, side.tr_s


def _right_size(path: Path, left: SurfaceSeries, other: Path) -> int:
    """Return how many vertices the right side has, once both are one run."""
    right = read_surface_series(other)
    if (left.hemi, right.hemi) != (Hemi.LEFT, Hemi.RIGHT):
        raise DomainError(
            f"{path.name} says {left.hemi or 'no side'}, {other.name} {right.hemi or 'no side'}; "
            f"expected left first, then right. Pass each as its own side."
        )
    if left.values.shape[1] != right.values.shape[1] or left.tr_s != right.tr_s:
        raise DomainError(
            f"{path.name} has {left.values.shape[1]} volumes (TR {left.tr_s} s), {other.name} "
            f"{right.values.shape[1]} (TR {right.tr_s} s). Both sides must come from one run; "
            f"pass matching files."
        )
    if (one := _mesh(path, len(left.values))) != (two := _mesh(other, len(right.values))):
        raise DomainError(f"{path.name} is on {one}, {other.name} on {two}; pass one mesh.")
    return len(right.values)


def _mesh(path: Path, n: int) -> str:
    """Return the name of the mesh: what the file's name says, else the standard one of its size.

    Raises
    ------
    InputError
        If name and size contradict each other.
    """
    by_size = _MESHES.get(n, "fsnative")
    found = re.search(r"space-([A-Za-z0-9]+)", path.name)
    said = found.group(1) if found else by_size
    if said == "fsLR":
        said = "fsLR_32k"
    if said != by_size and (said in _MESHES.values() or by_size == "fsnative"):
        raise refuse_file(
            path, f"{n} vertices, but its name says {said}", "the mesh it names", "Check the file"
        )
    return said
