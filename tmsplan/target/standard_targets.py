"""Standard targets: group coordinates from the literature, one file each in ``standard/``."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from ..atlas.atlas import Atlas
from ..base.errors import InputError, refuse_file
from ..patient.patient import Patient
from ..space.frame import TEMPLATES
from ..space.side import Hemi
from .target import Target
from .template import to_patient

__all__ = [
    "StandardTarget",
    "load_standard",
    "place_standard",
    "read_standard",
    "standard_names",
]

_FOLDER = Path(__file__).with_name("standard")
_STATUS = ("verified", "unverified")


@dataclass(frozen=True, slots=True)
class StandardTarget:
    """A cortical point of the literature, as its file says.

    Parameters
    ----------
    name, title : str
        `name` is also the file's name; `title` is for people.
    mni : (float, float, float)
        mm, RAS.
    template : str
        BIDS name of a versioned template.
    template_assumed : bool
        True if the source says "MNI" and not which one.
    hemi : Hemi
        Named by the source; the sign of x must not contradict it.
    kind : str
        ``"cortex"``: the point lies on the cortex, not on the scalp.
    source : str
        DOI.
    status : str
        ``"verified"`` if the number was read in the source itself.
    how : str
        How the point was derived, and what to beware of.
    """

    name: str
    title: str
    mni: tuple[float, float, float]
    template: str
    template_assumed: bool
    hemi: Hemi
    kind: Literal["cortex"]
    source: str
    status: Literal["verified", "unverified"]
    how: str


_KEYS = frozenset(StandardTarget.__dataclass_fields__)


def standard_names() -> tuple[str, ...]:
    """Return the names of all standard targets, sorted."""
    return tuple(sorted(p.stem for p in _FOLDER.glob("*.toml")))


@cache
def load_standard(name: str) -> StandardTarget:
    """Return the standard target of that name.

    Raises
    ------
    InputError
        If there is none; names the nearest one.
    """
    if name not in standard_names():
        near = difflib.get_close_matches(name, standard_names(), n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(standard_names())}."
        raise InputError(f"there is no standard target called '{name}'. {hint}")
    return read_standard(_FOLDER / f"{name}.toml")


def read_standard(path: Path) -> StandardTarget:
    """Read one standard target; every key must be there and no other.

    Raises
    ------
    InputError
        Names the file, the key, what was found and what was expected.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        raise refuse_file(path, f"cannot be read ({err})", "TOML", "Correct it") from err
    if odd := sorted(_KEYS ^ set(raw)):
        raise refuse_file(
            path,
            f"missing or unknown: {', '.join(odd)}",
            f"exactly {', '.join(sorted(_KEYS))}",
            "Add or remove these keys",
        )
    _require(path, "name", raw["name"], raw["name"] == path.stem, f"'{path.stem}', as the file")
    _require(path, "kind", raw["kind"], raw["kind"] == "cortex", "'cortex'")
    _require(path, "status", raw["status"], raw["status"] in _STATUS, " or ".join(_STATUS))
    _require(path, "template", raw["template"], raw["template"] in TEMPLATES, ", ".join(TEMPLATES))
    assumed = raw["template_assumed"]
    _require(path, "template_assumed", assumed, isinstance(assumed, bool), "true or false")
    for key in ("title", "source", "how"):
        text = raw[key]
        _require(path, key, text, isinstance(text, str) and bool(text.strip()), "some words")
    hemi = Hemi.parse(str(raw["hemi"]))
    return StandardTarget(**{**raw, "hemi": hemi, "mni": _point(path, raw["mni"], hemi)})


def _require(path: Path, key: str, found: object, ok: bool, expected: str) -> None:
    if not ok:
        raise refuse_file(path, f"{key} is {found!r}", expected, "Correct it")


def _point(path: Path, found: object, hemi: Hemi) -> tuple[float, float, float]:
    numbers = isinstance(found, list) and all(type(v) in (int, float) for v in found)
    if not isinstance(found, list) or not numbers or len(found) != 3:
        raise refuse_file(path, f"mni is {found!r}", "three numbers in mm", "Correct it")
    x, y, z = (float(v) for v in found)
    if (x > 0 and hemi is Hemi.LEFT) or (x < 0 and hemi is Hemi.RIGHT):
        raise refuse_file(
            path, f"mni x is {x:g} and hemi is {hemi}", "x below 0 on the left", "Correct one"
        )
    return x, y, z


def place_standard(name: str, patient: Patient, atlas: Atlas | None = None) -> Target:
    """Place a standard target on the patient's cortex.

    The template point is moved by the patient's own route and then snapped to the nearest
    mid-cortex vertex of the hemisphere that the source names.

    Parameters
    ----------
    name : str
        One of `standard_names`.
    patient : Patient
    atlas : Atlas, optional
        Tells which parcel the point falls into.

    Returns
    -------
    Target
        `provenance` holds source, status, route, and how far the point was snapped.

    Raises
    ------
    FrameError
        If the patient has no route from the template: the caller lists it as not placed.
    """
    standard = load_standard(name)
    placed = to_patient(
        standard.mni, standard.template, patient, assumed=standard.template_assumed
    )
    mid = patient.cortex.side(standard.hemi).mid
    gaps = mid.points.distances(placed.point)
    vertex = int(np.argmin(gaps))
    template = standard.template + (" (assumed)" if standard.template_assumed else "")
    return Target(
        id=standard.name,
        name=standard.title,
        kind="standard",
        hemi=standard.hemi,
        parcel_id=_parcel(atlas, standard.hemi, vertex),
        vertex=vertex,
        point=mid.points.take(vertex),
        normal=mid.vertex_normals().take(vertex),
        spread_mm=None,
        z=None,
        why=standard.how,
        provenance=(
            f"{standard.source}; {standard.status}; {_xyz(standard.mni)} mm in {template}; "
            f"{placed.route}; snapped by {gaps[vertex]:.1f} mm to the {standard.hemi} mid-cortex"
        ),
    )


def _parcel(atlas: Atlas | None, hemi: Hemi, vertex: int) -> int | None:
    if atlas is None:
        return None
    return int(atlas.labels.side(hemi).ids[vertex]) or None


def _xyz(mni: tuple[float, float, float]) -> str:
    return f"({mni[0]:g}, {mni[1]:g}, {mni[2]:g})"
