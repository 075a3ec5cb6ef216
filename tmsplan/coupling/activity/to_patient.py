"""The activity of a patient's own run, brought to the patient wherever the run lies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ...base.errors import FrameError
from ...patient.patient import Patient
from ...patient.series import Series
from ...patient.series_mesh import OWN_MESH
from ...patient.template_map import to_scanner, to_template
from ...space.frame import Scanner
from ...space.grid import Grid, Volume
from ...space.side import Hemi
from ...surface.field import Field
from ...surface.pair import Pair
from .activity import Activity
from .compute import activity_of_series

__all__ = ["activity_of_run"]


def activity_of_run(patient: Patient, series: Series, settings: Mapping[str, object]) -> Activity:
    """Return the activity of a run in the scanner world or on the mesh of its patient.

    ALFF is computed where the run lies, because only there is a voxel one series. A run in the
    space of the T1 or on the patient's own mesh stays as it is. Of a run in a template, log
    mALFF and mean BOLD come to the patient by the patient's own warp, on a grid as coarse as
    the run's; of a run on a standard mesh, each vertex takes the value of the nearest one on
    the sphere.

    Parameters
    ----------
    patient : Patient
        Its grey matter decides what ALFF is relative to.
    series : Series
        ``patient.bold``.
    settings : mapping
        As `tmsplan.coupling.activity.ACTIVITY_DEFAULTS`.

    Raises
    ------
    InputError
        If a setting, the file or the run is refused.
    FrameError
        If nothing relates the run's template or mesh to the patient.
    """
    _require_way(series)
    gm: object = patient.maps.get("gm")
    if series.template is not None and series.grid is not None and isinstance(gm, Volume):
        gm = to_template(gm, patient.tree, patient.cortex, series.grid)
    found = activity_of_series(series, settings, gm=gm, owner=patient.id)
    if series.template is not None and series.grid is not None:
        return _from_template(found, series.template, series.grid, patient, series.name)
    if series.mesh is not None:
        return _from_mesh(found, series, patient)
    return found


def _from_template(
    found: Activity, template: str, grid: Grid[Any], patient: Patient, name: str
) -> Activity:
    matrix = grid.world_from_voxel.matrix(grid.world, grid.voxel)
    # As coarse as the run: a finer grid would make voxels that nobody measured.
    step = round(float(np.cbrt(abs(np.linalg.det(matrix[:3, :3])))), 3)

    def bring(given: Volume[Any] | Pair[Field] | None) -> Volume[Scanner] | None:
        if not isinstance(given, Volume):
            return None
        return to_scanner(given, patient.tree, patient.cortex, name, step_mm=step)

    values = bring(found.values)
    note = (
        f"ALFF was computed in {template} and brought to the patient: interpolated once more, so "
        f"smoother than from a run in the space of the T1."
    )
    return replace(
        found,
        values=found.values if values is None else values,
        mean_bold=bring(found.mean_bold),
        params={
            **found.params,
            "computed_in": template,
            "brought_by": f"the patient's own warp, trilinear, {step:g} mm",
        },
        notes=(*found.notes, note),
    )


def _require_way(series: Series) -> None:
    """Refuse a run that could not be brought here, before an hour of data is read."""
    mesh = series.mesh.left if series.mesh is not None else OWN_MESH
    if mesh != OWN_MESH and series.vertex_at is None:
        raise FrameError(
            f"{series.name}: the run lies on {mesh}, and nothing relates that mesh to this "
            f"patient's surfaces. Expected fsnative; fsaverage5 and ?h.sphere.reg of both sides; "
            f"or fsLR-32k and [fslr] in patient.toml. Best is the run in the space of the T1: "
            f"fMRIPrep with --output-spaces T1w."
        )


def _from_mesh(found: Activity, series: Series, patient: Patient) -> Activity:
    mesh = series.mesh.left if series.mesh is not None else ""
    at = series.vertex_at

    def one(given: Field, hemi: Hemi) -> Field:
        domain = patient.cortex.side(hemi).domain
        if hemi not in series.hemis:  # the length of a side that was not recorded is made up
            values = np.full(domain.density, math.nan)
        else:
            values = given.values if at is None else given.values[at.side(hemi)]
        return Field(values, domain, given.name, given.unit)

    def bring(given: Volume[Any] | Pair[Field] | None) -> Pair[Field] | None:
        if not isinstance(given, Pair):
            return None
        return Pair(*(one(given.side(hemi), hemi) for hemi in (Hemi.LEFT, Hemi.RIGHT)))

    values = bring(found.values)
    moved = replace(
        found,
        values=found.values if values is None else values,
        mean_bold=bring(found.mean_bold),
        params={**found.params, "computed_in": mesh},
    )
    if at is None:
        return moved
    note = f"ALFF was computed on {mesh} and brought to the patient's mesh by the sphere"
    return replace(moved, notes=(*found.notes, f"{note}, nearest vertex."))
