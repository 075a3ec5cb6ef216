"""Heads whose landmarks are known: a sphere, and the heads that MNE carries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial import ConvexHull

from tmsplan.coil.head import Landmarks, given_landmarks
from tmsplan.coil.scalp import Scalp
from tmsplan.space import Frame, Points, Scanner, Vectors
from tmsplan.surface import Domain, Surface

#: Scanner frame of each is its name.
KEYS = ("nasion", "inion", "lpa", "rpa")


def scalp_from(name: str, xyz: np.ndarray, faces: np.ndarray) -> Scalp:
    frame = Frame(Scanner, name)
    surface = Surface(Points(xyz, frame), faces, Domain("scalp", len(xyz), None, name))
    return Scalp(surface, Vectors([0, 1, 0], frame))


def marks_on(scalp: Scalp, xyz: dict[str, np.ndarray]) -> Landmarks:
    frame = scalp.surface.frame
    return given_landmarks(scalp, **{k: Points(xyz[k], frame) for k in KEYS})


def hull_scalp(name: str, points: np.ndarray) -> Scalp:
    """The convex hull of points on a head, triangles facing out."""
    hull = ConvexHull(points)
    faces = hull.simplices.copy()
    corners = points[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inward = (normal * hull.equations[:, :3]).sum(axis=1) < 0
    faces[inward] = faces[inward][:, ::-1]
    used = np.unique(faces)
    return scalp_from(name, points[used], np.searchsorted(used, faces).astype(np.int32))


def _mne(*parts: str) -> Path:
    import mne

    return Path(mne.__file__).parent.joinpath(*parts)


def fsaverage() -> tuple[Scalp, Landmarks, dict[str, np.ndarray]]:
    """The skin of fsaverage, its landmarks, and MNE's 10-05 positions, all in MNI305."""
    import mne

    skin = mne.read_bem_surfaces(_mne("data", "fsaverage", "fsaverage-head.fif"), verbose="error")[
        0
    ]
    scalp = scalp_from("fsaverage", skin["rr"] * 1000.0, skin["tris"].astype(np.int32))
    lines = _mne("channels", "data", "montages", "fsaverage_1005.tsv").read_text().splitlines()
    rows = [line.split("\t") for line in lines[1:]]
    positions = {r[0]: np.array(r[1:4], dtype=float) * 1000 for r in rows}
    four = dict(zip(KEYS, (positions[k] for k in ("NAS", "Iz", "LPA", "RPA")), strict=True))
    return scalp, marks_on(scalp, four), positions


def colin27() -> tuple[Scalp, Landmarks, dict[str, np.ndarray]]:
    """The convex hull of the 10-05 positions on Colin27, and those positions.

    Made by Robert Oostenveld, who proposed the 10-05 system: another person's program.
    """
    lines = _mne("channels", "data", "montages", "colin27_1005.elc").read_text().splitlines()
    start, middle = lines.index("Positions"), lines.index("Labels")
    xyz = np.array([line.split() for line in lines[start + 1 : middle]], dtype=float)
    names = [line.strip() for line in lines[middle + 1 : middle + 1 + len(xyz)]]
    positions = dict(zip(names, xyz, strict=True))
    scalp = hull_scalp("colin27", xyz)
    four = dict(zip(KEYS, (positions[k] for k in ("Nz", "Iz", "LPA", "RPA")), strict=True))
    return scalp, marks_on(scalp, four), positions


def distances(scalp: Scalp, ours: dict[str, Points], theirs: dict[str, np.ndarray]) -> dict:
    """Distance in mm of each position that both have."""
    frame = scalp.surface.frame
    return {
        n: float(np.linalg.norm(p.mm(frame)[0] - theirs[n]))
        for n, p in ours.items()
        if n in theirs
    }
