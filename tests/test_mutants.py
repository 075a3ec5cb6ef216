"""Guards broken by hand: for each, a named test must fail.

Every entry changes one line of a copy of the package and runs one test against it. If the
test still passes, the guard was not tested; if the line is no longer there, the entry is out
of date and says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Mutant:
    """One guard: where it is, what it is turned into, and the test that must notice."""

    file: str
    line: str
    broken: str
    test: str


MUTANTS = {
    "two patients share a frame": Mutant(
        "space/frame.py", "    if a != b:", "    if a.kind is not b.kind:",
        "tests/space/test_space_points.py::test_frames_of_two_patients_differ",
    ),
    "a mirror passes as a rotation": Mutant(
        "space/transform.py", "        if np.linalg.det(m[:3, :3]) < 0:",
        "        if np.linalg.det(m[:3, :3]) < -2:",
        "tests/space/test_space_transform.py::test_the_mirror_guard_fires",
    ),
    "a scaled matrix passes as rigid": Mutant(
        "space/transform.py", "        if off > ORTHONORMAL_TOL:", "        if off > 1e9:",
        "tests/space/test_space_transform.py",
    ),
    "a second edge in the tree": Mutant(
        "space/tree.py", "        if child in self:", "        if False:",
        "tests/space/test_space_tree.py::test_a_second_edge_to_one_frame_is_refused",
    ),
    "the parts of a warp in the wrong order": Mutant(
        "space/warp.py", "for part in reversed(parts)]", "for part in parts]",
        "tests/space/test_space_warp.py::test_a_composite_h5_maps_points_as_itk_does",
    ),
    "any share of the ribbon will do": Mutant(
        "space/tripwire.py",
        '    return _judge("TP-F01", value, limit.value, value >= limit.value, why)',
        '    return _judge("TP-F01", value, limit.value, True, why)',
        "tests/space/test_space_tripwire.py::test_f01_fires",
    ),
    "a failed tripwire stops nothing": Mutant(
        "space/tripwire.py", '    failed = [t for t in tripwires if t.status == "fail"]',
        "    failed = []",
        "tests/space/test_space_tripwire.py::test_f01_fires",
    ),
    "hemispheres may be exchanged": Mutant(
        "surface/pair.py", "            if found is not hemi:", "            if False:",
        "tests/surface/test_surface_types.py::test_exchanged_hemispheres_of_equal_size_are_seen",
    ),
    "qform and sform may differ": Mutant(
        "patient/nifti_header.py", "    if use_form is None and off > FORMS_MM:", "    if False:",
        "tests/patient/test_patient_image.py::test_a_misleading_t1_is_refused_by_name",
    ),
    "the handle on the other side": Mutant(
        "coil/handle.py", "    return ahead, rightward if hemi is Hemi.RIGHT else -rightward",
        "    return ahead, rightward",
        "tests/coil/test_coil_place.py::test_handle_is_45_deg_behind_and_lateral",
    ),
    "the coil's axes are not turned for Brainsight": Mutant(
        "export/brainsight/write.py",
        "        turned = pose @ _simnibs_from_brainsight(pose.src, axes)",
        "        turned = pose",
        "tests/export/test_export_brainsight_write.py::test_the_whole_file_of_g1",
    ),
    "z without the newcomer's own uncertainty": Mutant(
        "norms/score.py",
        "    z = predictive_z(residual / np.sqrt(1 + leverage), found.df)",
        "    z = predictive_z(residual / np.sqrt(1 + 0 * leverage), found.df)",
        "tests/norms/test_norms_score.py",
    ),
    "simulated norms for a real patient": Mutant(
        "norms/store.py", "    if model.synthetic and not patient_synthetic:", "    if False:",
        "tests/norms/test_norms_identity.py::test_simulated_norms_are_only_for_simulated_patients",
    ),
    "an existing folder is overwritten": Mutant(
        "base/publish.py", "    if out.exists() and not overwrite:", "    if False:",
        "tests/base/test_base_publish.py::test_an_existing_folder_is_refused_and_left_alone",
    ),
    "the scene of another plan": Mutant(
        "plan/scene_store.py", "    if sha256_bytes(data) != sha256:", "    if False:",
        "tests/plan/test_plan_store.py::test_the_scene_of_another_plan_is_refused",
    ),
    "header and sidecar may state different repetition times": Mutant(
        "patient/tr.py", "    if _differ(statements):", "    if False:",
        "tests/patient/test_patient_series.py::test_doubt_is_refused_with_the_flag",
    ),
    "a run of four minutes will do": Mutant(
        "coupling/activity/clean.py", "    if minutes < MIN_MINUTES.value:", "    if False:",
        "tests/coupling/test_coupling_activity.py",
    ),
    "cortex outside the field of view has a value": Mutant(
        "coupling/project.py", "        enough = share * inside >= KNOWN_SHARE.value",
        "        enough = share >= KNOWN_SHARE.value",
        "tests/coupling/test_coupling_project.py",
    ),
    "norms of another measure are taken": Mutant(
        "norms/identity.py",
        "            if own is not None and other is not None and own != other:",
        "            if False:",
        "tests/norms/test_norms_identity.py::test_norms_of_another_measure_are_refused",
    ),
}  # fmt: skip


def run(test: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *test.split()],
        capture_output=True, text=True, cwd=cwd, check=False,
        env={**os.environ, "PYTHONPATH": str(cwd), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("mutants") / "main"
    keep = shutil.ignore_patterns("__pycache__", ".*", "demo-out", "build")
    folder.mkdir()
    for name in ("tmsplan", "tests", "atlases", "meshes"):
        shutil.copytree(REPO / name, folder / name, ignore=keep)
    shutil.copy(REPO / "pyproject.toml", folder)
    shared = REPO.parent / "shared"
    if shared.is_dir():
        (folder.parent / "shared").symlink_to(shared)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_guard_is_noticed(tree, name) -> None:
    mutant = MUTANTS[name]
    path = tree / "tmsplan" / mutant.file
    sound = path.read_text(encoding="utf-8")
    assert sound.count(mutant.line) == 1, f"{mutant.file} no longer holds: {mutant.line}"
    path.write_text(sound.replace(mutant.line, mutant.broken), encoding="utf-8")
    try:
        result = run(mutant.test, tree)
    finally:
        path.write_text(sound, encoding="utf-8")
    assert result.returncode == 1, f"{name}: not noticed\n{result.stdout[-1500:]}"
    assert "failed" in result.stdout


@pytest.mark.slow
def test_the_sound_copy_passes(tree) -> None:
    tests = sorted({m.test for m in MUTANTS.values() if " " not in m.test})
    result = run(" ".join(tests), tree)
    assert result.returncode == 0, result.stdout[-1500:]
