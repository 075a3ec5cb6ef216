"""Every sentence that pictures and sheet say, with those of the page: translate both files.

`say` fills in the numbers. A key that is missing is a bug and fails loudly.
"""

from __future__ import annotations

from ..base.errors import InputError
from ..space import Hemi
from ..target.exclusions import REASONS
from .page_words import PAGE_WORDS

__all__ = ["WORDS", "reason_words", "say", "side_word"]

WORDS: dict[str, str] = {
    **PAGE_WORDS,
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
    # All targets in one picture.
    "compare-title": "{patient}  ·  all targets",
    "compare-line": "Straight distances in mm to: {target}",
    "compare-target": "target (patient's side)",
    "compare-cortex": "cortex, mm",
    "compare-scalp": "scalp, mm",
    "compare-name": "{name}, {side}",
    "compare-on-cortex": "cortical targets",
    "compare-on-scalp": "where the coil touches",
    "compare-foot": "Yellow: coupling-guided. Violet: standard. Hollow: on the far side. L and R "
    "are the patient's.",
    # A map on the scalp.
    "scalp-title": "{patient}  ·  {map}",
    "scalp-from-left": "the patient's LEFT",
    "scalp-from-above": "from above, face up",
    "scalp-from-right": "the patient's RIGHT",
    "scalp-depth": "How deep the cortex lies",
    "scalp-depth-line": "mm from each place of the scalp to the nearest cortex. Bare skin: no "
    "coil can be held there.",
    "scalp-depth-low": "mm: near",
    "scalp-depth-high": "deep",
    "scalp-z": "What lies under the coil",
    "scalp-z-line": "Mean deviation z of the cortex that a coil held there would act on. Bare "
    "skin: out of reach, or no number.",
    "scalp-z-low": "z: lower",
    "scalp-z-high": "higher",
    "scalp-tolerability": "Where stimulation is felt least",
    "scalp-tolerability-line": "An order of places from published experience, not measured on "
    "this patient. Bare skin: no coil can be held there.",
    "scalp-tolerability-low": "felt most",
    "scalp-tolerability-high": "felt least",
    "scalp-reach": "Where a coil would do",
    "scalp-reach-line": "Coloured: a coil there cannot be held, or does not reach cortex.",
    "scalp-reach-yes": "within reach",
    "scalp-foot": "Dots: scalp points of the targets; yellow coupling-guided, violet standard. "
    "The colours mean the same for every patient.",
    # In a notebook.
    "notebook-alt": "Glass head with the coil over the target: {target}",
    "notebook-target": "Target",
    "notebook-side": "Side",
    "notebook-depth": "Depth, mm",
    "notebook-apart": "From the guided one, mm",
    # Small dots on the cortex.
    "cloud": "Small dots: where {n} resamplings of the data put the point{hidden}.",
    "cloud-hidden": " ({hidden} of them on the far side)",
    # Verdict.
    "verdict-target": "A region stands out",
    "verdict-no-region-stands-out": "No region stands out",
    "verdict-none-note": "No region is unusual enough to be preferred. Standard targets come "
    "first; anything else below is for description only.",
    # Plots.
    "plot-ranking": "Candidate regions: deviation from the reference",
    "plot-ranking-axis": "z with its {interval:.0f} % interval; grey: |z| below {threshold:g}.",
    "plot-ranking-hollow": "Hollow: out of reach.",
    "plot-none": "no number",
    "plot-norm": "This person among the controls",
    "plot-norm-line": "{patient}. The reference is {n} controls.",
    "plot-people": "controls",
    "plot-band-centiles": "centiles {low:.0f} to {high:.0f} of the reference",
    "plot-calibration": "The norms, tried on their own controls",
    "plot-controls": "{n} controls, each left out in turn; right norms follow the line.",
    "plot-expected": "z expected of a standard normal",
    "plot-observed": "z of the controls",
    "plot-age": "age (years)",
    "plot-person": "this person",
    "plot-median": "median of the reference",
    "plot-band": "range of the reference",
    # Sheet.
    "sheet-title": "TMS target sheet",
    "sheet-type-this": "type into the navigator",
    "sheet-numbers": "Coil centre (x, y, z)",
    "sheet-plan": "Plan made {created}  ·  tmsplan {version}",
    "sheet-page": "page {n} of {total}",
    "sheet-hash": "plan.json, SHA-256",
    "sheet-date": "Date of the T1",
    "sheet-date-none": "not given: ______________",
    "sheet-nobody": "No region stands out: standard targets come first.",
    "sheet-handle-held": "How it is held",
    "sheet-standoff": "coil {mm:.1f} mm off the skin",
    "sheet-hair": "and {mm:.1f} mm of hair",
    "sheet-lift": "lifted {mm:.1f} mm",
    "sheet-tilt": "tilted {deg:.0f} deg",
    "sheet-flat": "flat on the scalp",
    "sheet-near": "Nearest 10-10 site",
    "sheet-nearest": "{site} + {mm:.0f} mm",
    "sheet-near-note": "to the scalp point; a cross-check",
    "sheet-slices": "Slices through the target",
    "sheet-slices-note": "Neurological: the patient's LEFT is at the left. Dot: target. Line: "
    "the coil's axis. Thick outline: |z| at least {threshold:g}.",
    "sheet-slices-bare": "The T1 is not in this plan: outlines only.",
    "sheet-tape": "With a tape, where there is no navigator",
    "sheet-no-head": "The head was not measured in this plan, so there are no tape instructions.",
    "sheet-no-tape": "No tape instructions: no tape from ear to ear passes this place. Use a "
    "navigator.",
    "sheet-compare": "Distance to the other targets",
    "sheet-compare-mm": "cortex {cortex} mm, scalp {scalp} mm",
    "sheet-compare-more": "and {n} more on the page, report.html",
    "sheet-overlap": "same field",
    "sheet-same": "same place*",
    "sheet-same-note": "* nearer than navigation can tell apart",
    "sheet-field": "Field ({engine} model): the target gets {share:.0f} % of the largest field "
    "on this cortex; the strongest place is {mm:.1f} mm from it.",
    "sheet-field-missing": "No field is known for {share:.0f} % of the cortex.",
    "sheet-field-note": "What the model leaves out is said under 'How sure this is'. Not a dose.",
    "sheet-statements": "How sure this is",
    "sheet-continued": "continued on page {n}",
    "sheet-marks": "Touch with the pointer and read back",
    "sheet-marks-found": "Found by tmsplan, not marked by a person: a check of left and right "
    "and of gross errors.",
    "sheet-marks-given": "Marked by a person on this T1.",
    "sheet-marks-none": "No coordinates: the head was not measured. Touch them all the same: the "
    "pointer must appear there on the T1.",
    "sheet-mark-nasion": "Nasion",
    "sheet-mark-lpa": "In front of the LEFT tragus",
    "sheet-mark-rpa": "In front of the RIGHT tragus",
    "sheet-mark-given": "marked",
    "sheet-mark-found": "within {mm:.0f} mm",
    "sheet-mark-low": "within {mm:.0f} mm: LOW CONFIDENCE",
    "sheet-mark-read": "read back",
    "sheet-checklist": "Before the first pulse",
    "sheet-check-t1": "The T1 in the navigator is the one with the SHA-256 above",
    "sheet-check-capsule": "Capsule on the T1 is on the side it was taped to: ______ (or none)",
    "sheet-check-side": "Left and right checked on the head itself: target is {side}",
    "sheet-check-registration": "Registration error that the navigator states: ______ mm",
    "sheet-check-readback": "Coordinates read back from the navigator agree to 1 mm",
    "sheet-check-handle": "Handle checked: {where}",
    "sheet-check-safety": "Safety screen and motor threshold done today",
    "sheet-prepared": "Prepared by, date",
    "sheet-checked": "Checked by, date",
    "sheet-set-typeset": "set by WeasyPrint {version}",
    "sheet-set-plain": "plain layout: WeasyPrint is not here",
    "sheet-set-browser": "printed from sheet.html",
    "sheet-follow": "Targets that follow, one page each",
    "sheet-regions": "First candidates",
    "sheet-no-target": "No target in this plan: {why}",
}

#: Shorter than those of `REASONS`, for the narrow columns of tables.
_SHORT_REASONS: dict[str, str] = {
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
    "over-eye": "over an eye",
    "over-ear": "over an ear",
    "over-nose": "over the nose",
    "over-sinus": "over the frontal sinus",
    "scalp-too-far": "the casing is held off",
    "outside-mask": "outside the search mask",
    "no-coverage": "no value in it",
    "near-a-hole": "within 10 mm of a hole in the map",
    "medial-wall": "on the wall between the hemispheres",
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
    return _SHORT_REASONS.get(code) or REASONS.get(code, code)
