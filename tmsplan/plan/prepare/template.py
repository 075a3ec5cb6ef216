"""The template that nilearn carries: MNI152NLin2009aSym, and fsaverage5 in it.

nilearn's page calls it asymmetrical. Its file names say ``sym_09a``, and its voxels equal their
own mirror image to the last bit (measured: docs/decisions/0017). So it is the symmetric one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...space.side import Hemi
from ...surface.pair import Pair
from ...target.template import mni305_from_mni152
from .picture import Picture

__all__ = ["TEMPLATE", "Sheet", "Template", "load_template", "template_cortex"]

Floats = NDArray[np.float64]

TEMPLATE = "MNI152NLin2009aSym"


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """T1 of the brain alone, and probabilities of grey and white matter, on one grid."""

    t1: Picture
    gm: Picture
    wm: Picture

    @property
    def brain(self) -> Picture:
        """1 inside the brain."""
        return self.t1.with_data(self.t1.data > 0)


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One hemisphere of fsaverage5 with coordinates in some RAS world, mm."""

    white: Floats
    pial: Floats
    sphere: Floats
    faces: NDArray[np.int32]
    sulc: Floats
    parcels: NDArray[np.int32]


def load_template() -> Template:
    """Return the template from nilearn's wheel, values 0 to 1."""
    from nilearn import datasets

    images = (
        datasets.load_mni152_template(resolution=1),
        datasets.load_mni152_gm_template(resolution=1),
        datasets.load_mni152_wm_template(resolution=1),
    )
    return Template(
        *(
            Picture(np.asarray(i.dataobj, dtype=np.float32), np.asarray(i.affine, dtype=float))
            for i in images
        )
    )


def template_cortex() -> Pair[Sheet]:
    """Return fsaverage5 in MNI152: white, pial, sphere, sulc and Desikan labels.

    MNI305 to MNI152 by FreeSurfer's affine, which is of FSL's MNI152; used for the sibling
    2009a by decision 0017.
    """
    from ...atlas.load import template_labels

    labels, _ = template_labels("desikan")
    return Pair(
        left=_sheet(Hemi.LEFT, labels.left.ids), right=_sheet(Hemi.RIGHT, labels.right.ids)
    )


def _sheet(hemi: Hemi, ids: NDArray[np.int32]) -> Sheet:
    import nibabel as nib
    import nilearn.datasets

    folder = Path(nilearn.datasets.__file__).parent / "data" / "fsaverage5"
    there = mni305_from_mni152().inverse()
    matrix = there.matrix(there.dst, there.src)

    def arrays(kind: str) -> list[NDArray[np.generic]]:
        return [a.data for a in nib.load(folder / f"{kind}_{hemi}.gii.gz").darrays]

    def moved(kind: str) -> Floats:
        xyz = np.asarray(arrays(kind)[0], dtype=np.float64)
        return np.asarray(xyz @ matrix[:3, :3].T + matrix[:3, 3])

    return Sheet(
        white=moved("white"),
        pial=moved("pial"),
        sphere=np.asarray(arrays("sphere")[0], dtype=np.float64),
        faces=np.asarray(arrays("pial")[1], dtype=np.int32),
        sulc=np.asarray(arrays("sulc")[0], dtype=np.float64),
        parcels=np.asarray(ids, dtype=np.int32),
    )
