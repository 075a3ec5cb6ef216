"""Localite's XML as text: signs, axes, spaces, escaping. And what verification stops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.dom import minidom

import numpy as np
import pytest
from export.plan_builder import (
    AFFINES,
    G1,
    build_plan,
    planned_from_matrix,
    planned_on_head,
    renamed,
    round_scene,
    t1_input,
)

from tmsplan.base.errors import InputError, TripwireError
from tmsplan.export import ReadPoint, export_formats, navigator_formats
from tmsplan.export.formats.tsv import FORMAT as TSV
from tmsplan.export.localite import LocaliteEntryFormat, LocaliteMarkerFormat
from tmsplan.export.names import coil_name
from tmsplan.plan.plan import Plan
from tmsplan.space import Hemi, Points

MARKERS = [LocaliteMarkerFormat(s, w) for s in ("classic", "gum") for w in ("RAS", "LPS")]
#: Of the facts: Localite's axes of G1, as columns.
G1_RAS = [[0, 0, -1, -1.2], [0, -1, 0, -15.8], [-1, 0, 0, 120], [0, 0, 0, 1]]
G1_LPS = [[0, 0, 1, 1.2], [0, 1, 0, 15.8], [-1, 0, 0, 120], [0, 0, 0, 1]]


def document(path: Path):
    """Read with another parser than ours."""
    return minidom.parse(str(path)).documentElement


def matrices(path: Path) -> np.ndarray:
    return np.array(
        [
            [[float(e.getAttribute(f"data{r}{c}")) for c in range(4)] for r in range(4)]
            for e in document(path).getElementsByTagName("Matrix4D")
        ]
    )


@pytest.mark.parametrize("fmt", MARKERS, ids=str)
def test_golden_pose_in_the_text(fmt, tmp_path: Path) -> None:
    (path,) = fmt.write(build_plan(planned_from_matrix(G1)), tmp_path)
    (matrix,) = matrices(path)
    np.testing.assert_array_equal(matrix, G1_RAS if fmt.space == "RAS" else G1_LPS)
    assert document(path).getAttribute("coordinateSpace") == fmt.space


def test_the_classic_file_to_the_letter(tmp_path: Path) -> None:
    (path,) = MARKERS[0].write(build_plan(planned_from_matrix(G1)), tmp_path)
    assert path.name == "sub-01_InstrumentMarker_RAS.xml"
    assert path.read_text() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<InstrumentMarkerList coordinateSpace="RAS">\n'
        '    <InstrumentMarker alwaysVisible="false" index="0" selected="false">\n'
        '        <Marker additionalInformation="" color="#ff0000" '
        'description="SYNTHETIC left: Beam F3_coil" set="true">\n'
        '            <Matrix4D data00="0.000000000" data01="0.000000000" data02="-1.000000000" '
        'data03="-1.200000000" data10="0.000000000" data11="-1.000000000" data12="0.000000000" '
        'data13="-15.800000000" data20="-1.000000000" data21="0.000000000" data22="0.000000000" '
        'data23="120.000000000" data30="0.000000000" data31="0.000000000" data32="0.000000000" '
        'data33="1.000000000" />\n'
        "        </Marker>\n    </InstrumentMarker>\n</InstrumentMarkerList>\n"
    )


def test_gum_elements_are_numbered_and_typed(tmp_path: Path) -> None:
    (path,) = LocaliteMarkerFormat("gum", "RAS").write(build_plan(), tmp_path)
    root = document(path)
    elements = root.getElementsByTagName("Element")
    markers = root.getElementsByTagName("InstrumentMarker")
    assert root.tagName == "GUMMarkerList"
    assert [(e.getAttribute("index"), e.getAttribute("type")) for e in elements] == [
        ("0", "InstrumentMarker"),
        ("1", "InstrumentMarker"),
    ]
    assert [m.getAttribute("uid") for m in markers] == ["1", "2"]
    assert [m.getAttribute("locked") for m in markers] == ["false", "false"]


def test_the_entry_is_on_the_scalp_and_the_target_in_the_brain(tmp_path: Path) -> None:
    found = {}
    for space in ("RAS", "LPS"):
        (path,) = LocaliteEntryFormat(space).write(build_plan(planned_from_matrix(G1)), tmp_path)
        for place in document(path).childNodes:
            if place.nodeType == place.ELEMENT_NODE:
                (marker,) = place.getElementsByTagName("Marker")
                (cells,) = place.getElementsByTagName("ColVec3D")
                xyz = [float(cells.getAttribute(f"data{i}")) for i in range(3)]
                found[space, place.tagName] = (marker.getAttribute("description"), xyz)
    scalp, cortex = "SYNTHETIC left: Beam F3_scalp", "SYNTHETIC left: Beam F3_ctx"
    assert found == {
        ("RAS", "Entry"): (scalp, [-1.2, -15.8, 116]),
        ("RAS", "Target"): (cortex, [-1.2, -15.8, 98]),
        ("LPS", "Entry"): (scalp, [1.2, 15.8, 116]),
        ("LPS", "Target"): (cortex, [1.2, 15.8, 98]),
    }


@pytest.mark.parametrize("stored", AFFINES)
@pytest.mark.parametrize("fmt", MARKERS, ids=str)
def test_left_has_the_vendor_s_left_sign_however_the_t1_is_stored(
    fmt, stored: str, tmp_path: Path
) -> None:
    plan = build_plan(inputs=[t1_input(affine=AFFINES[stored])])
    (path,) = fmt.write(plan, tmp_path)
    left, right = matrices(path)[:, 0, 3]
    sign = 1 if fmt.space == "RAS" else -1
    assert sign * left < -40
    assert sign * right > 40


def test_a_hostile_name_is_escaped_and_means_the_same_to_another_parser(tmp_path: Path) -> None:
    odd = "A & B <b> \"F3\" 'x' ]]> zażółć 前頭葉 &amp &#38"
    plan = build_plan(renamed(planned_on_head(Hemi.LEFT), odd))
    (path,) = MARKERS[0].write(plan, tmp_path)
    (marker,) = document(path).getElementsByTagName("Marker")
    assert marker.getAttribute("description") == coil_name(plan, plan.targets[0])
    assert "A &amp; B &lt;b" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("fmt", [*MARKERS, LocaliteEntryFormat("RAS")], ids=str)
def test_a_character_that_xml_cannot_hold_is_refused(fmt, tmp_path: Path) -> None:
    plan = build_plan(renamed(planned_on_head(Hemi.LEFT), "F3\uffff"))
    with pytest.raises(InputError, match=r"XML has no way to write. Rename the target"):
        fmt.write(plan, tmp_path)
    assert list(tmp_path.iterdir()) == []


# What verification stops -----------------------------------------------------------------------


@dataclass(frozen=True)
class Editing:
    """A real format whose file is changed on the disk after it was written."""

    base: LocaliteMarkerFormat | LocaliteEntryFormat
    old: str
    new: str
    title = evidence = limits = "test"

    @property
    def carries_cortex(self) -> bool:
        return self.base.carries_cortex

    @property
    def carries_orientation(self) -> bool:
        return self.base.carries_orientation

    def write(self, plan: Plan, folder: Path) -> Sequence[Path]:
        (path,) = self.base.write(plan, folder)
        text = path.read_text(encoding="utf-8")
        assert self.old in text
        path.write_text(text.replace(self.old, self.new, 1), encoding="utf-8")
        return [path]

    def read(self, path: Path, plan: Plan):
        return self.base.read(path, plan)


def refused(tmp_path: Path, fmt, match: str, plan: Plan | None = None) -> None:
    """A good format goes first: it too must be gone when the second fails."""
    plan = plan or build_plan(planned_from_matrix(G1))
    with pytest.raises(TripwireError, match=match):
        export_formats(plan, tmp_path / "navigation", {"tsv": TSV, "bad": fmt})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("space", ["RAS", "LPS"])
@pytest.mark.parametrize(
    ("axes", "match"),
    [
        (np.eye(4), "z points 90.0 deg off the way into the head"),
        # Brainsight's axes, x into the head with the handle in front, and out of the head.
        (np.diag([-1, 1, -1, 1]), "z points 90.0 deg off"),
        ([[0, 0, -1, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]], r"180.00000 deg"),
        ([[0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1]], "z points 180.0 deg"),
    ],
    ids=["simnibs", "brainsight", "handle in front", "out of the head"],
)
def test_wrong_axes_fire(axes, match: str, space, tmp_path: Path) -> None:
    turned = tuple(tuple(float(v) for v in row) for row in np.asarray(axes))
    refused(tmp_path, LocaliteMarkerFormat("classic", space, turned), match)


@pytest.mark.parametrize(
    ("fmt", "old", "new", "match"),
    [
        (MARKERS[0], 'Space="RAS"', 'Space="LPS"', "kind 'instrument' in LPS. Expected"),
        (MARKERS[0], 'Space="RAS"', 'Space="MNI"', "its coordinateSpace is MNI"),
        (MARKERS[0], '"-1.200000000"', '"1.200000000"', r"read back 2.40000 mm \(limit 0.01\)"),
        (MARKERS[1], '"1.200000000"', '"1.220000000"', r"read back 0.02000 mm \(limit 0.01\)"),
        (MARKERS[2], "Beam F3_coil", "Beam F4_coil", "1 name.s. read back are missing"),
        (MARKERS[2], 'set="true"', 'set="false"', "1 name.s. read back are missing"),
        (MARKERS[2], 'data02="-1.000000000"', 'data02="1.000000000"', "left would become right"),
    ],
)
def test_a_file_changed_on_the_disk_fires(fmt, old, new, match, tmp_path: Path) -> None:
    refused(tmp_path, Editing(fmt, old, new), match)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ('"116.000000000"', '"116.020000000"', r"beam-f3: read back 0.02000 mm \(limit 0.01\)"),
        ('"98.000000000"', '"116.000000000"', r"read back 18.00000 mm"),
        ("F3_scalp", "F3_ctx", "1 name.s. read back are twice: .*_ctx'"),
    ],
)
def test_an_entry_list_changed_on_the_disk_fires(old, new, match, tmp_path: Path) -> None:
    refused(tmp_path, Editing(LocaliteEntryFormat("RAS"), old, new), match)


def test_a_target_on_the_other_side_of_the_plane_fires(tmp_path: Path) -> None:
    scene = round_scene(centre=(-80, 0, 0))
    plan = build_plan(planned_on_head(Hemi.LEFT), scene=scene)
    refused(tmp_path, LocaliteEntryFormat("LPS"), "is labelled left and lies -.* mm", plan)


class Forgetful(LocaliteEntryFormat):
    """Reads nothing: no place may be taken as verified because none was found."""

    def read(self, path: Path, plan: Plan):  # noqa: ARG002
        return []


class WithoutAxes(LocaliteMarkerFormat):
    """Says that its files hold axes and reads none: a place alone verifies no coil."""

    def read(self, path: Path, plan: Plan):
        return [ReadPoint(p.name, Points([0, 0, 0], plan.frame)) for p in super().read(path, plan)]


class WithAxes(LocaliteEntryFormat):
    """Says that its files hold no axes and reads some: they would be invented."""

    def read(self, path: Path, plan: Plan):
        fmt = navigator_formats().get("tsv")
        (table,) = fmt.write(plan, path.parent)
        return fmt.read(table, plan)


@pytest.mark.parametrize(
    ("fmt", "match"),
    [
        (Forgetful("RAS"), r"2 name\(s\) read back are missing"),
        (WithoutAxes("gum", "RAS"), r"1 row\(s\) read back have no coil axes, which this format"),
        (WithAxes("RAS"), r"2 row\(s\) read back have coil axes, which this format cannot hold"),
    ],
)
def test_rows_of_the_wrong_kind_fire(fmt, match: str, tmp_path: Path) -> None:
    refused(tmp_path, fmt, match)
