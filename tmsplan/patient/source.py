"""What SOURCE on the command line is, and the recipe it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..base.errors import AmbiguityError, InputError, refuse_file
from ..space.frame import TEMPLATES
from .bids import parse_name
from .fmriprep import find_fmriprep, is_bids_folder
from .freesurfer import find_anatomy, is_freesurfer_folder
from .recipe import Recipe
from .toml import MAP_FILE_KEYS, read_patient_toml, require_id

__all__ = ["find_recipe"]

_KINDS = "a patient.toml, fMRIPrep derivatives, or a FreeSurfer subject folder (surf/ and mri/)"
#: Files looked at to tell a folder of DICOM files: they may have any name.
_DICOM_LOOKS = 20
_DICM_AT = 128


def find_recipe(
    source: Path, subject: str | None, maps: Mapping[str, Path]
) -> tuple[Recipe, Path]:
    """Return the recipe of a source, and the folder that its paths belong to.

    Parameters
    ----------
    source : Path
        ``patient.toml`` or a folder that holds one, fMRIPrep derivatives or one subject of them,
        a FreeSurfer subject, or a SUBJECTS_DIR.
    subject : str or None
        What ``-s`` says.
    maps : mapping of name to Path
        What ``--map`` says.

    Raises
    ------
    InputError
        If the source is none that tmsplan reads, or holds another patient than `subject`.
    AmbiguityError
        If a map is given twice, or lies in another space than its name says.
    """
    if source.is_dir():
        own = source / "patient.toml"
        if not own.is_file():
            return _of_folder(source, subject, maps)
        source = own
    elif source.suffix.lower() != ".toml":
        raise _no_source(source)
    recipe = read_patient_toml(source)
    if subject is not None and recipe.id not in {subject, f"sub-{subject}"}:
        raise InputError(
            f"{source.name}: its id is '{recipe.id}', but -s {subject} was asked for. Pass the "
            f"file of that patient."
        )
    return _with_maps(recipe, maps), source.parent


def _no_source(source: Path) -> InputError:
    if source.is_file() and _is_dicom(source):
        return _dicom(source)
    found = "it is no patient.toml" if source.is_file() else "there is no such file or folder"
    return refuse_file(source, found, _KINDS, "Check the path")


def _of_folder(folder: Path, subject: str | None, maps: Mapping[str, Path]) -> tuple[Recipe, Path]:
    if is_freesurfer_folder(folder):
        name = require_id(subject or folder.name, folder.name)
        return _with_maps(Recipe(name, find_anatomy(folder)), maps), folder.parent
    if folder.name.startswith("sub-") and is_bids_folder(folder.resolve().parent):
        _require_same(folder.name, subject)
        subject, folder = subject or folder.name, folder.resolve().parent
    if is_bids_folder(folder):
        # A run that was named is in the recipe already, with its companions.
        rest = {name: path for name, path in maps.items() if name != "bold"}
        return _with_maps(find_fmriprep(folder, subject, maps), rest), folder
    named = [subject, f"sub-{subject}"] if subject else []
    inner = [folder / n for n in named if is_freesurfer_folder(folder / n)]
    if inner:
        recipe = Recipe(require_id(inner[0].name, folder.name), find_anatomy(inner[0]))
        return _with_maps(recipe, maps), folder
    if (folder / "dataset_description.json").is_file():
        find_fmriprep(folder, subject, maps)  # says which subject is missing
    if _holds_dicom(folder):
        raise _dicom(folder)
    raise refuse_file(
        folder,
        "no patient is in this folder" if not subject else f"no subject '{subject}' is in it",
        _KINDS,
        "Check the path, or name the subject of a SUBJECTS_DIR with -s",
    )


def _require_same(folder: str, subject: str | None) -> None:
    if subject is not None and f"sub-{subject.removeprefix('sub-')}".split("_")[0] != folder:
        raise InputError(
            f"{folder}: this is that subject's folder, but -s {subject} was asked for. Pass the "
            f"folder above it, or leave -s out."
        )


def _holds_dicom(folder: Path) -> bool:
    some = [p for p, _ in zip(sorted(folder.rglob("*")), range(_DICOM_LOOKS), strict=False)]
    return any(p.name.upper() == "DICOMDIR" or _is_dicom(p) for p in some if p.is_file())


def _is_dicom(path: Path) -> bool:
    if path.suffix.lower() in {".dcm", ".ima"}:
        return True
    try:
        with path.open("rb") as stream:
            head = stream.read(_DICM_AT + 4)
    except OSError:
        return False
    return head[_DICM_AT:] == b"DICM"


def _dicom(path: Path) -> InputError:
    return refuse_file(
        path,
        "these are DICOM files, as the scanner wrote them",
        _KINDS,
        "Convert them first: dcm2niix -z y -f %p -o nifti FOLDER; then tmsplan prepare T1 [BOLD]",
    )


def _with_maps(recipe: Recipe, more: Mapping[str, Path]) -> Recipe:
    """Return the recipe with the maps of ``--map``.

    They lie in the world of the T1, unless their BIDS name says a template.
    """
    for name in more:
        if name not in MAP_FILE_KEYS:
            raise InputError(
                f"there is no map called '{name}'. Known: {', '.join(MAP_FILE_KEYS)}."
            )
        if name in recipe.maps.files:
            raise AmbiguityError(
                f"the map '{name}' is given in patient.toml and with --map. Leave one of them out."
            )
    if not more:
        return recipe
    if recipe.maps.space not in {None, "T1w"}:
        raise AmbiguityError(
            f"patient.toml says that maps are in {recipe.maps.space}; maps given with --map are "
            f"in the space of the T1. Write all of them into patient.toml."
        )
    said = {n: s for n, p in more.items() if (s := _said(p)) in TEMPLATES}
    maps = replace(
        recipe.maps,
        files={**recipe.maps.files, **more},
        space="T1w",
        spaces={**recipe.maps.spaces, **said},
    )
    return replace(recipe, maps=maps)


def _said(path: Path) -> str | None:
    name = parse_name(path)
    return name.entities.get("space") if name else None
