"""The sheet as HTML: one file that holds all it shows, to be printed from any browser.

The typesetter makes ``sheet.pdf`` of the same text, so the two cannot differ.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.errors import InputError
from ..plan.plan import Plan, PlannedTarget
from .facts import frame_words, plan_head, region_cells
from .look import OVERLAY
from .page import static_text
from .sheet_content import SheetContent, all_statements, sheet_content, who
from .sheet_fit import Fit, StatementPage, fit_cover, fit_target
from .sheet_font import font_rules
from .sheet_slices import draw_slices
from .words import say, side_word

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render_sheet"]

#: Views on the sheet, in order.
_VIEWS = ("operator", "coil", "cortex")
#: 60 mm at about 300 dots an inch.
_PICTURE_PIXELS = 720
_JPEG_QUALITY = 88
#: Shares of a picture's height and width at its rims where only its own lettering stands, too
#: small to be read here; L and R lie further in (`view/pictures.py`, its margins).
_TOP, _FOOT, _ASIDE = 0.085, 0.115, 0.05
#: The list of regions on the page that no target owns.
_REGIONS = 10
_TAGS = re.compile(r"<[^>]*>")


def render_sheet(
    plan: Plan,
    pictures: Mapping[str, Mapping[str, Path]] | None = None,
    *,
    set_by: str | None = None,
) -> str:
    """Return all pages of a plan's sheet as one HTML text.

    Parameters
    ----------
    plan : Plan
        Without its scene the sheet has no pictures and says so.
    pictures : mapping of target id to mapping of view id to PNG file, or None
    set_by : str or None
        What the foot says of how it was set; None: printed from this file.
    """
    given = pictures or {}
    pages = _Pages(plan, set_by or say("sheet-set-browser"))
    if plan.ranking.verdict != "target" or not plan.targets:
        pages.cover()
    head = plan_head(plan)
    for planned in plan.targets:
        pages.target(planned, sheet_content(plan, planned, head), given.get(planned.target.id, {}))
    return pages.html()


class _Pages:
    """Pages as they are made: what each template call needs, in order."""

    def __init__(self, plan: Plan, set_by: str) -> None:
        self._plan = plan
        self._who = who(plan)
        self._texts = all_statements(plan)
        self._set_by = set_by
        self._pages: list[dict[str, Any]] = []
        self._rules: list[str] = []

    def cover(self) -> None:
        """Add the page of a plan in which no region stands out, or that has no target."""
        plan = self._plan
        rows = [region_cells(r) for r in plan.ranking.rows if r.candidate][:_REGIONS]
        targets = [(t.target.name, side_word(t.target.hemi)) for t in plan.targets]
        above = 34.0 + 4.4 * (2 + len(rows) + len(targets)) + 10.0
        size, pages = fit_cover(self._texts, above, self._who)
        cover = {"regions": rows, "targets": targets}
        self._add(pages, size, {"cover": cover, "content": None})

    def target(
        self, planned: PlannedTarget, content: SheetContent, pictures: Mapping[str, Path]
    ) -> None:
        """Add the page of one target, and those that its statements go on to."""
        slices = draw_slices(self._plan, planned)
        shown = [(view, _jpeg(pictures[view])) for view in _VIEWS if view in pictures]
        wide = sum(s.wide for s in slices)
        fit = fit_target(self._texts, content, self._who, slices=wide, pictures=len(shown))
        drawn = {"pictures": shown, "slices": slices, "fit": fit}
        self._add(fit.pages, fit.size_pt, {"cover": None, "content": content, **drawn})
        self._sizes(len(self._pages) - len(fit.pages), fit)

    def _sizes(self, page: int, fit: Fit) -> None:
        self._rules.append(
            f"#p{page} .pics img{{height:{fit.pictures_mm:.2f}mm}}"
            f"#p{page} .slices img{{height:{fit.slices_mm:.2f}mm}}"
        )

    def _add(
        self, pages: tuple[StatementPage, ...], size: float, facts: Mapping[str, Any]
    ) -> None:
        for n, statements in enumerate(pages):
            at = len(self._pages)
            self._rules.append(f"#p{at} .said{{font-size:{size:g}pt}}")
            own = facts if n == 0 else {**facts, "cover": None}
            place = {"first": n == 0, "part": n + 1, "parts": len(pages)}
            self._pages.append({**own, **place, "statements": statements})

    def html(self) -> str:
        """Return the whole file."""
        body = (
            _environment()
            .get_template("sheet_pages.html.j2")
            .render(
                say=say,
                plan=self._plan,
                who=self._who,
                pages=self._pages,
                set_by=self._set_by,
                frame=frame_words(self._plan),
                threshold=OVERLAY.threshold.value,
                bare=self._plan.scene is None or self._plan.scene.t1 is None,
            )
        )
        letters = "".join(sorted(set(_TAGS.sub(" ", body))))
        style = font_rules(letters) + static_text("sheet.css") + "".join(self._rules)
        return (
            _environment()
            .get_template("sheet.html.j2")
            .render(say=say, plan=self._plan, style=style, csp=_csp(style), body=body)
        )


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


def _csp(style: str) -> str:
    """Return the policy of a file without a script: nothing is loaded, nothing is sent."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src data:; font-src data:; style-src 'sha256-{digest}'; "
        f"base-uri 'none'; form-action 'none'"
    )


def _jpeg(path: Path) -> str:
    """Return a picture as the data URL of a JPEG, no finer than paper shows.

    Raises
    ------
    InputError
        If the file cannot be read as an image.
    """
    from matplotlib.image import imread, imsave

    try:
        pixels = imread(path)[..., :3]
    except (OSError, ValueError, SyntaxError) as err:  # SyntaxError: Pillow's for a broken PNG
        raise InputError(
            f"{path.name}: cannot be read as a picture. Expected a PNG that tmsplan wrote. "
            f"Write the pictures again."
        ) from err
    tall, wide = pixels.shape[:2]
    aside = int(_ASIDE * wide)
    pixels = pixels[int(_TOP * tall) : tall - int(_FOOT * tall), aside : wide - aside]
    step = max(1, pixels.shape[1] // _PICTURE_PIXELS)
    rows, columns = (n // step * step for n in pixels.shape[:2])
    blocks = pixels[:rows, :columns].reshape(rows // step, step, columns // step, step, 3)
    small = np.ascontiguousarray(np.clip(blocks.mean(axis=(1, 3)), 0, 1))
    buffer = io.BytesIO()
    imsave(buffer, small, format="jpeg", pil_kwargs={"quality": _JPEG_QUALITY})
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
