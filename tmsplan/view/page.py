"""The page: one HTML file that holds all it shows and can neither fetch nor send anything.

Every number and sentence is plain HTML, there without scripts and on paper. The script turns
the head, cuts the slices and links them; it reads only what lies in the file.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..plan.plan import Plan
from .look import OVERLAY
from .page_blocks import scene_blocks
from .page_data import page_data
from .page_field import field_rows, field_statements
from .page_head import head_missing, landmark_rows, tape_sheets
from .page_images import embedded
from .page_others import compared_with_all, other_rows
from .page_scalp import map_legends
from .page_sections import checks, comparison_rows, head_facts, provenance, region_rows
from .page_statements import first_statements, grouped_statements
from .page_targets import target_cards
from .quality import calibration_rows, definition_rows, quality_rows
from .words import WORDS, say

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["csp", "render_page"]

#: Rows shown before the list of all regions has to be opened.
_FIRST_ROWS = 12
#: The same of the other standard targets.
_FIRST_OTHERS = 8


def render_page(
    plan: Plan,
    pictures: Mapping[str, Mapping[str, Path]],
    plots: Mapping[str, Path] | None = None,
    *,
    share: bool = False,
) -> str:
    """Return the whole page as one HTML text.

    Parameters
    ----------
    plan : Plan
        Without its scene the page has words, tables and numbers, and says what is missing.
    pictures : mapping of target id to mapping of view id to PNG file
        They stand in for the 3D view on paper and where there is no WebGL. Empty if nothing
        could be drawn; the page says so.
    plots : mapping of ``"ranking"``, ``"norm"``, ``"calibration"`` to PNG file, or None
    share : bool
        Leave out T1 and scalp, which show a face.
    """
    script, style = static_text("page.js"), static_text("page.css")
    blocks = scene_blocks(plan, share=share)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            **_words(plan, pictures),
            say=say,
            csp=csp(script, style),
            script=script,
            style=style,
            facts=_json(page_data(plan)),
            blocks=blocks,
            private="t1" in blocks or "scalp" in blocks,
            overlay=OVERLAY,
            maps=map_legends(plan) if "scalp" in blocks else [],
            plots={name: embedded(path) for name, path in (plots or {}).items()},
        )
    )


def _words(plan: Plan, pictures: Mapping[str, Mapping[str, Path]]) -> dict[str, Any]:
    """Return what the templates print: every section ready in words."""
    compared = compared_with_all(plan)
    return {
        "plan": plan,
        "labels": [(label, WORDS.get(f"label:{label}", "")) for label in plan.labels],
        "head": head_facts(plan),
        "checks": checks(plan.tripwires),
        "first": first_statements(plan),
        "statements": grouped_statements(plan),
        "targets": target_cards(plan, pictures, compared),
        "regions": region_rows(plan),
        "first_rows": _FIRST_ROWS,
        "comparisons": comparison_rows(plan),
        "others": other_rows(plan, compared),
        "first_others": _FIRST_OTHERS,
        "landmarks": landmark_rows(plan),
        "tapes": tape_sheets(plan),
        "head_missing": head_missing(plan),
        "fields": field_rows(plan),
        "field_statements": field_statements(plan),
        "quality": quality_rows(plan),
        "definitions": definition_rows(plan),
        "calibration": calibration_rows(plan),
        "provenance": provenance(plan),
    }


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("tmsplan.view", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def static_text(name: str) -> str:
    """Return one of the built files of the page, as it was committed."""
    return files("tmsplan.view").joinpath("static", name).read_text(encoding="utf-8")


def csp(script: str, style: str) -> str:
    """Return the policy under which only this script and this style work.

    Nothing may be loaded from anywhere, and nothing sent: there is no ``connect-src``, no form
    has an action, and pictures are data inside the file.
    """
    return (
        f"default-src 'none'; img-src data:; script-src {_source(script)}; "
        f"style-src {_source(style)}; base-uri 'none'; form-action 'none'"
    )


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(data: Mapping[str, Any]) -> str:
    """Return JSON that can lie inside an element: ``<`` is escaped, so nothing can close it."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")
