"""Coupling of two or more maps: how much of their local variation is one component.

Source: Hu et al. 2022, doi:10.1002/hbm.25980.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ...base.errors import InputError
from ...base.param import Param
from ...patient.patient import Patient
from ...space.frame import Scanner
from ...space.grid import Volume
from ..activity import ACTIVITY_DEFAULTS, Activity, activity_of
from ..coupling_map import CouplingMap
from ..local_components import MISSING_MAX, first_component, standardised
from ..local_volumes import VolumeStack, stack_volumes
from ..neighbourhood import VolumeWindow
from ..project import project
from ..region_limits import GM_MIN, limited
from ..regions import Regions

__all__ = ["METHOD", "Pimco", "coupled_volume"]

#: As published: FSL's kernel of 3 mm on voxels of 2 mm is a box of 3 x 3 x 3.
FWHM = Param(3.0, "mm", 1.0, 20.0, "doi:10.1002/hbm.25980")
#: The name under which the activity of the patient goes, ready-made or computed.
ACTIVITY = "alff"


@dataclass(frozen=True, slots=True)
class Pimco:
    """Local principal components of two or more maps."""

    title: str = "share of the first local component of two or more maps"
    per_region: bool = False
    needs: tuple[str, ...] = ("gm", "alff")
    source: str = "doi:10.1002/hbm.25980"
    defaults: Mapping[str, object] = field(
        default_factory=lambda: {
            "maps": "gm,alff",
            "fwhm": FWHM.value,
            "gm_min": GM_MIN.value,
            **ACTIVITY_DEFAULTS,
        }
    )

    def compute(
        self,
        patient: Patient,
        settings: Mapping[str, object],
        regions: Regions | None,  # noqa: ARG002 - works without regions
    ) -> CouplingMap:
        """Return the logit of the stretched eigenvalue share at every vertex.

        Parameters
        ----------
        patient : Patient
            With every map that is named, as a volume.
        settings : mapping
            ``maps``: two or more names of the patient's maps, with commas; ``alff`` stands for
            the activity (log mALFF), ready-made or from the series. ``fwhm``: of the weights
            in mm. ``gm_min``: voxels with less grey matter are left out, if ``gm`` is named.
            The others are those of activity.

        Returns
        -------
        CouplingMap
            `vertices`, from the volume through the sampling operator. Coupling of either sign
            is high: this method cannot tell them apart.

        Raises
        ------
        InputError
            If a map is missing, no volume, named twice or constant, or no vertex has a value.
        """
        names = _names(patient, str(settings["maps"]))
        active = activity_of(patient, settings) if ACTIVITY in names else None
        volumes = [_volume(patient, name, active) for name in names]
        stack = stack_volumes(volumes)
        stack = _within_grey(stack, names, limited(settings, "gm_min", GM_MIN))
        result = coupled_volume(stack, limited(settings, "fwhm", FWHM))
        vertices = project(patient, result, name="pimco", unit="logit")
        coverage = {h.value: float(np.isfinite(f.values).mean()) for h, f in vertices.sides()}
        if not any(coverage.values()):
            raise InputError(
                f"{patient.id}: the maps {', '.join(names)} have no common value on the cortex. "
                f"Check that they were registered to this T1."
            )
        return CouplingMap(
            method="pimco",
            unit="logit",
            higher_means="more coupled, whatever the sign",
            space="volume",
            vertices=vertices,
            params={
                **settings,
                **({} if active is None else active.params),
                "source": self.source,
                "coverage": coverage,
                "notes": [] if active is None else list(active.notes),
            },
            qc=dict(patient.qc) if active is None else active.qc,
        )


def coupled_volume(stack: VolumeStack, fwhm_mm: float = FWHM.value) -> Volume[Scanner]:
    """Return the logit coupling of a stack of maps, on their grid.

    Each map is standardised over the whole volume; the box has as many voxels along an axis as
    the width holds, rounded to an odd number of at least 3.

    Parameters
    ----------
    stack : VolumeStack
        Two or more maps; NaN is missing.
    fwhm_mm : float
        Of the Gaussian weights.

    Returns
    -------
    Volume
        NaN where a map is missing, or the neighbourhood holds too little.
    """
    step = min(stack.step_mm)
    radius = max(1, math.ceil(fwhm_mm / step) // 2)
    window = VolumeWindow.gaussian(stack.step_mm, fwhm_mm, radius=radius)
    # Over the whole volume, so before it is cut to where all maps have a value.
    maps = np.stack([standardised(one) for one in stack.maps])
    box = VolumeStack(maps, stack.grid, stack.box).cropped(window.radius)
    return box.volume(first_component(box.maps, window, missing_max=MISSING_MAX).coupling)


def _names(patient: Patient, text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if len(names) < 2 or len(set(names)) != len(names) or not all(names):
        raise InputError(
            f"{patient.id}: maps is '{text}'; name two or more different maps with commas, for "
            f"example 'gm,alff'."
        )
    return names


def _volume(patient: Patient, name: str, active: Activity | None) -> Volume[Scanner]:
    given = active.values if name == ACTIVITY and active is not None else patient.maps.get(name)
    if given is None:
        known = ", ".join(sorted(patient.maps)) or "none"
        raise InputError(
            f"{patient.id}: there is no map '{name}'; expected one of this patient's: {known}. "
            f"Give it under [maps], or name others in maps."
        )
    if not isinstance(given, Volume):
        raise InputError(
            f"{patient.id}: the map '{name}' is no volume; method 'pimco' works in voxels. "
            f"Give a volume, or use 'imco', which also works on the cortex."
        )
    return given


def _within_grey(stack: VolumeStack, names: tuple[str, ...], gm_min: float) -> VolumeStack:
    if "gm" not in names:
        return stack
    with np.errstate(invalid="ignore"):  # NaN stays missing
        grey = stack.maps[names.index("gm")] >= gm_min
    return VolumeStack(np.where(grey, stack.maps, np.nan), stack.grid, stack.box)


METHOD = Pimco()
