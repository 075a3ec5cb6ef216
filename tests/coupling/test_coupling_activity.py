"""The activity of one patient: cleaning, percent, relative, logarithm, quality, refusals."""

from __future__ import annotations

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from real_files import real_data
from scipy.ndimage import gaussian_filter
from scipy.signal import lfilter
from scipy.stats import spearmanr
from small_patient import FRAME, ID, grid, patient
from small_patient import SHAPE as MAP_SHAPE

from tmsplan.base.errors import AmbiguityError, InputError
from tmsplan.coupling.activity import ACTIVITY_DEFAULTS, Band, activity_of, alff
from tmsplan.coupling.activity.clean import Choices, clean_series
from tmsplan.coupling.activity.compute import activity_of_series, measure
from tmsplan.coupling.activity.maps import maps_of
from tmsplan.coupling.activity.passband import passband_of, require_for_falff
from tmsplan.coupling.activity.regress import design_basis, regress_out
from tmsplan.coupling.activity.smoothness import fwhm_of
from tmsplan.patient.series import Series
from tmsplan.patient.series_open import SeriesFiles, open_series
from tmsplan.space import Hemi, Volume
from tmsplan.surface import Domain, Field, Pair

TR = 2.0
SHAPE = (14, 15, 12)
PLAIN = {**ACTIVITY_DEFAULTS, "confounds": "none"}
FD = "framewise_displacement"


def bold(t: int = 320, seed: int = 0) -> np.ndarray:
    """Return a bright ball with slow waves of known size in a dark box: (i, j, k, t)."""
    rng = np.random.default_rng(seed)
    at = np.indices(SHAPE) - (np.array(SHAPE) - 1).reshape(3, 1, 1, 1) / 2
    ball = (at**2).sum(axis=0) < 30
    wave = np.sin(2 * np.pi * 0.04 * TR * np.arange(t))
    size = np.where(ball, 5 + at[0], 0)
    base = np.where(ball, 800 + 20 * at[1], 5)
    values = base[..., None] + size[..., None] * wave + rng.normal(size=(*SHAPE, t))
    return values.astype(np.float32)


def run(tmp_path, values: np.ndarray, task: str = "rest", **kw) -> Series:
    image = nib.Nifti1Image(values, np.diag([3.0, 3, 3, 1]))
    image.set_sform(np.diag([3.0, 3, 3, 1]), 1)
    image.header["pixdim"][4] = TR
    path = tmp_path / f"sub-01_task-{task}_bold.nii.gz"
    nib.save(image, path)
    found = open_series(path, scanner=FRAME, tr_s=TR)
    return replace(found, **kw) if kw else found


def motion(t: int, moved: tuple[int, ...] = (), unsteady: int = 0) -> dict[str, np.ndarray]:
    """Return 24 motion columns, displacement and what is not yet steady."""
    rng = np.random.default_rng(7)
    out = {}
    for name in ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"):
        x = rng.normal(size=t).cumsum()
        d = np.r_[np.nan, np.diff(x)]
        for tail, v in (("", x), ("_derivative1", d), ("_power2", x**2)):
            out[name + tail] = v
        out[f"{name}_derivative1_power2"] = d**2
    out[FD] = np.r_[np.nan, np.full(t - 1, 0.1)]
    out[FD][list(moved)] = 0.9
    return out | {f"non_steady_state_outlier{k:02d}": np.eye(t)[k] for k in range(unsteady)}


def surface_run(values: np.ndarray, **kw) -> tuple[np.ndarray, Series]:
    """Return values and a series that is not on disk, for what comes after reading."""
    from pathlib import Path

    given = {"task": "rest", **kw}
    return values, Series((Path("a.nii.gz"),), TR, "declared", values.shape[1], **given)


