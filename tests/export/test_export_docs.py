"""The page of navigators says what the formats say of themselves."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from tmsplan.export import navigator_formats

DOCS = Path(__file__).resolve().parents[2] / "docs" / "navigators"


def table_module():
    spec = importlib.util.spec_from_file_location("navigators_table", DOCS / "table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_the_one_that_its_script_makes() -> None:
    assert (DOCS / "index.md").read_text(encoding="utf-8") == table_module().table()


@pytest.mark.parametrize("name", navigator_formats().names())
def test_every_format_has_a_page_with_axes_and_what_to_verify(name) -> None:
    text = (DOCS / f"{table_module().page_of(name)}.md").read_text(encoding="utf-8")
    assert re.search(r"!\[[^\]]+\]\(axes_[a-z0-9-]+\.png\)", text), "no picture of the coil axes"
    assert "verify" in text.lower()
    for picture in re.findall(r"\((axes_[a-z0-9-]+\.png)\)", text):
        assert (DOCS / picture).is_file()
