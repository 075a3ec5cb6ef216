"""Plan against delivered: Brainsight's own columns, closed forms, a whole session."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from export_check_head import BRAINSIGHT, LOCALITE, brainsight_text, t1_facts
from plan_builder import COIL, FRAME, build_plan, planned_on_head, t1_input
from strategies import rotation

from tmsplan.base.errors import AmbiguityError, FrameError, InputError
from tmsplan.cli.verbs_pose import run_delivered
from tmsplan.export.brainsight.parse import parse_brainsight
from tmsplan.export.check import check_pose
from tmsplan.export.delivered import (
    DeliveredSample,
    compare_delivered,
    delivered_samples,
    pose_misses,
)
from tmsplan.export.names import coil_name
from tmsplan.export.rotation import rotation_from_printed
from tmsplan.plan import save_plan
from tmsplan.space import Hemi, Rigid
from tmsplan.view.delivered_plot import plot_delivered

PRINTED = ("Dist. to Target", "Target Error", "Angular Error", "Twist Error")
#: Version 7 prints three decimals.
HALF = 0.0005


def pose(matrix: np.ndarray) -> Rigid:
    return Rigid.claim(matrix, dst=FRAME, src=COIL, because="test")


def numbers(row) -> np.ndarray:
    """Location, then x, y and z of Brainsight, as printed."""
    columns = [f"Loc. {c}" for c in "XYZ"] + [f"m{a}n{b}" for a in range(3) for b in range(3)]
    return np.array([float(row.cells[c]) for c in columns])


def by_hand(v: np.ndarray) -> np.ndarray:
    """The four columns from 24 printed numbers, sample then target, in Brainsight's axes.

    No length is made 1: Brainsight does not either (Sample 87 has a z of length 0.99899).
    """
    (c, y, z), (tc, ty, tz) = ((w[:3], w[6:9], w[9:12]) for w in (v[:12], v[12:]))
    seen, own = ty - (ty @ z) * z, y - (y @ z) * z
    return np.array(
        [
            np.linalg.norm(tc - c),
            np.linalg.norm(np.cross(tc - c, z)),
            np.degrees(np.arctan2(np.linalg.norm(np.cross(z, tz)), z @ tz)),
            np.degrees(np.arctan2(np.cross(seen, own) @ z, seen @ own)),
        ]
    )


def rounding(v: np.ndarray) -> np.ndarray:
    """How far rounding of all 24 inputs and of the output can move each column, first order."""
    steps = 1e-6 * np.eye(24)
    slope = np.array([(by_hand(v + h) - by_hand(v - h)) / 2e-6 for h in steps])
    return np.abs(slope).sum(axis=0) * HALF + HALF


@pytest.fixture(scope="module")
def pairs(neuronav):
    """(sample, target, printed) of every sample that has a target."""
    file = parse_brainsight(neuronav / "niiImage_niftialignedcoord.txt")
    targets = {r.name: numbers(r) for r in file.rows("Target")}
    rows = [r for r in file.rows("Sample") if r.cells["Dist. to Target"] is not None]
    printed = [np.array([float(r.cells[c]) for c in PRINTED]) for r in rows]
    wanted = [targets[r.cells["Assoc. Target"]] for r in rows]
    return list(zip(map(numbers, rows), wanted, printed, strict=True))


def test_brainsights_own_columns_are_reproduced_to_what_printing_allows(pairs) -> None:
    assert len(pairs) == 100
    off = np.array([np.abs(by_hand(np.r_[s, t]) - printed) for s, t, printed in pairs])
    allowed = np.array([rounding(np.r_[s, t]) for s, t, _ in pairs])
    share = off / allowed
    assert (share <= 1).all(), share.max(axis=0)
    # The limits mean something: a tenth of a millimetre and of a degree at the very worst.
    assert (np.median(allowed, axis=0) < [0.003, 0.12, 0.12, 0.12]).all()


def test_our_measures_are_those_columns(pairs) -> None:
    for sample, target, printed in pairs:
        both = []
        for v in (sample, target):
            m = np.eye(4)
            m[:3, :3] = rotation_from_printed(v[3:].reshape(3, 3).T, 2.4e-3, "row")
            m[:3, 3] = v[:3]
            both.append(pose(m @ BRAINSIGHT))
        found = pose_misses(*both)
        values = [found.distance_mm, found.axis_mm, found.tilt_deg, found.twist_deg]
        allowed = rounding(np.r_[sample, target])
        # We make the axes a rotation; what that moves at this distance is no disagreement.
        allowed[1] += 2e-3 * printed[0]
        allowed[2:] += 0.06
        assert (np.abs(values - printed) <= allowed).all(), (values, printed)


@pytest.mark.parametrize("flip", [np.diag([-1.0, 1, -1, 1]), np.diag([1.0, -1, -1, 1])])
def test_another_definition_would_not_fit(pairs, flip) -> None:
    """The columns discriminate: with z or y reversed, or seen from the target, they differ."""
    off = []
    for sample, target, printed in pairs:
        both = np.r_[sample, target].reshape(2, 4, 3)
        both[:, 1:] = flip[:3, :3] @ both[:, 1:]
        off.append(np.abs(by_hand(both.ravel()) - printed)[3])
    swapped = [np.abs(by_hand(np.r_[t, s]) - p)[1] for s, t, p in pairs]
    assert np.median(off) > 10
    assert np.median(swapped) > 1


def turned(base: np.ndarray, *, about_x=0.0, about_z=0.0, along=(0.0, 0.0, 0.0)) -> np.ndarray:
    """`base` moved in its own axes, degrees and mm."""
    a, b = np.radians([about_x, about_z]) / 2
    m = np.eye(4)
    m[:3, :3] = rotation((np.cos(b), 0, 0, np.sin(b))) @ rotation((np.cos(a), np.sin(a), 0, 0))
    m[:3, 3] = along
    return base @ m


PLANNED = planned_on_head(Hemi.LEFT)
BASE = PLANNED.pose.scanner_from_coil.matrix(FRAME, COIL)
#: Coil centre to cortical target: 4 mm standoff and 18 mm of scalp and skull.
DEPTH = 22.0


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        ({}, (0, 0, 0, 0, 0)),
        ({"along": (3, 4, 0)}, (5, 5, 0, 0, 0)),
        ({"along": (0, 0, -2)}, (0, 2, 2, 0, 0)),
        # z leads into the head: a positive turn about it is clockwise seen from outside.
        ({"about_z": 30}, (0, 0, 0, 0, -30)),
        ({"about_x": 10}, (DEPTH * np.sin(np.radians(10)), 0,
                           DEPTH * (np.cos(np.radians(10)) - 1), 10, 0)),
    ],
)  # fmt: skip
def test_measures_have_closed_forms(moved, expected) -> None:
    plan = build_plan(PLANNED)
    sample = DeliveredSample("s", pose(turned(BASE, **moved)), None)
    (row,) = compare_delivered(plan, [sample]).rows
    found = (row.in_brain_mm, row.at_coil_mm, row.depth_mm, row.tilt_deg, row.twist_deg)
    assert found == pytest.approx(expected, abs=1e-9)


def session(names: list[str], moves: list[np.ndarray]) -> str:
    """A Brainsight sample block, version 12."""
    text = brainsight_text(np.array(moves)).splitlines()
    head, rows = text[:5], text[6:]
    columns = ["# Sample Name", "Assoc. Target", *text[5].split("\t")[1:]]
    out = [*head, "\t".join(columns)]
    for k, (row, name) in enumerate(zip(rows, names, strict=True)):
        out.append("\t".join([f"Sample {k}", name, *row.split("\t")[1:]]))
    return "\n".join(out) + "\n"


def test_a_session_is_sorted_by_the_names_that_we_exported(tmp_path) -> None:
    plan = build_plan()
    left, right = plan.targets
    bases = [p.pose.scanner_from_coil.matrix(FRAME, COIL) for p in (left, right)]
    names = [coil_name(plan, left), coil_name(plan, right), right.target.id, "somebody else's"]
    moves = [turned(bases[0], along=(1, 0, 0)), bases[1], turned(bases[1], about_z=-9), bases[0]]
    path = tmp_path / "session.txt"
    path.write_text(session(names, moves))
    table = compare_delivered(plan, delivered_samples(path, plan))
    assert [r.target_id for r in table.rows] == [left.target.id, right.target.id, right.target.id]
    assert table.left_out == 1
    assert [r.in_brain_mm for r in table.rows] == pytest.approx([1, 0, 0], abs=0.01)
    assert [r.twist_deg for r in table.rows] == pytest.approx([0, 0, 9], abs=0.01)
    second = table.summary()[1]
    assert (second["n"], second["share_within"]) == (2, 1.0)
    assert second["twist_deg_max"] == pytest.approx(9, abs=0.01)
    assert "SYNTHETIC sub-01: 3 stimuli, 1 recorded poses left out" in str(table)
    assert table.tsv().decode().count("\n") == 4
    assert table.as_dict()["rows"][0]["sample"] == "Sample 0"


def triggers(matrices: list[np.ndarray], space: str) -> str:
    rows = []
    for m in matrices:
        local = m @ LOCALITE
        if space == "LPS" and not np.array_equal(local, np.eye(4)):
            local = np.diag([-1.0, -1, 1, 1]) @ local
        cells = " ".join(
            f'data{r}{c}="{float(local[r, c])!r}"' for r in range(4) for c in range(4)
        )
        rows.append(
            f'<TriggerMarker description="" set="true"><Matrix4D {cells}/></TriggerMarker>'
        )
    return f'<TriggerMarkerList coordinateSpace="{space}">{"".join(rows)}</TriggerMarkerList>'


@pytest.mark.parametrize("space", ["RAS", "LPS"])
def test_triggers_without_names_need_a_target_where_there_are_two(space, tmp_path) -> None:
    plan = build_plan()
    base = plan.targets[0].pose.scanner_from_coil.matrix(FRAME, COIL)
    path = tmp_path / "TriggerMarkers.xml"
    path.write_text(
        triggers([base, turned(base, along=(0, 2, 0)), np.linalg.inv(LOCALITE)], space)
    )
    samples = delivered_samples(path, plan)
    assert len(samples) == 2, "an untracked pose is the identity in Localite's axes"
    with pytest.raises(AmbiguityError, match=r"2 targets .* Pass --target with one of: coup"):
        compare_delivered(plan, samples)
    table = compare_delivered(plan, samples, target_id="coupling-left")
    assert [r.in_brain_mm for r in table.rows] == pytest.approx([0, 2], abs=1e-9)
    with pytest.raises(InputError, match="there is no target 'nowhere'"):
        compare_delivered(plan, samples, target_id="nowhere")


def test_refusals(tmp_path) -> None:
    plan = build_plan(PLANNED)
    path = tmp_path / "session.txt"
    path.write_text(brainsight_text(np.array([BASE])))
    with pytest.raises(InputError, match="without a recorded pose"):
        delivered_samples(path, plan)
    path.write_text(session(["other"], [BASE]))
    with pytest.raises(InputError, match="none of 1 recorded poses belongs to a target"):
        compare_delivered(plan, delivered_samples(path, plan))
    other = build_plan(PLANNED, inputs=[t1_input(2, 2)])
    with pytest.raises(FrameError, match="says NIfTI:Aligned"):
        delivered_samples(path, other)
    path.write_text(triggers([BASE], "MNI"))
    with pytest.raises(FrameError, match="its coordinate system is 'MNI'"):
        delivered_samples(path, plan)


def test_the_picture_holds_every_stimulus_and_the_labels() -> None:
    plan = build_plan(PLANNED)
    poses = [turned(BASE, along=(k / 10, 0, 0), about_z=k) for k in range(30)]
    samples = [DeliveredSample(f"s{k}", pose(m), None) for k, m in enumerate(poses)]
    table = compare_delivered(plan, samples)
    figure = plot_delivered(table.rows, title="t", labels=plan.labels, within_mm=table.within_mm)
    top, bottom = figure.axes
    drawn = {line.get_label(): line.get_ydata() for line in (*top.lines, *bottom.lines)}
    assert drawn["target to coil axis"] == pytest.approx(np.arange(30) / 10)
    assert drawn["twist"] == pytest.approx(-np.arange(30.0))
    assert any("SYNTHETIC" in text.get_text() for text in figure.texts)
    with pytest.raises(InputError, match="no stimulus to draw"):
        plot_delivered([], title="t", labels=(), within_mm=6)


def test_a_plan_name_with_the_side_is_known() -> None:
    planned = replace(PLANNED, target=replace(PLANNED.target, name="Beam F3"))
    plan = build_plan(planned)
    sample = DeliveredSample("s", pose(BASE), "Beam F3")
    assert compare_delivered(plan, [sample]).rows[0].target_id == planned.target.id


def test_the_verb_writes_table_and_picture(tmp_path, capsys) -> None:
    coupling = {"method": "map", "unit": "1", "higher_means": "more", "space": "surface",
                "params": {}, "source": "a test"}  # fmt: skip
    norms = {"id": "0123", "sha256": "0" * 64, "n_reference": 120, "tier": "usable",
             "age_range": [20.0, 60.0], "sites": [], "transferred": False}  # fmt: skip
    plan = replace(build_plan(PLANNED), caveats=("a test",), coupling=coupling, norms=norms)
    (tmp_path / "plan").mkdir()
    save_plan(plan, tmp_path / "plan")
    path = tmp_path / "session.txt"
    name = coil_name(plan, plan.targets[0])
    path.write_text(session([name, name], [BASE, turned(BASE, along=(3, 4, 0))]))
    run_delivered(path, tmp_path / "plan", out=tmp_path / "out", as_json=False)
    out = capsys.readouterr().out
    assert "2 stimuli (median, 95th centile, largest)" in out
    assert "100% within 6 mm in the brain" in out
    rows = (tmp_path / "out/delivered.tsv").read_text().splitlines()
    assert rows[2].split("\t")[:2] == ["Sample 1", PLANNED.target.id]
    assert float(rows[2].split("\t")[2]) == pytest.approx(5, abs=0.01)
    report = check_pose(tmp_path / "plan/plan.json", t1=t1_facts())
    assert [p.centre_mm for p in report.poses] == [pytest.approx(BASE[:3, 3], abs=1e-5)]
    assert (tmp_path / "out/delivered.png").read_bytes()[:4] == b"\x89PNG"