def rows(n: int = 60, t: int = 320, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (1000 + 10 * rng.normal(size=(n, t))).astype(np.float32)


# From a series


def test_activity_is_the_logarithm_of_relative_percent_alff(tmp_path) -> None:
    series = run(tmp_path, bold())
    found = activity_of_series(series, PLAIN, owner=ID)
    values, mean = found.values.data, found.mean_bold.data
    known = np.isfinite(values)
    assert 100 < known.sum() < 1000
    assert np.exp(values[known]).mean() == pytest.approx(1)
    whole = bold()[known].astype(np.float64)
    np.testing.assert_allclose(mean[known], whole.mean(axis=1), rtol=1e-6)
    percent = 100 * alff(whole, TR, Band()) / whole.mean(axis=1)
    np.testing.assert_allclose(values[known], np.log(percent / percent.mean()), atol=1e-5)
    assert (found.engine, found.band, found.unit) == ("dpabi", (0.01, 0.08), "log mALFF")


def test_grey_matter_decides_what_it_is_relative_to(tmp_path) -> None:
    series = run(tmp_path, bold())
    half = np.zeros(SHAPE)
    half[:7] = 1.0
    found = activity_of_series(series, PLAIN, gm=Volume(half, series.grid), owner=ID)
    values = found.values.data
    inside = np.isfinite(values) & (half > 0)
    assert np.exp(values[inside]).mean() == pytest.approx(1)
    assert not any("no grey-matter map" in n for n in found.notes)
    assert any("no grey-matter map" in n for n in activity_of_series(
        series, PLAIN, owner=ID).notes)  # fmt: skip
    nothing = Volume(np.zeros(SHAPE), series.grid)
    with pytest.raises(InputError, match="no value in grey matter"):
        activity_of_series(series, PLAIN, gm=nothing, owner=ID)


def test_the_mask_that_is_given_is_the_one_that_is_read(tmp_path) -> None:
    series = run(tmp_path, bold())
    mask = np.zeros(SHAPE, bool)
    mask[5:9, 6:9, 5:8] = True
    measured = measure(series, Choices(confounds="none"), mask=mask)
    assert len(measured.alff) == mask.sum()
    with_own = replace(series, mask=Volume(mask, series.grid))
    found = activity_of_series(with_own, PLAIN, owner=ID)
    np.testing.assert_array_equal(np.isfinite(found.values.data), mask)
    assert found.params["mask"] == "the run's own mask"


def test_a_dead_voxel_in_the_mask_is_missing(tmp_path) -> None:
    values = bold()
    values[6, 6, 6], values[7, 7, 6] = 0, 777.7
    values[6, 7, 6, 3] = np.nan
    mask = np.zeros(SHAPE, bool)
    mask[5:9, 6:9, 5:8] = True
    series = run(tmp_path, values)
    series = replace(series, mask=Volume(mask, series.grid))
    found = activity_of_series(series, {**PLAIN, "confounds": "none"}, owner=ID)
    missing = np.argwhere(np.isnan(found.values.data) & mask).tolist()
    assert missing == [[6, 6, 6], [6, 7, 6], [7, 7, 6]]
    assert found.qc["coverage"] == pytest.approx(33 / 36)


def test_quality_is_measured(tmp_path) -> None:
    t = 320
    series = run(tmp_path, bold(t), confounds=motion(t, moved=(50, 51, 200), unsteady=4))
    qc = activity_of_series(series, dict(ACTIVITY_DEFAULTS), owner=ID).qc
    assert qc["volumes"] == t - 4
    assert qc["dropped_volumes"] == 4
    assert qc["minutes"] == pytest.approx((t - 4) * 2 / 60)
    assert qc["censored_share"] == pytest.approx(3 / (t - 4))
    assert qc["mean_fd_mm"] == pytest.approx((3 * 0.9 + (t - 7) * 0.1) / (t - 4))
    assert qc["task"] == "rest"
    values = bold(t)[..., 4:]
    known = values.mean(axis=-1) > 400
    tsnr = np.median(values[known].mean(axis=1) / values[known].std(axis=1))
    assert qc["tsnr_median"] == pytest.approx(tsnr, rel=0.05)
    assert qc["coverage"] == 1
    assert 0 <= qc["fwhm_mm"] < 20


def test_a_surface_run_of_one_side_leaves_the_other_uncovered() -> None:
    folder = real_data("lemon_sub-010188_fsa5")
    files = SeriesFiles(sidecar=next(folder.glob("*.json")))
    series = open_series(next(folder.glob("*.mgz")), scanner=FRAME, tr_s=1.4, files=files)
    found = activity_of_series(series, {**PLAIN, "scale": "raw"}, owner=ID)
    left, right = found.values.left, found.values.right
    assert np.isnan(left.values).sum() == 888
    assert np.isnan(right.values).all()
    assert str(right.domain) == "template/fsaverage5 right (10242 vertices)"
    assert np.nanmean(np.exp(left.values)) == pytest.approx(1)
    assert any("band-passed before" in n for n in found.notes)
    stored = np.asarray(nib.load(series.files[0]).dataobj).reshape(10242, 652, order="F")
    alive = np.isfinite(left.values)
    expected = alff(stored[alive].astype(np.float64), 1.4, Band())
    np.testing.assert_allclose(left.values[alive], np.log(expected / expected.mean()), atol=1e-4)
    made = maps_of(series, Choices(confounds="none", scale="raw"), owner=ID)
    assert "falff" not in made.maps
    assert "1.3e-04 of the power density" in made.refused["falff"]


def test_a_real_run_at_its_right_repetition_time() -> None:
    folder = real_data("studyforrest")
    series = open_series(folder / "bold.nii.gz", scanner=FRAME, tr_s=2.0)
    found = activity_of_series(series, PLAIN, owner=ID)
    assert found.notes == (
        "Short run: 5.2 min of BOLD; at least 10 min are recommended.",
        "The run is not stated to be at rest: task 'oneback'.",
        "ALFF is relative to the whole brain mask: there is no grey-matter map in its space.",
    )
    assert found.qc["task"] == "oneback"
    assert "overruled" in found.params["tr"]
    known = np.isfinite(found.values.data)
    stored = np.asarray(nib.load(folder / "bold.nii.gz").dataobj)[known]
    percent = 100 * alff(stored, 2.0, Band()) / stored.mean(axis=1)
    expected = np.log(percent / percent.mean())
    np.testing.assert_allclose(found.values.data[known], expected, atol=1e-4)
    assert 3 < found.qc["fwhm_mm"] < 4.5  # 3 mm voxels, not smoothed
    # The wrong time would have read another band.
    wrong = 100 * alff(stored, 1.79355, Band()) / stored.mean(axis=1)
    assert np.abs(np.log(wrong / wrong.mean()) - expected).max() > 0.05


# Cleaning


def test_regression_equals_least_squares() -> None:
    rng = np.random.default_rng(0)
    table, values = rng.normal(size=(100, 6)), 1000 + rng.normal(size=(7, 100))
    spikes = np.zeros(100, bool)
    spikes[[20, 21, 60]] = True
    line = np.c_[np.ones(100), np.arange(100.0), table, np.eye(100)[:, spikes]]
    expected = values - (line @ np.linalg.lstsq(line, values.T, rcond=None)[0]).T
    found = values.copy()
    regress_out(found, design_basis(table, spikes))
    np.testing.assert_allclose(found, expected, atol=1e-9)
    np.testing.assert_allclose(found[:, spikes], 0, atol=1e-9)
    single = values.astype(np.float32)
    regress_out(single, design_basis(table, spikes))
    np.testing.assert_allclose(single, expected, atol=2e-4)


def test_columns_that_say_nothing_new_are_left_out() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(100, 3))
    none = np.zeros(100, bool)
    doubled = np.c_[table, table[:, :1] * 5, np.zeros(100), np.full(100, 4.0)]
    assert design_basis(doubled, none).shape == design_basis(table, none).shape == (100, 5)


