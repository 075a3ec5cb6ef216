"""Localite's reader on files that TMS Navigator wrote, and on files that nobody should believe."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tmsplan.base.errors import ChiralityError, FrameError, InputError
from tmsplan.export.localite.parse import parse_localite
from tmsplan.export.localite.read import localite_points, localite_poses, localite_pulses
from tmsplan.export.xml_file import parse_xml
from tmsplan.space import CoilSimnibs, Frame, Scanner

SCANNER = Frame(Scanner, "sub-01")
COIL = Frame(CoilSimnibs, "figure8-70mm")
MARKERS_2017 = "RAS_InstrumentMarker20170316160859032.xml"
TRIGGERS_2021 = "TriggerMarkers_Coil1_20210409170817799.xml"
#: Localite's axes of a coil over the vertex, handle backwards; G1 of the facts.
VERTEX = [[0, 0, -1, -1.2], [0, -1, 0, -15.8], [-1, 0, 0, 120], [0, 0, 0, 1]]
#: "hotspot" of a file that TMS Navigator wrote in 2012, as SimNIBS' tests publish it, rounded.
HOTSPOT_LPS = [
    [-0.349056, 0.564773, 0.747833, 36.237571],
    [-0.010511, 0.795614, -0.605765, 35.691392],
    [-0.937077, -0.219299, -0.271769, 101.916610],
    [0, 0, 0, 1],
]


def matrix4d(matrix) -> str:
    cells = " ".join(f'data{r}{c}="{matrix[r][c]}"' for r in range(4) for c in range(4))
    return f"<Matrix4D {cells}/>"


def instrument(matrix=VERTEX, space: str = "RAS", given_set: str = "true") -> str:
    return (
        f'<InstrumentMarkerList coordinateSpace="{space}"><!-- a comment --><InstrumentMarker '
        f'index="0"><Marker description="M1" set="{given_set}">{matrix4d(matrix)}</Marker>'
        f"</InstrumentMarker></InstrumentMarkerList>"
    )


def trigger(matrix=VERTEX, given_set: str = "true", didt: str = "62.0") -> str:
    return (
        f'<TriggerMarker description="" recordingTime="26098" set="{given_set}"><ResponseValues>'
        f'<Value key="valueA" response="{didt}"/><Value key="amplitudeA" response="45.0"/>'
        f"</ResponseValues>{matrix4d(matrix)}</TriggerMarker>"
    )


def triggers(*markers: str, unit: str = "A/us") -> str:
    return (
        '<TriggerMarkerList coordinateSpace="RAS"><ResponseParameters><responseDescription '
        f'id="valueA" unit="{unit}"/></ResponseParameters>{"".join(markers)}</TriggerMarkerList>'
    )


def entries(*places: tuple[str, str, str], space: str = "RAS") -> str:
    rows = [
        f'<{role} index="{index}"><Marker description="{name}" set="true">'
        f'<ColVec3D data0="1" data1="2" data2="3"/></Marker></{role}>'
        for role, index, name in places
    ]
    return f'<EntryTargetList coordinateSpace="{space}">{"".join(rows)}</EntryTargetList>'


def taken(tmp_path: Path, text: str):
    path = tmp_path / "markers.xml"
    path.write_text(text, encoding="utf-8")
    return localite_poses(parse_localite(path), scanner=SCANNER, coil=COIL)


def matrix_of(pose) -> np.ndarray:
    return pose.scanner_from_coil.matrix(SCANNER, COIL)


# Real files ------------------------------------------------------------------------------------


def test_the_instrument_markers_of_2017(neuronav: Path) -> None:
    file = parse_localite(neuronav / MARKERS_2017)
    found = localite_poses(file, scanner=SCANNER, coil=COIL)
    assert (file.kind, file.space, dict(found.dropped)) == ("instrument", "RAS", {})
    assert [p.name for p in found.poses] == ["M0", "M+45", "M-45", "P0", "P-45", "P+45"]
    # The file's own numbers of M0: z is its column 0, y minus column 1, x column 2.
    np.testing.assert_allclose(
        matrix_of(found.poses[0]),
        [
            [-0.454281, 0.515501, 0.726594, -41.837675],
            [0.782925, 0.620186, 0.049492, -34.111560],
            [-0.425099, 0.591337, -0.685319, 88.609167],
            [0, 0, 0, 1],
        ],
        atol=5e-5,
    )


@pytest.mark.parametrize("name", [MARKERS_2017, TRIGGERS_2021])
def test_every_real_coil_looks_into_the_head_with_its_handle_behind(
    neuronav: Path, name: str
) -> None:
    """An error of the axes cannot hide here: left motor cortex, handles backwards."""
    file = parse_localite(neuronav / name)
    for pose in localite_poses(file, scanner=SCANNER, coil=COIL).poses:
        m = matrix_of(pose)
        towards_origin = -m[:3, 3] / np.linalg.norm(m[:3, 3])
        assert m[:3, 2] @ towards_origin > 0.75
        assert m[0, 3] < -15
        # "+45" is a quarter turn from "-45": the y of one of them runs sideways.
        assert m[1, 1] > 0.5 or "+45" in pose.name


def test_axes_of_the_vendor_are_a_little_off_and_are_accepted(neuronav: Path) -> None:
    """A limit of 1e-5, which fifteen printed digits suggest, would refuse the vendor's files."""
    file = parse_localite(neuronav / MARKERS_2017)
    off = [np.abs(m.matrix[:3, :3].T @ m.matrix[:3, :3] - np.eye(3)).max() for m in file.markers]
    assert 1e-5 < max(off) < 1e-4


