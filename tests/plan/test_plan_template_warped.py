"""A template-warped patient: TP-F07 stands in for TP-F01, and sibling templates are named."""

from dataclasses import replace

import numpy as np
import phantom
import pytest

from tmsplan.base.errors import FrameError
from tmsplan.base.messages import explain
from tmsplan.base.params import Params
from tmsplan.patient import load_patient
from tmsplan.patient.patient import TEMPLATE_WARPED, Patient
from tmsplan.plan.anatomy import check_anatomy
from tmsplan.space import Affine, Frame, Mni2009aSym, Points
from tmsplan.space.grid import Volume
from tmsplan.space.tree import FrameTree
from tmsplan.target.template import to_patient

SYMMETRIC = Frame(Mni2009aSym, "template")


@pytest.fixture(scope="module")
def reconstructed(tmp_path_factory) -> Patient:
    source, _ = phantom.write(phantom.anchored(), tmp_path_factory.mktemp("phantom"))
    return load_patient(source)


@pytest.fixture(scope="module")
def warped(reconstructed) -> Patient:
    """Return the phantom as if its cortex were a template's, with its own grey matter."""
    ribbon = reconstructed.ribbon
    labels = ribbon.data
    grey = ((labels >= 1000) & (labels < 3000)) | (labels == 3) | (labels == 42)
    maps = {"gm": Volume(grey.astype(np.float32), ribbon.grid)}
    return replace(reconstructed, maps=maps, surfaces_because=TEMPLATE_WARPED, ribbon=None)


def _found(patient: Patient) -> dict:
    return {t.id: t for t in check_anatomy(patient, Params())}


def test_a_reconstructed_cortex_knows_no_f07(reconstructed):
    assert "TP-F07" not in _found(reconstructed)
    assert _found(reconstructed)["TP-F01"].status == "pass"
    assert _found(reconstructed)["TP-F06"].status == "pass"


def test_f07_judges_and_f01_says_why_it_does_not_run(warped):
    found = _found(warped)
    assert found["TP-F07"].status == "pass", found["TP-F07"].why
    assert found["TP-F01"].status == "not-run"
    assert "TP-F07 judges them" in found["TP-F01"].why
    assert found["TP-F06"].status == "not-run"
    assert "TP-F07 judges that transform" in found["TP-F06"].why
    assert "floor" in explain("TP-F07").means


def _moved(patient: Patient, matrix: np.ndarray) -> Patient:
    def one(cortex):
        def go(surface):
            xyz = surface.points.mm(patient.scanner) @ matrix[:3, :3].T + matrix[:3, 3]
            return surface.with_points(Points(xyz, patient.scanner))

        return replace(cortex, white=go(cortex.white), pial=go(cortex.pial))

    return replace(patient, cortex=patient.cortex.map(one))


@pytest.mark.parametrize(
    ("wrong", "matrix"),
    [
        ("LPS read as RAS", np.diag([-1.0, -1.0, 1.0, 1.0])),
        (
            "10 mm to the front",
            np.array([[1, 0, 0, 0], [0, 1, 0, 10], [0, 0, 1, 0], [0, 0, 0, 1]]),
        ),
        ("too large", np.diag([1.12, 1.12, 1.12, 1.0])),
    ],
)
def test_a_wrong_warp_fires(warped, wrong, matrix):
    found = _found(_moved(warped, matrix.astype(float)))["TP-F07"]
    assert found.status == "fail", (wrong, found.why)
    assert "of the template-warped mid-cortex lies in the patient's grey matter" in found.why


def test_without_grey_matter_a_template_is_no_cortex_of_this_patient(warped):
    found = _found(replace(warped, maps={}))["TP-F07"]
    assert found.status == "fail"
    assert r"no [maps] gm to judge it by" in found.why


def _with_symmetric(patient: Patient) -> Patient:
    edge = Affine.claim(np.eye(4), dst=patient.scanner, src=SYMMETRIC, because="made")
    return replace(patient, tree=FrameTree(patient.scanner).with_edge(edge))


@pytest.mark.parametrize("template", ["MNI152NLin6Asym", "MNI152NLin2009cAsym"])
def test_a_sibling_is_taken_as_equal_only_for_a_warped_cortex_and_says_so(warped, template):
    patient = _with_symmetric(warped)
    placed = to_patient((-38.0, 44.0, 26.0), template, patient, assumed=False)
    assert f"{template} taken as MNI152NLin2009aSym" in placed.route
    own = replace(patient, surfaces_because="reconstructed")
    with pytest.raises(FrameError, match=r"no route from MNI152"):
        to_patient((-38.0, 44.0, 26.0), template, own, assumed=False)
