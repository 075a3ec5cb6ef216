"""What every navigator format must do. Runs by itself on each one that is registered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from export.plan_builder import (
    AFFINES,
    G1,
    build_plan,
    many_targets,
    planned_from_matrix,
    planned_on_head,
    random_poses,
    renamed,
    round_scene,
    t1_input,
)

from tmsplan.base.errors import InputError, TripwireError
from tmsplan.export import (
    ReadPoint,
    carries_orientation,
    export_plan,
    navigator_formats,
    tripwire_read_back,
)
from tmsplan.export.names import coil_name, cortex_name, scalp_name
from tmsplan.space import Hemi, Points, Tripwire
from tmsplan.space.testing import assert_pose_close, pose_difference

pytestmark = pytest.mark.parametrize("name", navigator_formats().names())

#: Half a unit in the fourth decimal, three axes: what Brainsight's text keeps.
PRINTED_MM = 1e-4


def written(plan, folder: Path, name: str):
    """Every pose that the format's reader finds in what its writer wrote, by name."""
    fmt = navigator_formats().get(name)
    return {p.name: p for path in fmt.write(plan, folder) for p in fmt.read(path, plan)}


def oriented(name: str) -> bool:
    return carries_orientation(navigator_formats().get(name))


def outer_name(name: str, plan, planned) -> str:
    """The row outside the brain: the coil, or the scalp where a format has no coil axes."""
    return coil_name(plan, planned) if oriented(name) else scalp_name(plan, planned)


def origin(pose) -> np.ndarray:
    if isinstance(pose, ReadPoint):
        return pose.point.mm(pose.point.frame)[0]
    rigid = pose.scanner_from_coil
    return (rigid @ Points([0, 0, 0], rigid.src)).mm(rigid.dst)[0]


def test_it_says_what_it_is_and_what_it_cannot(name: str) -> None:
    fmt = navigator_formats().get(name)
    assert all(len(text) > 10 for text in (fmt.title, fmt.evidence, fmt.limits))


def test_2000_random_poses_come_back(name: str, tmp_path: Path) -> None:
    plan = build_plan(*many_targets(random_poses(2000, seed=11)))
    back = written(plan, tmp_path, name)
    if not oriented(name):
        for p in plan.targets:
            scalp, cortex = back[scalp_name(plan, p)], back[cortex_name(plan, p)]
            assert scalp.point.distances(p.pose.scalp_point)[0] <= PRINTED_MM
            assert cortex.point.distances(p.target.point)[0] <= PRINTED_MM
        return
    worst = np.max(
        [
            pose_difference(back[coil_name(plan, p)].scanner_from_coil, p.pose.scanner_from_coil)
            for p in plan.targets
        ],
        axis=0,
    )
    assert worst[0] <= PRINTED_MM
    assert worst[1] <= plan.params.reread_deg.value


def test_rows_are_the_targets_and_nothing_else(name: str, tmp_path: Path) -> None:
    plan = build_plan()
    expected = {outer_name(name, plan, p) for p in plan.targets}
    if navigator_formats().get(name).carries_cortex:
        expected |= {cortex_name(plan, p) for p in plan.targets}
    assert set(written(plan, tmp_path, name)) == expected


def test_scalp_and_cortex_are_told_apart(name: str, tmp_path: Path) -> None:
    plan = build_plan()
    back = written(plan, tmp_path, name)
    if not navigator_formats().get(name).carries_cortex:
        assert all(row.endswith("_coil") for row in back)
        return
    for planned in plan.targets:
        outer, ctx = back[outer_name(name, plan, planned)], back[cortex_name(plan, planned)]
        depth = np.linalg.norm(origin(outer) - origin(ctx))
        assert depth == pytest.approx(22.0 if oriented(name) else 18.0, abs=2 * PRINTED_MM)
        if oriented(name):
            assert_pose_close(outer.scanner_from_coil, planned.pose.scanner_from_coil,
                              mm=PRINTED_MM, deg=0.01)  # fmt: skip
        point = planned.target.point.mm(plan.frame)[0]
        np.testing.assert_allclose(origin(ctx), point, atol=PRINTED_MM)


@pytest.mark.parametrize("stored", AFFINES)
def test_left_is_left_however_the_t1_is_stored(name: str, stored: str, tmp_path: Path) -> None:
    plan = build_plan(inputs=[t1_input(affine=AFFINES[stored])])
    back = written(plan, tmp_path, name)
    left, right = (next(p for p in plan.targets if p.target.hemi is h) for h in Hemi)
    assert origin(back[outer_name(name, plan, left)])[0] < -40
    assert origin(back[outer_name(name, plan, right)])[0] > 40


