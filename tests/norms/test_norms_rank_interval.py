"""Ranks under redrawn controls: certain where a region is far out, wide where regions tie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from control_tables import table

from tmsplan.base.errors import InputError
from tmsplan.norms import fit_norms, p_top
from tmsplan.norms.rank_interval import rank_interval


def person(*, far: float, n: int = 60):
    """Six regions; the first is `far` sd out, the others are alike."""
    rng = np.random.default_rng(2)
    model = fit_norms(table(rng.normal(size=(n, 6))))
    values = dict.fromkeys(model.features, -1.0) | {"lh_r0": far}
    return model.deviations(values, age=40.0, sex="F")


def test_a_region_far_out_keeps_its_rank_and_the_others_share_the_rest() -> None:
    found = person(far=-8.0)
    names = [r.feature for r in found.rows]
    ranks = rank_interval(found, names)
    assert ranks["lh_r0"] == (1, 1)
    assert p_top(found, names)["lh_r0"] == 1.0
    assert all(ranks[f][0] >= 2 for f in names[1:])
    assert max(high - low for low, high in ranks.values()) >= 3
    assert rank_interval(found, names, direction="high")["lh_r0"] == (6, 6)


def test_a_wider_interval_holds_the_narrower_one() -> None:
    found = person(far=-1.1)
    names = [r.feature for r in found.rows]
    wide, narrow = (rank_interval(found, names, interval=i) for i in (0.95, 0.5))
    for f in names:
        assert wide[f][0] <= narrow[f][0] <= narrow[f][1] <= wide[f][1]
    # Ranks are of those that compete, so they count from 1 to how many there are.
    assert {r for pair in wide.values() for r in pair} <= set(range(1, 7))
    assert rank_interval(found, names[:1]) == {names[0]: (1, 1)}


def test_norms_without_single_controls_have_no_ranks_to_give() -> None:
    found = replace(person(far=-3), boot_z=np.zeros((0, 6)))
    assert rank_interval(found, ["lh_r0", "lh_r1"]) == {}


def test_a_region_without_a_z_cannot_compete() -> None:
    with pytest.raises(InputError, match="'nowhere' cannot compete"):
        rank_interval(person(far=-3), ["nowhere"])
