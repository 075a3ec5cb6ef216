"""What is read for one patient: who, and which files. Made from a patient.toml or a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .anatomy import AnatomyFiles

__all__ = ["MapFiles", "Recipe"]


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
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    space: str | None = None
    tr: float | None = None
    fc_key: str | None = None
    coupling_unit: str = "r"
    use_form: str | None = None


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
