"""What SOURCE on the command line is, and the recipe it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..base.errors import AmbiguityError, InputError, refuse_file
from .freesurfer import find_anatomy, is_freesurfer_folder
from .recipe import MapFiles, Recipe
from .toml import MAP_FILE_KEYS, read_patient_toml, require_id

__all__ = ["find_recipe", "with_maps"]


def find_recipe(source: Path, subject: str | None) -> tuple[Recipe, Path]:
    """Return the recipe of a source, and the folder that its paths belong to.

    Raises
    ------
    InputError
        If the source is none that tmsplan reads, or holds another patient than `subject`.
    """
    if source.is_dir():
        own = source / "patient.toml"
        if not own.is_file():
            return _of_folder(source, subject)
        source = own
    elif source.suffix.lower() != ".toml":
        found = "it is no patient.toml" if source.is_file() else "there is no such file or folder"
        raise refuse_file(
            source, found, "a patient.toml or a FreeSurfer subject folder", "Check the path"
        )
    recipe = read_patient_toml(source)
    if subject is not None and recipe.id not in {subject, f"sub-{subject}"}:
        raise InputError(
            f"{source.name}: its id is '{recipe.id}', but -s {subject} was asked for. Pass the "
            f"file of that patient."
        )
    return recipe, source.parent


def _of_folder(folder: Path, subject: str | None) -> tuple[Recipe, Path]:
    if is_freesurfer_folder(folder):
        name = require_id(subject or folder.name, folder.name)
        return Recipe(name, find_anatomy(folder)), folder.parent
    named = [subject, f"sub-{subject}"] if subject else []
    inner = [folder / n for n in named if is_freesurfer_folder(folder / n)]
    if inner:
        return Recipe(require_id(inner[0].name, folder.name), find_anatomy(inner[0])), folder
    if (folder / "dataset_description.json").is_file() or any(folder.glob("sub-*/anat")):
        raise refuse_file(
            folder,
            "a BIDS or fMRIPrep folder, which this version does not read by itself",
            "a patient.toml or a FreeSurfer subject folder",
            "Write a patient.toml that names its T1w, surfaces and maps",
        )
    raise refuse_file(
        folder,
        "no patient is in this folder" if not subject else f"no subject '{subject}' is in it",
        "a patient.toml or a FreeSurfer subject folder (surf/ and mri/)",
        "Check the path, or name the subject of a SUBJECTS_DIR with -s",
    )


def with_maps(recipe: Recipe, more: Mapping[str, Path]) -> Recipe:
    """Return the recipe with more maps; theirs is the world of the T1.

    Raises
    ------
    InputError
        For a name that ``[maps]`` does not have.
    AmbiguityError
        If a map of that name is given twice, or the source's maps live in a template.
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
    if recipe.maps.space not in {None, "T1w"}:
        raise AmbiguityError(
            f"patient.toml says that maps are in {recipe.maps.space}; maps given with --map are "
            f"in the space of the T1. Write all of them into patient.toml."
        )
    maps: MapFiles = replace(recipe.maps, files={**recipe.maps.files, **more}, space="T1w")
    return replace(recipe, maps=maps)
