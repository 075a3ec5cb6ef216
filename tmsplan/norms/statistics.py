"""What one pass over the controls must keep: sums, from which every fit follows.

The sums of two groups of people add up, so controls may be read in pieces of any size.
Values are taken relative to the first piece's means: sums of squares of numbers far from 0
would lose their digits.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from .design import Design

__all__ = ["Moments"]

Floats = NDArray[np.float64]


class Moments:
    """B'Y and Y'Y of controls in the orthonormal basis B of their design.

    B'B is the identity by construction; X'X and X'Y follow from ``Design.into``. Memory:
    (p + 3) numbers a feature, whatever the number of people.

    Parameters
    ----------
    design : Design
        Of all controls, in the order in which their values will come.
    """

    def __init__(self, design: Design) -> None:
        if design.people is None:
            raise InputError("the design holds no controls, so values cannot be added to it.")
        self.design = design
        self.n = 0
        self.centre = np.zeros(0)
        self.cross = np.zeros((0, 0))
        self.squares = np.zeros(0)

    def add(self, values: Floats) -> None:
        """Add the next people.

        Parameters
        ----------
        values : (m, f) array
            Any real type; worked on in float64.

        Raises
        ------
        InputError
            If there are more people than in the design, the features change, or a value is
            not finite.
        """
        piece = np.asarray(values, dtype=float)
        if not self.n:
            self._begin(piece)
        rows = slice(self.n, self.n + len(piece))
        self._require(piece, rows)
        piece = piece - self.centre
        self.cross += self.design.b[rows].T @ piece
        self.squares += np.einsum("ij,ij->j", piece, piece)
        self.n = rows.stop

    def _begin(self, piece: Floats) -> None:
        if piece.ndim != 2 or not piece.size:
            raise InputError(
                f"the values have the shape {piece.shape}. Expected people by features."
            )
        self.centre = piece.mean(axis=0)
        self.cross = np.zeros((self.design.b.shape[1], piece.shape[1]))
        self.squares = np.zeros(piece.shape[1])

    def _require(self, piece: Floats, rows: slice) -> None:
        if piece.ndim != 2 or piece.shape[1] != len(self.centre):
            raise InputError(
                f"people {rows.start + 1} and on have {piece.shape[-1]} features. Expected "
                f"{len(self.centre)}, as in those before."
            )
        if rows.stop > self.design.n:
            raise InputError(
                f"there are values of more than {self.design.n} people, which is how many have "
                f"covariates; both must be of the same people in the same order."
            )
        bad = ~np.isfinite(piece)
        if bad.any():
            i, j = np.argwhere(bad)[0]
            raise InputError(
                f"person {rows.start + i + 1} has {piece[i, j]} in feature {j + 1}. Expected a "
                f"number: leave the person or the feature out."
            )

    def add_all(self, pieces: Iterable[Floats]) -> Moments:
        """Add all pieces and require that everyone was among them.

        Raises
        ------
        InputError
            As `add`, and if people are missing.
        """
        for piece in pieces:
            self.add(piece)
        if self.n != self.design.n:
            raise InputError(
                f"there are values of {self.n} people, but covariates of {self.design.n}; both "
                f"must be of the same people in the same order."
            )
        return self

    def projected(self) -> Floats:
        """Return B'Y, (p, f), of the values themselves (not relative to `centre`)."""
        ones = self.design.b.sum(axis=0)
        return np.asarray(self.cross + ones[:, None] * self.centre)

    def error(self) -> Floats:
        """Return the sum of squares that is left with every column free, (f,)."""
        # The intercept is a column: the centre is fitted exactly and leaves nothing.
        left = self.squares - np.einsum("ij,ij->j", self.cross, self.cross)
        return np.asarray(np.maximum(left, 0.0))
