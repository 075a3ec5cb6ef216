"""Head measurements on a patient's own scalp: landmarks, tapes, Beam F3, 10-10, instructions."""

from .along_scalp import along_scalp
from .beam import BeamNumbers, BeamPoint, beam_f3, beam_numbers
from .find_landmarks import landmarks_of
from .instructions import TapeInstructions, tape_instructions, walk_instructions
from .landmarks import Landmarks, given_landmarks
from .measures import HeadTapes, head_tapes
from .nearest import NearestSite, nearest_site
from .tape import Tape, tape_between, tape_over
from .ten_ten import position_called, ten_ten

__all__ = [
    "BeamNumbers",
    "BeamPoint",
    "HeadTapes",
    "Landmarks",
    "NearestSite",
    "Tape",
    "TapeInstructions",
    "along_scalp",
    "beam_f3",
    "beam_numbers",
    "given_landmarks",
    "head_tapes",
    "landmarks_of",
    "nearest_site",
    "position_called",
    "tape_between",
    "tape_instructions",
    "tape_over",
    "ten_ten",
    "walk_instructions",
]
