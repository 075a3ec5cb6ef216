"""PCNtoolkit in a process of its own; the real one where TMSPLAN_PCN_PYTHON names it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from control_tables import simulate

from tmsplan.base import Table
from tmsplan.base.errors import InputError, MissingPartError
from tmsplan.norms.adapters import pcn, pcn_worker

PEER = os.environ.get(pcn.PCN_PYTHON)
needs_pcn = pytest.mark.skipif(
    PEER is None, reason=f"{pcn.PCN_PYTHON} names no interpreter with PCNtoolkit"
)


def numbers(rng, n: int, f: int = 2) -> Table:
    """Return people with strong effects of age and sex, for which a prior hardly matters."""
    age, male, values = simulate(rng, n, f)
    values = values + 0.2 * (age[:, None] - 40) - 3 * male[:, None]
    columns = np.column_stack([age, male, values])
    rows = tuple((f"p{k}", *(repr(float(v)) for v in row)) for k, row in enumerate(columns))
    return Table("people.tsv", ("id", "age", "male", *(f"f{j}" for j in range(f))), rows)


def test_an_interpreter_without_it_says_what_to_install(monkeypatch) -> None:
    monkeypatch.delenv(pcn.PCN_PYTHON, raising=False)
    with pytest.raises(MissingPartError, match="has no PCNtoolkit; make an environment"):
        pcn.pcn_python(sys.executable)
    with pytest.raises(MissingPartError, match="no-such-python: there is no such interpreter"):
        pcn.pcn_python("no-such-python")
    with pytest.raises(MissingPartError, match=r"PCNtoolkit is not installed here.*--python"):
        pcn.pcn_python()
    assert MissingPartError.exit_code == 5


def test_looking_for_it_imports_nothing_of_it() -> None:
    code = (
        "import sys; from tmsplan.norms.adapters import pcn\n"
        "try: pcn.pcn_python()\n"
        "except Exception: pass\n"
        "sys.exit(any(m.split('.')[0] in ('pcntoolkit', 'pymc', 'pandas') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_folder_that_is_no_model_is_refused(tmp_path) -> None:
    people = numbers(np.random.default_rng(0), 3)
    with pytest.raises(InputError, match=r"no model/normative_model\.json\. Expected a model"):
        pcn.score_saved(tmp_path, people)


def test_a_failure_of_the_other_side_is_a_refusal(tmp_path) -> None:
    """This interpreter has no PCNtoolkit: the worker writes the reason, and we raise it."""
    if pcn.importlib.util.find_spec("pcntoolkit"):
        pytest.skip("this interpreter has PCNtoolkit")
    job, result = tmp_path / "job.json", tmp_path / "result.json"
    job.write_text(json.dumps({"columns": {}, "features": [], "covariates": []}))
    assert pcn_worker.main(str(job), str(result)) == 0
    with pytest.raises(InputError, match=r"people\.tsv: PCNtoolkit refused .ModuleNotFoundError"):
        pcn._scores(json.loads(result.read_text()), "people.tsv")


@pytest.mark.slow
@needs_pcn
def test_z_agree_where_the_models_coincide_and_a_saved_model_scores_alike(tmp_path) -> None:
    """A converged linear BLR with many people and strong effects is least squares."""
    rng = np.random.default_rng(8)
    controls, people = numbers(rng, 1000), numbers(rng, 40)
    keep = tmp_path / "model"
    options = {"optimizer": "cg", "tol": 1e-9, "keep": str(keep)}
    found = pcn.fit_and_score(
        controls, people, features=["f0", "f1"], covariates=["age", "male"], options=options
    )

    def matrix(t: Table, *names: str) -> np.ndarray:
        return np.column_stack([t.numbers(c) for c in names])

    x, y = np.insert(matrix(controls, "age", "male"), 0, 1, axis=1), matrix(controls, "f0", "f1")
    beta, *_ = np.linalg.lstsq(x, y, rcond=None)
    sd = np.sqrt(np.sum((y - x @ beta) ** 2, axis=0) / (len(x) - 3))
    x0 = np.insert(matrix(people, "age", "male"), 0, 1, axis=1)
    h = np.einsum("ij,jk,ik->i", x0, np.linalg.inv(x.T @ x), x0)
    z = (matrix(people, "f0", "f1") - x0 @ beta) / (sd * np.sqrt(1 + h[:, None]))
    assert np.abs(found.z - z).max() < 5e-3
    assert found.seconds_fit > 0
    again = pcn.score_saved(keep, people)
    np.testing.assert_allclose(again.z, found.z, atol=1e-9)
    old = Table("old.tsv", people.columns, (("p0", "95", "1", "1.0", "1.0"),))
    with pytest.raises(InputError, match=r"old\.tsv: PCNtoolkit refused .*'age' of the table"):
        pcn.score_saved(keep, old)
    short = Table("short.tsv", ("id", "age", "f0"), (("p0", "45", "1.0"),))
    with pytest.raises(InputError, match="the model needs the column 'male'"):
        pcn.score_saved(keep, short)
