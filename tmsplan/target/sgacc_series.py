"""The seed's series and those of the search region's vertices, from one run of BOLD."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from ..base.errors import FrameError, InputError
from ..coupling.activity.bandpass import keep_band
from ..coupling.activity.clean import Choices, Clean, clean_series
from ..patient.patient import Cortex, Patient
from ..patient.series import Series
from ..patient.series_mask import series_mask
from ..patient.series_read import read_series, read_sides
from ..space.frame import Frame, Scanner, template_frame
from ..space.grid import Grid, Volume
from ..space.points import Points
from ..space.side import Hemi
from ..surface.sampling import build_sampler
from ..surface.surface import Surface
from .route import Route, route_between
from .sgacc_settings import SEARCH, SEED, TEMPLATE, SgaccSettings

__all__ = ["SeedAndRegion", "search_region", "seed_and_region"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

#: The seed and the region are left and right of the midline; the target is on the left.
SIDE = Hemi.LEFT
#: A warp stretches by less than this: vertices farther from every centre need not be warped.
_STRETCH = 2.0
_SEED_STEP_MM = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class SeedAndRegion:
    """Cleaned, filtered series of one run.

    Parameters
    ----------
    vertices : (v,) intp
        Of the left mesh: the search region.
    series : (v, t) float64
        Mean between white and pial; a row is NaN where the run has no signal.
    seed : (t,) float64
        Mean, or weighted mean, of the seed.
    clean : Clean
        What the cleaning measured and has to say.
    words : str
        How the seed came to the patient, and how large it is.
    """

    vertices: Indices
    series: Floats
    seed: Floats
    clean: Clean
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """Rows of a run with who reads them; `values` becomes the residual in place."""

    values: NDArray[np.float32]
    at_vertices: sparse.csr_array[Any]
    seed: Floats
    brain: NDArray[np.bool_]


def seed_and_region(
    patient: Patient,
    series: Series,
    settings: SgaccSettings,
    seed_map: Volume[Any] | None = None,
) -> SeedAndRegion:
    """Read, clean and filter what the target needs of a run.

    Parameters
    ----------
    patient : Patient
    series : Series
        In the space of the T1 or a template, or on the patient's mesh or one related to it.
    settings : SgaccSettings
    seed_map : Volume of a template, optional
        Group connectivity of the seed: then the seed's series is the mean over the brain,
        weighted by it, without the search region. A volume run is needed.

    Raises
    ------
    InputError
        If the run is refused, or does not cover the seed.
    FrameError
        If nothing relates the template, or the run, to the patient.
    """
    route = route_between(TEMPLATE, patient, assumed=True)
    vertices = search_region(patient, route, settings)
    if series.grid is not None:
        reading = _of_volume(patient, series, route, vertices, (settings, seed_map))
    elif seed_map is not None:
        raise InputError(f"{series.name}: a seed map needs a run in a volume, not on surfaces.")
    else:
        reading = _of_surface(patient, series, route, vertices, settings)
    size = int((reading.seed != 0).sum())
    if not size:
        raise InputError(
            f"{series.name}: the run does not cover the subgenual seed {SEED} mm ({TEMPLATE}). "
            f"Expected data there; the field of view may end above it."
        )
    choices = Choices(
        band=settings.band, confounds=settings.confounds, spikes="regress", scale="raw"
    )
    clean = clean_series(reading.values, series, choices)
    kept = clean.residual
    keep_band(kept, series.tr_s, settings.band)
    seed, rows = _averaged(kept, reading, series.name)
    if settings.global_signal:
        alive = reading.brain & np.isfinite(kept[:, 0])
        whole = kept[alive].mean(axis=0, dtype=np.float64)
        seed, rows = _without(seed[None], whole)[0], _without(rows, whole)
    places = "voxels" if series.grid is not None else "vertices"
    return SeedAndRegion(vertices, rows, seed, clean, f"seed of {size} {places} by {route.words}")


def search_region(patient: Patient, route: Route, settings: SgaccSettings) -> Indices:
    """Return the left vertices within the search radius of a centre, measured in the template."""
    mid = patient.cortex.side(SIDE).mid.points
    centres = Points(SEARCH, template_frame(TEMPLATE))
    here = route.to_patient(centres)
    near = np.zeros(len(mid), dtype=bool)
    for k in range(len(here)):
        near |= mid.distances(here.take(k)) <= _STRETCH * settings.search_radius.value
    if not near.any():
        return np.flatnonzero(near)
    around = np.flatnonzero(near)
    there = route.to_template(mid.take(around), TEMPLATE)
    inside = np.zeros(len(around), dtype=bool)
    for k in range(len(centres)):
        inside |= there.distances(centres.take(k)) <= settings.search_radius.value
    return around[inside]


def _of_volume(
    patient: Patient,
    series: Series,
    route: Route,
    vertices: Indices,
    seeding: tuple[SgaccSettings, Volume[Any] | None],
) -> _Reading:
    grid, (settings, seed_map) = _grid(series), seeding
    left = patient.cortex.side(SIDE)
    white, pial = (_on(s, grid.world, patient) for s in (left.white, left.pial))
    sampler = build_sampler(white, pial, grid)
    weights = sampler.weights[vertices]
    used = np.unique(weights.indices)
    read = np.ravel_multi_index(tuple(sampler.voxels.ijk[used].T), grid.shape)
    brain, _ = series_mask(series)
    if seed_map is None:
        at = _seed_voxels(patient, route, grid, settings)
        seed = np.zeros(grid.shape)
        seed.flat[at] = 1.0
    else:
        seed = _seed_weights(seed_map, patient, series, brain, route)
        seed.flat[read] = 0.0
    wanted = brain | (seed != 0)
    wanted.flat[read] = True
    row_of = np.full(grid.shape, -1, dtype=np.intp)
    row_of[wanted] = np.arange(int(wanted.sum()))
    renamed = sparse.csr_array(
        (weights.data, row_of.flat[read][np.searchsorted(used, weights.indices)], weights.indptr),
        shape=(len(vertices), int(wanted.sum())),
    )
    return _Reading(read_series(series, wanted), renamed, seed[wanted], brain[wanted])


def _of_surface(
    patient: Patient, series: Series, route: Route, vertices: Indices, settings: SgaccSettings
) -> _Reading:
    if series.mesh is None or (series.mesh.left != "fsnative" and series.vertex_at is None):
        raise FrameError(
            f"{series.name}: nothing relates the mesh of this run to the patient's surfaces. "
            f"Give the run in the space of the T1."
        )
    if SIDE not in series.hemis:
        raise InputError(f"{series.name}: the run has no {SIDE} side, where the target lies.")
    sides = read_sides(series)
    start, seed, at = 0, [], np.zeros(0, dtype=np.intp)
    for hemi, values in sides.items():
        own = _rows_of(series, patient.cortex.side(hemi), hemi)
        here = np.zeros(len(values))
        here[own[_near_seed(patient, hemi, route, settings)]] = 1.0
        seed.append(here)
        if hemi is SIDE:
            at = start + own[vertices]
        start += len(values)
    select = sparse.csr_array(
        (np.ones(len(at)), at, np.arange(len(at) + 1)), shape=(len(at), start)
    )
    everywhere = np.ones(start, dtype=bool)
    return _Reading(np.concatenate([*sides.values()]), select, np.concatenate(seed), everywhere)


def _rows_of(series: Series, cortex: Cortex, hemi: Hemi) -> Indices:
    if series.vertex_at is None:
        return np.arange(len(cortex.pial))
    return series.vertex_at.side(hemi)


def _near_seed(patient: Patient, hemi: Hemi, route: Route, settings: SgaccSettings) -> Indices:
    mid = patient.cortex.side(hemi).mid.points
    seed = Points(SEED, template_frame(TEMPLATE))
    reach = _STRETCH * settings.seed_radius.value
    around = np.flatnonzero(mid.distances(route.to_patient(seed)) <= reach)
    if not len(around):
        return around
    there = route.to_template(mid.take(around), TEMPLATE)
    return around[there.distances(seed) <= settings.seed_radius.value]


def _grid(series: Series) -> Grid[Any]:
    if series.grid is None:
        raise InputError(f"{series.name}: a run on surfaces; expected a volume.")
    return series.grid


def _on(surface: Surface[Scanner], world: Frame[Any], patient: Patient) -> Surface[Any]:
    """Return a surface where the run lies."""
    if world == patient.scanner:
        return surface
    return Surface(patient.tree.points(surface.points, world), surface.faces, surface.domain)


def _seed_voxels(
    patient: Patient, route: Route, grid: Grid[Any], settings: SgaccSettings
) -> Indices:
    """Return the flat voxels of the run that the template's seed sphere falls into."""
    radius = settings.seed_radius.value
    steps = np.arange(-radius, radius + _SEED_STEP_MM / 2, _SEED_STEP_MM)
    ball = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    ball = ball[(ball**2).sum(axis=1) <= radius**2] + SEED
    here = route.to_patient(Points(ball, template_frame(TEMPLATE)))
    if grid.world != patient.scanner:
        here = patient.tree.points(here, grid.world)
    ijk, inside = grid.nearest(here)
    return np.unique(np.ravel_multi_index(tuple(ijk[inside].T), grid.shape))


