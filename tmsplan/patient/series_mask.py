"""Where the brain is in a BOLD run that came without a mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.param import Param
from .series import Series
from .series_read import first_volumes

__all__ = ["brain_of", "series_mask"]

#: Volumes whose mean is thresholded: enough to lift the brain out of the noise.
N_FIRST = Param(10.0, "volumes", 1, 100, "docs/decisions/0013")
#: Less of the field of view than this is no brain.
MIN_SHARE = Param(0.02, "share", 0.001, 0.5, "docs/decisions/0013")
#: A demeaned series is negative in half its voxels; ringing makes a few in any.
MAX_NEGATIVE = Param(0.2, "share", 0.0, 0.4, "docs/decisions/0013")


def series_mask(series: Series) -> tuple[NDArray[np.bool_], str]:
    """Return the brain of a volume run, and where it comes from.

    The pipeline's own mask if there is one; else nilearn's EPI mask of the mean of the first
    volumes.

    Returns
    -------
    mask : (i, j, k) bool
    because : str

    Raises
    ------
    InputError
        If no brain is found.
    """
    if series.mask is not None:
        return np.asarray(series.mask.data, dtype=bool), "the run's own mask"
    mask = brain_of(first_volumes(series, int(N_FIRST.value)), series.name)
    return mask, f"nilearn compute_epi_mask of the first {N_FIRST.value:g} volumes"


def brain_of(mean: NDArray[np.float64], name: str) -> NDArray[np.bool_]:
    """Return the brain in a mean BOLD image: nilearn's histogram threshold, opened.

    Raises
    ------
    InputError
        If nothing in it stands out, or what does is too small.
    """
    import nibabel as nib
    from nilearn.masking import compute_epi_mask

    negative = float((mean < 0).mean())
    if negative > MAX_NEGATIVE.value:
        raise _no_brain(name, f"{100 * negative:.0f} % of its voxels are negative")
    if not mean.max() > mean.min():
        raise _no_brain(name, "all voxels are alike")
    try:
        # Only the array matters here, so the affine is a placeholder of this call.
        found = compute_epi_mask(nib.Nifti1Image(mean.astype(np.float32), np.eye(4)), opening=1)
    except ValueError as err:
        raise _no_brain(name, str(err)) from err
    mask = np.asarray(found.dataobj).astype(bool)
    if mask.mean() < MIN_SHARE.value:
        raise _no_brain(name, f"{100 * mask.mean():.1f} % of the field of view stand out")
    return mask


def _no_brain(name: str, found: str) -> InputError:
    return InputError(
        f"{name}: no brain was found in the mean of the first volumes ({found}). Expected a "
        f"bright head on a dark ground: a demeaned series has none. Give a mask of the brain."
    )
