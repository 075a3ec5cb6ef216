"""What ``tmsplan report`` writes: one patient's page, its form to share, or a cohort's page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..base.publish import published_folder
from . import say

__all__ = ["run_cohort_report", "run_report", "run_share_report"]


def run_report(path: Path, out: Path, *, overwrite: bool, as_json: bool) -> None:
    """Draw a stored plan again."""
    from ..plan.store import load_plan
    from ..view import require_gl, write_report

    plan = load_plan(path)
    require_gl()
    with published_folder(out, overwrite=overwrite) as work:
        write_report(plan, work)
    say.result(f"page: {out / 'report.html'}", {"page": str(out / "report.html")}, as_json=as_json)


def run_share_report(
    path: Path, out: Path, *, label: str | None, overwrite: bool, as_json: bool
) -> None:
    """Draw a stored plan in the form that can be shared."""
    from ..plan.store import load_plan
    from ..view import require_gl
    from ..view.share import DEFAULT_LABEL, require_label, write_share

    called = require_label(DEFAULT_LABEL if label is None else label)
    plan = load_plan(path)
    require_gl()
    with published_folder(out, overwrite=overwrite) as work:
        write_share(plan, work / "report.html", label=called)
    page = out / "report.html"
    say.result(f"page to share: {page}", {"page": str(page), "label": called}, as_json=as_json)


def run_cohort_report(plans: Sequence[Path], out: Path, *, overwrite: bool, as_json: bool) -> None:
    """Draw all patients of a cohort on one cortex; links lead to their pages."""
    from ..view import require_gl
    from ..view.cohort_page import write_cohort_report

    require_gl()
    with published_folder(out, overwrite=overwrite) as work:
        files = [path.name for path in write_cohort_report(plans, work)]
    page = out / "cohort.html"
    say.result(f"page: {page}", {"page": str(page), "files": files}, as_json=as_json)
