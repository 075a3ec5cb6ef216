"""docs/examples/abide_norms.py on small SYNTHETIC maps: everything but the download."""

from __future__ import annotations

import importlib.util
import inspect

import nibabel as nib
import numpy as np
import pytest
from real_files import REPO

from tmsplan.base import read_table
from tmsplan.base.errors import InputError
from tmsplan.norms import load_norms

AFFINE = np.diag([3.0, 3.0, 3.0, 1.0])


@pytest.fixture(scope="module")
def example():
    path = REPO / "docs" / "examples" / "abide_norms.py"
    spec = importlib.util.spec_from_file_location("abide_norms", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def data(tmp_path):
    """80 people with three parcels: 1 is twice as active in men, 3 has too few voxels."""
    rng = np.random.default_rng(1)
    labels = np.zeros((10, 10, 10), dtype=np.int16)
    labels[1:4, 1:9, 1:9], labels[5:8, 1:9, 1:9], labels[9, 9, :5] = 1, 2, 3
    nib.save(nib.Nifti1Image(labels, AFFINE), tmp_path / "atlas.nii.gz")
    people, maps = [], []
    for k in range(80):
        person = {"SUB_ID": 50000 + k, "DX_GROUP": 1 if k % 10 == 9 else 2, "SEX": 1 + k % 2,
                  "AGE_AT_SCAN": rng.uniform(8, 40), "SITE_ID": "AB"[k // 2 % 2],
                  "func_mean_fd": rng.uniform(0.02, 0.2)}  # fmt: skip
        values = np.where(labels > 0, rng.normal(1, 0.05, labels.shape), 0)
        values[labels == 1] *= (2 if person["SEX"] == 1 else 1) * rng.normal(1, 0.05)
        path = tmp_path / f"{k}.nii.gz"
        nib.save(nib.Nifti1Image(values.astype(np.float32), AFFINE), path)
        people.append(person)
        maps.append(path)
    return tmp_path, people, maps


def test_controls_only_by_name_and_small_parcels_left_out(example, data, capsys) -> None:
    folder, people, maps = data
    (folder / "names.txt").write_text("first\nsecond\nthird\n")
    labels, names = example.read_labels(folder / "atlas.nii.gz", folder / "names.txt", maps[0])
    table = folder / "controls.tsv"
    table.write_bytes(example.controls_table(people, maps, labels, names))
    assert "72 controls; left out: third" in capsys.readouterr().out
    found = read_table(table)
    assert found.columns == ("id", "age", "sex", "site", "mean_fd", "first", "second")
    sex, first = np.array(found.texts("sex")), np.array(found.numbers("first"))
    ratio = first - np.array(found.numbers("second"))
    assert np.exp(ratio[sex == "M"]).mean() == pytest.approx(2, abs=0.05)
    assert np.exp(ratio[sex == "F"]).mean() == pytest.approx(1, abs=0.03)
    card = example.fit(table, folder / "alff.norms", "atlas")
    model = load_norms(folder / "alff.norms")
    assert (model.n, model.features, model.identity.measured.engine) == (
        72, ("first", "second"), "cpac",
    )  # fmt: skip
    assert "licence: CC BY-NC-SA (ABIDE)" in card


def test_maps_on_another_grid_are_refused(example, data) -> None:
    _, _, maps = data
    labels = np.ones((10, 10, 10), dtype=int)
    with pytest.raises(InputError, match=r"0\.nii\.gz: its grid is not that of the labels"):
        example.parcel_logs(maps[0], labels, np.diag([2.0, 2, 2, 1]))


def test_fewer_names_than_parcels_are_refused(example, data) -> None:
    folder, _, maps = data
    (folder / "names.txt").write_text("first\n")
    with pytest.raises(InputError, match=r"names\.txt: 1 names for ids up to 3"):
        example.read_labels(folder / "atlas.nii.gz", folder / "names.txt", maps[0])


def test_nilearn_still_has_the_fetcher_as_it_is_called() -> None:
    from nilearn.datasets import fetch_abide_pcp

    assert {"n_subjects", "derivatives", "pipeline"} <= set(
        inspect.signature(fetch_abide_pcp).parameters
    )
