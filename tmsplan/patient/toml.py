"""``patient.toml``: every key known, every value of its type, nothing coerced."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..base.errors import InputError, refuse_file
from ..space.frame import TEMPLATES
from ..surface.formats import read_bytes
from ..surface.pair import Pair
from .anatomy import AnatomyFiles, HemiFiles
from .freesurfer import OVERLAYS, find_anatomy
from .landmarks import read_landmarks
from .patient import TEMPLATE_WARPED
from .recipe import FsLrFiles, MapFiles, Recipe

__all__ = ["MAP_FILE_KEYS", "MAP_SPACES", "read_patient_toml", "require_id"]

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
MAX_AGE = 120
_TABLES = ("anatomy", "maps", "qc", "fslr", "landmarks")
_TOP = ("id", "age", "sex", "site", "synthetic", "composite", *_TABLES)
_FSLR = (
    "registered_to",
    *(f"{side}_{what}" for side in ("left", "right") for what in ("sphere", "own")),
)
_SIDES = ("left", "right")
_MESHES = ("white", "pial", "sphere", "aparc", *OVERLAYS)
_ANATOMY = (
    "t1w",
    "freesurfer",
    *(f"{side}_{what}" for side in _SIDES for what in _MESHES),
    "coordinate_system",
    "orig",
    "ribbon",
    "scalp",
    "inner_skull",
    "talairach",
    "from_mni",
    "template",
    "use_form",
    "surfaces",
    "surfaces_because",
)
#: Where the cortex of a patient comes from; the second word is printed on every output.
_SURFACES = ("reconstructed", TEMPLATE_WARPED)
#: Keys of ``[maps]`` that name a file.
MAP_FILE_KEYS = (
    "gm",
    "alff",
    "mean_bold",
    "brain_mask",
    "bold_mask",
    "bold",
    "bold_left",
    "bold_right",
    "confounds",
    "sidecar",
    "coupling",
    "coupling_left",
    "coupling_right",
    "sc",
    "fc",
    "labels",
)
#: Where a volume may lie: the world of the T1, or a template.
MAP_SPACES = ("T1w", *TEMPLATES)
_MAPS = (
    *MAP_FILE_KEYS,
    "space",
    "spaces",
    "tr",
    "fc_key",
    "coupling_unit",
    "use_form",
    "more",
)
_MORE = re.compile(r"[a-z][a-z0-9_]{0,31}")
_MAX_TOML = 1 << 20


def read_patient_toml(path: Path) -> Recipe:
    """Read a ``patient.toml``; paths in it are relative to it.

    Raises
    ------
    InputError
        If it is not TOML, holds an unknown key (named with the nearest known one), or a value
        of another type or range.
    """
    try:
        raw = tomllib.loads(read_bytes(path, limit=_MAX_TOML).decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        raise refuse_file(path, f"not TOML ({err})", "UTF-8 TOML", "Correct that line") from err
    reader = _Table(path, raw, "")
    reader.require_known(_TOP)
    anatomy = reader.table("anatomy")
    if anatomy is None:
        raise refuse_file(path, "there is no [anatomy]", "the T1 and surfaces", "Add the table")
    anatomy.require_known(_ANATOMY)
    maps = reader.table("maps") or _Table(path, {}, "maps")
    maps.require_known(_MAPS)
    from_mni, template = anatomy.path("from_mni"), anatomy.choice("template", TEMPLATES)
    if (from_mni is None) != (template is None):
        raise refuse_file(
            path,
            "only one of 'from_mni' and 'template' is given",
            "both: the warp and the template it is of",
            f"Write template = one of {', '.join(sorted(TEMPLATES))}",
        )
    surfaces, because = _surfaces(anatomy)
    return Recipe(
        id=require_id(reader.text("id") or "", path.name),
        anatomy=_anatomy(anatomy),
        maps=_maps(maps),
        age=_age(reader),
        sex=reader.choice("sex", ("F", "M")),
        site=reader.text("site"),
        synthetic=reader.flag("synthetic"),
        composite=reader.text("composite"),
        from_mni=from_mni,
        template=template,
        surfaces=surfaces,
        fslr=_fslr(reader),
        qc=_qc(reader, because),
        landmarks=read_landmarks(path, raw.get("landmarks")),
    )


def require_id(text: str, where: str) -> str:
    """Return `text` if it can be a patient's id.

    Raises
    ------
    InputError
        Unless it is 1 to 64 letters, digits, hyphens and underscores; it is never changed to fit.
    """
    if not _ID.fullmatch(text):
        raise InputError(
            f"{where}: '{text[:80]}' cannot be a patient id. Expected 1 to 64 letters, digits, "
            f'hyphens or underscores. Write id = "sub-01" in patient.toml, or pass -s sub-01 for '
            f"a folder."
        )
    return text


class _Table:
    """One table of the file; every refusal names file, key, what was found and expected."""

    def __init__(self, path: Path, raw: Mapping[str, Any], name: str) -> None:
        self._path, self._raw, self._name = path, raw, name

    def require_known(self, known: Iterable[str]) -> None:
        for key in self._raw:
            if key not in (names := tuple(known)):
                near = difflib.get_close_matches(key, names, n=1)
                hint = f"Did you mean '{near[0]}'" if near else f"Known keys: {', '.join(names)}"
                table = f" in [{self._name}]" if self._name else ""
                raise refuse_file(
                    self._path, f"unknown key '{key}'{table}", "a key of the contract", hint
                )

    def refuse(self, key: str, expected: str, do: str = "Correct it") -> InputError:
        return refuse_file(self._path, f"{key} is {self._raw[key]!r}", expected, do)

    def table(self, key: str) -> _Table | None:
        if key not in self._raw:
            return None
        if not isinstance(self._raw[key], Mapping):
            raise self.refuse(key, f"a table [{key}]")
        name = f"{self._name}.{key}" if self._name else key
        return _Table(self._path, self._raw[key], name)

    def text(self, key: str) -> str | None:
        value = self._raw.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise self.refuse(key, "a text in quotes", f'Write {key} = "..."')
        return value

    def choice(self, key: str, known: Iterable[str]) -> str | None:
        value = self.text(key)
        if value is not None and value not in (names := tuple(known)):
            options = " or ".join(f'"{n}"' for n in names)
            raise self.refuse(key, options, f"Write {key} = {options}")
        return value

    def flag(self, key: str) -> bool:
        value = self._raw.get(key, False)
        if not isinstance(value, bool):
            raise self.refuse(key, "true or false")
        return value

    def number(self, key: str, low: float, high: float, unit: str) -> float | None:
        value = self._raw.get(key)
        if value is None:
            return None
        expected = f"a number of {unit}, {low:g} to {high:g}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse(key, expected, f"Write {key} = 34.0, without quotes")
        if not (math.isfinite(value) and low <= value <= high):
            raise self.refuse(key, expected, "Check the value and its unit")
        return float(value)

    def names(self) -> tuple[str, ...]:
        return tuple(self._raw)

    def measured(self, key: str) -> float | str:
        value = self._raw[key]
        if isinstance(value, str):
            return self.text(key) or ""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse(key, "a number or a text in quotes")
        if not math.isfinite(value):
            raise self.refuse(key, "a finite number", "Leave out what was not measured")
        return float(value)

    def path(self, key: str) -> Path | None:
        value = self.text(key)
        return None if value is None else self._path.parent / value

    def paths(self, keys: Iterable[str]) -> dict[str, Path]:
        return {key: p for key in keys if (p := self.path(key)) is not None}

    def missing(self, key: str, do: str) -> InputError:
        return refuse_file(self._path, f"[{self._name}] has no '{key}'", "this key", do)

    def contradiction(self, found: str, do: str) -> InputError:
        return refuse_file(self._path, found, "one of the two", do)


def _age(table: _Table) -> float | None:
    return table.number("age", 0, MAX_AGE, "years")


def _anatomy(table: _Table) -> AnatomyFiles:
    t1w, folder = table.path("t1w"), table.path("freesurfer")
    explicit = table.paths(f"{side}_{what}" for side in _SIDES for what in _MESHES)
    use_form = table.choice("use_form", ("qform", "sform"))
    stated = table.choice("coordinate_system", ("scanner", "tkras"))
    own = table.paths(("ribbon", "scalp", "talairach", "inner_skull"))
    if folder is not None:
        if explicit or stated or table.path("orig"):
            raise table.contradiction(
                f"'freesurfer' and {', '.join(explicit) or 'coordinate_system or orig'} are given",
                "Name the folder or the single files, not both",
            )
        found = find_anatomy(folder, t1w=t1w)
        return AnatomyFiles(
            found.t1w,
            found.hemis,
            found.conformed,
            own.get("ribbon", found.ribbon),
            own.get("scalp", found.scalp),
            own.get("talairach", found.talairach),
            use_form=use_form,
            inner_skull=own.get("inner_skull", found.inner_skull),
        )
    if t1w is None:
        raise table.missing("t1w", "Name the T1-weighted image")
    return AnatomyFiles(
        t1w,
        _explicit_hemis(table, explicit),
        table.path("orig"),
        own.get("ribbon"),
        own.get("scalp"),
        own.get("talairach"),
        stated,
        use_form,
        own.get("inner_skull"),
    )


def _explicit_hemis(table: _Table, files: Mapping[str, Path]) -> Pair[HemiFiles]:
    def side(name: str) -> HemiFiles:
        for what in ("white", "pial"):
            if f"{name}_{what}" not in files:
                raise table.missing(f"{name}_{what}", "Or name a FreeSurfer folder: freesurfer")
        return HemiFiles(
            files[f"{name}_white"],
            files[f"{name}_pial"],
            files.get(f"{name}_sphere"),
            files.get(f"{name}_aparc"),
            {o: files[f"{name}_{o}"] for o in OVERLAYS if f"{name}_{o}" in files},
        )

    return Pair(left=side("left"), right=side("right"))


def _maps(table: _Table) -> MapFiles:
    more = _more(table)
    files = table.paths(MAP_FILE_KEYS) | more
    return MapFiles(
        files,
        table.choice("space", MAP_SPACES),
        table.number("tr", 0.1, 20, "seconds"),
        table.text("fc_key"),
        table.choice("coupling_unit", ("r", "fisher-z", "1")) or "r",
        table.choice("use_form", ("qform", "sform")),
        tuple(more),
        _spaces(table, files),
    )


def _more(maps: _Table) -> dict[str, Path]:
    """Return the maps whose names the user made."""
    table = maps.table("more")
    if table is None:
        return {}
    for name in table.names():
        if not _MORE.fullmatch(name) or name in _MAPS:
            raise table.refuse(
                name,
                "a new name of lower-case letters, digits and underscores",
                "Rename it; maps that tmsplan knows by name belong into [maps] itself",
            )
    return table.paths(table.names())


def _spaces(maps: _Table, files: Mapping[str, Path]) -> dict[str, str]:
    """Return the spaces of single maps, where they differ from ``space``."""
    table = maps.table("spaces")
    if table is None:
        return {}
    table.require_known(files)
    return {n: s for n in table.names() if (s := table.choice(n, MAP_SPACES)) is not None}


def _surfaces(anatomy: _Table) -> tuple[str, str | None]:
    kind, because = anatomy.choice("surfaces", _SURFACES), anatomy.text("surfaces_because")
    if because is not None and kind is None:
        raise anatomy.missing("surfaces", f"Write surfaces = one of {', '.join(_SURFACES)}")
    return kind or "reconstructed", because


def _qc(top: _Table, because: str | None) -> dict[str, float | str]:
    """Return what the preparation measured, by the names it gave."""
    table = top.table("qc")
    found = {name: table.measured(name) for name in table.names()} if table else {}
    return found if because is None else {**found, "surfaces_because": because}


def _fslr(top: _Table) -> FsLrFiles | None:
    """Return the spheres that relate fsLR-32k to the patient's mesh."""
    table = top.table("fslr")
    if table is None:
        return None
    table.require_known(_FSLR)
    registered_to = table.choice("registered_to", ("fsLR", "fsaverage"))
    if registered_to is None:
        raise table.missing("registered_to", 'Write "fsLR" or "fsaverage": which the spheres say')

    def pair(what: str) -> Pair[Path] | None:
        left, right = table.path(f"left_{what}"), table.path(f"right_{what}")
        if (left is None) != (right is None):
            raise table.missing(f"{'left' if left is None else 'right'}_{what}", "Give both sides")
        return None if left is None or right is None else Pair(left=left, right=right)

    spheres, own = pair("sphere"), pair("own")
    if spheres is None:
        raise table.missing("left_sphere", "Name the 32k sphere of fsLR, both sides")
    if (own is not None) != (registered_to == "fsLR"):
        raise table.contradiction(
            f"[fslr] is registered to {registered_to} and left_own is "
            f"{'given' if own else 'missing'}",
            'The patient\'s own spheres belong to "fsLR"; with "fsaverage" it is ?h.sphere.reg',
        )
    return FsLrFiles(registered_to, spheres, own)
