"""``tmsplan alff``: maps of activity from one BOLD run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from . import say

if TYPE_CHECKING:
    from ..coupling.activity.clean import Choices
    from ..coupling.activity.maps import RunMaps
    from ..patient.series import Series

__all__ = ["alff"]

Engine = Literal["dpabi", "fft", "sd", "xcpd"]
Strategy = Literal["24p", "36p", "acompcor", "none"]


@dataclass(frozen=True, slots=True)
class _Files:
    bold: Path
    mask: Path | None
    confounds: Path | None
    sidecar: Path | None
    right: Path | None


def alff(  # noqa: PLR0913 - one argument a flag
    bold: Annotated[Path, typer.Argument(help="NIfTI, .mgz or .func.gii series, .dtseries.nii.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to make.")],
    tr: Annotated[float | None, typer.Option(help="Repetition time in seconds.")] = None,
    mask: Annotated[Path | None, typer.Option(help="Brain, on the grid of BOLD.")] = None,
    band: Annotated[tuple[float, float], typer.Option(help="LOW HIGH in Hz.")] = (0.01, 0.08),
    engine: Annotated[Engine, typer.Option(help="Definition of ALFF.")] = "dpabi",
    confounds: Annotated[Path | None, typer.Option(help="fMRIPrep's table.")] = None,
    strategy: Annotated[
        Strategy | None, typer.Option(help="Columns of it; 24p if a table is given.")
    ] = None,
    spikes: Annotated[
        Literal["regress", "keep", "drop"], typer.Option(help="Volumes that moved too much.")
    ] = "regress",
    scale: Annotated[
        Literal["percent", "raw"], typer.Option(help="Percent of the mean, or as stored.")
    ] = "percent",
    sidecar: Annotated[Path | None, typer.Option(help="BIDS JSON of another name.")] = None,
    right: Annotated[Path | None, typer.Option(help="Right side, if BOLD is the left.")] = None,
    reho: Annotated[int, typer.Option(help="ReHo over 7, 19 or 27 voxels; 0 for none.")] = 0,
    use_form: Annotated[
        Literal["sform", "qform"] | None,
        typer.Option("--use-form", help="Which form to believe where the two differ."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the folder.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write ALFF, mALFF, fALFF (and ReHo) of one BOLD run."""
    from ..coupling.activity.clean import Choices
    from ..coupling.activity.maps import maps_of

    _require_free(out, overwrite=overwrite)
    columns = strategy or ("24p" if confounds else "none")
    choices = Choices.of(
        {
            "alff_engine": engine,
            "band_low": band[0],
            "band_high": band[1],
            "confounds": columns,
            "spikes": spikes,
            "scale": scale,
        }
    )
    series = _opened(_Files(bold, mask, confounds, sidecar, right), tr, use_form)
    with say.working(f"ALFF of {series.n_volumes} volumes ({series.minutes:.1f} min)"):
        found = maps_of(series, choices, neighbours=reho, owner=_owner(bold))
    names = _write(found, series, out, overwrite=overwrite)
    _report(found, choices, out, names, as_json=json)


def _require_free(out: Path, *, overwrite: bool) -> None:
    """Refuse an existing folder before the work, not after it."""
    from ..base.errors import InputError
    from ..base.publish import require_replaceable

    if out.exists() and not overwrite:
        raise InputError(f"{out.name}: exists already; pass --overwrite or choose another --out.")
    require_replaceable(out)


def _owner(bold: Path) -> str:
    return bold.name.split(".", 1)[0] or "bold"


def _opened(files: _Files, tr: float | None, use_form: str | None) -> Series:
    from ..patient.cifti_series import open_dtseries
    from ..patient.series_open import SeriesFiles, open_series
    from ..space.frame import Frame, Scanner

    beside = SeriesFiles(files.sidecar, files.confounds, files.right, files.mask)
    if files.bold.name.lower().endswith(".dtseries.nii"):
        return open_dtseries(files.bold, tr_s=tr, files=beside)
    scanner = Frame(Scanner, _owner(files.bold))
    return open_series(files.bold, scanner=scanner, tr_s=tr, files=beside, use_form=use_form)


def _write(found: RunMaps, series: Series, out: Path, *, overwrite: bool) -> list[str]:
    from ..base import strict_json
    from ..base.publish import published_folder
    from ..patient.series_write import volume_bytes
    from ..space.grid import Volume
    from ..surface.gifti_bytes import field_bytes

    content: dict[str, bytes] = {}
    for name, one in found.maps.items():
        if isinstance(one, Volume):
            content[f"{name}.nii.gz"] = volume_bytes(one)
        else:
            for hemi in series.hemis:
                side = "L" if hemi == "left" else "R"
                content[f"hemi-{side}_{name}.func.gii"] = field_bytes(one.side(hemi))
    content["alff.json"] = strict_json.dump_bytes(_record(found))
    with published_folder(out, overwrite=overwrite) as work:
        for name, data in content.items():
            (work / name).write_bytes(data)
    return [*content]


def _record(found: RunMaps) -> dict[str, Any]:
    return {
        "units": dict(found.units),
        "refused": dict(found.refused),
        "qc": dict(found.qc),
        "params": dict(found.params),
        "notes": list(found.notes),
    }


def _report(
    found: RunMaps, choices: Choices, out: Path, names: list[str], *, as_json: bool
) -> None:
    lines = [f"ALFF {choices.band}, engine {choices.engine}: {', '.join(names)} in {out}"]
    lines += [f"{key}: {value}" for key, value in found.qc.items()]
    lines += [*found.notes, *(f"no {name}: {why}" for name, why in found.refused.items())]
    data = {"out": str(out), "files": names, **_record(found)}
    say.result("\n".join(lines), data, as_json=as_json)
