"""The other side of `pcn`: runs in an interpreter that has PCNtoolkit, alone, as a script.

    python pcn_worker.py JOB.json RESULT.json

It imports nothing of tmsplan (that interpreter need not have it), and tmsplan imports nothing
of PCNtoolkit (GPL-3): the two only exchange these files. JOB holds ``columns`` of the people to
score and either ``model``, the folder of a saved model, or ``controls`` to fit.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

__all__ = ["main"]

Job = dict[str, Any]


def main(job_file: str, result_file: str) -> int:
    """Read the job, write the result; what went wrong is written too."""
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    try:
        result = _run(job)
    except Exception as err:  # noqa: BLE001 - the caller turns any failure into its own refusal
        result = {"error": f"{type(err).__name__}: {err}"}
    Path(result_file).write_text(json.dumps(result), encoding="utf-8")
    return 0


def _run(job: Job) -> Job:
    warnings.simplefilter("ignore")
    pcn = importlib.import_module("pcntoolkit")
    importlib.import_module("pcntoolkit.util.output").Output.set_show_messages(False)
    with tempfile.TemporaryDirectory() as scratch, _quiet():
        start = time.perf_counter()
        model = _loaded(pcn, job, scratch) if "model" in job else _fitted(pcn, job, scratch)
        middle = time.perf_counter()
        people = _data(pcn, "people", job["columns"], job)
        model.predict(people)
        end = time.perf_counter()
    z = people.Z.sel(response_vars=job["features"]).transpose("observations", "response_vars")
    rows = [[v if v == v else None for v in row] for row in z.values.tolist()]
    return {
        "features": list(job["features"]),
        "z": rows,
        "seconds_fit": middle - start,
        "seconds_score": end - middle,
        "version": importlib.import_module("importlib.metadata").version("pcntoolkit"),
    }


@contextlib.contextmanager
def _quiet() -> Any:  # noqa: ANN401 - a context manager of nothing
    with open(os.devnull, "w", encoding="utf-8") as sink, contextlib.redirect_stdout(sink):  # noqa: PTH123
        yield


def _fitted(pcn: Any, job: Job, scratch: str) -> Any:  # noqa: ANN401 - PCNtoolkit's classes
    model = pcn.NormativeModel(
        pcn.BLR(**job.get("blr", {})), savemodel=bool(job.get("keep")), evaluate_model=False,
        saveresults=False, saveplots=False, save_dir=job.get("keep") or scratch,
    )  # fmt: skip
    # PCNtoolkit scores the controls at the end of every fit; that is part of its time.
    model.fit(_data(pcn, "controls", job["controls"], job))
    return model


def _loaded(pcn: Any, job: Job, scratch: str) -> Any:  # noqa: ANN401 - PCNtoolkit's classes
    model = pcn.NormativeModel.load(job["model"])
    model.savemodel = model.saveresults = model.saveplots = model.evaluate_model = False
    model.set_save_dir(scratch)
    columns = job["columns"]
    job["covariates"] = list(model.covariates)
    # Without batch effects PCNtoolkit makes one up; it makes the same one again for the people.
    job["batch"] = [b for b in model.unique_batch_effects if b != "dummy_batch_effect"]
    wanted = [*job["covariates"], *job["batch"]]
    missing = [c for c in wanted if c not in columns]
    if missing:
        raise ValueError(f"the model needs the column '{missing[0]}', which the table has not")
    job["features"] = [c for c in columns if c in set(model.response_vars)]
    if not job["features"]:
        raise ValueError("no feature of the model is a column of the table")
    for name in job["batch"]:
        known = {str(v) for v in model.unique_batch_effects[name]}
        unseen = sorted({str(v) for v in columns[name]} - known)
        if unseen:
            raise ValueError(f"'{name}' {unseen[0]} is unseen: the model knows {sorted(known)}")
    for name, limits in model.covariate_ranges.items():
        values = [float(v) for v in columns[name]]
        if min(values) < float(limits["min"]) or max(values) > float(limits["max"]):
            raise ValueError(
                f"'{name}' of the table goes beyond the model's {limits['min']} to {limits['max']}"
            )
    return model


def _data(pcn: Any, name: str, columns: Job, job: Job) -> Any:  # noqa: ANN401 - PCNtoolkit's
    frame = importlib.import_module("pandas").DataFrame(columns)
    for column in (*job["covariates"], *job["features"]):
        frame[column] = frame[column].astype(float)
    frame["row"] = [f"row{k}" for k in range(len(frame))]  # no id leaves tmsplan
    return pcn.NormData.from_dataframe(
        name, frame, covariates=list(job["covariates"]), response_vars=list(job["features"]),
        batch_effects=list(job.get("batch") or []) or None, subject_ids="row",
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
