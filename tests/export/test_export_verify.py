"""TP-F05: what is written wrong is never left behind. And what must not be written at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from export.plan_builder import (
    FRAME,
    G1,
    PATIENT,
    build_plan,
    planned_from_matrix,
    planned_on_head,
    renamed,
    round_scene,
    t1_input,
)

from tmsplan.base import Params, sha256_file
from tmsplan.base.errors import FrameError, InputError, TripwireError
from tmsplan.export import export_formats, export_plan, tripwire_read_back
from tmsplan.export.brainsight import BrainsightFormat
from tmsplan.export.formats.brainsight import FORMAT
from tmsplan.export.formats.tsv import FORMAT as TSV
from tmsplan.plan.plan import Export, Plan
from tmsplan.space import CoilSimnibs, Frame, Hemi, Points, Scanner, Tripwire, Vectors, not_run


def turned(*diagonal: float) -> tuple:
    return tuple(tuple(float(v) for v in r) for r in np.diag([*diagonal, 1]))


@dataclass(frozen=True)
class Editing:
    """A real format whose file is changed on the disk after it was written."""

    old: bytes
    new: bytes
    base: BrainsightFormat = FORMAT
    title = evidence = limits = "test"
    carries_cortex = True

    def write(self, plan: Plan, folder: Path) -> Sequence[Path]:
        paths = self.base.write(plan, folder)
        for path in paths:
            data = path.read_bytes()
            assert self.old in data
            path.write_bytes(data.replace(self.old, self.new, 1))
        return paths

    def read(self, path: Path, plan: Plan):
        return self.base.read(path, plan)


def refused(plan: Plan, tmp_path: Path, fmt, match: str) -> None:
    """A good format goes first: it too must be gone when the second fails."""
    out = tmp_path / "navigation"
    with pytest.raises(TripwireError, match=match) as caught:
        export_formats(plan, out, {"tsv": TSV, "bad": fmt})
    assert caught.value.exit_code == 4
    assert "Nothing was exported" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("axes", "match"),
    [
        (turned(1, 1, 1), "z points 180.0 deg off the way into the head"),
        (turned(1, -1, -1), r"read back .* 1(80.00|79.99)\d+ deg \(limit 0.01"),
        (turned(-1, -1, 1), "z points 180.0 deg off the way into the head"),
    ],
    ids=["simnibs axes as they are", "handle in front", "half turn about z"],
)
def test_wrong_axes_fire(axes, match, tmp_path: Path) -> None:
    refused(build_plan(), tmp_path, BrainsightFormat(14, "x", axes), match)


def test_a_rotation_of_a_twentieth_of_a_degree_fires(tmp_path: Path) -> None:
    a = np.radians(0.05)
    axes = np.diag([-1.0, 1, -1, 1]) @ np.array(
        [[np.cos(a), -np.sin(a), 0, 0], [np.sin(a), np.cos(a), 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    )
    fmt = BrainsightFormat(14, "x", tuple(map(tuple, axes.tolist())))
    refused(build_plan(), tmp_path, fmt, r"0.0[45]\d+ deg \(limit 0.01\) from the plan")


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        (b"\t-1.2000\t", b"\t1.2000\t", r"2.40000 mm \(limit 0.01\)"),
        (b"\t-1.2000\t", b"\t-1.1800\t", r"0.02000 mm \(limit 0.01\)"),
        (b"\t98.0000\t", b"\t120.0000\t", r"_ctx: read back 22.00000 mm"),
        (b"left: Beam F3_ctx", b"left: Beam F3_ctx2", "1 name.s. read back are missing: .*_ctx'"),
        (b"left: Beam F3_ctx", b"left: Beam F3_coil", "1 name.s. read back are twice: .*_coil'"),
        (b"left: Beam", b"right: Beam", "read back are missing: 'SYNTHETIC left: Beam F3_coil'"),
        (b"Q:Scanner", b"Q:Aligned", "its own reader refuses what was written: .*Aligned"),
        (b"\t1.0000\n", b"\t-1.0000\n", "its own reader refuses what was written: .*left-handed"),
        (b"F3_ctx\t", b"F3_ctx\t1\t", "its own reader refuses what was written: .*14 cells"),
    ],
)
def test_a_file_changed_on_the_disk_fires(old, new, match, tmp_path: Path) -> None:
    refused(build_plan(planned_from_matrix(G1)), tmp_path, Editing(old, new), match)


def test_an_extra_row_fires(tmp_path: Path) -> None:
    numbers = b"0 0 0 1 0 0 0 1 0 0 0 1".replace(b" ", b"\t")
    fmt = Editing(b"m2n2\n", b"m2n2\nX\t" + numbers + b"\n")
    refused(build_plan(), tmp_path, fmt, "1 name.s. read back are not of the plan: 'X'")


class Forgetful(BrainsightFormat):
    """Reads nothing: no pose may be taken as verified because none was found."""

    def read(self, path: Path, plan: Plan):  # noqa: ARG002
        return []


def test_a_reader_that_finds_nothing_fires(tmp_path: Path) -> None:
    refused(build_plan(), tmp_path, Forgetful(14, "x"), r"4 name.s. read back are missing")


def test_a_target_on_the_other_side_of_the_plane_fires(tmp_path: Path) -> None:
    """The label says left; the cortical point lies right of the brain's own midline at x = 80."""
    scene = round_scene(centre=(-80, 0, 0))
    plan = build_plan(planned_on_head(Hemi.LEFT), scene=scene)
    refused(plan, tmp_path, FORMAT, "is labelled left and lies -.* mm on the left side")


