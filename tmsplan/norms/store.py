"""One canonical file per model: read strictly, never executed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ..base.errors import InputError, refuse_file
from .archive import unpack
from .document import SCHEMA, VERSION, model_bytes, read_model
from .identity import Measured
from .model import NormativeModel
from .store_v1 import load_v1

__all__ = ["load_norms", "require_usable", "save_norms"]

#: 5000 controls and 20 000 features with every residual; larger norms are streamed.
MAX_BYTES = 1 << 30


def save_norms(model: NormativeModel, path: Path | str, *, overwrite: bool = False) -> None:
    """Write a model as one file, whole or not at all.

    Unless it was streamed the file holds the controls' covariates and values (as residuals),
    without ids: handle it like the table it was made from.

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
    data = model_bytes(model.fitted, model.coverage, model.identity, synthetic=model.synthetic)
    if len(data) > MAX_BYTES:
        raise refuse_file(
            path,
            f"{len(data)} bytes",
            f"at most {MAX_BYTES}",
            "Fit fewer features at once, or fit from sums (fit_streamed)",
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

    Models of version 1 (JSON) are read too.

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
    data = _read(path)
    if not data.startswith(b"PK"):
        return load_v1(path)
    try:
        header, arrays = unpack(data)
    except InputError as err:
        raise _damaged(path, err) from err
    if header.get("schema") != SCHEMA:
        raise refuse_file(
            path, "not a model of tmsplan", "a .norms file", "Make one with 'tmsplan norms fit'"
        )
    if header.get("version") != VERSION:
        raise refuse_file(
            path,
            f"version {header.get('version')!r}",
            f"version {VERSION}",
            "Fit it again, or use the tmsplan that made it",
        )
    try:
        fitted, coverage, identity, synthetic = read_model(header, arrays)
    except (InputError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as err:
        raise _damaged(path, err) from err
    return NormativeModel(fitted, coverage, synthetic, identity)


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise refuse_file(path, f"{size} bytes", f"at most {MAX_BYTES}", "Pass the right file")
        return path.read_bytes()
    except OSError as err:
        raise refuse_file(
            path, f"cannot be read ({err.__class__.__name__})", "a .norms file", "Check it"
        ) from err


def _damaged(path: Path, err: Exception) -> InputError:
    return refuse_file(
        path, f"damaged or edited by hand ({err})", "an unchanged model", "Fit it again"
    )


def require_usable(
    model: NormativeModel, *, patient_synthetic: bool, measured: Measured | None = None
) -> tuple[str, ...]:
    """Refuse norms that cannot be of this patient's map.

    Parameters
    ----------
    model : NormativeModel
    patient_synthetic : bool
    measured : Measured, optional
        How the patient's values were measured: coupling method, unit, ALFF engine, atlas.

    Returns
    -------
    tuple of str
        Caveats: what the norms do not say about themselves, so that it was not compared.

    Raises
    ------
    InputError
        If the model is SYNTHETIC and the patient is not, or what was measured differs.
    """
    if model.synthetic and not patient_synthetic:
        raise InputError(
            f"norms {model.id} are SYNTHETIC: simulated for demonstrations and tests. They say "
            f"nothing about a real patient; use norms of people."
        )
    return model.identity.require(measured or Measured(), f"norms {model.id}")