def test_too_many_regressors() -> None:
    table = np.random.default_rng(0).normal(size=(40, 30))
    with pytest.raises(InputError, match=r"32 regressors for 40 volumes leave 8 degrees"):
        design_basis(table, np.zeros(40, bool))


def test_motion_that_is_in_the_table_is_taken_out() -> None:
    t = 320
    table = motion(t)
    values = rows(t=t)
    moved = values + 40 * np.outer(np.linspace(0.5, 1, 60), table["rot_y"]).astype(np.float32)
    ours, series = surface_run(moved.astype(np.float32), confounds=table)
    clean = clean_series(ours, series, Choices())
    still, _ = surface_run(values.copy(), confounds=table)
    again = clean_series(still, series, Choices())
    np.testing.assert_allclose(clean.residual, again.residual, atol=0.02)


@pytest.mark.parametrize(
    ("spread", "share", "loss", "scatter", "rank"),
    [
        (0.0, 0.05, 0.036, 0.019, 0.97),
        (0.0, 0.10, 0.073, 0.026, 0.94),
        (0.0, 0.20, 0.148, 0.035, 0.88),
        (0.3, 0.05, 0.036, 0.019, 0.998),
        (0.3, 0.10, 0.073, 0.026, 0.995),
        (0.3, 0.20, 0.148, 0.035, 0.989),
    ],
)
def test_the_loss_by_spikes_is_the_one_of_decision_0013(
    spread, share, loss, scatter, rank
) -> None:
    """SYNTHETIC AR(1) series of 300 volumes; `spread` is how much voxels truly differ (log SD)."""
    t, found = 300, []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        series = lfilter([1], [1, -0.7], rng.standard_normal((800, t + 50)), axis=1)[:, 50:]
        series *= np.exp(spread * rng.standard_normal(800))[:, None]
        spikes = np.zeros(t, bool)
        spikes[rng.choice(t, int(share * t), replace=False)] = True
        pair = []
        for marked in (np.zeros(t, bool), spikes):
            residual = series.copy()
            regress_out(residual, design_basis(np.zeros((t, 0)), marked))
            pair.append(alff(residual, TR, Band()))
        ratio = pair[1] / pair[0]
        found.append((1 - ratio.mean(), ratio.std(), spearmanr(*pair).statistic))
    got = np.mean(found, axis=0)
    # Five draws of 800 voxels scatter by about 0.002.
    np.testing.assert_allclose(got, (loss, scatter, rank), atol=0.006)


