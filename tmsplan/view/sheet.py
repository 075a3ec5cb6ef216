"""The target sheet: one printed A4 page per target, for the hands that hold the coil.

One HTML file, printed from any browser, and a PDF of the same text. Where the typesetter is
not installed, the PDF has a plainer layout with the same numbers, and says so in its foot.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from ..plan.plan import Plan
from .page_file import write_page
from .sheet_page import render_sheet
from .sheet_plain import write_plain
from .sheet_typeset import Typesetter, find_typesetter
from .words import say

__all__ = ["write_sheet", "write_sheet_page"]

_LOG = logging.getLogger(__name__)


def write_sheet(
    plan: Plan, path: Path, pictures: Mapping[str, Mapping[str, Path]] | None = None
) -> Path:
    """Write ``sheet.pdf``: one page per target; first of all a page that says if none stands out.

    A target whose statements cannot fit on one page gets a second one, and both say so. Equal
    plans give equal bytes.

    Parameters
    ----------
    plan : Plan
    path : Path
        PDF file to write.
    pictures : mapping of target id to mapping of view id to PNG file, or None
    """
    setter = find_typesetter()
    if isinstance(setter, Typesetter):
        set_by = say("sheet-set-typeset", version=setter.version)
        path.write_bytes(setter.pdf(render_sheet(plan, pictures, set_by=set_by)))
        return path
    _LOG.warning("%s: %s", path.name, setter)
    return write_plain(plan, path, pictures)


def write_sheet_page(
    plan: Plan, path: Path, pictures: Mapping[str, Mapping[str, Path]] | None = None
) -> Path:
    """Write ``sheet.html``: the sheet as one file, to be printed from any browser.

    It holds slices of the T1: only its owner can read the file.

    Parameters
    ----------
    plan, pictures
        As of `write_sheet`.
    path : Path
        HTML file to write.
    """
    write_page(path, render_sheet(plan, pictures))
    return path
