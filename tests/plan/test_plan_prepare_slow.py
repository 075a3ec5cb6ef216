"""Raw scans of one person through the whole preparation to a coupling per region (slow)."""

import nibabel as nib
import numpy as np
import pytest
from real_files import real_data

from tmsplan.base.params import Params
from tmsplan.patient.load import load_patient
from tmsplan.patient.patient import TEMPLATE_WARPED
from tmsplan.plan.anatomy import check_anatomy
from tmsplan.plan.couple import couple
from tmsplan.plan.prepare import Person, Prepared, RawRun, Steps, prepare

pytestmark = pytest.mark.slow
TR_S = 2.0


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> tuple[Prepared, object]:
    pytest.importorskip("ants")
    raw = real_data("studyforrest")
    folder = tmp_path_factory.mktemp("prepared")
    run = RawRun(raw / "bold.nii.gz", TR_S)
    return prepare(raw / "T1.nii.gz", run, Person("studyforrest"), folder, Steps()), folder


def test_every_tripwire_passes_and_the_ribbon_does_not_run(prepared):
    patient = load_patient(prepared[1])
    assert patient.surfaces_because == TEMPLATE_WARPED
    found = {t.id: t for t in check_anatomy(patient, Params())}
    assert found.pop("TP-F01").status == "not-run"
    assert {i: t.why for i, t in found.items() if t.status != "pass"} == {}
    assert "TP-F07" in found


def test_bold_lies_where_another_registration_puts_it(prepared):
    """The given transform (SimpleITK, other software and settings) maps T1 points to BOLD."""
    import SimpleITK

    raw = real_data("studyforrest")
    theirs = SimpleITK.ReadTransform(str(raw / "bold_to_T1_rigid_SimpleITK.tfm"))
    done = prepared[0]
    brain = done.anatomy.brain
    index = np.argwhere(brain.data > 0)[::501]
    world = index @ brain.affine[:3, :3].T + brain.affine[:3, 3]
    back = np.linalg.inv(done.run.t1_from_bold)
    mine = world @ back[:3, :3].T + back[:3, 3]
    flip = np.array([-1.0, -1.0, 1.0])
    given = np.array([theirs.TransformPoint(tuple(map(float, p * flip))) for p in world]) * flip
    inverse = theirs.GetInverse()
    other = np.array([inverse.TransformPoint(tuple(map(float, p * flip))) for p in world]) * flip
    off = min(np.median(np.linalg.norm(mine - g, axis=1)) for g in (given, other))
    assert off < 2.0


def test_the_prepared_folder_gives_a_coupling_per_region(prepared):
    found = couple(
        load_patient(prepared[1]),
        method="partial_spearman",
        settings={"confounds": "24p"},
        atlas="desikan",
    )
    values = np.array([region.value for region in found.per_region.values()])
    assert np.isfinite(values).sum() >= 40
    assert np.nanstd(values) > 0.02


def test_grey_matter_has_the_volume_of_an_adult_s(prepared):
    tissue = nib.load(prepared[1] / "gm.nii.gz")
    voxel = abs(np.linalg.det(tissue.affine[:3, :3]))
    litres = float((np.asarray(tissue.dataobj) > 0.5).sum() * voxel / 1e6)
    assert 0.45 < litres < 0.95
