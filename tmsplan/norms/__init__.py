"""How unusual a person's values are among comparable controls, and how sure that is."""

from .calibration import Calibration, calibrate
from .deviations import Deviation, Deviations, Tier
from .model import NormativeModel, fit_norms
from .multiple import (
    Direction,
    chance_top_z,
    false_discovery_q,
    max_null_p,
    p_first_again,
    p_top,
    shrink,
)
from .reference import declare_sex
from .store import load_norms, require_usable, save_norms

__all__ = [
    "Calibration",
    "Deviation",
    "Deviations",
    "Direction",
    "NormativeModel",
    "Tier",
    "calibrate",
    "chance_top_z",
    "declare_sex",
    "false_discovery_q",
    "fit_norms",
    "load_norms",
    "max_null_p",
    "p_first_again",
    "p_top",
    "require_usable",
    "save_norms",
    "shrink",
]
