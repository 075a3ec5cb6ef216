"""The deviations of one person who is covered by a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ..base.errors import InputError
from ..base.params import Params
from .deviations import Deviation, Deviations
from .person import Person
from .predictive import effect_interval, predictive_z
from .resample import Newcomer, bootstrap_z, leave_one_out_z, rank_p

if TYPE_CHECKING:
    from .model import NormativeModel

__all__ = ["score"]

Floats = NDArray[np.float64]

#: Fixed, so that a plan can be repeated. Any other seed would serve.
_SEED = 20_260_101
#: No person is this far out in half of all regions: then the unit or the measure differs.
_IMPLAUSIBLE = 8.0
#: From so many features a median says something about the whole table.
_WHOLE_TABLE = 5


def score(
    model: NormativeModel,
    values: Mapping[str, float],
    person: Person,
    *,
    extrapolated: bool,
    params: Params,
) -> Deviations:
    """Return the deviations of a person; `NormativeModel.deviations` describes them.

    Parameters
    ----------
    model : NormativeModel
    values : mapping of feature to value
    person : Person
        Known to be covered by the model.
    extrapolated : bool
    params : Params

    Raises
    ------
    InputError
        If no feature is shared, a value is infinite, or the values cannot be of the same
        measure as the norms.
    """
    value = _joined(model.features, values)
    x, q = model.design.rows(np.array([person.age], dtype=float), str(person.sex))
    newcomer = Newcomer(q[0], (value - x[0] @ model.coefficients) / model.sd)
    z = predictive_z(newcomer.residual / np.sqrt(1 + newcomer.leverage), model.design.df)
    _require_plausible(z)
    low, high = effect_interval(
        newcomer.residual, newcomer.leverage, model.design.df, params.interval.value
    )
    basis, residuals = model.design.q, model.residuals
    p = rank_p(basis, residuals, newcomer)
    columns = (value, z, low, high, special.ndtr(z), p)
    return Deviations(
        rows=_rows(model, columns, extrapolated=extrapolated),
        tier=model.tier,
        labels=model.labels,
        loo_z=leave_one_out_z(basis, residuals),
        boot_z=bootstrap_z(basis, residuals, newcomer, int(params.bootstraps.value), _SEED),
        norms=model.block(),
    )


def _rows(
    model: NormativeModel, columns: tuple[Floats, ...], *, extrapolated: bool
) -> tuple[Deviation, ...]:
    return tuple(
        Deviation(
            feature=name,
            value=value,
            z=z,
            z_low=low,
            z_high=high,
            centile=centile,
            rank_p=p,
            extrapolated=extrapolated,
            n_reference=model.n,
        )
        for name, (value, z, low, high, centile, p) in zip(
            model.features, np.column_stack(columns).tolist(), strict=True
        )
    )


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
