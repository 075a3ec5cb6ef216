"""``tmsplan alff``: the maps, the record, the flags that decide, and what is refused."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest
from real_files import real_data
from scipy import signal

from tmsplan.cli.app import run
from tmsplan.coupling.activity import Band, alff, falff, reho
from tmsplan.coupling.activity.bandpass import keep_band

SHAPE = (12, 13, 11)
TR = 2.0


@pytest.fixture
def bold(tmp_path):
    """Return a run with a sidecar, a mask and a table of confounds beside it."""
    rng = np.random.default_rng(0)
    values = (900 + 9 * rng.normal(size=(*SHAPE, 310))).astype(np.float32)
    save(tmp_path / "sub-01_task-rest_bold.nii.gz", values)
    (tmp_path / "sub-01_task-rest_bold.json").write_text('{"RepetitionTime": 2.0}')
    mask = np.zeros(SHAPE, np.uint8)
    mask[2:10, 2:10, 2:9] = 1
    save(tmp_path / "mask.nii.gz", mask)
    return tmp_path / "sub-01_task-rest_bold.nii.gz"


def save(path, values) -> None:
    image = nib.Nifti1Image(values, np.diag([3.0, 3, 3.5, 1]))
    image.header["pixdim"][4] = TR
    nib.save(image, path)


def loaded(folder, name):
    return nib.load(folder / f"{name}.nii.gz").get_fdata()


def test_the_maps_are_those_of_the_definitions(bold, tmp_path, capsys) -> None:
    out = tmp_path / "out"
    mask = bold.with_name("mask.nii.gz")
    args = ["alff", str(bold), "--mask", str(mask), "-o", str(out), "--reho", "7", "--json"]
    assert run([*args, "--band", "0.01", "0.1"]) == 0
    said = json.loads(capsys.readouterr().out)
    files = {"alff.nii.gz", "malff.nii.gz", "falff.nii.gz", "reho.nii.gz", "mean_bold.nii.gz"}
    assert set(said["files"]) == files | {"alff.json"}
    assert {p.name for p in out.iterdir()} == files | {"alff.json", "SHA256SUMS"}
    inside = nib.load(mask).get_fdata() > 0
    rows = nib.load(bold).get_fdata()[inside]
    band = Band(0.01, 0.1)
    expected = 100 * alff(rows, TR, band) / rows.mean(axis=1)
    found = loaded(out, "alff")
    np.testing.assert_array_equal(np.isfinite(found), inside)
    np.testing.assert_allclose(found[inside], expected, rtol=1e-4)
    np.testing.assert_allclose(loaded(out, "malff")[inside], expected / expected.mean(), rtol=1e-4)
    np.testing.assert_allclose(loaded(out, "falff")[inside], falff(rows, TR, band), rtol=1e-4)
    slow = signal.detrend(rows, axis=1)
    keep_band(slow, TR, band)
    expected = reho(slow, inside, neighbours=7)
    np.testing.assert_allclose(loaded(out, "reho")[inside], expected, atol=1e-4)
    assert said["params"]["confounds"] == "none"
    assert said["params"]["band_high"] == 0.1
    assert said["qc"]["minutes"] == pytest.approx(310 * 2 / 60)
    assert said["notes"] == []


def test_confounds_bring_their_strategy(bold, tmp_path, capsys) -> None:
    rng = np.random.default_rng(1)
    names = [
        f"{base}{tail}"
        for base in ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
        for tail in ("", "_derivative1", "_power2", "_derivative1_power2")
    ]
    table = rng.normal(size=(310, 24))
    lines = ["\t".join(names), *("\t".join(map(str, r)) for r in table)]
    path = tmp_path / "confounds.tsv"
    path.write_text("\n".join(lines) + "\n")
    mask = bold.with_name("mask.nii.gz")
    args = ["alff", str(bold), "--mask", str(mask), "--confounds", str(path), "--json"]
    assert run([*args, "-o", str(tmp_path / "a")]) == 0
    assert json.loads(capsys.readouterr().out)["params"]["confounds"] == "24p"
    assert run([*args, "--strategy", "none", "-o", str(tmp_path / "b")]) == 0
    assert json.loads(capsys.readouterr().out)["params"]["confounds"] == "none"
    # 24 columns of noise take 24 of 310 degrees of freedom.
    ratio = np.nanmedian(loaded(tmp_path / "a", "alff") / loaded(tmp_path / "b", "alff"))
    assert 0.93 < ratio < 0.98
    assert run([*args, "--strategy", "36p", "-o", str(tmp_path / "c")]) == 3
    assert "needs csf" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (["--tr", "2000"], 3, "in seconds"),
        (["--band", "0.1", "0.01"], 3, "the lower one first"),
        (["--band", "0.01", "0.4"], 3, "above 0.25 Hz"),
        (["--engine", "spm"], 2, "spm"),
        (["--spikes", "drop"], 3, "needs every volume"),
        (["--reho", "9"], 3, "7, 19 or 27"),
        (["--sidecar", "nothing.json"], 3, "nothing.json"),
    ],
)
def test_what_is_refused_leaves_nothing(bold, tmp_path, capsys, flags, code, words) -> None:
    out = tmp_path / "out"
    mask = bold.with_name("mask.nii.gz")
    assert run(["alff", str(bold), "--mask", str(mask), "-o", str(out), *flags]) == code
    assert words in capsys.readouterr().err
    assert not out.exists()


def test_an_existing_folder_is_refused_before_the_work(bold, tmp_path, capsys) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert run(["alff", str(bold), "-o", str(out)]) == 3
    assert "exists already; pass --overwrite" in capsys.readouterr().err


def test_the_same_run_gives_the_same_bytes(bold, tmp_path) -> None:
    mask = bold.with_name("mask.nii.gz")
    for name in ("a", "b"):
        args = ["alff", str(bold), "--mask", str(mask), "-o", str(tmp_path / name)]
        assert run(args) == 0
    sums = [(tmp_path / n / "SHA256SUMS").read_text() for n in ("a", "b")]
    assert sums[0] == sums[1]


def test_a_real_surface_run_of_one_side(tmp_path, capsys) -> None:
    folder = real_data("lemon_sub-010188_fsa5")
    path, sidecar = next(folder.glob("*.mgz")), next(folder.glob("*.json"))
    args = ["alff", str(path), "--sidecar", str(sidecar), "-o", str(tmp_path / "out"), "--json"]
    assert run(args) == 3
    assert "1.4 s in RepetitionTime" in capsys.readouterr().err
    assert run([*args, "--tr", "1.4"]) == 3
    assert "--scale raw" in capsys.readouterr().err
    assert run([*args, "--tr", "1.4", "--scale", "raw"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["files"] == [
        "hemi-L_alff.func.gii", "hemi-L_malff.func.gii", "hemi-L_mean_bold.func.gii", "alff.json",
    ]  # fmt: skip
    assert "band-passed" in said["refused"]["falff"]
    values = nib.load(tmp_path / "out" / "hemi-L_malff.func.gii").darrays[0].data
    assert np.isnan(values).sum() == 888
    assert np.nanmean(values) == pytest.approx(1, abs=1e-4)
