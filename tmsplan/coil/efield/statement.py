"""What every output of a field says about itself: which model, what it leaves out, no dose."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from ...base.errors import InputError
from ...target.ranking import Statement

__all__ = ["ENGINES", "field_statements"]

NO_DOSE = Statement(
    "efield-no-dose",
    "The field is given for a current that rises by 1 A per microsecond. It says where a coil "
    "acts and how poses compare. It is not a dose: no stimulator setting follows from it, and no "
    "motor threshold.",
)

_SPHERE = (
    "The field is that of a conducting sphere, not of this head. It checks other models and is "
    "no statement about a patient."
)
_SHELL = (
    "The field is computed with one compartment: everything inside the inner skull conducts "
    "alike, and the skull not at all. Left out are the fluid around the brain, grey against "
    "white matter, the fibres' direction and the skull's own conduction. Against models that "
    "have them, positions are good to a few millimetres (the hotspot moves by 2 to 6 mm), and "
    "strengths in gyral crowns are under-estimated by a quarter to two thirds. The angle of the "
    "coil hardly changes |E| in this model, so the angle is never chosen by |E|."
)
_PIAL = (
    "The field is computed with two compartments: fluid between inner skull and pial surface, "
    "grey matter inside it. Left out are grey against white matter, the fibres' direction, the "
    "skull's own conduction, the cerebellum, vessels and folds finer than the decimated pial "
    "surface. Compare poses and angles with it; strengths remain estimates."
)
_SIMNIBS = (
    "The field was computed by SimNIBS, outside tmsplan, on a head model of its own. tmsplan "
    "checked only that points, poses, coil and current are the ones it asked for."
)
#: Engine's name in plan.json, and what its model leaves out.
ENGINES = MappingProxyType(
    {"sphere": _SPHERE, "shell": _SHELL, "shell+pial": _PIAL, "simnibs": _SIMNIBS}
)


def field_statements(engine: str, warnings: Sequence[str] = ()) -> tuple[Statement, ...]:
    """Return the lines that stand beside every number of a field.

    Parameters
    ----------
    engine : str
        One of `ENGINES`.
    warnings : sequence of str
        What this head adds, for example `InnerSkull.warnings`.

    Raises
    ------
    InputError
        If the engine is unknown: a field without its limits is not shown.
    """
    if engine not in ENGINES:
        raise InputError(
            f"there are no words for a field made by '{engine}'. Expected one of "
            f"{', '.join(ENGINES)}. A field is never shown without what its model leaves out."
        )
    here = [Statement(f"efield-head-{i}", text) for i, text in enumerate(warnings, start=1)]
    return (Statement("efield-model", ENGINES[engine]), *here, NO_DOSE)
