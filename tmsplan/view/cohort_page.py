"""The cohort page: all patients of a cohort on one template cortex, in one offline file.

Every number and sentence is plain HTML. The pictures are drawn beforehand and the dots lie on
them by arithmetic, so that the page needs no WebGL; its script only sorts, switches and points.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..base.table import table_bytes
from ..plan.cohort_spread import FAR_MM, SideSpread, guided_spread, standard_distances
from ..plan.cohort_summary import CohortPatient, CohortSummary, summarise_cohort
from .cohort_page_cortex import PANELS, Panel, draw_panel
from .cohort_page_marks import (
    GUIDED,
    Drawn,
    drawn_targets,
    panel_letters,
    panel_marks,
    panel_rings,
)
from .cohort_page_rows import (
    STRIP_HEIGHT,
    STRIP_WIDTH,
    counts,
    patient_rows,
    said,
    spread_rows,
    standard_letters,
    strips,
)
from .cohort_page_words import tell
from .gl import require_gl
from .page import csp
from .page_file import write_page

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["COHORT_PAGE", "COHORT_TABLE", "render_cohort_page", "write_cohort_report"]

COHORT_PAGE, COHORT_TABLE = "cohort.html", "cohort.tsv"
_WEBP_QUALITY = 86
_COLUMNS = (
    "patient", "verdict", "hemi", "region", "z", "z_low", "z_high", "standard", "distance_mm",
    "within_navigation_error", "depth_mm", "reachable", "spread_mm", "mni305_x_mm",
    "mni305_y_mm", "mni305_z_mm", "way_to_mni305", "failed", "not_run", "plan_sha256", "labels",
)  # fmt: skip


def write_cohort_report(plans: Sequence[Path | str], folder: Path | str) -> list[Path]:
    """Write ``cohort.html`` and ``cohort.tsv`` of many plans.

    Parameters
    ----------
    plans : sequence of Path
        Each a plan.json or the folder that holds one; their ``report.html`` are linked to.
    folder : Path or str
        Made if absent. A folder that is renamed later must keep its parent: links are relative.

    Returns
    -------
    list of Path
        The files written; only their owner can read them.

    Raises
    ------
    InputError
        If no plan can be opened, or two are of one patient.
    MissingPartError
        If this machine cannot render; nothing is written then.
    """
    folder = Path(folder)
    summary = summarise_cohort(plans)
    text = render_cohort_page(summary, folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_page(folder / COHORT_PAGE, text)
    write_page(folder / COHORT_TABLE, cohort_table(summary).decode())
    return [folder / COHORT_PAGE, folder / COHORT_TABLE]


def render_cohort_page(summary: CohortSummary, folder: Path) -> str:
    """Return the page as one HTML text.

    Parameters
    ----------
    summary : CohortSummary
    folder : Path
        Where the page will lie: links to patients' pages are relative to it.
    """
    require_gl()
    drawn = drawn_targets(summary)
    spreads, aparts = guided_spread(summary), standard_distances(summary)
    letters = standard_letters(summary.chosen)
    links = [_link(p, folder) for p in summary.patients]
    navigation = sorted({p.navigation_mm for p in summary.patients})
    shown = [a for a in aparts if a.id in letters]
    script, style = _text("cohort.js.j2"), _text("cohort.css.j2")
    return (
        _environment()
        .get_template("cohort.html.j2")
        .render(
            tell=tell,
            csp=csp(script, style),
            script=script,
            style=style,
            summary=summary,
            labels=[(x, tell(f"label:{x}")) for x in summary.labels],
            counts=counts(summary),
            guided=GUIDED,
            layers=[
                (x, letters[x], n) for x, n in summary.standard_names().items() if x in letters
            ],
            panels=[_panel(p, summary, drawn, links, spreads) for p in PANELS],
            spreads=spread_rows(spreads),
            strips=strips(shown, letters, max(navigation)),
            others=[a for a in aparts if a.id not in letters and a.n],
            navigation=" to ".join(f"{mm:g} mm" for mm in {navigation[0], navigation[-1]}),
            far=FAR_MM,
            strip_size=(STRIP_WIDTH, STRIP_HEIGHT),
            rows=list(zip(summary.patients, links, patient_rows(summary, drawn), strict=True)),
            said=said(summary, drawn),
        )
    )


def _panel(
    view: Panel,
    summary: CohortSummary,
    drawn: Sequence[Drawn],
    links: Sequence[str],
    spreads: Sequence[SideSpread],
) -> dict[str, Any]:
    letters = standard_letters(summary.chosen)
    marks = panel_marks(view, drawn, summary.patients, links, letters)
    return {
        "view": view,
        "picture": _picture(view),
        "marks": marks,
        "letters": panel_letters(marks),
        "rings": panel_rings(view, spreads),
        "n": sum(m.layer == GUIDED for m in marks),
    }


def cohort_table(summary: CohortSummary) -> bytes:
    """Return ``cohort.tsv``: one row a patient and standard target; ids first."""
    rows = []
    for p in summary.patients:
        for target in p.standard or (None,):
            more = {
                "standard": None if target is None else target.id,
                "distance_mm": None if target is None else target.guided_mm,
                "within_navigation_error": None if target is None else target.same_place,
            }
            rows.append(_table_row(p) | more)
    return table_bytes(_COLUMNS, rows)


def _table_row(p: CohortPatient) -> dict[str, object]:
    guided, row = p.guided, p.region
    place = None if guided is None else guided.place
    xyz = (None, None, None) if place is None else map(float, place.mm(place.frame)[0])
    return {
        "patient": p.id,
        "verdict": p.verdict,
        "hemi": None if guided is None else str(guided.hemi),
        "region": None if row is None else row.name,
        **{k: None if row is None else getattr(row, k) for k in ("z", "z_low", "z_high")},
        "depth_mm": p.depth_mm,
        "reachable": None if row is None else row.reachable,
        "spread_mm": p.spread_mm,
        **dict(zip(("mni305_x_mm", "mni305_y_mm", "mni305_z_mm"), xyz, strict=True)),
        "way_to_mni305": None if guided is None else guided.why,
        "failed": ",".join(p.failed) or None,
        "not_run": ",".join(p.not_run) or None,
        "plan_sha256": p.sha256,
        "labels": ",".join(p.labels) or "none",
    }


def _link(patient: CohortPatient, folder: Path) -> str:
    """Return the relative link to a patient's page; empty without a page, or a way to it."""
    page = patient.page
    if page is None:
        return ""
    try:
        way = os.path.relpath(page, folder)
    except ValueError:  # another drive: no relative path leads there
        return ""
    # A colon is escaped too: a folder called "javascript:" must not become a scheme.
    return quote(Path(way).as_posix())


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("tmsplan.view", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _text(name: str) -> str:
    """Return script or style as they go into the page; they hold nothing of a patient."""
    return _environment().get_template(name).render()


@cache
def _picture(panel: Panel) -> str:
    from matplotlib.image import imsave

    buffer = io.BytesIO()
    imsave(buffer, draw_panel(panel), format="webp", pil_kwargs={"quality": _WEBP_QUALITY})
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