def _seed_weights(
    seed_map: Volume[Any], patient: Patient, series: Series, brain: NDArray[np.bool_], route: Route
) -> Floats:
    """Return the group map's value at each voxel of the brain; 0 where it has none."""
    grid = _grid(series)
    ijk = np.argwhere(brain)
    here: Points[Any] = grid.centres(ijk)
    if grid.world != patient.scanner:
        here = patient.tree.points(here, patient.scanner)
    world = seed_map.grid.world
    name = TEMPLATE if world == template_frame(TEMPLATE) else None
    there = route.to_template(here, name) if name else patient.tree.points(here, world)
    at = seed_map.grid.indices(there).T
    values = np.nan_to_num(np.asarray(seed_map.data, dtype=np.float64))
    out = np.zeros(grid.shape)
    out[tuple(ijk.T)] = ndimage.map_coordinates(values, at, order=1, cval=0.0)
    return out


def _averaged(
    residual: NDArray[np.float32], reading: _Reading, name: str
) -> tuple[Floats, Floats]:
    """Return the seed's series and those of the vertices; a dead voxel makes its vertex NaN."""
    seed = reading.seed * np.isfinite(residual[:, 0])
    total = float(np.abs(seed).sum())
    if total == 0:
        raise InputError(f"{name}: no voxel of the subgenual seed has a signal. Check the run.")
    used = np.flatnonzero(seed)
    mean = (seed[used] @ residual[used].astype(np.float64)) / total
    return mean, np.asarray(reading.at_vertices @ residual.astype(np.float64))


def _without(rows: Floats, whole: Floats) -> Floats:
    """Return rows without their part along one series; all have mean 0."""
    unit = whole / np.linalg.norm(whole)
    return np.asarray(rows - (rows @ unit)[:, None] * unit)
