"""The pictures of the coil axes show what the writers write."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from tmsplan.export.brainsight.write import AXES as BRAINSIGHT
from tmsplan.export.invesalius.write import AXES as INVESALIUS
from tmsplan.export.localite.write import AXES as LOCALITE
from tmsplan.export.navinibs.write import AXES as NAVINIBS
from tmsplan.export.simnibs.write import AXES as SIMNIBS
from tmsplan.export.visor2.write import AXES as VISOR2

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "navigators"
WRITTEN = {
    "brainsight": BRAINSIGHT,
    "invesalius": INVESALIUS,
    "localite": LOCALITE,
    "navinibs": NAVINIBS,
    "simnibs": SIMNIBS,
    "visor2": VISOR2,
}


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("axes", FOLDER / "axes.py")
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["axes"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", WRITTEN)
def test_the_drawn_axes_are_the_written_ones(script, name: str) -> None:
    drawn = script.VENDORS[name]
    expected = np.array(WRITTEN[name])[:3, :3]
    np.testing.assert_array_equal(np.column_stack([drawn.x, drawn.y, drawn.z]), expected)


def test_every_convention_is_right_handed_and_has_its_picture(script) -> None:
    for name, drawn in script.VENDORS.items():
        np.testing.assert_array_equal(np.cross(drawn.x, drawn.y), drawn.z, err_msg=name)
        assert 0 < (FOLDER / f"axes_{name}.png").stat().st_size < 60_000


def test_a_coil_on_the_vertex_lies_as_g1_says(script) -> None:
    """x to the patient's left, y forward, z down: the handle points backwards."""
    found = [script._world(axis) for axis in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
    np.testing.assert_array_equal(found, [[-1, 0, 0], [0, 1, 0], [0, 0, -1]])


def test_the_eye_sees_the_nose_on_the_left_and_the_left_ear_in_front(script) -> None:
    right, up = script._seen(np.array([[0, 1, 0], [0, 0, 1]]))[:, :]
    assert right[0] < -0.8
    assert up[1] > 0.8
    assert script._EYE[0] < 0
