"""What `tmsplan prepare` costs and reaches on a real head: time a step, hit rates, scalp, motion.

python benchmarks/prepare.py [--full] [--json FILE]; needs ../shared/data. Without --full only
the parts that take seconds: scalp against the watershed skin, motion against known motion.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import nibabel as nib
import numpy as np

from tmsplan.coil.scalp_from_t1 import scalp_from_t1
from tmsplan.patient.image import read_image
from tmsplan.plan.prepare import Person, RawRun, Steps, prepare
from tmsplan.plan.prepare.motion import framewise_displacement, realign
from tmsplan.space import Frame, Points, Scanner
from tmsplan.surface.proximity import closest_on_faces

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def scalp_distance() -> dict[str, float]:
    folder = DATA / "mne_sample_ecog"
    image = read_image(folder / "mri/T1.mgz")
    world = Frame(Scanner, "ecog")
    start = time.perf_counter()
    made = scalp_from_t1(image.volume(world, "T1w"))
    seconds = time.perf_counter() - start
    tkras, _ = nib.freesurfer.read_geometry(
        folder / "bem/watershed/sample_ecog_outer_skin_surface"
    )
    m = image.affine @ np.linalg.inv(image.tkras_from_voxel)
    skin = tkras @ m[:3, :3].T + m[:3, 3]
    above = skin[skin[:, 2] > np.median(skin[:, 2]) + 20]
    off = np.abs(closest_on_faces(made.surface, Points(above, world)).signed_mm)
    return {
        "scalp_s": seconds,
        "scalp_median_mm": float(np.median(off)),
        "scalp_p95_mm": float(np.quantile(off, 0.95)),
    }


def motion() -> dict[str, float]:
    image = nib.load(DATA / "studyforrest/bold.nii.gz")
    data = np.asarray(image.dataobj, dtype=np.float32)
    start = time.perf_counter()
    found = realign(data, image.affine, data.shape[3] // 2)
    seconds = time.perf_counter() - start
    fd = framewise_displacement(found.parameters)
    return {"realign_s": seconds, "mean_fd_mm": float(np.nanmean(fd))}


def chain() -> dict[str, float]:
    folder = DATA / "studyforrest"
    steps = Steps()
    with tempfile.TemporaryDirectory() as work:
        run = RawRun(folder / "bold.nii.gz", 2.0)
        done = prepare(folder / "T1.nii.gz", run, Person("sf"), Path(work), steps)
    print(steps.table())
    return {"total_s": steps.total, **{k: float(v) for k, v in done.qc().items()}}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    found = scalp_distance() | motion()
    if chosen.full:
        found |= chain()
    for name, value in found.items():
        print(f"{name:26} {value:.3f}")
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
