"""The blocks of plan.json that say what was used, and the caveats that always stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..atlas.atlas import Atlas
from ..coupling.coupling_map import CouplingMap
from ..coupling.registry import coupling_methods
from ..norms.card import calibration_block, calibration_quantiles, left_out_one_by_one
from ..norms.deviations import Deviations
from ..norms.model import NormativeModel
from ..patient.patient import TEMPLATE_WARPED, Patient
from ..space.warp import PointWarp
from ..surface.parcels import feature_name
from ..target.ranking import RankedParcel, Ranking, backup_rows
from .couple import Coupled
from .definitions import definitions_block
from .steps import covariates_of

__all__ = [
    "caveats",
    "coupling_block",
    "frame_claims",
    "labels_of",
    "norms_block",
    "patient_labels",
    "qc_block",
]

_NOT_SUPERIOR = (
    "Research software, not a medical device. No trial has shown that coupling-guided targeting "
    "is superior to a standard target. It never prescribes intensity."
)
_WARPED = (
    "the cortex is a template's, moved to this patient; no surface of this patient was "
    "reconstructed. Folds, depth and the point may be several mm off. FreeSurfer or fMRIPrep "
    "is the recommended route."
)
_CANNOT_SEE = (
    "A T1 that was mirrored before segmentation agrees with itself and cannot be detected here. "
    "Verify the side on the patient: touch nasion, left and right tragus on the navigator."
)
_LABELS = ("SYNTHETIC", "COMPOSITE", "TEMPLATE-WARPED", "EXPLORATORY")


def labels_of(patient: Patient, unusual: Deviations) -> tuple[str, ...]:
    """Return the labels that every output carries, in a fixed order."""
    found = {*unusual.labels, *patient_labels(patient)}
    return tuple(x for x in _LABELS if x in found)


def patient_labels(patient: Patient) -> tuple[str, ...]:
    """Return the labels that the patient alone brings along, in the same order."""
    found = {
        "SYNTHETIC": patient.synthetic,
        "COMPOSITE": bool(patient.composite),
        "TEMPLATE-WARPED": patient.surfaces_because == TEMPLATE_WARPED,
    }
    return tuple(x for x in _LABELS if found.get(x, False))


def caveats(patient: Patient, labels: tuple[str, ...], unusual: Deviations) -> tuple[str, ...]:
    """Return what must be said on every output, most important first."""
    lines = [_NOT_SUPERIOR, _CANNOT_SEE]
    if "SYNTHETIC" in labels:
        lines.insert(0, "SYNTHETIC: patient or norms are simulated. Not for any person.")
    if patient.composite:
        lines.insert(0, f"COMPOSITE: {patient.composite} The target belongs to no single person.")
    if "TEMPLATE-WARPED" in labels:
        lines.insert(0, f"TEMPLATE-WARPED: {_WARPED}{_hit_rate(patient)}")
    if "EXPLORATORY" in labels:
        n = unusual.norms["n_reference"]
        lines.insert(
            0, f"EXPLORATORY: only {n} controls; deviations and their order are very uncertain."
        )
    return tuple(lines)


def _hit_rate(patient: Patient) -> str:
    share = patient.qc.get("ribbon_hit_rate")
    found = f" {100 * share:.0f} % of it lies in this patient's grey matter." if share else ""
    return found if isinstance(share, float) else ""


def coupling_block(coupled: Coupled, atlas: Atlas) -> dict[str, object]:
    """Return plan.json's ``coupling``, with the atlas whose parcels were compared."""
    coupling = coupled.chosen
    return {
        "method": coupling.method,
        "unit": coupling.unit,
        "higher_means": coupling.higher_means,
        "space": coupling.space,
        "params": dict(coupling.params),
        "source": coupling_methods().get(coupling.method).source,
        **definitions_block(coupled),
        "atlas": {
            "name": atlas.name,
            "title": atlas.title,
            "doi": atlas.doi,
            "licence": atlas.licence,
            "sha256": atlas.sha256,
            "how": atlas.how,
        },
    }


def qc_block(patient: Patient, coupling: CouplingMap) -> dict[str, object]:
    """Return plan.json's ``qc``: what the preparation and the coupling measured of the scans."""
    return {k: _plain(v) for k, v in {**patient.qc, **coupling.qc}.items()}


def _plain(value: object) -> object:
    if isinstance(value, tuple | list):
        return "; ".join(map(str, value))
    return None if isinstance(value, float) and not np.isfinite(value) else value


def norms_block(
    norms: NormativeModel,
    found: Deviations,
    ranking: Ranking,
    patient: Patient,
    coupling: CouplingMap,
) -> dict[str, object]:
    """Return plan.json's ``norms``, with the curves of the first regions over age."""
    covariates = covariates_of(patient, coupling)
    shown = [r for r in (ranking.best, *backup_rows(ranking)) if r is not None]
    found_curves = (_curve(norms, row, patient, covariates) for row in shown)
    curves = [{**c, "unit": coupling.unit} for c in found_curves if c is not None]
    left = left_out_one_by_one(norms)
    return {
        **found.norms,
        "curve": curves[0] if curves else None,
        "curves": curves,
        "calibration": left and calibration_block(left)["all"],
        "quantiles": left and calibration_quantiles(left),
    }


def _curve(
    norms: NormativeModel, row: RankedParcel, patient: Patient, covariates: Mapping[str, float]
) -> dict[str, object] | None:
    """Return the reference of one region over age; never single controls: a plan travels."""
    if patient.age is None or patient.sex is None:
        return None
    feature = feature_name(row.hemi, row.name)
    ages = np.linspace(*norms.age_range, 25)
    bands = norms.centile_curve(
        feature, sex=patient.sex, ages=ages, site=patient.site, covariates=covariates
    )
    keys = ("low", "median", "high")
    return {
        "feature": feature,
        "ages": ages.tolist(),
        **{k: band.tolist() for k, band in zip(keys, bands, strict=True)},
        "centiles": [0.05, 0.5, 0.95],
        "age": patient.age,
        "value": row.value,
    }


def frame_claims(patient: Patient) -> tuple[Mapping[str, object], ...]:
    """Return every transform of the patient's tree with its reason, as plan.json has them."""
    return tuple(_claim(edge) for edge in patient.tree.edges)


def _claim(edge: Any) -> dict[str, object]:  # noqa: ANN401 - any edge of the tree
    matrix = None if isinstance(edge, PointWarp) else edge.matrix(edge.dst, edge.src).tolist()
    return {
        "dst": str(edge.dst),
        "src": str(edge.src),
        "matrix": matrix,
        "because": "; ".join(edge.because),
    }
