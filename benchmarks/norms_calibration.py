"""Calibration of norms on real people: ABIDE volumes, controls left out in folds and by site.

Run: ``python benchmarks/norms_calibration.py [DATA]`` (a folder with ``abide_fs6_half``, perhaps
also ``nspn_discovery`` and ``tvb_tumour``; see docs/methods/norms.md). Prints one JSON object.
``--figure FILE.png`` draws the centiles of the left-out controls.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Sequence
from pathlib import Path

from tmsplan.base import Table
from tmsplan.norms import fit_norms
from tmsplan.norms.calibration import summarise
from tmsplan.norms.card import calibration_block, left_out_one_by_one
from tmsplan.norms.crossval import LeftOut, k_folds
from tmsplan.norms.crossval_sites import sites_out

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
#: Columns of FreeSurfer's tables that are no region.
WHOLE = ("BrainSegVolNotVent", "eTIV", "IntraCranialVol")


def read(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def abide(data: Path, *, controls: bool = True) -> Table:
    """Return the 68 regional volumes of one group: DX_GROUP 2 = control, SEX 1 = male."""
    folder = data / "abide_fs6_half"
    sides = {s: read(folder / f"{s}.aparc_table_volume.tsv", "\t") for s in ("lh", "rh")}
    key = {s: next(iter(rows[0])) for s, rows in sides.items()}
    right = {r[key["rh"]]: r for r in sides["rh"]}
    icv = {
        r["Measure:volume"]: r["IntraCranialVol"] for r in read(folder / "aseg_global.tsv", "\t")
    }
    who = {p["SUB_ID"]: p for p in read(folder / "phenotype.csv")}
    names = [c for s in ("lh", "rh") for c in sides[s][0] if c.endswith("_volume")]
    names = [c for c in names if not any(w in c for w in WHOLE)]
    rows = []
    for left in sides["lh"]:
        scan = left[key["lh"]]
        person = who[scan.split("_")[-1].lstrip("0")]
        if (person["DX_GROUP"] == "2") != controls:
            continue
        cells = {**left, **right[scan], "etiv": icv[scan]}
        sex = "M" if person["SEX"] == "1" else "F"
        rows.append(
            (person["SUB_ID"], person["AGE_AT_SCAN"], sex, person["SITE_ID"],
             *(cells[c] for c in ("etiv", *names)))
        )  # fmt: skip
    return Table("abide.tsv", ("id", "age", "sex", "site", "etiv", *names), tuple(rows))


def nspn(data: Path) -> Table:
    """Return 306 volumes of 100 people, without the two columns that are no region."""
    people = read(data / "nspn_discovery" / "PARC_500aparc_volume_behavmerge.csv")
    names = [c for c in people[0] if c.endswith("_volume") and "unknown" not in c]
    rows = tuple(
        (p["nspn_id"], p["age_scan"], p["sex"][0], *(p[c] for c in names)) for p in people
    )
    return Table("nspn.tsv", ("id", "age", "sex", *names), rows)


#: Spread is skewed, the default, unless a name says otherwise.
MODELS = {
    "linear, constant": {"spread": "constant"},
    "linear": {},
    "linear + eTIV": {"covariates": ("age", "sex", "site", "etiv")},
    "spline + eTIV": {"covariates": ("age", "sex", "site", "etiv"), "age": "spline"},
    "spline + eTIV, varying": {
        "covariates": ("age", "sex", "site", "etiv"), "age": "spline", "spread": "varying",
    },
    "spline + eTIV, shash": {
        "covariates": ("age", "sex", "site", "etiv"), "age": "spline", "spread": "shash",
    },
}  # fmt: skip


def of_model(table: Table, features: Sequence[str], options: dict) -> tuple[dict, LeftOut]:
    start = time.perf_counter()
    model = fit_norms(table, features=features, **options)
    left = left_out_one_by_one(model)
    found = {"seconds_fit": round(time.perf_counter() - start, 3)}
    found["leave-one-out"] = summarise(left.z).as_dict()
    start = time.perf_counter()
    folds = k_folds(model, table)
    found["10 folds"] = calibration_block(folds)
    found["seconds_folds"] = round(time.perf_counter() - start, 2)
    return found, folds


def markdown(result: dict) -> str:
    """Return the table of docs/methods/norms.md."""
    keys = ("people", "mean_abs", "sd", "skew", "kurtosis", "inside_50", "inside_80", "inside_95",
            "low_2_5", "high_2_5", "mace")  # fmt: skip
    head = ("people", "mean of abs. mean z", "sd", "skew", "kurtosis", "in 50 %", "in 80 %",
            "in 95 %", "below 2.5 %", "above 97.5 %", "MACE")  # fmt: skip
    lines = ["| left out | " + " | ".join(head) + " |", "|" + "---|" * (len(head) + 1)]
    for name, row in result.items():
        cells = [f"{row[k]:.3f}" if isinstance(row[k], float) else str(row[k]) for k in keys]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)


def draw(left: LeftOut, name: str, path: Path) -> None:
    from tmsplan.view.figures import save_png
    from tmsplan.view.norm_plots import plot_calibration

    groups = left.groups()
    title = f"ABIDE, {len(left.z)} controls of {len(groups)} sites, 10 folds ({name})"
    save_png(plot_calibration(groups, title=title), path)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path, nargs="?", default=SHARED)
    parser.add_argument("--figure", type=Path, help="PNG of the last model")
    parser.add_argument("--markdown", type=Path, help="table for the docs")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--models", nargs="*", default=[*MODELS])
    parser.add_argument("--repeats", type=int, default=20, help="draws of local controls a site")
    return parser.parse_args()


def main() -> None:
    arguments = options()
    controls = abide(arguments.data)
    features = [c for c in controls.columns if c.endswith("_volume")]
    result: dict = {"controls": len(controls), "features": len(features), "models": {}}
    table: dict = {}
    for name in arguments.models:
        found, left = of_model(controls, features, MODELS[name])
        result["models"][name] = found
        table[f"10 folds, {name}"] = found["10 folds"]["all"]
        if arguments.figure and name == arguments.models[-1]:
            draw(left, name, arguments.figure)
    model = fit_norms(controls, features=features, **MODELS["linear"])
    away = calibration_block(sites_out(model, controls, repeats=arguments.repeats))
    result["left-out site, 20 local controls"] = away
    table |= {"left-out site, 20 local controls, all": away["all"]}
    table |= {f"left-out site, {g['group']}": g for g in away["by_site"]}
    if (arguments.data / "nspn_discovery").is_dir():
        people = nspn(arguments.data)
        found = calibration_block(k_folds(fit_norms(people), people))
        result["NSPN, 10 folds"] = found
        table["NSPN, 10 folds, linear"] = found["all"]
    print(json.dumps(result, indent=1))
    if arguments.markdown:
        arguments.markdown.write_text(markdown(table) + "\n", encoding="utf-8")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
