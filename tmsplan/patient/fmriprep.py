"""A folder of fMRIPrep derivatives: which of its files are read, in which order of preference.

Names of 20.2 LTS and 25 were checked against the lists of outputs that fMRIPrep tests itself
with; those of 22.1 and 23.1 are as its documentation names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..base.errors import InputError, refuse_file
from ..space.frame import Frame, Scanner
from ..space.points import Points
from ..space.side import Hemi
from ..space.warp import read_itk_warp
from ..surface.formats import read_bytes
from ..surface.pair import Pair
from .anatomy import AnatomyFiles, HemiFiles
from .bids import BidsSubject, parse_selection
from .bids_participants import find_participant
from .fmriprep_gifti import require_scanner_ras
from .fmriprep_series import given_run, only_run
from .freesurfer import OVERLAYS, find_anatomy, is_freesurfer_folder
from .recipe import MapFiles, Recipe

__all__ = ["TEMPLATE_ORDER", "find_fmriprep", "is_bids_folder"]

NIFTI = (".nii.gz", ".nii")
_SURF = (".surf.gii",)
_TO_T1W = {"to": "T1w", "mode": "image"}
#: The template whose warp is read, the first there is: the one fMRIPrep uses by default first.
TEMPLATE_ORDER = ("MNI152NLin2009cAsym", "MNI152NLin6Asym")
#: FreeSurfer's surfaces are used only where fMRIPrep says that they lie where its T1w lies.
FSNATIVE_MM = 0.05
#: Half the size of a head, mm: where a small rotation shows.
_REACH_MM = 100.0
#: Maps that make a time series unnecessary.
_READY = ("coupling", "coupling_left", "alff")


def is_bids_folder(folder: Path) -> bool:
    """Return whether `folder` holds subjects of BIDS data, raw or derived."""
    return bool(_subjects(folder))


def find_fmriprep(folder: Path, subject: str | None, chosen: Mapping[str, Path]) -> Recipe:
    """Return what is read for one subject of a folder of fMRIPrep derivatives.

    Parameters
    ----------
    folder : Path
        Holds ``sub-<label>/``.
    subject : str or None
        ``01``, ``sub-01``, or with what tells its runs apart: ``sub-01_ses-2_task-rest_run-1``.
        None is allowed where the folder holds one subject.
    chosen : mapping of name to Path
        Maps that the user gave: they are not looked for. A BOLD run among them brings the
        confounds, sidecar and mask of its own run.

    Returns
    -------
    Recipe
        ``qc`` says where surfaces and series come from.

    Raises
    ------
    InputError
        If the subject is not there, or a file that is needed is missing; names it.
    AmbiguityError
        If several acquisitions are possible; names the flag for each.
    """
    selection = parse_selection(subject) if subject else _only_subject(folder)
    files = BidsSubject.read(folder, selection)
    if not files.names:
        raise refuse_file(
            folder,
            f"no file of {files.id} is in this BIDS folder{_also(folder)}",
            f"{files.id}/anat/{files.id}_desc-preproc_T1w.nii.gz, as fMRIPrep writes it",
            "Check -s and the folder, or write a patient.toml",
        )
    t1w = _t1w(files)
    anatomy, surfaces = _anatomy(files, t1w)
    maps, template, notes = _maps(files, chosen)
    person = find_participant(folder, files.id)
    return Recipe(
        id=files.id,
        anatomy=anatomy,
        maps=maps,
        age=person.age,
        sex=person.sex,
        from_mni=_warp(files, template) if template else None,
        template=template,
        qc={"surfaces_from": surfaces, **notes, **(person.notes or {})},
    )


def _subjects(folder: Path) -> list[str]:
    return sorted(
        p.name
        for p in folder.glob("sub-*")
        if p.is_dir() and ((p / "anat").is_dir() or any(p.glob("ses-*/anat")))
    )


def _also(folder: Path) -> str:
    there = _subjects(folder)
    return f" (there are: {', '.join(there[:8])})" if there else ""


def _only_subject(folder: Path) -> dict[str, str]:
    there = _subjects(folder)
    if len(there) != 1:
        raise refuse_file(
            folder,
            f"it holds {len(there)} subjects{_also(folder)}",
            "the one that is meant",
            "Pass it: -s sub-01",
        )
    return parse_selection(there[0])


def _t1w(files: BidsSubject) -> Path:
    found = files.one("T1w", NIFTI, {"desc": "preproc"})
    if found is not None:
        return found
    if files.find("anat", "T1w", NIFTI, {}):
        raise refuse_file(
            files.folder,
            f"{files.id} has a raw T1w and nothing that fMRIPrep made",
            "fMRIPrep derivatives (sub-01_desc-preproc_T1w.nii.gz)",
            f"{_inner(files.folder)}Run fMRIPrep first, or 'tmsplan prepare' on the T1w; or write "
            f"a patient.toml",
        )
    raise InputError(
        f"{files.id}: {files.id}_desc-preproc_T1w.nii.gz is missing. Expected the T1w that "
        f"fMRIPrep wrote: its world is the patient's. Copy it, or write a patient.toml."
    )


def _inner(folder: Path) -> str:
    there = (folder / "derivatives" / "fmriprep").is_dir()
    return "Pass its derivatives/fmriprep instead. Or: " if there else ""


def _anatomy(files: BidsSubject, t1w: Path) -> tuple[AnatomyFiles, str]:
    """Return the anatomy and where its surfaces come from: FreeSurfer's folder before GIFTI."""
    subject, why_not = _freesurfer(files)
    if subject is not None:
        # No name above the derivatives is printed: it may be a person's.
        inner = "sourcedata/" if subject.parents[1].name == "sourcedata" else ""
        where = f"{inner}freesurfer/{subject.name}"
        return find_anatomy(subject, t1w=t1w), f"FreeSurfer folder {where}"
    anatomy = AnatomyFiles(
        t1w,
        Pair(left=_gifti(files, Hemi.LEFT), right=_gifti(files, Hemi.RIGHT)),
        ribbon=files.one("dseg", NIFTI, {"desc": "aparcaseg"})
        or files.one("dseg", NIFTI, {"desc": "aseg"}),
        # Files that say another space are refused; those of fMRIPrep 20.2 say nothing.
        coordinate_system="scanner",
    )
    return anatomy, f"GIFTI of fMRIPrep ({why_not})"