def test_golden_pose(name: str, tmp_path: Path) -> None:
    plan = build_plan(planned_from_matrix(G1))
    (planned,) = plan.targets
    back = written(plan, tmp_path, name)[outer_name(name, plan, planned)]
    if not oriented(name):
        np.testing.assert_allclose(origin(back), [-1.2, -15.8, 116], atol=1e-12)
        return
    pose = back.scanner_from_coil
    np.testing.assert_allclose(pose.matrix(pose.dst, pose.src), G1, atol=1e-12)


def test_export_publishes_and_records(name: str, tmp_path: Path) -> None:
    plan = build_plan(scene=round_scene())
    exports = export_plan(plan, tmp_path / "navigation", [name])
    assert exports
    for export in exports:
        assert export.format == name
        assert export.file.startswith(f"{name}/")
        assert (tmp_path / "navigation" / export.file).is_file()
        assert export.reread_max_mm <= PRINTED_MM
    assert [p.name for p in (tmp_path / "navigation").iterdir()] == [name]
    trip = tripwire_read_back(exports, plan.params)
    assert (trip.id, trip.status) == ("TP-F05", "pass")


def test_the_second_run_is_refused_and_the_first_untouched(name: str, tmp_path: Path) -> None:
    plan = build_plan()
    (first, *_) = export_plan(plan, tmp_path / "navigation", [name])
    before = (tmp_path / "navigation" / first.file).read_bytes()
    with pytest.raises(InputError, match=f"navigation/{name}: exists already"):
        export_plan(plan, tmp_path / "navigation", [name])
    assert (tmp_path / "navigation" / first.file).read_bytes() == before


def test_same_plan_same_bytes_and_unix_lines(name: str, tmp_path: Path) -> None:
    both = []
    for folder in ("a", "b"):
        exports = export_plan(build_plan(), tmp_path / folder, [name])
        both.append([(e.file, (tmp_path / folder / e.file).read_bytes()) for e in exports])
    assert both[0] == both[1]
    texts = [data for _, data in both[0] if not data.startswith(b"MATLAB 5.0 MAT-file")]
    for data in texts:
        assert b"\r" not in data
        assert b"-0.0000\t" not in data
        assert b"-0.000000\t" not in data


@pytest.mark.parametrize(
    "odd",
    ["A & B", "F3 \"left\" 'x' <b>", '"quoted"', "zażółć 前頭葉", "#1", "(null)", "n" * 300,
     "a,b", "=1+1", "100 %"],
)  # fmt: skip
def test_hostile_names_come_back_unchanged(name: str, odd: str, tmp_path: Path) -> None:
    plan = build_plan(renamed(planned_on_head(Hemi.LEFT), odd))
    assert coil_name(plan, plan.targets[0]) == f"SYNTHETIC left: {odd}_coil"
    assert outer_name(name, plan, plan.targets[0]) in written(plan, tmp_path, name)


@pytest.mark.parametrize("bad", ["a\tb", "a\nb", "a\rb", "a;b", "", " F3", "a\u202eb",
                                 "a\u2028b", "a\x00b", "a\x85b"])  # fmt: skip
def test_names_that_break_a_column_are_refused(name: str, bad: str, tmp_path: Path) -> None:
    plan = build_plan(renamed(planned_on_head(Hemi.LEFT), bad))
    with pytest.raises(InputError, match="Rename the target"):
        navigator_formats().get(name).write(plan, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_reader_takes_poses_from_the_file_not_from_the_plan(name: str, tmp_path: Path) -> None:
    plan = build_plan()
    fmt = navigator_formats().get(name)
    moved = build_plan(planned_on_head(Hemi.LEFT, centre=(20, 0, 0)))
    (path, *_) = fmt.write(moved, tmp_path)
    pose = {p.name: p for p in fmt.read(path, plan)}[outer_name(name, plan, plan.targets[0])]
    planned = plan.targets[0].pose
    outer = planned.centre if oriented(name) else planned.scalp_point
    shift = origin(pose)[0] - outer.mm(plan.frame)[0, 0]
    assert shift == pytest.approx(20.0, abs=PRINTED_MM)


def test_a_failed_plan_is_not_exported(name: str, tmp_path: Path) -> None:
    bad = Tripwire("TP-F03", "fail", -4.0, 0.0, "labelled left and lies on the right")
    with pytest.raises(TripwireError, match="TP-F03 fail"):
        export_plan(build_plan(tripwires=(bad,)), tmp_path / "navigation", [name])
    assert not (tmp_path / "navigation").exists()
