"""Covariates of the controls as orthonormal columns that all features share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from .people import People
from .terms import COVARIATES, Terms

__all__ = ["Design", "Rows"]

Floats = NDArray[np.float64]

#: Orthogonalised columns shorter than this part of themselves are copies of the others;
#: rounding leaves about 1e-15, and a real covariate at least 1 / sqrt(n).
_COPY = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Design rows of m people.

    Parameters
    ----------
    people : People
    fixed : (m, k) float64
        Intercept, age, sex, further covariates.
    site : (m, s) float64
        One 1 a row, in the order of ``Terms.sites``; no columns where sites have no offset.
    b : (m, p) float64
        The same in the orthonormal basis of the controls.
    """

    people: People
    fixed: Floats
    site: Floats
    b: Floats


@dataclass(frozen=True, eq=False)
class Design:
    """The design of n controls in an orthonormal basis B = [fixed, site] into.

    The first k columns of B span the fixed columns. The others span what the sites add to
    them, along the axes on which the sites' offsets have independent estimates (at most one
    less than there are sites: the intercept takes one direction). Along axis j the controls
    carry the information `site_size[j]`, near the number of controls a site.

    Parameters
    ----------
    terms : Terms
    into : (k + s, p) float64
    site_size : (p - k,) float64
    n : int
        How many controls.
    people : People or None
        The controls; None if the model holds no individual.
    """

    terms: Terms
    into: Floats
    site_size: Floats
    n: int
    people: People | None

    @classmethod
    def of(
        cls, people: People, covariates: Sequence[str] = COVARIATES, *, age: str = "linear"
    ) -> Design:
        """Return the design of these controls.

        Parameters
        ----------
        people : People
        covariates : sequence of str
            ``age``, ``sex``, ``site`` or names of ``people.others``.
        age : str
            ``"linear"`` or ``"spline"``.

        Raises
        ------
        InputError
            If a covariate is unknown or named twice, does not vary, repeats another one, or
            rests on one control alone.
        """
        terms = Terms.of(people, covariates, age=age)
        x = terms.fixed(people)
        q, r = np.linalg.qr(x)
        _require_rank(terms.columns, x, r)
        _require_shared(terms.columns, q)
        z = terms.site_rows(people)
        apart = z - q @ (q.T @ z)
        axes, size = _site_axes(apart)
        back = np.linalg.inv(r)
        upper = np.hstack([back, -back @ (q.T @ z) @ axes])
        into = np.vstack([upper, np.hstack([np.zeros((z.shape[1], len(back))), axes])])
        into.setflags(write=False)
        size.setflags(write=False)
        return cls(terms, into, size, len(people), people)

    @property
    def covariates(self) -> tuple[str, ...]:
        """What was asked to be corrected for."""
        return self.terms.covariates

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the k fixed columns, ``intercept`` first."""
        return self.terms.columns

    @property
    def k(self) -> int:
        """How many fixed columns."""
        return len(self.columns)

    @property
    def df(self) -> int:
        """Degrees of freedom of the residuals, n - k: offsets of sites are random."""
        return self.n - self.k

    @cached_property
    def b(self) -> Floats:
        """Orthonormal rows of the controls, (n, p); no rows if they are not held."""
        if self.people is None:
            return np.zeros((0, self.into.shape[1]))
        return self.rows(self.people).b

    def rows(self, people: People) -> Rows:
        """Return the design rows of some people, whose sites are known to be covered."""
        fixed, site = self.terms.fixed(people), self.terms.site_rows(people)
        return Rows(people, fixed, site, np.hstack([fixed, site]) @ self.into)


def _site_axes(apart: Floats) -> tuple[Floats, Floats]:
    """Return axes (s, j) with apart @ axes orthonormal, and the information on each."""
    size, axes = np.linalg.eigh(apart.T @ apart)
    kept = size > _COPY * max(len(apart), 1)
    # The sign of an eigenvector is free: fix it, so that equal tables give equal files.
    axes = axes[:, kept]
    if axes.size:
        largest = np.abs(axes).argmax(axis=0)
        axes = axes * np.sign(axes[largest, np.arange(axes.shape[1])])
    return axes / np.sqrt(size[kept]), size[kept]


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
