"""The patient's own Desikan-Killiany regions: from the annotation, or from aparc+aseg."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..base.errors import refuse_file
from ..space.frame import Scanner
from ..space.grid import Volume
from ..space.side import Hemi
from ..surface.domain import Domain
from ..surface.field import Labels
from ..surface.formats import read_labels
from ..surface.label_sampling import sample_labels
from ..surface.surface import Surface

__all__ = ["DESIKAN", "SIDE_OFFSET", "aparc_from_annot", "aparc_from_volume"]

#: FreeSurfer's own numbers of the 34 regions (FreeSurferColorLUT.txt, 1001-1035 less 1000).
#: The corpus callosum (4) is no cortex.
DESIKAN: dict[int, str] = {
    1: "bankssts",
    2: "caudalanteriorcingulate",
    3: "caudalmiddlefrontal",
    5: "cuneus",
    6: "entorhinal",
    7: "fusiform",
    8: "inferiorparietal",
    9: "inferiortemporal",
    10: "isthmuscingulate",
    11: "lateraloccipital",
    12: "lateralorbitofrontal",
    13: "lingual",
    14: "medialorbitofrontal",
    15: "middletemporal",
    16: "parahippocampal",
    17: "paracentral",
    18: "parsopercularis",
    19: "parsorbitalis",
    20: "parstriangularis",
    21: "pericalcarine",
    22: "postcentral",
    23: "posteriorcingulate",
    24: "precentral",
    25: "precuneus",
    26: "rostralanteriorcingulate",
    27: "rostralmiddlefrontal",
    28: "superiorfrontal",
    29: "superiorparietal",
    30: "superiortemporal",
    31: "supramarginal",
    32: "frontalpole",
    33: "temporalpole",
    34: "transversetemporal",
    35: "insula",
}
#: aparc+aseg numbers of one side: this plus the region's own number.
SIDE_OFFSET = {Hemi.LEFT: 1000, Hemi.RIGHT: 2000}
_CALLOSUM = 4
_NO_REGION = {"unknown", "corpuscallosum", "???", "medial_wall", "medialwall"}


def aparc_from_annot(path: Path, domain: Domain, hemi: Hemi) -> Labels:
    """Read ``?h.aparc.annot`` (or a GIFTI label file) of the patient's own mesh.

    Regions are joined by name with FreeSurfer's numbers; the table's own numbers and order
    play no part.

    Returns
    -------
    Labels
        1001-1035 left, 2001-2035 right; 0 where there is no region.

    Raises
    ------
    InputError
        If the file is refused, is of the other side or another mesh, or names a region that
        the Desikan-Killiany atlas does not have.
    """
    raw, said = read_labels(path)
    require_side(path, said, hemi)
    require_count(path, len(raw.index), domain, "labels")
    number = {name: k for k, name in DESIKAN.items()}
    ids = np.zeros(domain.density, dtype=np.int32)
    for index, name in raw.names.items():
        here = raw.index == index
        region = name.removeprefix("ctx-lh-").removeprefix("ctx-rh-")
        if region in number:
            ids[here] = SIDE_OFFSET[hemi] + number[region]
        elif region.lower() not in _NO_REGION and here.any():
            raise refuse_file(
                path,
                f"region '{name}' is no region of the Desikan-Killiany atlas",
                "?h.aparc.annot",
                "Other atlases are chosen with --atlas; leave this key out",
            )
    return _labels(ids, domain, hemi)


def aparc_from_volume(
    volume: Volume[Scanner], white: Surface[Scanner], pial: Surface[Scanner], hemi: Hemi
) -> Labels | None:
    """Label each vertex with the most frequent region between white and pial.

    Parameters
    ----------
    volume : Volume
        aparc+aseg; only the cortical numbers of the vertex' own side count.
    white, pial : Surface
        Of one mesh.
    hemi : Hemi

    Returns
    -------
    Labels or None
        None if the volume holds no cortical region of this side (a plain ribbon).
    """
    offset = SIDE_OFFSET[hemi]
    data = volume.data
    own = (data > offset) & (data <= offset + max(DESIKAN)) & (data != offset + _CALLOSUM)
    if not own.any():
        return None
    cortical = Volume(np.where(own, data, 0).astype(np.int32), volume.grid)
    return _labels(sample_labels(white, pial, cortical), white.domain, hemi)


def _labels(ids: NDArray[np.int32], domain: Domain, hemi: Hemi) -> Labels:
    offset = SIDE_OFFSET[hemi]
    return Labels(ids, domain, {offset + k: name for k, name in DESIKAN.items()})


def require_side(path: Path, said: Hemi | None, hemi: Hemi) -> None:
    """Refuse a file of the other hemisphere."""
    if said is not None and said is not hemi:
        raise refuse_file(
            path,
            f"given as the {hemi} hemisphere, but the file says {said}",
            f"a file of the {hemi} hemisphere",
            "Left and right may be exchanged; pass each file as its own side",
        )


def require_count(path: Path, n: int, domain: Domain, what: str) -> None:
    """Refuse a file whose number of entries is not the mesh's number of vertices."""
    if n != domain.density:
        raise refuse_file(
            path,
            f"{domain.owner}'s {domain.hemi} pial has {domain.density} vertices but {path.name} "
            f"has {n} {what}; the counts do not match",
            "files of one recon-all run",
            "Re-run it or pass matching files",
        )
