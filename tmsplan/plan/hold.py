"""How the coil is held over each target: by convention, an angle, the folds, or the field."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..base.errors import InputError
from ..base.param import Param
from ..coil.efield.region import region_around
from ..coil.efield.search import Best, PialGrid, SearchSpace, search_poses
from ..coil.handle import MIDLINE, Handle
from ..coil.place import along_midline, place_coil, pose_at
from ..coil.pose import CoilPose
from ..coil.scalp import Scalp
from ..coil.sites import scalp_sites
from ..coil.wall import handle_across_wall
from ..patient.patient import Patient
from ..space.frame import Scanner
from ..space.midplane import Midplane
from ..space.points import Points, Vectors
from ..target.target import Target
from .options import HANDLES, Options
from .solved_head import SolvedHead

__all__ = ["Holder"]

#: Sites and angles of a search: 3.5 mm and 10 deg apart, finer than a coil is held by hand.
SITES = Param(200, "sites", 1, 5000, "docs/decisions/0022")
ANGLES = Param(36, "angles", 1, 360, "docs/decisions/0022")
#: Sites this far around the nearest one.
SEARCH_RADIUS = Param(25.0, "mm", 1, 50, "docs/decisions/0024")


@dataclass(frozen=True, slots=True, eq=False)
class Holder:
    """Everything that a pose needs beside its target.

    Parameters
    ----------
    patient : Patient
    scalp : Scalp
    plane : Midplane
    options : Options
        `coil`, `handle` and `params` are used.
    solved : SolvedHead or None
        Needed by the handle ``"field"``.
    """

    patient: Patient
    scalp: Scalp
    plane: Midplane[Scanner]
    options: Options
    solved: SolvedHead | None

    def hold(self, target: Target, contact: Points[Scanner] | None = None) -> CoilPose:
        """Return the pose of one target.

        Parameters
        ----------
        target : Target
        contact : Points of Scanner, one row, or None
            Where on the scalp the coil is held, for a target that *is* a place on the scalp;
            else the place nearest to the target. A search moves only the latter.

        Raises
        ------
        InputError
            If no pose can be made, or the handle cannot be chosen in the way asked for.
        """
        if self.options.handle == "field" and contact is None:
            return self._searched(target)
        return place_coil(
            target,
            self.scalp,
            midplane=self.plane,
            coil=self.options.coil,
            params=self.options.params,
            handle=self._handle(target),
            contact=contact,
        )

    def _handle(self, target: Target) -> Handle:
        asked = self.options.handle
        if asked == "sulcus":
            return handle_across_wall(target, self.patient, self.scalp, params=self.options.params)
        if asked in HANDLES:  # "field" of a place on the scalp keeps the convention
            return MIDLINE
        return Handle.custom(float(asked))

    def _searched(self, target: Target) -> CoilPose:
        """Return the pose of the strongest field, by what the model may choose an angle by."""
        if self.solved is None:
            raise InputError(
                "handle 'field' needs a field: pass --efield shell or --efield pial, or choose "
                "another handle."
            )
        best = self._best(target, self.solved)
        frame = self.scalp.surface.frame
        pose = best.pose.scanner_from_coil
        found = pose_at(
            best.pose.scalp_point,
            pose @ Vectors([0, 1, 0], pose.src),
            self.scalp,
            midplane=self.plane,
            coil=self.options.coil,
            params=self.options.params,
        )
        gap = float(np.linalg.norm((found.scalp_point - target.point).components(frame)))
        return replace(found, depth_mm=gap, handle=f"largest field at the target: {best.why}")

    def _best(self, target: Target, solved: SolvedHead) -> Best:
        params = self.options.params
        sites = scalp_sites(
            self.scalp,
            target.point,
            SEARCH_RADIUS.value,
            int(SITES.value),
            normal_radius=params.normal_radius,
        )
        frame = self.scalp.surface.frame
        ahead = [
            along_midline(sites.normals.take([i]), self.plane.to_right, self.scalp.forward)
            for i in range(len(sites))
        ]
        space = SearchSpace(
            points=sites.points,
            normals=sites.normals,
            ahead=Vectors(np.vstack([v.components(frame) for v in ahead]), frame),
            hemi=target.hemi,
            angles_deg=np.arange(0, 360, 360 / ANGLES.value),
            standoff_mm=params.standoff.value + params.hair.value,
        )
        region = region_around(self.patient, target.hemi, target.point, name=target.name)
        grid = search_poses(solved.model, solved.source, space, region)
        # In the shell the angle by |E| would be noise: the type has no such method.
        return grid.best_by_magnitude() if isinstance(grid, PialGrid) else grid.best_by_normal()
