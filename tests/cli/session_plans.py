"""Plans of two sessions of one SYNTHETIC patient: same norms, new scans, no targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tmsplan.base import Params
from tmsplan.base.provenance import InputFile
from tmsplan.plan.plan import Plan
from tmsplan.space import Frame, Hemi, Scanner
from tmsplan.target.ranking import RankedParcel, Ranking

REGIONS = 34


def session(shift: Mapping[str, float] | None = None, *, seed: int = 0, scan: str = "a") -> Plan:
    """Return a plan whose left regions have z of N(0, 1), plus noise of `seed` and `shift`."""
    rng = np.random.default_rng(1)
    z = rng.normal(size=REGIONS) + 0.1 * np.random.default_rng(seed).normal(size=REGIONS)
    rows = tuple(
        _row(k, float(v) + (shift or {}).get(f"lh_r{k:02d}", 0.0)) for k, v in enumerate(z)
    )
    return Plan(
        created="2026-01-01T00:00:00Z",
        patient_id="SYNTHETIC-01",
        labels=("SYNTHETIC",),
        frame=Frame(Scanner, "SYNTHETIC-01"),
        t1_sha256=scan * 64,
        claims=(),
        inputs=(InputFile("t1w", "T1.mgz", scan * 64), InputFile("coupling", "c.nii", scan * 64)),
        coupling={
            "method": "map", "unit": "Fisher z", "higher_means": "more coupled",
            "space": "T1w", "params": {}, "source": "given", "atlas": {"name": "desikan"},
        },
        norms={
            "id": "d" * 12, "sha256": "d" * 64, "n_reference": 120, "tier": "usable",
            "age_range": [20, 60], "sites": ["simulated"], "transferred": False,
        },
        ranking=Ranking(rows, REGIONS, 0.4, "no-region-stands-out", "test", ()),
        targets=(),
        comparisons=(),
        exports=(),
        tripwires=(),
        params=Params(),
        caveats=("SYNTHETIC",),
        versions={"tmsplan": "0"},
    )  # fmt: skip


def _row(k: int, z: float) -> RankedParcel:
    return RankedParcel(
        rank=k + 1, parcel_id=1000 + k, name=f"r{k:02d}", hemi=Hemi.LEFT, network=None,
        value=0.1 * z, z=z, z_low=z - 0.3, z_high=z + 0.3, z_shrunk=z / 2, centile=0.5, q=1.0,
        p_top=0.0, n=300, coverage=1.0, candidate=True, reachable=True, reasons=(),
    )  # fmt: skip


def without_z(plan: Plan, region: int) -> Plan:
    """Return the plan with one region that has no z."""
    rows = list(plan.ranking.rows)
    rows[region] = replace(rows[region], z=None, z_low=None, z_high=None)
    return replace(plan, ranking=replace(plan.ranking, rows=tuple(rows)))
