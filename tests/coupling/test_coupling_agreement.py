"""Whether definitions agree on one patient's regions; and the presets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from coupling.small_patient import SHAPE, grid, half, large_regions, patient
from scipy.stats import spearmanr

from tmsplan.base.errors import InputError
from tmsplan.coupling import CouplingMap, RegionCoupling, couple, coupling_methods
from tmsplan.coupling.agreement import agreement
from tmsplan.coupling.presets import PRESETS, preset
from tmsplan.space.grid import Volume
from tmsplan.space.side import Hemi
from tmsplan.surface import Pair

NAN = math.nan


def one(method: str, values: dict[int, float], higher: str = "more coupled") -> CouplingMap:
    rows = {i: RegionCoupling(v, 200, 1.0, reason="" if v == v else "no data")
            for i, v in values.items()}  # fmt: skip
    return CouplingMap(method, "z", higher, "volume", per_region=rows)


def test_ranks_and_rho_are_joined_by_id() -> None:
    a = one("partial_spearman", {7: 0.3, 3: -0.2, 9: 0.1, 5: 0.0, 1: NAN})
    b = one("kls", {9: 0.5, 1: 0.9, 3: 0.8, 7: 0.7, 5: 0.6})
    found = agreement([a, b])
    want = spearmanr([0.3, -0.2, 0.1, 0.0], [0.7, 0.8, 0.5, 0.6]).statistic
    assert found.rho["partial_spearman", "kls"] == pytest.approx(want)
    assert found.rho["kls", "partial_spearman"] == pytest.approx(want)
    assert found.shared["partial_spearman", "kls"] == 4
    assert found.rank("partial_spearman", 3) == (1.0, 4)  # the least coupled
    assert found.rank("kls", 3) == (4.0, 5)
    assert found.rank("partial_spearman", 1) is None
    assert found.line("partial_spearman", "kls", 3) == (
        "The kls definition ranks this region 4 of 5 (agreement: -0.40)."
    )
    assert found.line("kls", "partial_spearman", 1) == (
        "The partial_spearman definition has no value for this region (agreement: -0.40)."
    )


def test_definitions_that_count_decoupling_are_turned() -> None:
    values = {1: 0.1, 2: 0.4, 3: 0.2, 4: 0.9}
    same = one("sdi", {i: -v for i, v in values.items()}, "less coupled")
    found = agreement([one("kls", values), same])
    assert found.rho["kls", "sdi"] == pytest.approx(1.0)
    assert found.ranks["kls"] == found.ranks["sdi"]


def test_regions_by_name_are_joined_through_the_atlas() -> None:
    cortex = Pair(*(half(h) for h in Hemi))
    regions = large_regions(cortex)
    by_id = {i: float(i % 7) for i in regions.keys}
    named = {regions.keys[i]: v for i, v in by_id.items()}
    baum = CouplingMap("baum", "rho", "more coupled", "parcels", by_region=named)
    ready = CouplingMap("map", "?", "more coupled", "parcels", by_id=by_id)
    assert agreement([baum, ready], regions).rho["baum", "map"] == pytest.approx(1.0)
    with pytest.raises(InputError, match="the coupling 'baum' has no values per region"):
        agreement([baum, ready])


def test_too_few_or_flat_regions_have_no_agreement() -> None:
    three = agreement([one("a", {1: 1.0, 2: 2.0, 3: 3.0}), one("b", {1: 1.0, 2: 2.0, 3: 3.0})])
    assert math.isnan(three.rho["a", "b"])
    assert "cannot be computed" in three.line("a", "b", 1)
    flat = agreement(
        [one("a", {i: float(i) for i in range(9)}), one("b", dict.fromkeys(range(9), 1.0))]
    )
    assert math.isnan(flat.rho["a", "b"])
    assert flat.rank("b", 3) == (5.0, 9)  # ties share their mean rank


@pytest.mark.parametrize(
    ("maps", "says"),
    [
        ([one("kls", {1: 1.0})], "two or more maps of different methods; got kls"),
        ([one("kls", {1: 1.0})] * 2, "different methods; got kls, kls"),
        ([one("kls", {1: 1.0}), one("b", {1: 1.0}, "thicker")], "'b' says that higher means 'th"),
    ],
)
def test_what_cannot_be_compared_is_refused(maps, says) -> None:
    with pytest.raises(InputError, match=says):
        agreement(maps)


def test_two_families_on_one_patient_disagree_and_two_of_a_family_agree() -> None:
    """As measured in a real brain: kls and jsse are one thing, kls and Spearman are two."""
    rng = np.random.default_rng(11)
    cortex = Pair(*(half(h, subdivisions=3) for h in Hemi))
    shape = rng.uniform(1, 9, 8)[(np.arange(np.prod(SHAPE)) * 8 // np.prod(SHAPE))].reshape(SHAPE)
    maps = {"gm": Volume(rng.uniform(0.3, 1, SHAPE), grid()),
            "alff": Volume(rng.gamma(shape, 1.0), grid())}  # fmt: skip
    p = patient(cortex, maps)
    regions = large_regions(cortex)
    found = agreement([
        couple(p, method=m, settings={"null_draws": 0}, regions=regions)
        for m in ("kls", "jsse", "spearman")
    ])  # fmt: skip
    assert found.rho["kls", "jsse"] > 0.9
    assert abs(found.rho["kls", "spearman"]) < 0.9


def test_the_preset_names_a_method_its_settings_and_what_is_not_known() -> None:
    method, settings, note = preset("ye-like")
    chosen = coupling_methods().get(method)
    assert method == "kls"
    assert set(settings) <= set(chosen.defaults)
    assert "Formula not published in what we could read" in note
    assert "this is not their method reproduced" in note
    with pytest.raises(InputError, match=r"no preset called 'ye-lke'\. Did you mean 'ye-like'"):
        preset("ye-lke")
    with pytest.raises(InputError, match="Known: ye-like"):
        preset("zzz")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_runs(name) -> None:
    rng = np.random.default_rng(12)
    cortex = Pair(*(half(h, subdivisions=3) for h in Hemi))
    maps = {"gm": Volume(rng.uniform(0.3, 1, SHAPE), grid()),
            "alff": Volume(rng.gamma(4.0, 1.0, SHAPE), grid())}  # fmt: skip
    method, settings, _ = preset(name)
    settings = {**settings, "null_draws": 0}
    result = couple(patient(cortex, maps), method=method, settings=settings,
                    regions=large_regions(cortex))  # fmt: skip
    assert all(0 < r.value < 1 for r in result.per_region.values())
