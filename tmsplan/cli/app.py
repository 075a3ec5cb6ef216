"""The verbs. Each parses, calls and prints; nothing is computed here.

Rooms are imported inside the verbs: ``tmsplan --help`` must not wait for them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from ..base.errors import TmsplanError, UsageError
from . import say
from .verbs_compare import compare
from .verbs_monitor import monitor
from .verbs_norms import norms_app
from .verbs_positions import positions
from .verbs_prepare import prepare, scalp
from .verbs_scan import alff
from .verbs_view import view

__all__ = ["app", "main"]

app = typer.Typer(
    name="tmsplan",
    help="From one patient's MRI to a verified TMS target file. Research use only.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
atlas_app = typer.Typer(help="Atlases that you supply.", no_args_is_help=True)
app.add_typer(norms_app, name="norms")
app.add_typer(atlas_app, name="atlas")

Source = Annotated[
    Path,
    typer.Argument(help="patient.toml, fMRIPrep derivatives or a FreeSurfer subject folder."),
]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder to make.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an existing folder.")]
Subject = Annotated[str | None, typer.Option("--subject", "-s", help="Patient id.")]
Maps = Annotated[
    list[str] | None, typer.Option("--map", help="NAME=FILE, for a FreeSurfer folder.")
]
UseForm = Annotated[
    Literal["sform", "qform"] | None,
    typer.Option("--use-form", help="Which form to believe where a NIfTI's two differ."),
]
Coupling = Annotated[str | None, typer.Option(help="Coupling method; 'map' if none is named.")]
Preset = Annotated[str | None, typer.Option(help="A named set of method and settings.")]
Beside = Annotated[
    list[str] | None, typer.Option(help="Other definition to show beside it; 'none' for none.")
]
Set = Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE of the method.")]
Point = Annotated[
    Literal["cluster", "peak", "region-centroid", "field-weighted"],
    typer.Option(help="Which point in the region."),
]
Kind = Literal["atlases", "coupling", "norms", "targets", "exports", "coils", "params"]


def _version(wanted: bool) -> None:
    if wanted:
        from ..base.provenance import versions

        typer.echo(f"tmsplan {versions('tmsplan')['tmsplan']}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """From one patient's MRI to a verified TMS target file. Research use only."""


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", "-o")] = Path("demo-out"),
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Run the main job on the built-in SYNTHETIC patient and SYNTHETIC norms."""
    from .run import run_demo

    run_demo(out, overwrite=overwrite, as_json=json)


@app.command()
def check(
    source: Source,
    subject: Subject = None,
    maps: Maps = None,
    use_form: UseForm = None,
    json: Json = False,
) -> None:
    """Read the patient, draw the frame tree, run the tripwires, stop."""
    from .run import read_patient, run_check

    run_check(read_patient(source, subject, maps, use_form), as_json=json)


@app.command()
def plan(  # noqa: PLR0913 - one argument a flag
    source: Source,
    norms: Annotated[Path, typer.Option(help="Normative model, made by 'norms fit'.")],
    out: Out,
    subject: Subject = None,
    maps: Maps = None,
    use_form: UseForm = None,
    coupling: Coupling = None,
    preset: Preset = None,
    beside: Beside = None,
    set_: Set = None,
    atlas: Annotated[str, typer.Option(help="Atlas.")] = "desikan",
    also: Annotated[
        list[str] | None, typer.Option(help="ATLAS=NORMS: what another atlas says of the target.")
    ] = None,
    candidates: Annotated[
        str, typer.Option(help="Set, parcels ('left NAME, 1027'), or mask:FILE.")
    ] = "frontoparietal",
    direction: Annotated[
        Literal["low", "high", "decoupled"], typer.Option(help="Which values are abnormal.")
    ] = "low",
    point: Point = "cluster",
    against: Annotated[list[str] | None, typer.Option(help="Standard target.")] = None,
    hotspot: Annotated[
        tuple[float, float, float] | None,
        typer.Option(help="Motor hotspot: x y z, scanner RAS mm.", metavar="X Y Z"),
    ] = None,
    coil: Annotated[str, typer.Option(help="Coil model.")] = "figure8-70mm",
    handle: Annotated[
        str, typer.Option(help="midline, sulcus, field, or an angle in deg.")
    ] = "midline",
    efield: Annotated[
        str, typer.Option(help="none, shell, pial (minutes), or simnibs:M2M_FOLDER.")
    ] = "shell",
    to: Annotated[list[str] | None, typer.Option(help="Navigator format.")] = None,
    params: Annotated[Path | None, typer.Option(help="params.toml")] = None,
    exploratory: Annotated[bool, typer.Option(help="Accept under 20 controls.")] = False,
    allow_extrapolation: Annotated[bool, typer.Option(help="Accept other ages.")] = False,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Coupling, parcels, deviations, ranking, target, pose, navigator files, page, sheet."""
    from ..base.params import Params, load_params
    from ..plan.options import Options
    from .method import chosen_method
    from .outputs import DEFAULT_FORMATS, Destination
    from .run import read_patient, run_plan

    defaults = Options()
    method = chosen_method(coupling, preset, set_, beside)
    options = Options(
        coupling=method.coupling,
        settings=method.settings,
        beside=method.beside,
        note=method.note,
        atlas=atlas,
        candidates=candidates,
        direction=direction,
        point=point,
        hotspot=hotspot,
        handle=handle,
        efield=efield,
        against=tuple(against) if against else defaults.against,
        coil=coil,
        exploratory=exploratory,
        allow_extrapolation=allow_extrapolation,
        params=load_params(params) if params else Params(),
    )
    patient = read_patient(source, subject, maps, use_form)
    where = Destination(out, tuple(to) if to else DEFAULT_FORMATS, overwrite)
    run_plan(patient, norms, options, where, also=also, as_json=json)


