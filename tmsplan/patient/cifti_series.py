"""A CIFTI run: opened for what it says, read when somebody asks."""

from __future__ import annotations

from pathlib import Path

from ..base.errors import refuse_file
from ..space.side import Hemi
from ..surface.pair import Pair
from .cifti import DENSITY, read_cifti
from .confounds import read_confounds
from .series import Series
from .series_open import SeriesFiles, require_no_mask
from .tr import decide_tr, read_sidecar, sidecar_of, task_of, tr_statements

__all__ = ["FSLR", "open_dtseries"]

#: The mesh of a CIFTI run, as `Series.mesh` names it.
FSLR = "fsLR_32k"


def open_dtseries(
    path: Path, *, tr_s: float | None = None, files: SeriesFiles | None = None
) -> Series:
    """Open a ``.dtseries.nii`` run.

    Parameters
    ----------
    path : Path
    tr_s : float or None
        Declared repetition time in seconds; it decides.
    files : SeriesFiles or None
        Sidecar and confounds.

    Raises
    ------
    InputError
        If the file is refused, or holds maps instead of a series.
    AmbiguityError
        If header and sidecar disagree on the repetition time.
    """
    files = files or SeriesFiles()
    require_no_mask(path, files)
    cifti = read_cifti(path)
    n = len(cifti.values.left)
    if cifti.step_s is None or n < 2:
        raise refuse_file(path, "no series of volumes", "a .dtseries.nii run", "Pass the run")
    sidecar = files.sidecar or sidecar_of(path)
    fields = read_sidecar(sidecar) if sidecar else {}
    said = tr_statements(sidecar, fields) if sidecar else {}
    seconds, because = decide_tr(path.name, cifti.step_s, said, tr_s)
    return Series(
        files=(path,),
        tr_s=seconds,
        tr_because=because,
        n_volumes=n,
        mesh=Pair(left=FSLR, right=FSLR),
        confounds=read_confounds(files.confounds, n) if files.confounds else {},
        task=task_of(path, fields),
        kind="cifti",
        hemis=(Hemi.LEFT, Hemi.RIGHT),
        sizes=(DENSITY, DENSITY),
    )
