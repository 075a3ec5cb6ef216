"""The model file: exact, canonical, strict, and never executed."""

from __future__ import annotations

import hashlib
import json
import pickle

import numpy as np
import pytest
from control_tables import table

from tmsplan.base import InputError, sha256_bytes
from tmsplan.base.strict_json import dump_bytes
from tmsplan.norms import fit_norms, load_norms, require_usable, save_norms


@pytest.fixture
def model():
    values = 1000 + 37 * np.random.default_rng(31).normal(size=(25, 3))
    return fit_norms(table(values, site=["scanner-a"] * 25))


@pytest.fixture
def path(model, tmp_path):
    save_norms(model, tmp_path / "m.norms")
    return tmp_path / "m.norms"


def rewrite(path, change, *, seal=True) -> None:
    """Change the stored body, with or without making the checksum fit again."""
    document = json.loads(path.read_text())
    change(document["body"])
    if seal:
        document["body_sha256"] = sha256_bytes(dump_bytes(document["body"]))
    path.write_text(json.dumps(document))


def test_what_is_read_is_what_was_saved(model, path, tmp_path) -> None:
    again = load_norms(path)
    person = dict.fromkeys(model.features, 950.0)
    a, b = (m.deviations(person, age=30, sex="F", site="scanner-a") for m in (model, again))
    assert a.rows == b.rows
    assert np.array_equal(a.loo_z, b.loo_z)
    assert np.array_equal(a.boot_z, b.boot_z)
    assert a.norms == b.norms
    save_norms(again, tmp_path / "twice.norms")
    assert (tmp_path / "twice.norms").read_bytes() == path.read_bytes()


def test_the_record_names_the_file_by_its_own_hash(model, path) -> None:
    block = model.block()
    assert block["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert block["id"] == block["sha256"][:12]
    assert block["n_reference"] == 25
    assert block["sites"] == ["scanner-a"]
    assert block["age_range"] == [20.0, 58.4]
    assert block["transferred"] is False


def test_no_id_reaches_the_file(path) -> None:
    text = path.read_text()
    assert "c003" not in text
    assert "controls.tsv" not in text


def test_an_existing_model_is_kept(model, path) -> None:
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"m.norms: exists already; pass --overwrite"):
        save_norms(model, path)
    save_norms(model, path, overwrite=True)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["m.norms"]
    with pytest.raises(InputError, match=r"m.json: the name ends in '.json'. Expected '.norms'"):
        save_norms(model, path.with_suffix(".json"))


def test_a_changed_number_is_noticed(path) -> None:
    rewrite(path, lambda b: b["coefficients"][0].__setitem__(0, 1.0), seal=False)
    with pytest.raises(InputError, match=r"m.norms: damaged .* the recorded checksum"):
        load_norms(path)


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
        (lambda b: b.pop("sites"), "keys are missing or unknown"),
        (lambda b: b.update(code="import os"), "keys are missing or unknown"),
        (lambda b: b.__setitem__("synthetic", 0), "'synthetic' is not true or false"),
        (lambda b: b.__setitem__("covariates", ["age", "iq"]), "'iq' cannot be corrected for"),
    ],
)
def test_an_edited_model_is_refused(path, change, message) -> None:
    rewrite(path, change)
    with pytest.raises(InputError, match=rf"m.norms: damaged or edited by hand.*{message}"):
        load_norms(path)


def test_numbers_that_overflow_are_refused(path) -> None:
    text = path.read_text().replace('"sd": [\n', '"sd": [\n   1e999,\n', 1)
    path.write_text(text)
    with pytest.raises(InputError, match=r"m.norms: damaged"):
        load_norms(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{}", "not a model of tmsplan"),
        (b'{"schema": "tmsplan-norms", "version": 999}', "version 999. Expected version 1"),
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


class Boom:
    """A pickle that would leave a file behind if it were ever loaded."""

    def __init__(self, target) -> None:
        self.target = target

    def __reduce__(self):
        return (open, (str(self.target), "w"))


def test_a_pickle_is_not_opened(tmp_path) -> None:
    path, canary = tmp_path / "x.norms", tmp_path / "ran"
    path.write_bytes(pickle.dumps(Boom(canary)))
    with pytest.raises(InputError, match=r"x.norms: "):
        load_norms(path)
    assert not canary.exists()


def test_simulated_norms_are_only_for_simulated_patients() -> None:
    values = np.random.default_rng(1).normal(size=(50, 1))
    simulated, real = fit_norms(table(values), synthetic=True), fit_norms(table(values))
    require_usable(simulated, patient_synthetic=True)
    require_usable(real, patient_synthetic=False)
    require_usable(real, patient_synthetic=True)
    with pytest.raises(InputError, match=r"SYNTHETIC: simulated .* use norms of people"):
        require_usable(simulated, patient_synthetic=False)
    assert "SYNTHETIC" in str(simulated)


def test_a_place_that_cannot_be_written_is_an_input_error(model, tmp_path) -> None:
    with pytest.raises(InputError, match=r"x\.norms: cannot be written there"):
        save_norms(model, tmp_path / "nowhere" / "x.norms")
    (tmp_path / "d.norms").mkdir()
    with pytest.raises(InputError, match=r"d\.norms: it is a folder"):
        save_norms(model, tmp_path / "d.norms", overwrite=True)
