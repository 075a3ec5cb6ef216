"""Where a volume is looked at for each vertex: between surfaces, along a line, in a ball.

The positions are those of nilearn's ``vol_to_surf`` (0.14), which is the reference of the
tests; the code is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError, MissingPartError
from ..space.frame import K, require_same
from .domain import require_same_domain
from .surface import Surface

__all__ = [
    "SampleKind",
    "Samples",
    "blocks",
    "default_samples",
    "locations",
    "require_sheet",
]

SampleKind = Literal["depth", "line", "ball"]
Floats = NDArray[np.float64]

#: Samples per vertex where none are asked for: a ball needs more than a line (as nilearn).
_DEFAULT_SAMPLES: dict[str, int] = {"depth": 10, "line": 10, "ball": 20}
#: Sizes of the stored ball clouds. Another size would need a clustering whose result depends
#: on the library version, so that two runs of one plan could differ.
_BALL_SIZES = (10, 20, 40, 80, 160)
#: Vertices that are sampled at once: 40 MB of corners at 10 samples, whatever the mesh.
_BLOCK = 1 << 15


def default_samples(kind: SampleKind, samples: int | None) -> int:
    """Return the number of samples per vertex, or refuse kind and number.

    Raises
    ------
    InputError
        For a kind that is none of depth, line and ball, fewer than 2 samples, or a ball of
        a size without a stored cloud.
    """
    if kind not in _DEFAULT_SAMPLES:
        raise InputError(f"'{kind}' is no way to sample; write 'depth', 'line' or 'ball'.")
    n = _DEFAULT_SAMPLES[kind] if samples is None else samples
    if n < 2:
        raise InputError(f"{n} samples per vertex are too few to average; ask for 2 or more.")
    if kind == "ball" and n not in _BALL_SIZES:
        raise InputError(
            f"a ball of {n} samples is not stored; ask for one of {_BALL_SIZES}, whose "
            f"positions are fixed and equal nilearn's."
        )
    return n


def require_sheet(white: Surface[K], pial: Surface[K], doing: str) -> None:
    """Raise unless vertex i of both surfaces is the same place of one cortical sheet.

    Raises
    ------
    FrameError, DomainError
        If they are in different frames or on different meshes.
    InputError
        If their triangles differ: then they come from two reconstructions.
    """
    require_same(white.frame, pial.frame, doing)
    require_same_domain(white.domain, pial.domain, doing)
    if not np.array_equal(white.faces, pial.faces):
        raise InputError(
            f"{white.domain}: white and pial have different triangles, so vertex i is not one "
            f"place on both. They must come from one reconstruction; pass matching files."
        )


def blocks(n: int) -> Iterator[slice]:
    """Yield slices that together cover ``range(n)``, so that memory does not grow with it."""
    for start in range(0, n, _BLOCK):
        yield slice(start, min(start + _BLOCK, n))


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Positions ``base[i] + step[k] * along[i] + offset[k]``, not yet written out.

    Parameters
    ----------
    base : (n, 3) float64
        Vertices of the outer surface, mm.
    along : (n, 3) float64
        From pial to white (depth), the unit normal (line), or 0 (ball); mm.
    step : (samples,) float64
    offset : (samples, 3) float64
        mm.
    """

    base: Floats
    along: Floats
    step: Floats
    offset: Floats

    def ijk(self, rows: slice, voxel_from_world: Floats) -> Floats:
        """Return the (rows, samples, 3) fractional voxel indices for some vertices.

        The matrix is applied to base, direction and offset before they are combined: a
        fraction of the work of moving every sample.
        """
        linear, shift = voxel_from_world[:3, :3].T, voxel_from_world[:3, 3]
        start = self.base[rows] @ linear + shift
        move = self.along[rows] @ linear
        line = start[:, None, :] + self.step[:, None] * move[:, None, :]
        return np.asarray(line + self.offset @ linear)

    def bounds(self, voxel_from_world: Floats) -> tuple[Floats, Floats]:
        """Return the least and greatest voxel indices, both (3,), of any sample."""
        linear, shift = voxel_from_world[:3, :3].T, voxel_from_world[:3, 3]
        # Steps and offsets are added independently, so their extremes bound every sample.
        ends = [self.base + step * self.along for step in self.step[[0, -1]]]
        spread = self.offset @ linear
        moved = [end @ linear + shift for end in ends]
        low = np.min([m.min(axis=0) for m in moved], axis=0) + spread.min(axis=0)
        high = np.max([m.max(axis=0) for m in moved], axis=0) + spread.max(axis=0)
        return np.asarray(low), np.asarray(high)


def locations(
    white: Surface[K], pial: Surface[K], kind: SampleKind, samples: int, radius_mm: float
) -> Samples:
    """Return where each vertex is sampled.

    As in nilearn, a line and a ball are centred on the outer mesh, here the pial one. To
    centre them on mid-cortex pass the mid surface as both.

    Parameters
    ----------
    white, pial : Surface
        One sheet, one frame.
    kind, samples
        As `default_samples` accepts them.
    radius_mm : float
        Half the length of a line, or the radius of a ball; not used between surfaces.

    Raises
    ------
    InputError
        If the radius is not positive.
    """
    if not (np.isfinite(radius_mm) and radius_mm > 0):
        raise InputError(f"a sampling radius of {radius_mm} mm is not positive; try 3 mm.")
    base = pial.points.mm(pial.frame)
    still, centred = np.zeros(samples), np.zeros((samples, 3))
    if kind == "depth":
        depth = np.linspace(0, 1, samples)
        return Samples(base, white.points.mm(pial.frame) - base, depth, centred)
    if kind == "line":
        return Samples(
            base, _unweighted_normals(pial), np.linspace(radius_mm, -radius_mm, samples), centred
        )
    return Samples(base, np.zeros_like(base), still, _ball_cloud(samples) * radius_mm)


def _unweighted_normals(surface: Surface[K]) -> Floats:
    # nilearn averages unit triangle normals; `Surface.vertex_normals` weights them by area.
    normals = _units(surface.face_cross())
    corner = np.repeat(normals, 3, axis=0)
    at = surface.faces.ravel()
    summed = [np.bincount(at, corner[:, k], minlength=len(surface)) for k in range(3)]
    return _units(np.stack(summed, axis=1))


def _units(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length == 0, 1, length)


def _ball_cloud(samples: int) -> Floats:
    """Return nilearn's (samples, 3) positions in the unit ball, from the files it ships."""
    import importlib.util

    # Found without importing nilearn, which would load scikit-learn for three columns.
    spec = importlib.util.find_spec("nilearn")
    origin = spec.origin if spec else None
    name = f"ball_cloud_{samples}_samples.csv"
    path = Path(origin or "").parent / "surface" / "data" / name
    if origin is None or not path.is_file():
        raise MissingPartError(
            f"nilearn's {name} is missing, and sampling in a ball needs it; reinstall nilearn, "
            f"or sample with kind='depth'."
        )
    return np.asarray(np.loadtxt(path), dtype=np.float64)
