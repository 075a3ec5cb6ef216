"""Whether a region stands out enough to be shown before the standard targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ..base.params import Params
from ..norms.deviations import Deviations
from .evidence import Evidence
from .ranking import RankedParcel

__all__ = ["Verdict", "judge"]

Verdict = Literal["target", "no-region-stands-out"]


def judge(
    rows: Sequence[RankedParcel], evidence: Evidence, deviations: Deviations, params: Params
) -> tuple[Verdict, str]:
    """Return the verdict and the reason in words, with its numbers.

    A region stands out if few controls have a candidate as extreme (`max_null_alpha`) and it
    stays the most extreme when the controls are redrawn (`p_top_min`).

    Parameters
    ----------
    rows : sequence of RankedParcel
        In order.
    evidence : Evidence
    deviations : Deviations
    params : Params
    """
    if evidence.max_null_p is None:
        return "no-region-stands-out", (
            "No candidate could be both assessed and reached; the standard targets come first."
        )
    best, n, draws = rows[0], len(deviations.loo_z), len(deviations.boot_z)
    share = best.p_top or 0.0
    region = f"{best.hemi} {best.name} (z {best.z:.2f})"
    among = f"the most extreme of {evidence.searched} candidates"
    null = f"p = {evidence.max_null_p:.3f} from {n} controls' own most extreme candidates"
    if evidence.max_null_p > params.max_null_alpha.value:
        return "no-region-stands-out", (
            f"{region} is {among}, but healthy people also have one this extreme too often "
            f"({null}; limit {params.max_null_alpha.value:g}). The standard targets come first."
        )
    redrawn = f"in {100 * share:.0f} % of {draws} redrawn references"
    if share < params.p_top_min.value:
        return "no-region-stands-out", (
            f"{region} is {among} only {redrawn} (limit {100 * params.p_top_min.value:.0f} %): "
            f"which region is first depends on who the controls are. The standard targets come "
            f"first."
        )
    return "target", f"{region} is {among} ({null}), and so {redrawn}."
