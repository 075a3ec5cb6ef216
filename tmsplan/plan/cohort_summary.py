"""Many plans as one small summary: who was planned where, and how far targets lie apart.

Nothing is computed again: every number is one that a plan records, or the distance between two
points that it records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..base.errors import InputError, TmsplanError
from ..base.provenance import sha256_file
from ..patient.siblings import SYMMETRIC, sibling_of_mni152
from ..space.frame import TEMPLATES, Frame, Mni305, MniNlin6Asym
from ..space.points import Points
from ..space.side import Hemi
from ..target.ranking import RankedParcel
from ..target.route import mni305_from_mni152, to_mni305
from .plan import Plan, PlannedTarget
from .store import PLAN_FILE, load_plan

__all__ = [
    "MIXED",
    "PAGE_FILE",
    "CohortPatient",
    "CohortSummary",
    "CohortTarget",
    "LeftOut",
    "in_mni305",
    "summarise_cohort",
]

#: Label of a cohort that holds simulated and measured plans together.
MIXED = "MIXED"
#: The page that `write_report` leaves beside a plan.
PAGE_FILE = "report.html"
#: A target that is named left and lies this far on the right of the template, mm, is a mistake
#: of sides and no place near the midline: medial targets are at most 10 mm from it.
WRONG_SIDE_MM = 5.0
#: Templates that are only assumed to share coordinates with the one that has an affine.
_ASSUMED = frozenset({"MNI152NLin2009cAsym", "MNI152NLin2009aSym"})

_NLIN6 = Frame(MniNlin6Asym, "template")


@dataclass(frozen=True, slots=True, eq=False)
class CohortTarget:
    """One target of one patient, in the template where there is a way to it.

    Parameters
    ----------
    id, name : str
    hemi : Hemi
    place : Points of Mni305, one row, or None
        None where it cannot be compared with other patients'.
    why : str
        How it came into MNI305; or why it could not.
    assumed : bool
        Whether two versions of MNI152 were taken as equal on the way.
    guided_mm : float or None
        Straight distance from the patient's guided target, in the patient's own space; None
        for the guided target itself, or where the patient has none.
    same_place : bool or None
        Whether that is within the error of navigation of the patient's plan.
    """

    id: str
    name: str
    hemi: Hemi
    place: Points[Mni305] | None
    why: str
    assumed: bool
    guided_mm: float | None = None
    same_place: bool | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CohortPatient:
    """What a cohort keeps of one plan.

    Parameters
    ----------
    id : str
    file : Path
        The plan.json.
    sha256 : str
        Of `file`.
    labels : tuple of str
    verdict : str
        ``"target"`` or ``"no-region-stands-out"``.
    guided : CohortTarget or None
        The first coupling-guided target.
    standard : tuple of CohortTarget
        Chosen ones first, then every other that could be placed.
    region : RankedParcel or None
        The row of the guided target.
    spread_mm : float or None
        How far the patient's own guided point may move, as the plan has it.
    depth_mm : float or None
        From scalp to guided target.
    navigation_mm : float
        Error of navigation that the plan was made with.
    template : str or None
        The template that the plan's coordinates were written in.
    failed, not_run : tuple of str
        Ids of tripwires.
    """

    id: str
    file: Path
    sha256: str
    labels: tuple[str, ...]
    verdict: str
    guided: CohortTarget | None
    standard: tuple[CohortTarget, ...]
    region: RankedParcel | None
    spread_mm: float | None
    depth_mm: float | None
    navigation_mm: float
    template: str | None
    failed: tuple[str, ...]
    not_run: tuple[str, ...]

    @property
    def counted(self) -> bool:
        """Whether the guided target is a proposal, and not there for description only."""
        return self.verdict == "target" and self.guided is not None

    @property
    def page(self) -> Path | None:
        """The patient's page beside the plan, or None if it was not written."""
        beside = self.file.with_name(PAGE_FILE)
        return beside if beside.is_file() else None

    def targets(self) -> Iterator[CohortTarget]:
        """Yield the guided target, then the standard ones."""
        if self.guided is not None:
            yield self.guided
        yield from self.standard


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A plan that could not be read, or a target that cannot be compared; and why."""

    name: str
    what: str
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class CohortSummary:
    """All patients of a cohort.

    Parameters
    ----------
    given : int
        How many plans were asked for.
    patients : tuple of CohortPatient
        In the order given.
    left_out : tuple of LeftOut
        Refused plans first, then guided targets without a place in the template.
    labels : tuple of str
        Of all plans together, `MIXED` first where simulated and measured ones meet.
    chosen : tuple of str
        Ids of the standard targets that a plan displays; others were only placed.
    methods : mapping of what to the different entries found
        Norms, atlas and coupling, where patients differ; empty if all were planned alike.
    one_t1 : tuple of tuple of str
        Ids of patients whose plans name one and the same T1.
    """

    given: int
    patients: tuple[CohortPatient, ...]
    left_out: tuple[LeftOut, ...]
    labels: tuple[str, ...]
    chosen: tuple[str, ...]
    methods: Mapping[str, tuple[str, ...]]
    one_t1: tuple[tuple[str, ...], ...]

    @property
    def counted(self) -> tuple[CohortPatient, ...]:
        """The patients whose guided target is a proposal."""
        return tuple(p for p in self.patients if p.counted)

    def standard_names(self) -> dict[str, str]:
        """Return the name of every standard target by id, chosen ones first."""
        names = {t.id: t.name for p in self.patients for t in p.standard}
        first = {k: names[k] for k in self.chosen if k in names}
        return first | {k: names[k] for k in sorted(names) if k not in first}


def summarise_cohort(plans: Sequence[Path | str]) -> CohortSummary:
    """Read many plans and keep what a cohort needs.

    A plan that cannot be opened becomes a row with the reason. Scenes are not kept, so that
    memory does not grow with the cohort.

    Parameters
    ----------
    plans : sequence of Path
        Each a plan.json or the folder that holds one.

    Returns
    -------
    CohortSummary

    Raises
    ------
    InputError
        If no plan can be opened, or two plans are of one patient: a patient who counts twice
        would narrow the spread.
    """
    patients: list[CohortPatient] = []
    refused: list[LeftOut] = []
    kept: list[Plan] = []
    for path in map(Path, plans):
        file = path / PLAN_FILE if path.is_dir() else path
        try:
            plan = load_plan(file)
            patients.append(_patient(plan, file))
        except (TmsplanError, OSError) as err:
            reason = str(err) if isinstance(err, TmsplanError) else str(err.strerror)
            refused.append(LeftOut(_folder_name(file), "plan", reason))
            continue
        kept.append(_light(plan))
    if not patients:
        why = f" The first says: {refused[0].why}" if refused else ""
        raise InputError(
            f"none of {len(plans)} plans can be opened, so there is no cohort. Expected folders "
            f"with a {PLAN_FILE}.{why}"
        )
    _require_different(patients)
    shown = {t.target.id: None for p in kept for t in p.targets if t.target.kind == "standard"}
    return CohortSummary(
        given=len(plans),
        patients=tuple(patients),
        left_out=(*refused, *_without_place(patients)),
        labels=_labels(patients),
        chosen=tuple(shown),
        methods=_differences(kept),
        one_t1=_shared_t1(kept),
    )


def in_mni305(planned: PlannedTarget) -> tuple[Points[Mni305] | None, str]:
    """Return a planned target in MNI305, and the way there; or None and why there is none.

    MNI305 is the world of fsaverage. From FSL's MNI152 FreeSurfer's affine leads there; the
    other versions of MNI152 are taken as FSL's, which is off by up to about 2 mm.
    """
    name, point = planned.mni_template, planned.mni
    if name is None or point is None:
        return None, "its plan has no template coordinate: there was no route to a template"
    steps: tuple[Any, ...] | None = to_mni305(name, assumed=True)
    if steps is None and TEMPLATES[name] is SYMMETRIC.kind:
        steps = (sibling_of_mni152(_NLIN6).inverse(), mni305_from_mni152())
    if steps is None:
        return None, f"nothing published relates {name} to MNI305"
    there: Points[Any] = point
    for step in steps:
        there = step @ there
    return _on_its_side(planned, there), _way(planned, there, name)


def _on_its_side(planned: PlannedTarget, place: Points[Any]) -> Points[Mni305] | None:
    return None if _across(planned, place) > WRONG_SIDE_MM else place


def _across(planned: PlannedTarget, place: Points[Any]) -> float:
    """Return how far a target lies on the other side of the template than it is named, mm."""
    x = float(place.mm(place.frame)[0, 0])
    return x if planned.target.hemi is Hemi.LEFT else -x


def _way(planned: PlannedTarget, place: Points[Any], name: str) -> str:
    if _across(planned, place) > WRONG_SIDE_MM:
        hemi = planned.target.hemi
        return (
            f"it is named {hemi} but lies {_across(planned, place):.0f} mm on the {hemi.other} "
            f"of the template; the transform to the template is wrong, or the side is"
        )
    if name == "MNI305":
        return "recorded in MNI305"
    if name in _ASSUMED:
        return f"{name} taken as MNI152NLin6Asym (up to about 2 mm off), then FreeSurfer's affine"
    return f"{name} to MNI305 by FreeSurfer's affine"


def _patient(plan: Plan, file: Path) -> CohortPatient:
    every = (*plan.targets, *plan.others)
    guided = next((t for t in plan.targets if t.target.kind == "coupling"), None)
    parcel = None if guided is None else guided.target.parcel_id
    standard = {t.target.id: t for t in reversed(every) if t.target.kind == "standard"}
    status = {s: tuple(t.id for t in plan.tripwires if t.status == s) for s in ("fail", "not-run")}
    return CohortPatient(
        id=plan.patient_id,
        file=file,
        sha256=sha256_file(file),
        labels=plan.labels,
        verdict=plan.ranking.verdict,
        guided=None if guided is None else _target(guided),
        standard=tuple(_target(t, guided, plan) for t in reversed(standard.values())),
        region=next((r for r in plan.ranking.rows if r.parcel_id == parcel), None),
        spread_mm=None if guided is None else guided.target.spread_mm,
        depth_mm=None if guided is None else guided.pose.depth_mm,
        navigation_mm=plan.params.navigation_error.value,
        template=next((t.mni_template for t in every if t.mni_template), None),
        failed=status["fail"],
        not_run=status["not-run"],
    )


def _target(
    planned: PlannedTarget, guided: PlannedTarget | None = None, plan: Plan | None = None
) -> CohortTarget:
    place, why = in_mni305(planned)
    mm = None if guided is None else float(guided.target.point.distances(planned.target.point)[0])
    same = None if mm is None or plan is None else mm <= plan.params.navigation_error.value
    return CohortTarget(
        id=planned.target.id,
        name=planned.target.name,
        hemi=planned.target.hemi,
        place=place,
        why=why,
        assumed=planned.mni_template in _ASSUMED,
        guided_mm=mm,
        same_place=same,
    )


def _folder_name(file: Path) -> str:
    """Return the name by which a plan is known: its folder's; never a whole path."""
    return file.resolve().parent.name if file.name == PLAN_FILE else file.name


