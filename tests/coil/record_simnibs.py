"""Record data/simnibs_exchange anew: python tests/coil/record_simnibs.py; see data/README.md."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import round_head as rh  # noqa: E402  found beside the tests

from tmsplan.coil.efield.simnibs_write import write_job  # noqa: E402
from tmsplan.coil.pose import CoilPose  # noqa: E402
from tmsplan.patient import Cortex, Patient  # noqa: E402
from tmsplan.space.frame import CoilSimnibs, Frame  # noqa: E402
from tmsplan.space.points import Points, Vectors  # noqa: E402
from tmsplan.space.side import Hemi  # noqa: E402
from tmsplan.space.transform import Rigid  # noqa: E402
from tmsplan.surface import Domain, Pair, Surface  # noqa: E402

COIL = "figure8-70mm"
RECORDED = HERE / "data/simnibs_exchange"


def patient() -> Patient:
    """A round head of few vertices, the same on every machine: places rounded to a micrometre."""
    return replace(rh.head(), cortex=Pair(_side(Hemi.LEFT), _side(Hemi.RIGHT)))


def _side(hemi: Hemi) -> Cortex:
    v, f = rh.sphere(2)
    if hemi is Hemi.RIGHT:
        v, f = v @ rh.MIRROR, f[:, ::-1]
    centre = [-rh.CENTRE_MM if hemi is Hemi.LEFT else rh.CENTRE_MM, 0, 0]
    domain = Domain("fsnative", len(v), hemi, "round")

    def surface(shrink: float) -> Surface:
        return Surface(
            Points(np.round(v * (rh.AXES_MM - shrink) + centre, 3), rh.FRAME), f, domain
        )

    return Cortex(surface(rh.THICK_MM), surface(0.0))


def pose(direction, handle_deg: float) -> CoilPose:
    """A pose 7 mm over the round scalp."""
    z = -np.array(direction, dtype=float) / np.linalg.norm(direction)
    first = np.cross(z, [1.0, 0, 0])
    first /= np.linalg.norm(first)
    second = np.cross(z, first)
    turn = np.radians(handle_deg)
    y = np.cos(turn) * first + np.sin(turn) * second
    matrix = np.eye(4)
    matrix[:3] = np.column_stack([np.cross(y, z), y, z, -97.0 * z])
    return CoilPose(
        Rigid.claim(matrix, dst=rh.FRAME, src=Frame(CoilSimnibs, COIL), because="made up"),
        COIL, Points(-90 * z, rh.FRAME), Vectors(-z, rh.FRAME), 7.0, 25.0, handle_deg,
    )  # fmt: skip


def poses() -> dict[str, CoilPose]:
    return {"over the left": pose([-5, 4, 8], 45), "over the right": pose([6, 1, 7], -20)}


def run(folder: Path) -> subprocess.CompletedProcess:
    """Run the script of a job with the stand-in."""
    paths = [str(HERE / "stand_in_simnibs"), str(HERE.parents[1])]
    return subprocess.run(
        [sys.executable, "run_in_simnibs.py", "m2m_round"], cwd=folder, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)}, capture_output=True, text=True,
    )  # fmt: skip


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as made:
        job = Path(made) / "job"
        write_job(job, poses(), patient())
        run(job).check_returncode()
        RECORDED.mkdir(parents=True, exist_ok=True)
        for name in ("job.json", "points.csv", "field.npy", "result.json"):
            (RECORDED / name).write_bytes((job / name).read_bytes())
