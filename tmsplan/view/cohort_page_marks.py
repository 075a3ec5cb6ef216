"""Where each patient's targets are drawn on the pictures of the template, and how far off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..plan.cohort_spread import SideSpread
from ..plan.cohort_summary import CohortPatient, CohortSummary, CohortTarget
from ..space import Hemi, Mni305, Points
from .cohort_page_cortex import Panel, behind_mm, snapped
from .cohort_page_words import tell
from .words import side_word

__all__ = [
    "GUIDED",
    "Drawn",
    "LayerLetter",
    "Mark",
    "Ring",
    "drawn_targets",
    "panel_letters",
    "panel_marks",
    "panel_rings",
]

#: Layer of the coupling-guided targets; the other layers are ids of standard targets.
GUIDED = "coupling-guided"
#: With more brain than this before it a place is on the far side of the view, mm: deeper than
#: any sulcus of the convexity.
_FAR_SIDE_MM = 25.0
#: A letter stands so far above the highest dot of its layer.
_LETTER_MM = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A target as it is drawn: on the template's cortex, and how far it was moved for that."""

    patient: int
    layer: str
    target: CohortTarget
    place: Points[Mni305]
    off_mm: float


@dataclass(frozen=True, slots=True)
class Mark:
    """One dot of one picture, mm from its top left corner.

    Parameters
    ----------
    patient : int
        Index in the cohort.
    layer : str
    kind : str
        ``"guided"``, ``"none"`` (no region stands out) or ``"standard"``.
    letter : str
        Of a standard target.
    x, y : float
    words : str
    href : str
        Relative link to the patient's page; empty without one.
    faint : bool
        On the far side of the brain in this view.
    stop : bool
        Whether the tabulator key stops here: once a target, in the view of its own side.
    """

    patient: int
    layer: str
    kind: str
    letter: str
    x: float
    y: float
    words: str
    href: str
    faint: bool
    stop: bool


@dataclass(frozen=True, slots=True)
class Ring:
    """The circle that holds at least 95 % of one side's guided targets."""

    x: float
    y: float
    radius: float
    words: str


@dataclass(frozen=True, slots=True)
class LayerLetter:
    """The letter of a standard target, beside the middle of its dots."""

    layer: str
    letter: str
    x: float
    y: float


def drawn_targets(summary: CohortSummary) -> tuple[Drawn, ...]:
    """Return every guided and every chosen standard target that has a place, snapped."""
    wanted = list(_wanted(summary))
    out: list[Drawn] = []
    for hemi in Hemi:
        here = [(i, layer, t, t.place) for i, layer, t in wanted if t.hemi is hemi]
        placed = [(i, layer, t, p) for i, layer, t, p in here if p is not None]
        if not placed:
            continue
        frame = placed[0][3].frame
        points = Points(np.vstack([p.mm(frame) for *_, p in placed]), frame)
        places, off = snapped(points, hemi)
        out += [
            Drawn(i, layer, target, places.take(k), float(off[k]))
            for k, (i, layer, target, _) in enumerate(placed)
        ]
    return tuple(out)


def _wanted(summary: CohortSummary) -> Iterator[tuple[int, str, CohortTarget]]:
    for i, patient in enumerate(summary.patients):
        if patient.guided is not None:
            yield i, GUIDED, patient.guided
        for target in patient.standard:
            if target.id in summary.chosen:
                yield i, target.id, target


def panel_marks(
    panel: Panel,
    drawn: Sequence[Drawn],
    patients: Sequence[CohortPatient],
    links: Sequence[str],
    letters: Mapping[str, str],
) -> list[Mark]:
    """Return the dots of one picture: guided ones last, so that they lie on top."""
    here = [d for d in drawn if d.target.hemi in panel.shows]
    if not here:
        return []
    frame = here[0].place.frame
    points = Points(np.vstack([d.place.mm(frame) for d in here]), frame)
    at, behind = panel.place(points), behind_mm(panel, points)
    marks = [
        _mark(panel, d, patients[d.patient], links[d.patient], letters, (*at[k], behind[k]))
        for k, d in enumerate(here)
    ]
    return sorted(marks, key=lambda m: m.kind != "standard")


def _mark(
    panel: Panel,
    drawn: Drawn,
    patient: CohortPatient,
    link: str,
    letters: Mapping[str, str],
    at: tuple[float, float, float],
) -> Mark:
    guided = drawn.layer == GUIDED
    kind = "standard" if not guided else "guided" if patient.counted else "none"
    return Mark(
        patient=drawn.patient,
        layer=drawn.layer,
        kind=kind,
        letter=letters.get(drawn.layer, ""),
        x=round(float(at[0]), 2),
        y=round(float(at[1]), 2),
        words=_words(kind, patient, drawn.target) + (f" {tell('dot-opens')}" if link else ""),
        href=link,
        faint=at[2] > _FAR_SIDE_MM,
        stop=panel.id == str(drawn.target.hemi),
    )


def _words(kind: str, patient: CohortPatient, target: CohortTarget) -> str:
    if kind == "standard":
        mm = "n/a" if target.guided_mm is None else f"{target.guided_mm:.1f}"
        text = tell("dot-standard", patient=patient.id, name=target.name, mm=mm)
    else:
        row = patient.region
        z = "n/a" if row is None or row.z is None else f"{row.z:.2f}"
        side, region = side_word(target.hemi), target.name if row is None else row.name
        text = tell(f"dot-{kind}", patient=patient.id, side=side, region=region, z=z)
    return f"{text}."


def panel_rings(panel: Panel, spreads: Sequence[SideSpread]) -> list[Ring]:
    """Return the rings of one picture: those of the side that it looks at."""
    rings = []
    for s in spreads:
        if panel.id == str(s.hemi) and s.centroid is not None and s.radius_mm is not None:
            x, y = panel.place(s.centroid)[0]
            words = tell("ring-name", mm=s.radius_mm, n=s.n, side=side_word(s.hemi))
            rings.append(Ring(round(float(x), 2), round(float(y), 2), s.radius_mm, words))
    return rings


def panel_letters(marks: Sequence[Mark]) -> list[LayerLetter]:
    """Return one letter a layer of standard targets, just above the mean of its dots."""
    by_layer: dict[str, list[Mark]] = {}
    for mark in marks:
        if mark.kind == "standard":
            by_layer.setdefault(mark.layer, []).append(mark)
    return [
        LayerLetter(
            layer,
            own[0].letter,
            round(sum(m.x for m in own) / len(own), 2),
            round(min(m.y for m in own) - _LETTER_MM, 2),
        )
        for layer, own in by_layer.items()
    ]
