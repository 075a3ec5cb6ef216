"""PCNtoolkit's models, scored by PCNtoolkit itself in a process of its own.

PCNtoolkit is GPL-3 and needs 1.2 GB of other packages, so tmsplan neither imports nor requires
it: a table is written to a file, ``pcn_worker`` is run as a script by an interpreter that has
it, and z are read back. Ids are not written. Its z are plug-in or Bayesian predictive as the
model was made; they carry no interval and no rank p.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...base import strict_json
from ...base.errors import InputError, MissingPartError, refuse_file
from ...base.table import Table

__all__ = ["PCN_PYTHON", "PcnScores", "fit_and_score", "pcn_python", "score_saved"]

#: Environment variable that names the interpreter which has PCNtoolkit.
PCN_PYTHON = "TMSPLAN_PCN_PYTHON"
#: Seconds. 246 features of 500 people take about 75; sampling (HBR) takes hours and is refused.
_LONGEST = 3600
_WORKER = Path(__file__).with_name("pcn_worker.py")
_LOOK = "import importlib.util as u, sys; sys.exit(u.find_spec('pcntoolkit') is None)"
_INSTALL = (
    "make an environment for it (python -m venv pcn; pcn/bin/pip install pcntoolkit, about "
    "1.2 GB) and pass --python pcn/bin/python, or install tmsplan[pcn]"
)


@dataclass(frozen=True, slots=True, eq=False)
class PcnScores:
    """What PCNtoolkit says of some people.

    Parameters
    ----------
    features : tuple of str
    z : (n, f) float64
        Rows as in the table, NaN where it gives none.
    seconds_fit, seconds_score : float
        Inside its process, without starting it. Fitting includes its own scoring of the
        controls; 0 s of fitting means that a saved model was loaded.
    version : str
    """

    features: tuple[str, ...]
    z: NDArray[np.float64]
    seconds_fit: float
    seconds_score: float
    version: str


def pcn_python(python: Path | str | None = None) -> str:
    """Return an interpreter that has PCNtoolkit; nothing of it is imported to find out.

    Parameters
    ----------
    python : Path, optional
        Else the one of the environment variable ``TMSPLAN_PCN_PYTHON``, else this one.

    Raises
    ------
    MissingPartError
        If it has not; says what to install.
    """
    named = python or os.environ.get(PCN_PYTHON)
    if named is None:
        if importlib.util.find_spec("pcntoolkit") is None:
            raise MissingPartError(f"PCNtoolkit is not installed here; {_INSTALL}.")
        return sys.executable
    found = shutil.which(str(named))
    if found is None:
        raise MissingPartError(f"{Path(named).name}: there is no such interpreter; {_INSTALL}.")
    look = subprocess.run([found, "-c", _LOOK], capture_output=True, check=False)
    if look.returncode != 0:
        raise MissingPartError(f"{Path(named).name} has no PCNtoolkit; {_INSTALL}.")
    return found


def fit_and_score(
    controls: Table,
    people: Table,
    *,
    features: Sequence[str],
    covariates: Sequence[str],
    python: Path | str | None = None,
    options: Mapping[str, object] | None = None,
) -> PcnScores:
    """Fit a Bayesian linear regression (BLR) to controls and score people with it.

    Parameters
    ----------
    controls, people : Table
        With the columns named below, all numbers.
    features, covariates : sequence of str
    python : Path, optional
        See `pcn_python`.
    options : mapping, optional
        Of PCNtoolkit's BLR, for example ``{"heteroskedastic": True}``; and ``"keep"``, a
        folder where its model is saved.

    Raises
    ------
    MissingPartError
        If there is no such interpreter.
    InputError
        If a column is missing or holds no number, or PCNtoolkit fails.
    """
    options = dict(options or {})
    keep = options.pop("keep", None)
    job: dict[str, object] = {
        "controls": _numbers(controls, (*covariates, *features)),
        "columns": _numbers(people, (*covariates, *features)),
        "features": list(features),
        "covariates": list(covariates),
        "blr": options,
    }
    return _run(job if keep is None else {**job, "keep": str(keep)}, python, people.name)


def score_saved(
    model: Path | str, people: Table, *, python: Path | str | None = None
) -> PcnScores:
    """Score people with a model that PCNtoolkit saved.

    Parameters
    ----------
    model : Path
        The folder that it was saved in (it holds ``model/normative_model.json``).
    people : Table
        With the model's covariates and batch effects by name, coded as in the model.
    python : Path, optional
        See `pcn_python`.

    Raises
    ------
    MissingPartError
        If there is no such interpreter.
    InputError
        If the folder is no such model, a covariate is missing or beyond its range, a site is
        unseen, or PCNtoolkit fails.
    """
    model = Path(model)
    if not (model / "model" / "normative_model.json").is_file():
        raise refuse_file(
            model, "holds no model/normative_model.json", "a model saved by PCNtoolkit 1.x",
            "Pass the folder given to it as save_dir",
        )  # fmt: skip
    columns = {c: list(people.texts(c)) for c in people.columns if c != "id"}
    job: dict[str, object] = {"model": str(model.resolve()), "columns": columns}
    return _run(job, python, people.name)


def _numbers(table: Table, columns: Sequence[str]) -> dict[str, list[float]]:
    return {c: list(table.numbers(c)) for c in columns}


def _run(job: Mapping[str, object], python: Path | str | None, name: str) -> PcnScores:
    interpreter = pcn_python(python)
    with tempfile.TemporaryDirectory() as folder:
        job_file, result_file = Path(folder) / "job.json", Path(folder) / "result.json"
        job_file.write_text(json.dumps(job), encoding="utf-8")
        command = [interpreter, str(_WORKER), str(job_file), str(result_file)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_LONGEST
            )
        except subprocess.TimeoutExpired as err:
            raise InputError(
                f"{name}: PCNtoolkit did not end within {_LONGEST} s; score fewer features, or "
                f"use a model that is not sampled."
            ) from err
        if not result_file.is_file():
            last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
            raise InputError(f"{name}: PCNtoolkit stopped without a result ({last[:200]}).")
        result = strict_json.load_file(result_file)
    return _scores(result, name)


def _scores(result: object, name: str) -> PcnScores:
    if not isinstance(result, dict) or "error" in result:
        said = result.get("error") if isinstance(result, dict) else "no result"
        raise InputError(f"{name}: PCNtoolkit refused ({str(said)[:300]}).")
    z = [[math.nan if v is None else float(v) for v in row] for row in result["z"]]
    return PcnScores(
        tuple(result["features"]),
        np.array(z, dtype=float),
        float(result["seconds_fit"]),
        float(result["seconds_score"]),
        str(result["version"]),
    )
