"""Ask SimNIBS for a field: a folder with poses, points, the coil and the script to run.

SimNIBS is under the GPL and is never imported: its own interpreter runs the script, in a process
of its own, here or on another machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...base.strict_json import dump_bytes
from ...patient.patient import Patient
from ...space.frame import require_same
from ..pose import CoilPose
from .dipoles import dipoles_of
from .source import coil_source
from .sphere import A_PER_US

__all__ = ["FILES", "JOB_SCHEMA", "coil_bytes", "job_bytes", "points_bytes", "write_job"]

Floats = NDArray[np.float64]

JOB_SCHEMA = "tmsplan-simnibs-job-1"
#: What a job consists of.
FILES = ("job.json", "points.csv", "coil.ccd", "run_in_simnibs.py")
_SCRIPT = Path(__file__).with_name("simnibs_script.txt")
#: Poses to 1e-9 (of a unit vector, and of a mm); places to a hundredth of a micrometre.
_POSE_DECIMALS, _POINT_DECIMALS = 9, 5


def write_job(folder: Path, poses: Mapping[str, CoilPose], patient: Patient) -> list[Path]:
    """Write what SimNIBS needs to compute the field of some poses on a patient's cortex.

    Parameters
    ----------
    folder : Path
        Made here; must not exist.
    poses : mapping of name to CoilPose
        Of one coil.
    patient : Patient
        The field is asked for at every mid-cortex vertex, left first.

    Returns
    -------
    list of Path
        As in `FILES`. Run ``simnibs_python run_in_simnibs.py M2M_FOLDER`` there.

    Raises
    ------
    InputError
        If the folder exists, or there are no poses or those of several coils.
    FrameError
        If a pose is another patient's.
    """
    if folder.exists():
        raise InputError(
            f"{folder.name}: it exists already. Expected a new folder, so that no old result is "
            f"taken for a new one. Name another."
        )
    coil = _one_coil(poses)
    points, turns = points_bytes(patient), coil_bytes(coil)
    texts = (job_bytes(poses, patient, points, turns), points, turns, _SCRIPT.read_bytes())
    folder.mkdir(parents=True)
    paths = [folder / name for name in FILES]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text)
    return paths


def job_bytes(
    poses: Mapping[str, CoilPose], patient: Patient, points: bytes, coil: bytes
) -> bytes:
    """Return job.json: canonical JSON; the same poses give the same bytes."""
    return dump_bytes(
        {
            "schema": JOB_SCHEMA,
            "t1_sha256": patient.t1w.sha256,
            "frame": f"{patient.scanner}",
            "frame_axes": "RAS",
            "unit": "mm",
            "coil": _one_coil(poses),
            "coil_axes": "simnibs: x = y cross z, y away from the handle, z into the head",
            "didt_a_per_s": A_PER_US,
            "points_sha256": hashlib.sha256(points).hexdigest(),
            "coil_sha256": hashlib.sha256(coil).hexdigest(),
            "positions": [
                {"name": name, "matsimnibs": _matrix(pose, patient).tolist()}
                for name, pose in poses.items()
            ],
        }
    )


def points_bytes(patient: Patient) -> bytes:
    """Return points.csv: side, vertex and place of every mid-cortex vertex, mm, scanner RAS."""
    lines = ["hemi,vertex,x,y,z"]
    for hemi, side in patient.cortex.sides():
        xyz = side.mid.points.mm(patient.scanner)
        lines += [
            f"{hemi},{i},{x:.{_POINT_DECIMALS}f},{y:.{_POINT_DECIMALS}f},{z:.{_POINT_DECIMALS}f}"
            for i, (x, y, z) in enumerate(xyz.tolist())
        ]
    return ("\n".join(lines) + "\n").encode()


def coil_bytes(coil: str) -> bytes:
    """Return coil.ccd: this coil as magnetic dipoles, in SimNIBS' oldest text form.

    SimNIBS' own models of real coils are better where one exists; this one makes the two
    programs comparable, for it is the very coil that tmsplan computes with.
    """
    dipoles = dipoles_of(coil_source(coil))
    rows = np.hstack([dipoles.position_m, dipoles.moment_m2])
    lines = [
        f"# tmsplan {coil} number of elements",
        str(len(rows)),
        "# centres in m and moments in A m2 per A of the elements (magnetic dipoles)",
        *(" ".join(f"{v:.12e}" for v in row) for row in rows),
    ]
    return ("\n".join(lines) + "\n").encode()


def _one_coil(poses: Mapping[str, CoilPose]) -> str:
    coils = sorted({pose.coil for pose in poses.values()})
    if len(coils) != 1:
        raise InputError(
            f"the poses are of {len(coils)} coils ({', '.join(coils) or 'no pose'}). Expected one "
            f"coil a job. Write one job for each."
        )
    return coils[0]


def _matrix(pose: CoilPose, patient: Patient) -> Floats:
    own = pose.scanner_from_coil
    require_same(own.dst, patient.scanner, "ask for a field")
    # Adding 0 turns -0 into 0: the same pose gives the same bytes.
    return np.asarray(own.matrix(patient.scanner, own.src).round(_POSE_DECIMALS) + 0.0)
