"""Every sentence of the cohort page, in one place: translate this file and `words.py`."""

from __future__ import annotations

from ..base.errors import InputError
from .words import WORDS

__all__ = ["COHORT_WORDS", "tell"]

COHORT_WORDS: dict[str, str] = {
    "title": "TMS cohort  ·  {n} patients",
    "label:MIXED": "simulated and measured patients on one page: no number here describes a "
    "group of people",
    "counts": "How many",
    "count-given": "plans given",
    "count-shown": "patients read",
    "count-target": "with a proposal",
    "count-none": "no region stands out",
    "count-refused": "left out",
    "count-why": "see why",
    # The template.
    "h-where": "Where the targets lie",
    "where-what": "Template cortex fsaverage5, MNI305. Every view has the same scale.",
    "view-left": "LEFT hemisphere, from outside",
    "view-right": "RIGHT hemisphere, from outside",
    "view-top": "from above, face up",
    "view-front": "from the front",
    "view-name": "Template cortex seen {where}, {n} guided targets",
    "way-left": "from the patient's left",
    "way-right": "from the patient's right",
    "way-top": "from above, the face is up",
    "way-front": "from the front: the patient's RIGHT is at the left",
    "front": "front",
    "back": "back",
    "scale-bar": "20 mm",
    "h-layers": "Show",
    "layer-guided": "coupling-guided",
    "layer-none": "no region stands out (described only)",
    "layer-ring": "95 % ring",
    "layer-standard": "{letter}: {name}",
    "dot-guided": "{patient}: {side}, {region}, z {z}",
    "dot-none": "{patient}: {side}, {region}, no region stands out",
    "dot-standard": "{patient}: {name}, {mm} mm from the guided target",
    "dot-opens": "Opens the patient's page.",
    "ring-name": "ring of {mm:.1f} mm around the mean place of {n} {side} targets",
    "readout": "Point at a dot or a row to see whose it is.",
    # Spread.
    "h-spread": "Spread of guided targets, template mm",
    "col-side": "side",
    "col-n": "n",
    "col-centroid": "mean place x, y, z (MNI305)",
    "col-mean": "mean",
    "col-median": "median",
    "col-radius": "95 %",
    "col-own": "one patient's own",
    "spread-what": "Mean, median: distance from the mean place. 95 %: radius that holds at least "
    "95 %; with fewer than 20 it is the farthest. One patient's own: median of how far a plan "
    "says its point may move.",
    "spread-few": "fewer than 3",
    "spread-none": "No guided target has a place in the template.",
    # Distances.
    "h-apart": "Guided against standard targets, mm in each patient's own head",
    "apart-what": "One dot a patient. Grey: within the error of navigation ({mm}), the two "
    "targets cannot be told apart. Lines at {a:g} and {b:g} mm.",
    "apart-none": "No patient has both a proposal and a standard target.",
    "apart-axis": "mm",
    "apart-name": "{name}: {n} patients, {low} to {high} mm, median {median} mm",
    "apart-other-side": "{n} more on the other side",
    "other-side": "{mm:.1f} other side",
    "col-each": "each patient",
    "col-standard": "standard target",
    "col-median-mm": "median",
    "col-over": "> {mm:g} mm",
    "col-same": "not told apart",
    "of": "{k} of {n}",
    "share": "{k} of {n} ({percent:.0f} %)",
    "h-others": "All other standard targets that could be placed ({n})",
    # Patients.
    "h-patients": "Patients",
    "table-what": "Click a heading to sort.",
    "col-patient": "patient",
    "col-region": "region",
    "col-z": "z",
    "col-interval": "95 % interval",
    "col-to": "mm to {letter}",
    "col-to-name": "mm to {name}",
    "col-depth": "depth mm",
    "col-reach": "in reach",
    "col-verdict": "verdict",
    "col-checks": "checks",
    "col-doubt": "may move mm",
    "col-snap": "drawn off mm",
    "verdict-target": "stands out",
    "verdict-no-region-stands-out": "no region stands out",
    "checks-pass": "all passed",
    "checks-fail": "FAILED {ids}",
    "checks-not-run": "not run {ids}",
    "no-guided": "no guided target",
    "no-place": "not on the template",
    "no-page": "no page beside the plan",
    # Left out.
    "h-left-out": "Left out",
    "left-out-none": "Nothing was left out.",
    "col-name": "name",
    "col-what": "what",
    "col-why": "why",
    "what-plan": "plan",
    "what-guided target": "guided target, from template and spread",
    # What must be said.
    "h-said": "What these numbers are, and what they do not show",
    "said-no-proof": "This page says where targets lie. That coupling-guided targets are better "
    "than standard ones is not established.",
    "said-where": "Distances to standard targets are measured in each patient's own head. Places "
    "and spread are in the template, and hold the error of the way there: a linear transform may "
    "be off by several millimetres on an individual's cortex (doi:10.1002/hbm.24213).",
    "said-drawn": "Dots are drawn at the nearest place of the template's cortex: {median:.1f} mm "
    "off in the middle, at most {most:.1f} mm. No number is measured there.",
    "said-none": "Patients in whom no region stands out are drawn hollow and are in no spread and "
    "no distance: their point is described, not proposed.",
    "said-ways": "Ways into MNI305: {ways}.",
    "said-way": "{n} {way}",
    "said-methods": "Patients were planned differently, so differences between them may be "
    "differences of method. {methods}.",
    "said-method": "{what}: {found}",
    "method-norms": "Norms",
    "method-atlas": "Atlas",
    "method-coupling": "Coupling",
    "method-coil": "Coil",
    "said-one-t1": "{ids} name one and the same T1. They may be one person, who then counts more "
    "than once.",
    "said-links": "Links lead to the patients' pages as they lie beside this one; keep the "
    "folders together.",
    "private": "This page holds patient data: ids, places and scores. Do not send it by mail.",
    "skip": "Skip to the table of patients",
    "h-made-of": "Made of",
    "col-sha": "SHA-256 of plan.json",
}


def tell(key: str, **values: object) -> str:
    """Return one sentence of the cohort page, or a shared one of `WORDS`, values filled in.

    Raises
    ------
    InputError
        For a key that neither has.
    """
    text = COHORT_WORDS.get(key) or WORDS.get(key)
    if text is None:
        raise InputError(f"no words for '{key}'; add them to view/cohort_page_words.py.")
    return text.format(**values) if values else text
