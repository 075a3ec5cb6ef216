"""SYNTHETIC scans: grey matter, ALFF and mean BOLD in which structure and activity go together.

One model makes the patient and every control. The ribbon of the head gives each voxel its share
of cortex. Grey matter is that share times a smooth field of the person's own. Log ALFF follows
the grey matter of the same voxel as closely as the voxel's region says (`Person.rho`), the rest
is another smooth field; mean BOLD is a third, and a little of it shows in ALFF, as in real scans.
Fields are patches of three tables of noise that continue on their opposite face, cut out at
places of the person's own: a hundred people cost no more than a look-up each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .synthetic_head import SyntheticHead, ribbon_points, stamp

__all__ = ["CORE_MM", "Ground", "Noise", "Person", "Scans", "core_centre", "ground_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_FWHM_OF_SD = np.sqrt(8 * np.log(2))  # of a Gaussian
#: A usual BOLD voxel. The ribbon is drawn twice as fine, for shares of cortex.
STEP_MM = 2.5
_FINE = 2
#: Cortex to the edge of the volume: a spatial null moves activity by up to 30 mm.
_MARGIN_MM = 25.0
#: The brain mask is the ribbon closed over gaps of twice this, and a rim.
_CLOSE_MM, _RIM_MM = 20.0, 5.0
#: Voxels along each axis of a table of noise: wider than any head with its margin.
_TABLE = 96
#: Smoothness (full width at half maximum) of structure, activity and mean BOLD in mm.
_FWHM_MM = (8.0, 8.0, 14.0)
#: Grey matter of a voxel in the cortex, and how much it varies.
_GM, _GM_SD = 0.68, 0.13
#: A segmentation is blurred, and counts a voxel as cortex long before it is all cortex.
_BLUR_MM, _FULL = 4.0, 0.45
#: Spread of log ALFF, and how much of mean BOLD shows in it.
_LOG_ALFF_SD, _BOLD_SHOWS = 0.3, 0.2
#: ALFF in percent of the mean signal; mean BOLD in the scanner's unit, and its spread.
_ALFF, _BOLD, _BOLD_SD = 0.6, 900.0, 0.12
#: Grey matter farther than this from the usual counts no more: white matter is not overactive.
_TOP_SD = 2.0

#: Where coupling of the planted region is reversed: around this place of MNI305, in mm ...
CORE_MNI305 = (-40.0, 36.0, 24.0)
#: ... as far as this.
CORE_MM = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What the lattice of the scans holds of one head, voxel by voxel.

    Parameters
    ----------
    affine : (4, 4) float64
        Scanner RAS in mm from voxel indices.
    shape : (int, int, int)
    share : (v,) float64
        How much a segmentation takes the voxel for cortex, 0 to 1.
    region : (v,) intp
        Row of `ids` of the nearest cortex.
    brain : (v,) bool
    core : (v,) float64
        1 in the middle of the planted core, 0 outside it and outside the planted region.
    ids : tuple of int
        aparc+aseg ids, ascending.
    """

    affine: Floats
    shape: tuple[int, int, int]
    share: Floats
    region: Ints
    brain: NDArray[np.bool_]
    core: Floats
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One simulated person.

    Parameters
    ----------
    rho : (r,) float64
        How closely activity follows grey matter in each region, -1 to 1.
    core : float
        The same in the planted core; NaN for a person without one.
    patch : (3, 3) intp
        Where in the tables of noise the fields of this person begin.
    """

    rho: Floats
    core: float
    patch: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Scans:
    """Grey matter (0 to 1), ALFF (percent) and mean BOLD (scanner's unit) of some voxels."""

    gm: Floats
    alff: Floats
    mean_bold: Floats


class Noise:
    """Three smooth fields of unit variance that continue on their opposite face."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._tables = tuple(_smooth(rng, fwhm / STEP_MM) for fwhm in _FWHM_MM)

    @staticmethod
    def patch(rng: np.random.Generator) -> Ints:
        """Return where the fields of a new person begin."""
        return np.asarray(rng.integers(_TABLE, size=(len(_FWHM_MM), 3)), dtype=np.intp)

    def scans(self, person: Person, ground: Ground, at: Ints | None = None) -> Scans:
        """Return the scans of a person.

        Parameters
        ----------
        person : Person
        ground : Ground
        at : (n,) intp, optional
            Entries of the flat lattice; all of them if not given.
        """
        at = np.arange(len(ground.share)) if at is None else at
        ijk = np.unravel_index(at, ground.shape)
        structure, activity, bold = (
            table[_wrapped(ijk, start)].astype(np.float64)
            for table, start in zip(self._tables, person.patch, strict=True)
        )
        gm = np.clip(ground.share[at] * (_GM + _GM_SD * structure), 0.0, 1.0)
        rho = person.rho[ground.region[at]]
        if np.isfinite(person.core):
            rho = rho + ground.core[at] * (person.core - rho)
        follows = np.clip((gm - _GM) / _GM_SD, -_TOP_SD, _TOP_SD)
        log = rho * follows + np.sqrt(1 - rho**2) * activity + _BOLD_SHOWS * bold
        return Scans(
            gm=gm,
            alff=_ALFF * np.exp(_LOG_ALFF_SD * log),
            mean_bold=_BOLD * np.exp(_BOLD_SD * bold),
        )


def _wrapped(ijk: tuple[Ints, ...], start: Ints) -> Ints:
    """Return entries of a flat table that continues on its opposite face."""
    steps = np.arange(_TABLE)
    rows = [
        (steps + first) % _TABLE * _TABLE**power
        for first, power in zip(start, (2, 1, 0), strict=True)
    ]
    return np.asarray(rows[0][ijk[0]] + rows[1][ijk[1]] + rows[2][ijk[2]])


def _smooth(rng: np.random.Generator, fwhm: float) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    white = rng.standard_normal((_TABLE,) * 3, dtype=np.float32)
    field = gaussian_filter(white, fwhm / _FWHM_OF_SD, mode="wrap")
    return np.asarray(field / field.std(dtype=np.float64), dtype=np.float32).ravel()


def core_centre(head: SyntheticHead) -> Floats:
    """Return the middle of the planted core, (3,) mm, scanner RAS."""
    m = np.linalg.inv(head.mni305_from_scanner)
    return np.asarray(m[:3, :3] @ CORE_MNI305 + m[:3, 3])


def ground_of(head: SyntheticHead, planted: int) -> Ground:
    """Return the lattice of a head's scans.

    Parameters
    ----------
    head : SyntheticHead
    planted : int
        aparc+aseg id of the region that holds the core.
    """
    from scipy.ndimage import distance_transform_edt

    affine, shape = _lattice(head)
    labels, share = _ribbon(head, affine, shape)
    away, nearest = distance_transform_edt(labels == 0, STEP_MM, return_indices=True)
    closed = distance_transform_edt(away <= _CLOSE_MM, STEP_MM) > _CLOSE_MM - _RIM_MM
    near = labels[tuple(nearest)].ravel()
    ids = tuple(sorted(head.names))
    mm = np.stack(np.unravel_index(np.arange(near.size), shape), axis=1) * STEP_MM + affine[:3, 3]
    far = np.linalg.norm(mm - core_centre(head), axis=1) / CORE_MM
    return Ground(
        affine=affine,
        shape=shape,
        share=share.ravel(),
        region=np.searchsorted(ids, near),
        brain=closed.ravel(),
        # Flat in the middle half, then down to nothing at its edge.
        core=np.where(near == planted, np.clip(2 - 2 * far, 0, 1), 0.0),
        ids=ids,
    )


def _lattice(head: SyntheticHead) -> tuple[Floats, tuple[int, int, int]]:
    low = np.min([h.pial.min(axis=0) for _, h in head.halves.sides()], axis=0) - _MARGIN_MM
    high = np.max([h.pial.max(axis=0) for _, h in head.halves.sides()], axis=0) + _MARGIN_MM
    affine = np.diag([STEP_MM, STEP_MM, STEP_MM, 1.0])
    affine[:3, 3] = np.round(low, 1)
    i, j, k = (int(n) for n in np.ceil((high - low) / STEP_MM))
    return affine, (i, j, k)


def _ribbon(
    head: SyntheticHead, affine: Floats, shape: tuple[int, int, int]
) -> tuple[NDArray[np.int32], Floats]:
    """Return the label of each voxel, and how much a segmentation takes it for cortex."""
    from scipy.ndimage import gaussian_filter

    i, j, k = shape
    fine = np.zeros((_FINE * i, _FINE * j, _FINE * k), np.int32)
    # The first fine voxel's centre lies a quarter of a coarse one before the coarse centre.
    to_fine = np.diag([_FINE / STEP_MM] * 3 + [1.0])
    to_fine[:3, 3] = -affine[:3, 3] * _FINE / STEP_MM + (_FINE - 1) / 2
    for _, half in head.halves.sides():
        points, ids = ribbon_points(half, 4)  # every 1 mm
        stamp(fine, to_fine, points[ids > 0], ids[ids > 0])
    blocks = fine.reshape(i, _FINE, j, _FINE, k, _FINE)
    share = (blocks > 0).mean(axis=(1, 3, 5))
    blurred = gaussian_filter(share, _BLUR_MM / STEP_MM / _FWHM_OF_SD)
    return blocks.max(axis=(1, 3, 5)), np.clip(blurred / _FULL, 0.0, 1.0)
