"""What a table of controls must be: each refusal fires and says where."""

from __future__ import annotations

import numpy as np
import pytest
from control_tables import table

from tmsplan.base import AmbiguityError, InputError, Table, read_table
from tmsplan.norms import declare_sex, fit_norms

N = 24
VALUES = np.random.default_rng(21).normal(size=(N, 2))


def with_cell(row: int, column: str, text: str) -> Table:
    plain = table(VALUES, site=["A"] * N)
    k = plain.columns.index(column)
    rows = [list(r) for r in plain.rows]
    rows[row][k] = text
    return Table(plain.name, plain.columns, tuple(tuple(r) for r in rows))


@pytest.mark.parametrize(
    ("row", "column", "text", "message"),
    [
        (3, "lh_r1", "n/a", r"controls.tsv: row 5, column 'lh_r1' holds 'n/a'"),
        (3, "lh_r1", "", r"row 5, column 'lh_r1' holds ''"),
        (0, "lh_r0", "nan", r"row 2, column 'lh_r0' holds 'nan'"),
        (0, "lh_r0", "1e999", r"row 2, column 'lh_r0' holds '1e999'"),
        (5, "age", "34y", r"row 7, column 'age' holds '34y'"),
        (5, "age", "34,5", r"row 7, column 'age' holds '34,5'"),
        (5, "age", "1991-03-02", r"row 7, column 'age'"),
        (5, "age", "414", r"row 7: the age is 414. Expected 0 to 120 years"),
        (5, "age", "-3", r"row 7: the age is -3"),
        (2, "site", "", r"row 4 has no site"),
        (2, "id", "C001", r"rows 3 and 4 have one id, 'C001'"),
        (2, "id", "../../evil", r"row 4 has an id of 10 characters that is not plain"),
        (2, "id", "sub-\u0430", r"row 4 has an id"),
        (2, "id", "", r"row 4 has an id of 0 characters"),
        (2, "id", "x" * 65, r"row 4 has an id of 65 characters"),
    ],
)
def test_a_bad_cell_is_named(row, column, text, message) -> None:
    with pytest.raises(InputError, match=message):
        fit_norms(with_cell(row, column, text))


@pytest.mark.parametrize("code", ["1", "male", "f", "", "n/a"])
def test_other_codes_of_sex_name_the_flag(code) -> None:
    with pytest.raises(AmbiguityError, match=rf"row 9, column 'sex' holds '{code}'.*--sex-codes"):
        fit_norms(with_cell(7, "sex", code))


def test_declared_codes_of_sex_give_the_same_model() -> None:
    plain = table(VALUES)
    coded = table(VALUES, sex=["2" if i % 2 == 0 else "1" for i in range(N)])
    assert fit_norms(declare_sex(coded, {"1": "M", "2": "F"})).sha256 == fit_norms(plain).sha256


def test_undeclared_or_senseless_codes_are_refused() -> None:
    with pytest.raises(InputError, match=r"row 2, column 'sex' holds 'F'.*declared codes \(1\)"):
        declare_sex(table(VALUES), {"1": "M"})
    with pytest.raises(InputError, match=r"the sex code '1' is declared as 'male'"):
        declare_sex(table(VALUES), {"1": "male"})
    with pytest.raises(InputError, match=r"no column 'sex'"):
        declare_sex(Table("t.tsv", ("id",), (("a",),)), {"1": "M"})


def test_ids_are_texts() -> None:
    """007, 7 and 07 are three people."""
    ids = ["007", "7", "07", "1e5", "NA", *[f"c{i}" for i in range(N - 5)]]
    assert fit_norms(table(VALUES, ids=ids)).n == N


def test_patients_among_the_controls_are_refused() -> None:
    mixed = table(VALUES, extra={"DX_GROUP": ["1", "2"] * (N // 2)})
    with pytest.raises(InputError, match=r"'DX_GROUP' holds several groups. Expected controls"):
        fit_norms(mixed)
    pure = table(VALUES, extra={"DX_GROUP": ["2"] * N})
    assert fit_norms(pure).features == ("lh_r0", "lh_r1")


def test_missing_columns_are_named() -> None:
    plain = table(VALUES)
    without = Table(plain.name, ("who", *plain.columns[1:]), plain.rows)
    with pytest.raises(InputError, match=r"no column 'id'"):
        fit_norms(without)
    with pytest.raises(InputError, match=r"no column 'lh_zz'"):
        fit_norms(plain, features=["lh_zz"])
    with pytest.raises(InputError, match=r"'lh_r0' is asked for as a feature twice"):
        fit_norms(plain, features=["lh_r0", "lh_r0"])
    with pytest.raises(InputError, match=r"'age' is asked for"):
        fit_norms(plain, features=["age"])
    bare = Table(plain.name, plain.columns[:3], tuple(r[:3] for r in plain.rows))
    with pytest.raises(InputError, match=r"there is no feature column"):
        fit_norms(bare)


def test_features_without_variation_are_refused() -> None:
    flat = VALUES.copy()
    flat[:, 1] = 3.0
    with pytest.raises(InputError, match=r"the feature 'lh_r1' is 3 in every control"):
        fit_norms(table(flat))
    age = np.linspace(20, 60, N)
    flat[:, 1] = 5 + 0.1 * age
    with pytest.raises(InputError, match=r"the feature 'lh_r1' follows exactly from age, sex"):
        fit_norms(table(flat, age=age))


def test_covariates_that_cannot_be_corrected_for_are_refused() -> None:
    with pytest.raises(InputError, match=r"no column 'iq'.* Expected a column called 'iq'"):
        fit_norms(table(VALUES), covariates=("age", "iq"))
    with pytest.raises(InputError, match=r"named twice"):
        fit_norms(table(VALUES), covariates=("age", "age"))
    with pytest.raises(InputError, match=r"'age' does not vary"):
        fit_norms(table(VALUES, age=[30] * N))
    age = [20 + 10 * (i % 2) for i in range(N)]
    with pytest.raises(InputError, match=r"'sex' does not vary .* or repeats another covariate"):
        fit_norms(table(VALUES, age=age))
    with pytest.raises(InputError, match=r"one control alone decides a coefficient"):
        fit_norms(table(VALUES, sex="M" + "F" * (N - 1)))
    with pytest.raises(InputError, match=r"5 controls are too few for 3 coefficients; at least 6"):
        fit_norms(table(VALUES[:5]), exploratory=True)
    with pytest.raises(InputError, match=r"3 controls cannot determine 3 coefficients"):
        fit_norms(table(VALUES[:3]), exploratory=True)


def test_a_file_gives_the_same_model_as_its_table(tmp_path) -> None:
    plain = table(VALUES)
    path = tmp_path / "controls.tsv"
    lines = ["\t".join(r) for r in (plain.columns, *reversed(plain.rows))]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert fit_norms(path).sha256 == fit_norms(plain).sha256
    assert len(read_table(path)) == N
