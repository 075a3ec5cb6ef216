"""Which parcels are candidates, how they rank, and where exactly to aim."""

from .agree import RankedOn, RankingAgreement, agreement_of
from .candidates import candidate_ids, candidates_in_mask
from .choose import choose_target
from .cloud import cloud_of
from .direction import direction_of
from .exclusions import REASONS, Limits
from .no_go import no_go_scalp
from .rank import rank
from .ranking import RankedParcel, Ranking, Statement, backup_rows
from .reach import Reach, reachable
from .standard_targets import load_standard, place_standard, standard_names
from .target import Target
from .template import target_in_template, tripwire_template

__all__ = [
    "REASONS",
    "Limits",
    "RankedOn",
    "RankedParcel",
    "Ranking",
    "RankingAgreement",
    "Reach",
    "Statement",
    "Target",
    "agreement_of",
    "backup_rows",
    "candidate_ids",
    "candidates_in_mask",
    "choose_target",
    "cloud_of",
    "direction_of",
    "load_standard",
    "no_go_scalp",
    "place_standard",
    "rank",
    "reachable",
    "standard_names",
    "target_in_template",
    "tripwire_template",
]
