"""The page about standard targets is what its script makes from the files."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from tmsplan.target.sgacc import CONTESTED
from tmsplan.target.standard_targets import load_standard, standard_names

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "methods"


def script():
    path = FOLDER / "standard_targets.py"
    spec = importlib.util.spec_from_file_location("standard_targets_page", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date() -> None:
    """If it is not: python docs/methods/standard_targets.py."""
    assert script().PAGE.read_text(encoding="utf-8") == script().page()


def test_every_target_stands_on_the_page_with_its_status() -> None:
    lines = script().page().splitlines()
    for name in standard_names("any"):
        standard = load_standard(name)
        if standard.kind == "bold":
            assert any(line.startswith(f"## `{name}`") for line in lines)
            continue
        (row,) = [line for line in lines if line.startswith(f"| `{name}` |")]
        assert standard.status in row
        assert standard.source in row
    assert CONTESTED in script().page()
