"""The verb that shows a plan: opens its page, writes the form to share, or serves it to move."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..base.errors import InputError, UsageError
from . import say
from .new_file import require_new_file

if TYPE_CHECKING:
    from ..plan.move_ground import MoveGround
    from ..plan.plan import Plan
    from .outputs import Destination

__all__ = ["Serving", "run_serve", "run_share", "run_view", "saver", "view"]

_PAGE = "report.html"
_NUMBERED = re.compile(r"-moved(-\d+)?$")


@dataclass(frozen=True, slots=True)
class Serving:
    """What ``--serve`` was asked with.

    Parameters
    ----------
    source : Path or None
        The patient that the plan was made from.
    subject, maps, use_form
        As ``tmsplan plan`` reads it.
    operator : str or None
        Who moves targets; needed to save.
    """

    source: Path | None = None
    subject: str | None = None
    maps: tuple[str, ...] = ()
    use_form: str | None = None
    operator: str | None = None


def view(  # noqa: PLR0913 - one argument a flag
    plan: Annotated[Path, typer.Argument(help="plan.json, or the folder that holds it.")],
    share: Annotated[
        bool, typer.Option("--share", help="Write a form without face, T1, name, dates to -o.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="With --share: HTML.")] = None,
    label: Annotated[
        str | None, typer.Option("--as", help="With --share: what stands for the patient's id.")
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve the page to this machine; targets can be moved.")
    ] = False,
    source: Annotated[
        Path | None, typer.Option(help="With --serve: the plan's SOURCE; adds the field.")
    ] = None,
    subject: Annotated[str | None, typer.Option("--subject", "-s", help="Patient id.")] = None,
    maps: Annotated[list[str] | None, typer.Option("--map", help="NAME=FILE of SOURCE.")] = None,
    use_form: Annotated[
        Literal["sform", "qform"] | None, typer.Option(help="Which form of SOURCE to believe.")
    ] = None,
    operator: Annotated[
        str | None, typer.Option(help="With --serve: who moves targets; needed to save.")
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Open no browser.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Open the page of a plan; or write it for colleagues; or serve it to move a target."""
    _require_one_job(share, serve, shared=(out, label), served=(source, operator))
    if share:
        if out is None:
            raise UsageError("--share needs -o FILE.html: where to write the page.")
        run_share(plan, out, label=label, overwrite=overwrite, as_json=json)
    elif serve:
        asked = Serving(source, subject, tuple(maps or ()), use_form, operator)
        run_serve(plan, asked, open_it=not no_open, as_json=json)
    else:
        run_view(plan, open_it=not no_open, as_json=json)


def _require_one_job(
    share: bool,
    serve: bool,
    *,
    shared: tuple[object, ...],
    served: tuple[object, ...],
) -> None:
    if share and serve:
        raise UsageError("--share writes a file and --serve starts a server; pass one of them.")
    if not share and any(v is not None for v in shared):
        raise UsageError("-o and --as are for --share; pass it too, or drop them.")
    if not serve and any(v is not None for v in served):
        raise UsageError("--source and --operator are for --serve; pass it too, or drop them.")


def run_view(path: Path, *, open_it: bool, as_json: bool) -> None:
    """Open the page that lies beside a plan, or one that is made now if that is not its page."""
    from ..plan.store import PLAN_FILE, load_plan

    plan = load_plan(path)  # a plan that cannot be read has no page
    folder = path if path.is_dir() else path.parent
    page, made = folder / _PAGE, False
    if not _belongs(folder, _PAGE) or not _belongs(folder, PLAN_FILE):
        page, made = _drawn(plan), True
        say.note(f"{_PAGE} beside the plan is absent or not the plan's, so it was made anew.")
    opened = open_it and _open(page.resolve().as_uri())
    data = {"page": str(page), "made": made, "opened": opened}
    say.result(f"page: {page}", data, as_json=as_json)


def _belongs(folder: Path, name: str) -> bool:
    """Whether a file is the one that was published with the folder."""
    from ..base.provenance import sha256_file
    from ..base.publish import MANIFEST

    manifest, file = folder / MANIFEST, folder / name
    if not manifest.is_file() or not file.is_file():
        return False
    lines = manifest.read_text(encoding="utf-8", errors="replace").splitlines()
    listed = {line[66:]: line[:64] for line in lines}  # "<sha256>  <name>"
    return listed.get(name) == sha256_file(file)


def _drawn(plan: Plan) -> Path:
    """Return the page of a plan in a new folder that only its owner can open."""
    from ..view import require_gl, write_report

    if plan.scene is not None:
        require_gl()
    folder = Path(tempfile.mkdtemp(prefix="tmsplan-view-"))
    with say.working("drawing the page"):
        write_report(plan, folder / _PAGE)
    say.note("The page holds patient data and stays in the temporary folder: delete it when done.")
    return folder / _PAGE


