"""Every sentence that the served page says beyond the page itself: translate this file."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["SERVE_WORDS"]

SERVE_WORDS: Mapping[str, str] = {
    "title": "Move a target",
    "how": "Click on the cortex or in a slice, then move the chosen target there.",
    "move": "Move target {badge} to the crosshair",
    "back": "Put target {badge} back",
    "save": "Save as a new plan",
    "no-operator": "To save, start with --operator NAME.",
    "nothing": "Nothing was moved.",
    "busy": "Working ...",
    "stopped": "No answer: was 'tmsplan view --serve' stopped?",
    "moved": "{name}: {mm} mm from where the plan has it. z {z}, mean within 5 mm {z5}; "
    "{depth} mm deep.",
    "missing": "n/a",
    "field": "Field at the target {share} % of its peak ({engine}).",
    "failed": "{n} safety checks failed: this cannot be saved.",
    "saved": "Saved: {folder}",
}