def test_spikes_never_reach_alff() -> None:
    t = 320
    moved = (100, 101, 240)
    table = motion(t, moved=moved)
    values = rows(t=t)
    spiked = values.copy()
    spiked[:, list(moved)] += 500
    for choices in (Choices(), Choices(engine="xcpd", spikes="drop")):
        pair = []
        for v in (values, spiked):
            ours, series = surface_run(v.copy(), confounds=table)
            clean = clean_series(ours, series, choices)
            pair.append(alff(clean.residual, TR, Band(), engine=choices.engine, kept=clean.kept))
        np.testing.assert_allclose(*pair, rtol=2e-3)
    ours, series = surface_run(spiked.copy(), confounds=table)
    kept = clean_series(ours, series, Choices(spikes="keep"))
    assert (alff(kept.residual, TR, Band()) > 1.3 * pair[0].mean() / 1.43).all()


def test_unsteady_volumes_are_dropped() -> None:
    values = rows(t=324)
    values[:, :4] += 3000
    ours, series = surface_run(values.copy(), confounds=motion(324, unsteady=4))
    clean = clean_series(ours, series, Choices(confounds="none"))
    assert clean.residual.shape == (60, 320)
    assert np.abs(clean.residual).max() < 60


@pytest.mark.parametrize(
    ("values", "about", "choices", "words"),
    [
        (rows(t=149), {}, {}, r"149 volumes of 2 s are 298 s\. Expected at least 300 s"),
        (rows(t=153), {"confounds": motion(153, unsteady=4)}, {}, "149 volumes of 2 s are 298 s"),
        (
            rows(), {"confounds": motion(320, moved=tuple(range(10, 75)))}, {"confounds": "24p"},
            r"20 % of the volumes moved more than 0\.5 mm.*Repeat the scan",
        ),
        (rows() - 1000, {}, {}, r"the series was demeaned.*scale = raw"),
        (np.full((9, 320), 7, np.float32), {}, {}, "no voxel changes over time"),
        (rows(), {}, {"confounds": "36p"}, "there is no confounds table"),
    ],
)  # fmt: skip
def test_runs_that_are_refused(values, about, choices, words) -> None:
    ours, series = surface_run(values.copy(), **about)
    with pytest.raises(InputError, match=words):
        clean_series(ours, series, Choices(**{"confounds": "none", **choices}))


