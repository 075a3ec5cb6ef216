"""Solvers of the charge equations: dense factors for one boundary, Krylov steps for many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError

__all__ = ["DirectSolver", "KrylovSolver", "Solver", "direct_solver"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

#: Residual, relative to the right side, at which the iteration ends: far below the error of the
#: discretisation (0.3 %).
_TOLERANCE = 1e-5
#: fsaverage's pia takes 14 steps and a real one 17; one that needs far more is broken.
_STEPS = 60


class Solver(Protocol):
    """Solves ``matrix @ x = right`` and the transposed system, columns at once."""

    def solve(self, right: Floats) -> Floats:
        """Return x, (n, k), of right sides (n, k)."""

    def solve_transposed(self, right: Floats) -> Floats:
        """Return x, (n, k), of the transposed system."""


@dataclass(frozen=True, slots=True, eq=False)
class DirectSolver:
    """LU factors of a dense matrix, in single precision."""

    lu: Singles
    pivots: NDArray[np.int32]

    def solve(self, right: Floats) -> Floats:
        """Return x, (n, k), of right sides (n, k)."""
        return self._solve(right, transposed=0)

    def solve_transposed(self, right: Floats) -> Floats:
        """Return x, (n, k), of the transposed system."""
        return self._solve(right, transposed=1)

    def _solve(self, right: Floats, *, transposed: Literal[0, 1]) -> Floats:
        from scipy.linalg import lu_solve

        factors: Any = (self.lu, self.pivots)
        found: Any = lu_solve(factors, right.astype(np.float32), trans=transposed)
        return np.asarray(found, dtype=np.float64)


def direct_solver(matrix: Singles) -> DirectSolver:
    """Return the factors; the matrix is overwritten."""
    from scipy.linalg import lu_factor

    lu, pivots = lu_factor(matrix, overwrite_a=True, check_finite=False)
    return DirectSolver(lu, pivots)


@dataclass(frozen=True, slots=True, eq=False)
class KrylovSolver:
    """GMRES on a dense matrix. The columns advance together: the matrix is read once a step."""

    matrix: Singles

    def solve(self, right: Floats) -> Floats:
        """Return x, (n, k), of right sides (n, k).

        Raises
        ------
        InputError
            If the iteration does not converge.
        """
        return self._solve(self.matrix, right)

    def solve_transposed(self, right: Floats) -> Floats:
        """Return x, (n, k), of the transposed system."""
        return self._solve(self.matrix.T, right)

    def _solve(self, matrix: Singles, right: Floats) -> Floats:
        bases = [_Basis.start(column) for column in right.T]
        for _ in range(_STEPS):
            last = np.stack([b.vectors[-1] for b in bases], axis=1)
            products = (matrix @ last.astype(np.float32)).astype(np.float64)
            for basis, product in zip(bases, products.T, strict=True):
                basis.extend(product)
            if max(b.residual for b in bases) < _TOLERANCE:
                return np.stack([b.solution() for b in bases], axis=1)
        worst = max(b.residual for b in bases)
        raise InputError(
            f"the charges did not settle in {_STEPS} steps (residual {worst:.1e}, expected "
            f"{_TOLERANCE:g}). The surfaces probably cross each other; check the inner skull and "
            f"the pial surface, or use the shell engine."
        )


@dataclass(slots=True, eq=False)
class _Basis:
    """One right side's Krylov space: Arnoldi's vectors and the small problem on them."""

    vectors: list[Floats]
    columns: list[Floats]
    norm: float
    weights: Floats
    residual: float

    @classmethod
    def start(cls, right: Floats) -> _Basis:
        norm = float(np.linalg.norm(right))
        return cls([right / norm if norm else right], [], norm, np.zeros(0), 0.0)

    def extend(self, product: Floats) -> None:
        """Orthogonalise the next vector, twice for safety, and solve the small problem."""
        if self.norm == 0:
            self.vectors.append(product)
            return
        known = np.stack(self.vectors, axis=1)
        column = known.T @ product
        left = product - known @ column
        again = known.T @ left
        left -= known @ again
        size = float(np.linalg.norm(left))
        self.columns.append(np.append(column + again, size))
        self.vectors.append(left / size if size else left)
        small = np.zeros((len(self.vectors), len(self.columns)))
        for j, values in enumerate(self.columns):
            small[: len(values), j] = values
        aim = np.zeros(len(small))
        aim[0] = 1.0
        self.weights = np.asarray(np.linalg.lstsq(small, aim, rcond=None)[0], dtype=np.float64)
        self.residual = float(np.linalg.norm(small @ self.weights - aim))

    def solution(self) -> Floats:
        total = np.zeros_like(self.vectors[0])
        for weight, vector in zip(self.weights, self.vectors, strict=False):
            total += weight * vector
        return total * self.norm
