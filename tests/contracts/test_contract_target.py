"""What every declared standard target must satisfy; runs by itself on each of their files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tmsplan.coil.head.ten_ten import TEN_TEN_NAMES
from tmsplan.space.frame import template_frame
from tmsplan.space.side import Hemi
from tmsplan.target import read_standard
from tmsplan.target.read_standard import load_standard, standard_names

FOLDER = Path(read_standard.__file__).with_name("standard")
FILES = sorted(FOLDER.iterdir())
NAMES = standard_names("any")
DOI = re.compile(r"doi:10\.\d{4,9}/[-._;()/:A-Za-z0-9]+")


def test_every_file_is_a_target() -> None:
    assert [p.name for p in FILES] == sorted(f"{n}.toml" for n in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_its_name_is_safe_in_file_names_and_commands(name) -> None:
    for word in (name, *load_standard(name).aliases):
        assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*", word)


@pytest.mark.parametrize("name", NAMES)
def test_its_source_is_a_doi_or_says_that_there_is_no_paper(name) -> None:
    standard = load_standard(name)
    if standard.source.startswith("no paper: "):
        assert standard.status == "unverified"
    else:
        assert DOI.fullmatch(standard.source)


@pytest.mark.parametrize("name", NAMES)
def test_unverified_is_said_wherever_it_appears(name) -> None:
    standard = load_standard(name)
    if standard.status == "unverified":
        assert standard.shown == f"{standard.title} (unverified)"
        assert "; unverified; " in standard.pedigree
    else:
        assert standard.verified_by in standard.pedigree


@pytest.mark.parametrize("name", standard_names())
def test_a_point_has_a_versioned_template_and_the_side_of_its_sign(name) -> None:
    standard = load_standard(name)
    assert template_frame(standard.frame).owner == "template"
    x, y, z = standard.mni
    assert x == 0 or (x < 0) == (standard.hemi is Hemi.LEFT)
    if x == 0:
        assert "the left hemisphere is a choice" in standard.how
    # The box of the MNI152 brain: a point outside it is a unit or a frame mistaken.
    assert abs(x) < 75
    assert -110 < y < 75
    assert -60 < z < 85


@pytest.mark.parametrize("name", standard_names("scalp"))
def test_a_rule_starts_at_what_exists(name) -> None:
    standard = load_standard(name)
    rule = standard.rule
    if rule.by == "along":
        start = load_standard(rule.start)
        assert start.kind == "cortex"
        assert start.hemi is standard.hemi
    assert set(rule.sites) <= set(TEN_TEN_NAMES)


def test_no_name_stands_for_two() -> None:
    words = [w for n in NAMES for w in (n, *load_standard(n).aliases)]
    assert len(words) == len(set(words))
    assert not {"f3", "f4"} & set(words)


def test_two_targets_never_share_title_or_place() -> None:
    targets = [load_standard(n) for n in NAMES]
    titles = [t.title for t in targets]
    assert len(titles) == len(set(titles))
    places = [t.mni for t in targets if t.mni is not None]
    assert len(places) == len(set(places))


def test_a_conflict_that_names_a_target_names_one_that_exists() -> None:
    for name in NAMES:
        for conflict in load_standard(name).conflicts:
            for other in re.findall(r"\(([a-z]+[a-z0-9]*(?:-[a-z0-9]+)+)\)", conflict):
                load_standard(other)
