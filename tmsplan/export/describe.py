"""What several formats say about a plan besides its poses: T1, labels, one file per target."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ..base.errors import InputError
from ..base.provenance import InputFile, versions
from ..plan.plan import Plan, PlannedTarget
from .names import file_stem

__all__ = ["created_by", "file_per_target", "t1_record"]

#: Fits every file system, hides nothing, cannot leave the folder.
_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def created_by(plan: Plan) -> str:
    """Return program, version and the plan's labels, for a header or a comment."""
    return " ".join([f"tmsplan {_version()}", *plan.labels])


@cache
def _version() -> str:
    # Once: it reads the installed package's metadata, and a format may ask for every target.
    return versions("tmsplan")["tmsplan"]


def t1_record(plan: Plan) -> InputFile:
    """Return the record of the T1 that the navigator loads: the NIfTI copy, else the T1.

    Raises
    ------
    InputError
        If the plan records neither.
    """
    record = plan.input("t1w-navigator") or plan.input("t1w")
    if record is None:
        raise InputError(
            f"{plan.patient_id}: the plan records no T1, so a file could not say which image its "
            f"coordinates belong to. Expected an input of role 't1w'. Plan again."
        )
    return record


def file_per_target(plan: Plan) -> Iterator[tuple[PlannedTarget, str]]:
    """Yield each target and the start of its file's name: patient, labels, side, target's id.

    For example ``sub-01_SYNTHETIC_left_beam-f3``: such formats show the file's name in the
    software's list, so the label and the side must be in it.

    Raises
    ------
    InputError
        If an id is not 1 to 100 ASCII letters, digits, dots, hyphens or underscores, or two
        names differ only in case, which some disks do not keep apart.
    """
    seen: set[str] = set()
    for planned in plan.targets:
        target = planned.target
        if not _PLAIN_ID.fullmatch(target.id):
            raise InputError(
                f"the target id {target.id[:100]!r} cannot be part of a file name. Expected 1 to "
                f"100 ASCII letters, digits, dots, hyphens or underscores, first a letter or "
                f"digit. Rename the target."
            )
        stem = "_".join([file_stem(plan), *plan.labels, str(target.hemi), target.id])
        if stem.casefold() in seen:
            raise InputError(
                f"two targets would be written to one file, {stem}. Expected ids that differ in "
                f"more than case. Rename one of them."
            )
        seen.add(stem.casefold())
        yield planned, stem
