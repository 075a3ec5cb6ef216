"""What of a model is written into its file, and how it is checked when it comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from .age_basis import AGE_SHAPES, AgeBasis
from .archive import pack
from .coverage import Coverage
from .design import Design
from .fitted import Fitted
from .identity import Identity
from .local import load_local
from .people import People
from .spread import load_spread
from .terms import COVARIATES, Scaled, Terms

__all__ = ["SCHEMA", "VERSION", "model_bytes", "read_model", "require_consistent"]

Floats = NDArray[np.float64]

SCHEMA = "tmsplan-norms"
VERSION = 2

_KEYS = {
    "schema", "version", "features", "terms", "coverage", "n", "identity", "synthetic", "spread",
    "local",
}  # fmt: skip
_ALWAYS = ("into", "site_size", "projected", "ratio", "sd")
_OF_PEOPLE = ("residuals", "age", "male", "site", "others")
#: Arrays are stored to the last digit; what remains of a sum over controls is rounding.
_ROUNDING = 1e-6


def model_bytes(
    fitted: Fitted, coverage: Coverage, identity: Identity, *, synthetic: bool
) -> bytes:
    """Return the file of a model; equal models give equal bytes."""
    design, spread, local = fitted.design, fitted.spread, fitted.local
    header: dict[str, object] = {
        "schema": SCHEMA,
        "version": VERSION,
        "features": list(fitted.features),
        "terms": asdict(design.terms),
        "coverage": asdict(coverage),
        "n": design.n,
        "identity": identity.document(),
        "synthetic": synthetic,
        "spread": {"kind": spread.kind, **spread.header()},
        "local": None if local is None else local.header(),
    }
    arrays = {
        "into": design.into,
        "site_size": design.site_size,
        "projected": fitted.projected,
        "ratio": fitted.ratio,
        "sd": fitted.sd,
        **_people_arrays(fitted, coverage),
        **{f"spread.{k}": v for k, v in spread.arrays().items()},
        **({f"local.{k}": v for k, v in local.arrays().items()} if local else {}),
    }
    return pack(header, arrays)


def _people_arrays(fitted: Fitted, coverage: Coverage) -> dict[str, Floats]:
    people = fitted.design.people
    if people is None or fitted.residuals is None:
        return {}
    codes = [float(coverage.sites.index(s)) for s in people.site]
    return {
        "residuals": fitted.residuals,
        "age": people.age,
        "male": people.male,
        "site": np.array(codes),
        "others": np.array([people.others[k] for k in sorted(coverage.others)]),
    }


def read_model(
    header: Mapping[str, Any], arrays: Mapping[str, Floats]
) -> tuple[Fitted, Coverage, Identity, bool]:
    """Return the parts of a model from its header and arrays.

    Raises
    ------
    InputError
        If a part is missing, unknown or impossible, or parts contradict each other.
    """
    if set(header) != _KEYS or not isinstance(header["synthetic"], bool):
        raise InputError("keys are missing or unknown, or 'synthetic' is not true or false")
    features = _texts(header["features"], "features")
    if not features or len(set(features)) != len(features):
        raise InputError("the features are not unique")
    terms, coverage = _terms(header["terms"]), _coverage(header["coverage"])
    own = {k: v for k, v in arrays.items() if "." not in k}
    design = _design(terms, coverage, header["n"], own)
    spread = dict(header["spread"])
    fitted = Fitted(
        features=features,
        design=design,
        projected=_shaped(own, "projected", (design.into.shape[1], len(features))),
        ratio=_shaped(own, "ratio", (len(features),)),
        sd=_shaped(own, "sd", (len(features),)),
        residuals=(
            _shaped(own, "residuals", (design.n, len(features))) if design.people else None
        ),
        spread=load_spread(spread.pop("kind", ""), spread, _under("spread.", arrays)),
        local=(
            None
            if header["local"] is None
            else load_local(header["local"], _under("local.", arrays))
        ),
    )
    require_consistent(fitted)
    return fitted, coverage, Identity.read(header["identity"]), header["synthetic"]


def _under(prefix: str, arrays: Mapping[str, Floats]) -> dict[str, Floats]:
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}


def _design(terms: Terms, coverage: Coverage, n: object, own: Mapping[str, Floats]) -> Design:
    if not isinstance(n, int) or isinstance(n, bool) or n != coverage.n:
        raise InputError("the number of controls is no number, or two are recorded")
    with_people = set(own) == {*_ALWAYS, *_OF_PEOPLE}
    if not with_people and set(own) != set(_ALWAYS):
        raise InputError("an array is missing or unknown")
    k, s = len(terms.columns), len(terms.sites)
    size = own["site_size"]
    if size.ndim != 1 or len(size) > max(s - 1, 0) or np.any(size <= 0):
        raise InputError("'site_size' does not belong to the sites")
    into = _shaped(own, "into", (k + s, k + len(size)))
    people = _people(coverage, own) if with_people else None
    return Design(terms, into, size, n, people)


def _people(coverage: Coverage, own: Mapping[str, Floats]) -> People:
    n, names = coverage.n, sorted(coverage.others)
    others = _shaped(own, "others", (len(names), n) if names else (0,))
    # Models of version 1 knew the sites, but not whose: then there is no code.
    codes = own["site"] if own["site"].shape == (0,) else _shaped(own, "site", (n,))
    if np.any((codes != np.floor(codes)) | (codes < 0) | (codes >= len(coverage.sites))):
        raise InputError("a control's site is none of the sites")
    male = _shaped(own, "male", (n,))
    if np.any((male != 0) & (male != 1)):
        raise InputError("a sex is neither F nor M")
    people = People(
        age=_shaped(own, "age", (n,)),
        male=male,
        site=tuple(coverage.sites[int(c)] for c in codes),
        others=dict(zip(names, others, strict=True)),
    )
    found = Coverage.of(people)
    known = found if people.site else replace(found, sites=coverage.sites)
    if known != coverage:
        raise InputError("the recorded ranges are not those of the controls")
    return people


def _terms(stored: Mapping[str, Any]) -> Terms:
    age = stored["age"]
    basis = None if age is None else AgeBasis(**(age | {"knots": tuple(age["knots"])}))
    if basis and (
        basis.shape not in AGE_SHAPES
        or not np.all(np.diff([basis.low, *basis.knots, basis.high]) > 0)
    ):
        raise InputError("the basis of age is impossible")
    terms = Terms(
        covariates=_texts(stored["covariates"], "covariates"),
        age=basis,
        sex=stored["sex"] is True,
        others=tuple(Scaled(**o) for o in stored["others"]),
        sites=_texts(stored["sites"], "sites"),
    )
    named = {c for c in terms.covariates if c not in COVARIATES}
    if set(stored) != set(asdict(terms)) or named != {o.name for o in terms.others}:
        raise InputError("the covariates contradict each other")
    if not all(np.isfinite(o.mean) and o.sd > 0 for o in terms.others):
        raise InputError("a covariate has no scale")
    return terms


def _coverage(stored: Mapping[str, Any]) -> Coverage:
    low, high = map(float, stored["age"])
    sexes = _texts(stored["sexes"], "sexes")
    if not 0 <= low <= high or not sexes or set(sexes) - {"F", "M"}:
        raise InputError("an age is negative, or a sex is neither F nor M")
    others = {k: (float(a), float(b)) for k, (a, b) in stored["others"].items()}
    return Coverage(stored["n"], (low, high), sexes, _texts(stored["sites"], "sites"), others)


def _texts(cells: object, key: str) -> tuple[str, ...]:
    if not isinstance(cells, list | tuple) or not all(isinstance(c, str) and c for c in cells):
        raise InputError(f"'{key}' is not a list of texts")
    return tuple(cells)


def _shaped(arrays: Mapping[str, Floats], key: str, shape: tuple[int, ...]) -> Floats:
    if arrays[key].shape != shape:
        raise InputError(f"'{key}' has the shape {arrays[key].shape}. Expected {shape}")
    return arrays[key]


def require_consistent(fitted: Fitted) -> None:
    """Refuse a model whose parts contradict each other.

    Raises
    ------
    InputError
        Names the contradiction.
    """
    design = fitted.design
    if design.df < 3 or not np.all(fitted.sd > 0) or np.any(fitted.ratio < 0):
        raise InputError("an sd is not positive, a ratio is negative, or controls are missing")
    if fitted.controls is None:
        return
    controls, _ = fitted.controls
    b, weight, residuals = controls.b, controls.weight, controls.residuals
    if np.abs(b.T @ b - np.eye(b.shape[1])).max() > _ROUNDING:
        raise InputError("the basis is not that of the controls' covariates")
    error = controls.error
    if np.abs(error / design.df - 1).max() > _ROUNDING:
        raise InputError("the sd of a feature is not that of its residuals")
    left = (1 - weight) * fitted.projected / fitted.sd
    if np.abs(b.T @ residuals - left).max() > _ROUNDING * np.sqrt(design.n):
        raise InputError("the residuals still depend on the covariates")
