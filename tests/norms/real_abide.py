"""ABIDE's regional volumes as a table, by the same reader as the benchmark."""

from __future__ import annotations

import importlib.util

from real_files import REPO, SHARED, real_data

from tmsplan.base import Table

__all__ = ["abide", "nspn"]


def _benchmark():
    spec = importlib.util.spec_from_file_location(
        "norms_calibration", REPO / "benchmarks" / "norms_calibration.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def abide(*, controls: bool = True) -> Table:
    """Return the 68 volumes of one group, without eTIV; skip where the files are not."""
    real_data("abide_fs6_half")
    table = _benchmark().abide(SHARED, controls=controls)
    k = table.columns.index("etiv")
    rows = tuple((*r[:k], *r[k + 1 :]) for r in table.rows)
    return Table(table.name, (*table.columns[:k], *table.columns[k + 1 :]), rows)


def nspn() -> Table:
    """Return the 308 volumes of 100 people; skip where the files are not."""
    real_data("nspn_discovery")
    return _benchmark().nspn(SHARED)