@app.command()
def export(  # noqa: PLR0913 - one argument a flag
    plan: Annotated[Path, typer.Argument(help="plan.json, or the folder that holds it.")],
    to: Annotated[list[str], typer.Option(help="Navigator format; may be repeated.")],
    out: Out,
    hair: Annotated[
        list[float] | None, typer.Option(help="Also mm farther out, for hair; may be repeated.")
    ] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="Also with the coil turned.")] = False,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Write navigator files of a plan; each is read back and verified."""
    from .outputs import Destination
    from .run import run_export

    where = Destination(out, tuple(to), overwrite)
    run_export(plan, where, hair=hair or (), reverse=reverse, as_json=json)


@app.command(name="check-pose")
def check_pose(  # noqa: PLR0913 - one argument a flag
    file: Annotated[Path, typer.Argument(help="A navigator's file, of any tool.")],
    t1: Annotated[Path | None, typer.Option(help="T1 that the navigator has loaded.")] = None,
    scalp: Annotated[Path | None, typer.Option(help="FreeSurfer or GIFTI surface.")] = None,
    orig: Annotated[Path | None, typer.Option(help="FreeSurfer's T1.mgz for the scalp.")] = None,
    scalp_space: Annotated[
        Literal["scanner", "tkras"] | None, typer.Option(help="Where the scalp's numbers live.")
    ] = None,
    use_form: UseForm = None,
    plan: Annotated[Path | None, typer.Option(help="Compare recorded poses with it.")] = None,
    target: Annotated[str | None, typer.Option(help="Of the plan: its id.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Table and picture.")] = None,
    json: Json = False,
) -> None:
    """Say what is wrong with anyone's navigator file; or compare a session with a plan."""
    from .verbs_pose import Anatomy, run_check_pose, run_delivered

    if plan is not None:
        run_delivered(file, plan, target=target, out=out, as_json=json)
        return
    if t1 is None:
        raise UsageError("check-pose needs --t1 T1 (the image that the navigator has loaded).")
    anatomy = Anatomy(t1, scalp, orig, use_form, scalp_space)
    run_check_pose(file, anatomy, as_json=json)


