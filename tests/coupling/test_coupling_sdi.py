"""The decoupling index: published vectors, closed forms, its null, and 19 real people."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from coupling.real_people import people, real_connectome
from coupling.small_patient import connectome, patient, small_regions
from scipy.integrate import trapezoid

from tmsplan.base.errors import InputError
from tmsplan.coupling import Regions, couple
from tmsplan.coupling.connectivity_graph import harmonics
from tmsplan.coupling.methods.sdi import decoupling, energy_split
from tmsplan.patient import Connectome

#: Six regions of the test of nigsp.
SIX = np.array([
    [0, 3, 1, 0, 0, 1], [3, 0, 2, 0, 0, 0], [1, 2, 0, 1, 0, 0],
    [0, 0, 1, 0, 3, 1], [0, 0, 0, 3, 0, 2], [1, 0, 0, 1, 2, 0.0],
])  # fmt: skip


def test_the_index_of_the_reference() -> None:
    """From nigsp's tests: log2(3 / 1) and log2(4 / 2)."""
    found = decoupling(np.array([[1.0], [2.0]]), np.array([[3.0], [4.0]]))
    np.testing.assert_allclose(found, [1.5849625007211562, 1.0], rtol=1e-12)


def test_the_harmonics_of_the_reference() -> None:
    values, vectors = harmonics(SIX)
    known = [0, 0.25166852, 1, 1.4, 1.6, 1.74833148]
    np.testing.assert_allclose(values, known, atol=5e-9)
    assert values.sum() == pytest.approx(6)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(6), atol=1e-12)
    # The slowest harmonic is the root of the strengths: constant per connection.
    root = np.sqrt(SIX.sum(axis=1))
    np.testing.assert_allclose(np.abs(vectors[:, 0]), root / np.linalg.norm(root), atol=1e-12)


@pytest.mark.parametrize(
    ("energy", "low"),
    [
        ([1, 1, 1, 1, 1], 3),  # area 4: the first two steps hold half
        ([8, 0, 0, 0, 0], 2),  # one step holds all
        ([0, 0, 0, 0, 8], 5),
        ([4, 4, 0, 0, 0], 2),  # area 4 + 2: the first step holds 4 of 6
    ],
)
def test_the_energy_is_split_at_half_of_its_area(energy, low) -> None:
    """As ``find(cumtrapz(PSD) >= trapz(PSD) / 2, 1)``, counting from 1."""
    e = np.array(energy, dtype=float)
    assert energy_split(e) == low
    areas = [trapezoid(e[: k + 1]) for k in range(len(e))]
    assert next(k + 1 for k, a in enumerate(areas) if a >= areas[-1] / 2) == low


def computed(connectome_: Connectome, **settings: object):
    p = patient(matrices=connectome_)
    return couple(p, method="sdi", settings=settings, regions=small_regions(p.cortex))


def test_it_is_the_definition_written_out() -> None:
    m = connectome(2)
    result = computed(m)
    d = np.diag(1 / np.sqrt(m.sc.sum(axis=1)))
    values, u = np.linalg.eigh(np.eye(len(m.sc)) - d @ m.sc @ d)
    assert values.min() > -1e-12
    z = ((m.series - m.series.mean(axis=0)) / m.series.std(axis=0)).T
    power = ((u.T @ z) ** 2).mean(axis=1)
    total = (power[1:] + power[:-1]).sum() / 2
    c = next(k for k in range(1, len(power)) if (power[1:k] + power[: k - 1]).sum() / 2
             >= total / 2)  # fmt: skip
    low, high = u[:, :c] @ u[:, :c].T @ z, u[:, c:] @ u[:, c:].T @ z
    expected = np.log2(np.linalg.norm(high, axis=1) / np.linalg.norm(low, axis=1))
    np.testing.assert_allclose([r.value for r in result.per_region.values()], expected, atol=1e-9)
    assert result.params["low_harmonics"] == c
    assert (result.unit, result.higher_means) == ("log2 SDI", "less coupled")
    assert {r.n for r in result.per_region.values()} == {120}
    assert result.qc["places_are"] == "time points"


def test_a_signal_that_follows_the_wiring_is_coupled() -> None:
    """Series made of slow harmonics are below 0 everywhere, of fast ones above."""
    m = connectome(3)
    _, u = harmonics(m.sc)
    rng = np.random.default_rng(0)
    r = len(m.sc)
    for harmonic, below in ((slice(0, 20), True), (slice(20, r), False)):
        weak = 0.05 * rng.normal(size=(300, r))
        weak[:, harmonic] = rng.normal(size=(300, len(range(*harmonic.indices(r)))))
        series = weak @ u.T
        # The split follows the energy, so a fixed one is compared: signs against white noise.
        c = 20
        z = ((series - series.mean(0)) / series.std(0)).T
        s = decoupling(u[:, :c] @ (u.T @ z)[:c], u[:, c:] @ (u.T @ z)[c:])
        assert (s < 0).all() if below else (s > 0).all()


