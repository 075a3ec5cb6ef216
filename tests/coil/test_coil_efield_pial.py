"""Fluid and brain: what a pial boundary must and must not change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from efield_shells import FIGURE8, off, over_the_top, round_patient, round_skull

from tmsplan.base.errors import InputError
from tmsplan.base.param import Param
from tmsplan.coil.efield.pial import CSF, FLUID_GAP, pial_head
from tmsplan.coil.efield.region import region_around
from tmsplan.coil.efield.shell import shell_head
from tmsplan.coil.pose import CoilPose
from tmsplan.space.frame import CoilSimnibs, Frame
from tmsplan.space.points import Points, Vectors
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Rigid
from tmsplan.surface import Pair, closest_on_faces

pytestmark = pytest.mark.slow  # two compartments solved

COARSE = 1000


@pytest.fixture(scope="module")
def patient():
    return round_patient()


@pytest.fixture(scope="module")
def pose(patient):
    matrix = over_the_top(0.096, tilt=-0.5)
    matrix[:3, 3] *= 1e3
    normal, frame = -matrix[:3, 2], patient.scanner
    rigid = Rigid.claim(matrix, dst=frame, src=Frame(CoilSimnibs, FIGURE8.name), because="made up")
    at = Points(normal * 90, frame)
    return CoilPose(rigid, FIGURE8.name, at, Vectors(normal, frame), 6.0, 20.0, 45.0)


@pytest.fixture(scope="module")
def folded(patient):
    return pial_head(patient, round_skull(patient), None, triangles=COARSE)


def known(found, frame):
    vectors = np.vstack([side.components(frame) for _, side in found.sides()])
    return vectors, np.isfinite(vectors[:, 0])


def test_equal_conductivities_give_the_shell(patient, pose):
    skull = round_skull(patient)
    same = Param(CSF.value, "S/m", 0.05, 2.5, "docs/decisions/0022")
    two = pial_head(patient, skull, None, grey=same, triangles=COARSE)
    one = shell_head(patient, skull, None)
    a, good = known(two.on_cortex(pose, FIGURE8), patient.scanner)
    b, _ = known(one.on_cortex(pose, FIGURE8), patient.scanner)
    assert good.mean() > 0.95
    assert np.abs(a - b)[good].max() < 1e-3 * np.abs(b).max()


def test_the_adjoint_equals_the_direct_solution(patient, folded, pose):
    region = region_around(patient, Hemi.LEFT, Points([-30, 10, 55], patient.scanner))
    response = folded.response(region)
    side = folded.on_cortex(pose, FIGURE8).left
    good = np.isfinite(side.magnitude.values[region.vertices])
    rows = region.vertices[good]
    area = patient.cortex.left.mid.vertex_areas()[rows]
    direct = np.average(side.components(patient.scanner)[rows], axis=0, weights=area)
    from tmsplan.coil.efield.head import pose_metres

    pose_m = pose_metres(pose.scanner_from_coil, patient.scanner)
    found = response.mean_field(pose_m, FIGURE8, 1e6)
    assert off(found[:3], direct) < 0.005
    normal = np.average(side.normal.values[rows], weights=area)
    assert found[3] == pytest.approx(normal, abs=0.005 * np.linalg.norm(direct))


def test_the_brains_field_stands_out_where_current_enters_it(patient, folded, pose):
    """The normal component is larger in the less conducting brain than without the boundary.

    For a flat boundary it would grow by 2 * 1.65 / (1.65 + 0.275) = 1.71 at the most.
    """
    one = shell_head(patient, round_skull(patient), None)
    with_pia = folded.on_cortex(pose, FIGURE8).left.normal.values
    without = one.on_cortex(pose, FIGURE8).left.normal.values
    strong = np.abs(without) > 0.5 * np.nanmax(np.abs(without))
    strong &= np.isfinite(with_pia)
    ratio = np.median(with_pia[strong] / without[strong])
    assert 1.1 < ratio < 1.75


def test_no_pia_touches_the_skull(patient):
    """A pia that pokes through a smaller skull is moved under it, and that is said."""
    skull = round_skull(patient)
    small = skull.surface.with_points(
        Points(skull.surface.points.mm(patient.scanner) * (66 / 80), patient.scanner)
    )
    depth = Pair(*(replace(d, values=d.values - 14.0) for _, d in skull.depth.sides()))
    head = pial_head(patient, replace(skull, surface=small, depth=depth), None, triangles=COARSE)
    pia = head.layer.part > 0
    corners = Points(head.layer.corners_m[pia].reshape(-1, 3) * 1e3, patient.scanner)
    deepest_allowed = -FLUID_GAP.value + 0.01
    assert closest_on_faces(small, corners).signed_mm.max() < deepest_allowed
    moved = next(n for n in head.notes if "were moved to 1 mm under the inner skull" in n)
    assert int(moved.split()[0]) > 0


def test_an_open_pia_is_refused(patient):
    left = patient.cortex.left
    torn = replace(
        left,
        pial=replace(left.pial, faces=left.pial.faces[1:]),
    )
    opened = replace(patient, cortex=Pair(torn, patient.cortex.right))
    with pytest.raises(InputError, match="the pia surface is not closed"):
        pial_head(opened, round_skull(patient), None, triangles=COARSE)


def test_a_region_is_solved_once_per_head(patient, tmp_path):
    skull = round_skull(patient)
    region = region_around(patient, Hemi.RIGHT, Points([30, 10, 55], patient.scanner))
    first = pial_head(patient, skull, tmp_path, triangles=500)
    solved = first.response(region)
    again = pial_head(patient, skull, tmp_path, triangles=500)
    kept = again.response(region)
    assert np.array_equal(kept.vectors, solved.vectors)
    assert again._solver is None  # nothing was assembled for it
    other = pial_head(
        patient,
        skull,
        tmp_path,
        triangles=500,
        grey=Param(0.33, "S/m", 0, 1, "docs/decisions/0022"),
    )
    assert other.key != first.key