def test_a_run_of_exactly_five_minutes_is_short_but_taken() -> None:
    ours, series = surface_run(rows(t=150))
    clean = clean_series(ours, series, Choices(confounds="none"))
    assert clean.notes == ("Short run: 5.0 min of BOLD; at least 10 min are recommended.",)
    ours, series = surface_run(rows(t=300), task="")
    clean = clean_series(ours, series, Choices(confounds="none"))
    assert clean.notes == (
        "The run is not stated to be at rest: a task that nobody states.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"alff_engine": "spm"}, "alff_engine is 'spm'; write one of dpabi, fft, sd, xcpd"),
        ({"spikes": "drop"}, "engine 'dpabi' needs every volume"),
        ({"spikes": "cut"}, "spikes is 'cut'"),
        ({"scale": "z"}, "scale is 'z'"),
        ({"confounds": "6p"}, "confounds is '6p'"),
        ({"band_low": "0.01"}, "band_low is '0.01'; expected a number of Hz"),
        ({"band_low": 0.1}, "the lower one first"),
    ],
)
def test_settings_that_are_refused(change, words) -> None:
    with pytest.raises(InputError, match=words):
        Choices.of({**PLAIN, **change})


# Band-passed before


def filtered(high: float, t: int = 320) -> np.ndarray:
    """Return white noise without a mean above `high` Hz and below 0.009 Hz."""
    values = rows(n=300, t=t) - 1000
    spectrum = np.fft.rfft(values, axis=1)
    f = np.fft.rfftfreq(t, TR)
    spectrum[:, (f > high) | (f < 0.009)] = 0
    return (1000 + np.fft.irfft(spectrum, n=t, axis=1)).astype(np.float32)


def test_a_filter_is_seen_and_noise_is_not() -> None:
    assert not passband_of(rows(n=300), TR).filtered
    found = passband_of(filtered(0.1), TR)
    assert found.filtered
    assert found.high == pytest.approx(0.11, abs=0.011)
    with pytest.raises(InputError, match=r"fALFF of this series means nothing.*band-passed"):
        require_for_falff(found)
    slow = rows(n=300, t=320)
    assert not passband_of(slow, 6.0).filtered  # 0.083 Hz at most: cannot be seen


def test_smooth_real_series_are_not_called_filtered() -> None:
    folder = real_data("studyforrest")
    stored = np.asarray(nib.load(folder / "bold.nii.gz").dataobj[20:60, 20:60, 12:24])
    smooth = gaussian_filter(stored, (8 / 2.355 / 3,) * 3 + (0,))
    for values in (stored, smooth):
        found = passband_of(values.reshape(-1, 156), TR)
        assert not found.filtered
        assert found.floor > 0.1


def test_alff_of_a_filtered_series() -> None:
    ours, series = surface_run(filtered(0.1))
    clean = clean_series(ours, series, Choices(confounds="none"))
    assert any("fALFF is void" in n for n in clean.notes)
    ours, series = surface_run(filtered(0.05))
    with pytest.raises(InputError, match=r"ALFF of 0\.01-0\.08 Hz cannot be had.*to less"):
        clean_series(ours, series, Choices(confounds="none"))
    ours, series = surface_run(filtered(0.1), confounds=motion(320))
    with pytest.raises(InputError, match="put noise back"):
        clean_series(ours, series, Choices())


