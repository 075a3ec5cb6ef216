"""The simulation behind the demo: controls by the patient's own code, the core, determinism."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from tmsplan.atlas import load_atlas
from tmsplan.base import sha256_file
from tmsplan.coupling import registry
from tmsplan.coupling.maps_of_region import region_maps
from tmsplan.norms import load_norms
from tmsplan.patient import load_patient
from tmsplan.plan import demo as simulation
from tmsplan.plan.couple import regions_of
from tmsplan.plan.demo import PLANTED, Cohort, control_values, write_demo_source, write_scans
from tmsplan.plan.synthetic_head import fsaverage_head
from tmsplan.plan.synthetic_scans import CORE_MM, core_centre, ground_of
from tmsplan.surface import feature_name

SEED = 20260101


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Write the demo's source once."""
    folder = tmp_path_factory.mktemp("demo source")
    return folder, write_demo_source(folder)


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return Cohort.draw(ground_of(fsaverage_head(), PLANTED), np.random.default_rng(SEED))


def test_a_control_has_the_value_that_the_plan_would_compute(source, cohort, tmp_path) -> None:
    """Write a control's scans in place of the patient's and run the method on the files."""
    folder, written = source
    patient = load_patient(written.patient)
    atlas = load_atlas("desikan", patient)
    own = region_maps(patient, regions_of(atlas), simulation.DEFINITION.defaults).values
    person = cohort.person(np.random.default_rng(3), 47.0, "M")
    short = control_values(cohort, person, own)
    text = written.patient.read_text().replace('"fs/demo', f'"{folder / "fs/demo"}')
    (tmp_path / "patient.toml").write_text(text)
    write_scans(cohort.noise.scans(person, cohort.ground), cohort.ground, tmp_path)
    again = load_patient(tmp_path / "patient.toml")
    found = registry.couple(
        again, method="partial_spearman", settings={"null_draws": 0}, regions=regions_of(atlas)
    )
    full = {feature_name(*regions_of(atlas).keys[i]): r.value for i, r in found.per_region.items()}
    # Float32 of the files moves ranks of near ties; a control's own grey matter moves the rim.
    gap = [abs(full[name] - v) for name, v in short.items() if np.isfinite(full[name])]
    assert len(gap) >= 64
    assert np.median(gap) < 0.002
    assert max(gap) < 0.05


def test_coupling_of_controls_is_that_of_people(source) -> None:
    """Rank correlations of .2 to .55 inside regions, spread as measured of real maps."""
    norms = load_norms(source[1].norms)
    assert norms.synthetic
    table = np.genfromtxt(
        source[0] / "controls_SYNTHETIC.tsv", names=True, delimiter="\t", dtype=None,
        encoding="utf-8",
    )  # fmt: skip
    values = np.array([table[n] for n in table.dtype.names[4:]]).T
    assert values.shape[0] == 120
    rho = np.tanh(values.mean(axis=0))
    assert rho.min() > 0.15
    assert rho.max() < 0.6
    assert 0.1 < np.median(values.std(axis=0)) < 0.25


def test_the_core_is_inside_the_planted_region(cohort) -> None:
    ground = cohort.ground
    inside = ground.core > 0
    assert {ground.ids[k] for k in np.unique(ground.region[inside])} == {PLANTED}
    ijk = np.stack(np.unravel_index(np.flatnonzero(inside), ground.shape), axis=1)
    mm = ijk @ ground.affine[:3, :3].T + ground.affine[:3, 3]
    assert np.linalg.norm(mm - core_centre(fsaverage_head()), axis=1).max() < CORE_MM
    assert (mm[:, 0] < 0).all()
    assert (ground.core[ground.share > 0.9] == 1).sum() > 50


def test_in_the_core_activity_falls_with_grey_matter_and_outside_it_rises(cohort) -> None:
    ground, person = cohort.ground, cohort.patient()
    scans = cohort.noise.scans(person, ground)
    here = ground.region == ground.ids.index(PLANTED)
    cortex = ground.share > 0.9

    def rho(where: np.ndarray) -> float:
        return float(np.corrcoef(scans.gm[where], np.log(scans.alff[where]))[0, 1])

    assert rho(here & cortex & (ground.core == 1)) < -0.8
    assert rho(cortex & ~here) > 0.2


@pytest.mark.slow
def test_the_same_bytes_on_one_and_two_threads(source, tmp_path) -> None:
    folder, _ = source
    script = (
        "import sys; from pathlib import Path; from tmsplan.plan.demo import write_demo_source;"
        "write_demo_source(Path(sys.argv[1]))"
    )
    env = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, env=env)
    names = [p.relative_to(tmp_path) for p in sorted(tmp_path.rglob("*")) if p.is_file()]
    assert len(names) >= 15
    assert [sha256_file(tmp_path / n) for n in names] == [sha256_file(folder / n) for n in names]
