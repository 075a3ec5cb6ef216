"""Everything for people that is made from a plan: pictures, plots, page, sheet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..plan.plan import Plan
from .figure_files import write_boards, write_plots
from .page import render_page
from .page_file import write_page
from .pictures import write_pictures
from .sheet import write_sheet, write_sheet_page

__all__ = ["write_report"]

PAGE, SHEET_PAGE, SHEET, FIGURES = "report.html", "sheet.html", "sheet.pdf", "figures"


def write_report(plan: Plan, where: Path | str) -> list[Path]:
    """Write ``report.html``, ``sheet.html``, ``sheet.pdf`` and ``figures/*.png``.

    The figures are ``<target-id>_<view>.png`` (four views of each target), ``targets.png`` (all
    of them beside each other), ``ranking.png``, and where the plan has what they need
    ``norm.png``, ``calibration.png`` and one ``scalp-<map>.png`` for each map of the scalp.

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
    boards: Mapping[str, Path] = {}
    if plan.scene is not None:
        pictures = write_pictures(plan, folder / FIGURES)
        boards = write_boards(plan, folder / FIGURES, plan.scene.scalp_maps)
    plots = write_plots(plan, folder / FIGURES)
    write_page(page, render_page(plan, pictures, plots))
    printed = write_sheet_page(plan, folder / SHEET_PAGE, pictures)
    sheet = write_sheet(plan, folder / SHEET, pictures)
    drawn = [path for views in pictures.values() for path in views.values()]
    return sorted([page, printed, sheet, *plots.values(), *boards.values(), *drawn])