def _freesurfer(files: BidsSubject) -> tuple[Path | None, str]:
    session = files.selection.get("ses")
    names = [f"{files.id}_ses-{session}"] if session else []
    roots = (files.folder / "sourcedata" / "freesurfer", files.folder.parent / "freesurfer")
    found = [r / n for r in roots for n in (*names, files.id) if is_freesurfer_folder(r / n)]
    if not found:
        return None, "there is no FreeSurfer folder beside it"
    path = files.one("xfm", (".txt",), {"from": "fsnative", **_TO_T1W})
    if path is None:
        return None, "no transform says where FreeSurfer's volume lies"
    apart = _distance(path, files.id)
    if apart > FSNATIVE_MM:
        return None, f"FreeSurfer's volume lies {apart:.2f} mm from the T1w"
    return found[0], ""


def _distance(path: Path, subject: str) -> float:
    """Return how far a transform moves a place of the head, at most, in mm."""
    here = Frame(Scanner, subject)
    warp = read_itk_warp(path, moving=Frame(Scanner, f"{subject} fsnative"), fixed=here)
    grid = np.array(np.meshgrid(*[[-_REACH_MM, _REACH_MM]] * 3)).reshape(3, -1).T
    there = (warp.pulls @ Points(grid, here)).mm(warp.src)
    return float(np.linalg.norm(there - grid, axis=1).max())


def _gifti(files: BidsSubject, hemi: Hemi) -> HemiFiles:
    side = {"hemi": hemi.value[0].upper()}
    white = files.one("white", _SURF, side)
    pial = files.one("pial", _SURF, side)
    if white is None or pial is None:
        raise _no_surfaces(files, side["hemi"], "white" if white is None else "pial")
    for path in (white, pial):
        require_scanner_ras(path, read_bytes(path))
    sphere = files.one("sphere", _SURF, {**side, "space": "fsaverage", "desc": "reg"})
    overlays = {n: files.one(n, (".shape.gii",), side) for n in OVERLAYS}
    return HemiFiles(
        white,
        pial,
        sphere or files.one("sphere", _SURF, {**side, "desc": "reg"}),
        None,
        {n: p for n, p in overlays.items() if p is not None},
    )


def _no_surfaces(files: BidsSubject, side: str, what: str) -> InputError:
    smooth = files.one("smoothwm", _SURF, {"hemi": side})
    found = (
        f"there is {smooth.name}, but that surface was smoothed and is not the boundary"
        if smooth and what == "white"
        else f"{files.id}_hemi-{side}_{what}.surf.gii is missing"
    )
    return InputError(
        f"{files.id}: {found}. Expected white and pial surfaces of both hemispheres, or the "
        f"FreeSurfer folder beside the derivatives (sourcedata/freesurfer/{files.id}). fMRIPrep "
        f"before 22 does not write the white surface: copy FreeSurfer's folder, or name the files "
        f"in a patient.toml; without any surfaces, run 'tmsplan prepare'."
    )


def _maps(
    files: BidsSubject, chosen: Mapping[str, Path]
) -> tuple[MapFiles, str | None, dict[str, str]]:
    """Return the maps, the template whose warp is read, and where the series comes from."""
    templates = tuple(t for t in TEMPLATE_ORDER if _warp(files, t) is not None)
    found = {
        "gm": files.one("probseg", NIFTI, {"label": "GM"}),
        "brain_mask": files.one("mask", NIFTI, {"desc": "brain"}),
    }
    named = {n: p for n, p in found.items() if p is not None and n not in chosen}
    if "bold" in chosen:
        run = given_run(chosen["bold"])
    elif any(name in chosen for name in (*_READY, "bold_left")):
        run = None
    else:
        run = only_run(files, templates)
    if run is None:
        return MapFiles(named, "T1w"), next(iter(templates), None), {}
    named |= {n: p for n, p in run.files.items() if n == "bold" or n not in chosen}
    template = run.space if run.space in templates else next(iter(templates), None)
    spaces = dict.fromkeys(run.in_its_space(), run.space) if run.space != "T1w" else {}
    return MapFiles(named, "T1w", spaces=spaces), template, {"bold_from": run.because}


def _warp(files: BidsSubject, template: str) -> Path | None:
    return files.one("xfm", (".h5",), {"from": template, **_TO_T1W})
