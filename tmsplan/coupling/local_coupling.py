"""Local coupling of structure and activity: a line through the neighbourhood of every place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.param import Param
from ..patient.patient import Patient
from ..space.frame import Scanner
from ..space.grid import Volume
from ..space.side import Hemi
from ..surface.field import Field
from ..surface.pair import Pair
from .activity import ACTIVITY_DEFAULTS, Activity, activity_of
from .local_maps import fields_on_cortex, structure_on_cortex
from .local_regression import LocalFit, local_fit
from .local_volumes import VolumeStack, stack_volumes
from .neighbourhood import VolumeWindow
from .neighbourhood_surface import GeodesicWindow
from .project import project
from .region_limits import GM_MIN, STRUCTURES, limited, require_word

__all__ = ["LOCAL_DEFAULTS", "LocalCoupling", "compute_local", "fit_volumes", "local_coupling"]

Floats = NDArray[np.float64]

PLACES = ("data", "volume", "surface")
STATISTICS = ("slope", "r2", "correlation")
#: As the published volume version was run (PennBBL imco on the PNC) ...
FWHM_VOLUME = Param(4.0, "mm", 1.0, 20.0, "docs/decisions/0015")
#: ... and our choice on the cortex.
FWHM_SURFACE = Param(10.0, "mm", 2.0, 40.0, "docs/decisions/0015")

#: Settings of a local map, beside those of activity.
LOCAL_DEFAULTS: Mapping[str, object] = MappingProxyType(
    {
        "statistic": "slope",  # slope, r2, correlation
        "where": "data",  # data: where activity was measured; volume; surface
        "structure": "gm",  # gm, thickness, volume
        "fwhm_volume": FWHM_VOLUME.value,  # mm
        "fwhm_surface": FWHM_SURFACE.value,  # mm
        "gm_min": GM_MIN.value,
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class LocalCoupling:
    """A local map on the cortex, and how it was made.

    Parameters
    ----------
    vertices : Pair of Field
    where : str
        ``"volume"`` or ``"surface"``: where the neighbourhoods were.
    activity : Activity
    """

    vertices: Pair[Field]
    where: str
    activity: Activity


def local_coupling(
    patient: Patient, settings: Mapping[str, object], *, activity: Activity | None = None
) -> Pair[Field]:
    """Return a vertex-wise coupling map, to pick the point inside a region.

    The correlation in the neighbourhood of every place, and not the slope: it has the sign and
    the range of what methods that work region by region compute, and a slope is extreme where
    structure hardly varies (docs/decisions/0015).

    Parameters
    ----------
    patient : Patient
    settings : mapping
        Of another coupling method: the names of `LOCAL_DEFAULTS` and of `ACTIVITY_DEFAULTS`
        that it has are taken, the rest are theirs.
    activity : Activity, optional
        If it is at hand already: computing it from a series takes a while.

    Returns
    -------
    Pair of Field
        NaN where the data do not cover the cortex, or too few neighbours have a value.

    Raises
    ------
    InputError
        As `compute_local`.
    """
    complete = {**ACTIVITY_DEFAULTS, **LOCAL_DEFAULTS, "statistic": "correlation", **settings}
    return compute_local(patient, complete, activity=activity).vertices


def compute_local(
    patient: Patient, settings: Mapping[str, object], *, activity: Activity | None = None
) -> LocalCoupling:
    """Return the chosen statistic of the local regression of activity on structure.

    Parameters
    ----------
    patient : Patient
    settings : mapping
        Every name of `LOCAL_DEFAULTS` and `ACTIVITY_DEFAULTS`.
    activity : Activity, optional

    Raises
    ------
    InputError
        If a setting is out of range, structure or activity is missing, or the neighbourhoods
        are wanted in a volume and one of the two is known on the cortex only.
    DomainError, FrameError
        If the data are on another mesh or in another frame.

    Source: Vandekar et al. 2016, doi:10.1016/j.neuroimage.2016.03.002.
    """
    statistic = require_word(settings, "statistic", STATISTICS)
    where = require_word(settings, "where", PLACES)
    structure = require_word(settings, "structure", STRUCTURES)
    active = activity or activity_of(patient, settings)
    volumes = _both_volumes(patient, structure, active)
    if where == "volume" and volumes is None:
        raise InputError(
            f"{patient.id}: neighbourhoods in a volume need grey matter and activity as volumes, "
            f"and one is on the cortex only; set where = surface."
        )
    unit = _unit(statistic, structure, active)
    if volumes is not None and where != "surface":
        fields = _in_volume(patient, volumes, settings, statistic, unit)
        return LocalCoupling(fields, "volume", active)
    fields = _on_surface(patient, active, settings, statistic, unit)
    return LocalCoupling(fields, "surface", active)


def _both_volumes(
    patient: Patient, structure: str, activity: Activity
) -> tuple[Volume[Scanner], Volume[Scanner]] | None:
    gm = patient.maps.get("gm")
    if structure == "gm" and isinstance(gm, Volume) and isinstance(activity.values, Volume):
        return gm, activity.values
    return None


def _unit(statistic: str, structure: str, activity: Activity) -> str:
    per = {"gm": "unit of grey matter", "thickness": "mm", "volume": "mm³"}[structure]
    return {"slope": f"{activity.unit} per {per}", "r2": "R²", "correlation": "r"}[statistic]


def _in_volume(
    patient: Patient,
    volumes: tuple[Volume[Scanner], Volume[Scanner]],
    settings: Mapping[str, object],
    statistic: str,
    unit: str,
) -> Pair[Field]:
    stack = stack_volumes(volumes, gm_min=limited(settings, "gm_min", GM_MIN))
    box, fit = fit_volumes(stack, limited(settings, "fwhm_volume", FWHM_VOLUME))
    return project(patient, box.volume(_chosen(fit, statistic)), name="local coupling", unit=unit)


def fit_volumes(stack: VolumeStack, fwhm_mm: float) -> tuple[VolumeStack, LocalFit]:
    """Return the local line of the second map on the first, and the box of the grid it is on."""
    window = VolumeWindow.gaussian(stack.step_mm, fwhm_mm)
    box = stack.cropped(window.radius)
    return box, local_fit(box.maps[0], box.maps[1], window)


def _on_surface(
    patient: Patient,
    activity: Activity,
    settings: Mapping[str, object],
    statistic: str,
    unit: str,
) -> Pair[Field]:
    structure = structure_on_cortex(patient, str(settings["structure"]))
    active = fields_on_cortex(patient, activity.values, "activity")
    fwhm = limited(settings, "fwhm_surface", FWHM_SURFACE)
    sides = {}
    for hemi, cortex in patient.cortex.sides():
        window = GeodesicWindow.gaussian(cortex.mid, fwhm)
        fit = local_fit(structure.side(hemi).values, active.side(hemi).values, window)
        sides[hemi] = Field(_chosen(fit, statistic), cortex.domain, "local coupling", unit)
    return Pair(sides[Hemi.LEFT], sides[Hemi.RIGHT])


def _chosen(fit: LocalFit, statistic: str) -> Floats:
    return {"slope": fit.slope, "r2": fit.r2, "correlation": fit.correlation}[statistic]
