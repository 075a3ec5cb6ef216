"""The model file: exact, canonical, strict, and never executed."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from control_tables import table

from tmsplan.base import InputError, sha256_bytes
from tmsplan.base.strict_json import dump_bytes
from tmsplan.norms import Identity, Measured, fit_norms, load_norms, save_norms
from tmsplan.norms.archive import pack, unpack
from tmsplan.norms.spread import load_spread

RNG = np.random.default_rng(31)
SITES = [("scanner-a", "scanner-b", "scanner-c")[i % 3] for i in range(45)]
FD = [f"{x:.3f}" for x in RNG.uniform(0.05, 0.4, 45)]
VALUES = 1000 + 37 * RNG.normal(size=(45, 3))


@pytest.fixture
def model():
    return fit_norms(
        table(VALUES, site=SITES, extra={"mean_fd": FD}),
        covariates=("age", "sex", "site", "mean_fd"),
        age="spline",
        identity=Identity(Measured("spearman", "Fisher z"), licence="CC0", icc={"lh_r1": 0.7}),
    )


@pytest.fixture
def path(model, tmp_path):
    save_norms(model, tmp_path / "m.norms")
    return tmp_path / "m.norms"


def test_constant_spread_has_no_settings() -> None:
    with pytest.raises(InputError, match="a constant spread has no settings"):
        load_spread("constant", {"width": 2}, {})


def rewrite(path, change) -> None:
    """Change header and arrays, and seal the file again as an attacker would."""
    header, arrays = unpack(path.read_bytes())
    content = SimpleNamespace(header=header, arrays={k: v.copy() for k, v in arrays.items()})
    change(content)
    path.write_bytes(pack(content.header, content.arrays))


def entries(path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {n: archive.read(n) for n in archive.namelist()}


def write_entries(path, parts, compression=zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def resealed(parts) -> dict[str, bytes]:
    """Return the entries with every checksum made to fit."""
    header = json.loads(parts["model.json"])
    header.pop("content_sha256")
    header["arrays"] = {
        n.removesuffix(".npy"): sha256_bytes(d) for n, d in parts.items() if n != "model.json"
    }
    header["content_sha256"] = sha256_bytes(dump_bytes(header))
    return parts | {"model.json": dump_bytes(header)}


def npy(array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def test_what_is_read_is_what_was_saved(model, path, tmp_path) -> None:
    again = load_norms(path)
    person = dict.fromkeys(model.features, 950.0)
    who = {"age": 30, "sex": "F", "site": "scanner-b", "covariates": {"mean_fd": 0.2}}
    a, b = (m.deviations(person, **who) for m in (model, again))
    assert a.rows == b.rows
    assert np.array_equal(a.loo_z, b.loo_z)
    assert np.array_equal(a.boot_z, b.boot_z)
    assert a.norms == b.norms
    assert again.identity == model.identity
    save_norms(again, tmp_path / "twice.norms")
    assert (tmp_path / "twice.norms").read_bytes() == path.read_bytes()


def test_the_record_names_the_file_by_its_own_hash(model, path) -> None:
    block = model.block()
    assert block["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert block["id"] == block["sha256"][:12]
    assert block["n_reference"] == 45
    assert block["sites"] == ["scanner-a", "scanner-b", "scanner-c"]
    assert block["age_range"] == [20.0, pytest.approx(59.1111)]
    assert block["transferred"] is False
    assert block["covariates"][-3:] == ["sex", "mean_fd", "site"]
    assert block["identity"]["licence"] == "CC0"


def test_any_program_can_open_the_arrays(model, path) -> None:
    with np.load(path, allow_pickle=False) as arrays:
        assert np.array_equal(arrays["sd"], model.fitted.sd)
        assert np.array_equal(arrays["residuals"], model.fitted.residuals)


def test_no_id_reaches_the_file(tmp_path) -> None:
    ids = [f"Person-{k}" for k in range(45)]
    save_norms(fit_norms(table(VALUES, ids=ids, site=SITES)), tmp_path / "m.norms")
    data = (tmp_path / "m.norms").read_bytes()
    assert b"Person-" not in data
    assert b"controls.tsv" not in data


def test_an_existing_model_is_kept(model, path) -> None:
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"m.norms: exists already; pass --overwrite"):
        save_norms(model, path)
    save_norms(model, path, overwrite=True)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["m.norms"]
    with pytest.raises(InputError, match=r"m.json: the name ends in '.json'. Expected '.norms'"):
        save_norms(model, path.with_suffix(".json"))


def test_a_changed_byte_is_noticed_wherever_it_is(path) -> None:
    whole = path.read_bytes()
    parts = entries(path)
    for name, data in parts.items():
        at = whole.index(data) + len(data) // 2
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(InputError, match=r"m.norms: damaged or edited by hand \(no readable"):
            load_norms(path)
        # The same with the archive's own check sums made to fit: ours remain.
        changed = data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1])
        write_entries(path, parts | {name: changed + data[len(data) // 2 + 1 :]})
        with pytest.raises(InputError, match=r"checksum|not JSON|not UTF-8"):
            load_norms(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"m.norms: damaged .*no readable archive"):
        load_norms(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.arrays["sd"].__setitem__(1, 0), "an sd is not positive"),
        (lambda c: c.arrays["sd"].__setitem__(1, -2.0), "an sd is not positive"),
        (
            lambda c: c.arrays.update(sd=c.arrays["sd"][:2]),
            r"'sd' has the shape \(2,\). Expected \(3,\)",
        ),
        (lambda c: c.arrays["ratio"].__setitem__(0, -0.1), "a ratio is negative"),
        (lambda c: c.arrays["ratio"].__setitem__(0, 90.0), "sd of a feature|still depend"),
        (lambda c: c.arrays.pop("residuals"), "an array is missing or unknown"),
        (lambda c: c.arrays.update(more=np.ones(3)), "an array is missing or unknown"),
        (lambda c: c.arrays["residuals"].__setitem__((4, 0), 9.0), "sd of a feature is not that"),
        (lambda c: c.arrays.update(residuals=c.arrays["residuals"][::-1]), "still depend"),
        (
            lambda c: c.arrays["projected"].__setitem__((10, 0), 9e9),
            "sd of a feature|still depend",
        ),
        (
            lambda c: c.arrays["into"].__setitem__((0, 0), 7.0),
            "basis is not that of the controls'",
        ),
        (lambda c: c.arrays["male"].__setitem__(0, 0.5), "a sex is neither F nor M"),
        (lambda c: c.arrays["site"].__setitem__(0, 9), "a control's site is none of the sites"),
        (lambda c: c.arrays["site"].__setitem__(0, 0.5), "a control's site is none of the sites"),
        (lambda c: c.arrays["age"].__setitem__(0, 61.0), "recorded ranges are not those"),
        (lambda c: c.arrays["site_size"].__setitem__(0, -1.0), "'site_size' does not belong"),
        (lambda c: c.header["features"].__setitem__(0, "lh_r1"), "features are not unique"),
        (lambda c: c.header["features"].pop(), "has the shape"),
        (lambda c: c.header.__setitem__("features", "abc"), "'features' is not a list of texts"),
        (lambda c: c.header.pop("coverage"), "keys are missing or unknown"),
        (lambda c: c.header.update(code="import os"), "keys are missing or unknown"),
        (lambda c: c.header.__setitem__("synthetic", 0), "'synthetic' is not true or false"),
        (lambda c: c.header.__setitem__("n", 44), "number of controls is no number, or two"),
        (lambda c: c.header["coverage"].__setitem__("age", [-1, 60]), "an age is negative"),
        (lambda c: c.header["coverage"].__setitem__("sexes", ["X"]), "a sex is neither F nor M"),
        (lambda c: c.header["terms"].__setitem__("covariates", ["age", "iq"]), "contradict each"),
        (
            lambda c: c.header["terms"]["age"].__setitem__("shape", "cubic"),
            "basis of age is impossi",
        ),
        (lambda c: c.header["terms"]["age"]["knots"].reverse(), "basis of age is impossible"),
        (
            lambda c: c.header["terms"]["others"][0].__setitem__("sd", 0),
            "a covariate has no scale",
        ),
        (lambda c: c.header["terms"].update(more=1), "contradict each other"),
        (lambda c: c.header["terms"].pop("sites"), r"\('sites'\)"),
        (
            lambda c: c.header["spread"].__setitem__("kind", "magic"),
            "'magic' is no model of spread",
        ),
        (lambda c: c.header["spread"].update(width=2), "parts of the skewed spread"),
        (lambda c: c.arrays.update({"spread.x": np.ones(2)}), "parts of the skewed spread"),
        (lambda c: c.header["identity"].pop("licence"), "identity has missing or unknown parts"),
        (
            lambda c: c.header["identity"].__setitem__("pipeline", 3),
            "part of the identity is no text",
        ),
        (
            lambda c: c.header["identity"].__setitem__("icc", {"lh_r1": "x"}),
            "reliability is no numb",
        ),
        (lambda c: c.header["identity"].__setitem__("icc", 1.5), "reliability of 'all' is 1.5"),
        (lambda c: c.header["identity"]["measured"].pop("unit"), "what was measured has missing"),
    ],
)
def test_an_edited_model_is_refused(path, change, message) -> None:
    rewrite(path, change)
    with pytest.raises(InputError, match=rf"m.norms: damaged or edited by hand.*({message})"):
        load_norms(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (npy(np.array([1.0, np.nan, 3.0])), "holds a number that is not finite"),
        (npy(np.array([1, 2, 3])), "is of int64. Expected float64"),
        (npy(np.array([1.0, 2.0, 3.0], dtype=">f8")), "is of >f8. Expected float64"),
        (npy(np.array([{}, {}, {}], dtype=object)), "is of object. Expected float64"),
        (npy(np.asfortranarray(np.ones((2, 2)))), "Expected float64 by rows"),
        (npy(np.ones(3))[:-8], "does not fill its shape"),
        (npy(np.ones(3)).replace(b"(3,)", b"(9,)"), "does not fill its shape"),
        (b"not an array", "is damaged"),
        (b"\x93NUMPY\x01\x00\xff\xff", "is damaged"),
    ],
)
def test_arrays_that_are_not_plain_numbers_are_refused(path, data, message) -> None:
    write_entries(path, resealed(entries(path) | {"sd.npy": data}))
    with pytest.raises(InputError, match=rf"m.norms: damaged .*{message}"):
        load_norms(path)


def test_an_archive_that_would_unpack_is_refused(path) -> None:
    parts = resealed(entries(path) | {"sd.npy": npy(np.zeros(1 << 20))})
    write_entries(path, parts, zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match=r"the part '.*' is compressed, and no model's is"):
        load_norms(path)


def test_parts_with_other_names_or_twice_are_refused(path) -> None:
    parts = entries(path)
    for name in ("../evil.npy", "/etc/x.npy", "Sd.npy", "x/y.npy"):
        write_entries(path, parts | {name: npy(np.ones(1))})
        with pytest.raises(InputError, match=r"has no plain name"):
            load_norms(path)
    write_entries(path, parts | {"extra.npy": npy(np.ones(1))})
    with pytest.raises(InputError, match=r"an array is missing, unknown, or does not have"):
        load_norms(path)
    write_entries(path, parts)
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(path, "a") as archive,
    ):
        archive.writestr("sd.npy", parts["sd.npy"])
    with pytest.raises(InputError, match=r"too many parts, or one twice"):
        load_norms(path)
    write_entries(path, {f"a{k}.npy": b"" for k in range(100)})
    with pytest.raises(InputError, match=r"too many parts"):
        load_norms(path)


def test_another_schema_or_version_is_refused(path) -> None:
    rewrite(path, lambda c: c.header.__setitem__("version", 3))
    with pytest.raises(InputError, match=r"m.norms: version 3. Expected version 2. Fit it again"):
        load_norms(path)
    rewrite(path, lambda c: c.header.__setitem__("schema", "other"))
    with pytest.raises(InputError, match=r"m.norms: not a model of tmsplan"):
        load_norms(path)


class Boom:
    """A pickle that would leave a file behind if it were ever loaded."""

    def __init__(self, target) -> None:
        self.target = target

    def __reduce__(self):
        return (open, (str(self.target), "w"))


def test_a_pickle_is_not_opened(path, tmp_path) -> None:
    canary = tmp_path / "ran"
    pickled = pickle.dumps(Boom(canary))
    within = npy(np.array([Boom(canary)], dtype=object))
    parts = entries(path)
    path.write_bytes(pickled)
    with pytest.raises(InputError, match=r"m.norms: "):
        load_norms(path)
    for part in (pickled, within):
        write_entries(path, resealed(parts | {"sd.npy": part}))
        with pytest.raises(InputError, match=r"m.norms: damaged"):
            load_norms(path)
    assert not canary.exists()


def test_numbers_that_are_not_finite_are_not_written() -> None:
    with pytest.raises(InputError, match=r"the array 'a' .* a number is not finite"):
        pack({}, {"a": np.array([np.inf])})
    with pytest.raises(InputError, match=r"the array 'A b' has no plain name"):
        pack({}, {"A b": np.ones(1)})


def test_a_place_that_cannot_be_written_is_an_input_error(model, tmp_path) -> None:
    with pytest.raises(InputError, match=r"x\.norms: cannot be written there"):
        save_norms(model, tmp_path / "nowhere" / "x.norms")
    (tmp_path / "d.norms").mkdir()
    with pytest.raises(InputError, match=r"d\.norms: it is a folder"):
        save_norms(model, tmp_path / "d.norms", overwrite=True)
    with pytest.raises(InputError, match=r"nothing\.norms: cannot be read \(FileNotFoundError\)"):
        load_norms(tmp_path / "nothing.norms")


def test_an_archive_whose_parts_lie_before_its_beginning_is_refused(path) -> None:
    """The end record says where the list of parts begins; moved on, every offset is negative."""
    data = bytearray(path.read_bytes())
    end = data.rindex(b"PK\x05\x06")
    begin = int.from_bytes(data[end + 16 : end + 20], "little")
    data[end + 16 : end + 20] = (begin + 4096).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"m\.norms: damaged"):
        load_norms(path)
