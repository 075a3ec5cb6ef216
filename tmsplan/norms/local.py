"""The seam for sites that the model was not fitted at: what local controls say about them.

A local adjustment stands between the standard residual and its z. It shifts and scales the
standard residual, and adds its own uncertainty to the leverage, so that z stays predictive.
It is stored beside the model as a header (JSON) and named arrays. `transfer.py` makes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from .sample import Newcomer, Sample

__all__ = ["Adjusted", "Local", "load_local"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Adjusted:
    """Standard residuals in terms of a new site.

    Parameters
    ----------
    residual : (m, f) float64
    leverage : (m, f) float64
        Of the whole prediction: var(residual) = 1 + leverage.
    df : float
        Degrees of freedom of the scale; ``Local.df``.
    """

    residual: Floats
    leverage: Floats
    df: float


class Local(Protocol):
    """What is known of one new site."""

    @property
    def site(self) -> str:
        """Its name; people of other sites are refused."""

    @property
    def n(self) -> int:
        """How many local controls."""

    @property
    def male(self) -> Floats:
        """Sex of each local control, 1 = M."""

    @property
    def reference(self) -> int:
        """How many controls of other sites the norms came from."""

    @property
    def df(self) -> float:
        """Degrees of freedom of the scale after the adjustment."""

    @property
    def note(self) -> str:
        """What the transfer cost, one sentence for page and sheet."""

    @property
    def sample(self) -> Sample:
        """The local controls, in adjusted residuals."""

    def newcomer(self, residual: Floats) -> Newcomer:
        """Return a person in the terms of `sample`, from adjusted residuals (f,)."""

    def leave_one_out_z(self) -> Floats:
        """Return the z of every local control against the others, (n, f)."""

    def bootstrap_z(self, weights: Floats, residual: Floats) -> Floats:
        """Return one person's z under redrawn local controls, (b, f).

        Parameters
        ----------
        weights : (b, n) float64
            How often each control is drawn; of `resample.draw_weights`.
        residual : (f,) float64
            Adjusted.
        """

    def bend(self, residual: Floats) -> Floats:
        """Return adjusted residuals with the skewness of the values."""

    def straighten(self, residual: Floats) -> Floats:
        """Return adjusted residuals without it: the inverse of `bend`."""

    @property
    def exact(self) -> bool:
        """Whether intervals follow from the noncentral t: no shape was estimated."""

    def adjust(self, residual: Floats, leverage: Floats, df: float) -> Adjusted:
        """Return standard residuals (m, f) as seen from this site."""

    def restore(self, adjusted: Floats) -> Floats:
        """Return the standard residuals (m, f) of adjusted ones, for centile curves."""

    def taking(self, features: NDArray[np.intp]) -> Local:
        """Return the same for some features."""

    def header(self) -> dict[str, object]:
        """Return what is stored as JSON."""

    def arrays(self) -> dict[str, Floats]:
        """Return what is stored as arrays, by name."""


class _Home(Protocol):
    def load_local(self, header: Mapping[str, object], arrays: Mapping[str, Floats]) -> Local: ...


def load_local(header: Mapping[str, object], arrays: Mapping[str, Floats]) -> Local:
    """Return a stored adjustment; refuse one that is incomplete.

    Raises
    ------
    InputError
        If a part is missing or impossible.
    """
    return cast("_Home", import_module(".transfer", __package__)).load_local(header, arrays)
