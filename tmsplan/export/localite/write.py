"""Write Localite's XML: instrument markers in both spellings, and pairs of entry and target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal
from xml.etree.ElementTree import Element, SubElement

import numpy as np
from numpy.typing import NDArray

from ...plan.plan import Plan, PlannedTarget
from ...space.axes import lps_from_ras
from ...space.frame import CoilLocalite, CoilSimnibs, Frame, Scanner
from ...space.points import Points
from ...space.transform import Rigid
from ..files import number
from ..names import coil_name, cortex_name, scalp_name
from ..xml_file import xml_bytes

__all__ = ["AXES", "Axes", "Space", "Spelling", "entry_bytes", "marker_bytes"]

Floats = NDArray[np.float64]
Axes = tuple[tuple[float, float, float, float], ...]
Space = Literal["RAS", "LPS"]
Spelling = Literal["classic", "gum"]

#: Columns: Localite's coil axes in terms of SimNIBS' ones. x is SimNIBS' z (into the head), y is
#: minus SimNIBS' y (along the handle), z is SimNIBS' x.
AXES: Axes = ((0, 0, 1, 0), (0, -1, 0, 0), (1, 0, 0, 0), (0, 0, 0, 1))

#: Turns an axis by less than 1e-7 deg; the vendor itself writes every digit.
_DECIMALS = 9
#: As in the files that TMS Navigator wrote.
_RED, _GREEN, _CYAN = "#ff0000", "#00ff00", "#00ffff"
_RADIUS = "4.0"


def marker_bytes(plan: Plan, spelling: Spelling, space: Space, axes: Axes) -> bytes:
    """Return an instrument marker list with one coil pose per target.

    Parameters
    ----------
    plan : Plan
        Its poses are in RAS mm of the T1.
    spelling : {"classic", "gum"}
        ``InstrumentMarkerList``, or the ``GUMMarkerList`` of newer versions.
    space : {"RAS", "LPS"}
        Of the volume that the navigator has loaded: NIfTI gives RAS, DICOM gives LPS.
    axes : 4 rows of 4
        Localite's coil axes in SimNIBS' ones, as columns.

    Raises
    ------
    InputError
        If a name holds what XML cannot.
    """
    tag = "InstrumentMarkerList" if spelling == "classic" else "GUMMarkerList"
    root = Element(tag, coordinateSpace=space)
    for k, planned in enumerate(plan.targets):
        add = _add_classic if spelling == "classic" else _add_gum
        marker = add(root, k, coil_name(plan, planned))
        matrix = _localite_matrix(plan, planned, space, axes)
        cells = {
            f"data{r}{c}": number(float(matrix[r, c]), _DECIMALS) for r, c in np.ndindex(4, 4)
        }
        SubElement(marker, "Matrix4D", cells)
    return xml_bytes(root)


def entry_bytes(plan: Plan, space: Space) -> bytes:
    """Return an entry/target list: the scalp point and the cortical point of every target.

    Raises
    ------
    InputError
        If a name holds what XML cannot.
    """
    root = Element("EntryTargetList", coordinateSpace=space)
    for k, planned in enumerate(plan.targets):
        for tag, colour, aura, name, point in _pair(plan, planned):
            place = SubElement(root, tag, alwaysVisible="false", index=str(k), selected="false")
            marker = SubElement(
                place, "Marker", color=colour, description=name, drawAura=aura, radius=_RADIUS,
                set="true",
            )  # fmt: skip
            xyz = _mm(plan, point, space)
            cells = {f"data{i}": number(float(v), _DECIMALS) for i, v in enumerate(xyz)}
            SubElement(marker, "ColVec3D", cells)
    return xml_bytes(root)


def _add_classic(root: Element, k: int, name: str) -> Element:
    outer = SubElement(
        root, "InstrumentMarker", alwaysVisible="false", index=str(k), selected="false"
    )
    return SubElement(
        outer, "Marker", additionalInformation="", color=_RED, description=name, set="true"
    )


def _add_gum(root: Element, k: int, name: str) -> Element:
    outer = SubElement(root, "Element", index=str(k), selected="false", type="InstrumentMarker")
    return SubElement(
        outer, "InstrumentMarker", additionalInformation="", alwaysVisible="false", color=_RED,
        description=name, locked="false", set="true", uid=str(k + 1),
    )  # fmt: skip


def _pair(
    plan: Plan, planned: PlannedTarget
) -> Iterator[tuple[str, str, str, str, Points[Scanner]]]:
    yield "Entry", _GREEN, "false", scalp_name(plan, planned), planned.pose.scalp_point
    yield "Target", _CYAN, "true", cortex_name(plan, planned), planned.target.point


def _localite_matrix(plan: Plan, planned: PlannedTarget, space: Space, axes: Axes) -> Floats:
    pose = planned.pose.scanner_from_coil
    # The change of coil axes goes on the right, the flip of the world on the left.
    turned = pose @ _simnibs_from_localite(pose.src, axes)
    if space == "RAS":
        return turned.matrix(plan.frame, turned.src)
    flipped = lps_from_ras(plan.frame) @ turned
    return flipped.matrix(flipped.dst, turned.src)


def _mm(plan: Plan, point: Points[Scanner], space: Space) -> Floats:
    if space == "RAS":
        return np.asarray(point.mm(plan.frame)[0])
    flipped = lps_from_ras(plan.frame) @ point
    return np.asarray(flipped.mm(flipped.frame)[0])


def _simnibs_from_localite(
    coil: Frame[CoilSimnibs], axes: Axes
) -> Rigid[CoilSimnibs, CoilLocalite]:
    return Rigid.claim(
        np.array(axes),
        dst=coil,
        src=Frame(CoilLocalite, coil.owner),
        because="Localite's x points into the head, its y along the handle, SimNIBS' y away",
    )
