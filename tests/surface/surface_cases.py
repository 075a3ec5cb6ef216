"""Meshes with known answers, and the real ones of the surface tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from nibabel.freesurfer import read_geometry
from scipy.spatial import ConvexHull

from tmsplan.space import Affine, Frame, Grid, Hemi, Mni305, Points, Scanner, SphereReg, Voxel
from tmsplan.surface import Domain, Surface

SCANNER = Frame(Scanner, "sub-01")
MNI305 = Frame(Mni305, "template")
SPHERE = Frame(SphereReg, "fsaverage")


def surface(xyz, faces, frame=SCANNER, *, hemi=Hemi.LEFT, mesh="made", owner="sub-01"):
    xyz = np.asarray(xyz, dtype=float)
    return Surface(Points(xyz, frame), faces, Domain(mesh, len(xyz), hemi, owner))


def shifted(s, by):
    """The surface `by` mm away, in its own frame."""
    return s.with_points(Points(s.points.mm(s.frame) + np.array(by), s.frame))


def plane(n: int = 21, side_mm: float = 1.0):
    """An n x n grid in z = 0, all diagonals in one direction."""
    x, y = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    xyz = np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], axis=1) * side_mm
    i = (x[:-1, :-1] * n + y[:-1, :-1]).ravel()
    faces = np.concatenate(
        [np.stack([i, i + n, i + n + 1], 1), np.stack([i, i + n + 1, i + 1], 1)]
    )
    return surface(xyz, faces)


def icosphere(level: int, radius: float = 80.0, frame=SCANNER, **kwargs):
    """A sphere of 20 * 4**level triangles."""
    t = (1 + 5**0.5) / 2
    # Corners of three golden rectangles.
    flat = [(s * 1, u * t, 0) for u in (1, -1) for s in (-1, 1)]
    xyz = np.array([np.roll(c, k) for k in (0, 1, 2) for c in flat], dtype=float)
    faces = ConvexHull(xyz).simplices
    # A convex hull names corners in any order: turn the triangles that face inward.
    c = xyz[faces]
    inward = np.einsum("ij,ij->i", np.cross(c[:, 1] - c[:, 0], c[:, 2] - c[:, 0]), c[:, 0]) < 0
    faces[inward] = faces[inward, ::-1]
    for _ in range(level):
        xyz, faces = subdivided(xyz, faces)
        xyz = xyz / np.linalg.norm(xyz, axis=1, keepdims=True)
    xyz = xyz / np.linalg.norm(xyz, axis=1, keepdims=True) * radius
    return surface(xyz, faces, frame, **kwargs)


def subdivided(xyz, faces):
    """Every triangle cut into four at the middles of its sides."""
    ends = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, at = np.unique(ends, axis=0, return_inverse=True)
    a, b, c = (at.reshape(3, -1) + len(xyz)).astype(faces.dtype)
    middles = xyz[unique].mean(axis=1)
    f0, f1, f2 = faces.T
    new = [(f0, a, c), (a, f1, b), (c, b, f2), (a, b, c)]
    return np.vstack([xyz, middles]), np.concatenate([np.stack(f, axis=1) for f in new])


def notched_box(scale: float = 40.0):
    """A closed L-shaped prism: concave, with sharp edges. Returns surface and inside test."""
    outline = np.array([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)], dtype=float)
    xyz = np.vstack([np.c_[outline, np.zeros(6)], np.c_[outline, np.ones(6)]]) * scale
    cap = [(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5)]
    bottom = [(a, c, b) for a, b, c in cap]
    top = [(a + 6, b + 6, c + 6) for a, b, c in cap]
    walls = []
    for i in range(6):
        j = (i + 1) % 6
        walls += [(i, j, j + 6), (i, j + 6, i + 6)]

    def inside(p):
        x, y, z = p.T / scale
        in_l = ((x > 0) & (x < 2) & (y > 0) & (y < 1)) | ((x > 0) & (x < 1) & (y > 0) & (y < 2))
        return in_l & (z > 0) & (z < 1)

    return surface(xyz, np.array(bottom + top + walls)), inside


def grid(shape, matrix, frame=SCANNER, image="image"):
    affine = Affine.claim(matrix, dst=frame, src=Frame(Voxel, image), because="made for the test")
    return Grid(tuple(shape), affine)


@cache
def fsaverage5(part: str, hemi: Hemi = Hemi.LEFT):
    """A surface of the fsaverage5 that nilearn carries: "pial", "white_matter", "sphere"."""
    from nilearn.datasets import load_fsaverage

    mesh = load_fsaverage("fsaverage5")[part].parts[str(hemi)]
    frame = SPHERE if part == "sphere" else MNI305
    xyz = np.asarray(mesh.coordinates, dtype=float)
    domain = Domain("fsaverage5", len(xyz), hemi, "template")
    return Surface(Points(xyz, frame), np.asarray(mesh.faces), domain)


def freesurfer(path: Path, hemi: Hemi = Hemi.LEFT, frame=SCANNER):
    """A FreeSurfer file as it is; where it lies does not matter to the test."""
    xyz, faces = read_geometry(path)
    return surface(xyz, faces, frame, hemi=hemi, mesh="fsnative", owner="ecog")
