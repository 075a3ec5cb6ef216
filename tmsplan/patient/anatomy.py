"""Which files make a patient's anatomy, before any of them is opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..surface.pair import Pair

__all__ = ["AnatomyFiles", "HemiFiles"]


@dataclass(frozen=True, slots=True)
class HemiFiles:
    """Files of one hemisphere; `overlays` are sulc, thickness, volume, curv where present."""

    white: Path
    pial: Path
    sphere: Path | None = None
    aparc: Path | None = None
    overlays: Mapping[str, Path] = field(default_factory=dict)

    def roles(self) -> Iterator[tuple[str, Path]]:
        """Yield ``(what, path)`` of every file there is."""
        yield "white", self.white
        yield "pial", self.pial
        if self.sphere:
            yield "sphere", self.sphere
        if self.aparc:
            yield "aparc", self.aparc
        yield from self.overlays.items()


@dataclass(frozen=True, slots=True)
class AnatomyFiles:
    """All anatomical files of one patient.

    Parameters
    ----------
    t1w : Path
        The reference image; its world is the patient's scanner frame.
    hemis : Pair of HemiFiles
    conformed : Path or None
        The MGH volume that FreeSurfer made the surfaces on; relates tkRAS to the scanner.
    ribbon : Path or None
        aparc+aseg, ribbon or aseg.
    scalp : Path or None
    talairach : Path or None
        ``talairach.xfm``: MNI305 from the conformed volume's scanner world.
    coordinate_system : {"scanner", "tkras"} or None
        For surface files that do not say themselves.
    use_form : {"qform", "sform"} or None
        For a T1 whose two forms disagree.
    inner_skull : Path or None
    """

    t1w: Path
    hemis: Pair[HemiFiles]
    conformed: Path | None = None
    ribbon: Path | None = None
    scalp: Path | None = None
    talairach: Path | None = None
    coordinate_system: str | None = None
    use_form: str | None = None
    inner_skull: Path | None = None

    def meshes_and_overlays(self) -> Iterator[tuple[str, Path]]:
        """Yield ``(role, path)`` of every file that is not an image."""
        for hemi, files in self.hemis.sides():
            for what, path in files.roles():
                yield f"{hemi}_{what}", path
        if self.scalp:
            yield "scalp", self.scalp
        if self.inner_skull:
            yield "inner_skull", self.inner_skull
        if self.talairach:
            yield "talairach", self.talairach
