"""Points and vectors that know their frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NoReturn, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base.errors import FrameError, InputError
from .frame import Frame, K, require_same

__all__ = ["Floats", "Points", "Vectors"]

Floats = NDArray[np.float64]


def _frozen(xyz: ArrayLike, what: str) -> Floats:
    try:
        a = np.array(xyz, dtype=np.float64, ndmin=2)
    except (ValueError, TypeError) as err:
        raise InputError(f"{what}: rows of three numbers are expected ({err}).") from err
    if a.ndim != 2 or a.shape[1] != 3:
        raise InputError(f"{what} must have shape (n, 3); got {a.shape}.")
    if not np.isfinite(a).all():
        row = int(np.flatnonzero(~np.isfinite(a).all(axis=1))[0])
        raise InputError(f"{what}: row {row} is not finite: {a[row]}.")
    a.flags.writeable = False
    return a


def _refuse_array(what: str, frame: object) -> NoReturn:
    raise TypeError(
        f"{what} in {frame} would lose their frame as a bare array; "
        f"let the numbers leave by naming it, for example .mm(frame)."
    )


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Vectors(Generic[K]):
    """Displacements (mm) or directions (unit length), shape (n, 3), in one frame."""

    _xyz: Floats
    frame: Frame[K]

    def __init__(self, xyz: ArrayLike, frame: Frame[K]) -> None:
        object.__setattr__(self, "_xyz", _frozen(xyz, f"Vectors in {frame}"))
        object.__setattr__(self, "frame", frame)

    def components(self, frame: Frame[K]) -> Floats:
        """Return the read-only (n, 3) array, if the vectors really are in `frame`."""
        require_same(frame, self.frame, "read components")
        return self._xyz

    def __array__(self, *args: object, **kwargs: object) -> NoReturn:
        _refuse_array("Vectors", self.frame)

    def __len__(self) -> int:
        return len(self._xyz)

    def __neg__(self) -> Vectors[K]:
        return Vectors(-self._xyz, self.frame)

    def __mul__(self, factor: float | Floats) -> Vectors[K]:
        return Vectors(self._xyz * np.asarray(factor, dtype=np.float64), self.frame)

    def __add__(self, other: Vectors[K]) -> Vectors[K]:
        require_same(self.frame, other.frame, "add vectors")
        return Vectors(self._xyz + other._xyz, self.frame)

    def __sub__(self, other: Vectors[K]) -> Vectors[K]:
        require_same(self.frame, other.frame, "subtract vectors")
        return Vectors(self._xyz - other._xyz, self.frame)

    def take(self, rows: ArrayLike) -> Vectors[K]:
        """Return the vectors of the given rows."""
        return Vectors(self._xyz[np.atleast_1d(np.asarray(rows))], self.frame)

    def lengths(self) -> Floats:
        """Return the (n,) Euclidean lengths."""
        return np.asarray(np.linalg.norm(self._xyz, axis=1))

    def units(self) -> Vectors[K]:
        """Return the directions, each of length 1.

        Raises
        ------
        InputError
            If a vector is shorter than 1e-9: it has no direction.
        """
        length = self.lengths()
        if (length < 1e-9).any():
            raise InputError(f"a vector of length 0 in {self.frame} has no direction.")
        return Vectors(self._xyz / length[:, None], self.frame)

    def dot(self, other: Vectors[K]) -> Floats:
        """Return the (n,) inner products, row by row."""
        require_same(self.frame, other.frame, "multiply vectors")
        return np.asarray((self._xyz * other._xyz).sum(axis=1))

    def cross(self, other: Vectors[K]) -> Vectors[K]:
        """Return the cross products, row by row (right-handed frames only)."""
        require_same(self.frame, other.frame, "multiply vectors")
        return Vectors(np.cross(self._xyz, other._xyz), self.frame)

    def mean(self) -> Vectors[K]:
        """Return the mean vector as one row."""
        return Vectors(self._xyz.mean(axis=0), self.frame)

    def __str__(self) -> str:
        return _one_line("Vectors", self._xyz, f"{self.frame} {self.frame.kind.axes}")


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Points(Generic[K]):
    """Positions, shape (n, 3), in one frame; mm except in a voxel frame."""

    _xyz: Floats
    frame: Frame[K]

    def __init__(self, xyz: ArrayLike, frame: Frame[K]) -> None:
        object.__setattr__(self, "_xyz", _frozen(xyz, f"Points in {frame}"))
        object.__setattr__(self, "frame", frame)

    def mm(self, frame: Frame[K]) -> Floats:
        """Return the read-only (n, 3) array in mm, if the points really are in `frame`.

        Raises
        ------
        FrameError
            If they are in another frame, or in a frame that is not measured in mm.
        """
        require_same(frame, self.frame, "read coordinates")
        self._require_unit("mm")
        return self._xyz

    def ijk(self, frame: Frame[K]) -> Floats:
        """Return the read-only (n, 3) array of voxel indices, if `frame` is that voxel frame."""
        require_same(frame, self.frame, "read voxel indices")
        self._require_unit("voxel")
        return self._xyz

    def _require_unit(self, unit: str) -> None:
        if self.frame.kind.unit != unit:
            raise FrameError(
                f"points in {self.frame} are measured in {self.frame.kind.unit}, not in {unit}."
            )

    def __array__(self, *args: object, **kwargs: object) -> NoReturn:
        _refuse_array("Points", self.frame)

    def __len__(self) -> int:
        return len(self._xyz)

    @overload
    def __sub__(self, other: Points[K]) -> Vectors[K]: ...
    @overload
    def __sub__(self, other: Vectors[K]) -> Points[K]: ...
    def __sub__(self, other: Points[K] | Vectors[K]) -> Vectors[K] | Points[K]:
        require_same(self.frame, other.frame, "subtract")
        if isinstance(other, Points):
            return Vectors(self._xyz - other._xyz, self.frame)
        return Points(self._xyz - other._xyz, self.frame)

    def __add__(self, other: Vectors[K]) -> Points[K]:
        if not isinstance(other, Vectors):
            return NotImplemented
        require_same(self.frame, other.frame, "add")
        return Points(self._xyz + other._xyz, self.frame)

    def take(self, rows: ArrayLike) -> Points[K]:
        """Return the points of the given rows."""
        return Points(self._xyz[np.atleast_1d(np.asarray(rows))], self.frame)

    def centroid(self) -> Points[K]:
        """Return the mean position as one row."""
        return Points(self._xyz.mean(axis=0), self.frame)

    def midway(self, other: Points[K]) -> Points[K]:
        """Return the points half way between two equally long rows of points."""
        require_same(self.frame, other.frame, "average")
        return Points((self._xyz + other._xyz) / 2, self.frame)

    def distances(self, other: Points[K]) -> Floats:
        """Return the (n,) Euclidean distances in mm, row by row; one row is broadcast."""
        return (self - other).lengths()

    def __str__(self) -> str:
        unit = self.frame.kind.unit
        return _one_line("Points", self._xyz, f"{unit}, {self.frame} {self.frame.kind.axes}")


def _one_line(what: str, xyz: Floats, tail: str) -> str:
    if len(xyz) == 1:
        x, y, z = xyz[0]
        return f"({x:.2f}, {y:.2f}, {z:.2f}) {tail}"
    return f"{len(xyz)} {what} {tail}"
