"""Images of CAT12 and SPM: their prefix says what was done to them, and in which space they are.

CAT12 from 12.8 on warps to MNI152NLin2009cAsym (its folder ``templates_MNI152NLin2009cAsym``);
before, to a template of 555 people of the IXI study. SPM12's own segmentation (prefixes with a
``c``) warps to its tissue prior, BIDS name IXI549Space. A name cannot tell the version, so the
space is always declared, and only contradictions are refused.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..base.errors import refuse_file

__all__ = ["require_declared"]

_CAT12 = re.compile(r"(?P<m>m0?)?(?P<w>w)?(?P<r>r)?(?P<what>[pc])[1-6](?=[A-Za-z0-9_.-])")


def require_declared(path: Path, space: str) -> None:
    """Refuse a grey matter map whose prefix contradicts the space that was declared.

    Parameters
    ----------
    path : Path
        ``mwp1*``, ``wp1*``, ``p1*`` (CAT12) or ``mwc1*``, ``wc1*``, ``c1*`` (SPM12); other names
        say nothing.
    space : str
        ``"T1w"`` or a template.

    Raises
    ------
    InputError
        If a warped image is declared native or a native one warped, the image is a rigidly moved
        copy, or it is in SPM12's own template, which tmsplan has no frame for.
    """
    found = _CAT12.match(path.name)
    if found is None:
        return
    prefix = found.group()
    if found["r"]:
        raise refuse_file(
            path,
            f"'{prefix}' is a copy that was moved towards the template, neither native nor warped",
            f"{found['what']}1 (native) or mw{found['what']}1 (warped)",
            'Pass the native image with space = "T1w"',
        )
    if found["w"] and space == "T1w":
        raise refuse_file(
            path,
            f"'{prefix}' is warped to a template, but it is declared to be in the space of the T1",
            "the template's name",
            'Write under [maps.spaces]: gm = "MNI152NLin2009cAsym" for CAT12 12.8 or later; older '
            "versions warp to another template: then pass the native p1 image",
        )
    if not found["w"] and space != "T1w":
        raise refuse_file(
            path,
            f"'{prefix}' is in the patient's own space, but {space} is declared",
            'space = "T1w"',
            "Correct the space, or rename the file if CAT12 or SPM did not make it",
        )
    if found["w"] and found["what"] == "c":
        raise refuse_file(
            path,
            f"'{prefix}' is of SPM12's own segmentation; its template (IXI549Space) is unknown "
            f"here, so {space} cannot be right",
            "an image that is native, or warped by CAT12 12.8 or later",
            'Pass the native c1 image with space = "T1w"',
        )
