"""Check a navigator file that anybody wrote: every fault by name, and what cannot be known."""

from .check import check_pose
from .faults import FAULTS, Fault, FaultClass, fault_class
from .report import PoseFinding, PoseReport
from .t1_facts import T1Facts

__all__ = [
    "FAULTS",
    "Fault",
    "FaultClass",
    "PoseFinding",
    "PoseReport",
    "T1Facts",
    "check_pose",
    "fault_class",
]
