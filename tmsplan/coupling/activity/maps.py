"""Every map of one run for a user who wants only those: ALFF, mALFF, fALFF, ReHo, mean."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...patient.series import Series
from ...space.grid import Volume
from ...surface.field import Field
from ...surface.pair import Pair
from .alff import falff
from .bandpass import keep_band
from .clean import Choices
from .compute import Measured, measure, on_cortex, on_grid
from .passband import require_for_falff
from .reho import reho
from .relative import relative

__all__ = ["RunMaps", "maps_of"]


@dataclass(frozen=True, slots=True, eq=False)
class RunMaps:
    """The maps of one run.

    Parameters
    ----------
    maps : mapping of name to Volume or Pair of Field
    units : mapping of name to unit
    refused : mapping of name to reason
        Maps that this run cannot give.
    qc, params : mapping
    notes : tuple of str
    """

    maps: Mapping[str, Volume[Any] | Pair[Field]]
    units: Mapping[str, str]
    refused: Mapping[str, str]
    qc: Mapping[str, object]
    params: Mapping[str, object]
    notes: tuple[str, ...]


def maps_of(
    series: Series,
    choices: Choices,
    *,
    mask: NDArray[np.bool_] | None = None,
    neighbours: int = 0,
    owner: str,
) -> RunMaps:
    """Return ALFF, mALFF, the mean, fALFF, and ReHo where it is asked for.

    Parameters
    ----------
    series : Series
    choices : Choices
    mask : (i, j, k) bool or None
        None finds the brain.
    neighbours : int
        7, 19 or 27 for ReHo of a volume; 0 for none.
    owner : str

    Raises
    ------
    InputError
        If the run is refused. What the run merely cannot give (fALFF of a band-passed series)
        is in `refused`.
    """
    measured = measure(series, choices, mask=mask)
    unit = "percent of mean" if choices.scale == "percent" else "a.u."
    flat: dict[str, NDArray[np.float64]] = {
        "alff": measured.alff,
        "malff": relative(measured.alff, None, owner),
        "mean_bold": measured.clean.mean,
    }
    refused = {}
    try:
        require_for_falff(measured.clean.passband)
        if measured.clean.kept is not None:
            raise InputError("fALFF needs every volume; some are censored.")
        flat["falff"] = falff(
            measured.clean.residual, series.tr_s, choices.band, engine=choices.engine
        )
    except InputError as err:
        refused["falff"] = str(err)
    if neighbours:
        flat["reho"] = _reho(measured, series, choices, neighbours)
    units = {"alff": unit, "malff": "1", "mean_bold": "a.u.", "falff": "share", "reho": "W"}
    return RunMaps(
        maps={n: _placed(v, measured, series, owner, (n, units[n])) for n, v in flat.items()},
        units=MappingProxyType({n: units[n] for n in flat}),
        refused=refused,
        qc=measured.qc,
        params={**measured.params, "reho_neighbours": neighbours},
        notes=measured.clean.notes,
    )


def _reho(
    measured: Measured, series: Series, choices: Choices, neighbours: int
) -> NDArray[np.float64]:
    if measured.mask is None:
        raise InputError(
            "ReHo of a surface needs its triangles; here it is offered for volumes. Leave --reho "
            "out, or take the volume run."
        )
    if measured.clean.kept is not None:
        raise InputError("ReHo needs every volume; some are censored. Set spikes = regress.")
    # The residual is needed no more: it becomes its own part inside the band.
    residual = measured.clean.residual
    alive = np.isfinite(residual).all(axis=1)
    residual[~alive] = 0.0
    keep_band(residual, series.tr_s, choices.band)
    residual[~alive] = math.nan
    return reho(residual, measured.mask, neighbours=neighbours)


def _placed(
    flat: NDArray[np.float64],
    measured: Measured,
    series: Series,
    owner: str,
    name: tuple[str, str],
) -> Volume[Any] | Pair[Field]:
    if series.grid is not None and measured.mask is not None:
        return on_grid(flat, measured.mask, series.grid)
    return on_cortex(flat, measured.rows, series, owner, name)
