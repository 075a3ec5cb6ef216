"""Lines that mypy must refuse; each is marked with the error code expected. Never run."""

import numpy as np

from tmsplan.space import (
    Affine,
    CoilBrainsight,
    CoilSimnibs,
    Frame,
    ImageWarp,
    Mni305,
    Mni2009cAsym,
    Points,
    Rigid,
    Scanner,
    Tkras,
    Vectors,
)

A = Frame(Scanner, "sub-01")
T = Frame(Tkras, "sub-01")
M = Frame(Mni305, "template")
C = Frame(CoilSimnibs, "coil")
B = Frame(CoilBrainsight, "coil")
scanner_from_tkras = Rigid.claim(np.eye(4), dst=A, src=T, because="c_ras of orig.mgz")
mni_from_scanner = Affine.claim(np.eye(4), dst=M, src=A, because="talairach.xfm")
pose = Rigid.claim(np.eye(4), dst=A, src=C, because="search")
simnibs_from_brainsight = Rigid.claim(np.eye(4), dst=C, src=B, because="axes")
tkras = Points(np.zeros((1, 3)), T)
scanner = scanner_from_tkras @ tkras
direction = Vectors([0, 0, 1], A)


def use(warp: ImageWarp[Scanner, Mni2009cAsym]) -> None:
    """Each line mixes two frames, or a point with a direction."""
    scanner_from_tkras @ scanner_from_tkras  # wrong: operator
    scanner_from_tkras @ scanner  # wrong: operator
    scanner - tkras  # wrong: operator
    scanner.mm(T)  # wrong: arg-type
    scanner + scanner  # wrong: operator
    mni_from_scanner @ tkras  # wrong: operator
    mni_from_scanner @ direction  # wrong: operator
    simnibs_from_brainsight @ pose  # wrong: operator
    pose.matrix(A, B)  # wrong: arg-type
    scanner.distances(tkras)  # wrong: arg-type
    warp.pulls @ Points([0, 0, 0], M)  # wrong: arg-type
    Rigid.claim(np.eye(4), dst=A, src=T)  # wrong: call-arg
