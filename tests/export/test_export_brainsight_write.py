"""The Brainsight writer: text, header from the T1's codes, names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from export.plan_builder import (
    AFFINES,
    G1,
    build_plan,
    planned_from_matrix,
    planned_on_head,
    t1_input,
)

from tmsplan.base import versions
from tmsplan.base.errors import AmbiguityError, InputError
from tmsplan.export.brainsight.write import AXES, brainsight_bytes
from tmsplan.export.t1 import NavigatorT1, navigator_t1
from tmsplan.space import Hemi

INTENT = {1: "Scanner", 2: "Aligned", 3: "Talairach", 4: "MNI-152", 5: "Other-Template"}
VERSION = versions("tmsplan")["tmsplan"]


def header(version, plan) -> list[str]:
    lines = brainsight_bytes(plan, version, AXES).decode().split("\n")
    return [line for line in lines if line.startswith("# ")]


def system(version, q, s) -> str:
    return header(version, build_plan(inputs=[t1_input(q, s)]))[1]


def test_the_whole_file_of_g1() -> None:
    plan = build_plan(planned_from_matrix(G1), labels=("COMPOSITE", "EXPLORATORY"))
    axes = "1.0000 0.0000 0.0000 0.0000 1.0000 0.0000 0.0000 0.0000 1.0000".replace(" ", "\t")
    assert brainsight_bytes(plan, 14, AXES).decode() == (
        "# Version: 14\n"
        "# Coordinate system: NIfTI:Q:Scanner\n"
        f"# Created by: tmsplan {VERSION} COMPOSITE EXPLORATORY sub-01\n"
        "# Units: millimetres, degrees, milliseconds, and microvolts\n"
        "# Encoding: UTF-8\n"
        "# Notes: Each column is delimited by a tab. "
        "Each value within a column is delimited by a semicolon.\n"
        "# Target Name\tLoc. X\tLoc. Y\tLoc. Z\tm0n0\tm0n1\tm0n2\tm1n0\tm1n1\tm1n2"
        "\tm2n0\tm2n1\tm2n2\n"
        f"COMPOSITE EXPLORATORY left: Beam F3_coil\t-1.2000\t-15.8000\t120.0000\t{axes}\n"
        f"COMPOSITE EXPLORATORY left: Beam F3_ctx\t-1.2000\t-15.8000\t98.0000\t{axes}\n"
    )


def test_header_and_columns_are_those_of_a_file_that_brainsight_wrote(neuronav) -> None:
    theirs = (neuronav / "niiImage_niftialigned_q_coord_v14.txt").read_text().split("\n")
    ours = header(14, build_plan(inputs=[t1_input(2, 2)]))
    differ = [(a, b) for a, b in zip(ours, theirs[:7], strict=True) if a != b]
    assert [a.split(":")[0] for a, _ in differ] == ["# Created by"]


@pytest.mark.parametrize("code", INTENT)
def test_header_names_the_t1_s_own_intent(code: int) -> None:
    name = INTENT[code]
    assert system(14, code, code) == f"# Coordinate system: NIfTI:Q:{name}"
    assert system(14, code, 0) == f"# Coordinate system: NIfTI:Q:{name}"
    assert system(14, 0, code) == f"# Coordinate system: NIfTI:S:{name}"
    for q, s in ((code, code), (code, 0), (0, code)):
        assert system(12, q, s) == f"# Coordinate system: NIfTI:{name}"


def test_two_intents_are_ambiguous_only_where_the_form_is_not_named() -> None:
    assert system(14, 1, 2) == "# Coordinate system: NIfTI:Q:Scanner"
    assert system(14, 2, 1) == "# Coordinate system: NIfTI:Q:Aligned"
    with pytest.raises(AmbiguityError, match="qform says Scanner, the sform says Aligned"):
        system(12, 1, 2)


def test_code_0_is_refused() -> None:
    with pytest.raises(InputError, match=r"sub-01_T1w.nii.gz: qform and sform code are both 0"):
        system(14, 0, 0)


@pytest.mark.parametrize("code", [6, -1, True])
def test_a_code_that_nifti_does_not_know_is_refused(code: int) -> None:
    with pytest.raises(InputError, match=r"the qform code is .* Expected 0 to 5"):
        NavigatorT1("t1.nii", code, 1)


def test_an_mgh_t1_needs_its_nifti_copy() -> None:
    mgh = t1_input(None, None, name="T1.mgz")
    with pytest.raises(InputError, match=r"T1.mgz: the T1 has no NIfTI intent codes"):
        navigator_t1(build_plan(inputs=[mgh]))
    copy = t1_input(1, 1, role="t1w-navigator", name="T1.nii.gz")
    assert navigator_t1(build_plan(inputs=[mgh, copy])) == NavigatorT1("T1.nii.gz", 1, 1)


def test_the_copy_must_lie_where_the_t1_lies() -> None:
    copy = t1_input(1, 1, role="t1w-navigator", name="copy.nii.gz", affine=AFFINES["las"])
    with pytest.raises(InputError, match=r"copy.nii.gz: its affine differs .* by up to 180.000"):
        navigator_t1(build_plan(inputs=[t1_input(), copy]))


def test_a_plan_without_a_t1_record_is_refused() -> None:
    with pytest.raises(InputError, match="records no header of a T1"):
        navigator_t1(build_plan(inputs=[]))


def test_no_negative_zero() -> None:
    m = G1.copy()
    m[0, 3] = -0.00004
    text = brainsight_bytes(build_plan(planned_from_matrix(m)), 14, AXES).decode()
    assert "-0.0000" not in text
    assert "_coil\t0.0000\t-15.8000" in text


def test_left_has_a_negative_x_in_the_text() -> None:
    rows = brainsight_bytes(build_plan(), 12, AXES).decode().split("\n")
    x = {r.split("\t")[0]: float(r.split("\t")[1]) for r in rows if r and r[0] != "#"}
    assert {n.split(": ")[0]: np.sign(v) for n, v in x.items()} == {
        "SYNTHETIC left": -1.0,
        "SYNTHETIC right": 1.0,
    }
    assert len(x) == 4


def test_an_unlabelled_plan_has_no_label() -> None:
    text = brainsight_bytes(build_plan(planned_on_head(Hemi.RIGHT), labels=()), 14, AXES)
    assert b"\nright: right prefrontal_coil\t" in text
    assert f"# Created by: tmsplan {VERSION} sub-01\n".encode() in text


def test_a_patient_id_that_leaves_the_folder_is_refused(tmp_path) -> None:
    from tmsplan.export.formats.brainsight import FORMAT

    with pytest.raises(InputError, match="cannot be part of a file name"):
        FORMAT.write(replace(build_plan(), patient_id="../x"), tmp_path)
