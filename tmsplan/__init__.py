"""tmsplan: from one patient's MRI to a verified TMS target file.

Coupling of structure and function, compared with norms, ranked, aimed at, and handed to a
navigator in files that are read back before anyone sees them. Research software: it has not
been shown that coupling-guided targets are superior, and nothing here prescribes intensity.

Names are imported when they are first used, so ``import tmsplan`` is instant.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .atlas.load import load_atlas
    from .base.errors import InputError, TmsplanError, TripwireError
    from .base.params import Params
    from .cli.outputs import Destination, write_plan
    from .coil.place import place_coil
    from .coil.scalp import scalp_of
    from .export.verify import export_plan
    from .norms.model import fit_norms
    from .norms.store import load_norms, save_norms
    from .patient.load import load_patient
    from .patient.patient import Patient
    from .plan.compare_plan import compare
    from .plan.couple import couple
    from .plan.make import make_plan
    from .plan.options import Options
    from .plan.plan import Plan
    from .plan.steps import parcellate, rank_parcels, unusual_parcels
    from .plan.store import load_plan
    from .target.choose import choose_target
    from .view.notebook import show
    from .view.report import write_report

__all__ = [
    "Destination",
    "InputError",
    "Options",
    "Params",
    "Patient",
    "Plan",
    "TmsplanError",
    "TripwireError",
    "choose_target",
    "compare",
    "couple",
    "export_plan",
    "fit_norms",
    "load_atlas",
    "load_norms",
    "load_patient",
    "load_plan",
    "make_plan",
    "parcellate",
    "place_coil",
    "rank_parcels",
    "save_norms",
    "scalp_of",
    "show",
    "unusual_parcels",
    "write_plan",
    "write_report",
]

#: Where each public name lives. A test compares this page with what the modules define.
_HOMES = {
    "Destination": "cli.outputs",
    "InputError": "base.errors",
    "Options": "plan.options",
    "Params": "base.params",
    "Patient": "patient.patient",
    "Plan": "plan.plan",
    "TmsplanError": "base.errors",
    "TripwireError": "base.errors",
    "choose_target": "target.choose",
    "compare": "plan.compare_plan",
    "couple": "plan.couple",
    "export_plan": "export.verify",
    "fit_norms": "norms.model",
    "load_atlas": "atlas.load",
    "load_norms": "norms.store",
    "load_patient": "patient.load",
    "load_plan": "plan.store",
    "make_plan": "plan.make",
    "parcellate": "plan.steps",
    "place_coil": "coil.place",
    "rank_parcels": "plan.steps",
    "save_norms": "norms.store",
    "scalp_of": "coil.scalp",
    "show": "view.notebook",
    "unusual_parcels": "plan.steps",
    "write_plan": "cli.outputs",
    "write_report": "view.report",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public name
    if name not in _HOMES:
        raise AttributeError(f"tmsplan has no public name '{name}'")
    return getattr(import_module(f"tmsplan.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
