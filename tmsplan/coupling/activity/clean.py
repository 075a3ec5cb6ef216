"""From the series as stored to residuals: what is refused, dropped, regressed, counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...patient.confounds import FD, STRATEGIES, choose, fd_of, n_unsteady
from ...patient.series import Series
from .alff import ENGINES
from .band import Band
from .limits import FD_LIMIT, MAX_CENSORED, MIN_MINUTES, WARN_MINUTES
from .passband import PassBand, passband_of, require_for_alff
from .regress import design_basis, regress_out
from .relative import require_choice

__all__ = ["Choices", "Clean", "clean_series"]

Floats = NDArray[np.float64]
SPIKES = ("regress", "keep", "drop")
SCALES = ("percent", "raw")
#: A demeaned series has a mean of its own rounding; any signal has many times its spread.
_BASELINE = 1.0
_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Choices:
    """The settings of ALFF, checked.

    Parameters
    ----------
    engine : {"dpabi", "fft", "sd", "xcpd"}
    band : Band
    confounds : {"24p", "36p", "acompcor", "none"}
    spikes : {"regress", "keep", "drop"}
        What happens with volumes that moved too much.
    scale : {"percent", "raw"}
        Percent of the voxel's own mean, or the unit of the series.
    """

    engine: str = "dpabi"
    band: Band = Band()  # noqa: RUF009 - frozen
    confounds: str = "24p"
    spikes: str = "regress"
    scale: str = "percent"

    @classmethod
    def of(cls, settings: Mapping[str, object]) -> Choices:
        """Return the choices that settings name.

        Raises
        ------
        InputError
            For an unknown word, a band that is none, or spikes dropped with an engine that
            needs every volume.
        """
        engine = require_choice(settings, "alff_engine", ENGINES)
        spikes = require_choice(settings, "spikes", SPIKES)
        if spikes == "drop" and engine != "xcpd":
            raise InputError(
                f"spikes = drop leaves gaps, and engine '{engine}' needs every volume. Set "
                f"spikes = regress, or alff_engine = xcpd."
            )
        return cls(
            engine,
            Band(_number(settings, "band_low"), _number(settings, "band_high")),
            require_choice(settings, "confounds", STRATEGIES),
            spikes,
            require_choice(settings, "scale", SCALES),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Clean:
    """A cleaned series.

    Parameters
    ----------
    residual : (n, t) float32
        Without mean, line and confounds; NaN rows where a voxel has no signal.
    kept : (t,) bool or None
        None where no volume is left out.
    mean, spread : (n,) float64
        Of the series before the regression.
    passband : PassBand
    qc : mapping
    notes : tuple of str
    """

    residual: NDArray[np.float32]
    kept: NDArray[np.bool_] | None
    mean: Floats
    spread: Floats
    passband: PassBand
    qc: Mapping[str, object]
    notes: tuple[str, ...]


def clean_series(values: NDArray[np.float32], series: Series, choices: Choices) -> Clean:
    """Clean the values of a series in place.

    Parameters
    ----------
    values : (n, n_volumes) float32
        Changed: its memory becomes the residual.
    series : Series
        With its confounds.
    choices : Choices

    Raises
    ------
    InputError
        If the run is shorter than 5 minutes, more than a fifth of it moved, it was filtered so
        that ALFF would be wrong, or it has no baseline to be a percentage of.
    """
    dropped = n_unsteady(series.confounds)
    values = values[:, dropped:]
    spikes, motion = _motion(series, dropped)
    notes = _require_run(series, values.shape[1], spikes)
    mean, spread = _moments(values)
    # A voxel that never changes has no signal, and after the regression only rounding.
    values[~(spread > 0)] = np.nan
    if choices.scale == "percent":
        _require_baseline(mean, spread, series.name)
    found = passband_of(values, series.tr_s)
    notes += require_for_alff(found, choices.band, confounds=choices.confounds)
    kept = _regress(values, series, choices, dropped, spikes)
    qc: dict[str, object] = {
        "minutes": values.shape[1] * series.tr_s / 60.0,
        "tr_s": series.tr_s,
        "volumes": values.shape[1],
        "dropped_volumes": dropped,
        "task": series.task or "not stated",
        **motion,
    }
    return Clean(values, kept, mean, spread, found, qc, notes)


def _motion(series: Series, dropped: int) -> tuple[NDArray[np.bool_], dict[str, object]]:
    fd = fd_of(series.confounds)
    if fd is None:
        return np.zeros(series.n_volumes - dropped, dtype=bool), {"mean_fd_mm": "not measured"}
    spikes = (fd > FD_LIMIT.value)[dropped:]
    # The first volume of a run has no displacement: it is no zero in the mean.
    mean = float(np.nanmean(series.confounds[FD][dropped:]))
    return spikes, {"mean_fd_mm": mean, "censored_share": float(spikes.mean())}


def _require_run(series: Series, n: int, spikes: NDArray[np.bool_]) -> tuple[str, ...]:
    minutes = n * series.tr_s / 60.0
    if minutes < MIN_MINUTES.value:
        raise InputError(
            f"{series.name}: {n} volumes of {series.tr_s:g} s are {60 * minutes:.0f} s. Expected "
            f"at least {60 * MIN_MINUTES.value:.0f} s: slow fluctuations cannot be measured in "
            f"less. Use a longer run."
        )
    if (share := float(spikes.mean())) > MAX_CENSORED.value:
        raise InputError(
            f"{series.name}: {100 * share:.0f} % of the volumes moved more than "
            f"{FD_LIMIT.value:g} mm. Expected at most {100 * MAX_CENSORED.value:.0f} %: no "
            f"regression takes that out. Repeat the scan."
        )
    notes = []
    if minutes < WARN_MINUTES.value:
        notes.append(
            f"Short run: {minutes:.1f} min of BOLD; at least {WARN_MINUTES.value:g} min are "
            f"recommended."
        )
    # BIDS labels of resting runs: rest, Rest, resting, restEyesOpen.
    if not series.task.lower().startswith("rest"):
        task = f"task '{series.task}'" if series.task else "a task that nobody states"
        notes.append(f"The run is not stated to be at rest: {task}.")
    return tuple(notes)


def _moments(values: NDArray[np.float32]) -> tuple[Floats, Floats]:
    mean, spread = np.empty(len(values)), np.empty(len(values))
    for start in range(0, len(values), _BLOCK):
        rows = values[start : start + _BLOCK].astype(np.float64)
        mean[start : start + _BLOCK] = rows.mean(axis=1)
        spread[start : start + _BLOCK] = rows.std(axis=1)
    return mean, spread


def _require_baseline(mean: Floats, spread: Floats, name: str) -> None:
    alive = spread > 0
    if not alive.any():
        raise InputError(f"{name}: no voxel changes over time. Expected a BOLD series; check it.")
    ratio = float(np.median(np.abs(mean[alive]) / spread[alive]))
    if ratio < _BASELINE:
        raise InputError(
            f"{name}: its voxels' means are {ratio:.2g} of their spread: the series was demeaned, "
            f"and ALFF cannot be a percentage of a mean that is gone. Set scale = raw (--scale "
            f"raw), or take the series with its mean."
        )


def _regress(
    values: NDArray[np.float32],
    series: Series,
    choices: Choices,
    dropped: int,
    spikes: NDArray[np.bool_],
) -> NDArray[np.bool_] | None:
    chosen = choose(series.confounds, choices.confounds)
    table = chosen.values[dropped:] if chosen.names else np.zeros((len(spikes), 0))
    table = table - table.mean(axis=0)
    none = np.zeros_like(spikes)
    if choices.spikes == "drop" and spikes.any():
        kept = ~spikes
        regress_out(values, design_basis(table[kept], none[kept]), kept)
        return kept
    regress_out(values, design_basis(table, spikes if choices.spikes == "regress" else none))
    return None


def _number(settings: Mapping[str, object], name: str) -> float:
    value = settings[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{name} is {value!r}; expected a number of Hz.")
    return float(value)
