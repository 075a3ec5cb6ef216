"""The plain table: columns, words, and what its reader refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from export.plan_builder import G1, build_plan, planned_from_matrix

from tmsplan.base import read_table
from tmsplan.base.errors import ChiralityError, FrameError, InputError
from tmsplan.export.formats.tsv import COLUMNS, FORMAT


@pytest.fixture
def plan():
    return build_plan(planned_from_matrix(G1), labels=("COMPOSITE", "EXPLORATORY"))


def test_the_row_in_words_and_numbers(plan, tmp_path: Path) -> None:
    (path,) = FORMAT.write(plan, tmp_path)
    table = read_table(path)
    row = {c: table.texts(c)[0] for c in COLUMNS}
    assert tuple(table.columns) == COLUMNS
    assert [row[c] for c in COLUMNS[:10]] == [
        "beam-f3",
        "Beam F3",
        "standard",
        "left",
        "COMPOSITE EXPLORATORY",
        "sub-01/Scanner",
        "RAS",
        "ab" * 32,
        "figure8-70mm",
        "coil: z into the head, y away from the handle",
    ]
    numbers = [float(row[c]) for c in COLUMNS[10:]]
    np.testing.assert_array_equal(
        np.reshape(numbers, (6, 3)),
        [[-1.2, -15.8, 120], [-1, 0, 0], [0, 1, 0], [0, 0, -1], [-1.2, -15.8, 98],
         [-1.2, -15.8, 116]],
    )  # fmt: skip
    assert row["xdir_y"] == "0.000000"


@pytest.mark.parametrize(
    ("old", "new", "error", "match"),
    [
        ("sub-01/Scanner", "sub-02/Scanner", FrameError, "column 'frame' says 'sub-02/Scanner'"),
        ("\tRAS\t", "\tLPS\t", FrameError, "column 'frame_axes' says 'LPS'. Expected 'RAS'"),
        ("abab", "cdcd", FrameError, "column 't1_sha256'"),
        ("figure8", "figure9", FrameError, "column 'coil' says 'figure9-70mm'"),
        ("z into the head", "z out of the head", FrameError, "column 'coil_axes'"),
        ("\t-1.000000\t", "\t1.000000\t", ChiralityError, "row 2: .* left would become right"),
        ("\t-1.000000\t", "\t-1.100000\t", InputError, "row 2: the three axes are not a rotation"),
        ("-15.800000", "-15,8", InputError, "'centre_y_mm' holds '-15,8'"),
        ("\tleft\t", "\tlinks\t", InputError, "'links' names no side"),
        ("xdir_y", "xdir", InputError, "there is no column 'xdir_y'"),
    ],
)
def test_what_was_changed_is_refused(plan, tmp_path: Path, old, new, error, match) -> None:
    (path,) = FORMAT.write(plan, tmp_path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(error, match=match):
        FORMAT.read(path, plan)


def test_a_table_is_never_written_over_another(plan, tmp_path: Path) -> None:
    FORMAT.write(plan, tmp_path)
    with pytest.raises(InputError, match=r"sub-01_targets.tsv: exists already"):
        FORMAT.write(plan, tmp_path)
