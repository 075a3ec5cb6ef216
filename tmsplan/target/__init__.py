"""Which parcels are candidates, how they rank, and where exactly to aim."""

from .candidates import candidate_ids
from .choose import choose_target
from .rank import rank
from .ranking import RankedParcel, Ranking, Statement
from .reach import Reach, reachable
from .standard_targets import load_standard, place_standard, standard_names
from .target import Target
from .template import target_in_template, tripwire_template

__all__ = [
    "RankedParcel",
    "Ranking",
    "Reach",
    "Statement",
    "Target",
    "candidate_ids",
    "choose_target",
    "load_standard",
    "place_standard",
    "rank",
    "reachable",
    "standard_names",
    "target_in_template",
    "tripwire_template",
]
