"""Plans of one patient over time: which regions changed by more than noise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from ..base.errors import InputError
from ..base.table import table_bytes
from ..norms.monitor import Change, change_statement, z_changes
from ..norms.monitor_retest import Retest
from ..surface.parcels import feature_name
from .plan import Plan

__all__ = ["Monitoring", "SessionChange", "declared_retest", "monitor_plans"]

#: Keys of the coupling that must agree: a change of method is not a change of the person.
_COUPLING = ("method", "unit", "higher_means", "space", "params")
_COLUMNS = (
    "patient", "session", "feature", "value_before", "value_after", "z_before", "z_after",
    "z_change", "change_low", "change_high", "index", "detectable", "p", "q", "moved", "icc",
    "icc_source", "retest_effect", "labels",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SessionChange:
    """One later session beside the first.

    Parameters
    ----------
    session : int
        Counts plans from 1; the first is the baseline, so this is at least 2.
    changes : tuple of Change
        In the order of the baseline's ranking.
    values : mapping of feature to (before, after)
        In the unit of the coupling.
    not_compared : tuple of str
        Features without a z in one of the two.
    """

    session: int
    changes: tuple[Change, ...]
    values: Mapping[str, tuple[float | None, float | None]]
    not_compared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Monitoring:
    """Every later session of one patient beside the first.

    Parameters
    ----------
    patient_id : str
    labels : tuple of str
        Of all plans together.
    sessions : tuple of SessionChange
    interval : float
    """

    patient_id: str
    labels: tuple[str, ...]
    sessions: tuple[SessionChange, ...]
    interval: float

    def statements(self) -> tuple[str, ...]:
        """Return one sentence a session about what moved, and what was not compared."""
        lines = []
        for s in self.sessions:
            line = change_statement(s.changes, interval=self.interval)
            lost = f" {len(s.not_compared)} have no z in both." if s.not_compared else ""
            lines.append(f"session {s.session} against session 1: {line}{lost}")
        return tuple(lines)

    def tsv(self) -> bytes:
        """Return ``changes.tsv``: one row a region and later session."""
        return table_bytes(_COLUMNS, self.rows())

    def rows(self) -> list[dict[str, object]]:
        """Return the rows of ``changes.tsv``, labels in each."""
        labels = ",".join(self.labels) or "none"
        return [
            {
                "patient": self.patient_id,
                "session": s.session,
                "feature": c.feature,
                "value_before": s.values[c.feature][0],
                "value_after": s.values[c.feature][1],
                **{k: getattr(c, k) for k in _COLUMNS[5:15]},
                "icc": c.retest.icc,
                "icc_source": c.retest.source,
                "retest_effect": c.retest.effect,
                "labels": labels,
            }
            for s in self.sessions
            for c in s.changes
        ]

    def __str__(self) -> str:
        head = f"{self.patient_id}: {len(self.sessions) + 1} sessions"
        marks = [f"*** {' · '.join(self.labels)} ***"] if self.labels else []
        return "\n".join([*marks, head, *self.statements()])


def monitor_plans(
    plans: Sequence[Plan],
    retest: Retest | Mapping[str, Retest],
    *,
    interval: float = 0.95,
) -> Monitoring:
    """Compare every later plan of a patient with the first.

    Parameters
    ----------
    plans : sequence of Plan
        At least two, in the order of the scans: a plan's own time stamp says when it was
        made, not when the patient was scanned.
    retest : Retest, or mapping of feature to Retest
        See `z_changes`.
    interval : float

    Returns
    -------
    Monitoring

    Raises
    ------
    InputError
        If the plans are of different patients, atlases, norms or couplings, if two are made of
        the same scans, or no region has a z in both of a pair.
    """
    if len(plans) < 2:
        raise InputError(f"{len(plans)} plan given. Expected at least two of one patient.")
    first, *later = plans
    for k, plan in enumerate(later, start=2):
        _require_comparable(first, plan, k)
    for (i, a), (j, b) in combinations(enumerate(plans, start=1), 2):
        if _scans(a) == _scans(b):
            raise InputError(
                f"{first.patient_id}: sessions {i} and {j} are made of the same files. Expected "
                f"two scans; pass the plan of another session."
            )
    labels = tuple(dict.fromkeys(x for p in plans for x in p.labels))
    sessions = tuple(
        _session(first, plan, k, retest, interval) for k, plan in enumerate(later, start=2)
    )
    return Monitoring(first.patient_id, labels, sessions, interval)


def declared_retest(plan: Plan) -> Retest | dict[str, Retest] | None:
    """Return the reliability that the plan's norms declare as measured, or None."""
    identity = plan.norms.get("identity")
    icc = identity.get("icc") if isinstance(identity, Mapping) else None
    if isinstance(icc, Mapping):
        return {str(f): Retest(float(r), "measured") for f, r in icc.items()}
    return Retest(float(icc), "measured") if isinstance(icc, int | float) else None


def _require_comparable(first: Plan, plan: Plan, session: int) -> None:
    pairs: list[tuple[str, object, object]] = [
        ("patient", first.patient_id, plan.patient_id),
        ("norms", first.norms.get("id"), plan.norms.get("id")),
        ("norms (SHA-256)", first.norms.get("sha256"), plan.norms.get("sha256")),
        ("atlas", _atlas(first), _atlas(plan)),
        ("number of parcels", len(_scores(first)), len(_scores(plan))),
        ("parcel", *_first_difference([*_scores(first)], [*_scores(plan)])),
        *((f"coupling ({k})", first.coupling.get(k), plan.coupling.get(k)) for k in _COUPLING),
    ]
    for what, a, b in pairs:
        if a != b:
            raise InputError(
                f"session {session} has another {what} than session 1 ('{b}', not '{a}'). Only "
                f"plans of one patient, atlas, norms and coupling can be compared; plan both "
                f"sessions alike."
            )


def _atlas(plan: Plan) -> object:
    atlas = plan.coupling.get("atlas")
    return atlas.get("name") if isinstance(atlas, Mapping) else None


def _first_difference(a: Sequence[str], b: Sequence[str]) -> tuple[str | None, str | None]:
    """Return the first names in which two lists differ, order aside; (None, None) if none."""
    pairs = zip(sorted(a), sorted(b), strict=False)
    return next(((x, y) for x, y in pairs if x != y), (None, None))


def _scans(plan: Plan) -> frozenset[tuple[str, str]]:
    """Return what the plan was made of, without the scene that was made from it."""
    return frozenset((i.role, i.sha256) for i in plan.inputs if i.role != "scene")


def _session(
    first: Plan,
    plan: Plan,
    session: int,
    retest: Retest | Mapping[str, Retest],
    interval: float,
) -> SessionChange:
    before, after = _scores(first), _scores(plan)
    changes = z_changes(
        {f: z for f, (_, z) in before.items()},
        {f: z for f, (_, z) in after.items()},
        retest,
        interval=interval,
    )
    compared = {c.feature for c in changes}
    return SessionChange(
        session=session,
        changes=changes,
        values={f: (before[f][0], after[f][0]) for f in compared},
        not_compared=tuple(f for f in {**before, **after} if f not in compared),
    )


def _scores(plan: Plan) -> dict[str, tuple[float | None, float]]:
    """Return value and z of every region, NaN where it has no z."""
    return {
        feature_name(r.hemi, r.name): (r.value, math.nan if r.z is None else r.z)
        for r in plan.ranking.rows
    }
