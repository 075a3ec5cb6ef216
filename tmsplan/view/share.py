"""The page to be shown to colleagues and in papers: no face, no T1, no name, no date, no file."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..base.errors import InputError, UsageError
from ..plan.plan import Plan
from ..plan.record import plan_from_record, plan_to_record
from .facts import short_hash
from .figures import save_png
from .page import render_page, static_text
from .page_file import write_page
from .pictures import write_pictures
from .plots import has_calibration, plot_calibration_of, plot_ranking
from .share_cut import face_plane, faceless
from .share_words import LEFT_OUT, private_of, require_clean
from .words import say

__all__ = [
    "DEFAULT_LABEL",
    "replaced_once",
    "require_label",
    "share_plan",
    "shared_page",
    "write_share",
]

DEFAULT_LABEL = "patient-A"
_LABEL = re.compile(r"[A-Za-z0-9-]{1,64}")
_NOTICE = (
    '<div class="banner" role="note"><span><b>SHARED FORM</b> without T1, face, name, dates and '
    "files; the patient is called {label}</span></div>\n"
)
#: Stands first among the caveats.
_LEFT_OUT = (
    "SHARED FORM. Left out: the T1 and its slices; the face (scalp cut off {because}); the "
    "patient's name, called {label} here; age; dates; names and hashes of files. Coordinates are "
    "those of the plan, in the scanner's frame."
)
#: Entries of plan.json's blocks that tell the person's age, or are hashes.
_DROPPED = frozenset({"curve", "sha256"})


def require_label(label: str) -> str:
    """Return what stands for the patient's id, if it can.

    Raises
    ------
    UsageError
        If it is not 1 to 64 letters, digits and hyphens.
    """
    if _LABEL.fullmatch(label) is None:
        raise UsageError(f"--as {label[:64]!r}: write 1 to 64 letters, digits and hyphens.")
    return label


def share_plan(plan: Plan, *, label: str = DEFAULT_LABEL) -> Plan:
    """Return a plan that holds nothing of whom it is, for pages and pictures alone.

    It is not written as plan.json: without the hashes nothing ties it to an image.

    Parameters
    ----------
    plan : Plan
    label : str
        Stands for the patient's id.

    Raises
    ------
    InputError
        If the label is the id, or the id cannot be told from the page's own words.
    UsageError
        If the label is none.
    """
    private = private_of(plan, require_label(label))
    if label in private.ids:
        raise InputError("--as: is the patient's own id. Choose a label that says nothing.")
    record = private.cleaned(_stripped(plan_to_record(plan)))
    record["patient"] = {"id": label}
    record["frame"] |= {"owner": label, "t1_sha256": "", "claims": []}
    record["created"] = ""
    record["caveats"].insert(0, _LEFT_OUT.format(because=_because(plan), label=label))
    shared = plan_from_record(record)
    if plan.scene is None:
        return shared
    return replace(shared, scene=faceless(plan.scene, face_plane(plan), shared.frame))


def _because(plan: Plan) -> str:
    return "with the whole scene" if plan.scene is None else face_plane(plan).because


def _stripped(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record without what is private by its place, whatever it says."""
    files = {"name": LEFT_OUT, "sha256": LEFT_OUT}
    return {
        **record,
        "inputs": [{"role": i["role"], **files} for i in record["inputs"]],
        "exports": [{**e, "file": LEFT_OUT, "sha256": LEFT_OUT} for e in record["exports"]],
        "norms": _without(record["norms"]),
        "coupling": _without(record["coupling"]),
        "others": [],
        # Nasion, ears and the low 10-10 sites draw the face that the scalp was cut for.
        "head": None,
        "targets": [{**t, "tape": None} for t in record["targets"]],
        "statements": [s for s in record["statements"] if s["id"] != "landmarks"],
    }


def _without(value: Any) -> Any:  # noqa: ANN401 - plain JSON data of any shape
    if isinstance(value, Mapping):
        return {k: _without(v) for k, v in value.items() if k not in _DROPPED}
    return [_without(v) for v in value] if isinstance(value, list) else value


def write_share(plan: Plan, path: Path, *, label: str = DEFAULT_LABEL) -> Path:
    """Write the page of a plan in the form that can be shared.

    Parameters
    ----------
    plan : Plan
        Without its scene the page has words, tables and numbers.
    path : Path
        The HTML file.
    label : str
        Stands for the patient's id.

    Returns
    -------
    Path
        `path`. Its mode is 0600 all the same: who may read it is for its owner to say.

    Raises
    ------
    InputError, UsageError
        As `share_plan`; or if something private is still there. Nothing is written then.
    MissingPartError
        If this machine cannot render.
    """
    shared = share_plan(plan, label=label)
    with tempfile.TemporaryDirectory(prefix="tmsplan-share-") as folder:
        drawn = Path(folder)
        pictures = {} if shared.scene is None else write_pictures(shared, drawn)
        html = shared_page(plan, shared, pictures, _plots(shared, drawn))
    write_page(path, html)
    return path


def _plots(shared: Plan, folder: Path) -> dict[str, Path]:
    figures = {"ranking": plot_ranking(shared)}
    if has_calibration(shared):
        figures["calibration"] = plot_calibration_of(shared)
    paths = {name: folder / f"{name}.png" for name in figures}
    for name, figure in figures.items():
        save_png(figure, paths[name])
    return paths


def shared_page(
    plan: Plan,
    shared: Plan,
    pictures: Mapping[str, Mapping[str, Path]],
    plots: Mapping[str, Path],
) -> str:
    """Return the page of a shared plan, searched for everything private of the plan.

    Parameters
    ----------
    plan : Plan
    shared : Plan
        From `share_plan` of `plan`.
    pictures, plots
        Of `shared`, as `render_page` takes them.

    Raises
    ------
    InputError
        If something private is still there.
    """
    html = _said(render_page(shared, pictures, plots), shared)
    ours = (static_text("page.js"), static_text("page.css"))
    require_clean(html, private_of(plan, shared.patient_id), ours)
    return html


def _said(html: str, shared: Plan) -> str:
    """Say on the page what was left out, in place of what the page of a patient says."""
    created = f'<div><dt>{say("page-created")}</dt><dd class="num"> UTC</dd></div>\n'
    t1 = f'<div><dt>{say("page-t1-short")}</dt><dd class="hash">{short_hash("")}</dd></div>\n'
    notice = _NOTICE.format(label=shared.patient_id)
    html = replaced_once(replaced_once(html, created, ""), t1, "")
    if shared.scene is not None:
        html = replaced_once(html, f" <strong>{say('private')}</strong>", "")
    return replaced_once(html, "</header>", f"{notice}</header>")


def replaced_once(html: str, old: str, new: str) -> str:
    """Replace a text that a page holds exactly once.

    Raises
    ------
    InputError
        If it is there never or more often: then the page is not built as we know it.
    """
    if html.count(old) != 1:
        raise InputError(
            f"the page holds {old[:40]!r} {html.count(old)} times instead of once; it was not "
            f"written. This is a bug in tmsplan."
        )
    return html.replace(old, new)
