"""Which mesh a vertex array belongs to. The second tag of vertex data, beside the frame."""

from __future__ import annotations

from dataclasses import dataclass

from ..base.errors import DomainError
from ..space.side import Hemi

__all__ = ["Domain", "require_same_domain"]


@dataclass(frozen=True, slots=True)
class Domain:
    """A mesh: its name, density, hemisphere and owner.

    Left and right of many template meshes have equal vertex counts, so no shape check can
    see a swap; this can.

    Parameters
    ----------
    mesh : str
        ``"fsnative"``, ``"fsaverage5"``, ...
    density : int
        Number of vertices.
    hemi : Hemi or None
        None only for a surface that spans both sides, such as the scalp.
    owner : str
        Patient id, or ``"template"``.
    """

    mesh: str
    density: int
    hemi: Hemi | None
    owner: str

    def __str__(self) -> str:
        side = f" {self.hemi}" if self.hemi else ""
        return f"{self.owner}/{self.mesh}{side} ({self.density} vertices)"


def require_same_domain(a: Domain, b: Domain, doing: str) -> None:
    """Raise unless `a` and `b` are one mesh.

    Raises
    ------
    DomainError
        Names both and what was being done.
    """
    if a != b:
        raise DomainError(
            f"cannot {doing}: one is on {a}, the other on {b}. They must come from one "
            f"reconstruction; resample one of them or pass matching files."
        )
