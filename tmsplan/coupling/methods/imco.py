"""Intermodal coupling: a line of activity on structure in the neighbourhood of every place.

Source: Vandekar et al. 2016, doi:10.1016/j.neuroimage.2016.03.002.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ...base.errors import InputError
from ...patient.patient import Patient
from ..activity import ACTIVITY_DEFAULTS
from ..coupling_map import CouplingMap
from ..local_coupling import LOCAL_DEFAULTS, compute_local
from ..regions import Regions

__all__ = ["METHOD", "Imco"]


@dataclass(frozen=True, slots=True)
class Imco:
    """Local weighted regression of activity on structure."""

    title: str = "local weighted regression of activity on structure, vertex by vertex"
    per_region: bool = False
    needs: tuple[str, ...] = ("gm", "alff")
    source: str = "doi:10.1016/j.neuroimage.2016.03.002"
    defaults: Mapping[str, object] = field(
        default_factory=lambda: {**LOCAL_DEFAULTS, **ACTIVITY_DEFAULTS}
    )

    def compute(
        self,
        patient: Patient,
        settings: Mapping[str, object],
        regions: Regions | None,  # noqa: ARG002 - works without regions
    ) -> CouplingMap:
        """Return the local statistic at every vertex of the patient's mesh.

        Parameters
        ----------
        patient : Patient
            With grey matter (or thickness) and activity.
        settings : mapping
            ``statistic``: ``"slope"`` (log mALFF per unit of structure), ``"r2"`` (explained
            share, blind to the sign) or ``"correlation"``. ``where``: ``"data"`` puts the
            neighbourhoods where activity was measured, ``"volume"`` in voxels, ``"surface"``
            along the cortex. ``fwhm_volume``, ``fwhm_surface``: their width in mm.
            ``structure``: ``"gm"``, ``"thickness"`` or ``"volume"``. ``gm_min``: voxels with
            less grey matter are left out. The others are those of activity.

        Returns
        -------
        CouplingMap
            `vertices`; NaN where the data do not cover the cortex, or too few neighbours have
            a value. `space` says where the neighbourhoods were.

        Raises
        ------
        InputError
            If data are missing, a setting is out of range, or no vertex has a value.
        """
        local = compute_local(patient, settings)
        coverage = {
            hemi.value: float(np.isfinite(one.values).mean())
            for hemi, one in local.vertices.sides()
        }
        if not any(coverage.values()):
            raise InputError(
                f"{patient.id}: local coupling has no value on the cortex. Structure and activity "
                f"may not overlap, or the width is below the spacing of the data; widen "
                f"fwhm_{local.where}."
            )
        blind = settings["statistic"] == "r2"
        return CouplingMap(
            method="imco",
            unit=local.vertices.left.unit,
            higher_means="more coupled, whatever the sign" if blind else "more coupled",
            space=local.where,
            vertices=local.vertices,
            params={
                **settings,
                **local.activity.params,
                "source": self.source,
                "coverage": coverage,
                "notes": list(local.activity.notes),
            },
            qc=local.activity.qc,
        )


METHOD = Imco()