def test_left_of_a_midline_that_is_not_at_zero_may_have_a_positive_x(tmp_path: Path) -> None:
    centre = (80, 0, 0)
    plan = build_plan(planned_on_head(Hemi.LEFT, centre=centre), scene=round_scene(centre))
    (export,) = export_plan(plan, tmp_path / "navigation", ["brainsight"])
    assert b"_coil\t32." in (tmp_path / "navigation" / export.file).read_bytes()


class Breaking(BrainsightFormat):
    """Stops half way, as a full disk does."""

    def write(self, plan: Plan, folder: Path):
        super().write(plan, folder)
        raise OSError(28, "No space left on device")


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"navigation: cannot be written \(No space left"):
        export_formats(build_plan(), tmp_path / "navigation", {"a": TSV, "b": Breaking(14, "x")})
    assert list(tmp_path.iterdir()) == []


# What is published ----------------------------------------------------------------------------


def test_all_formats_in_one_call(tmp_path: Path) -> None:
    out = tmp_path / "OUT" / "navigation"
    exports = export_plan(build_plan(), out, ["tsv", "brainsight", "brainsight-v12"])
    assert [e.file for e in exports] == [
        "tsv/sub-01_targets.tsv",
        "brainsight/sub-01_brainsight-v14.txt",
        "brainsight-v12/sub-01_brainsight-v12.txt",
    ]
    for export in exports:
        assert export.sha256 == sha256_file(out / export.file)
    files = [p for p in out.rglob("*") if p.is_file()]
    assert len(files) == 3
    assert [e.reread_max_deg < 0.0061 for e in exports] == [True] * 3


def test_one_file_holds_every_target(tmp_path: Path) -> None:
    (export,) = export_plan(build_plan(), tmp_path / "navigation", ["brainsight"])
    text = (tmp_path / "navigation" / export.file).read_text(encoding="utf-8")
    names = [r.split("\t")[0] for r in text.split("\n") if r and r[0] != "#"]
    assert names == [
        "SYNTHETIC left: left prefrontal_coil",
        "SYNTHETIC left: left prefrontal_ctx",
        "SYNTHETIC right: right prefrontal_coil",
        "SYNTHETIC right: right prefrontal_ctx",
    ]


def test_other_things_in_the_folder_stay(tmp_path: Path) -> None:
    out = tmp_path / "navigation"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    with pytest.raises(TripwireError, match="TP-F05"):
        export_formats(build_plan(), out, {"bad": BrainsightFormat(14, "x", turned(1, 1, 1))})
    assert [p.name for p in out.iterdir()] == ["notes.txt"]
    export_plan(build_plan(), out, ["tsv"])
    assert sorted(p.name for p in out.iterdir()) == ["notes.txt", "tsv"]


def test_a_link_in_the_place_of_a_format_is_not_followed(tmp_path: Path) -> None:
    out = tmp_path / "navigation"
    out.mkdir()
    (out / "tsv").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="navigation/tsv: exists already"):
        export_plan(build_plan(), out, ["tsv"])
    assert not (tmp_path / "nowhere").exists()


