"""The maps of the scalp of one plan, and what has to be said of them."""

from __future__ import annotations

from dataclasses import replace

from ..coil.scalp import scalp_of
from ..coil.scalp_map import scalp_maps
from ..patient.patient import Patient
from ..surface.field import Field, Labels
from ..target.ranking import Statement
from .options import Options
from .scene import Scene
from .solved_head import SolvedHead

__all__ = ["scalp_maps_of"]


def scalp_maps_of(
    patient: Patient, scene: Scene, options: Options, solved: SolvedHead | None
) -> tuple[Scene, Statement]:
    """Return a plan's scene with the maps of its scalp, and how they were made.

    Parameters
    ----------
    patient : Patient
    scene : Scene
        Of the same plan: its deviations are what is mapped.
    options : Options
        Coil and parameters.
    solved : SolvedHead or None

    Returns
    -------
    Scene
        With `scalp_maps`: depth, reach, z-under, tolerability.
    Statement
    """
    z = scene.cortex.map(lambda c: c.z)
    made = scalp_maps(patient, scalp_of(patient), z, options.coil, options.params, solved)
    maps: dict[str, Field | Labels] = {
        "depth": made.depth,
        "reach": made.reach,
        "z-under": made.z_under,
        "tolerability": made.tolerability,
    }
    text = (
        f"Maps of the scalp: {made.how}. Tolerability orders places by how far they are from "
        f"face, ears, temple and neck, where stimulation is felt most; it was not measured on "
        f"this person."
    )
    return replace(scene, scalp_maps=maps), Statement("scalp-maps", text)
