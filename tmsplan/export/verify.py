"""Write navigator files, read them back with the second reader, publish them if they agree."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..base.errors import InputError, TmsplanError, TripwireError
from ..base.params import Params
from ..base.provenance import sha256_file
from ..plan.plan import Export, Plan, PlannedTarget
from ..space.frame import Scanner, require_same
from ..space.midplane import fit_midplane
from ..space.points import Points, Vectors
from ..space.side import Hemi
from ..space.testing import pose_difference
from ..space.tripwire import Tripwire, read_back, target_on_its_side
from .guards import require_exportable, tilt_deg
from .names import coil_name, cortex_name, scalp_name
from .protocol import NavigatorFormat, ReadPoint, ReadPose, carries_orientation
from .registry import navigator_formats

__all__ = ["export_formats", "export_plan", "tripwire_read_back"]


#: A target in the midline may lie on either side of a plane through the pial surfaces (TP-F03
#: uses mid-cortex); a mirrored file is off by twice the distance of the most lateral target.
_PLANE_MM = 2.0


@dataclass(frozen=True, slots=True)
class _Expected:
    """What a row of one name must say."""

    planned: PlannedTarget
    at_cortex: bool


def export_plan(plan: Plan, out: Path | str, formats: Sequence[str]) -> tuple[Export, ...]:
    """Write navigator files into ``out/<format>/`` and read every one back.

    All formats appear together or none does: they are written beside their place and moved
    there once each file has been read by the format's own second reader and every pose agrees
    with the plan.

    Parameters
    ----------
    plan : Plan
        Without a failed tripwire.
    out : Path
        Made if absent; ``out/<format>`` must not exist.
    formats : sequence of str
        Names of `navigator_formats`.

    Returns
    -------
    tuple of Export
        One per file; `file` is relative to `out`, with forward slashes.

    Raises
    ------
    TripwireError
        If a tripwire of the plan failed, a coil is off the head, or a file read back differs
        (TP-F05). Nothing is left behind.
    InputError
        For an unknown format, an existing folder, or what a format cannot say.
    """
    known = navigator_formats()
    if not formats:
        raise InputError(
            f"no navigator format was named. Known: {', '.join(known.names())}. Pass --to."
        )
    return export_formats(plan, Path(out), {name: known.get(name) for name in formats})


def export_formats(
    plan: Plan, out: Path, formats: Mapping[str, NavigatorFormat]
) -> tuple[Export, ...]:
    """Do what `export_plan` does, with formats that need not be registered.

    Raises
    ------
    TripwireError, InputError
        As `export_plan`.
    """
    require_exportable(plan)
    out = Path(os.path.abspath(out))  # noqa: PTH100 - resolve() would follow a link at `out`
    exports: list[Export] = []
    with _staged(out, tuple(formats)) as stage:
        for name, fmt in formats.items():
            folder = stage / name
            folder.mkdir()
            files = [Path(p) for p in fmt.write(plan, folder)]
            worst_mm, worst_deg = _verify(plan, name, fmt, files)
            exports.extend(
                Export(
                    format=name,
                    file=file.relative_to(stage).as_posix(),
                    sha256=sha256_file(file),
                    reread_max_mm=worst_mm,
                    reread_max_deg=worst_deg,
                )
                for file in sorted(files)
            )
    return tuple(exports)


def tripwire_read_back(exports: Sequence[Export], params: Params) -> Tripwire:
    """Return TP-F05 of the files that were exported; not run if there are none."""
    worst_mm = max((e.reread_max_mm for e in exports), default=0.0)
    worst_deg = max((e.reread_max_deg for e in exports), default=0.0)
    return read_back(worst_mm, worst_deg, len(exports), (params.reread_mm, params.reread_deg))


@contextmanager
def _staged(out: Path, names: Sequence[str]) -> Iterator[Path]:
    """Yield a private folder in `out`; on success its folders move up, else all is removed."""
    for name in names:
        if os.path.lexists(out / name):
            raise InputError(
                f"{out.name}/{name}: exists already. Navigator files are never overwritten. "
                f"Choose another folder, or move the old files away."
            )
    made = not out.exists()
    stage, moved = None, []
    try:
        out.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=".partial-", dir=out))
        yield stage
        for name in names:
            (stage / name).rename(out / name)
            moved.append(out / name)
        stage.rmdir()
    except BaseException as err:
        for folder in (*moved, *([stage] if stage else [])):
            shutil.rmtree(folder, ignore_errors=True)
        if made and out.is_dir() and not any(out.iterdir()):
            out.rmdir()
        if isinstance(err, OSError):
            raise InputError(
                f"{out.name}: cannot be written ({err.strerror}). Nothing was exported. Check "
                f"that the folder is writable and the disk is not full."
            ) from err
        raise


def _verify(
    plan: Plan, name: str, fmt: NavigatorFormat, files: Sequence[Path]
) -> tuple[float, float]:
    """Return how far (mm, deg) the worst pose read back lies from the plan, or raise."""
    rows = _read(plan, name, fmt, files)
    poses = [(file, row) for file, row in rows if isinstance(row, ReadPose)]
    places = [row for _, row in rows if isinstance(row, ReadPoint)]
    if not carries_orientation(fmt):
        _require_none(name, "coil axes, which this format cannot hold", [p for _, p in poses])
        return _verify_places(plan, name, places)
    _require_none(name, "no coil axes, which this format must hold", places)
    expected = _expected(plan, fmt)
    _require_names(name, [p.name for _, p in poses], expected)
    worst_mm = worst_deg = 0.0
    for file, pose in poses:
        wanted = expected[pose.name]
        # First, because it says more than an angle: a turned coil is the likeliest mistake.
        _require_into_head(plan, name, pose, wanted)
        mm, deg = _difference(pose, wanted)
        _require_close(plan, f"{name}, {file.name}, {pose.name}", (mm, deg))
        worst_mm, worst_deg = max(worst_mm, mm), max(worst_deg, deg)
    rows_at_cortex = [(p, expected[p.name]) for _, p in poses if expected[p.name].at_cortex]
    _require_sides(
        plan, name, [(p.name, _origin(p), w.planned.target.hemi) for p, w in rows_at_cortex]
    )
    return worst_mm, worst_deg


def _read(
    plan: Plan, name: str, fmt: NavigatorFormat, files: Sequence[Path]
) -> list[tuple[Path, ReadPose | ReadPoint]]:
    try:
        return [(file, row) for file in files for row in fmt.read(file, plan)]
    except TmsplanError as err:
        raise _tripwire(name, f"its own reader refuses what was written: {err}") from err


def _require_none(name: str, what: str, rows: Sequence[ReadPose] | Sequence[ReadPoint]) -> None:
    if rows:
        raise _tripwire(name, f"{len(rows)} row(s) read back have {what}: {rows[0].name!r}")


def _verify_places(plan: Plan, name: str, rows: Sequence[ReadPoint]) -> tuple[float, float]:
    """Do what `_verify` does for a format without axes.

    The angle is that of the line from scalp to cortex, the one direction that two places say.
    """
    expected = {scalp_name(plan, p): p.pose.scalp_point for p in plan.targets}
    expected |= {cortex_name(plan, p): p.target.point for p in plan.targets}
    _require_names(name, [r.name for r in rows], expected)
    found = {r.name: r.point for r in rows}
    worst_mm = worst_deg = 0.0
    for planned in plan.targets:
        scalp, cortex = scalp_name(plan, planned), cortex_name(plan, planned)
        mm = max(float(found[n].distances(expected[n])[0]) for n in (scalp, cortex))
        # Places first: two that fell together have no line to measure.
        _require_close(plan, f"{name}, {planned.target.id}", (mm, 0.0))
        deg = _turned_deg(found[cortex] - found[scalp], expected[cortex] - expected[scalp])
        _require_close(plan, f"{name}, {planned.target.id}", (mm, deg))
        worst_mm, worst_deg = max(worst_mm, mm), max(worst_deg, deg)
    _require_sides(
        plan,
        name,
        [(cortex_name(plan, p), found[cortex_name(plan, p)], p.target.hemi) for p in plan.targets],
    )
    return worst_mm, worst_deg


def _turned_deg(found: Vectors[Scanner], planned: Vectors[Scanner]) -> float:
    # The chord, not the arc cosine, which loses half the digits near 0.
    chord = float((found.units() - planned.units()).lengths()[0])
    return float(np.degrees(2 * np.arcsin(min(1.0, chord / 2))))


def _expected(plan: Plan, fmt: NavigatorFormat) -> dict[str, _Expected]:
    rows = {coil_name(plan, p): _Expected(p, at_cortex=False) for p in plan.targets}
    if fmt.carries_cortex:
        rows |= {cortex_name(plan, p): _Expected(p, at_cortex=True) for p in plan.targets}
    return rows


def _require_names(name: str, found: Sequence[str], expected: Mapping[str, object]) -> None:
    twice = sorted({n for n in found if found.count(n) > 1})
    missing = sorted(set(expected) - set(found))
    extra = sorted(set(found) - set(expected))
    for what, names in (("twice", twice), ("missing", missing), ("not of the plan", extra)):
        if names:
            shown = ", ".join(repr(n) for n in names[:3])
            raise _tripwire(name, f"{len(names)} name(s) read back are {what}: {shown}")


def _difference(pose: ReadPose, wanted: _Expected) -> tuple[float, float]:
    planned = wanted.planned.pose.scanner_from_coil
    mm, deg = pose_difference(pose.scanner_from_coil, planned)
    if wanted.at_cortex:
        mm = float(_origin(pose).distances(wanted.planned.target.point)[0])
    return mm, deg


def _require_close(plan: Plan, who: str, off: tuple[float, float]) -> None:
    mm, deg = off
    limit_mm, limit_deg = plan.params.reread_mm.value, plan.params.reread_deg.value
    # Written so that a NaN fails.
    if not (mm <= limit_mm and deg <= limit_deg):
        raise _tripwire(
            who,
            f"read back {mm:.5f} mm (limit {limit_mm:g}) and {deg:.5f} deg (limit {limit_deg:g}) "
            f"from the plan",
        )


def _require_into_head(plan: Plan, name: str, pose: ReadPose, wanted: _Expected) -> None:
    rigid = pose.scanner_from_coil
    require_same(plan.frame, rigid.dst, f"compare {pose.name} with the plan")
    into_head = rigid @ Vectors([0, 0, 1], rigid.src)
    tilt = tilt_deg(into_head, wanted.planned.pose.scalp_normal)
    # The plan passed with tilt_max; what printing may add is in reread_deg.
    if tilt > plan.params.tilt_max.value + plan.params.reread_deg.value:
        raise _tripwire(name, f"{pose.name}: z points {tilt:.1f} deg off the way into the head")


def _require_sides(
    plan: Plan,
    name: str,
    places: Sequence[tuple[str, Points[Scanner], Hemi]],
) -> None:
    """Compare each cortical point read back with the side in words, where there is a plane."""
    if plan.scene is None:
        return
    cortex = plan.scene.cortex
    plane = fit_midplane(cortex.left.pial.points, cortex.right.pial.points)
    found = target_on_its_side(places, plane)
    if found.value is not None and found.value < -_PLANE_MM:
        raise _tripwire(name, found.why)


def _origin(pose: ReadPose) -> Points[Scanner]:
    return pose.scanner_from_coil @ Points([0, 0, 0], pose.scanner_from_coil.src)


def _tripwire(who: str, found: str) -> TripwireError:
    return TripwireError(
        f"TP-F05 fail: {who}: {found}. Nothing was exported. Run 'tmsplan explain TP-F05' for "
        f"what it means and what to do."
    )
