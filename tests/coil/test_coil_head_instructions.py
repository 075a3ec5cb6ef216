"""Instructions in words: whoever follows them arrives; and the sides are the patient's."""

from __future__ import annotations

import re

import numpy as np
import pytest
from head_marks import colin27, fsaverage, marks_on, scalp_from
from round_head import MIRROR, sphere

from tmsplan.base.errors import InputError
from tmsplan.coil.head import (
    beam_f3,
    head_tapes,
    tape_instructions,
    ten_ten,
    walk_instructions,
)
from tmsplan.space import Hemi, Points

R = 92.0
FOUR = {
    "nasion": np.array([2.0, R, -8]),
    "inion": np.array([1.0, -R, -5]),
    "lpa": np.array([-R, 3.0, -4]),
    "rpa": np.array([R, -2.0, -6]),
}


def bumpy(mirror: bool = False):
    v, f = sphere(5)
    xyz = v * (R + 2.5 * np.cos(v @ [3.0, 1.0, 2.0]) + np.sin(v @ [-1.0, 2.5, 4.0]))[:, None]
    four = dict(FOUR)
    if mirror:
        xyz, f = xyz @ MIRROR, f[:, ::-1]
        four = {k: p @ MIRROR for k, p in FOUR.items()}
        four["lpa"], four["rpa"] = four["rpa"], four["lpa"]
    scalp = scalp_from("bumpy", xyz, f)
    return scalp, marks_on(scalp, four)


def test_whoever_follows_them_arrives_within_a_millimetre():
    """Lengths are rounded to 1 mm, so that at most 0.5 mm are lost on each tape."""
    scalp, marks = bumpy()
    tapes = head_tapes(scalp, marks)
    rng = np.random.default_rng(3)
    ways = rng.normal(size=(12, 3))
    ways[:, 2] = np.abs(ways[:, 2]) + 0.4
    places = scalp.contact(
        Points(ways / np.linalg.norm(ways, axis=1)[:, None] * R, scalp.surface.frame)
    ).points
    for k in range(len(places)):
        place = places.take(k)
        told = tape_instructions(place, scalp, marks, tapes=tapes)
        assert walk_instructions(told, scalp, marks, tapes=tapes).distances(place)[0] < 1.0


@pytest.mark.parametrize("head", [colin27, fsaverage])
def test_on_real_heads_all_clinical_sites_are_reached(head):
    scalp, marks, _ = head()
    tapes = head_tapes(scalp, marks)
    places = ten_ten(scalp, marks, tapes=tapes)
    for name in ("F3", "F4", "F5", "AF3", "P3", "P4", "C3", "C4", "Fz", "Cz", "TP8", "CP5"):
        told = tape_instructions(places[name], scalp, marks, tapes=tapes)
        arrived = walk_instructions(told, scalp, marks, tapes=tapes)
        assert arrived.distances(places[name])[0] < 1.0, name


def test_the_words_are_the_numbers_and_the_side_is_the_patients():
    scalp, marks = bumpy()
    tapes = head_tapes(scalp, marks)
    told = tape_instructions(beam_f3(scalp, marks).point, scalp, marks, tapes=tapes)
    assert told.side is Hemi.LEFT
    text = str(told)
    assert f"draw a cross {told.up_mm / 10:.1f} cm from the nasion" in text
    assert f"{told.lateral_mm / 10:.1f} cm from the cross towards the patient's left ear" in text
    assert f"ear to ear over the vertex {tapes.ear_to_ear_mm / 10:.1f} cm" in text
    assert set(told.checks_mm) == {"nasion", "inion", "left ear", "vertex"}
    assert "right ear to the place" not in text
    assert all(re.search(r"\.$", line) for line in told.lines)
    assert sum("given" in line for line in told.lines) == 4  # where each landmark comes from
    assert told.numbers["up_mm"] == told.up_mm
    assert told.numbers["nasion_to_point_mm"] == told.checks_mm["nasion"]


def test_a_mirrored_head_is_told_the_other_side_and_the_same_numbers():
    plain, flipped = bumpy(), bumpy(mirror=True)
    place = beam_f3(*plain).point
    frame = plain[0].surface.frame
    a = tape_instructions(place, *plain)
    b = tape_instructions(Points(place.mm(frame) @ MIRROR, frame), *flipped)
    assert (a.side, b.side) == (Hemi.LEFT, Hemi.RIGHT)
    assert (a.up_mm, a.lateral_mm) == (b.up_mm, b.lateral_mm)
    assert list(a.checks_mm.values()) == list(b.checks_mm.values())


def test_the_checks_are_the_tapes_to_the_place():
    v, f = sphere(5)
    scalp = scalp_from("ball", v * R, f)
    flat = {"nasion": [0, R, 0], "inion": [0, -R, 0], "lpa": [-R, 0, 0], "rpa": [R, 0, 0]}
    marks = marks_on(scalp, {k: np.array(p, float) for k, p in flat.items()})
    way = np.array([-0.5, 0.6, 0.62])
    way /= np.linalg.norm(way)
    told = tape_instructions(Points(way * R, scalp.surface.frame), scalp, marks)
    for name, axis in (("nasion", (0, 1, 0)), ("left ear", (-1, 0, 0)), ("vertex", (0, 0, 1))):
        assert told.checks_mm[name] == pytest.approx(R * np.arccos(way @ axis), abs=0.6)
    # The tape over both ears meets the midline where x is 0: at the same y to z.
    assert told.up_mm == pytest.approx(R * np.arctan2(way[2], way[1]), abs=0.6)


def test_a_place_on_the_midline_has_no_side():
    scalp, marks = bumpy()
    tapes = head_tapes(scalp, marks)
    told = tape_instructions(tapes.sagittal.on_skin(110.0), scalp, marks, tapes=tapes)
    assert told.side is None
    assert (told.up_mm, told.lateral_mm) == (110, 0)
    assert "The cross is the place" in told.lines[2]


def test_a_place_below_the_ears_is_refused():
    scalp, marks = bumpy()
    below = scalp.contact(Points([-20, 70, -60], scalp.surface.frame)).points
    with pytest.raises(InputError, match=r"below the plane of nasion, ears and inion.*navigator"):
        tape_instructions(below, scalp, marks)


def test_another_heads_instructions_do_not_fit_silently():
    scalp, marks = bumpy()
    told = tape_instructions(beam_f3(scalp, marks).point, scalp, marks)
    v, f = sphere(4)
    small = scalp_from("child", v * 70, f)
    four = marks_on(small, {k: p * 70 / R for k, p in FOUR.items()})
    wide = type(told)(told.lines, 290, told.lateral_mm, told.side, {}, {})
    with pytest.raises(InputError, match=r"the mark 290.0 mm is not on a tape"):
        walk_instructions(wide, small, four)
