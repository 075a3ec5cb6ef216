"""``tmsplan norms``: fit, check, score, show and transfer normative models."""

from __future__ import annotations

import math
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..base.errors import InputError, UsageError
from . import say

if TYPE_CHECKING:
    from ..base.table import Table
    from ..norms.crossval import LeftOut
    from ..norms.model import NormativeModel
    from ..norms.score_table import ScoredTable

__all__ = ["norms_app", "read_people"]

norms_app = typer.Typer(help="Normative models from plain tables.", no_args_is_help=True)

Model = Annotated[Path, typer.Argument(help="Model made by 'norms fit' (.norms).")]
People = Annotated[Path, typer.Argument(help="TSV or CSV: id, age, sex, site, features.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="File to write.")]
AgeUnit = Annotated[
    Literal["months", "weeks", "days", "text"] | None,
    typer.Option(help="Unit of age; years if not said."),
]
SexCodes = Annotated[str | None, typer.Option(help="For example 1=M,2=F.")]
Exploratory = Annotated[bool, typer.Option(help="Accept under 20 controls.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
How = Literal["folds", "sites", "held-out"]


def read_people(
    path: Path,
    sex_codes: str | None,
    age_unit: str | None = None,
    leave_out: list[str] | None = None,
) -> Table:
    """Read a table of people; ages and codes of sex are converted only as declared.

    Raises
    ------
    UsageError
        If the codes are not written as CODE=SEX.
    InputError
        If the table is refused, or a column to leave out is not there.
    """
    from ..base.table import read_table
    from ..norms import declare_age, declare_sex

    table = read_table(path)
    for column in leave_out or ():
        if column not in table.columns:
            raise InputError(f"{path.name}: there is no column '{column}' to leave out.")
        k = table.columns.index(column)
        rows = tuple((*row[:k], *row[k + 1 :]) for row in table.rows)
        table = replace(table, columns=(*table.columns[:k], *table.columns[k + 1 :]), rows=rows)
    if age_unit is not None:
        table = declare_age(table, age_unit)
    if sex_codes is None:
        return table
    pairs = [item.partition("=") for item in sex_codes.split(",")]
    if not all(code and sign and sex for code, sign, sex in pairs):
        raise UsageError(f"--sex-codes {sex_codes!r}: write --sex-codes CODE=M,CODE=F.")
    return declare_sex(table, {code: sex for code, _, sex in pairs})


@norms_app.command(name="fit")
def norms_fit(  # noqa: PLR0913 - one argument a flag
    table: People,
    out: Out,
    age: Annotated[Literal["linear", "spline"], typer.Option(help="Shape of age.")] = "linear",
    covariate: Annotated[
        list[str] | None, typer.Option(help="Column to correct for, beside age, sex and site.")
    ] = None,
    spread: Annotated[
        Literal["constant", "skewed", "varying", "shash"] | None,
        typer.Option(help="Model of the residuals; skewed from 20 controls on if not said."),
    ] = None,
    harmonise: Annotated[
        bool, typer.Option(help="Sites differ in location and scale, as ComBat has it.")
    ] = False,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="Column that is no feature; may be repeated.")
    ] = None,
    sex_codes: SexCodes = None,
    age_unit: AgeUnit = None,
    synthetic: Annotated[bool, typer.Option(help="The table is simulated.")] = False,
    exploratory: Exploratory = False,
    coupling: Annotated[str | None, typer.Option(help="Coupling method, or what it is.")] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the features.")] = None,
    engine: Annotated[str | None, typer.Option(help="ALFF engine.")] = None,
    atlas: Annotated[str | None, typer.Option(help="Name of the atlas.")] = None,
    atlas_sha256: Annotated[
        str | None, typer.Option(help="As in plan.json; found if tmsplan has the atlas.")
    ] = None,
    pipeline: Annotated[str, typer.Option(help="Software and versions.")] = "",
    licence: Annotated[str, typer.Option(help="Of the controls' data.")] = "",
    source: Annotated[str, typer.Option(help="Where the controls come from.")] = "",
    icc: Annotated[float | None, typer.Option(help="Measured reliability.")] = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Fit a normative model, all features together, and print its card."""
    from ..norms import fit_norms, save_norms
    from ..norms.card import card_text, model_card
    from ..norms.identity import Identity, Measured
    from ..norms.terms import COVARIATES

    if harmonise and spread not in (None, "varying"):
        raise UsageError(
            f"--harmonise lets the scale differ between sites; --spread {spread} cannot."
        )
    measured = Measured(
        measure=coupling,
        unit=unit,
        engine=engine,
        atlas=atlas,
        atlas_sha256=atlas_sha256 or _labels_sha256(atlas),
    )
    cells = read_people(table, sex_codes, age_unit, leave_out)
    with say.working(f"fitting {table.name}"):
        model = fit_norms(
            cells,
            covariates=(*COVARIATES, *(covariate or ())),
            age=age,
            spread=spread,
            harmonise="location-scale" if harmonise else None,
            identity=Identity(measured, pipeline, licence, source, icc),
            synthetic=synthetic,
            exploratory=exploratory,
        )
        save_norms(model, out, overwrite=overwrite)
        card = model_card(model)
    text = f"{out}: {model.n} controls, tier {model.tier}\n{card_text(card)}"
    say.result(text, {**card, "file": str(out)}, as_json=json)


def _labels_sha256(atlas: str | None) -> str | None:
    """Return the hash of an atlas' labels as plan.json has it, where it is one for everybody.

    It is not for labels of the patient's own, nor for an atlas that tmsplan does not know, nor
    where surface and volume files stand beside each other and the patient decides.
    """
    from ..atlas.declaration import atlas_info, atlas_names
    from ..base.provenance import sha256_bytes

    if atlas not in atlas_names():
        return None
    info = atlas_info(atlas)
    if info.surface is None or info.volume is not None:
        return info.volume.file.sha256 if info.volume and info.surface is None else None
    return sha256_bytes("".join(f.sha256 for _, f in info.surface.files.sides()).encode())


@norms_app.command(name="info")
def norms_info(model: Model, json: Json = False) -> None:
    """Show the model card: controls, covariates, papers, calibration."""
    from ..norms import load_norms
    from ..norms.card import card_text, model_card

    card = model_card(load_norms(model))
    say.result(card_text(card), card, as_json=json)


@norms_app.command(name="score")
def norms_score(  # noqa: PLR0913 - one argument a flag
    model: Annotated[Path, typer.Argument(help=".norms, or a folder saved by PCNtoolkit.")],
    table: People,
    out: Out,
    sex_codes: SexCodes = None,
    age_unit: AgeUnit = None,
    exploratory: Exploratory = False,
    allow_extrapolation: Annotated[bool, typer.Option(help="Accept other ages.")] = False,
    synthetic: Annotated[bool, typer.Option(help="The people are simulated.")] = False,
    python: Annotated[
        Path | None, typer.Option(help="Interpreter that has PCNtoolkit, for its models.")
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Score everyone of a table: z with its interval, centile, rank p."""
    from ..norms import load_norms, require_usable
    from ..norms.score_table import score_table

    cells = read_people(table, sex_codes, age_unit)
    if model.is_dir():
        _score_pcn(model, cells, out, python, overwrite=overwrite, as_json=json)
        return
    norms = load_norms(model)
    require_usable(norms, patient_synthetic=synthetic)
    with say.working(f"scoring {table.name}"):
        found = score_table(
            norms, cells, exploratory=exploratory, allow_extrapolation=allow_extrapolation
        )
    _write(out, found.tsv(), overwrite=overwrite)
    low, known = _low(found)
    data: dict[str, object] = {
        "norms": norms.id,
        "labels": list(norms.labels),
        "people": len(found.people),
        "features": len(norms.features),
        "with_value": known,
        "below_1_96": low,
        "notes": list(norms.notes),
        "file": str(out),
    }
    text = (
        f"{out}: {len(found.people)} people, {len(norms.features)} features; {low} of {known} z "
        f"are below -1.96 ({100 * low / known:.1f} %; of comparable people 2.5 % are)"
    )
    marks = [f"*** {' · '.join(norms.labels)} ***"] if norms.labels else []
    say.result("\n".join([*marks, text, *norms.notes]), data, as_json=json)


def _low(found: ScoredTable) -> tuple[int, int]:
    """Return how many z are below -1.96, and how many z there are."""
    z = [r.z for d in found.people.values() for r in d.rows if math.isfinite(r.z)]
    return sum(v < -1.959964 for v in z), len(z)


def _score_pcn(
    model: Path, table: Table, out: Path, python: Path | None, *, overwrite: bool, as_json: bool
) -> None:
    """Score with a model of PCNtoolkit, in its own process; it gives z and nothing else."""
    from ..base.table import table_bytes
    from ..norms.adapters.pcn import score_saved

    with say.working(f"scoring {table.name} with PCNtoolkit"):
        found = score_saved(model, table, python=python)
    rows = [
        {"id": name, "feature": f, "value": float(cell), "z": float(z), "engine": "pcntoolkit"}
        for name, cells, scores in zip(
            table.texts("id"),
            zip(*(table.numbers(f) for f in found.features), strict=True),
            found.z,
            strict=True,
        )
        for f, cell, z in zip(found.features, cells, scores, strict=True)
    ]
    _write(out, table_bytes(("id", "feature", "value", "z", "engine"), rows), overwrite=overwrite)
    data = {"engine": f"pcntoolkit {found.version}", "people": len(found.z),
            "features": len(found.features), "file": str(out)}  # fmt: skip
    text = f"{out}: {len(found.z)} people by PCNtoolkit {found.version}"
    say.result(text, data, as_json=as_json)


@norms_app.command(name="check")
def norms_check(  # noqa: PLR0913 - one argument a flag
    model: Model,
    table: Annotated[
        Path | None, typer.Option(help="Controls: fit again in folds, or score as newcomers.")
    ] = None,
    how: Annotated[How | None, typer.Option(help="With --table; 'folds' if not said.")] = None,
    folds: Annotated[int, typer.Option(help="How many.")] = 10,
    local: Annotated[int, typer.Option(help="Local controls of a left-out site.")] = 20,
    sex_codes: SexCodes = None,
    age_unit: AgeUnit = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder to make.")] = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Check the calibration: whether z of left-out controls are what they promise."""
    from ..norms import load_norms
    from ..norms.card import calibration_block, calibration_text, left_out_one_by_one

    norms = load_norms(model)
    if table is None:
        if how is not None:
            raise UsageError(f"--how {how} needs --table TABLE, the controls.")
        left = left_out_one_by_one(norms)
        if left is None:
            raise InputError(f"{model.name}: {norms.notes[0]} Pass controls with --table.")
    else:
        with say.working(f"scoring people left out of {table.name}"):
            controls = read_people(table, sex_codes, age_unit)
            left = _left_out(norms, controls, how or "folds", folds=folds, local=local)
    block = calibration_block(left)
    text = "\n".join(calibration_text(block))
    data: dict[str, object] = {"norms": norms.id, "labels": list(norms.labels), **block}
    if out is not None:
        files = _write_check(norms, left, out, overwrite=overwrite)
        text += "\n\n" + "\n".join(map(str, files))
        data["files"] = [str(f) for f in files]
    say.result("\n".join([*map("*** {} ***".format, norms.labels), text]), data, as_json=json)


def _left_out(
    norms: NormativeModel, controls: Table, how: How, *, folds: int, local: int
) -> LeftOut:
    from ..norms.crossval import held_out, k_folds
    from ..norms.crossval_sites import sites_out

    if how == "sites":
        return sites_out(norms, controls, local=local)
    if how == "held-out":
        return held_out(norms, controls)
    return k_folds(norms, controls, folds=folds)


def _write_check(
    norms: NormativeModel, left: LeftOut, out: Path, *, overwrite: bool
) -> list[Path]:
    """Write figures per feature, per group, and the picture of centiles."""
    from dataclasses import asdict

    from ..base.publish import published_folder
    from ..base.table import table_bytes
    from ..norms.calibration import by_group, calibration_of, summarise
    from ..view.figures import save_png
    from ..view.norm_plots import plot_calibration

    groups = left.groups()
    summaries = [summarise(left.z), *by_group(left.z, left.sex)]
    summaries += by_group(left.z, left.site) if left.site else ()
    labels = ",".join(norms.labels) or "none"
    rows = [{**asdict(c), "labels": labels} for c in calibration_of(left.z, left.features)]
    grouped = [{**asdict(s), "labels": labels} for s in summaries]
    with published_folder(out, overwrite=overwrite) as work:
        (work / "features.tsv").write_bytes(table_bytes([*rows[0]], rows))
        (work / "groups.tsv").write_bytes(table_bytes([*grouped[0]], grouped))
        title = f"norms {norms.id}: {left.how}"
        save_png(plot_calibration(groups, title=title, labels=norms.labels), work / "centiles.png")
    return [out / name for name in ("features.tsv", "groups.tsv", "centiles.png")]


@norms_app.command(name="transfer")
def norms_transfer(  # noqa: PLR0913 - one argument a flag
    model: Model,
    table: Annotated[Path, typer.Argument(help="Local controls: one site, same columns.")],
    out: Out,
    sexes: Annotated[
        Literal["each", "pooled"], typer.Option(help="20 of each sex, or 20 in all.")
    ] = "each",
    sex_codes: SexCodes = None,
    age_unit: AgeUnit = None,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Carry norms over to a new site with local controls, and say what that costs."""
    from ..norms import load_norms, save_norms
    from ..norms.transfer import transfer

    new = transfer(load_norms(model), read_people(table, sex_codes, age_unit), sexes=sexes)
    save_norms(new, out, overwrite=overwrite)
    data = {**new.block(), "labels": list(new.labels), "file": str(out)}
    text = "\n".join([*map("*** {} ***".format, new.labels), f"{out}: {new}", *new.notes])
    say.result(text, data, as_json=json)


def _write(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Write one file whole or not at all."""
    if path.is_dir():
        raise InputError(f"{path.name}: is a folder; pass the name of a file as --out.")
    if path.exists() and not overwrite:
        raise InputError(f"{path.name}: exists already; pass --overwrite or another name.")
    try:
        handle, name = tempfile.mkstemp(prefix=f".partial-{path.name}-", dir=path.parent)
    except OSError as err:
        raise InputError(
            f"{path.name}: cannot be written there ({err.strerror}); choose another --out."
        ) from err
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