def test_the_null_keeps_the_energy_of_every_harmonic() -> None:
    m = connectome(4)
    a, b = computed(m), computed(m)
    assert [r.null_mean for r in a.per_region.values()] == [
        r.null_mean for r in b.per_region.values()
    ]
    sds = np.array([r.null_sd for r in a.per_region.values()])
    assert (sds > 0).all()
    none = computed(m, surrogates=0)
    assert all(math.isnan(r.null_mean) and math.isnan(r.null_sd) for r in none.per_region.values())
    assert [r.value for r in none.per_region.values()] == [r.value for r in a.per_region.values()]
    # Series without any relation between harmonics are no different from their surrogates.
    _, u = harmonics(m.sc)
    rng = np.random.default_rng(5)
    free = replace(m, series=rng.normal(size=(4000, len(m.sc))) @ u.T)
    found = computed(free, surrogates=99).per_region.values()
    z = [(r.value - r.null_mean) / r.null_sd for r in found]
    assert np.mean(np.abs(z) < 2) > 0.85


def test_the_order_of_the_regions_does_not_matter() -> None:
    m = connectome(6)
    order = np.random.default_rng(1).permutation(len(m.sc))
    other = Connectome(
        tuple(m.regions[k] for k in order),
        m.sc[np.ix_(order, order)],
        m.fc[np.ix_(order, order)],
        m.series[:, order],
    )
    a, b = computed(m).per_region, computed(other).per_region
    assert a.keys() == b.keys()
    for i in a:
        assert b[i].value == pytest.approx(a[i].value, abs=1e-9)
        assert b[i].null_sd == pytest.approx(a[i].null_sd, abs=1e-9)


def test_a_region_without_fibres_has_no_value_and_is_in_nobody_elses() -> None:
    m = connectome(7)
    sc = m.sc.copy()
    sc[7] = sc[:, 7] = 0.0
    wild = m.series.copy()
    wild[:, 7] = np.random.default_rng(0).normal(size=len(wild)) * 100
    a, b = (computed(replace(m, sc=sc, series=s)).per_region for s in (m.series, wild))
    ids = list(a)
    assert math.isnan(a[ids[7]].value)
    assert a[ids[7]].reason == "no fibre connects it"
    assert [a[i].value for i in ids if i != ids[7]] == [b[i].value for i in ids if i != ids[7]]


def test_what_it_cannot_use_is_refused() -> None:
    m = connectome(0)
    with pytest.raises(InputError, match=r"p1: .*'sdi' needs the series of the regions"):
        computed(replace(m, series=None))
    with pytest.raises(InputError, match="surrogates is 1000; it must be 0 to 999"):
        computed(m, surrogates=1000)
    flat = m.series.copy()
    flat[:, 3] = 1.0
    holed = m.series.copy()
    holed[5, 5] = np.nan
    for series in (flat, holed):
        with pytest.raises(InputError, match="hold a missing value or a constant region"):
            computed(replace(m, series=series))
    p = patient(matrices=m)
    known = small_regions(p.cortex)
    keys = {i: (h, n.replace("r", "R")) for i, (h, n) in known.keys.items()}
    with pytest.raises(InputError, match=r"'r00' on the left is none of .* Did you mean 'R00'"):
        couple(p, method="sdi", regions=Regions("small", known.labels, keys))
    with pytest.raises(InputError, match="works region by region"):
        couple(p, method="sdi")


def test_19_real_people(tvb_tumour: Path) -> None:
    """Decoupled where tractography hardly reaches: so is every surrogate, which is the point."""
    labels = small_regions(patient().cortex).labels
    likeness, apart = {}, {}
    for person in people(tvb_tumour):
        m = real_connectome(tvb_tumour, person)
        regions = Regions("desikan", labels, dict(enumerate(m.regions, start=1)))
        found = couple(patient(matrices=m), method="sdi", regions=regions).per_region
        value, mean, sd = np.array([(r.value, r.null_mean, r.null_sd) for r in found.values()]).T
        assert np.isfinite([value, mean, sd]).all()
        assert len(value) == 68
        assert -0.6 < np.median(value) < -0.1
        likeness[person] = float(np.corrcoef(value, mean)[0, 1])
        apart[person] = float(np.median(np.abs(value - mean) / sd))
        if person == "CON01":
            by_name = dict(zip(m.regions, value.tolist(), strict=True))
            assert by_name[m.regions[0][0], "rostralmiddlefrontal"] == pytest.approx(
                -0.985563422514, abs=1e-9
            )
    assert len(likeness) == 19
    # Most of a person's map is the map of the surrogates: the wiring alone makes it.
    assert 0.7 < min(likeness.values()) < max(likeness.values()) < 0.96
    assert max(apart.values()) < 1.3
