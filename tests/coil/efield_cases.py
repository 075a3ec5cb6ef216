"""The reference fields of data/efield_cases.json, as sources and arrays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tmsplan.coil.efield.source import DipoleSource, coil_source, loop_source

CASES = json.loads((Path(__file__).parent / "data/efield_cases.json").read_text(encoding="utf-8"))
SPHERE = {case["id"]: case for case in CASES["analytic_sphere"]}
FREE_SPACE = CASES["free_space"]
#: The definition in the file, by the name it has here.
FIGURE8 = "figure8-70mm"


def source_and_pose(case):
    coil, pose = case["coil"], np.eye(4)
    if coil["type"] == "magnetic_dipole":
        place, moment = np.array([coil["position_m"]]), np.array([coil["moment_per_ampere_m2"]])
        return DipoleSource("dipole", place, moment), pose
    if coil["type"] == "circular_loop":
        return loop_source(coil["centre_m"], coil["normal"], coil["radius_m"]), pose
    return coil_source(FIGURE8), np.array(coil["coil_to_head_4x4"])


def rotation(seed: int) -> np.ndarray:
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


def rigid(seed: int, shift=(0.02, -0.05, 0.11)) -> np.ndarray:
    m = np.eye(4)
    m[:3, :3], m[:3, 3] = rotation(seed), shift
    return m
