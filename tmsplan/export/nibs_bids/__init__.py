"""NIBS-BIDS, draft v6.3: `write` and `read` know the draft without knowing each other."""

from .read import nibs_bids_poses
from .write import DRAFT, nibs_bids_files

__all__ = ["DRAFT", "nibs_bids_files", "nibs_bids_poses"]
