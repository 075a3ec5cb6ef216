"""Read visor2's exchange file. Derived from the words of the format.

What is used here, and nothing from the writer: a file says its convention, unit and coordinate
system in words; the matrix is written row by row and acts on columns; ``simnibs`` axes are z into
the head, y away from the handle, x = y cross z; a NIfTI qform turns the voxel axes by the
quaternion (a, b, c, d), after turning the third around where qfac is -1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...base.errors import FrameError, InputError, refuse_file
from ...base.strict_json import load_file
from ...space.frame import CoilSimnibs, Frame, Scanner
from ...space.transform import Rigid
from ..protocol import ReadPose
from ..rotation import rotation_from_printed

__all__ = ["ImageInfo", "Visor2File", "parse_visor2", "require_image", "visor2_poses"]

Floats = NDArray[np.float64]

_EXPECTED_WORDS = {
    "CoordinateSystem": "ASSOCIATED_IMAGE",
    "PositionalUnit": "mm",
    "CoilAxesConvention": "simnibs",
}
#: As SimNIBS compares the fingerprint; a header's float32 is good to 1e-5 at 100 mm.
_FINGERPRINT = 1e-5
_RELATIVE = 1e-5
#: The vendor prints eight decimals; other software at least four, which put Rt R off 1 by at
#: most 0.00017 (20 000 random rotations); rounded up.
_ROUNDING = 2e-4


@dataclass(frozen=True, slots=True, eq=False)
class ImageInfo:
    """Fingerprint of the associated image.

    Parameters
    ----------
    quatern : (3,) float64
        b, c, d of the qform.
    offset : (3,) float64
        mm.
    pixdim : (4,) float64
        qfac, then the voxel's size in mm.
    """

    quatern: Floats
    offset: Floats
    pixdim: Floats

    def turned(self) -> Floats:
        """Return the (3, 3) unit voxel axes as columns, RAS."""
        from scipy.spatial.transform import Rotation

        a = np.sqrt(max(0.0, 1 - float(self.quatern @ self.quatern)))
        axes = np.array(Rotation.from_quat([*self.quatern, a]).as_matrix())
        if self.pixdim[0] < 0:
            axes[:, 2] = -axes[:, 2]
        return axes


@dataclass(frozen=True, slots=True, eq=False)
class Visor2File:
    """Everything that one file says.

    Parameters
    ----------
    path : Path
    image : ImageInfo
    targets : tuple of (name, matrix (4, 4))
        Names may be empty or equal, as the vendor's are.
    others : int
        Markers that are no coil targets; they are not read.
    """

    path: Path
    image: ImageInfo
    targets: tuple[tuple[str, Floats], ...]
    others: int


def parse_visor2(path: Path) -> Visor2File:
    """Read one ``.mrk`` exchange file.

    Raises
    ------
    InputError
        If it is no strict JSON, lacks the fingerprint, or a coil target is not in millimetres of
        the associated image with SimNIBS' coil axes.
    """
    root = _object(path, "the file", load_file(path))
    info = _object(path, "Configuration", root.get("Configuration"))
    image = _object(path, "AssociatedImageInfo", info.get("AssociatedImageInfo"))
    markers = root.get("TargetMarkers")
    if not isinstance(markers, list):
        raise _refuse(path, "there is no list 'TargetMarkers'", "one with the coil targets")
    entries = [_object(path, f"marker {k}", m) for k, m in enumerate(markers, start=1)]
    targets = [(k, e["CoilTarget"]) for k, e in enumerate(entries, start=1) if "CoilTarget" in e]
    return Visor2File(
        path,
        _image_info(path, image),
        tuple(_target(path, f"marker {k}", t) for k, t in targets),
        len(entries) - len(targets),
    )


def require_image(file: Visor2File, t1_name: str, affine: Floats) -> None:
    """Raise unless the file's fingerprint is that of a T1 with this affine.

    The turn is compared by b, c, d of its quaternion, up to sign: a quaternion and its negative
    are one turn, and the fourth number, which the file leaves out, is lost to rounding where a
    volume lies half a turn away, as FreeSurfer's do.

    Raises
    ------
    FrameError
        If orientation, offset or voxel size differ by more than 1e-5.
    """
    voxel = np.linalg.norm(affine[:3, :3], axis=0)
    pairs = {
        "turn (b, c, d)": (file.image.quatern, _turn_of(affine, near=file.image.quatern)),
        "handedness (qfac)": (file.image.pixdim[0], np.sign(np.linalg.det(affine[:3, :3]))),
        "offset": (file.image.offset, affine[:3, 3]),
        "voxel size": (file.image.pixdim[1:], voxel),
    }
    for what, (found, expected) in pairs.items():
        if not np.allclose(found, expected, rtol=_RELATIVE, atol=_FINGERPRINT):
            raise FrameError(
                f"{file.path.name}: its image has the {what} {np.round(found, 5).tolist()}, "
                f"{t1_name} has {np.round(expected, 5).tolist()}. Expected the same image. The "
                f"poses belong to another T1; load the one that the plan names, or export again."
            )


def _turn_of(affine: Floats, *, near: Floats) -> Floats:
    from scipy.spatial.transform import Rotation

    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    proper = axes * [1, 1, np.sign(np.linalg.det(axes))]
    turn = np.asarray(Rotation.from_matrix(proper).as_quat()[:3])
    return turn if np.abs(turn - near).sum() <= np.abs(turn + near).sum() else -turn


def visor2_poses(
    file: Visor2File, *, scanner: Frame[Scanner], coil: Frame[CoilSimnibs]
) -> tuple[ReadPose, ...]:
    """Return the coil targets in tmsplan's own axes; call `require_image` first.

    Raises
    ------
    ChiralityError
        If the axes of a target are left-handed.
    InputError
        If a matrix is no rotation with a translation.
    """
    poses = []
    for k, (name, matrix) in enumerate(file.targets, start=1):
        who = f"{file.path.name}, coil target {k}"
        if not np.array_equal(matrix[3], (0, 0, 0, 1)):
            raise InputError(
                f"{who}: the last row is {matrix[3].tolist()}. Expected 0 0 0 1. The matrix is "
                f"transposed, or the file is damaged."
            )
        _, leading, into_head = rotation_from_printed(matrix[:3, :3], _ROUNDING, who).T
        m = np.eye(4)
        m[:3, :3] = np.column_stack([np.cross(leading, into_head), leading, into_head])
        m[:3, 3] = matrix[:3, 3]
        because = f"{who}: CoilAxesConvention simnibs, in mm of the associated image"
        poses.append(ReadPose(name, Rigid.claim(m, dst=scanner, src=coil, because=because)))
    return tuple(poses)


def _image_info(path: Path, image: Mapping[str, object]) -> ImageInfo:
    info = ImageInfo(
        _numbers(path, "NIfTI_quatern", image.get("NIfTI_quatern"), (3,)),
        _numbers(path, "NIfTI_qoffset", image.get("NIfTI_qoffset"), (3,)),
        _numbers(path, "NIfTI_pixdim", image.get("NIfTI_pixdim"), (4,)),
    )
    # SimNIBS writes zeros where it was told of no image.
    if not (info.pixdim[1:] > 0).all():
        raise _refuse(path, "NIfTI_pixdim says voxels of no size: no image", "positive sizes")
    if info.quatern @ info.quatern > 1 + _FINGERPRINT:
        raise _refuse(path, "NIfTI_quatern is longer than 1", "b, c, d of a unit quaternion")
    return info


def _target(path: Path, who: str, value: object) -> tuple[str, Floats]:
    target = _object(path, who, value)
    for key, expected in _EXPECTED_WORDS.items():
        if target.get(key) != expected:
            raise _refuse(path, f"{who}: {key} is {target.get(key)!r}", repr(expected))
    name = target.get("Name", "")
    if not isinstance(name, str):
        raise _refuse(path, f"{who}: its Name is no text", "a text")
    pose = _object(path, f"{who}, CoilPose", target.get("CoilPose"))
    rows = pose.get("RigidTransformMatrix4x4")
    return name, _numbers(path, f"{who}: RigidTransformMatrix4x4", rows, (4, 4))


def _object(path: Path, what: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _refuse(path, f"{what} is no JSON object", "one, as visor2 writes it")
    return value


def _numbers(path: Path, what: str, value: object, shape: tuple[int, ...]) -> Floats:
    flat = [*value] if isinstance(value, list) else []
    if len(shape) == 2:
        flat = [v for row in flat if isinstance(row, list) and len(row) == shape[1] for v in row]
    plain = all(isinstance(v, int | float) and not isinstance(v, bool) for v in flat)
    try:
        found = np.array(flat if plain else [], dtype=np.float64)
    except OverflowError:
        found = np.array([])
    if found.size != np.prod(shape) or not np.isfinite(found).all():
        raise _refuse(path, f"{what} is not {shape} finite numbers", "as many, row by row")
    return found.reshape(shape)


def _refuse(path: Path, found: str, expected: str) -> InputError:
    return refuse_file(path, found, expected, "Export it again from visor2 2.8 or later")
