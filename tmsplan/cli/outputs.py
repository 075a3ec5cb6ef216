"""Everything that a plan leaves on disk, published as one folder or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ..base.errors import InputError
from ..base.publish import published_folder, require_replaceable
from ..export import export_plan, tripwire_read_back
from ..patient.navigator_t1 import NAVIGATOR_T1, navigator_t1_bytes
from ..patient.patient import Patient
from ..plan.plan import Plan
from ..plan.store import as_stored, save_plan
from ..plan.tables import write_tables
from ..space.tripwire import require_all
from ..view import require_gl, write_report

__all__ = ["DEFAULT_FORMATS", "NAVIGATION", "Destination", "write_plan"]

NAVIGATION = "navigation"
DEFAULT_FORMATS = ("brainsight", "tsv")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a plan goes: the folder, the navigator formats, whether it may replace another."""

    out: Path | str
    formats: tuple[str, ...] = DEFAULT_FORMATS
    overwrite: bool = False

    @property
    def folder(self) -> Path:
        """The folder as a path."""
        return Path(self.out)

    def require_free(self) -> None:
        """Refuse an existing folder before the work, not after it."""
        if self.folder.exists() and not self.overwrite:
            raise InputError(
                f"{self.folder.name}: exists already; pass --overwrite or choose another --out."
            )
        if self.folder.is_symlink() or (self.folder.exists() and not self.folder.is_dir()):
            raise InputError(f"{self.folder.name}: is not a folder; choose another --out.")
        require_replaceable(self.folder)


def write_plan(plan: Plan, patient: Patient, where: Destination) -> Plan:
    """Write plan.json, tables, navigator files, page, sheet and pictures into a folder.

    Parameters
    ----------
    plan : Plan
    patient : Patient
        The one that the plan was made for: a navigator needs a NIfTI copy of an MGH T1.
    where : Destination
        Its folder appears whole at the end, with SHA256SUMS.

    Returns
    -------
    Plan
        With its exports and TP-F05.

    Raises
    ------
    MissingPartError
        Before anything is written, if pictures cannot be drawn on this machine.
    TripwireError
        If a file does not read back as the plan; nothing is left behind.
    """
    require_gl()
    with published_folder(where.folder, overwrite=where.overwrite) as work:
        navigation = work / NAVIGATION
        navigation.mkdir()
        exports = export_plan(plan, navigation, where.formats)
        exports = tuple(replace(e, file=f"{NAVIGATION}/{e.file}") for e in exports)
        tripwires = (*plan.tripwires, tripwire_read_back(exports, plan.params))
        require_all(tripwires)
        plan = as_stored(replace(plan, exports=exports, tripwires=tripwires))
        if patient.t1w.needs_copy:
            (navigation / NAVIGATOR_T1).write_bytes(navigator_t1_bytes(patient.t1w))
        save_plan(plan, work)
        write_tables(plan, work)
        write_report(plan, work)
    return plan
