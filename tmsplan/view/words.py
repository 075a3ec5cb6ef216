"""Every sentence that pictures, page and sheet say, in one place: translate this file.

`say` fills in the numbers. A key that is missing is a bug and fails loudly.
"""

from __future__ import annotations

from ..base.errors import InputError
from ..space import Hemi

__all__ = ["WORDS", "reason_words", "say", "side_word"]

WORDS: dict[str, str] = {
    # Everywhere.
    "research-only": "Research use only. Not a medical device.",
    "left": "left",
    "right": "right",
    "missing": "n/a",
    "label:SYNTHETIC": "simulated patient or norms; not a person",
    "label:COMPOSITE": "maps and anatomy come from different people",
    "label:TEMPLATE-WARPED": "the cortex is a template's, moved to this patient",
    "label:EXPLORATORY": "too few controls, or outside their range, for more than a first look",
    # Pictures.
    "picture-title": "{patient}  ·  {target}",
    "picture-side": "{side}, x = {x:.1f} mm",
    "oblique": "Head and coil",
    "cortex": "Cortex",
    "operator": "On the head",
    "coil": "Coil's eye",
    "oblique-what": "Glass scalp, coil as rings, yellow: target.",
    "cortex-what": "Cortex with deviations, yellow: target.",
    "operator-what": "Coil as it should lie; yellow: its centre, over the target.",
    "coil-what": "Down the coil's axis, handle at the bottom, yellow: target.",
    "seen-from": "Seen from the patient's {where}.",
    "seen-front": "front",
    "seen-back": "back",
    "seen-above": "above",
    "seen-below": "below",
    "arrow": "Green arrow: away from the handle.",
    "midline": "Grey line: midline.",
    "scale-title": "deviation z",
    "scale-threshold": "outlined: |z| at least {threshold:g}",
    # A map on the cortex.
    "map-left-outside": "LEFT hemisphere, from outside",
    "map-left-inside": "LEFT hemisphere, from the midline",
    "map-right-outside": "RIGHT hemisphere, from outside",
    "map-right-inside": "RIGHT hemisphere, from the midline",
    "map-front": "front",
    "map-back": "back",
    "map-covered": "With a value: {left:.0f} % of the left, {right:.0f} % of the right cortex; "
    "grey has none. Colours end at the 2nd and 98th percentile.",
    # Verdict.
    "verdict-target": "A region stands out",
    "verdict-no-region-stands-out": "No region stands out",
    "verdict-none-note": "No region is unusual enough to be preferred. Standard targets come "
    "first; anything else below is for description only.",
    # Plots.
    "plot-ranking": "Candidate regions: deviation from the reference",
    "plot-ranking-axis": "z with its {interval:.0f} % interval",
    "plot-none": "no number",
    "plot-norm": "{feature}: this person beside the reference",
    "plot-age": "age (years)",
    "plot-person": "this person",
    "plot-median": "median of the reference",
    "plot-band": "range of the reference",
    # Page.
    "page-title": "TMS plan of {patient}",
    "page-patient": "Patient",
    "page-created": "Plan made",
    "page-t1": "Planning T1, SHA-256",
    "page-frame": "Frame of all coordinates",
    "page-coil": "Coil",
    "frame-words": "mm, scanner RAS of the planning T1 of {owner}",
    "h-checks": "Safety checks",
    "h-verdict": "Verdict",
    "h-targets": "Targets",
    "h-ranking": "Regions in order",
    "h-statements": "How sure this is",
    "h-quality": "Scans, definitions and norms behind the numbers",
    "quality-scans": "Quality of the scans",
    "quality-definitions": "Other definitions of coupling in the same scans",
    "quality-norms": "The norms, tried on their own controls",
    "col-method": "Definition",
    "col-agreement": "Agreement of regions (Spearman)",
    "col-first-there": "The first region is there",
    "rank-of": "{rank:g} of {n}",
    "rank-range": "{best}–{worst}",
    "col-places": "Places 95 %",
    "h-compare": "Against standard targets",
    "h-exports": "Navigator files",
    "h-provenance": "Where this comes from",
    "h-caveats": "What this plan does not say",
    "h-norm": "Beside the reference",
    "checks-all": "{n} of {total} checks passed",
    "checks-some": "{failed} failed, {missing} not run, {n} of {total} passed",
    "check-value": "{value:.3g} (limit {limit:g})",
    "status-pass": "pass",
    "status-fail": "fail",
    "status-not-run": "not run",
    "kind-coupling": "coupling-guided",
    "kind-standard": "standard",
    "card-coil": "Coil centre",
    "card-scalp": "Scalp point",
    "card-cortex": "Cortical target",
    "card-depth": "Depth",
    "card-depth-value": "{depth:.1f} mm under the scalp point",
    "card-standoff": "coil {standoff:.1f} mm off the scalp",
    "card-handle": "Handle",
    "card-handle-value": "{angle:.0f} deg to the midline",
    "card-handle-points": "pointing {where}",
    "card-z": "Deviation of its region",
    "card-z-value": "z = {z:+.2f}",
    "card-z-interval": "{low:+.2f} to {high:+.2f}",
    "card-z-none": "no number: the region was not assessed",
    "card-mni": "Template coordinate",
    "card-mni-none": "no route to a template",
    "card-spread": "moves by {spread:.1f} mm when the data are resampled",
    "card-why": "Why this point",
    "card-source": "Source",
    "point": "x = {x:.1f}, y = {y:.1f}, z = {z:.1f}",
    "side-line": "{side}, x = {x:.1f} mm",
    "to-left": "to the left",
    "to-right": "to the right",
    "to-front": "forward",
    "to-back": "back",
    "to-up": "up",
    "to-down": "down",
    "no-targets": "This plan holds no target.",
    "no-pictures": "No pictures: the plan was opened without the geometry it was made on.",
    "rank-all": "All {n} regions",
    "rank-first": "The first {n} of {total} regions; all of them are in the list below.",
    "yes": "yes",
    "no": "no",
    "col-rank": "#",
    "col-region": "region",
    "col-side": "side",
    "col-value": "coupling",
    "col-z": "z",
    "col-interval": "interval",
    "col-centile": "centile",
    "col-q": "q",
    "col-ptop": "P(first)",
    "col-coverage": "coverage",
    "col-candidate": "candidate",
    "col-reach": "in reach",
    "col-reasons": "notes",
    "col-pair": "targets",
    "col-cortex-mm": "cortex, mm",
    "col-along-mm": "along cortex, mm",
    "col-scalp-mm": "scalp, mm",
    "col-angle": "angle, deg",
    "col-same-region": "same region",
    "col-navigation": "within navigation error",
    "col-z-both": "z of each",
    "no-compare": "Nothing was compared.",
    "col-format": "format",
    "col-file": "file",
    "col-reread-mm": "re-read error, mm",
    "col-reread-deg": "re-read error, deg",
    "col-sha": "SHA-256",
    "no-exports": "No navigator file was written.",
    "prov-inputs": "Inputs",
    "prov-claims": "Frame claims",
    "prov-params": "Parameters",
    "prov-method": "Method and norms",
    "prov-versions": "Versions",
    "col-role": "role",
    "col-claim": "to, from",
    "col-because": "because",
    "col-param": "parameter",
    "col-param-value": "value",
    "col-source": "source",
    "overridden": "OVERRIDDEN by the user",
    "searched": "{n} candidate regions competed.",
    # Sheet.
    "sheet-title": "TMS target sheet",
    "sheet-type-this": "type into the navigator",
    "sheet-numbers": "Coil centre (x, y, z)",
    "sheet-plan": "Plan made {created}  ·  tmsplan {version}",
    "sheet-page": "page {n} of {total}",
    "sheet-regions": "First candidates",
    "sheet-checklist": "Before the first pulse",
    "sheet-check-t1": "The T1 in the navigator is the one with the SHA-256 above",
    "sheet-check-side": "Left and right checked on the head itself: target is {side}",
    "sheet-check-landmarks": "Nasion and both ears touched, each within 3 mm",
    "sheet-check-readback": "Coordinates read back from the navigator agree to 1 mm",
    "sheet-check-handle": "Handle checked: {where}",
    "sheet-check-safety": "Safety screen and motor threshold done today",
    "sheet-compare": "Distance to the other targets",
    "sheet-compare-mm": "cortex {cortex:.1f} mm, scalp {scalp:.1f} mm",
    "sheet-statements": "How sure this is",
    "sheet-prepared": "Prepared by, date",
    "sheet-checked": "Checked by, date",
    "sheet-no-target": "No target in this plan: {why}",
}

