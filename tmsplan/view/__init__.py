"""Pictures, plots, the page and the printed sheet. Reads a `Plan` and computes no science."""

from .bake import BakedScene, bake_scene
from .gl import require_gl
from .pictures import VIEWS, View, draw_picture, write_pictures
from .plots import plot_norm, plot_ranking
from .report import write_report

__all__ = [
    "VIEWS",
    "BakedScene",
    "View",
    "bake_scene",
    "draw_picture",
    "plot_norm",
    "plot_ranking",
    "require_gl",
    "write_pictures",
    "write_report",
]
