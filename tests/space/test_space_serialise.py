"""Frames survive a file, and a file that contradicts itself is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from strategies import OTHER, SCANNER, TKRAS, affine_matrices, point_arrays, rigid_matrices

from tmsplan.base import ChiralityError, FrameError, InputError
from tmsplan.space import Affine, Frame, Mni305, Points, Rigid
from tmsplan.space.serialise import (
    frame_from_dict,
    frame_to_dict,
    linear_from_dict,
    linear_to_dict,
    points_from_dict,
    points_to_dict,
)

MNI = Frame(Mni305, "template")


def through_json(data):
    return json.loads(json.dumps(data))


@given(point_arrays)
def test_points_survive(xyz) -> None:
    again = points_from_dict(through_json(points_to_dict(Points(xyz, SCANNER))), SCANNER)
    np.testing.assert_array_equal(again.mm(SCANNER), xyz)


@given(rigid_matrices())
def test_rigid_maps_survive(m) -> None:
    t = Rigid.claim(m, dst=SCANNER, src=TKRAS, because="a test")
    again = linear_from_dict(through_json(linear_to_dict(t)), SCANNER, TKRAS)
    assert isinstance(again, Rigid)
    np.testing.assert_array_equal(again.matrix(SCANNER, TKRAS), m)
    assert again.because == ("a test",)


@given(affine_matrices())
def test_affine_maps_survive(m) -> None:
    t = Affine.claim(m, dst=MNI, src=SCANNER, because="a test")
    again = linear_from_dict(through_json(linear_to_dict(t)), MNI, SCANNER)
    assert isinstance(again, Affine)
    np.testing.assert_array_equal(again.matrix(MNI, SCANNER), m)


def test_another_patients_points_are_refused() -> None:
    data = points_to_dict(Points([1, 2, 3], OTHER))
    with pytest.raises(FrameError, match="the data say sub-02/Scanner, but sub-01/Scanner"):
        points_from_dict(data, SCANNER)


@pytest.mark.parametrize(("key", "value"), [("axes", "LPS"), ("unit", "m")])
def test_axes_and_unit_are_checked(key, value) -> None:
    data = frame_to_dict(SCANNER) | {key: value}
    with pytest.raises(FrameError, match=f"has {key} .*but the data say '{value}'"):
        frame_from_dict(data)


def test_unknown_kinds_and_bare_numbers_are_refused() -> None:
    with pytest.raises(FrameError, match="'World' is no kind of frame; known: "):
        frame_from_dict(frame_to_dict(SCANNER) | {"kind": "World"})
    with pytest.raises(FrameError, match="needs 'owner' as a text"):
        frame_from_dict({"kind": "Scanner", "axes": "RAS", "unit": "mm"})
    with pytest.raises(FrameError, match="numbers without a frame are refused"):
        points_from_dict({"xyz": [[1, 2, 3]]}, SCANNER)


def test_a_matrix_edited_in_the_file_is_refused() -> None:
    t = Rigid.claim(np.eye(4), dst=SCANNER, src=TKRAS, because="a test")
    data = through_json(linear_to_dict(t))
    data["matrix"][0][0] = -1
    with pytest.raises(ChiralityError, match="mirrors space"):
        linear_from_dict(data, SCANNER, TKRAS)
    data = through_json(linear_to_dict(t)) | {"because": []}
    with pytest.raises(InputError, match="carries no reason"):
        linear_from_dict(data, SCANNER, TKRAS)
    with pytest.raises(FrameError, match="a transform's source"):
        linear_from_dict(through_json(linear_to_dict(t)), SCANNER, MNI)
