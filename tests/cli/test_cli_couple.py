"""``tmsplan couple``: table, map and picture of one patient, and what is refused."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from tmsplan.atlas import load_atlas
from tmsplan.cli.app import run
from tmsplan.norms import load_norms
from tmsplan.patient import load_patient
from tmsplan.plan import Options, make_plan
from tmsplan.plan.couple import couple_for_plan
from tmsplan.plan.demo import PLANTED, write_demo_source
from tmsplan.space import Hemi
from tmsplan.surface.formats import read_values

COLUMNS = ("patient", "parcel_id", "name", "hemi", "network", "value", "n", "coverage",
           "null_mean", "null_sd", "reason", "labels")  # fmt: skip
METHOD = ("--coupling", "partial_spearman")
FILES = {"SHA256SUMS", "coupling.json", "coupling.png", "lh.coupling.func.gii", "parcels.tsv",
         "regions.png", "rh.coupling.func.gii"}  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Write the SYNTHETIC patient once."""
    return write_demo_source(tmp_path_factory.mktemp("synthetic"))


@pytest.fixture(scope="module")
def plan(source):
    """Plan the patient with the same definition."""
    options = Options(coupling="partial_spearman", efield="none")
    return make_plan(load_patient(source.patient), load_norms(source.norms), options)


@pytest.fixture(scope="module")
def out(source, tmp_path_factory):
    """Run the verb once; return its folder."""
    folder = tmp_path_factory.mktemp("couple") / "out"
    assert run(["couple", str(source.patient), "-o", str(folder), *METHOD]) == 0
    return folder


def rows_of(folder):
    with (folder / "parcels.tsv").open(encoding="utf-8") as file:
        table = csv.DictReader(file, delimiter="\t")
        rows = list(table)
    assert tuple(rows[0]) == COLUMNS
    return {int(row["parcel_id"]): row for row in rows}


def test_the_table_holds_the_values_of_the_plan(out, plan) -> None:
    assert {p.name for p in out.iterdir()} == FILES
    rows = rows_of(out)
    assert len(rows) == 68
    assert [int(i) for i in rows] == sorted(rows)
    regions = {r["parcel_id"]: r for r in plan.coupling["regions"]}
    for ranked in plan.ranking.rows:
        row, region = rows[ranked.parcel_id], regions[ranked.parcel_id]
        assert (row["name"], row["hemi"]) == (ranked.name, str(ranked.hemi))
        if region["value"] is None:
            assert row["value"] == "n/a"
            assert row["reason"] == region["reason"]
            continue
        assert float(row["value"]) == pytest.approx(ranked.value, abs=1e-6)
        assert int(row["n"]) == region["n"]
        assert float(row["null_sd"]) == pytest.approx(region["null_sd"], abs=1e-6)
    assert min(rows, key=lambda i: number(rows[i]["value"])) == PLANTED
    assert {row["labels"] for row in rows.values()} == {"SYNTHETIC"}


def number(text: str) -> float:
    return np.inf if text == "n/a" else float(text)


def test_the_record_says_what_was_done(out) -> None:
    record = json.loads((out / "coupling.json").read_text())
    assert record["labels"] == ["SYNTHETIC"]
    assert record["coupling"]["method"] == "partial_spearman"
    assert record["coupling"]["definitions"][0]["method"] == "kls"
    assert record["coupling"]["atlas"]["name"] == "desikan"
    assert record["qc"]["regions_with_value"] == 67


def test_the_map_is_read_back_on_its_own_side(out, source) -> None:
    patient = load_patient(source.patient)
    atlas = load_atlas("desikan", patient)
    quick = Options(coupling="partial_spearman", settings={"null_draws": 0})
    local = couple_for_plan(patient, atlas, quick).chosen.local
    for hemi in Hemi:
        values, side = read_values(out / f"{hemi.freesurfer}.coupling.func.gii")
        assert side is hemi
        np.testing.assert_array_equal(values, local.side(hemi).values.astype(np.float32))
        # The medial wall is no region: it is not drawn, and no point is looked for there.
        wall = atlas.labels.side(hemi).ids == 0
        assert wall.any()
        assert np.isnan(local.side(hemi).values[wall]).all()
        assert np.isfinite(local.side(hemi).values[~wall]).mean() > 0.9
    planted = atlas.labels.left.ids == PLANTED
    lowest = np.nanargmin(local.left.values)
    assert planted[lowest]
    assert np.nanmean(local.left.values[planted]) < np.nanmean(local.right.values) - 0.3


def test_the_picture_shows_the_planted_region_on_the_left(out) -> None:
    import matplotlib.image

    rgb = matplotlib.image.imread(out / "coupling.png")[..., :3]
    # Without the colour scale, which is the last tenth.
    rgb = rgb[: int(0.9 * len(rgb))]
    deep = (rgb[..., 2] > rgb[..., 0] + 0.25) & (rgb[..., 0] < 0.15)
    half = rgb.shape[1] // 2
    left, right = deep[:, :half].sum(), deep[:, half:].sum()
    assert left > 1000
    assert right < 0.02 * left
    rows, columns = np.nonzero(deep[:, :half])
    # Left hemisphere from outside: upper panel, front at its left.
    assert np.median(rows) < len(rgb) / 2
    assert np.median(columns) < half / 2


