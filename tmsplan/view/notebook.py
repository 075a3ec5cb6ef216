"""A plan in a notebook: one small picture and a table, and the page on demand.

The page is megabytes of one patient's face; a notebook would keep it. So a cell shows a picture
and the numbers, and the page is a file that is asked for.
"""

from __future__ import annotations

import base64
import io
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..base.errors import MissingPartError
from ..plan.plan import Plan, PlannedTarget
from .figures import save_png
from .page_file import write_page
from .words import say, side_word

if TYPE_CHECKING:
    from jinja2 import Environment
    from matplotlib.figure import Figure

__all__ = ["PICTURE_BYTES", "PlanView", "join_notebook", "show", "view"]

#: A notebook is versioned and mailed: the picture in it stays below this.
PICTURE_BYTES = 60_000
_SIZE = (840, 720)
#: Tried in order until the picture is small enough.
_QUALITIES = (82, 70, 55, 40, 25)


@dataclass(frozen=True, slots=True, eq=False)
class PlanView:
    """A plan as it is looked at.

    Parameters
    ----------
    plan : Plan
    """

    plan: Plan

    def save_as_html(self, path: Path | str) -> Path:
        """Write the whole page to one file that only its owner can read.

        Parameters
        ----------
        path : Path or str
            Its folder must exist; a page that lies there is replaced.

        Returns
        -------
        Path
            The file. It holds patient data: face and T1.

        Raises
        ------
        MissingPartError
            If the plan has its scene and this machine cannot render.
        """
        from .figure_files import write_plots
        from .page import render_page
        from .pictures import write_pictures

        path = Path(path)
        with tempfile.TemporaryDirectory() as folder:
            pictures = {} if self.plan.scene is None else write_pictures(self.plan, Path(folder))
            plots = write_plots(self.plan, Path(folder))
            write_page(path, render_page(self.plan, pictures, plots))
        return path

    def open_in_browser(self) -> Path:
        """Write the page to a private temporary folder and open it; returns the file.

        The file stays until the system clears its temporary folder: the browser reads it later.
        """
        import webbrowser

        folder = Path(tempfile.mkdtemp(prefix="tmsplan-"))  # made with mode 0700
        path = self.save_as_html(folder / "report.html")
        webbrowser.open(path.as_uri())
        return path

    def _repr_html_(self) -> str:
        """Return picture and table for a notebook, without the page."""
        picture, note = _picture(self.plan)
        return (
            _environment()
            .get_template("notebook.html.j2")
            .render(
                say=say,
                plan=self.plan,
                picture=picture,
                note=note,
                verdict=say(f"verdict-{self.plan.ranking.verdict}"),
                rows=_rows(self.plan),
            )
        )


def view(plan: Plan) -> PlanView:
    """Return a plan as it is looked at: in a notebook, as a page, in the browser.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    PlanView
        With ``save_as_html(path)`` and ``open_in_browser()``; a notebook shows picture and table.
    """
    return PlanView(plan)


def show(plan: Plan) -> PlanView:
    """Return `view` of a plan, under a name that no room of the package has: ``tp.show(plan)``.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    PlanView
    """
    return view(plan)


def join_notebook() -> bool:
    """Let a running notebook show any `Plan` as `view` does; returns whether there is one.

    `Plan` lies below this room and cannot know how it is drawn, so the form is registered with
    the notebook's formatter. Without IPython in this process nothing happens.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return False
    html = shell.display_formatter.formatters["text/html"]
    html.for_type(Plan, lambda plan: PlanView(plan)._repr_html_())
    return True


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # Names of patients, targets and regions are text, whatever they look like.
    return Environment(
        loader=PackageLoader("tmsplan.view", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )


def _picture(plan: Plan) -> tuple[str, str]:
    """Return the picture as a data URL, or empty and why there is none."""
    from .pictures import VIEWS, draw_picture, ready_scene

    if not plan.targets or plan.scene is None:
        return "", say("no-targets" if not plan.targets else "no-pictures")
    try:
        baked = ready_scene(plan)
    except MissingPartError as err:
        return "", str(err)  # a table without a picture is still of use, and says why
    figure = draw_picture(plan, plan.targets[0], VIEWS[0], baked, size=_SIZE)
    return "data:image/webp;base64," + base64.b64encode(_webp(_pixels(figure))).decode(), ""


def _pixels(figure: Figure) -> NDArray[np.uint8]:
    from matplotlib.image import imread

    stream = io.BytesIO()
    save_png(figure, stream)
    stream.seek(0)
    return np.round(imread(stream)[..., :3] * 255).astype(np.uint8)


def _webp(pixels: NDArray[np.uint8]) -> bytes:
    from matplotlib.image import imsave

    packed = b""
    for quality in _QUALITIES:
        stream = io.BytesIO()
        imsave(stream, pixels, format="webp", pil_kwargs={"quality": quality, "method": 6})
        packed = stream.getvalue()
        if len(packed) <= PICTURE_BYTES:
            break
    return packed


def _rows(plan: Plan) -> list[dict[str, str]]:
    """Return one row of words for each target, in the plan's order."""
    first = next((t for t in plan.targets if t.target.kind == "coupling"), None)
    return [_row(plan, planned, first) for planned in plan.targets]


def _row(plan: Plan, planned: PlannedTarget, first: PlannedTarget | None) -> dict[str, str]:
    target, pose = planned.target, planned.pose
    apart = ""
    if first is not None and planned is not first:
        apart = f"{float(target.point.distances(first.target.point)[0]):.1f}"
    return {
        "name": target.name,
        "kind": say(f"kind-{target.kind}"),
        "side": side_word(target.hemi),
        "cortex": _xyz(target.point.mm(plan.frame)[0]),
        "coil": _xyz(pose.centre.mm(plan.frame)[0]),
        "depth": f"{pose.depth_mm:.1f}",
        "z": say("missing") if target.z is None else f"{target.z:+.2f}",
        "apart": apart,
    }


def _xyz(mm: NDArray[np.float64]) -> str:
    return ", ".join(f"{v:.1f}" for v in mm)
