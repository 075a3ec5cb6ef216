"""Pictures, plots, the page and the printed sheet. Reads a `Plan` and computes no science.

Called like a function, the room is `view`: ``tmsplan.view(plan)`` in a notebook. Names are
imported when they are first used, so that a plot does not wait for the page.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..plan.plan import Plan
    from .bake import BakedScene, bake_scene
    from .cohort_page import write_cohort_report
    from .comparison_picture import plot_targets
    from .gl import require_gl
    from .map_picture import plot_map
    from .norm_plots import plot_calibration, plot_changes
    from .notebook import PlanView, view
    from .pictures import VIEWS, View, draw_picture, write_pictures
    from .plots import plot_calibration_of, plot_norm, plot_ranking
    from .report import write_report
    from .scalp_map_picture import plot_scalp_map

__all__ = [
    "VIEWS",
    "BakedScene",
    "PlanView",
    "View",
    "bake_scene",
    "draw_picture",
    "plot_calibration",
    "plot_calibration_of",
    "plot_changes",
    "plot_map",
    "plot_norm",
    "plot_ranking",
    "plot_scalp_map",
    "plot_targets",
    "require_gl",
    "view",
    "write_cohort_report",
    "write_pictures",
    "write_report",
]

#: Where each public name lives.
_HOMES = {
    "VIEWS": "pictures",
    "BakedScene": "bake",
    "PlanView": "notebook",
    "View": "pictures",
    "bake_scene": "bake",
    "draw_picture": "pictures",
    "plot_calibration": "norm_plots",
    "plot_calibration_of": "plots",
    "plot_changes": "norm_plots",
    "plot_map": "map_picture",
    "plot_norm": "plots",
    "plot_ranking": "plots",
    "plot_scalp_map": "scalp_map_picture",
    "plot_targets": "comparison_picture",
    "require_gl": "gl",
    "view": "notebook",
    "write_cohort_report": "cohort_page",
    "write_pictures": "pictures",
    "write_report": "report",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public name
    if name not in _HOMES:
        raise AttributeError(f"tmsplan.view has no public name '{name}'")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)


class _Room(ModuleType):
    """A module that can be called: the room and the function share their name."""

    def __call__(self, plan: Plan) -> PlanView:
        from .notebook import view

        return view(plan)


# The documented way to give a module a type: the import system would otherwise put the room in
# the place of a function ``tmsplan.view`` as soon as anything in it is imported.
sys.modules[__name__].__class__ = _Room

if "IPython" in sys.modules:
    from .notebook import join_notebook

    join_notebook()
