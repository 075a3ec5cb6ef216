"""One T1: bias field, brain, registration to the template, tissue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...base.errors import InputError
from ...base.param import Param
from .brain import cleaned_brain, head_of, rough_brain
from .engine import from_ants, load_ants, pulled, registered, to_ants
from .itk_chain import Chain, read_affine, read_field
from .picture import Picture, cropped, resampled_along_axes
from .steps import Steps
from .template import Template
from .tissue import on_t1, segmented

__all__ = ["Anatomy", "prepare_anatomy"]

#: Grid of tissue: half a ribbon. Registration runs on a coarser one.
WORK_MM = Param(1.2, "mm", 0.8, 2.0, "docs/decisions/0017")
REGISTER_MM = Param(2.0, "mm", 1.0, 3.0, "docs/decisions/0017")
#: Correlation of T1 and template inside the brain; 0.90 on the ecog head.
AGREEMENT = Param(0.6, "1", 0.5, 0.95, "docs/decisions/0017")
_AFFINE = {
    "aff_metric": "mattes",
    "aff_iterations": (200, 100),
    "aff_shrink_factors": (2, 1),
    "aff_smoothing_sigmas": (1, 0),
    "aff_random_sampling_rate": 0.5,
}
#: Grid of the linear registration and of the brain's mask: voxels of both are many enough.
_COARSE_MM = 4.0
#: Margin of the template's box: beyond it the field ends and nothing of the brain lies.
_MARGIN_MM = 12.0
_N4 = {"iters": [20, 20, 20], "tol": 1e-6}


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """What is known of the T1.

    Parameters
    ----------
    t1 : Picture
        Bias-corrected, on the working grid along the T1's own axes.
    brain : Picture
        1 inside the brain.
    gm, wm, csf : Picture
        Probabilities.
    chain : Chain
        Between template and T1.
    agreement : float
        Correlation of the registered T1 with the template inside the brain.
    """

    t1: Picture
    brain: Picture
    gm: Picture
    wm: Picture
    csf: Picture
    chain: Chain
    agreement: float


def prepare_anatomy(t1: Picture, template: Template, steps: Steps) -> Anatomy:
    """Return brain, tissue and registration of one T1.

    Parameters
    ----------
    t1 : Picture
        Whole head, T1-weighted.
    template : Template
    steps : Steps
        Gets the time of each step.

    Raises
    ------
    InputError
        If the registration does not agree with the template.
    """
    with steps.step("bias field (N4)"):
        work = _unbiased(resampled_along_axes(t1, WORK_MM.value))
    with steps.step("brain (thresholds, then the template's mask)"):
        brain, affine = _brain(work, cropped(template.t1, template.brain, _MARGIN_MM), template)
    with steps.step("registration of the brain (SyN)"):
        inner = _coarse(work.with_data(work.data * brain.data), REGISTER_MM.value)
        fixed = _coarse(cropped(template.t1, template.brain, _MARGIN_MM), REGISTER_MM.value)
        files = _syn(fixed, inner, affine, (40, 30, 10))
        chain = _chain(files)
    with steps.step("tissue (with the template's probabilities)"):
        gm, wm, csf = segmented(work, brain, template, chain)
    return Anatomy(work, brain, gm, wm, csf, chain, _agreement(inner, fixed, files))


def _coarse(picture: Picture, step_mm: float) -> Picture:
    return resampled_along_axes(picture, step_mm)


def _brain(work: Picture, target: Picture, template: Template) -> tuple[Picture, list[str]]:
    """Return the brain and the affine registration to the template.

    First a brain from thresholds, so that scalp and skull cannot attract the template; then
    size before shape, because a neck that hangs on would tilt an affine that starts at once.
    """
    rough = rough_brain(work)
    fixed = _coarse(target, _COARSE_MM)
    moving = _coarse(work.with_data(work.data * rough.data), _COARSE_MM)
    near = _dilated(fixed.with_data(fixed.data > 0.05), 2)
    similar = registered(fixed, moving, "Similarity", **_AFFINE)
    affine = registered(
        fixed,
        moving,
        "Affine",
        initial_transform=similar,
        mask=near,
        mask_all_stages=True,
        **_AFFINE,
    )
    first = _chain(_syn(fixed, moving, affine, (40, 30), mask=near))
    warped = on_t1(template.brain, first, work, rough.data > 0)
    return cleaned_brain(work, warped), affine


def _syn(
    fixed: Picture,
    moving: Picture,
    affine: list[str],
    rounds: tuple[int, ...],
    **options: Picture,
) -> list[str]:
    return registered(
        fixed,
        moving,
        "SyNOnly",
        initial_transform=affine,
        syn_metric="mattes",
        reg_iterations=rounds,
        **options,
    )


def _unbiased(picture: Picture) -> Picture:
    ants = load_ants()
    image = to_ants(picture)
    head = picture.with_data(head_of(picture))
    corrected = ants.n4_bias_field_correction(
        image, mask=to_ants(head), shrink_factor=4, convergence=_N4, spline_param=200
    )
    return from_ants(corrected, picture)


def _dilated(mask: Picture, voxels: int) -> Picture:
    from scipy.ndimage import binary_dilation

    return mask.with_data(binary_dilation(mask.data > 0, iterations=voxels))


def _chain(files: list[str]) -> Chain:
    """Read ANTs' forward files: field first, affine second; the inverse field lies beside."""
    forward, grid = read_field(files[0])
    backward, _ = read_field(files[0].replace("1Warp", "1InverseWarp"))
    return Chain(read_affine(files[1]), forward, backward, grid)


def _agreement(inner: Picture, fixed: Picture, files: list[str]) -> float:
    moved = pulled(inner, fixed, files)
    brain = fixed.data > 0.02
    value = float(np.corrcoef(moved.data[brain], fixed.data[brain])[0, 1])
    if not value >= AGREEMENT.value:
        raise InputError(
            f"the T1 could not be registered to the template: they correlate by {value:.2f} in "
            f"the brain, expected {AGREEMENT.value:g} or more. Check that it is a T1-weighted "
            f"image of a whole head; else prepare the patient with FreeSurfer or fMRIPrep."
        )
    return value