def _light(plan: Plan) -> Plan:
    """Return the plan without its scene: a cohort must not hold every patient's meshes."""
    return replace(plan, scene=None)


def _require_different(patients: Sequence[CohortPatient]) -> None:
    seen: dict[str, Path] = {}
    for p in patients:
        if p.id in seen:
            raise InputError(
                f"{p.id}: two plans are given, in '{_folder_name(seen[p.id])}' and "
                f"'{_folder_name(p.file)}'. Expected one a patient, or the patient counts twice. "
                f"Leave one out, or give the patients different ids."
            )
        seen[p.id] = p.file


def _without_place(patients: Sequence[CohortPatient]) -> list[LeftOut]:
    return [
        LeftOut(p.id, "guided target", p.guided.why)
        for p in patients
        if p.guided is not None and p.guided.place is None
    ]


def _labels(patients: Sequence[CohortPatient]) -> tuple[str, ...]:
    labels = tuple(dict.fromkeys(x for p in patients for x in p.labels))
    simulated = {"SYNTHETIC" in p.labels for p in patients}
    return (MIXED, *labels) if len(simulated) == 2 else labels


def _differences(plans: Sequence[Plan]) -> dict[str, tuple[str, ...]]:
    """Return what patients were planned differently in, with the entries found."""
    found = {
        "norms": [f"{p.norms.get('id')} ({str(p.norms.get('sha256'))[:8]})" for p in plans],
        "atlas": [_atlas(p) for p in plans],
        "coupling": [str(p.coupling.get("method")) for p in plans],
        "coil": [t.pose.coil for p in plans for t in p.targets],
    }
    return {what: tuple(sorted({*x})) for what, x in found.items() if len({*x}) > 1}


def _atlas(plan: Plan) -> str:
    atlas = plan.coupling.get("atlas")
    return str(atlas.get("name") if isinstance(atlas, Mapping) else atlas)


def _shared_t1(plans: Sequence[Plan]) -> tuple[tuple[str, ...], ...]:
    count = Counter(p.t1_sha256 for p in plans)
    return tuple(
        tuple(p.patient_id for p in plans if p.t1_sha256 == sha)
        for sha, n in count.items()
        if n > 1
    )
