"""From NIBS-BIDS markers (draft v6.3) to poses. Derived from the words of the draft.

What is used here, and nothing from the writer: a pose is twelve numbers, the matrix assembled
column by column from ``element_xdir``, ``ydir``, ``zdir`` and ``centre``; z points into the head,
y to the leading edge, which lies away from the handle.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...base.errors import FrameError, InputError, refuse_file
from ...base.strict_json import load_file
from ...base.table import Table, read_table
from ...space.frame import CoilSimnibs, Frame, Scanner
from ...space.transform import Rigid
from ..protocol import ReadPose
from ..rotation import rotation_from_printed

__all__ = ["nibs_bids_poses"]

#: Worst entry of Rt R - 1 of axes with nine decimals is 2e-9; others may print fewer.
_OFF = 1e-5


def nibs_bids_poses(
    path: Path, *, scanner: Frame[Scanner], coil: Frame[CoilSimnibs], t1_sha256: str
) -> tuple[ReadPose, ...]:
    """Return one pose per position and one per cortical target; none for a ``.json`` side file.

    Raises
    ------
    FrameError
        If the coordinate system beside the table is absent, is not the T1's in mm, or names
        another T1 or coil.
    ChiralityError
        If the axes of a row are left-handed.
    InputError
        If a cell is no number, an id stands twice, or the axes are no rotation.
    """
    if path.suffix == ".json":
        load_file(path)
        return ()
    ending = "_markers.tsv"
    if not path.name.endswith(ending):
        raise refuse_file(path, "it is no markers table", f"a name ending in {ending}", "Pass it")
    stem = path.name.removesuffix(ending)
    _require_system(path.with_name(f"{stem}_coordsystem.json"), t1_sha256)
    table = read_table(path)
    _require_words(table, coil)
    return tuple(_poses(table, scanner, coil))


def _require_system(path: Path, t1_sha256: str) -> None:
    content = load_file(path)
    if not isinstance(content, dict):
        raise refuse_file(path, "it is no object", "a coordinate system", "Export it again")
    image = content.get("AnatomicalImage")
    found = {
        "NIBSCoordinateSystem": content.get("NIBSCoordinateSystem"),
        "NIBSCoordinateUnits": content.get("NIBSCoordinateUnits"),
        "AnatomicalImage.SHA256": image.get("SHA256") if isinstance(image, dict) else None,
    }
    expected = {
        "NIBSCoordinateSystem": "IndividualMRI",
        "NIBSCoordinateUnits": "mm",
        "AnatomicalImage.SHA256": t1_sha256,
    }
    for key, value in expected.items():
        if found[key] != value:
            raise FrameError(
                f"{path.name}: '{key}' is {str(found[key])[:64]!r}. Expected {value[:64]!r}, the "
                f"plan's. The positions belong to another image or unit."
            )


def _require_words(table: Table, coil: Frame[CoilSimnibs]) -> None:
    ids = table.texts("nibs_position_id")
    if len(set(ids)) != len(ids):
        raise InputError(
            f"{table.name}: a nibs_position_id stands twice. Expected each once, as events refer "
            f"to them. Export the table again."
        )
    for k, found in enumerate(table.texts("nibs_element_id")):
        if found != coil.owner:
            raise FrameError(
                f"{table.name}: row {k + 2} is for the coil {found!r}. Expected {coil.owner!r}, "
                f"the plan's. The table belongs to another plan or was edited."
            )


def _poses(table: Table, scanner: Frame[Scanner], coil: Frame[CoilSimnibs]) -> list[ReadPose]:
    centre, target = _triples(table, "element_centre"), _triples(table, "target")
    x, y, z = (_triples(table, f"element_{c}dir") for c in "xyz")
    names = zip(table.texts("position_label"), table.texts("target_label"), strict=True)
    poses = []
    for k, (at_coil, at_cortex) in enumerate(names):
        where = f"{table.name}, row {k + 2}"
        m = np.eye(4)
        m[:3, :3] = rotation_from_printed(np.column_stack([x[k], y[k], z[k]]), _OFF, where)
        because = f"{where}: columns element_xdir, ydir, zdir; y to the leading edge"
        for name, place in ((at_coil, centre[k]), (at_cortex, target[k])):
            m[:3, 3] = place
            poses.append(ReadPose(name, Rigid.claim(m, dst=scanner, src=coil, because=because)))
    return poses


def _triples(table: Table, column: str) -> NDArray[np.float64]:
    return np.column_stack([table.numbers(f"{column}_{c}") for c in "xyz"])