@app.command()
def couple(  # noqa: PLR0913 - one argument a flag
    source: Source,
    out: Out,
    subject: Subject = None,
    maps: Maps = None,
    use_form: UseForm = None,
    coupling: Coupling = None,
    preset: Preset = None,
    beside: Beside = None,
    set_: Set = None,
    atlas: Annotated[str, typer.Option(help="Atlas.")] = "desikan",
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Write only the coupling map of one patient, its parcel table and its picture."""
    from .method import chosen_method
    from .outputs import Destination
    from .run import read_patient
    from .run_couple import run_couple

    method = chosen_method(coupling, preset, set_, beside)
    patient = read_patient(source, subject, maps, use_form)
    where = Destination(out, overwrite=overwrite)
    run_couple(patient, method.options(atlas), where, as_json=json)


@app.command()
def report(
    plans: Annotated[
        list[Path], typer.Argument(help="plan.json, or its folder; several make a cohort page.")
    ],
    out: Out,
    share: Annotated[
        bool, typer.Option("--share", help="Without face, T1, name and dates.")
    ] = False,
    label: Annotated[
        str | None, typer.Option("--as", help="With --share: what stands for the patient's id.")
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Write page, sheet and pictures of a plan again; of several, the page of the cohort."""
    from .run_report import run_cohort_report, run_report, run_share_report

    if label is not None and not share:
        raise UsageError("--as is for --share; pass it too, or drop it.")
    if len(plans) > 1 and share:
        raise UsageError("--share writes the page of one patient; pass one plan.")
    if len(plans) > 1:
        run_cohort_report(plans, out, overwrite=overwrite, as_json=json)
    elif share:
        run_share_report(plans[0], out, label=label, overwrite=overwrite, as_json=json)
    else:
        run_report(plans[0], out, overwrite=overwrite, as_json=json)


@app.command(name="list")
def list_(kind: Annotated[Kind, typer.Argument(help="What to list.")], json: Json = False) -> None:
    """Show what there is."""
    from .listing import listing

    rows = listing(kind)
    width = max(len(r["name"]) for r in rows)
    text = "\n".join(f"{r['name']:<{width}}  {r['text']}" for r in rows)
    say.result(text, {kind: rows}, as_json=json)


@app.command()
def explain(
    message: Annotated[str, typer.Argument(help="For example TP-F01.")], json: Json = False
) -> None:
    """Say what a message means and what to do."""
    from .run import run_explain

    run_explain(message, as_json=json)


@atlas_app.command(name="add")
def atlas_add(
    name: Annotated[str, typer.Argument(help="Declared atlas.")],
    files: Annotated[list[Path], typer.Argument(help="Its files; checked by hash.")],
    json: Json = False,
) -> None:
    """Supply the files of an atlas that may not be redistributed."""
    from ..atlas import add_atlas

    folder = add_atlas(name, files)
    say.result(f"{name} is ready.", {"atlas": name, "files": len(files)}, as_json=json)
    say.note(f"copied to {folder}")


app.command()(compare)
app.command()(monitor)
app.command()(alff)
app.command()(positions)
app.command()(prepare)
app.command()(scalp)
app.command()(view)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run one command line; return 0, or the exit code of what went wrong."""
    as_json = "--json" in arguments
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "0")
    if not epoch.isdecimal():  # numpy reads it too, and says so with a traceback
        return say.refusal(
            UsageError(f"SOURCE_DATE_EPOCH is {epoch!r}; write seconds since 1970."),
            as_json=as_json,
        )
    try:
        code = app(arguments, standalone_mode=False)
    except TmsplanError as err:
        return say.refusal(err, as_json=as_json)
    except typer.Abort:
        return 1
    except Exception as err:  # noqa: BLE001 - the last line of defence; click's own pass below
        if hasattr(err, "exit_code") and hasattr(err, "format_message"):
            return say.refusal(UsageError(err.format_message()), as_json=as_json)
        return say.bug(err, as_json=as_json)
    return code if isinstance(code, int) else 0
