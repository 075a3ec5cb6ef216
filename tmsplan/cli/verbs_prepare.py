"""The verbs that start from raw scans."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Annotated

import typer

from ..base.errors import UsageError
from ..base.publish import published_folder
from . import say

__all__ = ["prepare", "scalp"]


def prepare(  # noqa: PLR0913 - one argument an option
    t1: Annotated[Path, typer.Argument(help="T1-weighted image of the whole head.")],
    bold: Annotated[Path | None, typer.Argument(help="BOLD run of the same person.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder to write.")] = None,
    patient_id: Annotated[str, typer.Option("--id", help="Patient id.")] = "",
    age: Annotated[float | None, typer.Option(help="Age in years.")] = None,
    sex: Annotated[str | None, typer.Option(help="F or M.")] = None,
    site: Annotated[str | None, typer.Option(help="Scanner site, as in the norms.")] = None,
    tr: Annotated[float | None, typer.Option(help="Repetition time in seconds.")] = None,
    sidecar: Annotated[Path | None, typer.Option(help="BIDS JSON of the BOLD run.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Prepare raw scans with ANTs: tissue, BOLD in the T1, scalp, a template's cortex.

    FreeSurfer or fMRIPrep is the recommended route; this one needs neither. The cortex is a
    template's, and every output says so.
    """
    from ..patient.toml import MAX_AGE, require_id

    if out is None or not patient_id:
        raise UsageError("prepare needs -o DIR and --id ID.")
    if sex not in (None, "F", "M"):
        raise UsageError(f"--sex is {sex!r}. Pass F or M.")
    if age is not None and not 0 <= age <= MAX_AGE:
        raise UsageError(f"--age is {age:g}. Pass 0 to {MAX_AGE} years.")
    require_id(patient_id, "--id")

    from ..plan.prepare import Person, RawRun, Steps
    from ..plan.prepare import prepare as run_prepare
    from ..plan.prepare.activity_map import ALFF, write_alff
    from ..view.prepare_pictures import write_pictures

    run = None if bold is None else RawRun(bold, _tr_of(bold, tr, sidecar))
    with published_folder(out) as work:
        person = Person(patient_id, age, sex, site)
        done = run_prepare(t1, run, person, work, Steps(lambda text: say.note(f"{text} ...")))
        missing = "no BOLD run was given"
        if run is not None:
            with done.steps.step("activity (ALFF)"):
                missing = write_alff(work)
        with done.steps.step("pictures"):
            pictures = write_pictures(done, work / "pictures")
    data = {
        "patient_toml": str(out / "patient.toml"),
        "pictures": [str(out / "pictures" / p.name) for p in pictures],
        "alff": None if missing else str(out / ALFF),
        "surfaces": "template-warped",
        "qc": done.qc(),
        "seconds": {k: round(v, 1) for k, v in done.steps.seconds.items()},
    }
    if missing:
        say.note(f"no ALFF map: {missing}")
    lines = [f"{out / 'patient.toml'}", "", *(f"{k} {_shown(v)}" for k, v in done.qc().items())]
    text = "\n".join([*lines, "", done.steps.table(), "", _LOOK])
    say.result(text, data, as_json=as_json)


_LOOK = (
    "The cortex is a template's (template-warped), not this person's folds. Look at every "
    "picture in pictures/ before you plan."
)


def _shown(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.3f}"


def _tr_of(bold: Path, tr: float | None, sidecar: Path | None) -> float:
    """Return the repetition time that the flag, or header and sidecar together, say."""
    import nibabel as nib

    from ..patient.tr import decide_tr, read_sidecar, sidecar_of, tr_statements

    path = sidecar or sidecar_of(bold)
    said = {} if path is None else tr_statements(path, read_sidecar(path))
    zooms = nib.load(bold).header.get_zooms()
    decided, _ = decide_tr(bold.name, float(zooms[3]) if len(zooms) > 3 else None, said, tr)
    return decided


def scalp(
    t1: Annotated[Path, typer.Argument(help="T1-weighted image of the whole head.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Mesh to write: .surf.gii")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make the scalp surface of a head from its T1 alone."""
    from ..coil.scalp_from_t1 import scalp_from_t1
    from ..patient.image import read_image
    from ..plan.prepare.files import write_scalp
    from ..space.frame import Frame, Scanner

    if out.exists():
        raise UsageError(f"{out.name}: exists already; choose another -o.")
    if not out.name.endswith(".surf.gii"):
        raise UsageError(f"{out.name}: its name has no known ending. Pass -o NAME.surf.gii.")
    owner = t1.name.split(".", 1)[0] or "t1"
    start, busy = time.perf_counter(), time.process_time()
    with say.working(f"making the scalp of {t1.name}"):
        made = scalp_from_t1(read_image(t1).volume(Frame(Scanner, owner), "T1w"))
    wall_s, cpu_s = time.perf_counter() - start, time.process_time() - busy
    part = out.with_name(f".partial-{out.name}")
    write_scalp(part, made.surface)
    shutil.move(part, out)
    quality = made.quality
    text = (
        f"{out}\n{len(made.surface)} vertices, {len(made.surface.faces)} triangles, closed\n"
        f"{quality}\n{wall_s:.1f} s, of which {cpu_s:.1f} s of processor time"
    )
    text += "".join(f"\nWARNING: {line}" for line in quality.warnings)
    data = {
        "scalp": str(out),
        "vertices": len(made.surface),
        "seconds": wall_s,
        "cpu_seconds": cpu_s,
        **quality.as_dict(),
    }
    say.result(text, data, as_json=as_json)
