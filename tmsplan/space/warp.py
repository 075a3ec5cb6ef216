"""Nonlinear maps. Points and images travel in opposite directions, and the types say so.

An image transform "from A to B" pulls: for every place of B it says where in A to look, so
it moves *points* from B to A. Confusing the two is the classic error; here an `ImageWarp`
refuses points and names the way out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError, refuse_file
from .frame import Frame, Kind, require_same
from .points import Points

__all__ = ["ImageWarp", "PointWarp", "read_itk_warp"]

D = TypeVar("D", bound=Kind)
S = TypeVar("S", bound=Kind)

Floats = NDArray[np.float64]

#: Fixed-point inversion stops here: far below a voxel, far above rounding.
INVERSE_MM = 1e-4
INVERSE_STEPS = 200


@dataclass(frozen=True, slots=True, eq=False)
class PointWarp(Generic[D, S]):
    """Moves points from frame `src` to frame `dst`."""

    _map: Callable[[Floats], Floats]
    dst: Frame[D]
    src: Frame[S]
    because: tuple[str, ...]
    _back: PointWarp[Any, Any] | None = None

    @classmethod
    def claim(
        cls, function: Callable[[Floats], Floats], *, dst: Frame[D], src: Frame[S], because: str
    ) -> PointWarp[D, S]:
        """Assert, on your word, that `function` takes (n, 3) mm in `src` to mm in `dst`."""
        return cls(function, dst, src, (because,))

    def __matmul__(self, points: Points[S]) -> Points[D]:
        require_same(self.src, points.frame, "warp points")
        return Points(self._map(points.mm(self.src)), self.dst)

    def inverse(self) -> PointWarp[S, D]:
        """Return the map from `dst` back to `src`, found by fixed-point iteration.

        Raises
        ------
        InputError
            When used: if the iteration does not reach 1e-4 mm, as where a field folds.
        """
        if self._back is not None:  # the inverse of an inverse is the map that was given
            return self._back

        def back(target: Floats) -> Floats:
            return _invert(self._map, target, f"{self.src} from {self.dst}")

        because = (*self.because, "inverted numerically")
        return PointWarp(back, self.src, self.dst, because, _back=self)

    def __str__(self) -> str:
        return f"{self.dst} from {self.src} (point warp; {'; '.join(self.because)})"


@dataclass(frozen=True, slots=True, eq=False)
class ImageWarp(Generic[D, S]):
    """Resamples images from frame `src` onto frame `dst`.

    It therefore moves points from `dst` to `src`: `pulls` is that map.
    """

    pulls: PointWarp[S, D]

    @property
    def dst(self) -> Frame[D]:
        """Frame of the resampled image."""
        return self.pulls.src

    @property
    def src(self) -> Frame[S]:
        """Frame of the image that is resampled."""
        return self.pulls.dst

    def __matmul__(self, other: object) -> NoReturn:
        raise TypeError(
            f"an image warp onto {self.dst} moves points the other way, to {self.src}. "
            f"Use .pulls @ points for that, or .pulls.inverse() @ points for {self.dst}."
        )


def _invert(forward: Callable[[Floats], Floats], target: Floats, what: str) -> Floats:
    start = np.array(target, dtype=np.float64)
    # The affine part of a composite warp is removed first: the plain iteration x += y - f(x)
    # converges only where f is close to a shift.
    linear, shift = _linear_part(forward, start.mean(axis=0))
    undo = np.linalg.inv(linear)
    x = (start - shift) @ undo.T
    for _ in range(INVERSE_STEPS):
        miss = target - forward(x)
        if float(np.abs(miss).max()) < INVERSE_MM:
            return x
        x = x + miss @ undo.T
    worst = float(np.linalg.norm(target - forward(x), axis=1).max())
    raise InputError(f"{what}: the warp could not be inverted (still {worst:.2g} mm off).")


def _linear_part(forward: Callable[[Floats], Floats], at: Floats) -> tuple[Floats, Floats]:
    step = 20.0  # mm: wide enough to average over the wiggles of a deformation field
    probe = np.vstack([at + step * np.eye(3), at - step * np.eye(3)])
    moved = forward(probe)
    linear = ((moved[:3] - moved[3:]) / (2 * step)).T
    return linear, forward(at[None])[0] - linear @ at


def read_itk_warp(path: Path, *, moving: Frame[S], fixed: Frame[D]) -> ImageWarp[D, S]:
    """Read an ITK or ANTs transform (``.h5`` composite, ``.txt``/``.tfm``/``.mat`` affine).

    ITK files hold LPS coordinates and map points of the *fixed* image to the *moving* one;
    fMRIPrep's ``from-A_to-B_mode-image_xfm`` has A as moving and B as fixed.

    Parameters
    ----------
    path : Path
        The transform file.
    moving, fixed : Frame
        RAS frames, mm, of the image that is resampled and of the one it is resampled onto.

    Returns
    -------
    ImageWarp
        From `moving` onto `fixed`.

    Raises
    ------
    InputError
        If the file cannot be read as an ITK transform.
    """
    try:
        mapped = _load(path)
        mapped(np.zeros((1, 3)))
    except InputError:
        raise
    except Exception as err:  # nitransforms and h5py raise a dozen types on a broken file
        raise refuse_file(
            path,
            f"cannot be read as an ITK transform ({err.__class__.__name__}: {err})",
            "an ITK or ANTs transform",
            "Pass the file that fMRIPrep or ANTs wrote",
        ) from err
    because = f"{path.name} (ITK: points of the fixed image to the moving one)"
    return ImageWarp(PointWarp.claim(mapped, dst=moving, src=fixed, because=because))


def _load(path: Path) -> Callable[[Floats], Floats]:
    if not path.is_file():
        raise refuse_file(path, "there is no such file", "an ITK transform", "Check the path")
    from nitransforms.io.itk import ITKCompositeH5, ITKLinearTransform

    if path.suffix == ".h5":
        parts = ITKCompositeH5.from_filename(str(path))
    else:
        parts = [ITKLinearTransform.from_filename(str(path))]
    # ITK applies the transform that was added last first.
    steps = [_step(part) for part in reversed(parts)]

    def mapped(xyz: Floats) -> Floats:
        for step in steps:
            xyz = step(xyz)
        return xyz

    return mapped


def _step(part: Any) -> Callable[[Floats], Floats]:  # noqa: ANN401 - nitransforms' own classes
    if hasattr(part, "to_ras"):
        m = np.asarray(part.to_ras(), dtype=np.float64)
        return lambda xyz: np.asarray(xyz @ m[:3, :3].T + m[:3, 3])
    return _displacement(np.asarray(part.dataobj, dtype=np.float64), np.asarray(part.affine))


def _displacement(field: Floats, affine: Floats) -> Callable[[Floats], Floats]:
    """Return x + d(x) with ITK's rules: linear inside, no displacement outside the field.

    nitransforms evaluates fields by cubic splines in float32, which differs from what ANTs and
    fMRIPrep applied by up to 0.3 mm on a coarse field; so only its file reader is used.
    """
    from scipy.ndimage import map_coordinates

    index_from_world = np.linalg.inv(affine)
    limit = np.array(field.shape[:3]) - 0.5

    def moved(xyz: Floats) -> Floats:
        ijk = xyz @ index_from_world[:3, :3].T + index_from_world[:3, 3]
        inside = ((ijk >= -0.5) & (ijk < limit)).all(axis=1)
        shift = np.stack(
            [map_coordinates(field[..., k], ijk.T, order=1, mode="nearest") for k in range(3)],
            axis=1,
        )
        return np.asarray(xyz + shift * inside[:, None])

    return moved