def test_two_runs_write_the_same_bytes(out, source, tmp_path, capsys) -> None:
    again = tmp_path / "again"
    assert run(["couple", str(source.patient), "-o", str(again), *METHOD, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)  # one object, or this fails
    assert said["patient"] == "SYNTHETIC-demo"
    assert (said["parcels"], said["with_value"]) == (68, 67)
    assert said["labels"] == ["SYNTHETIC"]
    for name in FILES:
        assert (again / name).read_bytes() == (out / name).read_bytes(), name


def test_the_preset_takes_its_method(source, tmp_path) -> None:
    folder = tmp_path / "ye"
    arguments = ["--preset", "ye-like", "--set", "null_draws=0", "--beside", "none"]
    assert run(["couple", str(source.patient), "-o", str(folder), *arguments]) == 0
    assert rows_of(folder)[PLANTED]["null_sd"] == "n/a"
    record = json.loads((folder / "coupling.json").read_text())
    assert record["coupling"]["method"] == "kls"


def test_the_preset_prints_and_stores_its_note(source, tmp_path, capsys) -> None:
    folder = tmp_path / "ye"
    arguments = ["--preset", "ye-like", "--set", "null_draws=0", "--beside", "none"]
    assert run(["couple", str(source.patient), "-o", str(folder), *arguments]) == 0
    note = "Formula not published in what we could read"
    assert note in capsys.readouterr().out
    assert note in (folder / "coupling.json").read_text()


def test_a_preset_and_a_method_together_are_a_usage_error(source, tmp_path, capsys) -> None:
    folder = tmp_path / "out"
    arguments = ["couple", str(source.patient), "-o", str(folder), "--preset", "ye-like", *METHOD]
    assert run(arguments) == 2
    assert "leave --coupling out" in capsys.readouterr().err
    assert not folder.exists()


def test_none_beside_another_definition_is_a_usage_error(source, tmp_path, capsys) -> None:
    more = [*METHOD, "--beside", "none", "--beside", "kls"]
    assert run(["couple", str(source.patient), "-o", str(tmp_path / "out"), *more]) == 2
    assert "--beside none leaves nothing to show" in capsys.readouterr().err


def test_a_refusal_leaves_nothing_behind(source, tmp_path, capsys) -> None:
    """The patient lacks mean BOLD: the default definition needs it."""
    text = source.patient.read_text().replace('mean_bold = "mean_bold.nii.gz"\n', "")
    for name in ("gm.nii.gz", "alff.nii.gz", "fs/demo"):
        text = text.replace(f'"{name}', f'"{source.patient.parent / name}')
    (tmp_path / "patient.toml").write_text(text)
    folder = tmp_path / "out"
    assert run(["couple", str(tmp_path / "patient.toml"), "-o", str(folder), *METHOD]) == 3
    said = capsys.readouterr()
    assert "takes out the mean BOLD signal, and there is none" in said.err
    assert said.out == ""
    assert [p.name for p in tmp_path.iterdir()] == ["patient.toml"]


def test_an_existing_folder_is_refused(out, source, capsys) -> None:
    before = (out / "SHA256SUMS").read_bytes()
    assert run(["couple", str(source.patient), "-o", str(out), *METHOD]) == 3
    assert "exists already; pass --overwrite" in capsys.readouterr().err
    assert (out / "SHA256SUMS").read_bytes() == before


def test_a_region_that_the_field_of_view_cuts_is_never_the_target(source, tmp_path) -> None:
    """The run ends in the middle of the planted region: it is said, and not aimed at."""
    import nibabel as nib

    home = source.patient.parent
    whole = load_patient(source.patient)
    left = load_atlas("desikan", whole).labels.left.ids
    forward = whole.cortex.left.mid.points.mm(whole.scanner)[left == PLANTED, 1]
    text = source.patient.read_text()
    for name in ("fs/demo", "gm.nii.gz"):
        text = text.replace(f'"{name}', f'"{home / name}')
    for name in ("alff.nii.gz", "mean_bold.nii.gz"):
        image = nib.load(home / name)
        last = int((np.median(forward) - image.affine[1, 3]) / image.affine[1, 1])
        nib.save(image.slicer[:, :last], tmp_path / name)
    (tmp_path / "patient.toml").write_text(text)
    options = Options(
        coupling="partial_spearman", settings={"null_draws": 0}, beside=(), efield="none"
    )
    cut = make_plan(load_patient(tmp_path / "patient.toml"), load_norms(source.norms), options)
    row = next(r for r in cut.ranking.rows if r.parcel_id == PLANTED)
    assert 0.2 < row.coverage < 0.6
    assert row.value < -0.3  # it has one, and it would come first
    assert (row.z, row.reasons) == (None, ("low-coverage",))
    assert [t.target.parcel_id for t in cut.targets if t.target.kind == "coupling"] != [PLANTED]
    said = {s.id: s.text for s in cut.ranking.statements}
    assert "left rostralmiddlefrontal" in said["not-assessed"]
