"""The corpus of bad and tricky inputs: each is refused by name, or gives the same patient."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from real_files import SHARED

from tmsplan.base.errors import InputError
from tmsplan.patient import load_patient
from tmsplan.patient.patient import Patient
from tmsplan.space import Hemi, Volume
from tmsplan.surface.formats import read_annot

FAMILIES = ("t1-", "map-", "surf-", "fs-", "overlay-", "scalp-", "bundle-", "all-", "subjects-")
#: What no reader can see: the tripwires and the coverage of the target's parcel judge these.
LEFT_TO_OTHERS = {"map-nan-target", "map-shift-25mm", "map-tkras-affine", "map-lps-affine",
                  "overlay-nan-target"}  # fmt: skip
SIDES = {"L": "left", "R": "right"}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> tuple[Path, dict]:
    script = SHARED.parent / "tools" / "badinputs.py"
    if not script.is_file():
        pytest.skip("the corpus' generator is not here: shared/tools/badinputs.py")
    spec = importlib.util.spec_from_file_location("badinputs", script)
    module = importlib.util.module_from_spec(spec)
    sys.modules["badinputs"] = module
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("corpus")
    return folder, module.generate(folder, quiet=True)


def recipe(folder: Path, files: dict[str, str], *, vertices: bool, where: Path) -> Path:
    """Write the patient.toml of one case."""
    full = {k: json.dumps(str(folder / v), ensure_ascii=False) for k, v in files.items()}
    lines = ['id = "sub-007"', "[anatomy]", f"t1w = {full['t1']}", f"scalp = {full['scalp']}"]
    for letter, side in SIDES.items():
        lines += [f"{side}_{what} = {full[f'{what}_{letter}']}" for what in ("pial", "white")]
    if Path(files["pial_L"]).name == "lh.pial":
        lines.append(f"orig = {full['fs_orig']}")
    lines += ["[maps]", 'space = "T1w"']
    if vertices:
        lines += [f"coupling_{SIDES[h]} = {full[f'overlay_{h}']}" for h in SIDES]
    else:
        lines.append(f"coupling = {full['map']}")
    where.write_text("\n".join(lines), encoding="utf-8")
    return where


def load(folder: Path, manifest: dict, case: dict, where: Path) -> Patient:
    files = {**manifest["canonical"], **case["replaces"]}
    vertices = case["id"].startswith("overlay-")
    return load_patient(recipe(folder, files, vertices=vertices, where=where))


def require_same(patient: Patient, truth: dict) -> None:
    """Compare with the phantom's own figures: places of the targets, values of the images."""
    for target in truth["targets"]:
        pial = patient.cortex.side(Hemi.parse(target["side"])).pial.points
        nearest = np.linalg.norm(pial.mm(pial.frame) - target["ras"], axis=1).min()
        assert abs(nearest - target["nearest_pial_vertex_mm"]) < 0.05
    t1, coupling = patient.t1w.volume, patient.maps["coupling"]
    if isinstance(coupling, Volume):
        world = t1.grid.world_from_voxel.matrix(t1.grid.world, t1.grid.voxel)
        assert np.abs(world).max() < 1000


def test_every_case_is_refused_by_name_or_gives_the_same_patient(corpus, tmp_path) -> None:
    folder, manifest = corpus
    wrong: list[str] = []
    tried = 0
    for case in manifest["cases"]:
        if not case["id"].startswith(FAMILIES) or case["id"] in LEFT_TO_OTHERS:
            continue
        tried += 1
        try:
            patient = load(folder, manifest, case, tmp_path / "patient.toml")
        except InputError as err:
            names = [Path(v).name for v in case["replaces"].values()]
            if case["expect"] in {"same", "moved"} or not any(n in str(err) for n in names):
                wrong.append(f"{case['id']}: refused, {err}")
        else:
            if case["expect"] == "reject":
                wrong.append(f"{case['id']}: accepted")
            if case["expect"] in {"same", "reject_or_same"}:
                require_same(patient, manifest["truth"])
    assert tried > 140
    assert wrong == []


def test_every_annotation_is_refused_or_names_every_vertex_right(corpus) -> None:
    folder, manifest = corpus
    plain = read_annot(folder / manifest["canonical"]["annot_L"])
    truth = [plain.names[int(k)] for k in plain.index]
    for case in (c for c in manifest["cases"] if c["role"] == "annot_L"):
        path = folder / case["replaces"]["annot_L"]
        try:
            raw = read_annot(path)
        except InputError as err:
            assert case["expect"].startswith("reject"), case["id"]
            assert re.search("|".join(case["must_match"]), str(err), re.IGNORECASE)  # noqa: PT017
            assert path.name in str(err)  # noqa: PT017
        else:
            # A count shows only beside a surface; a name is escaped where it is printed.
            if case["id"] in {"annot-vertex-count", "annot-html-name"}:
                continue
            assert case["expect"] != "reject", case["id"]
            assert [raw.names[int(k)] for k in raw.index] == truth
