"""How unusual a person's values are among comparable controls, and how sure that is."""

from .calibration import Calibration, calibrate
from .design import Design
from .deviations import Deviation, Deviations, Tier
from .identity import Identity, Measured
from .model import NormativeModel, fit_norms, fit_streamed
from .multiple import (
    Direction,
    chance_top_z,
    false_discovery_q,
    max_null_p,
    p_first_again,
    p_top,
    shrink,
)
from .people import People
from .reference import declare_age, declare_sex
from .statistics import Moments
from .store import load_norms, require_usable, save_norms

__all__ = [
    "Calibration",
    "Design",
    "Deviation",
    "Deviations",
    "Direction",
    "Identity",
    "Measured",
    "Moments",
    "NormativeModel",
    "People",
    "Tier",
    "calibrate",
    "chance_top_z",
    "declare_age",
    "declare_sex",
    "false_discovery_q",
    "fit_norms",
    "fit_streamed",
    "load_norms",
    "max_null_p",
    "p_first_again",
    "p_top",
    "require_usable",
    "save_norms",
    "shrink",
]
