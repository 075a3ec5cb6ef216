"""Two places are called F3: one on the scalp, one of a group's cortex. They are never mixed."""

from __future__ import annotations

from collections.abc import Iterable

from .target import Target

__all__ = ["two_f3_line"]

_CORTICAL = "f3-cortical"
_SCALP = "beam-f3"


def two_f3_line(targets: Iterable[Target]) -> str | None:
    """Return the sentence that tells the two F3 of one plan apart.

    Parameters
    ----------
    targets : iterable of Target
        Of one patient.

    Returns
    -------
    str or None
        None unless both are among them.
    """
    placed = {t.id: t for t in targets}
    if _CORTICAL not in placed or not any(name.startswith(_SCALP) for name in placed):
        return None
    scalp = next(t for name, t in placed.items() if name.startswith(_SCALP))
    apart = float(scalp.point.distances(placed[_CORTICAL].point)[0])
    return (
        f"Two places are called F3, and here their cortical points lie {apart:.0f} mm apart: "
        f"'{scalp.id}' is the cortex under the electrode position on this scalp, '{_CORTICAL}' a "
        f"group's average. Neither stands for the other."
    )
