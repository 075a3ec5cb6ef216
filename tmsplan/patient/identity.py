"""One patient: no two files may name different people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..base.errors import InputError
from .recipe import Recipe

__all__ = ["require_one_person"]

_ENTITY = re.compile(r"(?:^|_)(sub-[A-Za-z0-9]+)(?=_|\.|$)")


def require_one_person(recipe: Recipe, base: Path) -> None:
    """Refuse files whose names carry different BIDS subjects, or another one than the id.

    A pseudonym as id (one that does not start with ``sub-``) is not compared with file names.
    A patient that is declared a composite may mix.

    Parameters
    ----------
    recipe : Recipe
    base : Path
        Folder of the source; names of folders above it are not looked at.

    Raises
    ------
    InputError
        Names both files.
    """
    if recipe.composite:
        return
    first: tuple[str, str] | None = None
    if recipe.id.startswith("sub-"):
        first = (recipe.id, "the patient's id")
    for path in _files(recipe):
        for name in _names(path, base):
            for subject in _ENTITY.findall(name):
                first = first or (subject, name)
                if subject != first[0]:
                    raise InputError(
                        f"{name}: this file is of subject {subject}, but {first[1]} says "
                        f"{first[0]}. Expected files of one person; two subjects are mixed. Pass "
                        f'matching files, or write composite = "why" in patient.toml.'
                    )


def _files(recipe: Recipe) -> Iterator[Path]:
    yield recipe.anatomy.t1w
    yield from (path for _, path in recipe.anatomy.meshes_and_overlays())
    yield from (p for p in (recipe.anatomy.ribbon, recipe.anatomy.conformed) if p)
    yield from recipe.maps.files.values()  # the run, its confounds and sidecar among them
    if recipe.fslr is not None:
        pairs = (recipe.fslr.spheres, recipe.fslr.own)
        yield from (path for pair in pairs if pair is not None for _, path in pair.sides())
    if recipe.from_mni:
        yield recipe.from_mni


def _names(path: Path, base: Path) -> tuple[str, ...]:
    """Return the file's name and those of its folders below `base`."""
    try:
        return path.relative_to(base).parts
    except ValueError:
        return (path.name,)
