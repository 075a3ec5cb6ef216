"""The tripwires of one patient and of one set of targets, gathered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..base.params import Params
from ..coil.check import tripwire_pose
from ..coil.scalp import scalp_of
from ..patient.belonging import white_is_brighter
from ..patient.covered import covered_by
from ..patient.patient import TEMPLATE_WARPED, Patient
from ..space.frame import Scanner
from ..space.grid import Volume
from ..space.points import Points
from ..space.side import Hemi
from ..space.tripwire import (
    Tripwire,
    map_belongs,
    not_run,
    own_side_ribbon,
    sides_in_order,
    surfaces_follow_t1,
    target_on_its_side,
)
from ..space.tripwire_template import template_cortex_fits
from ..target.template import as_in_template, tripwire_template
from .plan import PlannedTarget

__all__ = ["check_aim", "check_anatomy"]

#: aparc ids within a hemisphere that are no cortex: none, unknown, corpus callosum.
_NO_CORTEX = (0, 4)


def check_anatomy(patient: Patient, params: Params) -> tuple[Tripwire, ...]:
    """Return TP-F01, F02, F06, D01 and D02 of a patient, before anything is computed.

    A cortex that was warped from a template is judged by TP-F07, in place of TP-F01 and F06.
    """
    left, right = patient.cortex.left.mid.points, patient.cortex.right.mid.points
    found = (
        _ribbon(patient, params),
        sides_in_order(left, right),
        _template(patient, params),
        _maps(patient, params),
        surfaces_follow_t1(_boundary(patient), params.boundary_min),
    )
    warped = patient.surfaces_because == TEMPLATE_WARPED
    return (*found, _warped(patient)) if warped else found


def _template(patient: Patient, params: Params) -> Tripwire:
    if patient.surfaces_because == TEMPLATE_WARPED:
        return not_run(
            "TP-F06",
            "the cortex came through the same transform as the template's points, so their "
            "distance proves nothing; TP-F07 judges that transform",
        )
    return tripwire_template(patient, params)


def _warped(patient: Patient) -> Tripwire:
    grey = patient.maps.get("gm")
    if not isinstance(grey, Volume):
        # A template's cortex with nothing to judge it by is no cortex of this patient.
        why = "the cortex is a template's and there is no [maps] gm to judge it by"
        return Tripwire("TP-F07", "fail", None, None, why)
    here = patient.mid_points()
    return template_cortex_fits(
        here, grey, patient.midplane(), unwarped=as_in_template(here, patient)
    )


def _boundary(patient: Patient) -> dict[Hemi, float]:
    t1 = patient.t1w.volume
    return {hemi: white_is_brighter(t1, side.white) for hemi, side in patient.cortex.sides()}


def _ribbon(patient: Patient, params: Params) -> Tripwire:
    if patient.surfaces_because == TEMPLATE_WARPED:
        return not_run("TP-F01", "template-warped surfaces; TP-F07 judges them")
    if patient.ribbon is None:
        return not_run(
            "TP-F01", "there is no segmentation (aparc+aseg or ribbon) to check against"
        )
    cortex = patient.cortex
    return own_side_ribbon(
        cortex.left.mid.points, cortex.right.mid.points, patient.ribbon, params.ribbon_min
    )


def _maps(patient: Patient, params: Params) -> Tripwire:
    volumes = {k: m for k, m in patient.maps.items() if isinstance(m, Volume)}
    if not volumes:
        return not_run("TP-D01", "no map of this patient is an image")
    plane, mid = patient.midplane(), _labelled_points(patient)
    files = {i.role: i.name for i in patient.inputs}
    checks = []
    for role, volume in volumes.items():
        found = map_belongs(covered_by(volume), mid, plane, params.overlap_min)
        checks.append(replace(found, why=f"{files.get(role, role)}: {found.why}"))
    # The worst map decides: a failed one before a passed one, then the lower share.
    return min(checks, key=lambda t: (t.status == "pass", t.value))


def _labelled_points(patient: Patient) -> Points[Scanner]:
    """Return mid-cortex vertices without the medial wall, which no map needs to cover."""
    parts = []
    for _, cortex in patient.cortex.sides():
        xyz = cortex.mid.points.mm(patient.scanner)
        own = cortex.aparc
        parts.append(xyz if own is None else xyz[~np.isin(own.ids % 1000, _NO_CORTEX)])
    return Points(np.vstack(parts), patient.scanner)


def check_aim(
    patient: Patient, targets: Sequence[PlannedTarget], params: Params
) -> tuple[Tripwire, ...]:
    """Return TP-F03 and F04 of the targets of one patient; the worst pose decides F04."""
    named = [(t.target.name, t.target.point, t.target.hemi) for t in targets]
    side = target_on_its_side(named, patient.midplane())
    if not targets:
        return (side, not_run("TP-F04", "the plan has no target"))
    scalp = scalp_of(patient)
    poses = [tripwire_pose(t.pose, t.target, scalp, params) for t in targets]
    return (side, min(poses, key=lambda t: (t.status == "pass", -(t.value or 0.0))))
