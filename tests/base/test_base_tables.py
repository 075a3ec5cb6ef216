"""Tables, JSON and parameters: read strictly, refused with the file's name."""

from __future__ import annotations

import pytest

from tmsplan.base import (
    InputError,
    Param,
    Params,
    load_params,
    read_table,
    strict_json,
    table_bytes,
)


def written(tmp_path, text: str, name="t.tsv"):
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_ids_stay_texts(tmp_path) -> None:
    table = read_table(written(tmp_path, "id\tage\n007\t34\n7\t35\n"))
    assert table.texts("id") == ("007", "7")
    assert table.numbers("age") == (34.0, 35.0)


def test_csv_and_byte_order_mark(tmp_path) -> None:
    table = read_table(written(tmp_path, "\ufeffid,age\na,1\n", "t.csv"))
    assert table.columns == ("id", "age")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id\tage\na\t1\t\n", r"t\.tsv: row 2 has 3 cells, the header 2.*shifts every value"),
        ("id\tage\na\n", r"row 2 has 1 cells"),
        ("id\tid\na\tb\n", "missing or used twice"),
        ("id\tage\n", "no row under the header"),
        ("", "no row under the header"),
        (b"id\tage\n\xff\xfe\t1\n", r"cannot be read \(UnicodeDecodeError\)"),
    ],
)
def test_what_would_be_misread_is_refused(tmp_path, text, message) -> None:
    with pytest.raises(InputError, match=message):
        read_table(written(tmp_path, text) if text != b"" else tmp_path)


@pytest.mark.parametrize("cell", ["", "n/a", "NaN", "inf", "12,5", "O"])
def test_a_cell_that_is_no_number_is_named(tmp_path, cell) -> None:
    table = read_table(written(tmp_path, f"id\tage\na\t1\nb\t{cell}\n"))
    with pytest.raises(InputError, match=rf"t\.tsv: row 3, column 'age' holds '{cell}'"):
        table.numbers("age")
    with pytest.raises(InputError, match="there is no column 'sex'"):
        table.texts("sex")


def test_a_written_table_reads_back(tmp_path) -> None:
    data = table_bytes(["a", "b", "c"], [{"a": 1.5, "b": None, "c": "x"}])
    assert data == b"a\tb\tc\n1.5\tn/a\tx\n"
    table = read_table(written(tmp_path, data.decode()))
    assert table.rows == (("1.5", "n/a", "x"),)


def test_a_cell_cannot_break_its_row() -> None:
    with pytest.raises(InputError, match="holds a tab or a line end"):
        table_bytes(["a"], [{"a": "x\ty"}])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": NaN}', "the number NaN is not allowed"),
        ('{"a": 1, "a": 2}', "the key 'a' appears twice"),
        ("[" * 100_000, "the JSON is nested too deeply"),
        ("{", "not JSON"),
    ],
)
def test_json_says_one_thing_only(tmp_path, text, message) -> None:
    with pytest.raises(InputError, match=rf"p\.json: {message}"):
        strict_json.load_file(written(tmp_path, text, "p.json"))


def test_json_bytes_do_not_depend_on_the_order_of_keys() -> None:
    assert strict_json.dump_bytes({"b": 1, "a": 2}) == strict_json.dump_bytes({"a": 2, "b": 1})
    with pytest.raises(ValueError, match="Out of range float"):
        strict_json.dump_bytes({"a": float("nan")})


def test_an_overridden_parameter_loses_its_source() -> None:
    assert str(Params().standoff.override(6)) == "6 mm (overridden)"
    assert "SimNIBS" in str(Params().standoff)


def test_a_value_out_of_range_is_refused() -> None:
    with pytest.raises(InputError, match=r"99\.0 mm is outside its range 0 to 15 mm"):
        Params().overriding({"standoff": 99})
    with pytest.raises(InputError, match="outside its range"):
        Param(2.0, "share", 0, 1, "a test")


@pytest.mark.parametrize(
    ("name", "looser"),
    [
        ("ribbon_min", 0.7),
        ("boundary_min", 0.6),
        ("overlap_min", 0.8),
        ("tilt_max", 45),
        ("contact_tolerance", 2),
        ("template_max", 12),
        ("reread_mm", 0.1),
        ("reread_deg", 0.1),
    ],
)
def test_a_tripwire_may_be_tightened_and_never_loosened(name, looser) -> None:
    with pytest.raises(InputError, match="is outside its range"):
        Params().overriding({name: looser})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("standof = 3", "unknown parameter 'standof'. Did you mean 'standoff'"),
        ('standoff = "3"', r"params\.toml: 'standoff' is '3'. Expected a number"),
        ("standoff = true", "'standoff' is True"),
        ("standoff = ", r"params\.toml: cannot be read"),
    ],
)
def test_params_toml_is_strict(tmp_path, text, message) -> None:
    with pytest.raises(InputError, match=message):
        load_params(written(tmp_path, text, "params.toml"))
    good = load_params(written(tmp_path, "standoff = 6.5\n", "params.toml"))
    assert good.standoff.value == 6.5
    assert good.standoff.overridden
