"""Targets and the poses that reach them: the guided one, and the standard ones beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..atlas.atlas import Atlas
from ..base.errors import FrameError, InputError
from ..coil.efield.measures import FieldCheck
from ..coil.scalp import scalp_of
from ..coil.standard_scalp import ScalpMark, scalp_mark, standard_names, standard_target
from ..coupling.coupling_map import CouplingMap
from ..patient.patient import Patient
from ..space.frame import Scanner
from ..space.points import Points
from ..surface.field import Field
from ..surface.pair import Pair
from ..target.choose import choose_target
from ..target.cloud import cloud_of
from ..target.exclusions import Limits
from ..target.ranking import RankedParcel, Ranking, Statement
from ..target.read_standard import load_standard
from ..target.statements import coordinate_statement, spread_statement
from ..target.target import Target
from ..target.template import target_in_template
from ..target.two_f3 import two_f3_line
from .couple import Coupled
from .hold import Holder
from .measured_head import MeasuredHead, head_lines, measure_head
from .motor_depth import stokes_lines
from .options import Options
from .plan import PlannedTarget
from .ranked import Ranked
from .solved_head import FieldEngine, SolvedHead, solve_head

__all__ = ["Aimed", "aim"]

#: Read from the patient's own BOLD: minutes, so only where it is asked for.
_COSTLY = ("sgacc-individual",)

Strengths = Mapping[str, Pair[Field]]


@dataclass(frozen=True, slots=True, eq=False)
class Aimed:
    """What aiming at one patient gave.

    Parameters
    ----------
    targets : tuple of PlannedTarget
        In order of display: guided first, unless no region stands out.
    others : tuple of PlannedTarget
        Every other standard target that could be placed, to be compared with later.
    head : MeasuredHead or str
        Or why the head could not be measured.
    solved : FieldEngine or None
        What computed the fields.
    strengths : mapping of target id to Pair of Field
        |E| of each displayed pose, V/m per A/μs.
    ranking : Ranking
        With what has to be said about the points.
    """

    targets: tuple[PlannedTarget, ...]
    others: tuple[PlannedTarget, ...]
    head: MeasuredHead | str
    solved: FieldEngine | None
    strengths: Strengths
    ranking: Ranking


@dataclass(slots=True, eq=False)
class _Aim:
    """One patient being aimed at."""

    patient: Patient
    atlas: Atlas
    options: Options
    ranking: Ranking
    holder: Holder
    head: MeasuredHead | str
    limits: Limits
    engine: FieldEngine | None
    strengths: dict[str, Pair[Field]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def planned(self, target: Target, mark: ScalpMark | None = None) -> PlannedTarget:
        """Return a target with its pose, in the template, and as a tape finds it."""
        pose = self.holder.hold(target, None if mark is None else mark.point)
        mni, template = target_in_template(target.point, self.patient)
        out = PlannedTarget(target, pose, mni, template)
        if isinstance(self.head, str):
            return out
        place = pose.scalp_point
        return replace(out, nearest=self.head.nearest(place), tape=self.head.in_words(place))

    def with_fields(self, targets: Sequence[PlannedTarget]) -> list[PlannedTarget]:
        """Return planned targets with the fields of their poses, of one run of the engine."""
        if self.engine is None:
            return list(targets)
        strengths = self.engine.strengths({t.target.id: t.pose for t in targets})
        self.strengths.update(strengths)
        out = []
        for planned in targets:
            strength = strengths[planned.target.id]
            found = self.engine.check(strength, planned.target)
            if isinstance(found, FieldCheck):
                out.append(replace(planned, field=found))
            else:
                self.refused.append(found)
                out.append(planned)
        return out

    def standard(self, name: str) -> PlannedTarget | str:
        """Return a standard target, or why it was not placed."""
        one, params = load_standard(name), self.options.params
        try:
            found = self._placed(name)
            mark = self._mark(name)
            planned = self.planned(found, mark)
        except (FrameError, InputError) as err:
            return f"{one.name} was not placed: {err}"
        if planned.pose.depth_mm > params.reach.value:
            return f"{one.name} was not placed: {planned.pose.depth_mm:.0f} mm deep"
        return planned

    def _placed(self, name: str) -> Target:
        target = standard_target(
            name,
            self.patient,
            self.holder.scalp,
            self.atlas,
            hotspot=self._hotspot(),
            landmarks=None if isinstance(self.head, str) else self.head.landmarks,
        )
        z = next((r.z for r in self.ranking.rows if r.parcel_id == target.parcel_id), None)
        return replace(target, z=z)

    def _mark(self, name: str) -> ScalpMark | None:
        """Return the place on the scalp that a rule *is*; None for a target in the cortex."""
        one = load_standard(name)
        if one.rule is None:
            return None
        landmarks = None if isinstance(self.head, str) else self.head.landmarks
        return scalp_mark(
            one, self.patient, self.holder.scalp, hotspot=self._hotspot(), landmarks=landmarks
        )

    def _hotspot(self) -> Points[Scanner] | None:
        xyz = self.options.hotspot
        return None if xyz is None else Points(xyz, self.patient.scanner)


def aim(regions: Ranked) -> Aimed:
    """Return the planned targets, and the ranking with what it cost to aim.

    The guided target comes first, unless no region stands out: then the standard ones do.
    A standard target that cannot be placed is named in a statement, with the reason.
    """
    patient, ranking, options = regions.patient, regions.ranking, regions.options
    scalp = scalp_of(patient)
    engine = solve_head(patient, options)
    own = engine if isinstance(engine, SolvedHead) else None
    holder = Holder(patient, scalp, patient.midplane(), options, own)
    head = measure_head(scalp, patient)
    work = _Aim(patient, regions.atlas, options, ranking, holder, head, regions.limits, engine)
    guided = [work.planned(t) for t in _guided(work, regions.coupled)]
    names = [load_standard(name).name for name in options.against]
    standard, missing = [], []
    for name in names:
        placed = work.standard(name)
        if isinstance(placed, str):
            missing.append(placed)
        else:
            standard.append(placed)
    fielded = work.with_fields([*guided, *standard])
    guided, standard = fielded[: len(guided)], fielded[len(guided) :]
    rest = [
        work.standard(n) for n in standard_names() if n not in names and n != "sgacc-individual"
    ]
    said = [*_about_the_point(guided, standard, options), *head_lines(head)]
    if missing:
        said.append(Statement("standard-not-placed", "; ".join(missing) + "."))
    others = tuple(p for p in rest if not isinstance(p, str))
    said += stokes_lines(guided, (*standard, *others))
    two = two_f3_line([p.target for p in (*guided, *standard)])
    said += [] if two is None else [Statement("two-f3", two)]
    said += [] if engine is None else engine.lines(work.refused)
    first, second = (guided, standard) if ranking.verdict == "target" else (standard, guided)
    return Aimed(
        targets=(*first, *second),
        others=others,
        head=head,
        solved=engine,
        strengths=work.strengths,
        ranking=replace(ranking, statements=(*ranking.statements, *said)),
    )


def _about_the_point(
    guided: list[PlannedTarget], standard: list[PlannedTarget], options: Options
) -> list[Statement]:
    """Return what is said about the guided coordinate: how sure, how far from the others."""
    lines: list[Statement] = []
    for planned in guided:
        point, spread = planned.target.point, planned.target.spread_mm
        apart = {s.target.id: float(point.distances(s.target.point)[0]) for s in standard}
        parts = planned.target.spread_parts
        warning = spread_statement(spread, options.params, parts=parts)
        lines += [] if warning is None else [warning]
        lines.append(coordinate_statement(spread, apart, options.params, parts=parts))
    return lines


def _guided(work: _Aim, coupled: Coupled) -> list[Target]:
    best = work.ranking.best
    if best is None:
        return []
    maps = [_searched(m, work.options) for m in (coupled.chosen, *coupled.beside)]
    values, others = maps[0], [m for m in maps[1:] if m is not None]
    weights = _field_for_point(work, best, values)

    def choose(parcel: RankedParcel) -> Target:
        return choose_target(
            parcel,
            work.patient,
            work.atlas.labels,
            params=work.options.params,
            vertex_values=values,
            point=work.options.point,
            field=weights,
            others=others,
            limits=work.limits,
        )

    return [cloud_of(choose(best), work.ranking, choose)]


def _field_for_point(
    work: _Aim, best: RankedParcel, values: Pair[Field] | None
) -> Pair[Field] | None:
    """Return the field that weighs the point: of a coil over the point that needs no field."""
    if work.options.point != "field-weighted":
        return None
    if work.holder.solved is None:
        raise InputError(
            "point 'field-weighted' needs a field: pass --efield shell or --efield pial."
        )
    start = choose_target(
        best,
        work.patient,
        work.atlas.labels,
        params=work.options.params,
        vertex_values=values,
        limits=work.limits,
    )
    return work.holder.solved.strength(work.holder.hold(start))


def _searched(coupling: CouplingMap, options: Options) -> Pair[Field] | None:
    """Return the vertex-wise map with low = abnormal, if there is one."""
    values = coupling.local if coupling.vertices is None else coupling.vertices
    if values is not None and options.direction == "high":
        return values.map(lambda f: replace(f, values=-f.values))
    return values
