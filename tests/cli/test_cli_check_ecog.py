"""`tmsplan check` on a real head: right it passes, wrong it exits 4 and names the tripwire."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nibabel.gifti import GiftiCoordSystem, GiftiDataArray, GiftiImage, GiftiMetaData

from tmsplan.cli.app import run

#: Code of NIFTI_XFORM_SCANNER_ANAT.
SCANNER_ANAT = 1


def write_gifti(path: Path, xyz: np.ndarray, faces: np.ndarray, side: str) -> None:
    meta = GiftiMetaData({"AnatomicalStructurePrimary": f"Cortex{side.capitalize()}"})
    system = GiftiCoordSystem(SCANNER_ANAT, SCANNER_ANAT, np.eye(4))
    points = GiftiDataArray(
        xyz.astype(np.float32), intent="NIFTI_INTENT_POINTSET", coordsys=system, meta=meta
    )
    triangles = GiftiDataArray(faces.astype(np.int32), intent="NIFTI_INTENT_TRIANGLE")
    nib.save(GiftiImage(darrays=[points, triangles]), path)


def source(ecog: Path, folder: Path, wrong: str | None) -> Path:
    """Write the head's surfaces as GIFTI that claim to be in scanner RAS, some of them falsely."""
    t1 = nib.load(ecog / "mri/T1.mgz")
    scanner = t1.affine @ np.linalg.inv(t1.header.get_vox2ras_tkr())
    meshes = {
        (h, kind): nib.freesurfer.read_geometry(ecog / f"surf/{h}.{kind}")
        for h in ("lh", "rh")
        for kind in ("white", "pial")
    }
    placed = {k: (nib.affines.apply_affine(scanner, xyz), f) for k, (xyz, f) in meshes.items()}
    middle = np.vstack([v[0] for v in placed.values()])[:, 0].mean()
    for (h, kind), (xyz, faces) in placed.items():
        side, points, triangles = {"lh": "left", "rh": "right"}[h], xyz, faces
        if wrong == "tkras":
            points = meshes[h, kind][0]
        elif wrong == "lps":
            points = xyz * (-1, -1, 1)
        elif wrong == "mirrored":
            # Mirrored in place, triangles turned outside again: each half is a sound surface.
            points, triangles = xyz * (-1, 1, 1) + np.array([2 * middle, 0, 0]), faces[:, ::-1]
        elif wrong == "swapped":
            side = {"left": "right", "right": "left"}[side]
        elif wrong == "shifted":
            points = xyz + np.array([0, 3.0, 0])
        write_gifti(folder / f"{side}.{kind}.gii", points, triangles, side)
    toml = folder / "patient.toml"
    toml.write_text(
        'id = "ecog"\n[anatomy]\n'
        f't1w = "{ecog / "mri/T1.mgz"}"\nribbon = "{ecog / "mri/aparc+aseg.mgz"}"\n'
        'coordinate_system = "scanner"\n'
        + "".join(
            f'{s}_{k} = "{s}.{k}.gii"\n' for s in ("left", "right") for k in ("white", "pial")
        )
    )
    return toml


def checked(path: Path, capsys) -> tuple[int, dict, str]:
    code = run(["check", str(path), "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out), err


def test_the_real_head_passes(ecog, capsys) -> None:
    code, data, err = checked(ecog, capsys)
    by_id = {t["id"]: t for t in data["tripwires"]}
    assert code == 0, err
    assert by_id["TP-F01"]["status"] == "pass"
    assert by_id["TP-F01"]["value"] >= 0.90
    assert by_id["TP-F02"]["status"] == "pass"
    assert by_id["TP-F06"]["status"] == "pass"
    assert by_id["TP-D01"]["status"] == "not-run"


def test_the_same_surfaces_as_gifti_pass(ecog, tmp_path, capsys) -> None:
    code, data, err = checked(source(ecog, tmp_path, None), capsys)
    assert code == 0, err
    assert data["tripwires"][0]["value"] >= 0.90


@pytest.mark.parametrize("wrong", ["tkras", "lps", "mirrored", "swapped", "shifted"])
def test_a_wrong_head_is_stopped_and_the_tripwire_named(ecog, tmp_path, capsys, wrong) -> None:
    code, data, err = checked(source(ecog, tmp_path, wrong), capsys)
    assert code == 4
    assert "TP-F01 fail" in err
    assert "tmsplan explain TP-F01" in err
    failed = {t["id"] for t in data["tripwires"] if t["status"] == "fail"}
    assert "TP-F01" in failed
    if wrong in {"swapped", "mirrored", "lps"}:
        assert "TP-F02" in failed
