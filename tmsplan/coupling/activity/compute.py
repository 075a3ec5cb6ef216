"""Activity from a BOLD series: read, clean, ALFF, percent, relative to grey matter, logarithm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...patient.series import Series
from ...patient.series_mask import series_mask
from ...patient.series_read import read_series, read_sides
from ...space.grid import Grid, Volume
from ...space.side import Hemi
from ...surface.domain import Domain
from ...surface.field import Field
from ...surface.pair import Pair
from .activity import Activity
from .alff import alff
from .clean import Choices, Clean, clean_series
from .limits import GM_SHARE
from .relative import grey_matter, log_of
from .smoothness import fwhm_of

__all__ = ["Measured", "activity_of_series", "measure", "on_cortex", "on_grid"]

Floats = NDArray[np.float64]
_NO_GREY_MATTER = (
    "ALFF is relative to the whole brain mask: there is no grey-matter map in its space."
)


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """ALFF of one series, flat, with the way back to places.

    Parameters
    ----------
    alff : (n,) float64
        In percent of the mean, or in the unit of the series; NaN where there is no signal.
    clean : Clean
    mask : (i, j, k) bool or None
        For a volume: where the rows lie.
    rows : mapping of Hemi to slice
        For a surface: which rows are which side's.
    qc, params : mapping
    """

    alff: Floats
    clean: Clean
    mask: NDArray[np.bool_] | None
    rows: Mapping[Hemi, slice]
    qc: Mapping[str, object]
    params: Mapping[str, object]


def measure(
    series: Series, choices: Choices, *, mask: NDArray[np.bool_] | None = None
) -> Measured:
    """Return ALFF of every voxel or vertex of a run.

    Parameters
    ----------
    series : Series
    choices : Choices
    mask : (i, j, k) bool or None
        Voxels to read of a volume; None finds the brain.

    Raises
    ------
    InputError
        If the file or the run is refused, see `clean_series`.
    """
    because = "given"
    rows: dict[Hemi, slice] = {}
    if series.grid is not None:
        if mask is None:
            mask, because = series_mask(series)
        values = read_series(series, mask)
    else:
        sides = read_sides(series)
        start = 0
        for hemi, one in sides.items():
            rows[hemi] = slice(start, start := start + len(one))
        values, because = np.concatenate([*sides.values()]), "every vertex of the file"
    clean = clean_series(values, series, choices)
    amplitude = alff(
        clean.residual, series.tr_s, choices.band, engine=choices.engine, kept=clean.kept
    )
    if choices.scale == "percent":
        # A voxel whose mean is not positive is no BOLD: air, or the rim of a resampling.
        amplitude *= 100.0 / np.where(clean.mean > 0, clean.mean, math.nan)
    return Measured(
        alff=amplitude,
        clean=clean,
        mask=mask if series.grid is not None else None,
        rows=rows,
        qc=_quality(clean, amplitude, series, mask, choices.scale),
        params={
            "alff_engine": choices.engine,
            "band_low": choices.band.low,
            "band_high": choices.band.high,
            "confounds": choices.confounds,
            "spikes": choices.spikes,
            "scale": choices.scale,
            "mask": because,
            "tr": f"{series.tr_s:g} s ({series.tr_because})",
        },
    )


def activity_of_series(
    series: Series, settings: Mapping[str, object], *, gm: object = None, owner: str
) -> Activity:
    """Return the activity of one run: log of ALFF relative to its mean over grey matter.

    Parameters
    ----------
    series : Series
    settings : mapping
        As `tmsplan.coupling.activity.ACTIVITY_DEFAULTS`.
    gm : Volume in the world of the run, or anything else
        Grey-matter share; without such a map the mean is that over the whole mask.
    owner : str
        The patient's id.

    Returns
    -------
    Activity
        Where the run lies: on its own grid or mesh. `tmsplan.coupling.activity.activity_of`
        brings it to the patient.

    Raises
    ------
    InputError
        If a setting, the file or the run is refused.
    """
    choices = Choices.of(settings)
    measured = measure(series, choices)
    notes = measured.clean.notes
    values: Volume[Any] | Pair[Field]
    mean: Volume[Any] | Pair[Field]
    if series.grid is not None and measured.mask is not None:
        within = grey_matter(gm, series.grid)
        if within is None:
            notes += (_NO_GREY_MATTER,)
        flat = None if within is None else within[measured.mask]
        log = log_of(measured.alff, flat, owner)
        values = on_grid(log, measured.mask, series.grid)
        mean = on_grid(measured.clean.mean, measured.mask, series.grid)
    else:
        log = log_of(measured.alff, None, owner)
        values = on_cortex(log, measured.rows, series, owner, ("alff", "log mALFF"))
        mean = on_cortex(measured.clean.mean, measured.rows, series, owner, ("mean_bold", "a.u."))
    return Activity(
        values=values,
        mean_bold=mean,
        unit="log mALFF",
        engine=choices.engine,
        band=(choices.band.low, choices.band.high),
        qc=measured.qc,
        params={**measured.params, "grey_matter_above": GM_SHARE.value},
        notes=notes,
    )


def _quality(
    clean: Clean, amplitude: Floats, series: Series, mask: NDArray[np.bool_] | None, scale: str
) -> dict[str, object]:
    alive = clean.spread > 0
    quality = dict(clean.qc)
    if scale == "percent" and alive.any():  # without a baseline there is no signal to noise
        quality["tsnr_median"] = float(np.median(clean.mean[alive] / clean.spread[alive]))
    quality["coverage"] = float(np.isfinite(amplitude).mean())
    if mask is not None and series.grid is not None:
        matrix = series.grid.world_from_voxel.matrix(series.grid.world, series.grid.voxel)
        i, j, k = (float(v) for v in np.linalg.norm(matrix[:3, :3], axis=0))
        quality["fwhm_mm"] = fwhm_of(clean.residual, mask, (i, j, k))
    return quality


def on_grid(flat: Floats, mask: NDArray[np.bool_], grid: Grid[Any]) -> Volume[Any]:
    """Return values of a mask as a volume; NaN elsewhere."""
    out = np.full(mask.shape, math.nan)
    out[mask] = flat
    return Volume(out, grid)


def on_cortex(
    flat: Floats,
    rows: Mapping[Hemi, slice],
    series: Series,
    owner: str,
    name: tuple[str, str],
) -> Pair[Field]:
    """Return values of a surface run as fields; a side that was not recorded is NaN.

    Parameters
    ----------
    flat : (n,) float64
    rows : mapping of Hemi to slice
        Which values are which side's.
    series : Series
        Names the mesh.
    owner : str
        The patient's id; a standard mesh belongs to the template.
    name : (str, str)
        Name and unit of the fields.

    Raises
    ------
    InputError
        If the series does not say which mesh it is on.
    """
    if series.mesh is None:
        raise InputError(f"{series.name}: nothing says which mesh it is on. Check the file.")

    def side(hemi: Hemi, mesh: str) -> Field:
        known = rows.get(hemi)
        # A side that was not recorded is uncovered; standard meshes are equally dense on both.
        other = rows.get(hemi.other)
        n = _length(known if known is not None else other)
        values = flat[known] if known is not None else np.full(n, math.nan)
        whose = owner if mesh == "fsnative" else "template"
        return Field(values, Domain(mesh, n, hemi, whose), *name)

    return Pair(left=side(Hemi.LEFT, series.mesh.left), right=side(Hemi.RIGHT, series.mesh.right))


def _length(rows: slice | None) -> int:
    return 0 if rows is None else int(rows.stop - rows.start)
