"""ALFF, fALFF and ReHo against other software's numbers and scipy's own spectra."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal
from scipy.stats import rankdata, spearmanr

from tmsplan.base.errors import InputError
from tmsplan.coupling.activity import ENGINES, Band, alff, falff, reho, reho_mesh
from tmsplan.coupling.activity.bandpass import keep_band

TR = 2.0
BAND = Band(0.01, 0.08)
#: DPABI's y_alff_falff.m, run in Octave, on the rows of `waves`.
DPABI = {
    (256, 26 / 512): (
        (0.0894684928, 0.0894684928, 0.0190232403, 0.1045104875, 0.0894684928),
        (0.9266011415, 0.9266011415, 0.0801016948, 0.3207069297, 0.9266011415),
    ),
    (240, 0.05): (
        (0.2328533033, 0.2328533033, 0.0142530052, 0.2342943927, 0.2328533033),
        (0.8814290480, 0.8814290480, 0.0547499858, 0.4862750304, 0.8814290480),
    ),
    (200, 0.05): (
        (0.2493970928, 0.2493970928, 0.0168295784, 0.2500920948, 0.2493970928),
        (0.8653490841, 0.8653490841, 0.0541982417, 0.4571226954, 0.8653490841),
    ),
}
#: xcp_d's compute_alff, executed on the same rows; None is not stated.
XCPD = {
    (256, 26 / 512): (0.11785113, 0.11785113, 0.02682716, 0.14369837, 1.48798653),
    (240, 0.05): (0.12856487, 0.12856487, 0.0, 0.12856487, 1.47493498),
    (200, 0.05): (0.15152288, None, None, None, 1.51218381),
}


def waves(n: int, f0: float) -> np.ndarray:
    t = np.arange(n) * TR
    slow, fast = 3 * np.sin(2 * np.pi * f0 * t), 3 * np.sin(2 * np.pi * 0.15 * t)
    return np.stack([slow, slow + 100, fast, slow + fast, slow + 0.1 * t])


def noise(n: int = 40, t: int = 240, seed: int = 0) -> np.ndarray:
    """Return autocorrelated series with a baseline and a drift."""
    rng = np.random.default_rng(seed)
    white = rng.normal(size=(n, t))
    red = signal.lfilter([1.0], [1.0, -0.6], white, axis=1)
    return 1000 + 10 * red + rng.normal(size=(n, 1)) * np.arange(t) * 0.05


@pytest.mark.parametrize(("n", "f0"), DPABI)
def test_dpabi_to_ten_digits(n, f0) -> None:
    rows = waves(n, f0)
    amplitude, share = DPABI[n, f0]
    np.testing.assert_allclose(alff(rows, TR, BAND), amplitude, atol=1e-8)
    np.testing.assert_allclose(falff(rows, TR, BAND), share, atol=1e-8)


@pytest.mark.parametrize(("n", "f0"), XCPD)
def test_xcpd_to_seven_digits(n, f0) -> None:
    found = alff(waves(n, f0), TR, BAND, engine="xcpd")
    for value, expected in zip(found, XCPD[n, f0], strict=True):
        assert expected is None or value == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("t", [199, 200, 240, 256])
def test_dpabi_equals_scipy_voxel_by_voxel(t) -> None:
    rows = noise(t=t)
    padded = 1 << int(np.ceil(np.log2(t)))
    expected = []
    for row in rows:
        f, power = signal.periodogram(
            row, 1 / TR, nfft=padded, detrend="linear", scaling="spectrum"
        )
        inside = (f >= BAND.low) & (f <= BAND.high)
        expected.append(np.sqrt(2 * power[inside]).mean())
    np.testing.assert_allclose(alff(rows, TR, BAND), expected, rtol=1e-10)
    # float32 is what a series is kept in: the mean is 100 times the fluctuation.
    stored = rows.astype(np.float32)
    again = alff(stored.astype(np.float64), TR, BAND)
    np.testing.assert_allclose(alff(stored, TR, BAND), again, rtol=1e-6)


def test_fft_is_dpabi_without_the_zeros_behind() -> None:
    rows = noise(t=256)
    np.testing.assert_array_equal(alff(rows, TR, BAND, engine="fft"), alff(rows, TR, BAND))
    other = noise(t=240)
    f, power = signal.periodogram(other, 1 / TR, detrend="linear", scaling="spectrum", axis=1)
    inside = (f >= BAND.low) & (f <= BAND.high)
    expected = np.sqrt(2 * power[:, inside]).mean(axis=1)
    np.testing.assert_allclose(alff(other, TR, BAND, engine="fft"), expected, rtol=1e-10)


@pytest.mark.parametrize("t", [240, 241])
def test_sd_is_the_spread_of_the_filtered_series(t) -> None:
    rows = noise(t=t)
    kept = signal.detrend(rows, axis=1)
    whole = kept.std(axis=1, ddof=1)
    keep_band(kept, TR, BAND)
    expected = kept.std(axis=1, ddof=1)
    np.testing.assert_allclose(alff(rows, TR, BAND, engine="sd"), expected, rtol=1e-10)
    if t % 2:  # without a bin at half the sampling rate, Parseval holds bin by bin
        share = falff(rows, TR, BAND, engine="sd")
        np.testing.assert_allclose(share, expected / whole, rtol=1e-10)


def test_filter_keeps_a_wave_inside_and_takes_one_outside() -> None:
    t = np.arange(200) * TR
    inside, outside = np.sin(2 * np.pi * 0.05 * t), np.sin(2 * np.pi * 0.15 * t)
    rows = np.stack([inside, outside, inside + outside])
    keep_band(rows, TR, BAND)
    np.testing.assert_allclose(rows, [inside, 0 * t, inside], atol=1e-12)


def test_lomb_scargle_equals_scipy_voxel_by_voxel() -> None:
    rows = noise(n=12)
    rng = np.random.default_rng(3)
    kept = np.ones(rows.shape[1], dtype=bool)
    kept[rng.choice(rows.shape[1], 40, replace=False)] = False
    times = np.flatnonzero(kept) * TR
    frequencies = np.linspace(0, 0.25, 121)[1:]
    low, high = (int(np.abs(frequencies - f).argmin()) for f in (BAND.low, BAND.high))
    expected = []
    for row in rows[:, kept]:
        z = (row - row.mean()) / row.std()
        power = signal.lombscargle(times, z, 2 * np.pi * frequencies, normalize=True)
        expected.append(2 * np.sqrt(power[low:high]).mean() * row.std())
    found = alff(rows, TR, BAND, engine="xcpd", kept=kept)
    np.testing.assert_allclose(found, expected, rtol=1e-8)
    # What was censored does not count, whatever it was.
    rows[:, ~kept] = 1e6
    np.testing.assert_allclose(alff(rows, TR, BAND, engine="xcpd", kept=kept), found, rtol=1e-12)


def test_lomb_scargle_ranks_voxels_as_the_whole_series_does() -> None:
    rng = np.random.default_rng(4)
    rows = noise(n=300) * rng.uniform(0.5, 2, size=(300, 1))
    kept = rng.permutation(240) >= 40
    rows = signal.detrend(rows, axis=1)
    whole = alff(rows, TR, BAND, engine="xcpd")
    part = alff(rows, TR, BAND, engine="xcpd", kept=kept)
    assert spearmanr(whole, part).statistic > 0.97


@pytest.mark.parametrize("engine", ENGINES)
def test_alff_scales_and_forgets_the_baseline(engine) -> None:
    rows = noise()
    once = alff(rows, TR, BAND, engine=engine)
    np.testing.assert_allclose(alff(-7.0 * rows + 55, TR, BAND, engine=engine), 7 * once)


def test_engines_rank_alike_but_never_agree() -> None:
    rng = np.random.default_rng(5)
    rows = signal.detrend(noise(n=500), axis=1) * rng.uniform(0.5, 2, size=(500, 1))
    by_engine = {e: alff(rows, TR, BAND, engine=e) for e in ENGINES}
    for engine in ("fft", "sd", "xcpd"):
        assert spearmanr(by_engine["dpabi"], by_engine[engine]).statistic > 0.97
    # Measured on 5,000 AR(1) voxels of 240 volumes: 4.7 and 1.43.
    assert np.median(by_engine["sd"] / by_engine["dpabi"]) == pytest.approx(4.7, rel=0.1)
    assert np.median(by_engine["xcpd"] / by_engine["dpabi"]) == pytest.approx(1.43, rel=0.1)


@pytest.mark.parametrize("engine", ENGINES)
def test_no_signal_is_missing_not_zero(engine) -> None:
    rows = noise(n=5).astype(np.float32)
    rows[1] = 0
    rows[2] = 812.3
    rows[3, 17] = np.nan
    assert np.isnan(alff(rows, TR, BAND, engine=engine)).tolist() == [
        False,
        True,
        True,
        True,
        False,
    ]
    if engine != "xcpd":
        assert np.isnan(falff(rows, TR, BAND, engine=engine)).tolist()[1:4] == [True] * 3


def test_falff_of_white_noise_is_the_share_of_bins() -> None:
    rows = np.random.default_rng(6).normal(size=(400, 256))
    assert falff(rows, TR, BAND).mean() == pytest.approx(35 / 128, abs=0.01)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: alff(noise(), TR, BAND, engine="rest"), "'rest' is unknown; write one of dpabi"),
        (lambda: alff(noise(), TR, Band(0.01, 0.3)), "above 0.25 Hz.*2 s"),
        (lambda: alff(noise(), 0.72, Band(0.01, 0.0101)), "no frequency.*inside 0.01-0.0101 Hz"),
        (lambda: Band(0.08, 0.01), "the lower one first"),
        (lambda: Band(float("nan"), 0.1), "two frequencies in Hz"),
        (lambda: alff(noise()[0], TR, BAND), "no table of at least 8 volumes"),
        (lambda: falff(noise(), TR, BAND, engine="xcpd"), "defines no fALFF"),
        (
            lambda: alff(noise(), TR, BAND, kept=np.arange(240) > 5),
            "needs every volume; 6 are censored.*raises ALFF",
        ),
        (lambda: reho(noise(8), np.ones((2, 2, 2), bool), neighbours=26), "7, 19 or 27"),
        (lambda: reho(noise(7), np.ones((2, 2, 2), bool)), "8 voxels, the series 7 rows"),
    ],
)
def test_what_is_refused(call, words) -> None:
    with pytest.raises(InputError, match=words):
        call()


def reho_case() -> np.ndarray:
    i, j, k, q = np.meshgrid(*[np.arange(1, 4)] * 3, np.arange(1, 11), indexing="ij")
    return np.mod(q * (i + 2 * j + 3 * k) + q**2 * (i + k), 11) + 0.01 * q


@pytest.mark.parametrize(
    ("neighbours", "w"), [(27, 0.0512200191), (19, 0.0819440947), (7, 0.1386518244)]
)
def test_reho_equals_dpabi(neighbours, w) -> None:
    series = reho_case().reshape(27, 10)
    found = reho(series, np.ones((3, 3, 3), bool), neighbours=neighbours)
    assert found[13] == pytest.approx(w, abs=1e-8)


def test_reho_of_identical_and_of_contrary_series() -> None:
    mask = np.ones((3, 3, 3), bool)
    same = np.tile(np.random.default_rng(0).normal(size=30), (27, 1))
    assert reho(same, mask)[13] == pytest.approx(1)
    # Kendall's W of three judges, by hand: 1/9.
    faces = np.array([[0, 1, 2]], dtype=np.int32)
    three = np.array([[1, 2, 3, 4, 5], [2, 1, 4, 3, 5], [5, 4, 3, 2, 1]], dtype=float)
    np.testing.assert_allclose(reho_mesh(three, faces), 1 / 9)


def test_reho_ties_take_their_mean_rank() -> None:
    rows = np.random.default_rng(1).integers(0, 4, size=(27, 40)).astype(float)
    sums = rankdata(rows, axis=1).sum(axis=0)
    expected = 12 * ((sums - sums.mean()) ** 2).sum() / (27**2 * (40**3 - 40))
    assert reho(rows, np.ones((3, 3, 3), bool))[13] == pytest.approx(expected, abs=1e-12)


def test_reho_leaves_dead_voxels_and_rims_out() -> None:
    series = reho_case().reshape(27, 10)
    series[0] = 5.0  # a corner without signal is no neighbour
    alive = np.ones(27, bool)
    alive[0] = False
    ranks = rankdata(series[alive], axis=1).sum(axis=0)
    expected = 12 * ((ranks - ranks.mean()) ** 2).sum() / (26**2 * 990)
    found = reho(series, np.ones((3, 3, 3), bool))
    assert found[13] == pytest.approx(expected, abs=1e-12)
    assert np.isnan(found[[0, 26]]).all()  # dead; a corner has 8 of 27
    hole = np.ones((3, 3, 3), bool)
    hole[0, 0, 0] = False
    np.testing.assert_allclose(reho(series[1:], hole)[12], expected)


def test_reho_on_a_mesh_uses_the_ring_once() -> None:
    import trimesh

    mesh = trimesh.creation.icosphere(subdivisions=1)
    series = np.random.default_rng(2).normal(size=(len(mesh.vertices), 25))
    ring = [5, *mesh.vertex_neighbors[5]]
    sums = rankdata(series[ring], axis=1).sum(axis=0)
    expected = 12 * ((sums - sums.mean()) ** 2).sum() / (len(ring) ** 2 * (25**3 - 25))
    found = reho_mesh(series, np.asarray(mesh.faces, dtype=np.int32))
    assert found[5] == pytest.approx(expected, abs=1e-12)
