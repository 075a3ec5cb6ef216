"""Readers. Nothing else in tmsplan opens a patient's file."""

from .covered import covered_by
from .load import load_patient
from .navigator_t1 import NAVIGATOR_T1, navigator_t1_bytes, navigator_t1_record
from .patient import Connectome, Cortex, Patient, T1w

__all__ = [
    "NAVIGATOR_T1",
    "Connectome",
    "Cortex",
    "Patient",
    "T1w",
    "covered_by",
    "load_patient",
    "navigator_t1_bytes",
    "navigator_t1_record",
]