def test_unknown_and_no_format(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no navigator format called 'brainsigth'. Did you mean"):
        export_plan(build_plan(), tmp_path / "n", ["tsv", "brainsigth"])
    with pytest.raises(InputError, match=r"no navigator format was named. Known: brainsight"):
        export_plan(build_plan(), tmp_path / "n", [])
    assert list(tmp_path.iterdir()) == []


def test_tripwire_needs_files_and_fails_beyond_a_limit() -> None:
    params = Params()
    assert tripwire_read_back((), params).status == "not-run"
    good = Export("tsv", "n/tsv/x.tsv", "0" * 64, 0.0001, 0.005)
    assert tripwire_read_back((good,), params).status == "pass"
    for bad in (replace(good, reread_max_mm=0.02), replace(good, reread_max_deg=0.02)):
        assert tripwire_read_back((good, bad), params).status == "fail"


# What may not leave at all ------------------------------------------------------------------


def posed(**changes) -> Plan:
    planned = planned_on_head(Hemi.LEFT)
    return build_plan(replace(planned, pose=replace(planned.pose, **changes)))


def out_by(mm: float) -> Points[Scanner]:
    """A scalp point `mm` further out along the normal than the true one."""
    pose = planned_on_head(Hemi.LEFT).pose
    return pose.scalp_point + pose.scalp_normal * mm


NORMAL = planned_on_head(Hemi.LEFT).pose.scalp_normal.components(FRAME)[0]
TILTED = NORMAL + np.array([0, 0, 2.0])


@pytest.mark.parametrize(
    ("plan", "match"),
    [
        (posed(scalp_point=out_by(6.1)), "lies 2.1 mm inside the scalp"),
        (posed(scalp_point=out_by(-21.1)), "lies 25.1 mm from its scalp point"),
        (posed(scalp_normal=Vectors(-NORMAL, FRAME)), "z is 180.0 deg from the scalp's inward"),
        (posed(scalp_normal=Vectors(TILTED, FRAME)), r"z is 3\d\.\d deg from .* at most 30 deg"),
    ],
)
def test_a_coil_off_the_head_is_refused(plan: Plan, match: str, tmp_path: Path) -> None:
    with pytest.raises(TripwireError, match=f"TP-F04 fail: coupling-left: .*{match}"):
        export_plan(plan, tmp_path / "navigation", ["tsv"])
    assert list(tmp_path.iterdir()) == []


def test_just_inside_the_limits_is_exported(tmp_path: Path) -> None:
    for k, mm in enumerate((5.9, -20.9)):
        export_plan(posed(scalp_point=out_by(mm)), tmp_path / f"n{k}", ["tsv"])


def test_a_tripwire_that_did_not_run_does_not_stop(tmp_path: Path) -> None:
    plan = build_plan(tripwires=(not_run("TP-F01", "no ribbon"),))
    assert export_plan(plan, tmp_path / "navigation", ["tsv"])


def test_a_failed_tripwire_stops(tmp_path: Path) -> None:
    failed = Tripwire("TP-F01", "fail", 0.33, 0.8, "left 0.33, right 0.33")
    with pytest.raises(TripwireError, match=r"TP-F01 fail 0\.330"):
        export_plan(build_plan(tripwires=(failed,)), tmp_path / "navigation", ["tsv"])


@pytest.mark.parametrize(
    ("a", "b"), [("F3", "F3"), ("F3", "f3"), ("é", "e\u0301"), ("F3", "\uff263")]
)
def test_names_that_look_alike_are_refused(a: str, b: str, tmp_path: Path) -> None:
    one = renamed(planned_on_head(Hemi.LEFT), a, "first")
    two = renamed(planned_on_head(Hemi.LEFT), b, "second")
    with pytest.raises(InputError, match="the targets first and second are both called"):
        export_plan(build_plan(one, two), tmp_path / "navigation", ["tsv"])


def test_one_name_on_both_sides_is_told_apart(tmp_path: Path) -> None:
    both = [renamed(planned_on_head(h), "prefrontal", f"p-{h}") for h in Hemi]
    (export,) = export_plan(build_plan(*both), tmp_path / "navigation", ["brainsight"])
    text = (tmp_path / "navigation" / export.file).read_text(encoding="utf-8")
    assert "SYNTHETIC left: prefrontal_coil\t-" in text
    assert "SYNTHETIC right: prefrontal_coil\t5" in text


def test_a_pose_of_another_patient_is_refused(tmp_path: Path) -> None:
    plan = replace(build_plan(), frame=Frame(Scanner, "sub-02"))
    with pytest.raises(FrameError, match="cannot export coupling-left: left is in sub-02/Scanner"):
        export_plan(plan, tmp_path / "navigation", ["tsv"])


def test_two_coils_in_one_plan_are_refused(tmp_path: Path) -> None:
    other = planned_from_matrix(G1, coil=Frame(CoilSimnibs, "h1"))
    plan = build_plan(planned_on_head(Hemi.LEFT), other)
    with pytest.raises(InputError, match="for one coil, and the plan has figure8-70mm, h1"):
        export_plan(plan, tmp_path / "navigation", ["tsv"])


def test_a_plan_without_targets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"{PATIENT}: the plan has no target"):
        export_plan(replace(build_plan(), targets=()), tmp_path / "navigation", ["tsv"])


def test_what_a_format_cannot_say_is_the_caller_s_error_not_a_tripwire(tmp_path: Path) -> None:
    plan = build_plan(inputs=[t1_input(0, 0)])
    with pytest.raises(InputError, match="both 0"):
        export_plan(plan, tmp_path / "navigation", ["tsv", "brainsight"])
    assert list(tmp_path.iterdir()) == []