def _open(address: str) -> bool:
    import webbrowser

    opened = webbrowser.open(address)
    if not opened:
        say.note("no browser was found; open the page yourself.")
    return opened


def run_share(path: Path, out: Path, *, label: str | None, overwrite: bool, as_json: bool) -> None:
    """Write the page of a plan in the form that can be shared."""
    from ..plan.store import load_plan
    from ..view import require_gl
    from ..view.share import DEFAULT_LABEL, require_label, write_share

    label = require_label(label or DEFAULT_LABEL)
    if out.suffix.lower() != ".html" or out.is_dir():
        raise UsageError(f"{out.name}: --share writes one HTML file; pass -o FILE.html.")
    out.parent.mkdir(parents=True, exist_ok=True)
    require_new_file(out, overwrite=overwrite)
    plan = load_plan(path)
    if plan.scene is not None:
        require_gl()
    with say.working("drawing the page without a face"):
        write_share(plan, out, label=label)
    data = {"page": str(out), "as": label}
    say.result(f"page to share: {out}\nthe patient is called {label} in it", data, as_json=as_json)


def run_serve(path: Path, asked: Serving, *, open_it: bool, as_json: bool) -> None:
    """Serve the page until the user stops it."""
    from ..plan.move_ground import move_ground
    from ..plan.move_record import require_operator
    from ..plan.store import load_plan
    from ..view.serve import LocalServer, Session, require_serve
    from .run import read_patient

    require_serve()
    operator = None if asked.operator is None else require_operator(asked.operator)
    plan = load_plan(path)
    patient = None
    if asked.source is not None:
        patient = read_patient(asked.source, asked.subject, asked.maps, asked.use_form)
    with say.working("making the head ready"):
        ground = move_ground(plan, patient)
    folder = path if path.is_dir() else path.parent
    session = Session(plan, ground, saver(plan, ground, folder), operator)
    server = LocalServer(session)
    data = {"link": server.link, "port": server.port}
    say.result(f"open this link, on this machine only: {server.link}", data, as_json=as_json)
    if open_it:
        _open(server.link)
    say.note("Ctrl-C stops the server.")
    try:
        server.run()
    except KeyboardInterrupt:
        say.note("stopped.")
    for name in session.saved:
        say.note(f"saved: {name}")


def saver(plan: Plan, ground: MoveGround, folder: Path) -> Callable[[Plan], Path]:
    """Return what writes a moved plan beside the opened one, through the path of ``plan``.

    Parameters
    ----------
    plan : Plan
        As it was opened; its navigator formats are written again.
    ground : MoveGround
    folder : Path
        That the plan was opened from; it is only read.
    """
    from .outputs import DEFAULT_FORMATS, Destination, write_plan

    formats = tuple(dict.fromkeys(e.format for e in plan.exports)) or DEFAULT_FORMATS

    def write(moved: Plan) -> Path:
        out = _neighbour(folder)
        copy = None if ground.patient.t1w.needs_copy else _navigator_t1(plan, folder)
        if copy is None:
            write_plan(moved, ground.patient, Destination(out, formats))
        else:
            _write_with_t1(moved, ground, Destination(out, formats), copy)
        return out

    return write


def _neighbour(folder: Path) -> Path:
    """Return a free name beside a folder: ``plan-moved``, ``plan-moved-2``, ..."""
    folder = folder.resolve()
    stem = _NUMBERED.sub("", folder.name) + "-moved"
    out, k = folder.with_name(stem), 2
    while out.exists():
        out, k = folder.with_name(f"{stem}-{k}"), k + 1
    return out


def _navigator_t1(plan: Plan, folder: Path) -> bytes | None:
    """Return the plan's own NIfTI copy of its T1; None if it needs none."""
    from ..base.provenance import sha256_bytes
    from .outputs import NAVIGATION

    record = plan.input("t1w-navigator")
    if record is None:
        return None
    file = folder / NAVIGATION / record.name
    data = file.read_bytes() if file.is_file() else b""
    if sha256_bytes(data) != record.sha256:
        raise InputError(
            f"{record.name}: is not in the plan's {NAVIGATION} folder, or is not the copy of its "
            f"T1. The navigator needs it; start with --source, or restore the folder."
        )
    return data


def _write_with_t1(moved: Plan, ground: MoveGround, where: Destination, copy: bytes) -> None:
    """Write a plan whose T1 only the opened folder holds; one folder, whole or not at all."""
    from ..base.publish import MANIFEST, published_folder
    from ..patient.navigator_t1 import NAVIGATOR_T1
    from .outputs import NAVIGATION, Destination, write_plan

    with published_folder(where.folder) as work:
        inner = work / "plan"
        write_plan(moved, ground.patient, Destination(inner, where.formats))
        (inner / NAVIGATION / NAVIGATOR_T1).write_bytes(copy)
        (inner / MANIFEST).unlink()  # written again, of all files, when the folder is published
        for item in sorted(inner.iterdir()):
            item.rename(work / item.name)
        inner.rmdir()
