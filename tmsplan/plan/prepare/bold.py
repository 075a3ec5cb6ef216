"""One BOLD run: motion, its place in the T1, and the confounds that it leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...base.param import Param
from .anatomy import Anatomy
from .engine import from_ants, load_ants, registered, to_ants
from .itk_chain import read_affine
from .motion import Motion, framewise_displacement, realign
from .picture import Picture
from .steps import Steps

__all__ = ["Run", "confound_columns", "prepare_bold"]

Floats = NDArray[np.float64]

#: Probability of white matter or fluid from which a voxel counts as nothing else.
PURE = Param(0.95, "share", 0.5, 1.0, "docs/decisions/0017")


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A realigned run.

    Parameters
    ----------
    series : (i, j, k, t) float32
        Every volume interpolated once, onto the grid of the reference volume; never smoothed.
    mean : Picture
        Temporal mean. Its affine is that of the run *in the world of the T1*: the run is put
        there by its header and not by another interpolation.
    brain : (i, j, k) bool
        Brain of the T1 on the same grid.
    motion : Motion
    t1_from_bold : (4, 4)
        Rigid, RAS mm.
    confounds : mapping of name to (t,)
        Named as fMRIPrep does.
    """

    series: NDArray[np.float32]
    mean: Picture
    brain: NDArray[np.bool_]
    motion: Motion
    t1_from_bold: Floats
    confounds: dict[str, Floats]


def prepare_bold(
    series: NDArray[np.float32], affine: Floats, anatomy: Anatomy, steps: Steps
) -> Run:
    """Return the run realigned and placed in the T1's world.

    Parameters
    ----------
    series : (i, j, k, t) float32
    affine : (4, 4)
        World of the run as its header says; a rough start for the registration.
    anatomy : Anatomy
    steps : Steps
    """
    middle = series.shape[3] // 2
    with steps.step("motion of the head"):
        motion = realign(series, affine, middle)
        still = _resliced(series, affine, motion)
    mean = Picture(still.mean(axis=3), affine)
    with steps.step("BOLD to T1 (rigid, mutual information)"):
        t1_from_bold = _to_t1(mean, anatomy)
    placed = t1_from_bold @ affine
    mean = Picture(mean.data, placed)
    share = {k: _on_grid(p, mean) for k, p in _tissue(anatomy).items()}
    brain = share.pop("brain") > 0.5
    confounds = confound_columns(motion, still, share)
    return Run(still, mean, brain & (mean.data > 0), motion, t1_from_bold, confounds)


def _tissue(anatomy: Anatomy) -> dict[str, Picture]:
    return {"brain": anatomy.brain, "csf": anatomy.csf, "white_matter": anatomy.wm}


def _resliced(series: NDArray[np.float32], affine: Floats, motion: Motion) -> NDArray[np.float32]:
    """Return every volume on the reference's grid, head only: one cubic spline interpolation."""
    from scipy.ndimage import binary_dilation, map_coordinates, spline_filter

    mean = series.mean(axis=3)
    head = binary_dilation(mean > 0.15 * np.quantile(mean, 0.98), iterations=2)
    places = np.argwhere(head).astype(np.float64)
    back = np.linalg.inv(affine)
    out = np.zeros(series.shape, dtype=np.float32)
    for t in range(series.shape[3]):
        index = back @ motion.matrix(t) @ affine
        ijk = places @ index[:3, :3].T + index[:3, 3]
        knots = spline_filter(series[..., t], order=3, output=np.float32)
        # Beyond the field of view nothing was measured; 0 leaves the voxel out of every mask.
        out[head, t] = map_coordinates(knots, ijk.T, order=3, prefilter=False, cval=0.0)
    seen = np.asarray((out > 0).all(axis=3))
    return np.where(seen[..., None], out, np.float32(0))


def _to_t1(mean: Picture, anatomy: Anatomy) -> Floats:
    """Return the rigid map from the run's world to the T1's."""
    ants = load_ants()
    bright = mean.with_data(mean.data > 0.2 * np.quantile(mean.data, 0.98))
    flat = ants.n4_bias_field_correction(
        to_ants(mean),
        mask=to_ants(bright),
        shrink_factor=2,
        convergence={"iters": [20, 20], "tol": 1e-6},
    )
    brain = anatomy.t1.with_data(anatomy.t1.data * anatomy.brain.data)
    # The run is fixed: its grid is the coarser one, and the sampled voxels are its own.
    files = registered(
        from_ants(flat, mean),
        brain,
        "Rigid",
        initial_transform=_identity(),
        mask=bright,
        aff_metric="mattes",
        aff_random_sampling_rate=0.5,
        aff_iterations=(200, 100, 50),
        aff_shrink_factors=(4, 2, 1),
        aff_smoothing_sigmas=(2, 1, 0),
    )
    return read_affine(files[-1])


def _identity() -> str:
    """Return the file of an identity; it lies in the preparation's own temporary folder."""
    import tempfile

    ants = load_ants()
    path = tempfile.mktemp(suffix=".mat")  # ANTs writes it at once
    ants.write_transform(
        ants.create_ants_transform(transform_type="Euler3DTransform", dimension=3), path
    )
    return path


def _on_grid(picture: Picture, grid: Picture) -> NDArray[np.float32]:
    ijk = np.stack(np.meshgrid(*[np.arange(n) for n in grid.data.shape], indexing="ij"), -1)
    world = ijk.reshape(-1, 3) @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    return picture.at(world).reshape(grid.data.shape).astype(np.float32)


def confound_columns(
    motion: Motion, series: NDArray[np.float32], share: dict[str, NDArray[np.float32]]
) -> dict[str, Floats]:
    """Return motion, framewise displacement and mean signals of fluid and white matter.

    Parameters
    ----------
    motion : Motion
    series : (i, j, k, t) float32
    share : mapping of name to (i, j, k)
        Probabilities; voxels above 0.95 count, or the surest 100 if there are fewer.
    """
    out = _expanded_motion(motion)
    out["framewise_displacement"] = framewise_displacement(motion.parameters)
    seen = (series > 0).all(axis=3)
    for name, probability in share.items():
        sure = np.where(seen, probability, 0)
        least = min(PURE.value, float(np.sort(sure, axis=None)[-100]))
        out[name] = series[(sure >= least) & (sure > 0.5)].mean(axis=0, dtype=np.float64)
    return out


def _expanded_motion(motion: Motion) -> dict[str, Floats]:
    """Return the six parameters, their changes, and the squares of both: 24 columns."""
    names = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
    out: dict[str, Floats] = {}
    for k, name in enumerate(names):
        value = motion.parameters[:, k]
        change = np.concatenate([[np.nan], np.diff(value)])
        out |= {name: value, f"{name}_derivative1": change}
        out |= {f"{name}_power2": value**2, f"{name}_derivative1_power2": change**2}
    return out
