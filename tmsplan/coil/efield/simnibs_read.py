"""Read the field that SimNIBS computed, if it is the one that was asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError, refuse_file
from ...base.param import Param
from ...base.strict_json import load_file
from ...patient.patient import Patient
from ...space.side import Hemi
from ...surface.field import Field
from ...surface.pair import Pair
from .simnibs_write import JOB_SCHEMA, points_bytes

__all__ = ["ENGINE", "RESULT_SCHEMA", "SimnibsResult", "read_result"]

Floats = NDArray[np.float64]

ENGINE = "simnibs"
RESULT_SCHEMA = "tmsplan-simnibs-result-1"
#: Share of the mid-cortex without a field. Mid-cortex lies in SimNIBS' grey matter but for
#: thin gyri; more than this, and the head model is in another place.
MOST_MISSING = Param(0.3, "share", 0, 1, "docs/decisions/0021")
#: A stimulator reaches 150 A per microsecond, a gyrus 1 to 2 V/m for one: this is a wrong unit.
_STRONGEST_V_PER_M = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class SimnibsResult:
    """The field of some poses on a patient's mid-cortex.

    Parameters
    ----------
    made_by : str
        The program and version that computed it, as the file says.
    coil : str
    didt : float
        A/s that the field is given for.
    field : mapping of name to (n, 3) float64
        V/m in scanner RAS at the mid-cortex vertices, left first; NaN where there is none.
    patient : Patient
    """

    made_by: str
    coil: str
    didt: float
    field: Mapping[str, Floats]
    patient: Patient

    def strength(self, name: str) -> Pair[Field]:
        """Return |E| of one pose on both sides, V/m, for `check_field`.

        Raises
        ------
        InputError
            If there is no such pose.
        """
        if name not in self.field:
            raise InputError(
                f"no pose is called '{name}'. Expected one of {', '.join(self.field)}."
            )
        values = np.linalg.norm(self.field[name], axis=1)
        left = self.patient.cortex.left.domain
        right = self.patient.cortex.right.domain
        return Pair(
            left=Field(values[: left.density], left, "|E|", "V/m"),
            right=Field(values[left.density :], right, "|E|", "V/m"),
        )

    def missing(self, hemi: Hemi, name: str) -> float:
        """Return the share of one side's vertices without a field."""
        return float(np.isnan(self.strength(name).side(hemi).values).mean())


def read_result(folder: Path, patient: Patient) -> SimnibsResult:
    """Read ``result.json`` and ``field.npy`` beside the job they answer.

    Everything is held against the job: its own bytes, points, coil and poses. Nothing in the
    files is executed.

    Raises
    ------
    InputError
        If a file is missing, is not the one that was asked for, or holds no plausible field;
        names the file, what was found and what to do.
    """
    job, result = _words(folder / "job.json"), _words(folder / "result.json")
    _require(folder / "job.json", "schema", job.get("schema"), JOB_SCHEMA)
    _require(folder / "result.json", "schema", result.get("schema"), RESULT_SCHEMA)
    _require(folder / "job.json", "T1", job.get("t1_sha256"), patient.t1w.sha256)
    own = hashlib.sha256(points_bytes(patient)).hexdigest()
    _require(folder / "job.json", "cortex", job.get("points_sha256"), own)
    for key, expected in (
        ("job_sha256", _sha256(folder / "job.json")),
        ("points_sha256", own),
        ("coil_sha256", job.get("coil_sha256")),
        ("field_sha256", _sha256(folder / "field.npy")),
    ):
        _require(folder / "result.json", key, result.get(key), expected)
    names = [str(p["name"]) for p in cast("list[dict[str, object]]", job["positions"])]
    _require(folder / "result.json", "names", result.get("names"), names)
    values = _values(folder / "field.npy", len(names), len(patient.mid_points()))
    return SimnibsResult(
        made_by=str(result.get("made_by")),
        coil=str(job["coil"]),
        didt=float(cast("float", job["didt_a_per_s"])),
        field=dict(zip(names, values, strict=True)),
        patient=patient,
    )


def _words(path: Path) -> dict[str, object]:
    if not path.is_file():
        raise refuse_file(
            path,
            "it is missing",
            "job.json and, when SimNIBS is done, result.json and field.npy",
            "Run run_in_simnibs.py with simnibs_python in that folder",
        )
    found = load_file(path)
    if not isinstance(found, dict):
        raise refuse_file(path, "no object", "a JSON object", "Take the file as it was written")
    return cast("dict[str, object]", found)


def _sha256(path: Path) -> str:
    if not path.is_file():
        raise refuse_file(path, "it is missing", "the file that SimNIBS wrote", "Run the job")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _require(path: Path, what: str, found: object, expected: object) -> None:
    if found != expected:
        raise refuse_file(
            path,
            f"its {what} is {str(found)[:60]}",
            str(expected)[:60],
            "The result answers another job, or a file was changed; write and run the job again",
        )


def _values(path: Path, poses: int, points: int) -> Floats:
    try:
        values = np.load(path, allow_pickle=False)
    except (ValueError, OSError) as err:
        raise refuse_file(path, f"no NumPy array ({err})", "numbers", "Run the job again") from err
    if values.shape != (poses, points, 3) or values.dtype.kind != "f":
        raise refuse_file(
            path,
            f"{values.dtype} of shape {values.shape}",
            f"floats of shape {(poses, points, 3)}",
            "Run the job again",
        )
    missing = float(np.isnan(values).any(axis=2).mean())
    if missing > MOST_MISSING.value:
        raise refuse_file(
            path,
            f"{100 * missing:.0f} % of the cortex has no field",
            f"at most {100 * MOST_MISSING.value:g} %",
            "The head model is not of this T1, or its world is another: make it with charm from "
            "this very file",
        )
    strongest = float(np.nanmax(np.abs(values)))
    if not 0 < strongest < _STRONGEST_V_PER_M:
        raise refuse_file(
            path,
            f"the largest component is {strongest:g} V/m for 1 A per microsecond",
            f"more than 0 and less than {_STRONGEST_V_PER_M:g}",
            "Check unit and dI/dt",
        )
    return np.asarray(values, dtype=np.float64)
