"""What every coupling method must do; runs by itself on each registered one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from coupling.small_patient import (
    ID,
    SHAPE,
    connectome,
    field,
    grid,
    half,
    large_regions,
    patient,
    small_regions,
    volume,
)

from tmsplan.base.errors import InputError
from tmsplan.coupling import CouplingMap, Regions, couple, coupling_methods
from tmsplan.patient import Connectome, Patient
from tmsplan.space.grid import Volume
from tmsplan.space.side import Hemi
from tmsplan.surface import Field, Pair

NAMES = coupling_methods().names()
BY_REGION = tuple(n for n in NAMES if coupling_methods().get(n).per_region)
#: 642 vertices a side: four regions of at least 100.
FINE = 3
N = len(half(Hemi.LEFT, subdivisions=FINE).pial)
#: Interpolation weights of mirrored or renumbered vertices are summed in another order.
ROUNDING = 1e-9
#: Its definition standardises each map over the whole volume, so what one place says depends
#: on which other places were measured.
OVER_THE_WHOLE_MAP = ("pimco",)
#: Works in voxels alone and refuses a map on the cortex.
ONLY_VOLUMES = ("pimco",)
KINDS = [(n, k) for n in NAMES for k in ("volume", "surface")
         if k == "volume" or n not in ONLY_VOLUMES]  # fmt: skip
#: Enough for a null to be printed; the default takes four times as long.
DRAWS = 12


def is_connectivity(name: str) -> bool:
    return "sc" in coupling_methods().get(name).needs


def needed_maps(name: str) -> dict[str, object]:
    """Return a smooth volume for every map that a method needs."""
    needs = [n for n in coupling_methods().get(name).needs if n not in {"sc", "fc"}]
    return {n: Volume(volume(seed), grid()) for seed, n in enumerate(needs)}


def on_surface(name: str, cortex: Pair) -> dict[str, object]:
    """Return rough maps on the cortex; positive, as amplitudes and shares of tissue are."""
    rng = np.random.default_rng(5)
    return {
        n: field(cortex, {h: rng.uniform(0.5, 2.0, size=N) for h in Hemi})
        for n in needed_maps(name)
    }


def pair(orders: dict[Hemi, np.ndarray | None] | None = None) -> Pair:
    orders = orders or dict.fromkeys(Hemi)
    return Pair(*(half(h, orders[h], subdivisions=FINE) for h in Hemi))


def made(name: str) -> Patient:
    return patient(pair(), needed_maps(name), connectome(3))


def regions(name: str, p: Patient) -> Regions:
    return small_regions(p.cortex) if is_connectivity(name) else large_regions(p.cortex)


def run(name: str, p: Patient, settings: dict[str, object] | None = None) -> CouplingMap:
    settings = settings or {}
    if "null_draws" in coupling_methods().get(name).defaults:
        settings = {"null_draws": DRAWS, **settings}
    return couple(p, method=name, settings=settings, regions=regions(name, p))


def values(name: str, p: Patient, result: CouplingMap) -> dict[object, float]:
    """Return every value by where it is: (side, vertex), (side, region) or id."""
    if result.vertices is not None:
        return {
            (h, k): v for h, f in result.vertices.sides() for k, v in enumerate(f.values.tolist())
        }
    if result.per_region is not None:
        keys = regions(name, p).keys
        return {keys[i]: one.value for i, one in result.per_region.items()}
    return dict(result.by_region or result.by_id or {})


def computed(name: str, p: Patient) -> dict[object, float]:
    return values(name, p, run(name, p))


def assert_same(a: dict, b: dict) -> None:
    assert a.keys() == b.keys()
    keys = list(a)
    np.testing.assert_allclose([a[k] for k in keys], [b[k] for k in keys], rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is(name) -> None:
    method = coupling_methods().get(name)
    assert method.title
    assert method.needs
    assert method.source
    result = run(name, made(name))
    assert result.method.replace("_", "-") == name.replace("_", "-")
    assert result.unit
    # What `agreement` reads to turn all definitions the same way.
    assert result.higher_means.startswith(("more coupled", "less coupled"))
    assert result.space in {"surface", "volume", "parcels"}
    forms = (result.vertices, result.by_region, result.by_id, result.per_region)
    assert sum(f is not None for f in forms) == 1
    assert (result.per_region is not None) == method.per_region
    assert set(method.defaults) <= set(result.params)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_domain_out_as_in(name) -> None:
    p = made(name)
    result = run(name, p)
    if result.vertices is not None:
        for hemi, f in result.vertices.sides():
            assert f.domain == p.cortex.side(hemi).domain
    if result.by_region is not None:
        assert tuple(result.by_region) == p.connectome.regions
    if result.per_region is not None:
        assert set(result.per_region) == set(regions(name, p).keys)
    assert any(math.isfinite(v) for v in values(name, p, result).values())


@pytest.mark.parametrize("name", BY_REGION)
def test_a_region_has_a_value_or_a_reason(name) -> None:
    for one in run(name, made(name)).per_region.values():
        assert math.isnan(one.value) == bool(one.reason)
        assert one.n >= 0
        assert 0 <= one.coverage <= 1
        assert math.isnan(one.null_sd) or one.null_sd > 0
        assert math.isnan(one.null_sd) == math.isnan(one.null_mean)


@pytest.mark.parametrize("name", BY_REGION)
def test_without_an_atlas_it_is_refused(name) -> None:
    with pytest.raises(InputError, match=f"'{name}' works region by region; name an atlas"):
        couple(made(name), method=name)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_patient_gives_the_same_bytes(name) -> None:
    a, b = (list(computed(name, made(name)).values()) for _ in range(2))
    assert np.array(a).tobytes() == np.array(b).tobytes()


def cut(whole: Patient) -> Patient:
    """Return the patient with nothing known behind y = -16 mm and one region without fibres."""
    maps = {}
    for key, v in whole.maps.items():
        data = np.array(v.data)
        data[:, :14] = np.nan
        maps[key] = Volume(data, v.grid)
    m = whole.connectome
    sc = m.sc.copy()
    sc[7] = sc[:, 7] = 0.0
    return replace(whole, maps=maps, connectome=Connectome(m.regions, sc, m.fc, m.series))


@pytest.mark.parametrize("name", NAMES)
def test_uncovered_cortex_is_nan_and_changes_nothing_else(name) -> None:
    whole = made(name)
    result = run(name, cut(whole))
    before, after = computed(name, whole), values(name, whole, result)
    if is_connectivity(name):
        lost = whole.connectome.regions[7]
        assert math.isnan(after[lost])
        assert not math.isnan(before[lost])
        return
    kept = []
    for hemi in Hemi:
        if result.per_region is not None:
            keys = {key: i for i, key in regions(name, whole).keys.items()}
            one = result.per_region[keys[hemi, "cap"]]
            assert math.isnan(one.value)
            assert (one.n, one.coverage) == (0, 0.0)
            assert one.reason
            assert 0 < result.per_region[keys[hemi, "band"]].coverage < 1
            kept += [(hemi, "low"), (hemi, "high")]
            continue
        y = whole.cortex.side(hemi).mid.points.mm(whole.scanner)[:, 1]
        assert np.isnan(result.vertices.side(hemi).values[y < -30]).all()
        kept += [(hemi, int(k)) for k in np.flatnonzero(y > 8)]
    assert all(math.isfinite(after[k]) for k in kept)
    if name not in OVER_THE_WHOLE_MAP:
        assert_same({k: before[k] for k in kept}, {k: after[k] for k in kept})


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_renumbered_vertices_give_renumbered_values(name, kind) -> None:
    rng = np.random.default_rng(1)
    orders = {h: rng.permutation(N) for h in Hemi}
    plain, other = pair(), pair(orders)
    maps_a = maps_b = needed_maps(name)
    if kind == "surface":
        maps_a = on_surface(name, plain)
        maps_b = {
            k: field(other, {h: f.values[orders[h]] for h, f in v.sides()})
            for k, v in maps_a.items()
        }
    p, q = (patient(c, m, connectome(3)) for c, m in ((plain, maps_a), (other, maps_b)))
    a, b = run(name, p), run(name, q)
    if a.vertices is None:
        assert_same(values(name, p, a), values(name, q, b))
        return
    for hemi, f in a.vertices.sides():
        got = b.vertices.side(hemi).values
        np.testing.assert_allclose(got, f.values[orders[hemi]], rtol=0, atol=ROUNDING)
        assert np.ptp(f.values) > 0.1  # a flat map would pass any renumbering


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_a_mirrored_patient_has_mirrored_coupling(name, kind) -> None:
    """The small patient's hemispheres are each other's mirror image, vertex by vertex."""
    p = made(name)
    maps = dict(p.maps)
    mirrored: dict[str, object] = {
        k: Volume(np.ascontiguousarray(v.data[::-1]), v.grid) for k, v in maps.items()
    }
    if kind == "surface":
        maps = on_surface(name, p.cortex)
        mirrored = {
            k: field(p.cortex, {h: v.side(h.other).values for h in Hemi}) for k, v in maps.items()
        }
    m = p.connectome
    exchanged = Connectome(tuple((h.other, n) for h, n in m.regions), m.sc, m.fc, m.series)
    p = replace(p, maps=maps)
    q = replace(p, maps=mirrored, connectome=exchanged)
    a, b = run(name, p), run(name, q)
    there, here = values(name, p, a), values(name, q, b)
    assert_same(there, {(k[0].other, k[1]): v for k, v in here.items()})
    assert there != here  # the patient is not symmetric, or this shows nothing
    if a.per_region is not None and not is_connectivity(name):
        other = {i: j for i, k in regions(name, p).keys.items()
                 for j, o in regions(name, p).keys.items() if o == (k[0].other, k[1])}  # fmt: skip
        null = {i: one.null_sd for i, one in a.per_region.items()}
        assert_same(null, {other[i]: one.null_sd for i, one in b.per_region.items()})
        assert any(math.isfinite(sd) for sd in null.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_patient_without_its_inputs_is_refused_by_name(name) -> None:
    with pytest.raises(InputError, match=f"^{ID}: "):
        run(name, patient(pair()))


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_setting_is_refused(name) -> None:
    first = next(iter(coupling_methods().get(name).defaults))
    with pytest.raises(InputError, match=f"'{name}' has no setting '{first}s'. Did you mean"):
        run(name, made(name), {f"{first}s": 1})


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_of_another_type_is_refused(name) -> None:
    first = next(iter(coupling_methods().get(name).defaults))
    with pytest.raises(InputError, match=f"setting '{first}' of coupling method '{name}' is"):
        run(name, made(name), {first: None})


def test_the_grid_of_this_test_is_its_own_mirror_image() -> None:
    g = grid()
    m = g.world_from_voxel.matrix(g.world, g.voxel)
    assert m[0, 3] == -(m[0, 0] * (SHAPE[0] - 1) + m[0, 3])


def test_there_are_methods_to_test() -> None:
    plain = {n.replace("-", "_") for n in NAMES}
    assert {"map", "baum", "partial_spearman", "spearman", "kls", "jsse"} <= plain
    assert {"imco", "pimco", "multilinear", "sdi"} <= plain
    assert isinstance(next(iter(needed_maps("map").values())), Volume)
    assert isinstance(next(iter(on_surface("map", pair()).values())).left, Field)
