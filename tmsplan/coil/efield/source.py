"""What drives the field: a coil's windings as circular filaments, or magnetic dipoles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...base.errors import InputError
from ..coils import Coil, Winding, coil_called
from .filament import MU0, potential_over_radius, ring_field

__all__ = [
    "CoilSource",
    "DipoleSource",
    "FieldSource",
    "Wing",
    "coil_source",
    "loop_source",
    "primary_field",
    "source_of",
]

Floats = NDArray[np.float64]


class FieldSource(Protocol):
    """Anything with a vector potential; points are (n, 3) metres in its own frame."""

    @property
    def name(self) -> str:
        """The name, for messages."""

    def vector_potential(self, points_m: Floats) -> Floats:
        """Return A, (n, 3) T m per A."""

    def magnetic_field(self, points_m: Floats) -> Floats:
        """Return B, (n, 3) T per A."""

    def farthest_inside_m(self, centre_m: Floats) -> float:
        """Return the radius of the largest ball round `centre_m` that is free of current."""


@dataclass(frozen=True, slots=True, eq=False)
class Wing:
    """Filaments round one axis. Metres; `axes` has rows u, v, w in coil axes, w the moment.

    Parameters
    ----------
    centre_m : (3,) float64
    axes : (3, 3) float64
    radius_m, height_m, share : (k,) float64
        Of each filament: radius, height along w, and current for 1 A in the coil.
    """

    centre_m: Floats
    axes: Floats
    radius_m: Floats
    height_m: Floats
    share: Floats

    def local(self, points_m: Floats) -> tuple[Floats, Floats]:
        """Return ``(u, v, w)`` of the points in the wing's axes, (n, 3), and their rho, (n,)."""
        uvw = (points_m - self.centre_m) @ self.axes.T
        return uvw, np.hypot(uvw[:, 0], uvw[:, 1])

    def potential_over_radius(self, rho: Floats, w: Floats) -> Floats:
        """Return A_phi / rho of all filaments, (n,) T per A."""
        total = np.zeros(np.broadcast(rho, w).shape)
        for radius, height, share in zip(self.radius_m, self.height_m, self.share, strict=True):
            total += share * potential_over_radius(rho, w - height, float(radius))
        return total

    def vector_potential(self, points_m: Floats) -> Floats:
        """Return A of the wing, (n, 3) T m per A, in coil axes."""
        uvw, rho = self.local(points_m)
        return self.turned(uvw, self.potential_over_radius(rho, uvw[:, 2]))

    def turned(self, uvw: Floats, over_radius: Floats) -> Floats:
        """Return A in coil axes from A_phi / rho: phi is -v, u over rho."""
        return np.asarray(
            (-uvw[:, 1] * over_radius)[:, None] * self.axes[0]
            + (uvw[:, 0] * over_radius)[:, None] * self.axes[1]
        )

    def magnetic_field(self, points_m: Floats) -> Floats:
        """Return B of the wing, (n, 3) T per A, in coil axes."""
        uvw, rho = self.local(points_m)
        radial, axial = np.zeros(len(rho)), np.zeros(len(rho))
        for radius, height, share in zip(self.radius_m, self.height_m, self.share, strict=True):
            b_r, b_w = ring_field(rho, uvw[:, 2] - height, float(radius))
            radial += share * b_r
            axial += share * b_w
        per_rho = radial / np.where(rho == 0, 1.0, rho)
        local = np.stack([uvw[:, 0] * per_rho, uvw[:, 1] * per_rho, axial], axis=1)
        return np.asarray(local @ self.axes)

    def nearest_m(self, points_m: Floats) -> Floats:
        """Return the (n,) distance from each point to the nearest filament."""
        uvw, rho = self.local(points_m)
        gaps = np.hypot(
            rho[:, None] - self.radius_m[None, :], uvw[:, 2][:, None] - self.height_m[None, :]
        )
        return np.asarray(gaps.min(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class CoilSource:
    """The filaments of one coil, in coil axes (face z = 0, head at z > 0), metres.

    Parameters
    ----------
    name : str
        As in `coil_names`, or the caller's.
    wings : tuple of Wing
    """

    name: str
    wings: tuple[Wing, ...]

    def vector_potential(self, points_m: Floats) -> Floats:
        """Return A in coil axes.

        Parameters
        ----------
        points_m : (n, 3) float64
            Coil axes, metres; not on a filament.

        Returns
        -------
        (n, 3) float64
            T m per A (V s / m per A). The primary field is -dI/dt times this.
        """
        return np.asarray(sum(w.vector_potential(points_m) for w in self.wings))

    def magnetic_field(self, points_m: Floats) -> Floats:
        """Return B in coil axes, (n, 3) T per A; see `vector_potential`."""
        return np.asarray(sum(w.magnetic_field(points_m) for w in self.wings))

    def nearest_m(self, points_m: Floats) -> Floats:
        """Return the (n,) distance from each point (coil axes, m) to the nearest filament."""
        return np.asarray(np.min([w.nearest_m(points_m) for w in self.wings], axis=0))

    def farthest_inside_m(self, centre_m: Floats) -> float:
        """Return the radius of the largest ball round `centre_m` that is free of current."""
        return float(self.nearest_m(np.atleast_2d(centre_m))[0])

    def opposite(self) -> CoilSource:
        """Return the same coil with its current reversed."""
        flipped = tuple(
            Wing(w.centre_m, w.axes, w.radius_m, w.height_m, -w.share) for w in self.wings
        )
        return CoilSource(f"{self.name}, current reversed", flipped)


@dataclass(frozen=True, slots=True, eq=False)
class DipoleSource:
    """Magnetic dipoles at points: metres, and moments in A m² per A.

    Parameters
    ----------
    name : str
    position_m, moment_m2 : (k, 3) float64
    """

    name: str
    position_m: Floats
    moment_m2: Floats

    def vector_potential(self, points_m: Floats) -> Floats:
        """Return A = mu0 / (4 pi) m x d / d³, (n, 3) T m per A."""
        d = points_m[:, None, :] - self.position_m[None, :, :]
        cube = np.linalg.norm(d, axis=2) ** 3
        crossed = np.cross(self.moment_m2[None, :, :], d) / cube[:, :, None]
        return np.asarray(MU0 / (4 * np.pi) * crossed.sum(axis=1))

    def magnetic_field(self, points_m: Floats) -> Floats:
        """Return B, (n, 3) T per A."""
        d = points_m[:, None, :] - self.position_m[None, :, :]
        length = np.linalg.norm(d, axis=2)[:, :, None]
        along = np.einsum("nkc,kc->nk", d, self.moment_m2)[:, :, None]
        each = 3 * d * along / length**5 - self.moment_m2[None, :, :] / length**3
        return np.asarray(MU0 / (4 * np.pi) * each.sum(axis=1))

    def farthest_inside_m(self, centre_m: Floats) -> float:
        """Return the radius of the largest ball round `centre_m` that is free of dipoles."""
        return float(np.linalg.norm(self.position_m - centre_m, axis=1).min())


@cache
def coil_source(name: str) -> CoilSource:
    """Return the filaments of a coil by its name in `coil_names`.

    Raises
    ------
    InputError
        If there is no such coil.
    """
    return source_of(coil_called(name))


def source_of(coil: Coil) -> CoilSource:
    """Return the filaments of a coil."""
    return CoilSource(coil.name, tuple(_wing(w) for w in coil.windings))


def loop_source(centre_m: ArrayLike, normal: ArrayLike, radius_m: float) -> CoilSource:
    """Return one circular turn; its moment is along `normal`.

    Raises
    ------
    InputError
        If the radius is not positive.
    """
    if not radius_m > 0:
        raise InputError(f"a loop's radius is {radius_m} m. Expected more than 0.")
    centre = np.asarray(centre_m, dtype=np.float64)
    one = np.ones(1)
    return CoilSource("loop", (Wing(centre, _axes(normal), radius_m * one, 0 * one, one),))


def primary_field(source: FieldSource, scanner_from_coil: Floats, points_m: Floats) -> Floats:
    """Return -A turned into the head: the primary field for dI/dt = 1 A/s, (n, 3) V/m.

    Parameters
    ----------
    source : FieldSource
    scanner_from_coil : (4, 4) float64
        Rigid, metres.
    points_m : (n, 3) float64
        In the head's frame, metres.
    """
    turn, centre = scanner_from_coil[:3, :3], scanner_from_coil[:3, 3]
    return np.asarray(-source.vector_potential((points_m - centre) @ turn) @ turn.T)


def _wing(winding: Winding) -> Wing:
    heights = np.array(winding.heights_mm) * 1e-3
    radii = np.array(winding.radii_mm) * 1e-3
    return Wing(
        np.array(winding.centre_mm) * 1e-3,
        _axes(winding.moment),
        np.repeat(radii, len(heights)),
        np.tile(heights, len(radii)),
        np.full(len(radii) * len(heights), 1.0 / len(heights)),
    )


def _axes(normal: ArrayLike) -> Floats:
    """Return rows u, v, w: right-handed, orthonormal, w along `normal`."""
    w = np.asarray(normal, dtype=np.float64)
    w = w / np.linalg.norm(w)
    first = np.eye(3)[int(np.abs(w).argmin())]
    u = np.cross(first, w)
    u /= np.linalg.norm(u)
    return np.stack([u, np.cross(w, u), w])
