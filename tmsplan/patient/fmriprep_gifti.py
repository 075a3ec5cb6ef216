"""What a surface of fMRIPrep says about its coordinates, beside the GIFTI standard."""

from __future__ import annotations

import re
from pathlib import Path

from ..base.errors import refuse_file

__all__ = ["require_scanner_ras"]

_C_RAS = re.compile(
    rb"<Name>\s*(?:<!\[CDATA\[)?VolGeomC_[RAS](?:\]\]>)?\s*</Name>\s*"
    rb"<Value>\s*(?:<!\[CDATA\[)?([^\]<]*)",
)
_SCANNER = b"NIFTI_XFORM_SCANNER_ANAT"


def require_scanner_ras(path: Path, content: bytes) -> None:
    """Refuse a surface on which FreeSurfer's shift (c_ras) was not yet applied.

    fMRIPrep moves the surfaces of ``mris_convert`` to scanner RAS. Version 20.2 adds c_ras and
    sets it to 0 in the metadata, later ones convert with ``--to-scanner`` and say so. A file that
    still carries a shift and does not say scanner RAS is FreeSurfer's own, millimetres to
    centimetres off.

    Parameters
    ----------
    path : Path
        For messages.
    content : bytes
        The XML.

    Raises
    ------
    InputError
        Names the file and the shift.
    """
    if _SCANNER in content:
        return
    said = [text.decode("ascii", "replace").strip() for text in _C_RAS.findall(content)]
    if any(_is_shift(text) for text in said):
        raise refuse_file(
            path,
            f"its metadata carry a shift (VolGeomC, c_ras: {', '.join(said)}) and do not say that "
            f"it was applied",
            "a surface in scanner RAS, as fMRIPrep writes it",
            "It is FreeSurfer's own conversion; pass the FreeSurfer folder, or fMRIPrep's file",
        )


def _is_shift(text: str) -> bool:
    try:
        return float(text) != 0
    except ValueError:
        return True
