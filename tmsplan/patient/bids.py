"""BIDS names, taken apart exactly: an entity is a key and a value, never a piece of text.

Searching names for ``sub-01`` also finds ``sub-011``, and ``desc-preproc_T1w`` also finds the
copy that was resampled to a template. Here a file is found only if its entities are the ones
asked for, and no others but those that tell runs and sessions apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..base.errors import AmbiguityError, InputError, refuse_file

__all__ = [
    "RUN_KEYS",
    "BidsName",
    "BidsSubject",
    "parse_name",
    "parse_selection",
    "require_space",
]

#: Entities that tell acquisitions of one kind apart (BIDS 1.9, order of the specification).
RUN_KEYS = ("ses", "task", "acq", "ce", "rec", "dir", "run", "echo", "part")
#: Entities that are numbers: run-1 and run-01 are one run.
_NUMBERS = ("run", "echo")
_ENTITY = re.compile(r"([a-zA-Z]+)-([a-zA-Z0-9+]+)")
_SUFFIX = re.compile(r"[a-zA-Z0-9]+")


@dataclass(frozen=True, slots=True)
class BidsName:
    """One file name, taken apart.

    Parameters
    ----------
    path : Path
    entities : mapping of key to value
        In the order of the name; ``sub`` is among them.
    suffix : str
        ``"T1w"``, ``"bold"``, ...
    extension : str
        From the first dot, for example ``".nii.gz"``.
    """

    path: Path
    entities: Mapping[str, str]
    suffix: str
    extension: str

    def value(self, key: str) -> str | None:
        """Return an entity's value; numbers without leading zeros."""
        found = self.entities.get(key)
        return str(int(found)) if found and key in _NUMBERS and found.isdigit() else found

    def run(self) -> tuple[tuple[str, str], ...]:
        """Return the entities that tell this acquisition from others."""
        return tuple((k, v) for k in RUN_KEYS if (v := self.value(k)) is not None)

    def beside_run(self, optional: tuple[str, ...] = ()) -> dict[str, str]:
        """Return the entities that say what the file is, not which acquisition it is of."""
        left_out = {"sub", *RUN_KEYS, *optional}
        return {k: v for k, v in self.entities.items() if k not in left_out}

    def is_of(self, selection: Mapping[str, str]) -> bool:
        """Return whether no entity of the name contradicts the selection."""
        return all(self.value(k) in {None, _plain(k, v)} for k, v in selection.items())


def parse_name(path: Path) -> BidsName | None:
    """Take a file name apart; None if it is no BIDS name.

    A name that repeats a key, or does not start with ``sub-``, is none.
    """
    stem, dot, ending = path.name.partition(".")
    *parts, suffix = stem.split("_")
    pairs = _pairs(parts)
    entities = dict(pairs)
    whole = len(pairs) == len(parts) == len(entities)
    if not whole or not pairs or pairs[0][0] != "sub" or not _SUFFIX.fullmatch(suffix):
        return None
    return BidsName(path, entities, suffix, dot + ending)


def _pairs(parts: Iterable[str]) -> list[tuple[str, str]]:
    return [(m[1], m[2]) for part in parts if (m := _ENTITY.fullmatch(part))]


def parse_selection(text: str) -> dict[str, str]:
    """Take apart what ``-s`` says: ``01``, ``sub-01`` or ``sub-01_ses-2_task-rest_run-1``.

    Raises
    ------
    InputError
        If it is no subject, or names an entity that tells no runs apart.
    """
    first, *rest = text.split("_")
    parts = [first if first.startswith("sub-") else f"sub-{first}", *rest]
    pairs = _pairs(parts)
    known = len(pairs) == len(parts) and all(k in RUN_KEYS for k, _ in pairs[1:])
    if not known or len(dict(pairs)) != len(pairs):
        raise InputError(
            f"-s {text}: this is no BIDS subject. Expected sub-01, or sub-01 and what tells its "
            f"runs apart ({', '.join(RUN_KEYS)}), for example sub-01_ses-2_task-rest_run-1."
        )
    return dict(pairs)


def require_space(path: Path, declared: str) -> None:
    """Refuse a file whose BIDS name says another space than the one that was declared.

    A name without ``space-`` says nothing here: fMRIPrep leaves it out for the T1w's space.

    Raises
    ------
    InputError
        Names both.
    """
    name = parse_name(path)
    said = name.entities.get("space") if name else None
    if said is not None and said != declared:
        raise refuse_file(
            path,
            f"its name says space-{said}, but {declared} is declared",
            "agreement",
            "Correct the space of this map ([maps] space, or its own line in [maps.spaces])",
        )


