"""Readers. Nothing else in tmsplan opens a patient's file."""

from .patient import Connectome, Cortex, Patient, T1w

__all__ = ["Connectome", "Cortex", "Patient", "T1w"]
