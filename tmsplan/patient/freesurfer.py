"""A FreeSurfer subject folder: which of its files are read."""

from __future__ import annotations

from pathlib import Path

from ..base.errors import InputError, refuse_file
from ..space.side import Hemi
from ..surface.pair import Pair
from .anatomy import AnatomyFiles, HemiFiles

__all__ = ["OVERLAYS", "find_anatomy", "is_freesurfer_folder"]

#: Vertex data that are read where present, with their unit.
OVERLAYS = {"sulc": "mm", "thickness": "mm", "volume": "mm3", "curv": "1/mm"}
_RIBBONS = ("aparc+aseg.mgz", "ribbon.mgz", "aseg.mgz")
#: Where FreeSurfer and MNE leave the surfaces of a head, the first that is there.
_HEAD_SURFACES = (
    "bem/{}.surf",
    "bem/*{}.surf",
    "bem/watershed/*{}_surface",
    "bem/watershed/*{}.surf",
)


def is_freesurfer_folder(folder: Path) -> bool:
    """Return whether `folder` looks like one subject of a SUBJECTS_DIR."""
    return (folder / "surf").is_dir() and (folder / "mri").is_dir()


def find_anatomy(folder: Path, *, t1w: Path | None = None) -> AnatomyFiles:
    """Return the files of a FreeSurfer subject that tmsplan reads.

    Parameters
    ----------
    folder : Path
        Holds ``surf/`` and ``mri/``.
    t1w : Path or None
        Another image of the same scanner world to use as reference T1, for example the NIfTI
        file that recon-all was given; by default ``mri/T1.mgz``, else ``mri/orig.mgz``.

    Raises
    ------
    InputError
        If white, pial or the conformed volume is missing; names what is.
    """
    if not is_freesurfer_folder(folder):
        raise refuse_file(
            folder,
            "no FreeSurfer subject folder",
            "a folder with surf/ and mri/",
            "Pass the folder that recon-all wrote",
        )
    conformed = _first(folder / "mri", ("T1.mgz", "orig.mgz"))
    if conformed is None:
        raise InputError(
            f"{folder.name}: mri/T1.mgz and mri/orig.mgz are both missing. One of them is needed: "
            f"only its header places the surfaces in the scanner. Copy it from the recon-all run."
        )
    return AnatomyFiles(
        t1w=t1w or conformed,
        hemis=Pair(left=_hemi(folder, Hemi.LEFT), right=_hemi(folder, Hemi.RIGHT)),
        conformed=conformed,
        ribbon=_first(folder / "mri", _RIBBONS),
        scalp=_head_surface(folder, "outer_skin", "scalp"),
        talairach=_first(folder / "mri" / "transforms", ("talairach.xfm",)),
        inner_skull=_head_surface(folder, "inner_skull", "inner_skull"),
    )


def _hemi(folder: Path, hemi: Hemi) -> HemiFiles:
    prefix, surf = hemi.freesurfer, folder / "surf"
    for what in ("white", "pial"):
        if not (surf / f"{prefix}.{what}").is_file():
            raise InputError(
                f"{folder.name}: surf/{prefix}.{what} is missing. Expected white and pial "
                f"surfaces of both hemispheres. Finish recon-all or pass another folder."
            )
    overlays = {n: p for n in OVERLAYS if (p := surf / f"{prefix}.{n}").is_file()}
    return HemiFiles(
        surf / f"{prefix}.white",
        surf / f"{prefix}.pial",
        _first(surf, (f"{prefix}.sphere.reg",)),
        _first(folder / "label", (f"{prefix}.aparc.annot",)),
        overlays,
    )


def _first(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / n for n in names if (folder / n).is_file()), None)


def _head_surface(folder: Path, name: str, key: str) -> Path | None:
    for pattern in _HEAD_SURFACES:
        found = sorted(folder.glob(pattern.format(name)))
        if len(found) > 1:
            names = ", ".join(p.name for p in found)
            raise InputError(
                f"{folder.name}: several {key.replace('_', ' ')} surfaces ({names}). Expected one "
                f"{name} surface. Write a patient.toml with the key '{key}' to say which."
            )
        if found:
            return found[0]
    return None
