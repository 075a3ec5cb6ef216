"""From a volume in the scanner world to the patient's cortex: the one way of every method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from ..base.param import Param
from ..patient.patient import Patient
from ..space.frame import Scanner
from ..space.grid import Grid, Volume
from ..surface.field import Field
from ..surface.pair import Pair
from ..surface.sampling import Sampler, build_sampler

__all__ = ["KNOWN_SHARE", "Projector", "build_projector", "project"]

#: A vertex has a value where the samples that have one hold at least this much of the weight.
KNOWN_SHARE = Param(0.5, "share", 0.1, 1.0, "docs/decisions/0012")


@dataclass(frozen=True, slots=True, eq=False)
class Projector:
    """The operators that take volumes on one grid to both sides of a cortex.

    Build it once per grid: applying it costs about a hundredth of building it.

    Parameters
    ----------
    samplers : Pair of Sampler
        Means between white and pial surface.
    """

    samplers: Pair[Sampler[Scanner]]

    def project(self, volume: Volume[Scanner], *, name: str, unit: str) -> Pair[Field]:
        """Return a volume on the cortex; NaN where it does not cover the cortex.

        A vertex is the mean of the samples between white and pial that have a value, where
        these are at least `KNOWN_SHARE` of its samples: a map that is masked to the brain has
        no value under the outermost ones. A sample outside the grid, which is outside the
        field of view, has none either.

        Parameters
        ----------
        volume : Volume
            On the grid of the samplers, scanner RAS; NaN is missing, 0 is a value.
        name, unit : str
            Of the resulting fields.

        Returns
        -------
        Pair of Field

        Raises
        ------
        FrameError
            If the volume is in another frame.
        InputError
            If it is on another grid or holds infinite values.
        """
        if np.isinf(volume.data).any():
            raise InputError(
                f"{volume.grid.world.owner}: the {name} map holds infinite values; write NaN "
                f"where the map is missing."
            )
        known = np.isfinite(volume.data)
        filled = Volume(np.where(known, volume.data, 0.0), volume.grid)
        there = Volume(known.astype(np.float64), volume.grid)

        def one(sampler: Sampler[Scanner]) -> Field:
            total, share = (sampler.apply(v, name=name, unit=unit).values for v in (filled, there))
            return Field(_mean(total, share, sampler.inside), sampler.domain, name, unit)

        return self.samplers.map(one)


def build_projector(patient: Patient, grid: Grid[Scanner]) -> Projector:
    """Return the operators from a grid of the scanner world to the patient's cortex.

    Raises
    ------
    FrameError
        If the grid is in another frame, or no vertex of a side lies inside it.
    """
    return Projector(
        patient.cortex.map(lambda c: build_sampler(c.white, c.pial, grid, kind="depth"))
    )


def project(patient: Patient, volume: Volume[Scanner], *, name: str, unit: str) -> Pair[Field]:
    """Return one volume on the patient's cortex, as `Projector.project` does.

    Where several volumes share a grid, build the `Projector` once instead.
    """
    return build_projector(patient, volume.grid).project(volume, name=name, unit=unit)


def _mean(
    total: NDArray[np.float64], share: NDArray[np.float64], inside: NDArray[np.float64]
) -> NDArray[np.float64]:
    # The sampler's share is of the samples inside the grid; those outside count as missing too.
    with np.errstate(invalid="ignore"):  # NaN without any sample inside
        enough = share * inside >= KNOWN_SHARE.value
    return np.where(enough, total / np.where(enough, share, 1.0), np.nan)