# Smoothness


@pytest.mark.parametrize("fwhm", [5.0, 8.0, 12.0])
def test_smoothness_of_a_field_of_known_width(fwhm) -> None:
    rng = np.random.default_rng(0)
    zooms = (2.0, 2.5, 3.0)
    noise = rng.normal(size=(40, 34, 30, 40))
    sigma = [fwhm / np.sqrt(8 * np.log(2)) / z for z in zooms]
    field = gaussian_filter(noise, (*sigma, 0))
    mask = np.zeros(field.shape[:3], bool)
    mask[6:34, 6:28, 6:24] = True
    field *= rng.uniform(1, 9, size=(*mask.shape, 1))  # amplitude must not matter
    values = field[mask]
    assert fwhm_of(values, mask, zooms) == pytest.approx(fwhm, rel=0.05)
    values[::7] = np.nan
    assert fwhm_of(values, mask, zooms) == pytest.approx(fwhm, rel=0.06)


def test_smoothness_of_noise_is_less_than_a_voxel_or_none() -> None:
    mask = np.ones((12, 12, 12), bool)
    noise = np.random.default_rng(0).normal(size=(12**3, 40))
    assert fwhm_of(noise, mask, (3.0, 3.0, 3.0)) < 2.5
    contrary = noise * 0 + np.indices(mask.shape).sum(axis=0).ravel()[:, None] % 2 * 2 - 1
    contrary = contrary * np.random.default_rng(1).normal(size=40)
    assert fwhm_of(contrary, mask, (3.0, 3.0, 3.0)) == 0
    flat = np.ones((1, 40, 40), bool)
    field = gaussian_filter(np.random.default_rng(0).normal(size=(40, 40, 40)), (2, 2, 0))
    assert np.isnan(fwhm_of(field.reshape(1600, 40), flat, (3.0, 3.0, 3.0)))
    with pytest.raises(InputError, match="the mask has 1728 voxels, the series 5 rows"):
        fwhm_of(noise[:5], mask, (3.0, 3.0, 3.0))


# Of a patient


def with_map(values: np.ndarray, **maps):
    everything = {"alff": values, **maps}
    return patient(maps={k: Volume(v, grid()) for k, v in everything.items()})


def amplitudes(seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).gamma(4.0, 30.0, size=MAP_SHAPE)
    values[:4] = 0.0
    return values


def test_a_ready_made_map_becomes_a_relative_logarithm() -> None:
    raw = amplitudes()
    found = activity_of(with_map(raw), ACTIVITY_DEFAULTS)
    values = found.values.data
    np.testing.assert_array_equal(np.isnan(values), raw == 0)
    np.testing.assert_allclose(values[4:], np.log(raw[4:] / raw[4:].mean()))
    assert (found.engine, found.band, found.mean_bold) == ("ready-made", None, None)
    relative = raw / raw[4:].mean()
    for kind, given in (("malff", relative), ("log", np.log(np.where(raw, relative, np.nan)))):
        again = activity_of(with_map(given), {**ACTIVITY_DEFAULTS, "alff_is": kind})
        np.testing.assert_allclose(again.values.data, values)


def test_grey_matter_scales_a_ready_made_map_too() -> None:
    raw = amplitudes()
    gm = np.zeros(MAP_SHAPE)
    gm[10:20] = 0.8
    found = activity_of(with_map(raw, gm=gm, mean_bold=raw), ACTIVITY_DEFAULTS)
    np.testing.assert_allclose(found.values.data[4:], np.log(raw[4:] / raw[10:20].mean()))
    np.testing.assert_array_equal(found.mean_bold.data, raw)


