"""The built-in SYNTHETIC patient and SYNTHETIC norms, written as files for the readers.

One abnormality is planted: in a core of the left rostral middle frontal region activity falls
where grey matter rises. Everything else is the same simulation that makes the controls. Their
values are computed with the functions that compute the patient's, at the same voxels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..atlas.atlas import Atlas
from ..atlas.load import load_atlas
from ..base.table import table_bytes
from ..coupling.maps_of_region import region_maps
from ..coupling.methods.partial_spearman import METHOD as DEFINITION
from ..coupling.rank_correlation import fisher_z, partial_spearman
from ..coupling.region_coupling import RegionMethod, coupling_of_values
from ..coupling.region_limits import MIN_PLACES
from ..coupling.region_values import RegionValues
from ..norms import Identity, Measured, fit_norms, save_norms
from ..patient.load import load_patient
from ..surface.parcels import feature_name
from .couple import regions_of
from .synthetic_head import fsaverage_head, write_head
from .synthetic_scans import Ground, Noise, Person, Scans, ground_of

__all__ = ["PLANTED", "DemoSource", "write_demo_source"]

#: aparc+aseg id of the planted region: left rostral middle frontal.
PLANTED = 1027
CONTROLS = 120
#: Coupling of a region in the mean person is drawn between these: rank correlations that
#: within-region maps of healthy people may have.
RHO = (0.25, 0.5)
#: Of a person's own rho around it; a year lowers it, men have a little more.
RHO_SD, RHO_PER_YEAR, RHO_MALE = 0.08, -0.001, 0.01
#: In the planted core activity falls where grey matter rises.
CORE_RHO = -0.95
#: The patient's seed was picked out of 330: planted region near -3.5, all others unremarkable.
_SEED, _PATIENT_SEED = 20260101, 236
_AGE, _SEX, _SITE = 34.0, "F", "simulated"
_MAPS = ("gm", "alff", "mean_bold")
#: Decimals of the controls' values: more is rounding of the processor.
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class DemoSource:
    """Where the demo's inputs were written."""

    patient: Path
    norms: Path


def write_demo_source(folder: Path) -> DemoSource:
    """Write the SYNTHETIC patient and norms into `folder` and return where they are."""
    head = fsaverage_head()
    cohort = Cohort.draw(ground_of(head, PLANTED), np.random.default_rng(_SEED))
    write_head(head, folder / "fs" / "demo", vox2ras=_conformed(), shape=(256, 256, 256), steps=4)
    write_scans(cohort.noise.scans(cohort.patient(), cohort.ground), cohort.ground, folder)
    path = folder / "patient.toml"
    path.write_text(_PATIENT, encoding="utf-8")
    return DemoSource(path, _write_norms(cohort, path))


_PATIENT = f"""\
# SYNTHETIC: simulated by tmsplan; nothing in it is a person.
id = "SYNTHETIC-demo"
age = {_AGE}
sex = "{_SEX}"
site = "{_SITE}"
synthetic = true

[anatomy]
t1w = "fs/demo/mri/T1.mgz"
freesurfer = "fs/demo"

[maps]
space = "T1w"
gm = "gm.nii.gz"
alff = "alff.nii.gz"
mean_bold = "mean_bold.nii.gz"
"""


