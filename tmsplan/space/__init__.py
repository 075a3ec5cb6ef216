"""Where things are: frames, points, transforms, warps, and the tripwires of geometry."""

from .axes import lps_from_ras
from .frame import (
    TEMPLATES,
    CoilBrainsight,
    CoilLocalite,
    CoilSimnibs,
    Frame,
    Kind,
    Mni305,
    Mni2009aSym,
    Mni2009cAsym,
    MniNlin6Asym,
    Scanner,
    ScannerLps,
    SphereReg,
    Tkras,
    Voxel,
    require_same,
    template_frame,
)
from .grid import Grid, Volume
from .midplane import Midplane, fit_midplane
from .points import Points, Vectors
from .side import Hemi
from .transform import Affine, Rigid
from .tree import FrameTree
from .tripwire import Tripwire, not_run, require_all
from .warp import ImageWarp, PointWarp, read_itk_warp

__all__ = [
    "TEMPLATES",
    "Affine",
    "CoilBrainsight",
    "CoilLocalite",
    "CoilSimnibs",
    "Frame",
    "FrameTree",
    "Grid",
    "Hemi",
    "ImageWarp",
    "Kind",
    "Midplane",
    "Mni305",
    "Mni2009aSym",
    "Mni2009cAsym",
    "MniNlin6Asym",
    "PointWarp",
    "Points",
    "Rigid",
    "Scanner",
    "ScannerLps",
    "SphereReg",
    "Tkras",
    "Tripwire",
    "Vectors",
    "Volume",
    "Voxel",
    "fit_midplane",
    "lps_from_ras",
    "not_run",
    "read_itk_warp",
    "require_all",
    "require_same",
    "template_frame",
]
