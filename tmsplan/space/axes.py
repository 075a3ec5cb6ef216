"""Relations between axes that hold by definition, claimed once."""

from __future__ import annotations

from .frame import Frame, Scanner, ScannerLps
from .transform import Rigid

__all__ = ["lps_from_ras"]


def lps_from_ras(scanner: Frame[Scanner]) -> Rigid[ScannerLps, Scanner]:
    """Return the map to the same world in LPS axes (DICOM, ITK).

    A half turn about z: left and right keep their hands, only the signs of x and y change.
    """
    return Rigid.claim(
        [[-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
        dst=Frame(ScannerLps, scanner.owner),
        src=scanner,
        because="LPS is RAS with x and y negated",
    )
