"""``tmsplan couple``: the map, its parcel table and its picture, without norms or target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..atlas.atlas import Atlas
from ..atlas.load import load_atlas
from ..base.publish import published_folder
from ..base.strict_json import dump_bytes
from ..base.table import table_bytes
from ..coupling.coupling_map import CouplingMap
from ..patient.patient import Patient
from ..plan.couple import Coupled, couple_for_plan
from ..plan.options import Options
from ..plan.steps import parcellate
from ..plan.words import coupling_block, patient_labels, qc_block
from ..surface.field import Field
from ..surface.gifti_bytes import field_bytes
from ..surface.pair import Pair
from ..surface.parcels import ParcelTable
from . import say
from .outputs import Destination

__all__ = ["run_couple"]

_COLUMNS = (
    "patient", "parcel_id", "name", "hemi", "network", "value", "n", "coverage",
    "null_mean", "null_sd", "reason", "labels",
)  # fmt: skip


def run_couple(patient: Patient, options: Options, where: Destination, *, as_json: bool) -> None:
    """Compute the coupling of one patient and write map, table, record and picture."""
    where.require_free()
    with say.working("coupling"):
        atlas = load_atlas(options.atlas, patient)
        coupled = couple_for_plan(patient, atlas, options)
        table = parcellate(coupled.chosen, atlas)
    labels = patient_labels(patient)
    record = {
        "patient": patient.id,
        "labels": list(labels),
        "coupling": coupling_block(coupled, atlas),
        "qc": qc_block(patient, coupled.chosen),
        "note": options.note,
    }
    with published_folder(where.folder, overwrite=where.overwrite) as work:
        (work / "parcels.tsv").write_bytes(_table(patient, coupled, table, labels))
        (work / "coupling.json").write_bytes(dump_bytes(record))
        _write_map(patient, coupled.chosen, labels, work)
        _draw_regions(patient, coupled.chosen, atlas, work)
    known = sum(not math.isnan(r.value) for r in table.rows)
    chosen = coupled.chosen
    text = f"{known} of {len(table.rows)} parcels have a value ({chosen.method}, {chosen.unit})"
    lines = [text, *([f"! {options.note}"] if options.note else []), where.folder / "parcels.tsv"]
    data = {"patient": patient.id, "parcels": len(table.rows), "with_value": known}
    extra = {"labels": list(labels), "note": options.note}
    say.result("\n".join(map(str, lines)), {**data, **extra}, as_json=as_json)


def _table(patient: Patient, coupled: Coupled, table: ParcelTable, labels: Sequence[str]) -> bytes:
    found = coupled.chosen.per_region or {}
    extra = {"patient": patient.id, "labels": ",".join(labels) or "none"}
    rows: list[dict[str, Any]] = []
    for r in table.rows:
        one = found.get(r.parcel_id)
        null = {"null_mean": one.null_mean, "null_sd": one.null_sd} if one else {}
        why = {"reason": (one.reason or None) if one else None}
        rows.append({**asdict(r), "hemi": str(r.hemi), **null, **why, **extra})
    blank: dict[str, Any] = dict.fromkeys(_COLUMNS)
    return table_bytes(_COLUMNS, [blank | row for row in rows])


def _write_map(
    patient: Patient, coupling: CouplingMap, labels: Sequence[str], folder: Path
) -> None:
    """Write the map on the cortex and its picture, where the method makes one."""
    fields = _on_cortex(coupling)
    if fields is None:
        return
    from ..view.figures import save_png
    from ..view.map_picture import MapLook, plot_map

    for hemi, field in fields.sides():
        (folder / f"{hemi.freesurfer}.coupling.func.gii").write_bytes(field_bytes(field))
    title = f"{patient.id}: {fields.left.name}"
    look = MapLook(title, fields.left.unit, labels)
    save_png(plot_map(patient.cortex.map(lambda c: c.pial), fields, look), folder / "coupling.png")


def _draw_regions(patient: Patient, coupling: CouplingMap, atlas: Atlas, folder: Path) -> None:
    """Draw the value of each region, where the method works region by region."""
    if coupling.per_region is None:
        return
    from ..view.figures import save_png
    from ..view.map_picture import MapLook, plot_map

    values = {i: one.value for i, one in coupling.per_region.items()}
    painted = atlas.labels.map(
        lambda labels: Field(
            np.array([values.get(int(i), math.nan) for i in labels.ids]),
            labels.domain,
            coupling.method,
            coupling.unit,
        )
    )
    title = f"{patient.id}: {coupling.method}, {atlas.name}"
    look = MapLook(title, coupling.unit, patient_labels(patient))
    pial = patient.cortex.map(lambda c: c.pial)
    save_png(plot_map(pial, painted, look), folder / "regions.png")


def _on_cortex(coupling: CouplingMap) -> Pair[Field] | None:
    return coupling.local if coupling.vertices is None else coupling.vertices
