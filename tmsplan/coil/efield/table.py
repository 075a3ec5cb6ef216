"""A coil's vector potential from a table: a pose search asks for it a hundred million times.

Each wing has an axis and is symmetric about its middle plane, so A_phi / rho is a function of
two lengths. It is tabulated twice, finely near the windings and coarsely far from them. Within
5 mm of the windings, and beyond the table, the closed form answers. Two ways to read the table:

=======  =====================  ====================  ================================
way      steps, near and far    error, share of peak  for
=======  =====================  ====================  ================================
cubic    0.5 mm and 2 mm        below 1e-6            a field that is shown
linear   0.25 mm and 0.5 mm     below 1e-4            searches; single precision
=======  =====================  ====================  ================================

The peak is that of |A| at 5 mm from the windings. Measured by
tests/coil/test_coil_efield_source.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from .source import CoilSource, FieldSource, Wing, coil_source

__all__ = [
    "CLEARANCE_M",
    "TabulatedSource",
    "Way",
    "source_for",
    "tabulated",
    "tabulated_source",
]

Floats = NDArray[np.float64]
#: float64 for the cubic way, float32 for the linear one.
Numbers = NDArray[Any]
Way = Literal["cubic", "linear"]

#: Nearer to the windings than this the closed form is used: no table of these steps is true
#: to 1e-6 beside a wire.
CLEARANCE_M = 5e-3
#: Reach of the two tables beside the axis and over the windings, m; the far one spans a head.
_NEAR_M, _FAR_M = (0.13, 0.04), (0.36, 0.36)
_STEPS_M = {"cubic": (0.5e-3, 2e-3), "linear": (0.25e-3, 0.5e-3)}
#: Rows beyond the reach: a spline forgets its boundary by a factor of 3.7 a row.
_MARGIN = 14
#: From so many points on, making the tables and reading them is quicker than the closed form.
_MANY = 100_000
#: Points at a time: their temporaries stay in the cache.
_BLOCK = 1 << 15


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """A_phi / rho over rho and the height over the middle plane: values or coefficients."""

    values: Numbers
    step_m: float

    def read(self, rho: Numbers, height: Numbers) -> Numbers:
        return (
            self._linear(rho, height)
            if self.values.dtype == np.float32
            else self._cubic(rho, height)
        )

    def _cubic(self, rho: Numbers, height: Numbers) -> Numbers:
        from scipy import ndimage

        at = np.stack([rho / self.step_m, height / self.step_m])
        return np.asarray(
            ndimage.map_coordinates(self.values, at, order=3, mode="mirror", prefilter=False)
        )

    def _linear(self, rho: Numbers, height: Numbers) -> Numbers:
        scale = np.float32(1 / self.step_m)
        x, y = rho * scale, height * scale
        i, j = x.astype(np.int32), y.astype(np.int32)
        x -= i
        y -= j
        width = self.values.shape[1]
        flat = self.values.ravel()
        i *= width
        i += j
        low, high = flat.take(i), flat.take(i + 1)
        low += y * (high - low)
        i += width
        next_low, next_high = flat.take(i), flat.take(i + 1)
        next_low += y * (next_high - next_low)
        return np.asarray(low + x * (next_low - low))


@dataclass(frozen=True, slots=True, eq=False)
class _TabulatedWing:
    wing: Wing
    near: _Table
    far: _Table
    middle_m: float
    half_m: float

    def over_radius(self, rho: Numbers, w: Numbers) -> Numbers:
        """Return A_phi / rho: near table, far table, or the closed form."""
        height = np.abs(w - rho.dtype.type(self.middle_m))
        level = self._level(rho, height)
        out = np.empty_like(rho)
        for which, table in ((0, self.near), (1, self.far)):
            rows = np.flatnonzero(level == which)
            if len(rows) == len(rho):
                return table.read(rho, height)
            if len(rows):
                out[rows] = table.read(rho[rows], height[rows])
        rows = np.flatnonzero(level == _EXACT)
        if len(rows):
            exact = self.wing.potential_over_radius(
                rho[rows].astype(np.float64), w[rows].astype(np.float64)
            )
            out[rows] = exact
        return out

    def _level(self, rho: Numbers, height: Numbers) -> NDArray[np.int8]:
        """Return 0 where the near table answers, 1 for the far one, 2 for the closed form."""
        half = self.half_m
        level = ((rho >= _NEAR_M[0]) | (height >= half + _NEAR_M[1])).astype(np.int8)
        level[(rho >= _FAR_M[0]) | (height >= half + _FAR_M[1])] = _EXACT
        low, high = self.wing.radius_m.min(), self.wing.radius_m.max()
        beside = (rho > low - CLEARANCE_M) & (rho < high + CLEARANCE_M)
        level[beside & (height < half + CLEARANCE_M)] = _EXACT
        return level


_EXACT = 2


@dataclass(frozen=True, slots=True, eq=False)
class TabulatedSource:
    """A coil whose vector potential is read from tables; made by `tabulated`.

    Parameters
    ----------
    source : CoilSource
        The coil; B is asked from it.
    way : {"cubic", "linear"}
    """

    source: CoilSource
    way: Way
    _wings: tuple[_TabulatedWing, ...]

    @property
    def name(self) -> str:
        """Name of the coil."""
        return self.source.name

    def vector_potential(self, points_m: Numbers) -> Numbers:
        """Return A in coil axes, (n, 3) T m per A; see `CoilSource.vector_potential`.

        The linear way works in single precision and gives float32.
        """
        kind = np.float32 if self.way == "linear" else np.float64
        out = np.empty(points_m.shape, dtype=kind)
        for start in range(0, len(points_m), _BLOCK):
            rows = slice(start, start + _BLOCK)
            out[rows] = self._block(points_m[rows].astype(kind).T).T
        return out

    def _block(self, xyz: Numbers) -> Numbers:
        total = np.zeros_like(xyz)
        for part in self._wings:
            axes = part.wing.axes.astype(xyz.dtype)
            u, v, w = axes @ (xyz - part.wing.centre_m.astype(xyz.dtype)[:, None])
            value = part.over_radius(np.sqrt(u * u + v * v), w)
            u *= value
            v *= -value
            total += np.outer(axes[0], v) + np.outer(axes[1], u)
        return total

    def magnetic_field(self, points_m: Floats) -> Floats:
        """Return B, (n, 3) T per A, in closed form."""
        return self.source.magnetic_field(points_m)

    def farthest_inside_m(self, centre_m: Floats) -> float:
        """Return the radius of the largest ball round `centre_m` that is free of current."""
        return self.source.farthest_inside_m(centre_m)


def tabulated(source: CoilSource, way: Way = "cubic") -> TabulatedSource:
    """Return the coil with its vector potential in tables; a few seconds to make.

    Raises
    ------
    InputError
        If the filaments of a wing are not symmetric about its middle plane.
    """
    made: list[_TabulatedWing] = []
    for wing in source.wings:
        same = next((t for t in made if _alike(t.wing, wing)), None)
        if same is None:
            made.append(_of(wing, way, source.name))
        else:
            made.append(_TabulatedWing(wing, same.near, same.far, same.middle_m, same.half_m))
    return TabulatedSource(source, way, tuple(made))


@cache
def tabulated_source(name: str, way: Way = "cubic") -> TabulatedSource:
    """Return `tabulated` of `coil_source(name)`, made once in a process."""
    return tabulated(coil_source(name), way)


def source_for(points: int, source: FieldSource) -> FieldSource:
    """Return the coil as it is best asked at so many points: from cubic tables if they are many.

    Parameters
    ----------
    points : int
    source : FieldSource
        Returned as it is where no table can be made of it: dipoles, or filaments that are not
        symmetric about the middle plane of their wing.
    """
    if points < _MANY or not isinstance(source, CoilSource):
        return source
    return _kept(source) if all(_symmetric(w) for w in source.wings) else source


@lru_cache(maxsize=8)
def _kept(source: CoilSource) -> TabulatedSource:
    return tabulated(source)


def _alike(a: Wing, b: Wing) -> bool:
    """Whether two wings differ only by place and direction."""
    return all(
        np.array_equal(getattr(a, k), getattr(b, k)) for k in ("radius_m", "height_m", "share")
    )


def _of(wing: Wing, way: Way, name: str) -> _TabulatedWing:
    if not _symmetric(wing):
        raise InputError(
            f"{name}: the filaments of a wing are not symmetric about its middle plane. Expected "
            f"the same turns above and below it. Use the source without a table."
        )
    low, high = float(wing.height_m.min()), float(wing.height_m.max())
    middle, half = (low + high) / 2, (high - low) / 2
    near_step, far_step = _STEPS_M[way]
    near = _table(wing, near_step, (_NEAR_M[0], half + _NEAR_M[1]), way)
    far = _table(wing, far_step, (_FAR_M[0], half + _FAR_M[1]), way)
    return _TabulatedWing(wing, near, far, middle, half)


def _symmetric(wing: Wing) -> bool:
    middle = (float(wing.height_m.min()) + float(wing.height_m.max())) / 2

    def keys(sign: float) -> list[tuple[float, float, float]]:
        height = np.round(sign * (wing.height_m - middle), 12) + 0.0
        return sorted(zip(wing.radius_m, height, wing.share, strict=True))

    return keys(1.0) == keys(-1.0)


def _table(wing: Wing, step: float, reach: tuple[float, float], way: Way) -> _Table:
    """Tabulate from the axis and the middle plane on: the function is even about both.

    A filament may lie on a node, where it would be infinite; it is pushed off by a millionth of
    a step. What is read there is never used.
    """
    from scipy import ndimage

    middle = (float(wing.height_m.min()) + float(wing.height_m.max())) / 2
    rho, height = (step * np.arange(round(r / step) + _MARGIN) for r in reach)
    grid = np.meshgrid(rho, height + middle + 1e-6 * step, indexing="ij")
    flat = wing.potential_over_radius(grid[0].ravel(), grid[1].ravel())
    values = flat.reshape(grid[0].shape)
    if way == "linear":
        return _Table(values.astype(np.float32), step)
    return _Table(ndimage.spline_filter(values, order=3, mode="mirror"), step)
