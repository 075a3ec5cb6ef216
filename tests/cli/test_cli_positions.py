"""``tmsplan positions``: the table, what is printed, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from head_marks import KEYS, fsaverage

from tmsplan.base.table import read_table
from tmsplan.cli.app import run
from tmsplan.coil.head import ten_ten


@pytest.fixture(scope="module")
def skin(tmp_path_factory):
    """The skin of fsaverage as STL, as FreeSurfer surface, and the flags of its landmarks."""
    import nibabel.freesurfer as nfs
    import trimesh

    folder = tmp_path_factory.mktemp("skin")
    scalp, marks, _ = fsaverage()
    frame = scalp.surface.frame
    xyz, faces = scalp.surface.points.mm(frame), scalp.surface.faces
    trimesh.Trimesh(xyz, faces, process=False).export(folder / "head.stl")
    trimesh.Trimesh(xyz, faces, process=False).export(folder / "head.ply")
    nfs.write_geometry(folder / "outer_skin.surf", xyz, faces, create_stamp="made by a test")
    flags: list[str] = []
    for name in KEYS:
        flags += [f"--{name}", *(f"{v:.4f}" for v in marks.named()[name].mm(frame)[0])]
    return folder, flags, {n: p.mm(frame)[0] for n, p in ten_ten(scalp, marks).items()}


@pytest.mark.parametrize("file", ["head.stl", "head.ply"])
def test_the_table_holds_the_positions(skin, file, tmp_path, capsys) -> None:
    folder, flags, expected = skin
    out = tmp_path / "p.tsv"
    args = ["positions", str(folder / file), *flags, "-o", str(out), "--scalp-space", "scanner"]
    assert run(args) == 0
    table = read_table(out)
    assert table.texts("name") == tuple(expected)
    found = np.column_stack([table.numbers(f"{c}_mm") for c in "xyz"])
    np.testing.assert_allclose(found, np.array(list(expected.values())), atol=0.01)
    text = capsys.readouterr().out
    assert "nasion to inion 396 mm" in text
    assert "Beam F3" in text
    assert list(tmp_path.iterdir()) == [out]


def test_json_is_one_object_with_landmarks_tapes_and_beam(skin, tmp_path, capsys) -> None:
    folder, flags, expected = skin
    out = tmp_path / "p.tsv"
    args = ["positions", str(folder / "head.stl"), *flags, "-o", str(out), "--json"]
    assert run([*args, "--scalp-space", "scanner"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["positions"]["F3"] == pytest.approx(expected["F3"], abs=0.01)
    assert data["landmarks"]["lpa"]["how"] == "given"
    assert data["landmarks"]["lpa"]["confidence_mm"] is None
    assert data["tapes"]["nasion_inion_mm"] == pytest.approx(396, abs=1)
    assert set(data["beam"]) == {"Beam F3", "Beam F4"}


def test_a_file_that_does_not_say_its_space_is_refused(skin, tmp_path, capsys) -> None:
    folder, flags, _ = skin
    args = ["positions", str(folder / "head.stl"), *flags, "-o", str(tmp_path / "p.tsv")]
    assert run(args) == 3
    assert "--scalp-space scanner or --scalp-space tkras" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_surface_ras_without_its_volume_is_refused(skin, tmp_path, capsys) -> None:
    folder, flags, _ = skin
    args = ["positions", str(folder / "outer_skin.surf"), *flags, "-o", str(tmp_path / "p.tsv")]
    assert run(args) == 3
    assert "nothing relates them to the scanner" in capsys.readouterr().err


def test_a_mesh_in_lps_is_refused(skin, tmp_path, capsys) -> None:
    folder, flags, _ = skin
    data = (folder / "head.stl").read_bytes()
    path = tmp_path / "slicer.stl"
    path.write_bytes(b"3D Slicer output. SPACE=LPS".ljust(80) + data[80:])
    args = ["positions", str(path), *flags, "-o", str(tmp_path / "p.tsv")]
    assert run(args) == 3
    assert "SPACE=LPS" in capsys.readouterr().err
    path.write_bytes(b"3D Slicer output. SPACE=RAS".ljust(80) + data[80:])
    assert run(args) == 0


def test_a_damaged_mesh_is_refused(skin, tmp_path, capsys) -> None:
    _, flags, _ = skin
    path = tmp_path / "head.ply"
    path.write_bytes(b"ply\nformat ascii 1.0\nnonsense")
    assert run(["positions", str(path), *flags, "-o", str(tmp_path / "p.tsv")]) == 3
    assert "head.ply" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f[4:], "missing: --nasion X Y Z"),
        (lambda f: [*f, "--subject", "sub-01"], "--subject is for a folder"),
    ],
)
def test_senseless_flags_are_usage_errors(skin, change, message, tmp_path, capsys) -> None:
    folder, flags, _ = skin
    args = ["positions", str(folder / "head.stl"), *change(flags), "-o", str(tmp_path / "p.tsv")]
    assert run([*args, "--scalp-space", "scanner"]) == 2
    assert message in capsys.readouterr().err


def test_an_existing_table_is_kept(skin, tmp_path, capsys) -> None:
    folder, flags, _ = skin
    out = tmp_path / "p.tsv"
    out.write_text("mine")
    args = ["positions", str(folder / "head.stl"), *flags, "-o", str(out)]
    assert run(args) == 2
    assert "exists already" in capsys.readouterr().err
    assert out.read_text() == "mine"


def test_exchanged_ears_stop_with_the_reason(skin, tmp_path, capsys) -> None:
    folder, flags, _ = skin
    swapped = [{"--lpa": "--rpa", "--rpa": "--lpa"}.get(f, f) for f in flags]
    args = ["positions", str(folder / "head.stl"), *swapped, "-o", str(tmp_path / "p.tsv")]
    assert run([*args, "--scalp-space", "scanner"]) == 3
    assert "left and right are exchanged" in capsys.readouterr().err
