"""From raw scans of one patient to a folder that tmsplan reads, with ANTs alone."""

from .chain import Person, Prepared, RawRun, prepare
from .steps import Steps

__all__ = ["Person", "Prepared", "RawRun", "Steps", "prepare"]
