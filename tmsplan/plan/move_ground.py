"""What a target is moved on: the plan's own scene, or the patient whom the plan was made from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ..base.errors import InputError
from ..base.param import Param
from ..coil.head import head_tapes
from ..coil.pose import CoilPose
from ..coil.scalp import Scalp, scalp_of
from ..coil.scalp_from_t1 import MadeScalp
from ..patient.patient import TEMPLATE_WARPED, Cortex, Patient, T1w
from ..space.frame import Scanner
from ..space.midplane import Midplane
from ..space.points import Points
from ..space.side import Hemi
from ..space.tree import FrameTree
from ..surface.field import Field, Labels
from ..surface.pair import Pair
from ..surface.surface import Surface
from .head import GivenScalp, with_scalp
from .measured_head import MeasuredHead
from .options import Options
from .plan import Plan
from .scene import Scene, SceneCortex
from .solved_head import SolvedHead, solve_head

__all__ = ["MoveGround", "move_ground"]

#: A scene keeps float32: coordinates of one head differ by less than this from its surfaces.
SAME_MM = Param(0.001, "mm", 0, 0.1, "docs/decisions/0032")


@dataclass(frozen=True, slots=True, eq=False)
class MoveGround:
    """A head on which targets of one plan can be moved.

    Parameters
    ----------
    patient : Patient
        From SOURCE, or made of the scene; then without maps and without ways to a template.
    mid : Pair of Surface
        Mid-cortex.
    labels, z : Pair
        Region and deviation of each vertex, from the scene.
    scalp : Scalp
    plane : Midplane
    head : MeasuredHead or None
        With the landmarks of the plan.
    solved : SolvedHead or None
        Only where the plan has fields and SOURCE was given.
    skin : MadeScalp, GivenScalp or None
        Where the scalp is no skin; None without SOURCE, whose T1 shows it.
    """

    patient: Patient
    mid: Pair[Surface[Scanner]]
    labels: Pair[Labels]
    z: Pair[Field]
    scalp: Scalp
    plane: Midplane[Scanner]
    head: MeasuredHead | None
    solved: SolvedHead | None
    skin: MadeScalp | GivenScalp | None
    _strengths: dict[bytes, Pair[Field]] = field(default_factory=dict, repr=False)

    def nearest(self, point: Points[Scanner]) -> tuple[Hemi, int, float]:
        """Return the hemisphere and vertex nearest to a point, and the distance in mm.

        White, mid and pial surface are looked at: a click on the outside of a gyrus belongs to
        the vertex under it, not to the mid-cortex of its neighbour.
        """
        best: tuple[Hemi, int, float] | None = None
        for hemi, part in self.patient.cortex.sides():
            for surface in (part.pial, part.mid, part.white):
                gaps = surface.points.distances(point)
                vertex = int(np.argmin(gaps))
                if best is None or gaps[vertex] < best[2]:
                    best = hemi, vertex, float(gaps[vertex])
        if best is None:
            raise InputError("the cortex has no vertices.")
        return best

    def strength(self, pose: CoilPose) -> Pair[Field]:
        """Return |E| of a pose, worked out once.

        Raises
        ------
        InputError
            If no head was solved.
        """
        if self.solved is None:
            raise InputError("no head was solved, so there is no field.")
        rigid = pose.scanner_from_coil
        key = rigid.matrix(rigid.dst, rigid.src).tobytes()
        if key not in self._strengths:
            self._strengths[key] = self.solved.strength(pose)
        return self._strengths[key]


def move_ground(plan: Plan, source: Patient | None = None) -> MoveGround:
    """Return the head on which a plan's targets can be moved.

    Parameters
    ----------
    plan : Plan
        With its scene, of the format that holds white surfaces and T1.
    source : Patient or None
        The patient that the plan was made from. It adds what the scene does not hold: field,
        template coordinate, and where the scalp is no skin.

    Raises
    ------
    InputError
        If the plan has no such scene, or `source` is another patient, T1 or reconstruction.
    """
    scene = _scene_of(plan)
    patient, skin = _of_scene(plan, scene), None
    if source is not None:
        _require_same_head(plan, scene, source)
        patient, skin = with_scalp(source)
    scalp = scalp_of(patient)
    return MoveGround(
        patient=patient,
        mid=patient.cortex.map(lambda c: c.mid),
        labels=scene.cortex.map(lambda c: c.labels),
        z=scene.cortex.map(lambda c: c.z),
        scalp=scalp,
        plane=patient.midplane(),
        head=_measured(plan, scalp),
        solved=None if source is None else _solved(plan, patient),
        skin=skin,
    )


def _scene_of(plan: Plan) -> Scene:
    scene = plan.scene
    if scene is None:
        raise InputError(
            "scene.npz: is not beside plan.json. Expected the whole folder that 'tmsplan plan' "
            "wrote: a target is moved on its geometry. Pass that folder."
        )
    if scene.t1 is None or any(part.white is None for _, part in scene.cortex.sides()):
        raise InputError(
            "scene.npz: holds no white surface or no T1; an older version wrote it. A target is "
            "moved half way between white and pial surface. Run 'tmsplan plan' again."
        )
    return scene


def _of_scene(plan: Plan, scene: Scene) -> Patient:
    """Return the scene as a patient, so that everything is computed by the same code."""
    if scene.t1 is None:
        raise InputError("scene.npz: holds no T1.")
    x, y, z = scene.t1.grid.world_from_voxel.matrix(scene.frame, scene.t1.grid.voxel)[:3, :3].T
    zooms = (float(np.linalg.norm(x)), float(np.linalg.norm(y)), float(np.linalg.norm(z)))
    warped = "TEMPLATE-WARPED" in plan.labels
    patient = Patient(
        plan.patient_id,
        scene.cortex.map(_cortex),
        T1w(scene.t1, plan.t1_sha256, None, None, zooms, needs_copy=False),
        FrameTree(plan.frame),
        scalp=scene.scalp,
        synthetic=plan.synthetic,
    )
    return replace(patient, surfaces_because=TEMPLATE_WARPED) if warped else patient


def _cortex(part: SceneCortex) -> Cortex:
    if part.white is None:
        raise InputError("scene.npz: holds no white surface.")
    return Cortex(part.white, part.pial, fields={"sulc": part.sulc})


def _require_same_head(plan: Plan, scene: Scene, source: Patient) -> None:
    if source.scanner != plan.frame:
        raise InputError(
            f"SOURCE is of {source.id} and the plan of {plan.patient_id}. Expected the patient "
            f"that the plan was made from; pass that one."
        )
    if source.t1w.sha256 != plan.t1_sha256:
        raise InputError(
            f"the T1 of SOURCE has SHA-256 {source.t1w.sha256[:12]}..., the plan's "
            f"{plan.t1_sha256[:12]}... The plan was made from another image; pass its SOURCE, or "
            f"none."
        )
    for hemi, part in scene.cortex.sides():
        own = source.cortex.side(hemi).pial
        same = len(own) == len(part.pial)
        if not same or float(own.points.distances(part.pial.points).max()) > SAME_MM.value:
            raise InputError(
                f"the {hemi} surface of SOURCE is not the one that the plan was made on. Expected "
                f"the same reconstruction; pass its SOURCE, or none."
            )


def _measured(plan: Plan, scalp: Scalp) -> MeasuredHead | None:
    if plan.head is None:
        return None
    landmarks = plan.head.landmarks
    return MeasuredHead(scalp, landmarks, head_tapes(scalp, landmarks), plan.head.sites)


def _solved(plan: Plan, patient: Patient) -> SolvedHead | None:
    """Return the solved head where the plan has fields; the shell answers within seconds."""
    if all(t.field is None for t in plan.targets):
        return None
    coil = plan.targets[0].pose.coil
    found = solve_head(patient, Options(coil=coil, efield="shell", params=plan.params))
    return found if isinstance(found, SolvedHead) else None
