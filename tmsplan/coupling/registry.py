"""Choose a coupling method by name and run it on one patient."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from ..base.errors import InputError
from ..base.registry import Registry
from ..patient.patient import Patient
from .coupling_map import CouplingMap
from .protocol import CouplingMethod
from .regions import Regions

__all__ = ["couple", "coupling_methods"]


def coupling_methods() -> Registry[CouplingMethod]:
    """Return every method: a module of ``coupling/methods``, or another package's entry point."""
    return Registry(
        "coupling method", "tmsplan.coupling.methods", "METHOD", "tmsplan.coupling", joint="_"
    )


def couple(
    patient: Patient,
    *,
    method: str = "map",
    settings: Mapping[str, object] | None = None,
    regions: Regions | None = None,
) -> CouplingMap:
    """Return the structure-function coupling of one patient.

    Parameters
    ----------
    patient : Patient
        Must hold what the method `needs`.
    method : str
        Name of a coupling method; ``"map"`` takes the map that the patient brings along.
    settings : mapping, optional
        Replaces some of the method's defaults.
    regions : Regions, optional
        Of an atlas on this patient; needed by a method that works region by region.

    Returns
    -------
    CouplingMap
        On the patient's own mesh, or by region.

    Raises
    ------
    InputError
        If the method or a setting is unknown (names the nearest), a setting has another type
        than its default, an input is missing, or regions are needed and none are given.
    """
    chosen = coupling_methods().get(method)
    if chosen.per_region and regions is None:
        raise InputError(
            f"coupling method '{method}' works region by region; name an atlas, for example "
            f"atlas 'desikan'."
        )
    return chosen.compute(patient, _complete(method, chosen.defaults, settings or {}), regions)


def _complete(
    method: str, defaults: Mapping[str, object], given: Mapping[str, object]
) -> dict[str, object]:
    for name, value in given.items():
        if name not in defaults:
            near = difflib.get_close_matches(name, defaults, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"It has {', '.join(defaults)}."
            raise InputError(f"coupling method '{method}' has no setting '{name}'. {hint}")
        if type(value) is not type(defaults[name]) and not _is_whole(value, defaults[name]):
            raise InputError(
                f"setting '{name}' of coupling method '{method}' is {value!r}; expected "
                f"{type(defaults[name]).__name__}, for example {defaults[name]!r}."
            )
    return {**defaults, **{k: _as(v, defaults[k]) for k, v in given.items()}}


def _is_whole(value: object, default: object) -> bool:
    """Return whether a whole number stands where a number with decimals is expected."""
    return type(value) is int and type(default) is float


def _as(value: object, default: object) -> object:
    return float(value) if isinstance(value, int) and type(default) is float else value
