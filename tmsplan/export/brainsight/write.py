"""Write Brainsight's text file: the target block, four decimals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from ...base.errors import AmbiguityError
from ...base.provenance import versions
from ...plan.plan import Plan
from ...space.frame import CoilBrainsight, CoilSimnibs, Frame
from ...space.points import Points
from ...space.transform import Rigid
from ..files import number
from ..names import coil_name, cortex_name
from ..t1 import NavigatorT1, navigator_t1

__all__ = ["AXES", "Version", "brainsight_bytes", "system_name"]

Version = Literal[12, 14]
Axes = tuple[tuple[float, float, float, float], ...]

#: Columns: Brainsight's coil axes in terms of SimNIBS' ones. z is turned out of the head, x
#: with it, y stays: a half turn about the line of the handle.
AXES: Axes = ((-1, 0, 0, 0), (0, 1, 0, 0), (0, 0, -1, 0), (0, 0, 0, 1))

_INTENTS = {1: "Scanner", 2: "Aligned", 3: "Talairach", 4: "MNI-152", 5: "Other-Template"}
_DECIMALS = 4
_COLUMNS = "Target Name,Loc. X,Loc. Y,Loc. Z,m0n0,m0n1,m0n2,m1n0,m1n1,m1n2,m2n0,m2n1,m2n2"


def system_name(version: Version, t1: NavigatorT1) -> str:
    """Return the ``Coordinate system`` of the header, from the T1's own intent codes.

    Version 14 names the form it uses, Q where the qform is set, else S. Version 12 names only
    the intent.

    Raises
    ------
    AmbiguityError
        In version 12, if both forms are set and carry different intents.
    """
    q, s = t1.qform_code, t1.sform_code
    if version == 14:
        return f"NIfTI:Q:{_INTENTS[q]}" if q else f"NIfTI:S:{_INTENTS[s]}"
    if q and s and q != s:
        raise AmbiguityError(
            f"{t1.name}: the qform says {_INTENTS[q]}, the sform says {_INTENTS[s]}. A version 12 "
            f"file names one intent and not the form. Use --to brainsight (version 14), which "
            f"names the form."
        )
    return f"NIfTI:{_INTENTS[q or s]}"


def brainsight_bytes(plan: Plan, version: Version, axes: Axes) -> bytes:
    """Return the file: header, then one ``_coil`` and one ``_ctx`` row per target.

    Parameters
    ----------
    plan : Plan
        Its poses are in RAS mm of the T1 that the header names.
    version : 12 or 14
        Of the text format, not of Brainsight.
    axes : 4 rows of 4
        Brainsight's coil axes in SimNIBS' ones, as columns.

    Raises
    ------
    InputError
        If the T1 has no intent code, or a name breaks the columns.
    """
    lines = [*_header(plan, version), "# " + _COLUMNS.replace(",", "\t")]
    lines.extend("\t".join(row) for row in _rows(plan, axes))
    return ("\n".join(lines) + "\n").encode()


def _header(plan: Plan, version: Version) -> Iterator[str]:
    labels = "".join(f" {label}" for label in plan.labels)
    yield f"# Version: {version}"
    yield f"# Coordinate system: {system_name(version, navigator_t1(plan))}"
    yield f"# Created by: tmsplan {versions('tmsplan')['tmsplan']}{labels} {plan.patient_id}"
    yield "# Units: millimetres, degrees, milliseconds, and microvolts"
    yield "# Encoding: UTF-8"
    yield (
        "# Notes: Each column is delimited by a tab. "
        "Each value within a column is delimited by a semicolon."
    )


def _rows(plan: Plan, axes: Axes) -> Iterator[list[str]]:
    for planned in plan.targets:
        pose = planned.pose.scanner_from_coil
        turned = pose @ _simnibs_from_brainsight(pose.src, axes)
        centre = pose @ Points([0, 0, 0], pose.src)
        # m0n0 m0n1 m0n2 is the x axis, then y, then z: the rotation column by column.
        nine = turned.matrix(plan.frame, turned.src)[:3, :3].T.ravel()
        for name, at in (
            (coil_name(plan, planned), centre),
            (cortex_name(plan, planned), planned.target.point),
        ):
            yield [name, *_numbers([*at.mm(plan.frame)[0], *nine])]


def _simnibs_from_brainsight(
    coil: Frame[CoilSimnibs], axes: Axes
) -> Rigid[CoilSimnibs, CoilBrainsight]:
    return Rigid.claim(
        np.array(axes),
        dst=coil,
        src=Frame(CoilBrainsight, coil.owner),
        because="Brainsight's z points out of the head, its y away from the handle as SimNIBS'",
    )


def _numbers(values: Sequence[float]) -> list[str]:
    return [number(v, _DECIMALS) for v in values]
