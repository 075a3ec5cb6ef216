"""Softaxic's reader on the file that the vendor's software wrote, and on broken ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tmsplan.base.errors import ChiralityError, InputError
from tmsplan.export import navigator_formats
from tmsplan.export.softaxic import softaxic_poses
from tmsplan.space import CoilSimnibs, Frame, Scanner

SCANNER = Frame(Scanner, "sub-01")
COIL = Frame(CoilSimnibs, "figure8-70mm")
#: P001 of the real file as SimNIBS reads it (its test_nnav.py).
P001 = [
    [-0.335503, -0.171625, 0.926273, -51.3255],
    [-0.234913, 0.967445, 0.0941655, 2.26082],
    [-0.912279, -0.186001, -0.364897, 68.1565],
    [0, 0, 0, 1],
]
GOOD = (
    '<!DOCTYPE stmp>\n<stmp><fmpm dataset="1"><fmp global="0" id="P1"><fp m00="0" m01="1" '
    'm02="0" m10="1" m11="0" m12="0" m20="0" m21="0" m22="-1" x="-1.2" y="-15.8" z="120" '
    'id="8" ts="1"><b x="0" y="0" z="0"/></fp></fmp></fmpm></stmp>'
)


def read(path: Path):
    return softaxic_poses(path, scanner=SCANNER, coil=COIL)


def test_the_real_file(neuronav: Path) -> None:
    found = read(neuronav / "neuronav_coil_test.stmpx")
    assert [p.name for p in found] == ["P001", "P002", "P004", "P006"]
    first = found[0].scanner_from_coil.matrix(SCANNER, COIL)
    np.testing.assert_allclose(first, P001, atol=1e-6)


def test_every_real_coil_looks_into_the_head(neuronav: Path) -> None:
    for pose in read(neuronav / "neuronav_coil_test.stmpx"):
        m = pose.scanner_from_coil.matrix(SCANNER, COIL)
        assert m[:3, 2] @ -m[:3, 3] / np.linalg.norm(m[:3, 3]) > 0.7


def test_columns_become_axes(tmp_path: Path) -> None:
    """D's columns are (0,1,0), (1,0,0), (0,0,-1): y, minus x, z."""
    path = tmp_path / "a.stmpx"
    path.write_text(GOOD)
    (pose,) = read(path)
    np.testing.assert_array_equal(
        pose.scanner_from_coil.matrix(SCANNER, COIL),
        [[-1, 0, 0, -1.2], [0, 1, 0, -15.8], [0, 0, -1, 120], [0, 0, 0, 1]],
    )


@pytest.mark.parametrize(
    ("old", "new", "error", "match"),
    [
        ("stmp>", "stamp>", InputError, "its root is 'stamp'|declares a document type"),
        ("<!DOCTYPE stmp>", "<!DOCTYPE stmp [<!ENTITY a 'b'>]>", InputError, "document type"),
        ('m22="-1"', 'm22="1"', ChiralityError, "P1: .*left would become right"),
        ('m22="-1"', 'm22="-1.0001"', InputError, "P1: the three axes are not a rotation"),
        ('m22="-1" ', "", InputError, "P1: m22 is ''. Expected a finite number"),
        ('x="-1.2"', 'x="-1,2"', InputError, "P1: x is '-1,2'"),
        ('x="-1.2"', 'x="inf"', InputError, "P1: x is 'inf'"),
        ('global="0"', 'global="1"', InputError, "global is '1'. Expected '0'"),
        ('id="P1"', "", InputError, "position 1 is called ''"),
        ("<fp ", "<pf ", InputError, "mismatched tag"),
        ("</fmpm>", '<fmp id="P1"/></fmpm>', InputError, "position 2 is called 'P1'"),
        ("</fmpm>", '<fmp id="P2"/></fmpm>', InputError, "P2 holds 0 fp. Expected exactly one"),
    ],
)
def test_a_broken_file_is_refused(old, new, error, match, tmp_path: Path) -> None:
    path = tmp_path / "a.stmpx"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(error, match=match):
        read(path)


def test_no_export_is_promised() -> None:
    assert [n for n in navigator_formats().names() if "softaxic" in n] == []
