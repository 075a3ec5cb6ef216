"""A ready-made map: another tool computed it, here it is only put on the cortex."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...base.param import Param
from ...patient.patient import Cortex, Patient
from ...space.frame import Scanner
from ...space.grid import Volume
from ...surface.domain import require_same_domain
from ...surface.field import Field
from ...surface.pair import Pair
from ...surface.sampling import Sampler, build_sampler
from ..coupling_map import CouplingMap
from ..regions import Regions

__all__ = ["METHOD", "ReadyMade"]

#: The name under which the patient's readers keep the map.
KEY = "coupling"
UNSTATED = "not stated"
SAMPLINGS = ("depth", "nearest")
ZEROS = ("missing", "value")
#: A vertex has a value where the samples that have one hold at least this much of the weight.
KNOWN_SHARE = Param(0.5, "share", 0.1, 1.0, "docs/decisions/0012")


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
    if np.isinf(data).any():
        raise InputError(
            f"{patient.id}: the coupling map holds infinite values; write NaN where the map is "
            f"missing."
        )
    clean = Volume(data, volume.grid)

    def sampled(cortex: Cortex) -> Field:
        if settings["sampling"] == "depth":
            sampler = build_sampler(cortex.white, cortex.pial, volume.grid, kind="depth")
            values = _over_known(sampler, clean)
            return Field(values, cortex.domain, KEY, unit)
        values = clean.at_nearest(cortex.mid.points, outside=math.nan)
        return Field(values, cortex.domain, KEY, unit)

    return patient.cortex.map(sampled)


def _over_known(sampler: Sampler[Scanner], volume: Volume[Scanner]) -> NDArray[np.float64]:
    """Return the mean over the samples that have a value, where they hold most of the weight.

    A map that is masked to the brain or to grey matter has no value under the pial surface's
    outermost samples; taking such a vertex as missing would leave no cortex at all.
    """
    known = np.isfinite(volume.data)
    total, share = (
        sampler.apply(Volume(data, volume.grid), name=KEY, unit="1").values
        for data in (np.where(known, volume.data, 0.0), known.astype(np.float64))
    )
    enough = share >= KNOWN_SHARE.value
    return np.where(enough, total / np.where(enough, share, 1.0), np.nan)


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
