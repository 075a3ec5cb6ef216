"""The deviations of one person who is covered by a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ..base.errors import InputError
from ..base.params import Params
from .effect import interval_of
from .fitted import Fitted
from .people import People
from .predictive import predictive_z
from .resample import rank_p

__all__ = ["Scores", "score"]

Floats = NDArray[np.float64]

#: Fixed, so that a plan can be repeated. Any other seed would serve.
_SEED = 20_260_101
#: No person is this far out in half of all regions: then the unit or the measure differs.
_IMPLAUSIBLE = 8.0
#: From so many features a median says something about the whole table.
_WHOLE_TABLE = 5


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Numbers of one person for each of f features; `Deviations` describes them."""

    value: Floats
    z: Floats
    low: Floats
    high: Floats
    centile: Floats
    rank_p: Floats
    boot_z: Floats

    @property
    def numbers(self) -> tuple[Floats, ...]:
        """One array a number of `Deviation`, in its order."""
        return self.value, self.z, self.low, self.high, self.centile, self.rank_p


def score(
    fitted: Fitted,
    values: Mapping[str, float],
    person: People,
    *,
    params: Params,
    redraw: bool = True,
) -> Scores:
    """Return the numbers of one person; `NormativeModel.deviations` describes them.

    Parameters
    ----------
    fitted : Fitted
    values : mapping of feature to value
    person : People
        Of one, known to be covered by the model.
    params : Params
        `interval` and `bootstraps` are used.
    redraw : bool
        Redraw the controls even where no interval needs it: to rank regions.

    Raises
    ------
    InputError
        If no feature is shared, a value is infinite, or the values cannot be of the same
        measure as the norms.
    """
    value = _joined(fitted.features, values)
    found = fitted.standard(value[None], person)
    residual, leverage = found.residual[0], found.leverage[0]
    z = predictive_z(residual / np.sqrt(1 + leverage), found.df)
    _require_plausible(z)
    p, drawn = np.full(len(z), np.nan), np.zeros((0, len(z)))
    if fitted.sample is not None:
        p = rank_p(fitted.sample, fitted.newcomer(residual, person))
    if redraw or not fitted.exact:
        drawn = fitted.redrawn_z(residual, person, int(params.bootstraps.value), _SEED)
    low, high = interval_of(fitted, found, person, drawn, params.interval.value)
    return Scores(value, z, low, high, special.ndtr(z), p, drawn)


def _joined(features: tuple[str, ...], values: Mapping[str, float]) -> Floats:
    """Return the person's values by name, NaN where there is none."""
    shared = [f for f in features if f in values]
    if not shared:
        raise InputError(
            f"none of the person's {len(values)} features is in the norms (the first: "
            f"'{next(iter(values), 'none')}' and '{features[0]}'); use norms of the same atlas."
        )
    joined = np.array([values.get(f, np.nan) for f in features], dtype=float)
    if np.isinf(joined).any():
        name = features[int(np.flatnonzero(np.isinf(joined))[0])]
        raise InputError(
            f"the person's '{name}' is infinite. Expected a number, or NaN if missing."
        )
    if np.isnan(joined).all():
        raise InputError("the person has no value in any feature of the norms.")
    return joined


def _require_plausible(z: Floats) -> None:
    known = np.abs(z[np.isfinite(z)])
    if len(known) >= _WHOLE_TABLE and np.median(known) > _IMPLAUSIBLE:
        raise InputError(
            f"half of the person's {len(known)} features are more than {np.median(known):.0f} "
            f"standard deviations from the controls. No brain is; the norms are of another "
            f"measure or unit (for example rho and Fisher z)."
        )