def test_the_trigger_markers_of_2021(neuronav: Path) -> None:
    file = parse_localite(neuronav / TRIGGERS_2021)
    found = localite_pulses(file, scanner=SCANNER, coil=COIL)
    assert len(found.poses) == len(found.pulses) == 8
    assert [p.time_ms for p in found.pulses[:3]] == [26098, 31615, 36345]
    assert {p.amplitude_percent for p in found.pulses} == {45.0}
    assert [p.didt_a_per_s for p in found.pulses] == [62e6] * 5 + [63e6] + [62e6] * 2
    assert file.units == {"response": "uV", "valueA": "A/us", "amplitudeA": "%"}


# Known answers ---------------------------------------------------------------------------------


def test_the_lps_hotspot_of_2012(tmp_path: Path) -> None:
    (pose,) = taken(tmp_path, instrument(HOTSPOT_LPS, "LPS")).poses
    m = matrix_of(pose)
    np.testing.assert_allclose(m[:3, 3], [-36.2376, -35.6914, 101.9166], atol=5e-5)
    # The vendor's axes are up to 7e-5 off square; half of that goes to each.
    np.testing.assert_allclose(m[0, :3], [-0.7478, 0.5648, 0.3491], atol=1e-4)


def test_lps_taken_for_ras_is_another_pose(tmp_path: Path) -> None:
    (lps,) = taken(tmp_path, instrument(HOTSPOT_LPS, "LPS")).poses
    (ras,) = taken(tmp_path, instrument(HOTSPOT_LPS, "RAS")).poses
    apart = np.linalg.norm(matrix_of(lps)[:3, 3] - matrix_of(ras)[:3, 3])
    assert apart == pytest.approx(2 * np.hypot(36.2376, 35.6914), abs=1e-3)


def test_the_old_spelling_of_the_space_is_read(tmp_path: Path) -> None:
    (pose,) = taken(tmp_path, instrument(VERTEX, "ras")).poses
    assert matrix_of(pose)[0, 3] == -1.2


def test_a_gum_list_with_other_elements(tmp_path: Path) -> None:
    marker = (
        f'<InstrumentMarker description="M1" set="true" uid="7">{matrix4d(VERTEX)}'
        f"</InstrumentMarker>"
    )
    path = tmp_path / "gum.xml"
    path.write_text(
        '<GUMMarkerList coordinateSpace="RAS"><Element type="EntryTargetPair"/>'
        f'<Element type="InstrumentMarker">{marker}</Element></GUMMarkerList>'
    )
    file = parse_localite(path)
    assert dict(file.others) == {"EntryTargetPair": 1}
    (pose,) = localite_poses(file, scanner=SCANNER, coil=COIL).poses
    assert pose.name == "M1"


