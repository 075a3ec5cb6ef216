"""SC-FC coupling of a group of patients against a group of controls, on one head.

    python docs/examples/connectome_norms.py DATA HEAD OUT

DATA holds ``participants.tsv``, ``region_labels.txt`` and per person ``weights.txt`` and
``FC.mat`` (the layout of the tumour data set of The Virtual Brain, OpenNeuro ds001226). HEAD
is a FreeSurfer subject folder of somebody else: the data set has no anatomy, so every plan is
a COMPOSITE, labelled as such in every output, and its target belongs to no single person.

Eleven controls are fewer than twenty: the norms are EXPLORATORY, which is labelled as well.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

import tmsplan as tp
from tmsplan.base import read_table, table_bytes
from tmsplan.coupling.methods.baum import row_spearman
from tmsplan.patient.connectome import read_connectome
from tmsplan.plan import save_plan
from tmsplan.surface import feature_name


def participants(data: Path) -> dict[str, dict[str, str]]:
    """Return the rows of participants.tsv by folder name, for people whose data are here."""
    table = read_table(data / "participants.tsv")
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    people = {row["participant_id"].removeprefix("sub-"): row for row in rows}
    return {name: row for name, row in people.items() if (data / name / "FC.mat").is_file()}


def site(row: dict[str, str]) -> str:
    """Return the acquisition: the two repetition times are two protocols."""
    return f"TR-{int(row['fmri TR']) / 1000:g}s"


def controls_table(data: Path, people: dict[str, dict[str, str]], out: Path) -> Path:
    """Write the controls' regional coupling as a normative table."""
    rows, columns = [], []
    for name, row in people.items():
        if not name.startswith("CON"):
            continue
        folder = data / name
        c = read_connectome(
            folder / "weights.txt", folder / "FC.mat", data / "region_labels.txt",
            fc_key="FC_cc_DK68",
        )  # fmt: skip
        rho, _ = row_spearman(c.sc, c.fc, nonzero=True, min_pairs=10)
        columns = [feature_name(hemi, region) for hemi, region in c.regions]
        person = {"id": name, "age": row["age"], "sex": row["sex"], "site": site(row)}
        rows.append(person | dict(zip(columns, rho.tolist(), strict=True)))
    # A region with fewer than ten structural connections has no value in some controls: such
    # regions are left out for everybody, and the ranking then says that they have no norm.
    whole = [c for c in columns if all(np.isfinite(row[c]) for row in rows)]
    sys.stdout.write(f"left out: {', '.join(c for c in columns if c not in whole)}\n")
    path = out / "controls.tsv"
    path.write_bytes(table_bytes(["id", "age", "sex", "site", *whole], rows))
    return path


def patient_toml(data: Path, head: Path, name: str, row: dict[str, str], out: Path) -> Path:
    """Write the patient.toml of one patient on the borrowed head."""
    path = out / f"{name}.toml"
    path.write_text(
        f'id = "{name}"\nage = {row["age"]}\nsex = "{row["sex"]}"\nsite = "{site(row)}"\n'
        f'composite = "connectome of {name}, anatomy of {head.name}."\n'
        f'[anatomy]\nt1w = "{head / "mri/T1.mgz"}"\nfreesurfer = "{head}"\n'
        f'[maps]\nsc = "{data / name / "weights.txt"}"\nfc = "{data / name / "FC.mat"}"\n'
        f'fc_key = "FC_cc_DK68"\nlabels = "{data / "region_labels.txt"}"\n',
        encoding="utf-8",
    )
    return path


def main() -> int:
    """Fit the norms and plan every patient; print one line each."""
    parser = argparse.ArgumentParser(description="SC-FC coupling against controls, composite.")
    parser.add_argument("data", type=Path)
    parser.add_argument("head", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", help="patients to plan, for example PAT01")
    parser.add_argument("--plans-only", action="store_true", help="plan.json only, no pictures")
    arguments = parser.parse_args()
    data, head, out = (p.resolve() for p in (arguments.data, arguments.head, arguments.out))
    out.mkdir(parents=True)
    people = participants(data)
    norms = tp.fit_norms(controls_table(data, people, out), exploratory=True)
    options = tp.Options(
        coupling="baum", exploratory=True, allow_extrapolation=True, atlas="aparc"
    )
    for name, row in people.items():
        if not name.startswith("PAT") or (arguments.only and name not in arguments.only):
            continue
        patient = tp.load_patient(patient_toml(data, head, name, row, out))
        plan = tp.make_plan(patient, norms, options)
        if arguments.plans_only:
            (out / name).mkdir()
            save_plan(plan, out / name)
        else:
            plan = tp.write_plan(plan, patient, tp.Destination(out / name))
        first = plan.ranking.rows[0]
        sys.stdout.write(
            f"{name} {','.join(plan.labels)} {plan.ranking.verdict}: "
            f"{first.hemi} {first.name} z {first.z:.2f}; {len(plan.targets)} targets\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
