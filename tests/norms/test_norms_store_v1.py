"""Models of version 1: read exactly, and as strictly as ever."""

from __future__ import annotations

import json

import numpy as np
import pytest
from control_tables import brute_t, sexes, simulate, table
from scipy import special

from tmsplan.base import InputError, sha256_bytes
from tmsplan.base.strict_json import dump_bytes
from tmsplan.norms import fit_norms, load_norms, save_norms

AGE, MALE, VALUES = simulate(np.random.default_rng(31), 25, 3)


def body() -> dict:
    """Return what version 1 wrote for these controls, computed by plain least squares."""
    order = np.lexsort((*VALUES.T[::-1], MALE, AGE))
    age, male, values = AGE[order], MALE[order], VALUES[order]
    x = np.column_stack([np.ones(25), age - age.mean(), male])
    beta, *_ = np.linalg.lstsq(x, values, rcond=None)
    residuals = values - x @ beta
    sd = np.sqrt((residuals**2).sum(axis=0) / 22)
    return {
        "features": ["lh_r0", "lh_r1", "lh_r2"],
        "covariates": ["age", "sex"],
        "age": age.tolist(),
        "sex": sexes(male),
        "coefficients": beta.tolist(),
        "sd": sd.tolist(),
        "residuals": (residuals / sd).tolist(),
        "sites": ["scanner-a", "scanner-b"],
        "synthetic": False,
    }


def write(path, content, *, seal=True) -> None:
    checksum = sha256_bytes(dump_bytes(content)) if seal else "0" * 64
    document = {
        "schema": "tmsplan-norms", "version": 1, "body_sha256": checksum, "body": content,
    }  # fmt: skip
    path.write_text(json.dumps(document))


@pytest.fixture
def path(tmp_path):
    write(tmp_path / "m.norms", body())
    return tmp_path / "m.norms"


def test_an_old_model_gives_the_numbers_of_its_controls(path, tmp_path) -> None:
    old = load_norms(path)
    who = {"age": 40.0, "sex": "F", "site": "scanner-b"}
    found = old.deviations(dict(zip(old.features, [9.0, 10.0, 11.0], strict=True)), **who)
    t, df = brute_t(AGE, MALE, VALUES, 40, 0, np.array([9.0, 10.0, 11.0]))
    assert [r.centile for r in found.rows] == pytest.approx(special.stdtr(df, t), abs=1e-10)
    new = fit_norms(table(VALUES, age=AGE, sex=sexes(MALE)), spread="constant")
    assert old.fitted.loo_z == pytest.approx(new.fitted.loo_z, abs=1e-10)
    save_norms(old, tmp_path / "now.norms")
    again = load_norms(tmp_path / "now.norms")
    assert again.sha256 == old.sha256
    assert again.sites == ("scanner-a", "scanner-b")
    with pytest.raises(InputError, match=r"site 'C' is unseen"):
        again.deviations({"lh_r0": 9.0}, age=40, sex="F", site="C")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: b["sd"].__setitem__(1, 0), "an sd is not positive"),
        (lambda b: b["sd"].__setitem__(1, -2.0), "an sd is not positive"),
        (lambda b: b["sd"].pop(), "'sd' does not have 3 numbers"),
        (lambda b: b["sd"].__setitem__(1, "2.0"), "'sd' holds '2.0', which is no number"),
        (lambda b: b["sd"].__setitem__(1, True), "'sd' holds True, which is no number"),
        (lambda b: b.__setitem__("sd", 3), "'sd' does not have 3 numbers"),
        (lambda b: b["residuals"].pop(), "'residuals' does not have 25 rows"),
        (lambda b: b["residuals"][4].pop(), "'residuals' does not have 3 numbers in a row"),
        (lambda b: b["residuals"][4].__setitem__(0, 9.0), "sd of a feature is not that of its"),
        (
            lambda b: b["residuals"].append(b["residuals"].pop(0)),
            "residuals still depend on the covariates",
        ),
        (lambda b: b["features"].__setitem__(0, "lh_r1"), "features are not unique"),
        (lambda b: b["features"].pop(), "does not have"),
        (lambda b: b["sex"].__setitem__(0, "X"), "a sex is neither F nor M"),
        (lambda b: b["age"].__setitem__(0, None), "'age' holds None"),
        (lambda b: b["age"].__setitem__(0, -1.0), "an age is negative|still depend"),
        (lambda b: b.pop("sites"), "keys are missing or unknown"),
        (lambda b: b.update(code="import os"), "keys are missing or unknown"),
        (lambda b: b.__setitem__("synthetic", 0), "'synthetic' is not true or false"),
        (lambda b: b.__setitem__("covariates", ["age", "iq"]), "'iq' cannot be corrected for"),
    ],
)
def test_an_edited_old_model_is_refused(path, change, message) -> None:
    content = body()
    change(content)
    write(path, content)
    with pytest.raises(InputError, match=rf"m.norms: damaged or edited by hand.*({message})"):
        load_norms(path)


def test_an_old_model_with_another_checksum_is_refused(path) -> None:
    write(path, body(), seal=False)
    with pytest.raises(InputError, match=r"m.norms: damaged .* the recorded checksum"):
        load_norms(path)


def test_numbers_that_overflow_are_refused(path) -> None:
    path.write_text(path.read_text().replace('"sd": [', '"sd": [1e999, ', 1))
    with pytest.raises(InputError, match=r"m.norms: damaged"):
        load_norms(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{}", "not a model of tmsplan"),
        (b'{"schema": "tmsplan-norms", "version": 999}', "version 999. Expected version 1 in"),
        (b'{"schema": "tmsplan-norms", "version": 1}', "keys are missing"),
        (b'{"schema": NaN}', "NaN is not allowed"),
        (b'{"a": 1, "a": 2}', "'a' appears twice"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b"", "not JSON"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message) -> None:
    path = tmp_path / "x.norms"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"x.norms: .*{message}"):
        load_norms(path)
