"""A ready-made map: another tool computed it, here it is only put on the cortex."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ...base.errors import InputError
from ...patient.patient import Cortex, Patient
from ...space.frame import Scanner
from ...space.grid import Volume
from ...surface.domain import require_same_domain
from ...surface.field import Field
from ...surface.pair import Pair
from ..coupling_map import UNSTATED, CouplingMap
from ..project import project
from ..regions import Regions

__all__ = ["METHOD", "ReadyMade"]

#: The name under which the patient's readers keep the map.
KEY = "coupling"
SAMPLINGS = ("depth", "nearest")
ZEROS = ("missing", "value")


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """A coupling map that the patient brings along."""

    title: str = "a ready-made map: volume, surface pair, or value per parcel"
    per_region: bool = False
    needs: tuple[str, ...] = (KEY,)
    source: str = "whoever made the map"
    defaults: Mapping[str, object] = field(
        default_factory=lambda: {
            "unit": UNSTATED,
            "higher_means": "more coupled",
            "sampling": "depth",
            "zeros": "missing",
        }
    )

    def compute(
        self,
        patient: Patient,
        settings: Mapping[str, object],
        regions: Regions | None,  # noqa: ARG002 - works without regions
    ) -> CouplingMap:
        """Return the patient's map on the patient's own mesh, or by parcel id.

        Parameters
        ----------
        patient : Patient
            With ``maps["coupling"]``.
        settings : mapping
            ``unit`` and ``higher_means`` say what the numbers are; a map that states its own
            unit keeps it unless another is given. For a volume, ``sampling``:
            ``"depth"`` is the mean between white and pial surface, ``"nearest"`` the voxel at
            mid-cortex, for a map that is masked so tightly that interpolation would mix in the
            mask; ``zeros``: whether a voxel that is exactly 0 is ``"missing"`` (outside the
            map's mask) or a ``"value"``.

        Returns
        -------
        CouplingMap
            NaN where the map does not cover the cortex; ``params["coverage"]`` is the share of
            vertices with a value on each side, for a map on the cortex.

        Raises
        ------
        InputError
            If there is no map, it covers no cortex, it holds infinite values, or a setting is
            unknown.
        DomainError, FrameError
            If the map is on another mesh or in another frame.
        """
        for name, allowed in (("sampling", SAMPLINGS), ("zeros", ZEROS)):
            if settings[name] not in allowed:
                raise InputError(
                    f"{name} is '{settings[name]}'; write one of {', '.join(allowed)}."
                )
        given = patient.maps.get(KEY)
        if given is None:
            raise InputError(
                f"{patient.id}: there is no coupling map; give one under [maps] as "
                f"coupling = FILE, or choose another method."
            )
        if isinstance(given, Volume):
            return _result(patient, _on_cortex(patient, given, settings), settings)
        if isinstance(given, Pair):
            return _result(patient, _same_mesh(patient, given), settings)
        return _by_id(patient, given, settings)


def _on_cortex(
    patient: Patient, volume: Volume[Scanner], settings: Mapping[str, object]
) -> Pair[Field]:
    unit = str(settings["unit"])
    data = np.array(volume.data, dtype=np.float64)
    if settings["zeros"] == "missing":
        data[data == 0] = np.nan
    clean = Volume(data, volume.grid)
    if settings["sampling"] == "depth":
        return project(patient, clean, name=KEY, unit=unit)

    def nearest(cortex: Cortex) -> Field:
        values = clean.at_nearest(cortex.mid.points, outside=math.nan)
        return Field(values, cortex.domain, KEY, unit)

    return patient.cortex.map(nearest)


def _same_mesh(patient: Patient, fields: Pair[Field]) -> Pair[Field]:
    for hemi, cortex in patient.cortex.sides():
        require_same_domain(fields.side(hemi).domain, cortex.domain, "take the coupling map")
    return fields


def _result(patient: Patient, fields: Pair[Field], settings: Mapping[str, object]) -> CouplingMap:
    coverage = {}
    for hemi, one in fields.sides():
        if np.isinf(one.values).any():
            raise InputError(
                f"{patient.id}: the {hemi} coupling map holds infinite values; write NaN where "
                f"the map is missing."
            )
        coverage[hemi.value] = float(np.isfinite(one.values).mean())
    if not any(coverage.values()):
        raise InputError(
            f"{patient.id}: the coupling map covers no vertex of the cortex. It may be empty or "
            f'masked tightly: try sampling = "nearest"; or it is not of this patient.'
        )
    return CouplingMap(
        method="map",
        unit=fields.left.unit if settings["unit"] == UNSTATED else str(settings["unit"]),
        higher_means=str(settings["higher_means"]),
        space="surface",
        vertices=fields,
        params={**settings, "coverage": coverage},
    )


def _by_id(
    patient: Patient, values: Mapping[int, float], settings: Mapping[str, object]
) -> CouplingMap:
    if infinite := sorted(i for i, v in values.items() if math.isinf(v)):
        raise InputError(f"{patient.id}: the coupling of parcels {infinite[:8]} is infinite.")
    if all(math.isnan(v) for v in values.values()):
        raise InputError(f"{patient.id}: the coupling table holds no value.")
    return CouplingMap(
        method="map",
        unit=str(settings["unit"]),
        higher_means=str(settings["higher_means"]),
        space="parcels",
        by_id=dict(values),
        params=dict(settings),
    )


METHOD = ReadyMade()
