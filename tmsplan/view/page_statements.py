"""The statements by topic: twenty lines in one list are not read."""

from __future__ import annotations

from dataclasses import dataclass

from ..plan.plan import Plan
from .page_head import landmark_rows
from .words import say

__all__ = ["FIRST", "StatementGroup", "first_statements", "grouped_statements"]

#: Statements that are seen without scrolling; the groups below the pictures hold all.
FIRST = (
    "moved",
    "scalp-cut",
    "spread-no-claim",
    "spread-warn",
    "partly-covered",
    "not-assessed",
    "extrapolated",
)
#: Said in a table of the page, one row each.
_TABLED = "landmarks"
#: Topics in the order of the page, with the beginnings of the ids that belong to them. What
#: nobody has sorted is of the last one, and is printed.
_TOPICS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("topic-limits", (
        "spread", "coordinate", "reference", "search-space", "max-null", "p-top", "shrunk",
        "extrapolated", "exploratory", "partly-covered", "not-assessed", "moved", "two-f3",
        "standard-not-placed",
    )),
    ("topic-head", ("scalp", "landmarks", "head-not-measured")),
    ("topic-field", ("efield",)),
    ("topic-from", ()),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StatementGroup:
    """The statements of one topic, those that nobody may miss first."""

    title: str
    lines: tuple[tuple[str, bool], ...]


def first_statements(plan: Plan) -> list[str]:
    """Return the statements that nobody may miss."""
    return [s.text for s in plan.ranking.statements if s.id in FIRST]


def grouped_statements(plan: Plan) -> list[StatementGroup]:
    """Return every statement of a plan, by topic.

    Those about each landmark stand, word by word, in the table of landmarks; one line here says
    so and names the doubtful ones.

    Returns
    -------
    list of StatementGroup
        Without empty ones; each line with whether it is one of `first_statements`.
    """
    found: dict[str, list[tuple[str, bool]]] = {title: [] for title, _ in _TOPICS}
    for statement in plan.ranking.statements:
        if statement.id == _TABLED and plan.head is not None:
            continue
        found[_topic(statement.id)].append((statement.text, statement.id in FIRST))
    found["topic-head"] += _landmark_lines(plan)
    return [
        # Sorting keeps the order of lines that are equally loud.
        StatementGroup(say(title), tuple(sorted(lines, key=lambda line: not line[1])))
        for title, lines in found.items()
        if lines
    ]


def _landmark_lines(plan: Plan) -> list[tuple[str, bool]]:
    rows = landmark_rows(plan)
    if not rows:
        return []
    low = [row.name for row in rows if row.low]
    warning = [(say("tape-low", names=", ".join(low)), True)] if low else []
    return [*warning, (say("topic-landmarks"), False)]


def _topic(statement_id: str) -> str:
    titles = (title for title, starts in _TOPICS if statement_id.startswith(starts))
    return next(titles, _TOPICS[-1][0])
