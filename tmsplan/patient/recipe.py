"""What is read for one patient: who, and which files. Made from a patient.toml or a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..surface.pair import Pair
from .anatomy import AnatomyFiles
from .landmarks import GivenLandmarks

__all__ = ["FsLrFiles", "MapFiles", "Recipe"]


@dataclass(frozen=True, slots=True)
class MapFiles:
    """The ``[maps]`` table.

    Parameters
    ----------
    files : mapping of key to Path
    space : str or None
        ``"T1w"`` or the BIDS name of a template.
    tr : float or None
        Repetition time of ``bold`` in seconds.
    fc_key : str or None
        Variable of a ``.mat`` file.
    coupling_unit : str
        ``"r"`` (a correlation, -1 to 1) or another unit without a range.
    use_form : str or None
        For map images whose two forms disagree.
    more : tuple of str
        Names in `files` that the user made, for methods of more than two maps.
    spaces : mapping of name to str
        The space of single maps that do not lie in `space`.
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    space: str | None = None
    tr: float | None = None
    fc_key: str | None = None
    coupling_unit: str = "r"
    use_form: str | None = None
    more: tuple[str, ...] = ()
    spaces: Mapping[str, str] = field(default_factory=dict)

    def space_of(self, name: str) -> str | None:
        """Return the space that is declared for one map."""
        return self.spaces.get(name, self.space)


@dataclass(frozen=True, slots=True)
class FsLrFiles:
    """The ``[fslr]`` table: spheres that lead from fsLR-32k to the patient's mesh.

    Parameters
    ----------
    registered_to : {"fsLR", "fsaverage"}
        The sphere that `spheres` are laid on. The two differ, so it is never guessed.
    spheres : Pair of Path
        The template's own 32k spheres.
    own : Pair of Path or None
        The patient's spheres registered to fsLR. None for ``"fsaverage"``: then
        ``?h.sphere.reg`` is the patient's side.
    """

    registered_to: str
    spheres: Pair[Path]
    own: Pair[Path] | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that a source says about one patient; no file is opened yet.

    Parameters
    ----------
    id : str
    anatomy : AnatomyFiles
    maps : MapFiles
    age, sex, site : covariates or None
    synthetic : bool
    composite : str or None
    from_mni, template : Path and str, or None
        Template warp, and which template it is of.
    surfaces : {"reconstructed", "template-warped"}
        Where the cortex comes from.
    qc : mapping of name to number or text
        What the preparation of the data measured.
    fslr : FsLrFiles or None
    landmarks : GivenLandmarks or None
    """

    id: str
    anatomy: AnatomyFiles
    maps: MapFiles = field(default_factory=MapFiles)
    age: float | None = None
    sex: str | None = None
    site: str | None = None
    synthetic: bool = False
    composite: str | None = None
    from_mni: Path | None = None
    template: str | None = None
    surfaces: str = "reconstructed"
    qc: Mapping[str, float | str] = field(default_factory=dict)
    fslr: FsLrFiles | None = None
    landmarks: GivenLandmarks | None = None
