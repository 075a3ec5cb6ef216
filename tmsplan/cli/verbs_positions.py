"""The verb that measures a head: 10-10 positions, tapes, Beam F3 and F4."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..base.errors import UsageError
from . import say
from .new_file import require_new_file, write_new_file

if TYPE_CHECKING:
    from ..coil.head import HeadTapes, Landmarks
    from ..coil.scalp import Scalp
    from ..space.frame import Scanner
    from ..space.points import Points

__all__ = ["positions"]

Xyz = tuple[float, float, float]
_NAMES = ("nasion", "inion", "lpa", "rpa")
_DECIMALS = 3  # micrometres: far below what a tape can do


def positions(  # noqa: PLR0913 - one argument a flag
    scalp: Annotated[
        Path,
        typer.Argument(help="Closed head surface (.surf.gii, FreeSurfer, .stl, .ply); or SOURCE."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Table to write (TSV).")],
    nasion: Annotated[Xyz | None, typer.Option(help="X Y Z in mm, scanner RAS.")] = None,
    inion: Annotated[Xyz | None, typer.Option(help="X Y Z in mm, scanner RAS.")] = None,
    lpa: Annotated[Xyz | None, typer.Option(help="Left preauricular point, X Y Z.")] = None,
    rpa: Annotated[Xyz | None, typer.Option(help="Right preauricular point, X Y Z.")] = None,
    scalp_space: Annotated[
        Literal["scanner", "tkras"] | None,
        typer.Option(help="Where the file's numbers live, if it does not say."),
    ] = None,
    orig: Annotated[
        Path | None, typer.Option(help="FreeSurfer's T1.mgz, for a surface without a footer.")
    ] = None,
    subject: Annotated[str | None, typer.Option("--subject", "-s", help="Patient id.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the table.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write the 10-10 positions of a scalp; measure it; print Beam F3 and F4.

    For a mesh all four landmarks must be given. For a SOURCE (patient.toml, a folder) they may
    be left out: then those of its [landmarks] are taken, or they are found, with a confidence.
    """
    from ..coil.head import head_tapes, ten_ten

    require_new_file(out, overwrite=overwrite)
    given = dict(zip(_NAMES, (nasion, inion, lpa, rpa), strict=True))
    with say.working(f"reading {scalp.name}"):
        if scalp.is_dir() or scalp.suffix.lower() == ".toml":
            if scalp_space is not None or orig is not None:
                raise UsageError("--scalp-space and --orig are for a mesh file; drop them.")
            head, marks = _of_source(scalp, subject, given)
        else:
            if subject is not None:
                raise UsageError("--subject is for a folder or patient.toml; drop it for a mesh.")
            head, marks = _of_mesh(scalp, given, scalp_space, orig)
    tapes = head_tapes(head, marks)
    places = ten_ten(head, marks, tapes=tapes)
    _write(out, places)
    _report(out, places, head, marks, tapes, as_json=json)


def _of_mesh(
    path: Path, given: dict[str, Xyz | None], stated: str | None, orig: Path | None
) -> tuple[Scalp, Landmarks]:
    from ..coil.head import given_landmarks
    from ..coil.head.read_scalp import read_scalp
    from ..coil.scalp import Scalp
    from ..space.points import Points

    missing = [name for name, xyz in given.items() if xyz is None]
    if missing:
        raise UsageError(
            f"a mesh alone needs all four landmarks; missing: --{', --'.join(missing)} X Y Z."
        )
    surface = read_scalp(path, stated=stated, orig=orig)
    marks = {n: Points(xyz, surface.frame) for n, xyz in given.items() if xyz is not None}
    head = Scalp(surface, (marks["nasion"] - marks["inion"]).units())
    return head, given_landmarks(head, **marks)


def _of_source(
    path: Path, subject: str | None, given: dict[str, Xyz | None]
) -> tuple[Scalp, Landmarks]:
    from dataclasses import replace

    from ..coil.head import landmarks_of
    from ..coil.scalp import scalp_of
    from ..patient.load import load_patient
    from ..space.points import Points

    patient = load_patient(path, subject=subject)
    named = {n: Points(xyz, patient.scanner) for n, xyz in given.items() if xyz is not None}
    if named and len(named) < len(_NAMES):
        raise UsageError("give all four landmarks, --nasion --inion --lpa --rpa, or none.")
    if named:
        patient = replace(patient, landmarks=named)
    head = scalp_of(patient)
    return head, landmarks_of(head, patient)


def _write(out: Path, places: dict[str, Points[Scanner]]) -> None:
    from ..base.table import table_bytes

    columns = ("name", "x_mm", "y_mm", "z_mm")
    rows = [
        dict(zip(columns, (name, *_numbers(place)), strict=True)) for name, place in places.items()
    ]
    write_new_file(out, table_bytes(columns, rows))


def _numbers(place: Points[Scanner]) -> list[str]:
    return [f"{v:.{_DECIMALS}f}" for v in place.mm(place.frame)[0]]


def _report(
    out: Path,
    places: dict[str, Points[Scanner]],
    head: Scalp,
    marks: Landmarks,
    tapes: HeadTapes,
    *,
    as_json: bool,
) -> None:
    import math

    from ..coil.head import beam_f3
    from ..space.side import Hemi

    beams = [beam_f3(head, marks, side, tapes=tapes) for side in (Hemi.LEFT, Hemi.RIGHT)]
    data = {
        "positions": {n: [float(v) for v in _numbers(p)] for n, p in places.items()},
        "frame": "scanner RAS, mm",
        "landmarks": {
            name: {
                "mm": [float(v) for v in _numbers(place)],
                "how": marks.how,
                "confidence_mm": None if math.isnan(mm := marks.confidence_mm[name]) else mm,
                "why": marks.why[name],
            }
            for name, place in marks.named().items()
        },
        "tapes": {n: round(v, 2) for n, v in tapes.as_dict().items()},
        "beam": {b.name: [float(v) for v in _numbers(b.point)] for b in beams},
        "table": str(out),
    }
    lines = [str(out), f"{len(places)} positions", str(tapes), *map(str, beams)]
    say.result("\n".join([*lines, *marks.statements()]), data, as_json=as_json)
