"""One T1: bias field, brain, registration to the template, tissue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...base.errors import InputError
from ...base.param import Param
from .engine import from_ants, load_ants, pulled, registered, to_ants
from .itk_chain import Chain, read_affine, read_field
from .picture import Picture, resampled_along_axes
from .steps import Steps
from .template import Template

__all__ = ["Anatomy", "prepare_anatomy"]

#: Grid of tissue: half a ribbon. Registration runs on a coarser one.
WORK_MM = Param(1.2, "mm", 0.8, 2.0, "docs/decisions/0017")
REGISTER_MM = Param(2.0, "mm", 1.0, 3.0, "docs/decisions/0017")
#: Correlation of T1 and template inside the brain. One head: 0.61 after the affine, 0.73 after
#: SyN against the whole-head T1.
AGREEMENT = Param(0.6, "1", 0.5, 0.95, "docs/decisions/0017")
#: Weight of the template's probabilities in the segmentation, between 0 and 1.
PRIOR_WEIGHT = Param(0.2, "1", 0.0, 0.9, "doi:10.1007/s12021-011-9109-y")
_AFFINE = {
    "aff_metric": "mattes",
    "aff_iterations": (200, 100),
    "aff_shrink_factors": (4, 2),
    "aff_smoothing_sigmas": (2, 1),
}
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
    coarse = resampled_along_axes(work, REGISTER_MM.value)
    fixed = resampled_along_axes(template.t1, REGISTER_MM.value)
    near = _dilated(fixed.with_data(fixed.data > 0.02), 4)
    with steps.step("affine registration"):
        rigid = registered(fixed, coarse, "Rigid", **_AFFINE)
        affine = registered(
            fixed,
            coarse,
            "Affine",
            initial_transform=rigid,
            mask=near,
            mask_all_stages=True,
            **_AFFINE,
        )
    with steps.step("brain extraction (SyN to the brain template)"):
        rough = _chain(
            registered(
                fixed,
                coarse,
                "SyNOnly",
                initial_transform=affine,
                mask=near,
                syn_metric="mattes",
                reg_iterations=(20, 15, 0),
            )
        )
        brain = _brain_of(work, _on_t1(template.brain, rough, work, _head(work)))
    with steps.step("registration of the brain (SyN)"):
        inner = resampled_along_axes(work.with_data(work.data * brain.data), REGISTER_MM.value)
        files = registered(
            fixed,
            inner,
            "SyNOnly",
            initial_transform=affine,
            syn_metric="mattes",
            reg_iterations=(30, 20, 0),
        )
        chain = _chain(files)
    with steps.step("tissue (Atropos with the template's probabilities)"):
        gm, wm, csf = _tissue(work, brain, template, chain)
    return Anatomy(work, brain, gm, wm, csf, chain, _agreement(inner, fixed, files))


def _unbiased(picture: Picture) -> Picture:
    ants = load_ants()
    image = to_ants(picture)
    head = picture.with_data(_head(picture))
    corrected = ants.n4_bias_field_correction(
        image, mask=to_ants(head), shrink_factor=4, convergence=_N4, spline_param=200
    )
    return from_ants(corrected, picture)


def _head(picture: Picture) -> NDArray[np.bool_]:
    """Return what is brighter than air: half the mean of all voxels lies between the two."""
    return np.asarray(picture.data > 0.5 * picture.data.mean())


def _dilated(mask: Picture, voxels: int) -> Picture:
    from scipy.ndimage import binary_dilation

    return mask.with_data(binary_dilation(mask.data > 0, iterations=voxels))


def _chain(files: list[str]) -> Chain:
    """Read ANTs' forward files: field first, affine second; the inverse field lies beside."""
    forward, grid = read_field(files[0])
    backward, _ = read_field(files[0].replace("1Warp", "1InverseWarp"))
    return Chain(read_affine(files[1]), forward, backward, grid)


def _on_t1(picture: Picture, chain: Chain, onto: Picture, where: NDArray[np.bool_]) -> Picture:
    """Return a template image on a grid of the T1 (linear); 0 outside `where`."""
    ijk = np.argwhere(where)
    world = ijk @ onto.affine[:3, :3].T + onto.affine[:3, 3]
    out = np.zeros(onto.data.shape, dtype=np.float32)
    out[where] = picture.at(chain.template_from_t1(world))
    return onto.with_data(out)


def _brain_of(work: Picture, warped: Picture) -> Picture:
    """Return the brain: the warped template mask without what is dark or hangs by a thread."""
    from scipy import ndimage

    inside = warped.data > 0.5
    bright = work.data > 0.25 * float(np.median(work.data[inside]))
    core = ndimage.binary_opening(inside & bright, iterations=1)
    labels, n = ndimage.label(core)
    if n == 0:
        raise InputError(
            "no brain was found in the T1. Expected a T1-weighted image of a whole head; check it."
        )
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    largest = ndimage.binary_dilation(labels == int(sizes.argmax()), iterations=3) & inside
    return work.with_data(ndimage.binary_fill_holes(largest))


def _tissue(
    work: Picture, brain: Picture, template: Template, chain: Chain
) -> tuple[Picture, Picture, Picture]:
    """Return grey, white and fluid probabilities, in this order."""
    mask = brain.data > 0
    gm, wm = (_on_t1(p, chain, work, mask) for p in (template.gm, template.wm))
    csf = np.clip(1 - gm.data - wm.data, 0, 1)
    floor = 0.02  # no tissue is impossible anywhere: patients are not the template
    stack = np.stack([csf, gm.data, wm.data]) + floor
    stack = stack / stack.sum(axis=0) * mask
    ants = load_ants()
    found = ants.atropos(
        a=to_ants(work),
        x=to_ants(brain),
        i=[to_ants(work.with_data(p)) for p in stack],
        m="[0.1,1x1x1]",
        c="[5,0]",
        priorweight=PRIOR_WEIGHT.value,
    )
    posterior: list[NDArray[np.float32]] = [p.numpy() for p in found["probabilityimages"]]
    gm_p, wm_p, csf_p = (work.with_data(posterior[k] * mask) for k in (1, 2, 0))
    return gm_p, wm_p, csf_p


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