# What holds no pose ----------------------------------------------------------------------------


def test_untracked_coils_are_dropped_and_counted(tmp_path: Path) -> None:
    zero, identity = np.zeros((4, 4)), np.eye(4)
    zero_with_one = np.diag([0, 0, 0, 1])
    found = taken(
        tmp_path,
        triggers(
            trigger(given_set="false"),
            trigger(identity),
            trigger(),
            trigger(zero),
            trigger(zero_with_one),
            trigger(identity, given_set="false"),
        ),
    )
    assert dict(found.dropped) == {"not set": 2, "identity": 1, "zero": 2}
    assert [p.number for p in found.pulses] == [3]
    assert len(found.poses) == 1


def test_a_straight_coil_that_is_not_at_the_origin_is_kept(tmp_path: Path) -> None:
    beside = np.eye(4)
    beside[0, 3] = -90
    (pose,) = taken(tmp_path, instrument(beside)).poses
    np.testing.assert_array_equal(matrix_of(pose)[:3, 2], [1, 0, 0])


@pytest.mark.parametrize("text", ["NaN", "0.0"])
def test_di_dt_that_the_stimulator_did_not_tell_is_missing_not_zero(text, tmp_path: Path) -> None:
    (pulse,) = taken(tmp_path, triggers(trigger(didt=text))).pulses
    assert np.isnan(pulse.didt_a_per_s)
    assert pulse.amplitude_percent == 45


# Refusals --------------------------------------------------------------------------------------


def test_mni_is_parsed_and_not_converted(tmp_path: Path) -> None:
    path = tmp_path / "mni.xml"
    path.write_text(instrument(VERTEX, "MNI"))
    file = parse_localite(path)
    assert (file.space, len(file.markers)) == ("MNI", 1)
    with pytest.raises(FrameError, match=r"mni.xml: its coordinateSpace is MNI. .* templates"):
        localite_poses(file, scanner=SCANNER, coil=COIL)
    path.write_text(entries(("Entry", "0", "a"), space="MNI"))
    with pytest.raises(FrameError, match="its coordinateSpace is MNI"):
        localite_points(parse_localite(path), scanner=SCANNER)


SHEARED = [[0, 0, -1, 0], [0, -1, 0.001, 0], [-1, 0, 0, 0], [0, 0, 0, 1]]
MIRRORED = [[0, 0, 1, 0], [0, -1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1]]
ODD_CHILD = instrument().replace("<Marker ", "<Mark ").replace("</Marker>", "</Mark>")
BAD_LAST_ROW = np.transpose(VERTEX).tolist()


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        (instrument(SHEARED), InputError, "marker 1: the three axes are not a rotation"),
        (instrument(MIRRORED), ChiralityError, "marker 1: .*left would become right"),
        (instrument(BAD_LAST_ROW), InputError, "the last row is .* The matrix is transposed"),
        (instrument(given_set="maybe"), InputError, "marker 1: set is 'maybe'"),
        (instrument().replace('"-1.2"', '"-1,2"'), InputError, "marker 1: data03 is '-1,2'"),
        (instrument().replace('"-1.2"', '"nan"'), InputError, "data03 is 'nan'"),
        (instrument().replace('"-1.2"', '"1_2"'), InputError, "data03 is '1_2'"),
        (instrument().replace("data03", "data3"), InputError, "data03 is None"),
        (instrument().replace("Matrix4D", "Matrix3D"), InputError, "marker 1 holds 0 Matrix4D"),
        (ODD_CHILD, InputError, "an entry is no InstrumentMarker with one Marker"),
        (instrument(space="Talairach"), InputError, "its coordinateSpace is 'TALAIRACH'"),
        (instrument().replace("InstrumentMarkerList", "MarkerList"), InputError, "its root is 'M"),
        (triggers(trigger(), unit="A/ms"), InputError, r"the unit of di/dt \(valueA\) is 'A/ms'"),
        (triggers(trigger(didt="many")), InputError, "marker 1: valueA is 'many'"),
        (entries(("Entry", "0", "a")), InputError, "of kind 'entry-target'. Expected kind 'inst"),
    ],
)  # fmt: skip
def test_what_is_no_pose_is_refused(text, error, match, tmp_path: Path) -> None:
    with pytest.raises(error, match=match):
        taken(tmp_path, text)


