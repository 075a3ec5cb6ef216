"""The plots and boards of a plan as PNG files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..plan.plan import Plan
from ..surface import Field, Labels
from .comparison_picture import plot_targets
from .figures import save_png
from .plots import (
    has_calibration,
    has_norm_curve,
    plot_calibration_of,
    plot_norm,
    plot_ranking,
)
from .scalp_map_picture import plot_scalp_map

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["write_boards", "write_plots"]


def write_plots(plan: Plan, folder: Path) -> dict[str, Path]:
    """Write ``ranking.png``, and ``norm.png`` and ``calibration.png`` where the norms have them.

    Parameters
    ----------
    plan : Plan
    folder : Path
        Made if absent.

    Returns
    -------
    dict of name to Path
    """
    figures = {"ranking": plot_ranking(plan)}
    if has_norm_curve(plan):
        figures["norm"] = plot_norm(plan)
    if has_calibration(plan):
        figures["calibration"] = plot_calibration_of(plan)
    return _write(figures, folder)


def write_boards(
    plan: Plan, folder: Path, maps: Mapping[str, Field | Labels] | None = None
) -> dict[str, Path]:
    """Write ``targets.png``, and ``scalp-<name>.png`` for each map of the scalp.

    Parameters
    ----------
    plan : Plan
        With its scene.
    folder : Path
        Made if absent.
    maps : mapping of name to Field or Labels, or None
        Names are safe in file names.

    Returns
    -------
    dict of name to Path
        Empty where the plan holds no target and no map.

    Raises
    ------
    InputError
        If the plan was opened without its scene.
    MissingPartError
        If this machine cannot render.
    """
    from .pictures import ready_scene

    baked = ready_scene(plan)
    figures = {"targets": plot_targets(plan, baked)} if plan.targets or plan.others else {}
    for name, shown in (maps or {}).items():
        figures[f"scalp-{name}"] = plot_scalp_map(plan, shown, baked)
    return _write(figures, folder)


def _write(figures: Mapping[str, Figure], folder: Path) -> dict[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.png" for name in figures}
    for name, figure in figures.items():
        save_png(figure, paths[name])
    return paths
