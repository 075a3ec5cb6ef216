"""What the verbs do, one function a verb: read, call, print."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ..base.errors import TripwireError, UsageError
from ..base.messages import explain
from ..base.params import Params
from ..base.publish import published_folder
from ..norms import load_norms
from ..patient.load import load_patient
from ..patient.patient import Patient
from ..plan.anatomy import check_anatomy
from ..plan.options import Options
from ..plan.plan import Plan
from ..space.tripwire import require_all
from . import say
from .outputs import Destination, write_plan

__all__ = [
    "parse_settings",
    "read_patient",
    "run_check",
    "run_demo",
    "run_explain",
    "run_export",
    "run_plan",
]


def _pairs(items: Sequence[str] | None, flag: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for item in items or ():
        name, sign, value = item.partition("=")
        if not sign or not name or not value:
            raise UsageError(f"{flag} {item!r}: write {flag} NAME=VALUE.")
        pairs[name] = value
    return pairs


def parse_settings(items: Sequence[str] | None) -> dict[str, object]:
    """Return the settings of ``--set NAME=VALUE``; numbers, true and false become values."""
    return {name: _value(text) for name, text in _pairs(items, "--set").items()}


def _value(text: str) -> object:
    if text in {"true", "false"}:
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def read_patient(
    source: Path, subject: str | None, maps: Sequence[str] | None, use_form: str | None
) -> Patient:
    """Read the patient of a command line."""
    files = {k: Path(v) for k, v in _pairs(maps, "--map").items()}
    with say.working(f"reading {source.name}"):
        return load_patient(source, subject=subject, maps=files or None, use_form=use_form)


def run_check(patient: Patient, *, as_json: bool) -> None:
    """Print the patient, its frames and its tripwires; stop with 4 if one failed."""
    found = check_anatomy(patient, Params())
    text = "\n".join([str(patient), "", patient.tree.draw(), "", *map(str, found)])
    data = {
        "patient": patient.id,
        "frames": [str(f) for f in patient.tree],
        "tripwires": [asdict(t) for t in found],
    }
    try:
        require_all(found)
    except TripwireError as err:
        err.details = data
        if not as_json:  # one JSON object a run: the refusal carries what was found
            say.result(text, data, as_json=False)
        raise
    say.result(text, data, as_json=as_json)


def run_plan(
    patient: Patient,
    norms: Path,
    options: Options,
    where: Destination,
    *,
    also: Sequence[str] | None = None,
    as_json: bool,
) -> Plan:
    """Make and write one plan; print it."""
    from ..plan.make import make_plan

    where.require_free()
    others = {k: load_norms(Path(v)) for k, v in _pairs(also, "--also").items()}
    with say.working("planning"):
        plan = make_plan(patient, load_norms(norms), options, also=others)
    with say.working("writing navigator files, page and pictures"):
        plan = write_plan(plan, patient, where)
    out = where.folder
    files = {
        "page": str(out / "report.html"),
        "plan": str(out / "plan.json"),
        "navigation": [str(out / e.file) for e in plan.exports],
    }
    found = f"page: {files['page']}\nnavigator files: {', '.join(files['navigation'])}"
    data = {
        "patient": plan.patient_id,
        "labels": list(plan.labels),
        "verdict": plan.ranking.verdict,
        "targets": [t.target.id for t in plan.targets],
        "tripwires": [asdict(t) for t in plan.tripwires],
        "files": files,
    }
    say.result(f"{plan}\n\n{found}", data, as_json=as_json)
    return plan


def run_demo(out: Path, *, overwrite: bool, as_json: bool) -> None:
    """Write the SYNTHETIC patient to a temporary folder and plan it like any other."""
    from ..plan.demo import write_demo_source

    where = Destination(out, overwrite=overwrite)
    where.require_free()
    with tempfile.TemporaryDirectory(prefix="tmsplan-demo-") as folder:
        with say.working("making the SYNTHETIC patient"):
            source = write_demo_source(Path(folder))
        patient = read_patient(source.patient, None, None, None)
        options = Options(coupling="partial_spearman")
        run_plan(patient, source.norms, options, where, as_json=as_json)


def run_export(
    path: Path, where: Destination, *, hair: Sequence[float], reverse: bool, as_json: bool
) -> None:
    """Export a stored plan; the folder appears only when every file was verified."""
    from ..export import export_plan, tripwire_read_back
    from ..export.series import hair_series, with_reversed
    from ..plan.store import load_plan

    where.require_free()
    plan, out = load_plan(path), where.folder
    plan = hair_series(plan, hair) if hair else plan
    plan = with_reversed(plan) if reverse else plan
    with published_folder(out, overwrite=where.overwrite) as work:
        exports = export_plan(plan, work, where.formats)
        verdict = tripwire_read_back(exports, plan.params)
        require_all([verdict])
    lines = [f"{out / e.file}  re-read to {e.reread_max_mm:.5f} mm" for e in exports]
    data = {"exports": [asdict(e) for e in exports], "tripwires": [asdict(verdict)]}
    say.result("\n".join([str(verdict), *lines]), data, as_json=as_json)


def run_explain(message: str, *, as_json: bool) -> None:
    """Print what a message id means: a tripwire (TP-) or a fault of a pose file (CP-)."""
    if message.upper().startswith("CP-"):
        from ..export.check import fault_class

        fault = fault_class(message.upper())
        data = {"id": message.upper(), "title": fault.title, "do": fault.do}
        say.result(f"{data['id']}: {fault.title}\n\nWhat to do. {fault.do}", data, as_json=as_json)
        return
    e = explain(message)
    text = f"{e.id}: {e.title}\n\nWhat it means. {e.means}\n\nWhat to do. {e.do}"
    say.result(text, asdict(e), as_json=as_json)
