"""The verbs that look at a navigator file which somebody else wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..base.errors import TripwireError, UsageError
from ..base.params import Params
from ..base.publish import published_folder
from . import say

if TYPE_CHECKING:
    from ..export.check import PoseReport, T1Facts
    from ..patient.image import RawImage
    from ..space.frame import Frame, Scanner
    from ..surface.surface import Surface

__all__ = ["Anatomy", "read_anatomy", "run_check_pose", "run_delivered"]

Space = Literal["scanner", "tkras"]


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Files that say what a pose is checked against.

    Parameters
    ----------
    t1 : Path
        The T1 that the navigator has loaded.
    scalp : Path or None
        FreeSurfer surface or GIFTI.
    orig : Path or None
        FreeSurfer's own volume (T1.mgz, orig.mgz), where a FreeSurfer scalp has no footer and
        `t1` is a NIfTI file.
    use_form : {"qform", "sform"} or None
        Which form to believe where the T1's two differ.
    scalp_space : {"scanner", "tkras"} or None
        For a scalp file that does not say where its coordinates live.
    """

    t1: Path
    scalp: Path | None = None
    orig: Path | None = None
    use_form: str | None = None
    scalp_space: Space | None = None


def read_anatomy(files: Anatomy) -> tuple[T1Facts, Surface[Scanner] | None]:
    """Read the T1's header and the scalp, both in the T1's world.

    Raises
    ------
    InputError
        If a file is refused, or nothing places the scalp in the T1's world.
    """
    from ..export.check import T1Facts
    from ..patient.image import ImageRules, read_image
    from ..space.frame import Frame, Scanner

    scanner = Frame(Scanner, files.t1.name.split(".", 1)[0] or "t1")
    image = read_image(files.t1, ImageRules(use_form=files.use_form))
    facts = T1Facts(
        name=image.name,
        grid=image.volume(scanner, "T1w").grid,
        qform_code=image.qform_code,
        sform_code=image.sform_code,
        sha256=image.sha256,
    )
    return facts, None if files.scalp is None else _scalp(files, image, scanner)


def _scalp(files: Anatomy, image: RawImage, scanner: Frame[Scanner]) -> Surface[Scanner]:
    from ..patient.image import read_image
    from ..patient.placement import find_placement
    from ..surface.domain import Domain
    from ..surface.formats import read_mesh
    from ..surface.surface import Surface

    if files.scalp is None:
        raise UsageError("no scalp was given. Pass --scalp MESH.")
    mesh = read_mesh(files.scalp)
    conformed = read_image(files.orig) if files.orig else (image if image.is_mgh else None)
    placement = find_placement(scanner, [mesh], conformed=conformed, stated=files.scalp_space)
    domain = Domain("scalp", len(mesh.xyz), None, scanner.owner)
    surface = Surface(placement.points(mesh), mesh.faces, domain)
    if surface.signed_volume() < 0:
        # Only which way the triangles are counted: the points stay where they are.
        surface = Surface(surface.points, surface.faces[:, ::-1], domain)
    return surface


def run_check_pose(
    path: Path, files: Anatomy, *, params: Params | None = None, as_json: bool
) -> PoseReport:
    """Print what is wrong with a navigator file; stop with 4 if anything is.

    Raises
    ------
    TripwireError
        If a fault was found; its `details` hold the report.
    InputError
        If a file is refused.
    """
    from ..export.check import check_pose

    with say.working(f"reading {files.t1.name}"):
        t1, scalp = read_anatomy(files)
    with say.working(f"checking {path.name}"):
        report = check_pose(path, t1=t1, scalp=scalp, params=params)
    data = report.as_dict()
    if report.is_clean:
        say.result(str(report), data, as_json=as_json)
        return report
    if not as_json:  # one JSON object a run: the refusal carries what was found
        say.result(str(report), data, as_json=False)
    wrong = [f.id for f in report.faults if f.kind.severity == "fault"]
    err = TripwireError(
        f"{report.file}: {len(wrong)} kinds of fault were found: {', '.join(wrong)}. Do not aim "
        f"with this file before each is explained."
    )
    err.details = data
    raise err


def run_delivered(
    path: Path,
    plan_path: Path,
    *,
    target: str | None = None,
    out: Path | None = None,
    as_json: bool,
) -> None:
    """Compare a session with a plan; print the summary, write table and picture where asked.

    Raises
    ------
    InputError
        If a file is refused, or no recorded pose belongs to the plan.
    """
    from ..export.delivered import compare_delivered, delivered_samples
    from ..plan.store import load_plan

    plan = load_plan(plan_path)
    table = compare_delivered(plan, delivered_samples(path, plan), target_id=target)
    text, data = str(table), table.as_dict()
    if out is not None:
        from ..view.delivered_plot import plot_delivered
        from ..view.figures import save_png

        figure = plot_delivered(
            table.rows,
            title=f"{plan.patient_id}: planned and delivered",
            labels=plan.labels,
            within_mm=table.within_mm,
        )
        with published_folder(out) as work:
            (work / "delivered.tsv").write_bytes(table.tsv())
            save_png(figure, work / "delivered.png")
        text += f"\n\n{out / 'delivered.tsv'}\n{out / 'delivered.png'}"
        data["files"] = [str(out / "delivered.tsv"), str(out / "delivered.png")]
    say.result(text, data, as_json=as_json)