def test_a_ready_made_pair_keeps_the_difference_of_the_sides() -> None:
    found = patient()
    domains = {h: c.domain for h, c in found.cortex.sides()}
    sides = {h: np.full(d.density, 3.0 if h is Hemi.LEFT else 1.0) for h, d in domains.items()}
    sides[Hemi.LEFT][0] = 0.0
    fields = {h: Field(sides[h], domains[h], "alff", "1") for h in Hemi}
    pair = Pair(left=fields[Hemi.LEFT], right=fields[Hemi.RIGHT])
    values = activity_of(replace(found, maps={"alff": pair}), ACTIVITY_DEFAULTS).values
    assert np.isnan(values.left.values[0])
    np.testing.assert_allclose(values.left.values[1:] - values.right.values[1:], np.log(3))
    assert isinstance(values.left.domain, Domain)


@pytest.mark.parametrize(
    ("change", "kind", "error", "words"),
    [
        (lambda v: v - 50, "alff", InputError, r"negative values; an amplitude has none.*alff_is"),
        (lambda v: v * np.inf, "alff", InputError, "infinite values|no value"),
        (lambda v: v, "malff", AmbiguityError, r"its mean is 1\d\d, not near 1.*alff_is = alff"),
        (lambda v: v * 0, "alff", InputError, "no value at all"),
        (lambda v: v, "z", InputError, "alff_is is 'z'; write one of alff, malff, log"),
    ],
)
def test_ready_made_maps_that_are_refused(change, kind, error, words) -> None:
    with np.errstate(invalid="ignore"):
        values = change(amplitudes())
    with pytest.raises(error, match=words):
        activity_of(with_map(values), {**ACTIVITY_DEFAULTS, "alff_is": kind})


def test_a_patient_without_activity_or_with_one_value_per_parcel() -> None:
    found = replace(patient(), maps={}, bold=None)
    with pytest.raises(InputError, match=r"alff = FILE or bold = FILE"):
        activity_of(found, ACTIVITY_DEFAULTS)
    with pytest.raises(InputError, match="one value per parcel"):
        activity_of(replace(found, maps={"alff": {1: 2.0}}), ACTIVITY_DEFAULTS)


def test_the_map_goes_before_the_series(tmp_path) -> None:
    series = run(tmp_path, bold())
    both = replace(with_map(amplitudes()), bold=series)
    made = activity_of(both, ACTIVITY_DEFAULTS)
    assert made.engine == "ready-made"
    only = replace(both, maps={})
    assert activity_of(only, PLAIN).engine == "dpabi"
    # The record never says that somebody else's map was cleaned as ours would have been.
    assert made.params["alff_is"] == "alff"
    assert {made.params[k] for k in PLAIN if k != "alff_is"} == {"not known (ready-made)"}
    with pytest.raises(InputError, match=r"alff_is = log says what a ready-made map is.*none"):
        activity_of(only, {**PLAIN, "alff_is": "log"})


@pytest.mark.parametrize(
    "change",
    [{"confounds": "36p"}, {"confounds": "nonsense"}, {"band_low": 0.1, "band_high": 0.05},
     {"alff_engine": "fft"}, {"spikes": "keep"}, {"scale": "raw"}],
)  # fmt: skip
def test_a_setting_that_a_ready_made_map_cannot_follow(change) -> None:
    words = rf"{next(iter(change))} = .* cannot be applied to a ready-made ALFF map.*bold = FILE"
    with pytest.raises(InputError, match=words):
        activity_of(with_map(amplitudes()), {**ACTIVITY_DEFAULTS, **change})


def test_reho_and_falff_of_a_run(tmp_path) -> None:
    series = run(tmp_path, bold())
    made = maps_of(series, Choices(confounds="none"), neighbours=27, owner=ID)
    assert set(made.maps) == {"alff", "malff", "mean_bold", "falff", "reho"}
    inside = np.isfinite(made.maps["reho"].data)
    # One wave everywhere in the ball: neighbours agree.
    assert np.median(made.maps["reho"].data[inside]) > 0.8
    share = made.maps["falff"].data
    assert 0.3 < np.nanmedian(share) < 1
