"""The only orchestration: from patient and norms to a plan, stored and opened again."""

from .make import make_plan
from .options import Options
from .plan import Comparison, Export, Plan, PlannedTarget
from .scene import Scene, SceneCortex
from .store import load_plan, save_plan

__all__ = [
    "Comparison",
    "Export",
    "Options",
    "Plan",
    "PlannedTarget",
    "Scene",
    "SceneCortex",
    "load_plan",
    "make_plan",
    "save_plan",
]
