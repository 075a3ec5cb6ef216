"""MZ3: the bytes that other programs read, and what is not one is refused."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from tmsplan.base.errors import InputError
from tmsplan.view.mz3 import Mz3, mz3_bytes, read_mz3


def by_hand() -> bytes:
    """One triangle, written with struct alone, from the format's description."""
    return b"".join(
        (
            struct.pack("<HHIII", 23117, 1 | 2 | 4 | 8, 1, 3, 0),
            struct.pack("<3i", 0, 1, 2),
            struct.pack("<9f", 0, 0, 0, 10.5, 0, 0, 0, -2.25, 0),
            struct.pack("<12B", 255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255),
            struct.pack("<6f", -3.5, 0, 2, 0.25, 0.5, 1),
        )
    )


def triangle() -> Mz3:
    return Mz3(
        np.array([[0, 0, 0], [10.5, 0, 0], [0, -2.25, 0]], np.float32),
        np.array([[0, 1, 2]], np.int32),
        np.array([[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]], np.uint8),
        np.array([[-3.5, 0, 2], [0.25, 0.5, 1]], np.float32),
    )


def test_the_bytes_are_those_of_the_format() -> None:
    assert gzip.decompress(mz3_bytes(triangle())) == by_hand()
    assert mz3_bytes(triangle()) == mz3_bytes(triangle())


@pytest.mark.parametrize("packed", [True, False], ids=["gzipped", "plain"])
def test_a_file_by_hand_is_read(packed: bool) -> None:
    found, wanted = read_mz3(gzip.compress(by_hand()) if packed else by_hand()), triangle()
    assert np.array_equal(found.vertices, wanted.vertices)
    assert np.array_equal(found.faces, wanted.faces)
    assert np.array_equal(found.rgba, wanted.rgba)
    assert np.array_equal(found.layers, wanted.layers)


def test_vertices_alone_are_a_file_too() -> None:
    found = read_mz3(mz3_bytes(Mz3(triangle().vertices)))
    assert (found.faces, found.rgba, found.layers) == (None, None, None)
    assert np.array_equal(found.vertices, triangle().vertices)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"MZ", "a header of 16 bytes; got 2 bytes"),
        (by_hand()[:60], "60 bytes is not as long as its header says"),
        (by_hand()[:-2], "not as long as its header says"),
        (b"PK" + by_hand()[2:], "no MZ3 mesh: magic 19280"),
        (struct.pack("<HHIII", 23117, 1, 1, 3, 0) + bytes(12), "attributes 1"),
        (struct.pack("<HHIII", 23117, 2, 0, 1, 0) + bytes(16), "not as long as its header says"),
    ],
    ids=["short", "cut", "cut-layer", "other", "no-vertices", "too-long"],
)
def test_what_is_no_mesh_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_mz3(data)
