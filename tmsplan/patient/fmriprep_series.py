"""The BOLD run of an fMRIPrep folder: which one, in which space, with which companions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import AmbiguityError, refuse_file
from .bids import BidsName, BidsSubject, parse_name

__all__ = ["RunFiles", "given_run", "only_run"]

_NIFTI = (".nii.gz", ".nii")
#: Meshes in order of preference: the patient's own, then the one whose sphere is at hand.
_MESHES = ("fsnative", "fsaverage5")
#: Read, but nothing brings them to the patient: only where there is nothing else.
_FINER = ("fsaverage6", "fsaverage")
_CIFTI = ".dtseries.nii"
_GIFTI = ".func.gii"
#: fMRIPrep 20.2 calls the table of confounds ``regressors``, later versions ``timeseries``.
_CONFOUNDS = ("timeseries", "regressors")


@dataclass(frozen=True, slots=True)
class RunFiles:
    """One run: its image or pair of surfaces, and what belongs to it.

    Parameters
    ----------
    files : mapping of name to Path
        Names as in ``[maps]``.
    space : str
        ``"T1w"``, a template, or the mesh of a surface series.
    because : str
        Why this one; base names only.
    """

    files: dict[str, Path]
    space: str
    because: str

    def in_its_space(self) -> tuple[str, ...]:
        """Return the names of the files that lie in `space`; tables lie nowhere."""
        return tuple(n for n in self.files if n not in {"confounds", "sidecar"})


def only_run(subject: BidsSubject, templates: tuple[str, ...]) -> RunFiles | None:
    """Return the one run of a subject in the best space that it was written in; None without.

    The order: ``space-T1w``; the patient's own mesh (fsnative); fsaverage5; a template whose
    warp to the T1w is there; CIFTI on fsLR; finer fsaverage.

    Parameters
    ----------
    subject : BidsSubject
    templates : tuple of str
        Templates with a warp, in order of preference.

    Raises
    ------
    AmbiguityError
        If there are several runs, sessions, tasks or echoes, or one run in several resolutions.
    """
    by_space = [found for found in _by_preference(subject, templates) if found]
    if not by_space:
        return None
    everything = [name for found in by_space for name in found]
    if len({name.run() for name in everything}) > 1:
        raise subject.ambiguous(everything, "name one with --map bold=FILE")
    best = by_space[0]
    if len(best) > 1:
        raise subject.ambiguous(best, "name one with --map bold=FILE")
    others = ", ".join(dict.fromkeys(f[0].entities["space"] for f in by_space[1:]))
    because = f"{best[0].path.name}: the only run" + (f", before {others}" if others else "")
    return _with_companions(best[0], because)


def given_run(path: Path) -> RunFiles:
    """Return a run that the user named, with what its BIDS name says and what lies beside it.

    A file without a BIDS name lies in the world of the T1w, and brings nothing.

    Raises
    ------
    InputError
        If it is a surface without its twin.
    """
    name = parse_name(path)
    because = f"{path.name}: given with --map"
    if name is None or "space" not in name.entities:
        return RunFiles({"bold": path}, "T1w", because)
    return _with_companions(name, because)


def _by_preference(
    subject: BidsSubject, templates: tuple[str, ...]
) -> Iterator[tuple[BidsName, ...]]:
    yield _volumes(subject, "T1w")
    for mesh in _MESHES:
        yield _surfaces(subject, mesh)
    for template in templates:
        yield _volumes(subject, template)
    yield subject.find("func", "bold", (_CIFTI,), {"space": "fsLR"}, optional=("den",))
    for mesh in _FINER:
        yield _surfaces(subject, mesh)


def _surfaces(subject: BidsSubject, mesh: str) -> tuple[BidsName, ...]:
    return subject.find("func", "bold", (_GIFTI,), {"space": mesh, "hemi": "L"})


def _volumes(subject: BidsSubject, space: str) -> tuple[BidsName, ...]:
    wanted = {"space": space, "desc": "preproc"}
    return subject.find("func", "bold", _NIFTI, wanted, optional=("res",))


def _with_companions(name: BidsName, because: str) -> RunFiles:
    path = name.path
    files = _images(name)
    table = [n for n in _beside(name) if _is_confounds(n)]
    if len(table) > 1:
        raise AmbiguityError(
            f"{path.name}: two tables of confounds ({', '.join(n.path.name for n in table)}). "
            f"Expected one: outputs of two versions are mixed. Name it with --map confounds=FILE."
        )
    sidecar = path.with_name(path.name.removesuffix(name.extension) + ".json")
    mask = [n for n in _beside(name) if _is_mask(n, name)]
    files |= {"confounds": table[0].path} if table else {}
    files |= {"sidecar": sidecar} if sidecar.is_file() or sidecar.is_symlink() else {}
    files |= {"bold_mask": mask[0].path} if mask else {}
    return RunFiles(files, name.entities["space"], because)


def _images(name: BidsName) -> dict[str, Path]:
    path = name.path
    if "hemi" not in name.entities:
        return {"bold": path}
    left, right = (path.with_name(_with_side(path.name, side)) for side in ("L", "R"))
    for twin in (left, right):
        if not twin.is_file():
            raise refuse_file(
                path, f"{twin.name} is missing", "both hemispheres of the run", "Copy it"
            )
    return {"bold_left": left, "bold_right": right}


def _with_side(name: str, side: str) -> str:
    return "_".join(f"hemi-{side}" if p.startswith("hemi-") else p for p in name.split("_"))


def _beside(name: BidsName) -> Iterator[BidsName]:
    for path in sorted(name.path.parent.iterdir()):
        other = parse_name(path)
        # One table and one mask serve all echoes of a run.
        if other is not None and _person_and_run(other) == _person_and_run(name):
            yield other


def _person_and_run(name: BidsName) -> tuple[object, ...]:
    return name.entities["sub"], *((k, v) for k, v in name.run() if k != "echo")


def _is_confounds(name: BidsName) -> bool:
    return (
        name.suffix in _CONFOUNDS
        and name.extension == ".tsv"
        and name.beside_run() == {"desc": "confounds"}
    )


def _is_mask(mask: BidsName, bold: BidsName) -> bool:
    return (
        mask.suffix == "mask"
        and mask.extension in _NIFTI
        and mask.beside_run() == bold.beside_run() | {"desc": "brain"}
    )
