"""Models of version 1, JSON: one site or several without offsets, age as a straight line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError, refuse_file
from ..base.provenance import sha256_bytes
from ..base.strict_json import dump_bytes, load_file
from .coverage import Coverage
from .design import Design
from .document import SCHEMA, require_consistent
from .fitted import Fitted
from .model import NormativeModel
from .people import People
from .spread import Constant

__all__ = ["load_v1"]

Floats = NDArray[np.float64]

_KEYS = {"schema", "version", "body_sha256", "body"}
_BODY = {
    "features", "covariates", "age", "sex", "coefficients", "sd", "residuals", "sites",
    "synthetic",
}  # fmt: skip


def load_v1(path: Path) -> NormativeModel:
    """Read a model of version 1; saved again it becomes one of today.

    Raises
    ------
    InputError
        Names the file and what is wrong.
    """
    document = load_file(path)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise refuse_file(
            path, "not a model of tmsplan", "a .norms file", "Make one with 'tmsplan norms fit'"
        )
    if document.get("version") != 1:
        raise refuse_file(
            path,
            f"version {document.get('version')!r}",
            "version 1 in JSON, later versions as archives",
            "Fit it again, or use the tmsplan that made it",
        )
    try:
        return _model(document)
    except (InputError, ValueError, TypeError, OverflowError) as err:
        raise refuse_file(
            path, f"damaged or edited by hand ({err})", "an unchanged model", "Fit it again"
        ) from err


def _model(document: Mapping[str, object]) -> NormativeModel:
    body = document.get("body")
    if set(document) != _KEYS or not isinstance(body, dict) or set(body) != _BODY:
        raise InputError("keys are missing or unknown")
    if sha256_bytes(dump_bytes(body)) != document["body_sha256"]:
        raise InputError("the content does not have the recorded checksum")
    if not isinstance(body["synthetic"], bool):
        raise InputError("'synthetic' is not true or false")
    features, sex = _texts(body, "features"), _texts(body, "sex")
    if not features or len(set(features)) != len(features) or set(sex) - {"F", "M"}:
        raise InputError("the features are not unique, or a sex is neither F nor M")
    age = _numbers(body, "age", (len(sex),))
    people = People(age, np.array([float(s == "M") for s in sex]))
    design = Design.of(people, _texts(body, "covariates"))
    n, k, f = design.n, design.k, len(features)
    coefficients = _numbers(body, "coefficients", (k, f))
    fitted = Fitted(
        features=features,
        design=design,
        projected=np.asarray(np.linalg.solve(design.into, coefficients), dtype=float),
        ratio=np.zeros(f),
        sd=_numbers(body, "sd", (f,)),
        residuals=_numbers(body, "residuals", (n, f)),
        spread=Constant(),
    )
    if age.min() < 0:
        raise InputError("an age is negative")
    require_consistent(fitted)
    found = Coverage.of(people)
    coverage = Coverage(found.n, found.age, found.sexes, _texts(body, "sites"))
    return NormativeModel(fitted, coverage, body["synthetic"])


def _texts(body: Mapping[str, object], key: str) -> tuple[str, ...]:
    cells = body[key]
    if not isinstance(cells, list) or not all(isinstance(c, str) and c for c in cells):
        raise InputError(f"'{key}' is not a list of texts")
    return tuple(cells)


def _numbers(body: Mapping[str, object], key: str, shape: tuple[int, ...]) -> Floats:
    """Return an array of the given shape; every cell must be written as a finite number."""
    rows: object = body[key] if len(shape) == 2 else [body[key]]
    if not isinstance(rows, list) or len(rows) != (shape[0] if len(shape) == 2 else 1):
        raise InputError(f"'{key}' does not have {shape[0]} rows")
    for row in rows:
        if not isinstance(row, list) or len(row) != shape[-1]:
            raise InputError(f"'{key}' does not have {shape[-1]} numbers in a row")
        for cell in row:
            if isinstance(cell, bool) or not isinstance(cell, int | float):
                raise InputError(f"'{key}' holds {cell!r}, which is no number")
            if not math.isfinite(cell):
                raise InputError(f"'{key}' holds a number that is not finite")
    array = np.array(rows, dtype=float).reshape(shape)
    array.setflags(write=False)
    return array
