"""Calibration on real people: each control against the others."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from control_tables import sexes, table
from scipy import stats

from tmsplan.norms import fit_norms

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def read(name: str, file: str, delimiter: str = ",") -> list[dict[str, str]]:
    path = SHARED / name / file
    if not path.is_file():
        pytest.skip(f"real files are not here: shared/data/{name} beside the checkout")
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def nspn():
    people = read("nspn_discovery", "PARC_500aparc_volume_behavmerge.csv")
    names = [c for c in people[0] if c.endswith("_volume") and "unknown" not in c]
    return (
        np.array([float(p["age_scan"]) for p in people]),
        np.array([float(p["male"]) for p in people]),
        np.array([[float(p[c]) for c in names] for p in people]),
    )


def abide():
    """Return the healthy people of ABIDE: DX_GROUP 2; SEX 1 is male."""
    left = read("abide_fs6_half", "lh.aparc_table_volume.tsv", "\t")
    right = read("abide_fs6_half", "rh.aparc_table_volume.tsv", "\t")
    who = {p["SUB_ID"]: p for p in read("abide_fs6_half", "phenotype.csv")}
    key_l, key_r = next(iter(left[0])), next(iter(right[0]))
    other = {r[key_r]: r for r in right}
    names = [c for c in left[0] if c.startswith("lh_") and c.endswith("_volume")]
    pairs = [c for c in right[0] if c.startswith("rh_") and c.endswith("_volume")]
    rows, age, male = [], [], []
    for r in left:
        person = who[r[key_l].split("/")[-1].split("_")[-1].lstrip("0")]
        if person["DX_GROUP"] == "2":
            rows.append([float(r[c]) for c in names] + [float(other[r[key_l]][c]) for c in pairs])
            age.append(float(person["AGE_AT_SCAN"]))
            male.append(float(person["SEX"] == "1"))
    return np.array(age), np.array(male), np.array(rows)


@pytest.mark.parametrize(("source", "n", "f"), [(nspn, 100, 308), (abide, 328, 68)])
def test_each_control_against_the_others_is_calibrated(source, n, f) -> None:
    """Mean 0 and sd 1 in every region; 50, 80 and 95 % intervals hold what they say.

    Volumes are skewed to the right, so the two tails share their 5 % unequally: the reason
    why the rank p is printed beside z.
    """
    age, male, values = source()
    names = [f"f{j}" for j in range(values.shape[1])]
    model = fit_norms(table(values, age=age, sex=sexes(male), names=names), spread="constant")
    z = model.fitted.loo_z
    assert z.shape == (n, f)
    assert np.abs(z.mean(axis=0)).max() < 0.01
    assert np.abs(z.std(axis=0) - 1).max() < 0.03
    for share in (0.5, 0.8, 0.95):
        inside = np.mean(np.abs(z) < stats.norm.ppf(0.5 + share / 2))
        assert inside == pytest.approx(share, abs=0.022)
    assert np.mean(z < -1.959964) < np.mean(z > 1.959964)
