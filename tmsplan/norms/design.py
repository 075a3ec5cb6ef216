"""Covariates of the controls as the columns of a linear model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError

__all__ = ["COVARIATES", "Design"]

Floats = NDArray[np.float64]

#: What a model can correct for. Everything else in a table is a feature or is not used.
COVARIATES = ("age", "sex")

#: Orthogonalised columns shorter than this part of themselves are copies of the others;
#: rounding leaves about 1e-15, and a real covariate at least 1 / sqrt(n).
_COPY = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """The design matrix X of n controls, kept as X = Q R.

    Columns are the intercept, age minus its mean (years) and sex (M = 1, F = 0). Sex is left
    out when all controls have one sex: nothing can then be said about the other.

    Parameters
    ----------
    covariates : tuple of str
        Those asked for, of ``age`` and ``sex``.
    columns : tuple of str
        Those used, ``intercept`` first.
    age : (n,) float64
        Years.
    male : (n,) float64
        1 for M, 0 for F.
    centre : float
        Mean age, years.
    q : (n, k) float64
        Orthonormal columns.
    r : (k, k) float64
        Upper triangular.
    """

    covariates: tuple[str, ...]
    columns: tuple[str, ...]
    age: Floats
    male: Floats
    centre: float
    q: Floats
    r: Floats

    @classmethod
    def of(cls, age: Floats, male: Floats, covariates: Sequence[str] = COVARIATES) -> Design:
        """Return the design of controls of the given age (years) and sex (M = 1).

        Raises
        ------
        InputError
            If a covariate is unknown or named twice, does not vary, repeats another one, or
            rests on one control alone.
        """
        wanted = _known(covariates)
        both = bool(np.any(male == 0) and np.any(male == 1))
        used = tuple(c for c in wanted if c != "sex" or both)
        columns = ("intercept", *used)
        centre = float(np.mean(age))
        x = _matrix(columns, age - centre, male)
        q, r = np.linalg.qr(x)
        _require_rank(columns, x, r)
        _require_shared(columns, q)
        for array in (age, male, q, r):
            array.setflags(write=False)
        return cls(wanted, columns, age, male, centre, q, r)

    @property
    def n(self) -> int:
        """How many controls."""
        return len(self.age)

    @property
    def df(self) -> int:
        """Degrees of freedom of the residuals: n - k."""
        return self.n - len(self.columns)

    @property
    def leverage(self) -> Floats:
        """Share of each control's own value in its fitted value, (n,)."""
        return np.asarray(np.sum(self.q**2, axis=1))

    @property
    def sexes(self) -> tuple[str, ...]:
        """Those that occur, of ``F`` and ``M``."""
        return tuple(s for s, code in (("F", 0.0), ("M", 1.0)) if np.any(self.male == code))

    def rows(self, age: Floats, sex: str) -> tuple[Floats, Floats]:
        """Return the design rows of people of one sex at the given ages (years).

        Returns
        -------
        x : (m, k) float64
            For prediction with the coefficients.
        q : (m, k) float64
            The same rows in the basis of `q`: x = q R, so |q|² is the leverage
            x' (X'X)^-1 x.
        """
        male = np.full(len(age), float(sex == "M"))
        x = _matrix(self.columns, age - self.centre, male)
        return x, np.asarray(np.linalg.solve(self.r.T, x.T).T, dtype=float)


def _known(covariates: Sequence[str]) -> tuple[str, ...]:
    for name in covariates:
        if name not in COVARIATES:
            raise InputError(
                f"'{name}' cannot be corrected for; covariates are {', '.join(COVARIATES)}."
            )
    if len(set(covariates)) != len(covariates):
        raise InputError("a covariate is named twice; name each once.")
    return tuple(c for c in COVARIATES if c in covariates)


def _matrix(columns: tuple[str, ...], centred_age: Floats, male: Floats) -> Floats:
    known = {"intercept": np.ones(len(male)), "age": centred_age, "sex": male}
    return np.column_stack([known[c] for c in columns])


def _require_rank(columns: tuple[str, ...], x: Floats, r: Floats) -> None:
    if len(x) <= len(columns):
        raise InputError(
            f"{len(x)} controls cannot determine {len(columns)} coefficients "
            f"({', '.join(columns)}); add controls."
        )
    length = np.linalg.norm(x, axis=0)
    for name, own, left in zip(columns, length, np.abs(np.diag(r)), strict=True):
        if left <= _COPY * max(own, 1.0):
            raise InputError(
                f"'{name}' does not vary among the controls, or repeats another covariate, so "
                f"it cannot be corrected for; leave it out of the covariates."
            )


def _require_shared(columns: tuple[str, ...], q: Floats) -> None:
    if np.any(np.sum(q**2, axis=1) > 1 - _COPY):
        raise InputError(
            f"one control alone decides a coefficient ({', '.join(columns[1:])}), for example "
            f"the only one of a sex; add such controls or leave that covariate out."
        )