_REASONS: dict[str, str] = {
    "no-norm": "no reference for this region",
    "no-value": "no value",
    "low-coverage": "map covers too little of it",
    "partly-covered": "the map has holes in it",
    "not-a-candidate": "not in the candidate set",
    "too-deep": "too deep for the coil",
    "under-the-head": "only reached from under the head",
    "no-crown": "lies in sulci only",
    "no-scalp": "no scalp surface was given",
    "no-vertex": "not on this cortex",
    "out-of-reach": "out of reach",
    "faces-away": "faces away from the scalp",
    "tie": "tied with its neighbour in this list",
    "extrapolated": "person is outside the reference's range",
}


def say(key: str, **values: object) -> str:
    """Return one sentence with its values filled in.

    Raises
    ------
    InputError
        For a key that `WORDS` does not have.
    """
    if key not in WORDS:
        raise InputError(f"no words for '{key}'; add them to view/words.py.")
    return WORDS[key].format(**values) if values else WORDS[key]


def side_word(hemi: Hemi) -> str:
    """Return the patient's side in capitals: ``LEFT`` or ``RIGHT``."""
    return say(str(hemi)).upper()


def reason_words(code: str) -> str:
    """Return what a reason code of the ranking means; an unknown code is shown as it is."""
    return _REASONS.get(code, code)