def _conformed() -> NDArray[np.float64]:
    m = np.array([[-1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
    m[:3, 3] = np.array([2.5, -14.0, 9.0]) - m[:3, :3] @ np.full(3, 128.0)
    return m


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """The people of the simulation: what they share, and how one of them is drawn."""

    ground: Ground
    noise: Noise
    rho: NDArray[np.float64]

    @classmethod
    def draw(cls, ground: Ground, rng: np.random.Generator) -> Cohort:
        """Return one cohort; the same generator gives the same people."""
        return cls(ground, Noise(rng), rng.uniform(*RHO, len(ground.ids)))

    def person(self, rng: np.random.Generator, age: float, sex: str) -> Person:
        """Return one person without the planted core."""
        own = RHO_SD * rng.standard_normal(len(self.rho))
        shift = RHO_PER_YEAR * (age - _AGE) + (RHO_MALE if sex == "M" else 0.0)
        return Person(self.rho + own + shift, np.nan, Noise.patch(rng))

    def patient(self, seed: int = _PATIENT_SEED) -> Person:
        """Return the patient: a person of the cohort with the planted core."""
        return replace(self.person(np.random.default_rng(seed), _AGE, _SEX), core=CORE_RHO)


def write_scans(scans: Scans, ground: Ground, folder: Path) -> None:
    """Write grey matter, ALFF and mean BOLD as NIfTI; outside the brain nothing was measured."""
    import nibabel as nib

    for name in _MAPS:
        # Grey matter outside the brain is known: there is none.
        outside = 0.0 if name == "gm" else np.nan
        values = np.where(ground.brain, getattr(scans, name), outside).astype(np.float32)
        image = nib.Nifti1Image(values.reshape(ground.shape), ground.affine)
        image.header.set_xyzt_units("mm")
        image.set_qform(ground.affine, code=1)
        image.set_sform(ground.affine, code=1)
        nib.save(image, folder / f"{name}.nii.gz")


def _write_norms(cohort: Cohort, patient: Path) -> Path:
    """Write norms of the controls' own coupling, all of them on the patient's head."""
    person = load_patient(patient)
    atlas = load_atlas("desikan", person)
    own = region_maps(person, regions_of(atlas), DEFINITION.defaults).values
    rng = np.random.default_rng(_SEED + 1)
    rows = []
    for k in range(CONTROLS):
        age, sex = float(np.round(rng.uniform(20, 60), 1)), ("F", "M")[k % 2]
        one: dict[str, object] = {"id": f"sim{k:03d}", "age": age, "sex": sex, "site": _SITE}
        rows.append(one | control_values(cohort, cohort.person(rng, age, sex), own))
    columns = list(rows[0])
    table = patient.with_name("controls_SYNTHETIC.tsv")
    table.write_bytes(table_bytes(columns, rows))
    path = patient.with_name("SYNTHETIC.norms")
    save_norms(fit_norms(table, identity=_identity(atlas), synthetic=True), path)
    return path


def control_values(cohort: Cohort, person: Person, own: RegionValues) -> dict[str, float]:
    """Return the coupling of a simulated person at the voxels of the patient, by feature.

    The statistic is the patient's own; a control has no null, because norms need none.
    """
    scans = cohort.noise.scans(person, cohort.ground, own.functional.at)
    functional = replace(
        own.functional,
        activity=scans.alff,
        mean_bold=scans.mean_bold,
        at=np.arange(len(scans.alff)),
    )
    values = replace(own, structure=scans.gm, functional=functional)
    found, _ = coupling_of_values(values, _METHOD, fewest=int(MIN_PLACES.value), draws=0, seed=0)
    named = {feature_name(*own.regions.keys[i]): one.value for i, one in found.items()}
    return {name: round(v, _DECIMALS) for name, v in named.items() if not math.isnan(v)}


_METHOD = RegionMethod(
    name="partial_spearman",
    unit="Fisher z",
    higher_means="more coupled",
    source=DEFINITION.source,
    statistic=lambda sample: fisher_z(partial_spearman(sample)),
    covariates=("mean_bold",),
)


def _identity(atlas: Atlas) -> Identity:
    return Identity(
        measured=Measured(
            measure=_METHOD.name,
            unit=_METHOD.unit,
            higher_means=_METHOD.higher_means,
            engine="ready-made",
            atlas=atlas.name,
            atlas_sha256=atlas.sha256,
        ),
        pipeline="tmsplan demo: simulated maps on the head of the SYNTHETIC patient",
        licence="none needed: simulated",
        source="SYNTHETIC controls; no person was measured",
    )
