"""Made-up heads for the solver: spheres, whose field has a closed form, and a coil over them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import round_head
import trimesh

from tmsplan.coil.efield.charges import field_operator, near_interaction, system_matrix
from tmsplan.coil.efield.inner_skull import InnerSkull
from tmsplan.coil.efield.layer import Boundary, Layer
from tmsplan.coil.efield.solve import Solver
from tmsplan.coil.efield.source import coil_source, primary_field
from tmsplan.space.points import Points
from tmsplan.surface import Domain, Field, Pair, Surface

RADIUS_M = 0.08
#: Of the round head: its cortex lies 3 mm under it and deeper, its scalp 10 mm over it.
ROUND_MM = 80.0
FIGURE8 = coil_source("figure8-70mm")


def ball(radius_m: float, cuts: int, inside: float, outside: float) -> Boundary:
    mesh = trimesh.creation.icosphere(subdivisions=cuts)
    return Boundary(np.asarray(mesh.vertices) * radius_m, np.asarray(mesh.faces), inside, outside)


def over_the_top(height_m: float = 0.0925, tilt: float = 0.4) -> np.ndarray:
    """The coil above the sphere, looking at its centre, a little to one side."""
    turn = np.array([[np.cos(tilt), 0, np.sin(tilt)], [0, 1, 0], [-np.sin(tilt), 0, np.cos(tilt)]])
    pose = np.eye(4)
    pose[:3, :3] = turn @ np.diag([1.0, -1.0, -1.0])
    pose[:3, 3] = turn @ [0, 0, height_m]
    return pose


def below(depth_mm: float, n: int = 60, seed: int = 1) -> np.ndarray:
    """Points at a depth under the sphere, most of them under the coil."""
    u = np.random.default_rng(seed).normal(size=(n, 3)) + 1.5 * over_the_top()[:3, 3] / 0.0925
    return u / np.linalg.norm(u, axis=1, keepdims=True) * (RADIUS_M - depth_mm * 1e-3)


def matrix_of(layer: Layer) -> np.ndarray:
    return system_matrix(layer, near_interaction(layer))


def density(layer: Layer, solver: Solver, pose: np.ndarray, source=FIGURE8) -> np.ndarray:
    primary = primary_field(source, pose, layer.centres_m)
    right = layer.contrast * np.einsum("nx,nx->n", primary, layer.normals)
    return solver.solve(right[:, None])[:, 0] * 1e6


def field(layer: Layer, q: np.ndarray, pose: np.ndarray, points: np.ndarray, source=FIGURE8):
    return primary_field(source, pose, points) * 1e6 + field_operator(points, layer).apply(q)


def off(found: np.ndarray, expected: np.ndarray) -> float:
    """rms difference relative to the rms."""
    return float(np.sqrt(((found - expected) ** 2).sum() / (expected**2).sum()))


def round_patient():
    """The round head with an inner skull: a sphere of 80 mm and 1,280 triangles."""
    mesh = trimesh.creation.icosphere(subdivisions=3)
    points = Points(np.asarray(mesh.vertices) * ROUND_MM, round_head.FRAME)
    domain = Domain("inner-skull", len(points), None, "round")
    return replace(round_head.head(), inner_skull=Surface(points, np.asarray(mesh.faces), domain))


def round_skull(patient) -> InnerSkull:
    """As it is: nothing moved or meshed anew."""

    def depth(cortex) -> Field:
        mm = ROUND_MM * 0.995 - np.linalg.norm(cortex.mid.points.mm(patient.scanner), axis=1)
        return Field(mm, cortex.domain, "depth under the inner skull", "mm")

    cortex = patient.cortex
    return InnerSkull(
        patient.inner_skull, "a sphere", Pair(depth(cortex.left), depth(cortex.right)), 0
    )