def test_pulses_and_points_are_asked_of_the_right_files(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text(instrument())
    with pytest.raises(InputError, match=r"kind 'instrument'. Expected kind 'trigger'"):
        localite_pulses(parse_localite(path), scanner=SCANNER, coil=COIL)
    with pytest.raises(InputError, match=r"kind 'instrument'. Expected kind 'entry-target'"):
        localite_points(parse_localite(path), scanner=SCANNER)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (entries(("Entry", "0", "a"), ("Entry", "0", "b")), "Entry 2: the index '0' stands twice"),
        (entries(("Way", "0", "a")), "Way 1 is no Entry or Target"),
        (entries(("Entry", "0", "a")).replace("ColVec3D", "ColVec2D"), "Entry 1 holds 0 ColVec3D"),
    ],
)
def test_broken_pairs_are_refused(text: str, match: str, tmp_path: Path) -> None:
    path = tmp_path / "e.xml"
    path.write_text(text)
    with pytest.raises(InputError, match=match):
        localite_points(parse_localite(path), scanner=SCANNER)


# XML that a parser could act on ----------------------------------------------------------------

LAUGHS = "<!DOCTYPE a [<!ENTITY b 'ha'><!ENTITY c '&b;&b;'>]><a>&c;</a>"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (LAUGHS, "it declares a document type"),
        ("<!DOCTYPE a SYSTEM 'file:///etc/hostname'><a/>", "it declares a document type"),
        ("<!DOCTYPE a><a/>", "it declares a document type"),
        ("<a>&b;</a>", "no well-formed XML .undefined entity"),
        ("<a>" * 40 + "</a>" * 40, "nested over 32 deep"),
        ("<a b='1' b='2'/>", "no well-formed XML .duplicate attribute"),
        ("<a><b></a>", "no well-formed XML .mismatched tag"),
        ("", "no well-formed XML .no element found"),
        ("<?xml version='1.0' encoding='klingon'?><a/>", "no well-formed XML .unknown encoding"),
        ("<a b='x & y'/>", "no well-formed XML"),
    ],
)
def test_hostile_xml_is_refused(text: str, match: str, tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text(text)
    with pytest.raises(InputError, match=f"x.xml: {match}"):
        parse_xml(path)


def test_only_the_bare_document_type_that_is_named_may_stand(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text("<!DOCTYPE a><a/>")
    assert parse_xml(path, doctype="a").tag == "a"
    with pytest.raises(InputError, match="declares a document type"):
        parse_xml(path, doctype="b")
    path.write_text("<!DOCTYPE a [<!ENTITY b 'ha'>]><a/>")
    with pytest.raises(InputError, match="declares a document type"):
        parse_xml(path, doctype="a")


def test_a_file_that_is_too_large_or_absent_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    with path.open("wb") as stream:
        stream.truncate((64 << 20) + 1)
    with pytest.raises(InputError, match=r"x.xml: 67108865 bytes. Expected at most 64 MiB"):
        parse_xml(path)
    with pytest.raises(InputError, match=r"y.xml: cannot be read .FileNotFoundError"):
        parse_xml(tmp_path / "y.xml")


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=st.integers(0, 700), length=st.integers(0, 40), new=st.binary(max_size=12))
def test_bytes_put_anywhere_are_read_or_refused(tmp_path: Path, start, length, new) -> None:
    data = triggers(trigger(), trigger(np.eye(4))).encode()
    path = tmp_path / "fuzz.xml"
    path.write_bytes(data[:start] + new + data[start + length :])
    try:
        file = parse_localite(path)
        found = localite_poses(file, scanner=SCANNER, coil=COIL)
    except InputError:
        return
    assert all(np.isfinite(matrix_of(p)).all() for p in found.poses)
