"""False alarms at each left-out site of ABIDE after a transfer with local controls. Real people.

Run: ``python benchmarks/norms_transfer_abide.py [FOLDER] [--json FILE]``, FOLDER being
``abide_fs6_half``; about 20 s, fixed seed. Norms of the other sites' healthy people (DX_GROUP 2)
are transferred with 20 local controls of each sex where more than 22 of each are there, else with
20 of both, and the site's other controls are scored, 30 times. Prints the share below and above
the nominal 2.5 % over 68 volumes.
"""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from tmsplan.norms.design import Design
from tmsplan.norms.fitted import fit_values
from tmsplan.norms.people import People
from tmsplan.norms.reference import Reference
from tmsplan.norms.spread_varying import fit_spread
from tmsplan.norms.transfer import new_site

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
DRAWS, LOCAL, SPARE, LIMIT = 30, 20, 3, 1.959964


def read(path, delimiter):
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def controls(folder):
    left, right = (read(folder / f"{s}h.aparc_table_volume.tsv", "\t") for s in "lr")
    who = {p["SUB_ID"]: p for p in read(folder / "phenotype.csv", ",")}
    key, other_key = next(iter(left[0])), next(iter(right[0]))
    other = {r[other_key]: r for r in right}
    names = [(s, c) for s, t in (("l", left), ("r", right)) for c in t[0]
             if c.startswith(f"{s}h_") and c.endswith("_volume")]  # fmt: skip
    values, people = [], []
    for row in left:
        person = who[row[key].split("/")[-1].split("_")[-1].lstrip("0")]
        if person["DX_GROUP"] == "2":
            both = {"l": row, "r": other[row[key]]}
            values.append([float(both[s][c]) for s, c in names])
            people.append(person)
    return People(
        np.array([float(p["AGE_AT_SCAN"]) for p in people]),
        np.array([float(p["SEX"] == "1") for p in people]),
        tuple(p["SITE_ID"] for p in people),
    ), np.array(values)


def split(rng, people, here):
    """Return local controls and those to be scored."""
    order = rng.permutation(here)
    each = [order[people.male[order] == s] for s in (0.0, 1.0)]
    if min(map(len, each)) >= LOCAL + SPARE:
        local = np.concatenate([e[:LOCAL] for e in each])
    else:
        local = order[:LOCAL]
    return local, np.setdiff1d(order, local)


def rates(rng, people, values, site, spread):
    """Return local controls, people scored, and the shares below and above; None if too few."""
    at = np.array(people.site) == site
    train = np.flatnonzero(~at)
    ages = people.age[train]
    here = np.flatnonzero(at & (people.age >= ages.min()) & (people.age <= ages.max()))
    if len(here) < LOCAL + SPARE:
        return None
    names = tuple(f"f{j}" for j in range(values.shape[1]))
    model = fit_values(Design.of(people.taking(train)), names, values[train])
    if spread == "varying":
        rows = model.design.rows(model.design.people)
        model = replace(model, spread=fit_spread(model.residuals, rows))
    flags = []
    for _ in range(DRAWS):
        local, new = split(rng, people, here)
        reference = Reference(names, values[local], people.taking(local))
        made = new_site(site, reference, model, skewed=spread == "skewed")
        z = replace(model, local=made).z(values[new], people.taking(new))
        flags.append([np.mean(z < -LIMIT), np.mean(z > LIMIT)])
    return len(local), len(new), *np.mean(flags, axis=0).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path, nargs="?", default=SHARED / "abide_fs6_half")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    people, values = controls(options.folder)
    result = {}
    for spread in ("constant", "skewed", "varying"):
        rng, rows = np.random.default_rng(1), {}
        for site in sorted(set(people.site)):
            found = rates(rng, people, values, site, spread)
            if found:
                rows[site] = found
                local, new, low, high = found
                print(f"{spread:8s} {site:8s} local {local}  scored {new:2d}  "
                      f"below {100 * low:.1f} %  above {100 * high:.1f} %")  # fmt: skip
        table = np.array(list(rows.values()))
        mean = 100 * np.average(table[:, 2:], axis=0, weights=table[:, 1])
        print(f"{spread:8s} all       below {mean[0]:.1f} %  above {mean[1]:.1f} %")
        result[spread] = rows | {"all": mean.tolist()}
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
