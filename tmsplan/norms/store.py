"""One canonical JSON file per model: read strictly, never executed."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError, refuse_file
from ..base.provenance import sha256_bytes
from ..base.strict_json import MAX_BYTES, dump_bytes, load_file
from .design import Design
from .model import SCHEMA, VERSION, NormativeModel

__all__ = ["load_norms", "require_usable", "save_norms"]

Floats = NDArray[np.float64]

_KEYS = {"schema", "version", "body_sha256", "body"}
_BODY = {
    "features", "covariates", "age", "sex", "coefficients", "sd", "residuals", "sites",
    "synthetic",
}  # fmt: skip
#: Residuals are stored to the last digit; what remains of a sum over controls is rounding.
_ROUNDING = 1e-6


def save_norms(model: NormativeModel, path: Path | str, *, overwrite: bool = False) -> None:
    """Write a model as one file, whole or not at all.

    The file holds the controls' ages, sexes and values (as residuals), without ids: handle it
    like the table it was made from.

    Parameters
    ----------
    model : NormativeModel
    path : Path
        Ends in ``.norms``.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    InputError
        If the name does not end in .norms, the file exists, or it would be too large to be
        read again.
    """
    path = Path(path)
    if path.suffix != ".norms":
        raise refuse_file(path, f"the name ends in '{path.suffix}'", "'.norms'", "Rename it")
    if path.exists() and not overwrite:
        raise InputError(f"{path.name}: exists already; pass --overwrite or another name.")
    data = dump_bytes(model.document)
    if len(data) > MAX_BYTES:
        raise refuse_file(
            path, f"{len(data)} bytes", f"at most {MAX_BYTES}", "Fit fewer features at once"
        )
    _replace(path, data)


def _replace(path: Path, data: bytes) -> None:
    if path.is_dir():
        raise refuse_file(path, "it is a folder", "the name of a file", "Choose another")
    try:
        handle, name = tempfile.mkstemp(prefix=f".partial-{path.name}-", dir=path.parent)
    except OSError as err:
        raise refuse_file(
            path, f"cannot be written there ({err.strerror})", "a folder", "Choose another place"
        ) from err
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def load_norms(path: Path | str) -> NormativeModel:
    """Read a model; refuse a file that is damaged, edited or of another kind.

    Returns
    -------
    NormativeModel
        Equal to the saved one to the last digit.

    Raises
    ------
    InputError
        Names the file and what is wrong.
    """
    path = Path(path)
    document = load_file(path)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise refuse_file(
            path, "not a model of tmsplan", "a .norms file", "Make one with 'tmsplan norms fit'"
        )
    if document.get("version") != VERSION:
        raise refuse_file(
            path,
            f"version {document.get('version')!r}",
            f"version {VERSION}",
            "Fit it again, or use the tmsplan that made it",
        )
    try:
        return _model(document)
    except (InputError, ValueError, TypeError, OverflowError) as err:
        raise refuse_file(
            path, f"damaged or edited by hand ({err})", "an unchanged model", "Fit it again"
        ) from err


def require_usable(model: NormativeModel, *, patient_synthetic: bool) -> None:
    """Refuse simulated norms for a real patient.

    Raises
    ------
    InputError
        If the model is SYNTHETIC and the patient is not.
    """
    if model.synthetic and not patient_synthetic:
        raise InputError(
            f"norms {model.id} are SYNTHETIC: simulated for demonstrations and tests. They say "
            f"nothing about a real patient; use norms of people."
        )


def _model(document: Mapping[str, object]) -> NormativeModel:
    body = document.get("body")
    if set(document) != _KEYS or not isinstance(body, dict) or set(body) != _BODY:
        raise InputError("keys are missing or unknown")
    if sha256_bytes(dump_bytes(body)) != document["body_sha256"]:
        raise InputError("the content does not have the recorded checksum")
    if not isinstance(body["synthetic"], bool):
        raise InputError("'synthetic' is not true or false")
    features = _texts(body, "features")
    covariates = _texts(body, "covariates")
    sex = _texts(body, "sex")
    if not features or len(set(features)) != len(features) or set(sex) - {"F", "M"}:
        raise InputError("the features are not unique, or a sex is neither F nor M")
    age = _numbers(body, "age", (len(sex),))
    design = Design.of(age, np.array([float(s == "M") for s in sex]), covariates)
    n, k, f = design.n, len(design.columns), len(features)
    model = NormativeModel(
        features=features,
        design=design,
        coefficients=_numbers(body, "coefficients", (k, f)),
        sd=_numbers(body, "sd", (f,)),
        residuals=_numbers(body, "residuals", (n, f)),
        sites=_texts(body, "sites"),
        synthetic=body["synthetic"],
    )
    _require_consistent(model)
    return model


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


def _require_consistent(model: NormativeModel) -> None:
    design, n = model.design, model.design.n
    if design.df < 3 or design.age.min() < 0 or not np.all(model.sd > 0):
        raise InputError("an sd is not positive, an age is negative, or controls are missing")
    if np.abs(np.sum(model.residuals**2, axis=0) / design.df - 1).max() > _ROUNDING:
        raise InputError("the sd of a feature is not that of its residuals")
    if np.abs(design.q.T @ model.residuals).max() > _ROUNDING * np.sqrt(n):
        raise InputError("the residuals still depend on the covariates")
