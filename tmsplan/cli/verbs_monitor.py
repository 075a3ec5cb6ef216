"""``tmsplan monitor``: what changed between sessions, beside what noise alone changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..base.errors import UsageError
from . import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..norms.monitor_retest import Retest
    from ..plan.monitor import Monitoring

__all__ = ["monitor"]


def monitor(
    plans: Annotated[list[Path], typer.Argument(help="Plans of one patient, in order of scan.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder to make.")] = None,
    icc: Annotated[float | None, typer.Option(help="Reliability of z, for all regions.")] = None,
    retest: Annotated[
        Path | None, typer.Option(help="Measured reliability: TSV feature, icc, mean_change.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the folder.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Change over time with reliable-change limits; which regions moved more than noise."""
    from ..plan.monitor import declared_retest, monitor_plans
    from ..plan.store import load_plan

    given = _given(icc, retest)
    sessions = [load_plan(p) for p in plans]
    known = given or declared_retest(sessions[0]) or _assumed()
    found = monitor_plans(sessions, known)
    data: dict[str, object] = {
        "patient": found.patient_id,
        "labels": list(found.labels),
        "statements": list(found.statements()),
        "moved": [[s.session, c.feature] for s in found.sessions for c in s.changes if c.moved],
        "changes": found.rows(),
    }
    text = str(found)
    if out is not None:
        files = _write(found, out, overwrite=overwrite)
        text += "\n\n" + "\n".join(map(str, files))
        data["files"] = [str(f) for f in files]
    say.result(text, data, as_json=json)


def _write(found: Monitoring, out: Path, *, overwrite: bool) -> list[Path]:
    from ..base.publish import published_folder
    from ..view.figures import save_png
    from ..view.norm_plots import plot_changes

    pictures = {f"changes_session-{s.session}.png": s for s in found.sessions}
    with published_folder(out, overwrite=overwrite) as work:
        (work / "changes.tsv").write_bytes(found.tsv())
        for name, s in pictures.items():
            title = f"{found.patient_id}: session {s.session} against session 1"
            save_png(plot_changes(s.changes, title=title, labels=found.labels), work / name)
    return [out / name for name in ("changes.tsv", *pictures)]


def _given(icc: float | None, table: Path | None) -> Retest | Mapping[str, Retest] | None:
    from ..base.table import read_table
    from ..norms.monitor_retest import Retest, read_retest

    if icc is not None and table is not None:
        raise UsageError("pass --icc or --retest, not both.")
    if table is not None:
        return read_retest(read_table(table))
    return None if icc is None else Retest(icc, "given")


def _assumed() -> Retest:
    from ..base.params import Params
    from ..norms.monitor_retest import Retest

    return Retest(Params().icc_assumed.value, "assumed")
