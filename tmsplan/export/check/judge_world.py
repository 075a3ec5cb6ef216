"""Does the file belong to this T1? What its header, its fingerprint and its positions say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ...base.errors import FrameError
from ...base.param import Param
from ...space.points import Points
from ..brainsight.read import require_system
from ..t1 import NavigatorT1
from .faults import Fault, fault
from .raw import Fingerprint, RawFile, RawPose
from .t1_facts import T1Facts

__all__ = ["FIELD_MARGIN", "judge_field", "judge_world"]

Floats = NDArray[np.float64]

_SOURCE = "docs/navigators/check-pose.md"
#: A coil may stand 25 mm off a scalp that touches the edge of the image.
FIELD_MARGIN = Param(30.0, "mm", 25, 60, _SOURCE)
#: Two headers of one image agree to float32 at a corner; another session differs by millimetres.
SAME_PLACE = Param(0.05, "mm", 1e-3, 1.0, _SOURCE)
#: InVesalius prints 17 digits; the two systems differ only by a rigid map.
_RIGID_MM = 0.01


def judge_world(file: RawFile, t1: T1Facts) -> Iterator[Fault]:
    """Yield the faults CP-W01 to CP-W04, CP-W08 and CP-W09."""
    if t1.qform_code == 0 and t1.sform_code == 0:
        yield fault("CP-W02", f"qform and sform code of {t1.name} are both 0")
    yield from _header(file, t1)
    if file.world is None and file.brainsight is None:
        yield fault("CP-W03", f"its space is '{file.world_says}'")
    if file.fingerprint is not None:
        yield from _fingerprint(file.fingerprint, t1)
    if file.t1_sha256 and file.t1_sha256 != {t1.sha256}:
        yield fault("CP-W09", f"it names another SHA-256 than that of {t1.name}")
    yield from _two_spaces(file)


def _header(file: RawFile, t1: T1Facts) -> Iterator[Fault]:
    if file.brainsight is None:
        return
    if file.world is None:
        yield fault("CP-W03", f"its coordinate system is '{file.world_says}'")
        return
    if not t1.qform_code and not t1.sform_code:
        return
    try:
        require_system(
            file.brainsight, NavigatorT1(t1.name, t1.qform_code or 0, t1.sform_code or 0)
        )
    except FrameError:
        says = (
            f"it says '{file.world_says}'; {t1.name} has qform code {t1.qform_code} and sform "
            f"code {t1.sform_code}"
        )
        yield fault("CP-W01", says)


def _fingerprint(said: Fingerprint, t1: T1Facts) -> Iterator[Fault]:
    there = _affine(said)
    corners = t1.corners()
    ijk = t1.grid.indices(corners)
    off = float("inf")
    if there is not None:
        moved = Points(ijk @ there[:, :3].T + there[:, 3], t1.frame)
        off = float(moved.distances(corners).max())
    # Written so that a NaN is a fault.
    if not off <= SAME_PLACE.value:
        how = f"it would lie up to {off:.1f} mm elsewhere" if np.isfinite(off) else "it is damaged"
        yield fault("CP-W04", f"by the image header in the file, {t1.name}: {how}")


def _affine(said: Fingerprint) -> Floats | None:
    """Return the (3, 4) map that a NIfTI qform means, or None if its numbers are none.

    Source: the NIfTI-1 header, quaternion with a = sqrt(1 - b² - c² - d²), pixdim[0] = ±1.
    """
    from scipy.spatial.transform import Rotation

    b, c, d = said.quatern
    rest = 1.0 - (b * b + c * c + d * d)
    numbers = np.array([*said.quatern, *said.qoffset, *said.pixdim])
    if not np.isfinite(numbers).all() or rest < -1e-5:
        return None
    rotation = Rotation.from_quat([b, c, d, np.sqrt(max(rest, 0.0))]).as_matrix()
    sign = -1.0 if said.pixdim[0] < 0 else 1.0
    zooms = np.array(said.pixdim[1:]) * (1.0, 1.0, sign)
    return np.column_stack([rotation * zooms, said.qoffset])


def _two_spaces(file: RawFile) -> Iterator[Fault]:
    """Compare distances between poses in both systems of a file: a rigid map keeps them."""
    if file.other_space is None or len(file.poses) < 2:
        return
    world = np.array([p.matrix[:3, 3] for p in file.poses])
    steps = [np.linalg.norm(np.diff(xyz, axis=0), axis=1) for xyz in (world, file.other_space)]
    off = float(np.abs(steps[0] - steps[1]).max())
    if off > _RIGID_MM:
        yield fault("CP-W08", f"distances between its poses differ by up to {off:.2f} mm")


def judge_field(poses: Sequence[RawPose], matrices: Floats, t1: T1Facts) -> Iterator[Fault]:
    """Yield CP-W05 for positions beyond the image, read as the file declares.

    Poses that were recorded count only if most of them lie outside: a coil in the air is none.
    """
    if not len(poses):
        return
    out = t1.outside_mm(Points(matrices[:, :3, 3], t1.frame))
    far = out > FIELD_MARGIN.value
    recorded = np.array([p.kind == "record" for p in poses])
    if recorded.any() and far[recorded].mean() <= 0.5:
        far &= ~recorded
    if far.any():
        having = [p for p, f in zip(poses, far, strict=True) if f]
        says = (
            f"{int(far.sum())} poses, up to {out[far].max():.0f} mm outside {t1.name}; "
            f"{FIELD_MARGIN.value:g} mm are allowed for a coil on the head"
        )
        yield fault("CP-W05", says, having)
