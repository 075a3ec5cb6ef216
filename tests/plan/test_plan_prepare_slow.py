"""Raw scans of one person, through every command, to a target file (slow).

The scans are of a visual task, not of rest, and the norms are SIMULATED: this shows that the
chain holds, and nothing about the person.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from real_files import real_data

from tmsplan.base.params import Params
from tmsplan.patient.load import load_patient
from tmsplan.patient.patient import TEMPLATE_WARPED
from tmsplan.plan.anatomy import check_anatomy
from tmsplan.plan.store import load_plan

pytestmark = pytest.mark.slow
CHAIN = Path(__file__).resolve().parents[2] / "docs/examples/raw_to_target.py"


@pytest.fixture(scope="module")
def chain(tmp_path_factory) -> Path:
    raw = real_data("studyforrest")
    out = tmp_path_factory.mktemp("raw") / "out"
    command = [sys.executable, str(CHAIN), str(raw / "T1.nii.gz"), str(raw / "bold.nii.gz")]
    done = subprocess.run(
        [*command, str(out), "--tr", "2.0"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return out


def test_every_tripwire_passes_or_says_why_it_cannot_run(chain) -> None:
    patient = load_patient(chain / "prepared")
    assert patient.surfaces_because == TEMPLATE_WARPED
    found = {t.id: t for t in check_anatomy(patient, Params())}
    assert [found.pop(i).status for i in ("TP-F01", "TP-F06")] == ["not-run", "not-run"]
    assert {i: t.why for i, t in found.items() if t.status != "pass"} == {}
    assert "TP-F07" in found


def test_bold_lies_where_another_registration_puts_it(chain) -> None:
    """The given transform (SimpleITK, other software) maps T1 points to BOLD points, LPS.

    The prepared run keeps its voxels; only its header says where they lie in the T1's world.
    """
    import SimpleITK

    raw = real_data("studyforrest")
    theirs = SimpleITK.ReadTransform(str(raw / "bold_to_T1_rigid_SimpleITK.tfm"))
    before, after = (
        nib.load(p).affine for p in (raw / "bold.nii.gz", chain / "prepared/bold.nii.gz")
    )
    brain = nib.load(chain / "prepared/brain_mask.nii.gz")
    index = np.argwhere(np.asarray(brain.dataobj) > 0)[::501]
    world = nib.affines.apply_affine(brain.affine, index)
    mine = nib.affines.apply_affine(before @ np.linalg.inv(after), world)
    flip = np.array([-1.0, -1.0, 1.0])

    def moved(transform: SimpleITK.Transform) -> np.ndarray:
        return (
            np.array([transform.TransformPoint(tuple(map(float, p))) for p in world * flip]) * flip
        )

    # The file does not say its direction; the wrong one is more than 20 mm off.
    off = sorted(
        float(np.median(np.linalg.norm(mine - moved(t), axis=1)))
        for t in (theirs, theirs.GetInverse())
    )
    assert off[0] < 2.0
    assert off[1] > 10.0


def test_most_regions_have_a_value_and_its_null(chain) -> None:
    found = json.loads((chain / "coupling/coupling.json").read_text())
    values = [r["value"] for r in found["coupling"]["regions"] if r["value"] is not None]
    assert len(values) >= 40
    assert np.std(values) > 0.02
    assert found["labels"] == ["TEMPLATE-WARPED"]
    assert "oneback" in found["qc"]["task"] or "not stated" in found["qc"]["task"]
    assert (chain / "coupling/coupling.png").is_file()


def test_grey_matter_has_the_volume_of_an_adult_s(chain) -> None:
    tissue = nib.load(chain / "prepared/gm.nii.gz")
    voxel = abs(np.linalg.det(tissue.affine[:3, :3]))
    litres = float((np.asarray(tissue.dataobj) > 0.5).sum() * voxel / 1e6)
    assert 0.45 < litres < 0.95


def test_alff_lies_on_the_run_s_grid_and_is_relative_to_grey_matter(chain) -> None:
    alff, run = (nib.load(chain / "prepared" / n) for n in ("alff.nii.gz", "bold.nii.gz"))
    assert alff.shape == run.shape[:3]
    np.testing.assert_allclose(alff.affine, run.affine, atol=1e-4)
    values = np.asarray(alff.dataobj)
    # Divided by its mean over grey matter; the whole brain is near that.
    assert 0.5 < np.nanmean(values) < 2.0


def test_a_target_comes_out_and_says_what_it_rests_on(chain) -> None:
    plan = load_plan(chain / "plan")
    assert plan.labels == ("SYNTHETIC", "TEMPLATE-WARPED")
    assert any("TEMPLATE-WARPED" in c for c in plan.caveats)
    assert plan.targets
    assert {e.format for e in plan.exports} == {"brainsight", "localite-instrument"}
    assert {t.id: t.why for t in plan.tripwires if t.status == "fail"} == {}
    assert plan.qc["mean_fd_mm"] == pytest.approx(0.13, abs=0.05)
    # 9 % of the brain is outside the BOLD field: some regions must be missing, and say so.
    assert any("no-value" in r.reasons or "low-coverage" in r.reasons for r in plan.ranking.rows)
