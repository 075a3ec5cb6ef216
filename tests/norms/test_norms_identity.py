"""The papers of a model: what differs from the patient's map is refused, what is unknown said."""

from __future__ import annotations

import numpy as np
import pytest
from control_tables import table

from tmsplan.base import InputError, Params
from tmsplan.norms import Identity, Measured, fit_norms, require_usable
from tmsplan.norms.reliability import shrunk

VALUES = np.random.default_rng(1).normal(size=(50, 2))
MAP = Measured("spearman", "Fisher z", "more coupled", "dpabi", "dk", "ab" * 32)


def model(identity=None, **options):
    return fit_norms(table(VALUES), identity=identity, **options)


def test_simulated_norms_are_only_for_simulated_patients() -> None:
    simulated, real = model(synthetic=True), model()
    assert require_usable(simulated, patient_synthetic=True) == ()
    assert require_usable(real, patient_synthetic=False) == ()
    require_usable(real, patient_synthetic=True)
    with pytest.raises(InputError, match=r"SYNTHETIC: simulated .* use norms of people"):
        require_usable(simulated, patient_synthetic=False)
    assert "SYNTHETIC" in str(simulated)


def test_norms_of_the_same_measure_are_accepted_without_a_caveat() -> None:
    assert require_usable(model(Identity(MAP)), patient_synthetic=False, measured=MAP) == ()


@pytest.mark.parametrize(
    ("name", "other", "message"),
    [
        ("measure", "kls", "the measure is 'spearman', the patient's is 'kls'"),
        ("unit", "rho", "the unit is 'Fisher z', the patient's is 'rho'"),
        ("higher_means", "less", "meaning of a higher value is 'more coupled', .* is 'less'"),
        ("engine", "xcp_d", "the ALFF engine is 'dpabi', the patient's is 'xcp_d'"),
        (
            "atlas_sha256",
            "cd" * 32,
            r"labels of the atlas \(sha256\) is 'abab.*patient's is 'cdcd",
        ),
    ],
)
def test_norms_of_another_measure_are_refused(name, other, message) -> None:
    fields = {f: getattr(MAP, f) for f in MAP.__slots__} | {name: other}
    with pytest.raises(InputError, match=rf"norms [0-9a-f]{{12}}: .*{message}.* means nothing"):
        require_usable(model(Identity(MAP)), patient_synthetic=False, measured=Measured(**fields))


def test_an_atlas_is_known_by_its_labels_and_else_by_its_name() -> None:
    renamed = Measured(atlas="desikan", atlas_sha256="ab" * 32)
    require_usable(model(Identity(MAP)), patient_synthetic=False, measured=renamed)
    named = model(Identity(Measured(atlas="dk")))
    with pytest.raises(InputError, match=r"the atlas is 'dk', the patient's is 'hcp'"):
        require_usable(named, patient_synthetic=False, measured=Measured(atlas="hcp"))


def test_norms_without_papers_carry_a_caveat() -> None:
    (caveat,) = require_usable(model(), patient_synthetic=False, measured=MAP)
    assert caveat.startswith("The norms do not say their measure, unit, ")
    assert caveat.endswith("it could not be compared.")
    (partly,) = require_usable(
        model(Identity(Measured("spearman"))), patient_synthetic=False, measured=MAP
    )
    assert "measure" not in partly
    assert "unit" in partly


def test_maps_that_do_not_say_what_the_norms_say_carry_a_caveat() -> None:
    silent = Measured(measure="spearman", higher_means=MAP.higher_means)
    (caveat,) = require_usable(model(Identity(MAP)), patient_synthetic=False, measured=silent)
    assert caveat.startswith("The patient's maps do not say their unit, ")


def test_a_declared_reliability_is_used_and_said() -> None:
    declared = model(Identity(icc={"lh_r0": 0.8}))
    first, second = declared.deviations({"lh_r0": -2.5, "lh_r1": -2.5}, age=30, sex="F").rows
    assert (first.icc, second.icc) == (0.8, None)
    known, unknown = shrunk(first, Params()), shrunk(second, Params())
    assert (known.icc, known.source) == (0.8, "declared by the norms")
    assert known.z == pytest.approx(0.8 * first.z)
    assert known.half == pytest.approx(1.959964 * 0.4)
    assert (unknown.icc, unknown.source) == (0.5, "assumed, not measured")
    given = shrunk(first, Params().overriding({"icc_assumed": 0.6}))
    assert (given.icc, given.source) == (0.6, "given by the user")
    whole = model(Identity(icc=0.9)).deviations({"lh_r1": 0.0}, age=30, sex="F").rows
    assert [r.icc for r in whole] == [0.9, 0.9]


@pytest.mark.parametrize("icc", [0.0, -0.2, 1.2, {"lh_r0": 0.0}])
def test_an_impossible_reliability_is_refused(icc) -> None:
    with pytest.raises(InputError, match=r"Expected more than 0 and at most 1"):
        Identity(icc=icc)
