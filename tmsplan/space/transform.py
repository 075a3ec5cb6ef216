"""Linear maps between frames. Named dst_from_src, so that inner names touch.

``scanner_from_tkras @ pial``. A matrix enters only through `claim`, which asks why; the
reasons chain through ``@`` and are printed in the report. ``grep -rn "[.]claim("`` is the
review of frame safety.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base.errors import ChiralityError, InputError
from .frame import Frame, Kind, Voxel, require_same
from .points import Points, Vectors

__all__ = ["Affine", "Rigid"]

D = TypeVar("D", bound=Kind)
S = TypeVar("S", bound=Kind)
R = TypeVar("R", bound=Kind)

Matrix = NDArray[np.float64]

#: A rotation read from a file is accepted this far from orthonormal (float32 headers).
ORTHONORMAL_TOL = 1e-5
#: An affine whose voxels are flatter than this share of a cube cannot be inverted safely.
SINGULAR_TOL = 1e-6


def _homogeneous(matrix: ArrayLike, dst: Frame[Any], src: Frame[Any], because: str) -> Matrix:
    m = np.array(matrix, dtype=np.float64)
    if not because.strip():
        raise InputError(f"{dst} from {src}: a claim needs a reason; say where it comes from.")
    if m.shape != (4, 4):
        raise InputError(f"{dst} from {src}: the matrix must be (4, 4); got {m.shape}.")
    if not np.isfinite(m).all():
        raise InputError(f"{dst} from {src}: the matrix holds values that are not finite.")
    if not np.array_equal(m[3], (0, 0, 0, 1)):
        diagnosis = " It looks transposed." if np.allclose(m[:, 3], (0, 0, 0, 1)) else ""
        raise InputError(f"{dst} from {src}: last row must be 0 0 0 1; got {m[3]}.{diagnosis}")
    m.flags.writeable = False
    return m


def _inverse_matrix(m: Matrix) -> Matrix:
    out = np.eye(4)
    out[:3, :3] = np.linalg.inv(m[:3, :3])
    out[:3, 3] = -out[:3, :3] @ m[:3, 3]
    return out


def _mirror_refusal(dst: Frame[Any], src: Frame[Any], because: str) -> ChiralityError:
    return ChiralityError(
        f"{dst} from {src}: this matrix mirrors space (determinant below 0), so left would "
        f"become right. It was claimed because: {because}."
    )


@dataclass(frozen=True, slots=True, eq=False)
class Rigid(Generic[D, S]):
    """A rotation and a translation (mm) from frame `src` to frame `dst`."""

    _m: Matrix
    dst: Frame[D]
    src: Frame[S]
    because: tuple[str, ...]

    def __post_init__(self) -> None:
        self._m.flags.writeable = False

    @classmethod
    def claim(
        cls, matrix: ArrayLike, *, dst: Frame[D], src: Frame[S], because: str
    ) -> Rigid[D, S]:
        """Assert, on your word, that `matrix` maps points of `src` to `dst`.

        Parameters
        ----------
        matrix : array_like, shape (4, 4)
            Acts on column vectors, mm.
        dst, src : Frame
            Where points arrive and where they come from.
        because : str
            Why this is so; kept and printed.

        Raises
        ------
        ChiralityError
            If the matrix mirrors space.
        InputError
            If it is no rotation with a translation; the message names the diagnosis.
        """
        m = _homogeneous(matrix, dst, src, because)
        off = float(np.abs(m[:3, :3] @ m[:3, :3].T - np.eye(3)).max())
        if off > ORTHONORMAL_TOL:
            raise InputError(
                f"{dst} from {src}: not a rotation (R Rt differs from 1 by {off:.2g}); it scales "
                f"or shears. It was claimed because: {because}."
            )
        if np.linalg.det(m[:3, :3]) < 0:
            raise _mirror_refusal(dst, src, because)
        return cls(m, dst, src, (because,))

    def matrix(self, dst: Frame[D], src: Frame[S]) -> Matrix:
        """Return the read-only (4, 4) matrix, if it really maps `src` to `dst`."""
        require_same(dst, self.dst, "read a matrix: its destination")
        require_same(src, self.src, "read a matrix: its source")
        return self._m

    def inverse(self) -> Rigid[S, D]:
        """Return the map from `dst` back to `src`."""
        m = np.eye(4)
        m[:3, :3] = self._m[:3, :3].T
        m[:3, 3] = -m[:3, :3] @ self._m[:3, 3]
        return Rigid(m, self.src, self.dst, self.because)

    def affine(self) -> Affine[D, S]:
        """Return the same map as an `Affine`, to chain with others."""
        return Affine(self._m, self.dst, self.src, self.because)

    @overload
    def __matmul__(self, other: Rigid[S, R]) -> Rigid[D, R]: ...
    @overload
    def __matmul__(self, other: Affine[S, R]) -> Affine[D, R]: ...
    @overload
    def __matmul__(self, other: Points[S]) -> Points[D]: ...
    @overload
    def __matmul__(self, other: Vectors[S]) -> Vectors[D]: ...
    def __matmul__(
        self, other: Rigid[S, R] | Affine[S, R] | Points[S] | Vectors[S]
    ) -> Rigid[D, R] | Affine[D, R] | Points[D] | Vectors[D]:
        if isinstance(other, Rigid):
            require_same(self.src, other.dst, "chain transforms")
            because = self.because + other.because
            return Rigid(self._m @ other._m, self.dst, other.src, because)
        if isinstance(other, Affine):
            return self.affine() @ other
        if isinstance(other, Points):
            return Points(_moved(self._m, other, self.src), self.dst)
        if isinstance(other, Vectors):
            require_same(self.src, other.frame, "transform vectors")
            return Vectors(other.components(self.src) @ self._m[:3, :3].T, self.dst)
        return NotImplemented

    def __str__(self) -> str:
        return f"{self.dst} from {self.src} (rigid; {'; '.join(self.because)})"


@dataclass(frozen=True, slots=True, eq=False)
class Affine(Generic[D, S]):
    """A linear map with scaling and shear from frame `src` to frame `dst`.

    It may mirror only where one side is a voxel frame: array axes have no handedness.
    """

    _m: Matrix
    dst: Frame[D]
    src: Frame[S]
    because: tuple[str, ...]

    def __post_init__(self) -> None:
        self._m.flags.writeable = False

    @classmethod
    def claim(
        cls, matrix: ArrayLike, *, dst: Frame[D], src: Frame[S], because: str
    ) -> Affine[D, S]:
        """Assert, on your word, that `matrix` maps points of `src` to `dst`.

        Raises
        ------
        ChiralityError
            If it mirrors space between two frames of which none is a voxel frame.
        InputError
            If it is not a finite, invertible (4, 4) matrix.
        """
        m = _homogeneous(matrix, dst, src, because)
        scale = np.linalg.norm(m[:3, :3], axis=0)
        det = float(np.linalg.det(m[:3, :3]))
        if (scale == 0).any() or abs(det) < SINGULAR_TOL * float(np.prod(scale)):
            raise InputError(
                f"{dst} from {src}: the matrix is singular (determinant {det:.2g}); it flattens "
                f"space. It was claimed because: {because}."
            )
        if det < 0 and Voxel not in (dst.kind, src.kind):
            raise _mirror_refusal(dst, src, because)
        return cls(m, dst, src, (because,))

    def matrix(self, dst: Frame[D], src: Frame[S]) -> Matrix:
        """Return the read-only (4, 4) matrix, if it really maps `src` to `dst`."""
        require_same(dst, self.dst, "read a matrix: its destination")
        require_same(src, self.src, "read a matrix: its source")
        return self._m

    def inverse(self) -> Affine[S, D]:
        """Return the map from `dst` back to `src`."""
        return Affine(_inverse_matrix(self._m), self.src, self.dst, self.because)

    def rigid(self) -> Rigid[D, S]:
        """Return the same map as a `Rigid`, if it is one; else refuse."""
        return Rigid.claim(self._m, dst=self.dst, src=self.src, because="; ".join(self.because))

    @overload
    def __matmul__(self, other: Affine[S, R] | Rigid[S, R]) -> Affine[D, R]: ...
    @overload
    def __matmul__(self, other: Points[S]) -> Points[D]: ...
    def __matmul__(
        self, other: Affine[S, R] | Rigid[S, R] | Points[S]
    ) -> Affine[D, R] | Points[D]:
        if isinstance(other, Points):
            return Points(_moved(self._m, other, self.src), self.dst)
        if isinstance(other, Rigid):
            other = other.affine()
        if isinstance(other, Affine):
            require_same(self.src, other.dst, "chain transforms")
            because = self.because + other.because
            return Affine(self._m @ other._m, self.dst, other.src, because)
        return NotImplemented

    def __str__(self) -> str:
        return f"{self.dst} from {self.src} (affine; {'; '.join(self.because)})"


def _moved(m: Matrix, points: Points[S], src: Frame[S]) -> Matrix:
    require_same(src, points.frame, "transform points")
    xyz = points.ijk(src) if src.kind.unit == "voxel" else points.mm(src)
    return np.asarray(xyz @ m[:3, :3].T + m[:3, 3])
