"""The binary parts of the page: meshes as MZ3 and the T1 as NIfTI, in base64."""

from __future__ import annotations

import base64
import gzip

import numpy as np

from ..plan.plan import Plan
from ..space import Hemi, Scanner, Volume
from .bake import bake_scene
from .mz3 import mz3_bytes
from .page_meshes import cortex_mz3, scalp_mz3
from .page_scalp import shown_maps, values_of

__all__ = ["nifti_bytes", "scene_blocks"]

_LEVEL = 9


def scene_blocks(plan: Plan, *, share: bool = False) -> dict[str, str]:
    """Return the blocks by name, each the base64 of a gzipped file.

    Parameters
    ----------
    plan : Plan
        Without a scene there are none.
    share : bool
        Leave out what shows a face: T1 and scalp.

    Returns
    -------
    dict of str
        ``left``, ``right`` (pial), ``left-white``, ``right-white``, ``scalp``, ``t1``; those
        that the scene has.
    """
    if plan.scene is None:
        return {}
    baked = bake_scene(plan.scene)
    blocks: dict[str, bytes] = {}
    for hemi in Hemi:
        pial, white = cortex_mz3(baked.cortex.side(hemi))
        blocks[str(hemi)] = mz3_bytes(pial)
        if white is not None:
            blocks[f"{hemi}-white"] = mz3_bytes(white)
    if not share:
        maps = [values_of(shown) for shown in shown_maps(plan).values()]
        blocks["scalp"] = mz3_bytes(scalp_mz3(baked.scalp, plan.scene.scalp.points, maps))
        if plan.scene.t1 is not None:
            blocks["t1"] = nifti_bytes(plan.scene.t1)
    return {name: base64.b64encode(data).decode() for name, data in blocks.items()}


def nifti_bytes(volume: Volume[Scanner]) -> bytes:
    """Return a volume as ``.nii.gz``: its array and affine, code 1 (scanner), nothing else."""
    import nibabel as nib

    grid = volume.grid
    affine = grid.world_from_voxel.matrix(grid.world, grid.voxel)
    image = nib.Nifti1Image(np.asarray(volume.data), None)
    image.header.set_sform(affine, code=1)
    image.header.set_qform(None, code=0)
    image.header.set_zooms(tuple(np.linalg.norm(affine[:3, :3], axis=0)))
    image.header.set_xyzt_units("mm")
    return gzip.compress(image.to_bytes(), compresslevel=_LEVEL, mtime=0)
