"""A BOLD run on the cortex: fsaverage5 reaches the patient by its sphere; fsnative must fit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import phantom
import pytest
from patient.fmriprep_folder import per_vertex
from patient.small_head import world, write_nifti

import tmsplan.coupling.activity.compute as compute
from tmsplan.base.errors import DomainError, FrameError
from tmsplan.coupling import couple
from tmsplan.coupling.activity import ACTIVITY_DEFAULTS, activity_of
from tmsplan.patient import Patient, load_patient
from tmsplan.patient.template_sphere import template_sphere
from tmsplan.plan.couple import couple_for_plan, regions_of
from tmsplan.plan.options import Options
from tmsplan.space import Hemi

SETTINGS = {**ACTIVITY_DEFAULTS, "confounds": "none"}
TR, N_VOLUMES = 2.5, 122
#: Where structure and activity go together: left only, in the middle of its parcel.
PLANTED, TWIN = 1028, 2028  # superior frontal, left and right


def grey(xyz: np.ndarray) -> np.ndarray:
    """Return a grey-matter share that varies inside every region, differently on both sides."""
    x, y, z = np.moveaxis(xyz, -1, 0)
    return 0.6 + 0.25 * np.sin(x / 5.0 + 0.4) * np.cos(y / 6.0) * np.sin(z / 4.5 + 1)


def planted(side: phantom.HeadHalf, hemi: Hemi) -> np.ndarray:
    """Return log amplitude at the vertices of fsaverage5: grey matter in one region, else none."""
    mid = (side.white + side.pial) / 2
    rng = np.random.default_rng(4 if hemi is Hemi.LEFT else 5)
    noise = 0.3 * rng.standard_normal(len(mid))
    return np.where(side.ids == PLANTED, 1.2 * grey(mid) + 0.05 * noise, noise)


def write_sides(folder: Path, values: dict[Hemi, np.ndarray], mesh: str = "fsaverage5") -> None:
    """Write one file a side, whose ALFF is proportional to the exponential of `values`."""
    wave = np.random.default_rng(8).standard_normal(N_VOLUMES)
    for hemi, one in values.items():
        name = f"sub-01_task-rest_hemi-{hemi.value[0].upper()}_space-{mesh}_bold"
        # Mean BOLD differs from vertex to vertex; percent of the mean takes that out.
        base = 1000 + 50 * np.random.default_rng(6).random(len(one))
        arrays = list(base + (base * np.exp(one) * wave[:, None]) / 100)
        nib.save(per_vertex(arrays, hemi.value[0].upper()), folder / f"{name}.func.gii")
        (folder / f"{name}.json").write_text(json.dumps({"RepetitionTime": TR}))


def write_patient(folder: Path, mesh: str = "fsaverage5") -> Path:
    toml = folder / "patient.toml"
    sides = "".join(
        f'bold_{h} = "sub-01_task-rest_hemi-{h.value[0].upper()}_space-{mesh}_bold.func.gii"\n'
        for h in Hemi
    )
    kept = toml.read_text().split('space = "T1w"')[0]
    toml.write_text(f'{kept}space = "T1w"\ngm = "gm.nii.gz"\n{sides}')
    return toml


@pytest.fixture(scope="module")
def truth() -> dict[Hemi, np.ndarray]:
    head = phantom.anchored().head  # its vertices are those of fsaverage5, in its order
    return {hemi: planted(side, hemi) for hemi, side in head.halves.sides()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, truth) -> Path:
    """A patient whose meshes have their vertices in another order than fsaverage5."""
    where = tmp_path_factory.mktemp("fsa5")
    phantom.write(phantom.permuted(phantom.anchored()), where, phantom.storage("LAS"))
    t1 = nib.load(where / "fs/mri/T1.mgz")
    shape = t1.shape
    write_nifti(where / "gm.nii.gz", grey(world(t1.affine, shape)).astype("f4"), t1.affine)
    write_sides(where, truth)
    return where


@pytest.fixture(scope="module")
def patient(folder) -> Patient:
    return load_patient(write_patient(folder))


def atlas_of(patient: Patient):
    from tmsplan.atlas import load_atlas

    return load_atlas("desikan", patient)


def test_every_vertex_takes_the_value_of_its_place_on_the_sphere(patient, truth) -> None:
    found = activity_of(patient, SETTINGS)
    shifts = []
    for hemi, cortex in patient.cortex.sides():
        sphere = template_sphere("fsaverage5", hemi)
        own = cortex.sphere.points.mm(cortex.sphere.frame)
        there = sphere.points.mm(sphere.frame)
        # The phantom's vertices are fsaverage5's in another order: found here by sorting.
        rank = [np.lexsort(np.round(p, 3).T) for p in (own, there)]
        expected = np.empty(len(own))
        expected[rank[0]] = truth[hemi][rank[1]]
        got = found.values.side(hemi)
        assert got.domain == cortex.domain
        shifts.append(got.values - expected)
    apart = np.concatenate(shifts)
    # One scale for both sides; float32 of the file is all that is left.
    assert np.ptp(apart) < 1e-3
    assert found.params["computed_in"] == "fsaverage5"
    assert any("brought to the patient's mesh by the sphere" in n for n in found.notes)


def test_coupling_is_found_in_its_region_and_not_in_its_twin(patient) -> None:
    regions = regions_of(atlas_of(patient))
    made = couple(patient, method="partial_spearman", regions=regions, settings={
        "confounds": "none", "null_draws": 10})  # fmt: skip
    values = {i: r.value for i, r in made.per_region.items() if np.isfinite(r.value)}
    assert len(values) > 50  # the others have fewer than 100 vertices on this coarse mesh
    best = max(values, key=values.__getitem__)
    assert best == PLANTED
    others = [v for i, v in values.items() if i != PLANTED]
    assert values[PLANTED] > 1.0 > 0.5 > max(others)  # Fisher z
    assert abs(values[TWIN]) < 0.3
    assert made.params["computed_in"] == "fsaverage5"


def test_local_coupling_has_a_value_on_the_whole_cortex(patient) -> None:
    made = couple(patient, method="imco", settings={
        "confounds": "none", "statistic": "correlation", "fwhm_surface": 8.0})  # fmt: skip
    assert made.space == "surface"
    atlas = atlas_of(patient)
    local = {h: made.vertices.side(h).values for h in Hemi}
    ids = {h: atlas.labels.side(h).ids for h in Hemi}
    assert all(np.isfinite(local[h][ids[h] > 0]).mean() > 0.99 for h in Hemi)
    middle = {i: np.nanmedian(local[h][ids[h] == i]) for h, i in
              ((Hemi.LEFT, PLANTED), (Hemi.RIGHT, TWIN))}  # fmt: skip
    assert middle[PLANTED] > 0.8
    assert abs(middle[TWIN]) < 0.4


def test_one_plan_reads_the_run_once(patient, monkeypatch) -> None:
    reads = []
    real = compute.read_sides

    def counted(series):
        reads.append(series.name)
        return real(series)

    monkeypatch.setattr(compute, "read_sides", counted)
    mine = replace(patient)  # the same files, nobody has asked yet
    options = Options(
        coupling="partial_spearman", settings={"confounds": "none", "null_draws": 0}, efield="none"
    )
    made = couple_for_plan(mine, atlas_of(patient), options)
    assert [m.method for m in made.beside] == ["kls"]
    assert made.chosen.local is not None
    assert len(reads) == 1
    first = activity_of(mine, SETTINGS)
    assert len(reads) == 1
    other = activity_of(mine, {**SETTINGS, "band_low": 0.02})
    assert len(reads) == 2
    assert not np.array_equal(other.values.left.values, first.values.left.values)
    activity_of(replace(patient), SETTINGS)  # another patient with the same settings
    assert len(reads) == 3


def test_without_spheres_it_is_refused_with_what_to_do(patient) -> None:
    bare = patient.cortex.map(lambda c: replace(c, sphere=None))
    alone = replace(patient, cortex=bare, bold=replace(patient.bold, vertex_at=None))
    with pytest.raises(FrameError, match=r"lies on fsaverage5, and nothing relates .*sphere\.reg"):
        activity_of(alone, SETTINGS)


def test_a_side_that_was_not_recorded_is_uncovered(patient) -> None:
    left = replace(patient.bold, files=patient.bold.files[:1], hemis=(Hemi.LEFT,))
    found = activity_of(replace(patient, bold=left), SETTINGS)
    assert np.isfinite(found.values.left.values).all()
    assert np.isnan(found.values.right.values).all()
    assert found.values.right.domain == patient.cortex.right.domain


def test_a_run_on_the_patients_own_mesh_stays_where_it_is(folder, patient) -> None:
    values = {h: 0.1 * np.sin(np.arange(len(c.pial)) / 40) for h, c in patient.cortex.sides()}
    write_sides(folder, values, "fsnative")
    own = load_patient(write_patient(folder, "fsnative"))
    found = activity_of(own, SETTINGS)
    apart = [found.values.side(h).values - values[h] for h in Hemi]
    assert np.ptp(np.concatenate(apart)) < 1e-3
    assert not any("brought" in n for n in found.notes)
    short = {Hemi.LEFT: values[Hemi.LEFT], Hemi.RIGHT: values[Hemi.RIGHT][:-3]}
    write_sides(folder, short, "fsnative")
    with pytest.raises(
        DomainError,
        match=r"hemi-R_space-fsnative_bold.*10239 vertices, the patient's right.*10242",
    ):
        load_patient(write_patient(folder, "fsnative"))
