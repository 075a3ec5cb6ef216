"""Where an atlas' files lie, whether they are the declared ones, and how a user adds them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..base.data import data_root, user_data_root
from ..base.errors import InputError, MissingPartError, refuse_file
from ..base.provenance import sha256_file
from .declaration import AtlasInfo, LabelFile, atlas_info

__all__ = [
    "add_atlas",
    "atlas_folder",
    "fetch_atlas",
    "has_file",
    "missing_message",
    "verified_file",
]


def atlas_folder(info: AtlasInfo) -> Path:
    """Return the folder in which the files of an atlas lie, or would lie."""
    root = data_root("atlases") if info.status == "shipped" else user_data_root() / "atlases"
    return root / info.name


def has_file(info: AtlasInfo, declared: LabelFile) -> bool:
    """Return whether a file of the atlas is there; its hash is checked when it is read."""
    return (atlas_folder(info) / declared.file).is_file()


def verified_file(info: AtlasInfo, declared: LabelFile) -> Path:
    """Return the path of a file of the atlas after comparing its hash.

    Raises
    ------
    MissingPartError
        If the file was not supplied yet; says how to.
    InputError
        If it is there with other bytes than declared.
    """
    path = atlas_folder(info) / declared.file
    if not path.is_file():
        raise MissingPartError(missing_message(info, declared))
    _require_hash(path, declared)
    return path


def missing_message(info: AtlasInfo, declared: LabelFile) -> str:
    """Return how to supply a file that is not there."""
    if info.status == "shipped":
        return f"atlas {info.name}: {declared.file} is missing; reinstall tmsplan."
    return (
        f"atlas {info.name}: {declared.file} is not here, because its licence ({info.licence}) "
        f"leaves it to you to get it. Run: tmsplan atlas add {info.name} {declared.file}"
    )


def add_atlas(name: str, files: Sequence[Path]) -> Path:
    """Copy files of a declared atlas into the user's data folder after checking each hash.

    A file is recognised by its hash, so it may have any name. Each is copied whole or not at
    all, and nothing is copied if one of them is refused.

    Parameters
    ----------
    name : str
        A declared atlas that is supplied by the user.
    files : sequence of Path
        At least one.

    Returns
    -------
    Path
        The folder of the atlas.

    Raises
    ------
    InputError
        If the name is unknown, the atlas needs no files, or a file is not one of the declared.
    """
    info = atlas_info(name)
    if info.status != "user":
        raise InputError(f"atlas {name} is {info.status}: there is nothing to add.")
    if not files:
        wanted = ", ".join(f.file for f in info.files())
        raise InputError(f"atlas {name}: no file was given; it is made of {wanted}.")
    matched = [(path, _declared_by(info, path)) for path in files]
    folder = atlas_folder(info)
    folder.mkdir(parents=True, exist_ok=True)
    for path, declared in matched:
        _copy(path, folder / declared.file, declared)
    return folder


def fetch_atlas(name: str) -> Path:
    """Download the files of an atlas whose declaration gives a public source.

    Raises
    ------
    InputError
        If the atlas declares no source: then its files are the user's to get.
    MissingPartError
        If the download fails or gives other bytes than declared.
    """
    import pooch

    info = atlas_info(name)
    sources = [f for f in info.files() if f.url]
    if not sources:
        raise InputError(
            f"atlas {name} declares no public source; get its files under their licence "
            f"({info.licence}) and run: tmsplan atlas add {name} FILE..."
        )
    with tempfile.TemporaryDirectory() as folder:
        try:
            got = [
                Path(pooch.retrieve(f.url, f"sha256:{f.sha256}", fname=f.file, path=folder))
                for f in sources
            ]
        except (OSError, ValueError) as err:
            raise MissingPartError(f"atlas {name}: the download failed ({err}).") from err
        return add_atlas(name, got)


def _declared_by(info: AtlasInfo, path: Path) -> LabelFile:
    if not path.is_file():
        raise InputError(f"{path.name}: there is no such file; check the path.")
    found = sha256_file(path)
    for declared in info.files():
        if declared.sha256 == found:
            return declared
    same_name = [f for f in info.files() if f.file == path.name]
    expected = same_name[0].sha256 if same_name else ", ".join(f.file for f in info.files())
    raise refuse_file(
        path,
        f"its SHA-256 is {found}",
        f"for atlas {info.name}: {expected}",
        "It is another version or another file; labels of an unknown version are not used",
    )


def _copy(source: Path, target: Path, declared: LabelFile) -> None:
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".partial-", delete=False) as out:
        work = Path(out.name)
    try:
        shutil.copyfile(source, work)
        _require_hash(work, declared)
        work.replace(target)
    finally:
        work.unlink(missing_ok=True)


def _require_hash(path: Path, declared: LabelFile) -> None:
    found = sha256_file(path)
    if found != declared.sha256:
        raise refuse_file(
            declared.file,
            f"its SHA-256 is {found}",
            declared.sha256,
            "The file was changed or damaged; supply it again",
        )
