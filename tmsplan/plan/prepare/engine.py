"""The door to ANTs: imported where it is used, single-threaded, seeded; worlds are RAS outside."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import MissingPartError
from .picture import Picture

__all__ = [
    "SEED",
    "from_ants",
    "load_ants",
    "own_temporary_folder",
    "pulled",
    "registered",
    "to_ants",
]

Floats = NDArray[np.float64]

SEED = 20
#: ITK counts x and y the other way round.
_LPS = np.diag([-1.0, -1.0, 1.0])


def load_ants() -> Any:  # noqa: ANN401 - ANTsPy is not typed
    """Return the ants module, set to one thread: sums of several threads differ in the last bits.

    Raises
    ------
    MissingPartError
        If it is not installed.
    """
    os.environ["ITK_GLOBAL_DEFAULT_NUMBER_OF_ITK_THREADS"] = "1"
    try:
        import ants
    except ImportError as err:
        raise MissingPartError(
            "preparing raw scans needs ANTs, which is not installed. Run pip install "
            '"tmsplan[prepare]", or prepare the patient with fMRIPrep or FreeSurfer.'
        ) from err
    return ants


@contextmanager
def own_temporary_folder() -> Iterator[Path]:
    """Collect the files that ANTs leaves in the temporary folder, and remove them at the end.

    They are images of the patient. ANTs asks `tempfile` for every name and never deletes.
    """
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="tmsplan-prepare-") as folder:
        tempfile.tempdir = folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = before


def to_ants(picture: Picture) -> Any:  # noqa: ANN401
    """Return an ANTs image of the same voxels in the same place."""
    step = np.linalg.norm(picture.affine[:3, :3], axis=0)
    return load_ants().from_numpy(
        np.ascontiguousarray(picture.data, dtype=np.float32),
        origin=tuple(_LPS @ picture.affine[:3, 3]),
        spacing=tuple(step),
        direction=_LPS @ (picture.affine[:3, :3] / step),
    )


def from_ants(image: Any, like: Picture) -> Picture:  # noqa: ANN401
    """Return an ANTs image that lies on the grid of `like`."""
    return Picture(np.asarray(image.numpy(), dtype=np.float32), like.affine)


def registered(fixed: Picture, moving: Picture, kind: str, **options: object) -> list[str]:
    """Register `moving` onto `fixed`; return ANTs' forward transform files.

    They pull the moving image onto the fixed grid, so they move points from `fixed` to `moving`.
    """
    fields = {k: to_ants(v) if isinstance(v, Picture) else v for k, v in options.items()}
    found = load_ants().registration(
        to_ants(fixed), to_ants(moving), kind, random_seed=SEED, **fields
    )
    return [str(path) for path in found["fwdtransforms"]]


def pulled(
    picture: Picture, onto: Picture, transforms: Sequence[str | Path], *, invert: bool = False
) -> Picture:
    """Return `picture` resampled once onto the grid of `onto` (linear).

    Parameters
    ----------
    transforms : sequence of path
        As `registered` returns them: forward ones.
    invert : bool
        Whether `picture` lies in the fixed space and `onto` in the moving one; only for a chain
        of linear transforms.
    """
    chain = [str(t) for t in transforms]
    flags = [invert] * len(chain)
    out = load_ants().apply_transforms(
        to_ants(onto), to_ants(picture), chain[::-1] if invert else chain, whichtoinvert=flags
    )
    return from_ants(out, onto)
