"""Everything for people that is made from a plan: pictures, plots, page, sheet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..plan.plan import Plan
from .figures import save_png
from .page import render_page
from .pictures import write_pictures
from .plots import (
    has_calibration,
    has_norm_curve,
    plot_calibration_of,
    plot_norm,
    plot_ranking,
)
from .sheet import write_sheet

__all__ = ["write_report"]

PAGE, SHEET, FIGURES = "report.html", "sheet.pdf", "figures"


def write_report(plan: Plan, where: Path | str) -> list[Path]:
    """Write ``report.html``, ``sheet.pdf`` and ``figures/*.png``.

    Parameters
    ----------
    plan : Plan
        Without its scene the report has no pictures and says so.
    where : Path or str
        A folder, made if absent; or a path that ends in ``.html``, for a page of that name
        with sheet and figures beside it.

    Returns
    -------
    list of Path
        Every file written, sorted.

    Raises
    ------
    MissingPartError
        If this machine cannot render; nothing is written then.
    """
    where = Path(where)
    page = where if where.suffix == ".html" else where / PAGE
    folder = page.parent
    pictures: Mapping[str, Mapping[str, Path]] = {}
    if plan.scene is not None:
        pictures = write_pictures(plan, folder / FIGURES)
    plots = _write_plots(plan, folder / FIGURES)
    page.write_text(render_page(plan, pictures, plots), encoding="utf-8")
    sheet = write_sheet(plan, folder / SHEET, pictures)
    drawn = [path for views in pictures.values() for path in views.values()]
    return sorted([page, sheet, *plots.values(), *drawn])


def _write_plots(plan: Plan, folder: Path) -> dict[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    figures = {"ranking": plot_ranking(plan)}
    if has_norm_curve(plan):
        figures["norm"] = plot_norm(plan)
    if has_calibration(plan):
        figures["calibration"] = plot_calibration_of(plan)
    paths = {name: folder / f"{name}.png" for name in figures}
    for name, figure in figures.items():
        save_png(figure, paths[name])
    return paths
