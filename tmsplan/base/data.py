"""Where the reference data that travel with tmsplan are."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import MissingPartError

__all__ = ["data_root", "user_data_root"]


def data_root(kind: str) -> Path:
    """Return the folder of ``"atlases"`` or ``"meshes"``, in a wheel or in a checkout.

    A wheel carries them as ``tmsplan/_data/<kind>``; an editable install does not, so the
    top level of the checkout is looked at second.

    Raises
    ------
    MissingPartError
        If neither place has it: the installation is incomplete.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_data" / kind, package.parent / kind):
        if folder.is_dir():
            return folder
    raise MissingPartError(
        f"the reference data '{kind}' are missing beside the package; reinstall tmsplan."
    )


def user_data_root() -> Path:
    """Return the folder for data that the user supplied (``TMSPLAN_DATA`` or the XDG one).

    The folder is not created here: reading must never write.
    """
    if own := os.environ.get("TMSPLAN_DATA"):
        return Path(own)
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "tmsplan"
