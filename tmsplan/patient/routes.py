"""The tree of a patient's frames: voxels, surface RAS and templates, each from one file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..base.errors import refuse_file
from ..space.frame import Frame, Mni305, Scanner, template_frame
from ..space.grid import Grid
from ..space.tree import FrameTree
from ..space.warp import PointWarp, read_itk_warp
from .placement import Placement
from .recipe import Recipe
from .talairach import scanner_from_mni305

__all__ = ["frame_tree"]

_FROM_TO = re.compile(r"(?:^|_)from-([A-Za-z0-9]+)_to-([A-Za-z0-9]+)")


def frame_tree(recipe: Recipe, t1: Grid[Scanner], placement: Placement) -> FrameTree:
    """Return the tree with the scanner at the root and every frame that a file relates to it.

    A template warp wins over ``talairach.xfm`` only where both are of MNI305.

    Raises
    ------
    InputError
        If a transform is refused, or a warp's name says another template or direction.
    """
    tree = FrameTree(placement.scanner).with_edge(t1.world_from_voxel)
    if placement.scanner_from_tkras is not None:
        tree = tree.with_edge(placement.scanner_from_tkras)
    if recipe.from_mni is not None and recipe.template is not None:
        warp = _scanner_from_template(recipe.from_mni, recipe.template, placement.scanner)
        tree = tree.with_edge(warp)
    talairach = recipe.anatomy.talairach
    if talairach is not None and Frame(Mni305, "template") not in tree:
        affine = scanner_from_mni305(talairach, placement.scanner)
        tree = tree.with_edge(affine) if affine is not None else tree
    return tree


def _scanner_from_template(
    path: Path, template: str, scanner: Frame[Scanner]
) -> PointWarp[Scanner, Any]:
    """Return the point map from the template to the scanner.

    ``from-MNI_to-T1w`` resamples images of MNI onto the T1. Resampling pulls, so the file
    itself moves points of the T1 to MNI; the map wanted here is its inverse.
    """
    named = _FROM_TO.search(path.name)
    if named and (named[1], named[2]) != (template, "T1w"):
        raise refuse_file(
            path,
            f"its name says from {named[1]} to {named[2]}",
            f"from {template} to T1w",
            "Pass the other direction or correct 'template'",
        )
    warp = read_itk_warp(path, moving=template_frame(template), fixed=scanner)
    return warp.pulls.inverse()
