"""What every coupling method must do; runs by itself on each registered one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from coupling.small_patient import ID, SHAPE, connectome, field, grid, half, patient, volume

from tmsplan.base.errors import InputError
from tmsplan.coupling import CouplingMap, couple, coupling_methods
from tmsplan.patient import Connectome, Patient
from tmsplan.space.grid import Volume
from tmsplan.space.side import Hemi
from tmsplan.surface import Field, Pair

NAMES = coupling_methods().names()
N = len(half(Hemi.LEFT).pial)
#: Interpolation weights of mirrored or renumbered vertices are summed in another order.
ROUNDING = 1e-9


def needed_maps(name: str) -> dict[str, object]:
    """Return a smooth volume for every map that a method needs."""
    needs = [n for n in coupling_methods().get(name).needs if n not in {"sc", "fc"}]
    return {n: Volume(volume(seed), grid()) for seed, n in enumerate(needs)}


def on_surface(name: str, cortex: Pair) -> dict[str, object]:
    rng = np.random.default_rng(5)
    one = {h: rng.normal(size=N) for h in Hemi}
    return {n: field(cortex, one) for n in needed_maps(name)}


def made(name: str) -> Patient:
    return patient(maps=needed_maps(name), matrices=connectome(3))


def values(result: CouplingMap) -> dict[object, float]:
    """Return every value by where it is: (side, vertex), (side, region) or id."""
    if result.vertices is not None:
        return {
            (h, k): v for h, f in result.vertices.sides() for k, v in enumerate(f.values.tolist())
        }
    return dict(result.by_region or result.by_id or {})


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
    result = couple(made(name), method=name)
    assert result.method == name
    assert result.unit
    assert "coupled" in result.higher_means
    assert result.space in {"surface", "parcels"}
    forms = (result.vertices, result.by_region, result.by_id)
    assert sum(f is not None for f in forms) == 1
    assert set(method.defaults) <= set(result.params)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_domain_out_as_in(name) -> None:
    p = made(name)
    result = couple(p, method=name)
    if result.vertices is not None:
        for hemi, f in result.vertices.sides():
            assert f.domain == p.cortex.side(hemi).domain
    if result.by_region is not None:
        assert tuple(result.by_region) == p.connectome.regions
    assert any(math.isfinite(v) for v in values(result).values())


@pytest.mark.parametrize("name", NAMES)
def test_the_same_patient_gives_the_same_bytes(name) -> None:
    a, b = (list(values(couple(made(name), method=name)).values()) for _ in range(2))
    assert np.array(a).tobytes() == np.array(b).tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_uncovered_cortex_is_nan_and_changes_nothing_else(name) -> None:
    whole = made(name)
    before = values(couple(whole, method=name))
    cut = {}
    for key, v in whole.maps.items():
        data = np.array(v.data)
        data[:, :14] = np.nan  # everything behind y = -16 mm
        cut[key] = Volume(data, v.grid)
    m = whole.connectome
    sc, fc = m.sc.copy(), m.fc.copy()
    sc[7] = sc[:, 7] = 0.0  # a region without any fibre
    after = couple(replace(whole, maps=cut, connectome=Connectome(m.regions, sc, fc)), method=name)
    if after.by_region is not None:
        lost = m.regions[7]
        assert math.isnan(after.by_region[lost])
        assert not math.isnan(before[lost])
        return
    for hemi, f in after.vertices.sides():
        y = whole.cortex.side(hemi).mid.points.mm(whole.scanner)[:, 1]
        assert np.isnan(f.values[y < -22]).all()
        kept = y > -10
        assert kept.sum() > 50
        np.testing.assert_allclose(
            f.values[kept], [before[hemi, int(k)] for k in np.flatnonzero(kept)], atol=ROUNDING
        )


@pytest.mark.parametrize("kind", ["volume", "surface"])
@pytest.mark.parametrize("name", NAMES)
def test_renumbered_vertices_give_renumbered_values(name, kind) -> None:
    rng = np.random.default_rng(1)
    orders = {h: rng.permutation(N) for h in Hemi}
    plain, other = (
        Pair(half(Hemi.LEFT, o[Hemi.LEFT]), half(Hemi.RIGHT, o[Hemi.RIGHT]))
        for o in (dict.fromkeys(Hemi), orders)
    )
    maps_a = maps_b = needed_maps(name)
    if kind == "surface":
        maps_a = on_surface(name, plain)
        maps_b = {
            k: field(other, {h: f.values[orders[h]] for h, f in v.sides()})
            for k, v in maps_a.items()
        }
    a = couple(patient(plain, maps_a, connectome(3)), method=name)
    b = couple(patient(other, maps_b, connectome(3)), method=name)
    if a.vertices is None:
        assert_same(values(a), values(b))
        return
    for hemi, f in a.vertices.sides():
        got = b.vertices.side(hemi).values
        np.testing.assert_allclose(got, f.values[orders[hemi]], rtol=0, atol=ROUNDING)
        assert np.ptp(f.values) > 0.1  # a flat map would pass any renumbering


@pytest.mark.parametrize("kind", ["volume", "surface"])
@pytest.mark.parametrize("name", NAMES)
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
    exchanged = Connectome(tuple((h.other, n) for h, n in m.regions), m.sc, m.fc)
    a = couple(replace(p, maps=maps), method=name)
    b = couple(replace(p, maps=mirrored, connectome=exchanged), method=name)
    flipped = {(k[0].other, k[1]): v for k, v in values(b).items()}
    assert_same(values(a), flipped)
    assert values(a) != values(b)  # the patient is not symmetric, or this shows nothing


@pytest.mark.parametrize("name", NAMES)
def test_a_patient_without_its_inputs_is_refused_by_name(name) -> None:
    with pytest.raises(InputError, match=f"^{ID}: "):
        couple(patient(), method=name)


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_setting_is_refused(name) -> None:
    first = next(iter(coupling_methods().get(name).defaults))
    with pytest.raises(InputError, match=f"'{name}' has no setting '{first}s'. Did you mean"):
        couple(made(name), method=name, settings={f"{first}s": 1})


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_of_another_type_is_refused(name) -> None:
    first = next(iter(coupling_methods().get(name).defaults))
    with pytest.raises(InputError, match=f"setting '{first}' of coupling method '{name}' is"):
        couple(made(name), method=name, settings={first: None})


def test_the_grid_of_this_test_is_its_own_mirror_image() -> None:
    g = grid()
    m = g.world_from_voxel.matrix(g.world, g.voxel)
    assert m[0, 3] == -(m[0, 0] * (SHAPE[0] - 1) + m[0, 3])


def test_there_are_methods_to_test() -> None:
    assert {"map", "baum"} <= set(NAMES)
    assert isinstance(next(iter(needed_maps("map").values())), Volume)
    assert isinstance(next(iter(on_surface("map", patient().cortex).values())).left, Field)
