"""The text sheet: what a person reads, and what its reader refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from export.plan_builder import G1, build_plan, planned_from_matrix

from tmsplan.base.errors import ChiralityError, FrameError, InputError
from tmsplan.export.formats.sheet_text import FORMAT


@pytest.fixture
def plan():
    return build_plan(planned_from_matrix(G1), labels=("COMPOSITE", "EXPLORATORY"))


def test_the_page_of_g1(plan, tmp_path: Path) -> None:
    (path,) = FORMAT.write(plan, tmp_path)
    assert path.name == "sub-01_COMPOSITE_EXPLORATORY_left_beam-f3_sheet.txt"
    lines = path.read_text().split("\n")
    assert lines[0] == "TMS target sheet COMPOSITE EXPLORATORY"
    for line in (
        "patient                 sub-01",
        "coil name               COMPOSITE EXPLORATORY left: Beam F3_coil",
        "cortex name             COMPOSITE EXPLORATORY left: Beam F3_ctx",
        "side                    LEFT",
        "coil centre             x    -1.2000  y   -15.8000  z   120.0000",
        "away from the handle    x   0.000000  y   1.000000  z   0.000000",
        "into the head           x   0.000000  y   0.000000  z  -1.000000",
        "across the handle       x  -1.000000  y   0.000000  z   0.000000",
        "cortical target         x    -1.2000  y   -15.8000  z    98.0000",
        "scalp to coil centre    4.0 mm",
    ):
        assert line in lines
    # The warning stands between the two places that must not be confused.
    order = [lines.index(t) for t in ("AIM THE COIL HERE", "LOOK HERE, NEVER PUT THE COIL HERE")]
    places = [k for k, t in enumerate(lines) if t.startswith(("coil centre", "cortical target"))]
    assert order[0] < places[0] < order[1] < places[1]


@pytest.mark.parametrize(
    ("old", "new", "error", "match"),
    [
        ("TMS target", "TMS", InputError, "it is no target sheet"),
        ("sub-01/Scanner", "sub-02/Scanner", FrameError, "'frame' says 'sub-02/Scanner'"),
        ("    RAS", "    LPS", FrameError, "'axes of the room' says 'LPS'"),
        ("abab", "cdcd", FrameError, "'T1 SHA-256' says 'cdcd"),
        ("    figure8", "    figure9", FrameError, "'coil' says 'figure9-70mm'"),
        ("coil centre", "coil middle", InputError, "there is no line 'coil centre'"),
        ("cortical target", "coil centre    ", InputError, "the line 'coil centre' stands twice"),
        ("-15.8000", "-15,8000", InputError, "'coil centre' says .* a finite number each"),
        ("-15.8000", "", InputError, "'coil centre' says .* a finite number each"),
        ("z  -1.000000", "z   1.000000", ChiralityError, "left would become right"),
        ("y   1.000000", "y   1.100000", InputError, "are not a rotation"),
    ],
)
def test_what_was_changed_is_refused(plan, tmp_path: Path, old, new, error, match) -> None:
    (path,) = FORMAT.write(plan, tmp_path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(error, match=match):
        FORMAT.read(path, plan)


def test_a_name_with_two_blanks_comes_back(tmp_path: Path) -> None:
    plan = build_plan(planned_from_matrix(G1, name="a  b   x 1 y 2 z 3"))
    (path,) = FORMAT.write(plan, tmp_path)
    assert FORMAT.read(path, plan)[0].name == "SYNTHETIC left: a  b   x 1 y 2 z 3_coil"
