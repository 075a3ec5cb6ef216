"""A plan: everything that was decided, and why. The typed form of plan.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..base.params import Params
from ..base.provenance import InputFile
from ..coil.efield.measures import FieldCheck
from ..coil.head import NearestSite, TapeInstructions
from ..coil.pose import CoilPose
from ..space.frame import Frame, Scanner
from ..space.points import Points
from ..space.tripwire import Tripwire
from ..target.ranking import Ranking
from ..target.target import Target
from .measured_head import HeadRecord
from .scene import Scene

__all__ = ["Comparison", "Export", "Plan", "PlannedTarget"]

#: Statements that a terminal prints too; page and sheet print all.
_LOUD = (
    "moved",
    "scalp-cut",
    "spread-warn",
    "spread-no-claim",
    "partly-covered",
    "not-assessed",
    "extrapolated",
)


@dataclass(frozen=True, slots=True, eq=False)
class PlannedTarget:
    """A target with the pose that reaches it.

    Parameters
    ----------
    target : Target
    pose : CoilPose
    mni : Points or None
        The target in a template frame, where the patient has a route to one.
    mni_template : str or None
        BIDS name of that template.
    nearest : NearestSite or None
        10-10 site nearest to the scalp point; None where the head could not be measured.
    tape : TapeInstructions or None
        How to find the scalp point without a navigator.
    field : FieldCheck or None
        How the pose's field meets the target; None if no field was asked for or known.
    """

    target: Target
    pose: CoilPose
    mni: Points[Any] | None
    mni_template: str | None
    nearest: NearestSite | None = None
    tape: TapeInstructions | None = None
    field: FieldCheck | None = None

    def lines(self, frame: Frame[Scanner]) -> list[str]:
        """Return the target for a terminal: name and side in words, then mm in `frame`."""
        target, pose = self.target, self.pose
        x, y, z = pose.centre.mm(frame)[0]
        u, v, w = target.point.mm(frame)[0]
        score = "" if target.z is None else f", z {target.z:.2f}"
        return [
            f"{target.id}: {target.name} ({str(target.hemi).upper()}{score})",
            f"  cortex ({u:.1f}, {v:.1f}, {w:.1f}) mm, {pose.depth_mm:.1f} mm under the scalp",
            f"  coil   ({x:.1f}, {y:.1f}, {z:.1f}) mm, {pose.coil}, handle {pose.handle_deg:g}°",
        ]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two targets of one plan beside each other; plan.json's ``comparisons``.

    Parameters
    ----------
    a, b : str
        Ids of the targets.
    euclidean_mm : float
        Between the cortical points.
    geodesic_mm : float or None
        The same along the mid-cortex; None where they lie on two hemispheres.
    scalp_mm, scalp_geodesic_mm : float, float or None
        Between the scalp points, straight and along the scalp.
    angle_deg : float
        The turn from one pose to the other.
    axis_angle_deg : float or None
        The same if either way round of the coil counts as one: y and -y.
    same_parcel : bool
    same_network : bool or None
        None where a parcel or its network is not known.
    within_navigation_error : bool
        Nearer to each other than navigation is exact: they cannot be told apart.
    z_a, z_b : float or None
        Deviation of the parcel that each lies in.
    efield_overlap : float or None
        How much of one field's strong cortex is the other's, 0 to 1.
    """

    a: str
    b: str
    euclidean_mm: float
    geodesic_mm: float | None
    scalp_mm: float
    angle_deg: float
    same_parcel: bool
    within_navigation_error: bool
    z_a: float | None
    z_b: float | None
    efield_overlap: float | None = None
    scalp_geodesic_mm: float | None = None
    axis_angle_deg: float | None = None
    same_network: bool | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """One navigator file and how well it was read back."""

    format: str
    file: str
    sha256: str
    reread_max_mm: float
    reread_max_deg: float


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The record of one plan.

    Parameters
    ----------
    created : str
        UTC time stamp; the only field that differs between equal runs.
    patient_id : str
    labels : tuple of str
        Of ``SYNTHETIC``, ``COMPOSITE``, ``TEMPLATE-WARPED``, ``EXPLORATORY``: printed on every
        output.
    frame : Frame of Scanner
        Every coordinate of the plan is in it.
    t1_sha256 : str
    claims : tuple of mapping
        ``dst, src, matrix, because`` of every transform that was claimed.
    inputs : tuple of InputFile
    coupling, norms : mapping
        As plan.json has them.
    ranking : Ranking
        With verdict and statements.
    targets : tuple of PlannedTarget
        In order of display: standard ones first when no region stands out.
    others : tuple of PlannedTarget
        Every other standard target that could be placed, to be compared with later.
    comparisons, exports, tripwires : tuple
    params : Params
    caveats : tuple of str
    versions : mapping of package to version
    qc : mapping of name to number or text
        Quality of the scans that the coupling rests on.
    head : HeadRecord or None
        Landmarks, tape lengths and 10-10 sites; None where the head could not be measured.
    scene : Scene or None
        Geometry to draw; None if the plan was opened without its sidecar.
    """

    created: str
    patient_id: str
    labels: tuple[str, ...]
    frame: Frame[Scanner]
    t1_sha256: str
    claims: tuple[Mapping[str, object], ...]
    inputs: tuple[InputFile, ...]
    coupling: Mapping[str, object]
    norms: Mapping[str, object]
    ranking: Ranking
    targets: tuple[PlannedTarget, ...]
    comparisons: tuple[Comparison, ...]
    exports: tuple[Export, ...]
    tripwires: tuple[Tripwire, ...]
    params: Params
    caveats: tuple[str, ...]
    versions: Mapping[str, str]
    qc: Mapping[str, object] = field(default_factory=dict)
    others: tuple[PlannedTarget, ...] = ()
    head: HeadRecord | None = None
    scene: Scene | None = None

    @property
    def synthetic(self) -> bool:
        """Whether patient or norms are simulated."""
        return "SYNTHETIC" in self.labels

    def input(self, role: str) -> InputFile | None:
        """Return the input of one role, or None."""
        return next((i for i in self.inputs if i.role == role), None)

    def __str__(self) -> str:
        lines = [f"*** {' · '.join(self.labels)} ***"] if self.labels else []
        lines += [str(t) for t in self.tripwires]
        lines += ["", f"{self.ranking.verdict}: {self.ranking.why}", ""]
        lines.append(f"coordinates in mm, {self.frame} RAS")
        for planned in self.targets:
            lines += planned.lines(self.frame)
        loud = [s.text for s in self.ranking.statements if s.id in _LOUD]
        return "\n".join([*lines, "", *(f"! {text}" for text in (*self.caveats, *loud))])