@dataclass(frozen=True, slots=True)
class BidsSubject:
    """All files of one subject of a BIDS folder.

    Parameters
    ----------
    folder : Path
        Holds ``sub-<label>/``.
    selection : mapping of key to value
        What ``-s`` said; ``sub`` is among them.
    names : tuple of BidsName
        Files of ``anat/`` and ``func/`` that the selection does not exclude.
    """

    folder: Path
    selection: Mapping[str, str]
    names: tuple[BidsName, ...]

    @classmethod
    def read(cls, folder: Path, selection: Mapping[str, str]) -> BidsSubject:
        """List the subject's files; none is opened.

        Raises
        ------
        InputError
            If a file in the subject's folder carries another subject or session than the folder.
        """
        home = folder / f"sub-{selection['sub']}"
        names = [name for name in _walk(home) if name.is_of(selection)]
        return cls(folder, selection, tuple(names))

    @property
    def id(self) -> str:
        """``sub-<label>``."""
        return f"sub-{self.selection['sub']}"

    def find(
        self,
        kind: str,
        suffix: str,
        extensions: tuple[str, ...],
        entities: Mapping[str, str],
        *,
        optional: tuple[str, ...] = (),
    ) -> tuple[BidsName, ...]:
        """Return the files with exactly these entities, apart from those that tell runs apart.

        Parameters
        ----------
        kind : {"anat", "func"}
        suffix : str
        extensions : tuple of str
        entities : mapping of key to value
        optional : tuple of str
            Keys that may be there as well.
        """
        return tuple(
            n
            for n in self.names
            if n.path.parent.name == kind
            and n.suffix == suffix
            and n.extension in extensions
            and n.beside_run(optional) == entities
        )

    def one(
        self, suffix: str, extensions: tuple[str, ...], entities: Mapping[str, str]
    ) -> Path | None:
        """Return the one anatomical file with these entities, or None.

        Raises
        ------
        AmbiguityError
            If several acquisitions have one; names the flag that decides.
        """
        found = self.find("anat", suffix, extensions, entities)
        if len(found) > 1:
            raise self.ambiguous(found, "give the file in a patient.toml")
        return found[0].path if found else None

    def ambiguous(self, found: Iterable[BidsName], otherwise: str) -> AmbiguityError:
        """Return the refusal of several possible files, with the flag for each."""
        names = tuple(found)
        flags = sorted({_flag(self.id, n) for n in names})
        listed = ", ".join(sorted(n.path.name for n in names)[:6])
        how = f"Pass one of -s {', -s '.join(flags[:6])}" if len(flags) > 1 else "They differ"
        return AmbiguityError(
            f"{self.id}: {len(names)} files are possible ({listed}). {how}; or {otherwise}."
        )


def _flag(subject: str, name: BidsName) -> str:
    """Return what ``-s`` must say to mean this file."""
    return "_".join([subject, *(f"{k}-{name.entities[k]}" for k, _ in name.run())])


def _plain(key: str, value: str) -> str:
    return str(int(value)) if key in _NUMBERS and value.isdigit() else value


def _walk(home: Path) -> Iterator[BidsName]:
    sessions = sorted(p for p in home.glob("ses-*") if p.is_dir())
    for place in (home, *sessions):
        for kind in ("anat", "func"):
            # A link whose content was not fetched counts: it is refused when it is read. Left out
            # here, a file of another space would be taken in its place.
            found = (p for p in (place / kind).glob("*") if p.is_file() or p.is_symlink())
            for path in sorted(found):
                name = parse_name(path)
                if name is not None:
                    _require_home(name, home, place)
                    yield name


def _require_home(name: BidsName, home: Path, place: Path) -> None:
    session = place.name if place != home else None
    own = f"ses-{name.entities['ses']}" if "ses" in name.entities else None
    if f"sub-{name.entities['sub']}" != home.name or (session is not None and own != session):
        where = home.name if session is None else f"{home.name}/{session}"
        raise InputError(
            f"{name.path.name}: it lies in {where}. Expected files of that subject and session "
            f"only: two people or sessions are mixed. Move it to where it belongs."
        )
