"""Which spread is fitted if none is named, harmonisation, intervals with a shape."""

from __future__ import annotations

import json

import numpy as np
import pytest
from control_tables import simulate, table
from scipy import special, stats

from tmsplan.atlas import atlas_info
from tmsplan.base import InputError, Params, table_bytes
from tmsplan.base.provenance import sha256_bytes
from tmsplan.cli.app import run
from tmsplan.norms import fit_norms, load_norms
from tmsplan.norms.design import Design
from tmsplan.norms.effect import interval_of
from tmsplan.norms.fitted import fit_values
from tmsplan.norms.people import People
from tmsplan.norms.score_table import score_table

VALUES = np.random.default_rng(1).normal(size=(120, 2))
SITE = [("a", "b")[i // 2 % 2] for i in range(120)]


def test_skewness_is_estimated_unless_another_spread_is_named() -> None:
    assert fit_norms(table(VALUES)).block()["spread"] == "skewed"
    assert fit_norms(table(VALUES[:20])).block()["spread"] == "skewed"
    assert fit_norms(table(VALUES), spread="constant").notes == ()


def test_with_few_controls_spread_is_constant_and_the_notes_say_so() -> None:
    few = fit_norms(table(VALUES[:19]), exploratory=True)
    assert few.block()["spread"] == "constant"
    assert any("spread is taken as constant and symmetric" in note for note in few.notes)
    with pytest.raises(InputError, match=r"19 controls are too few for a skewed.*at least 20"):
        fit_norms(table(VALUES[:19]), spread="skewed", exploratory=True)


def test_location_scale_gives_sites_an_offset_and_a_spread_of_their_own() -> None:
    """Site b is 3 higher and twice as wide: a value 3 sd low there is as rare as at a."""
    scale = np.where(np.array(SITE) == "b", 2.0, 1.0)[:, None]
    values = 3 * (scale - 1) + scale * VALUES
    model = fit_norms(table(values, site=SITE), harmonise="location-scale")
    assert model.fitted.spread.kind == "varying"
    at = {
        s: model.deviations({"lh_r0": v}, age=40, sex="F", site=s).by_feature()["lh_r0"].z
        for s, v in (("a", -2.0), ("b", 3 - 2 * 2.0))
    }
    assert at["a"] == pytest.approx(at["b"], abs=0.35)
    assert at["a"] < -1.4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"harmonise": "combat"}, "'combat' is no harmonisation; choose location-scale"),
        ({"harmonise": "location-scale", "spread": "skewed"}, "a skewed spread cannot"),
        (
            {"harmonise": "location-scale", "covariates": ("age", "sex")},
            "there are no sites to harmonise",
        ),
    ],
)
def test_what_cannot_be_harmonised_is_refused(options, message) -> None:
    with pytest.raises(InputError, match=message):
        fit_norms(table(VALUES, site=SITE), **options)


def write(tmp_path):
    cells = table(VALUES, site=SITE)
    path = tmp_path / "controls.tsv"
    rows = [dict(zip(cells.columns, row, strict=True)) for row in cells.rows]
    path.write_bytes(table_bytes(cells.columns, rows))
    return path


@pytest.mark.parametrize(
    ("flags", "spread"),
    [([], "skewed"), (["--spread", "constant"], "constant"), (["--harmonise"], "varying")],
)
def test_the_command_line_names_the_spread(tmp_path, capsys, flags, spread) -> None:
    command = ["norms", "fit", str(write(tmp_path)), "-o", str(tmp_path / "m.norms"), "--json"]
    assert run([*command, *flags]) == 0
    assert json.loads(capsys.readouterr().out)["spread"] == spread


@pytest.mark.parametrize("atlas", ["desikan", "brainnetome246", "aparc", "my-own"])
def test_the_hash_of_a_known_atlas_is_found(tmp_path, atlas) -> None:
    """Not of the patient's own labels, nor of an atlas that tmsplan does not have."""
    out = tmp_path / "m.norms"
    assert run(["norms", "fit", str(write(tmp_path)), "-o", str(out), "--atlas", atlas]) == 0
    expected = None
    if atlas == "desikan":
        files = [f.sha256 for _, f in atlas_info(atlas).surface.files.sides()]
        expected = sha256_bytes("".join(files).encode())
    elif atlas == "brainnetome246":
        expected = atlas_info(atlas).volume.file.sha256
    assert load_norms(out).identity.measured.atlas_sha256 == expected


def test_a_table_redraws_controls_only_where_intervals_need_it() -> None:
    few = Params().overriding({"bootstraps": 100})
    for spread, draws in (("constant", 0), ("skewed", 100)):
        model = fit_norms(table(VALUES), spread=spread)
        person = table(VALUES[:1] - 2, ids=["p"], age=[30])
        found = score_table(model, person, params=few).people["p"]
        assert len(found.boot_z) == draws
        one = model.deviations(
            dict(zip(model.features, VALUES[0] - 2, strict=True)), age=30, sex="F", params=few
        )
        assert found.rows == one.rows, "a table and a plan print the same numbers"


@pytest.mark.parametrize("n", [50, 200])
@pytest.mark.parametrize("noise", ["gauss", "gamma"])
def test_intervals_cover_the_true_effect_of_a_newcomer(n, noise) -> None:
    """The effect is the normal deviate of the value in its population. Nominal 95 %.

    480 newcomers, 80 a sample of controls: known to about 2 points.
    """
    rng = np.random.default_rng(2)

    def draw(size):
        if noise == "gauss":
            return rng.normal(size=size)
        return (2 - rng.gamma(2.0, size=size)) / np.sqrt(2)

    inside = []
    for _ in range(6):
        age, male, _ = simulate(rng, n, 1)
        design = Design.of(People(age, male), ("age", "sex"))
        model = fit_values(design, tuple(map(str, range(80))), draw((n, 80)), spread="skewed")
        person, value = People(rng.uniform(25, 55, 1), np.array([1.0])), draw((1, 80))
        found = model.standard(value, person)
        drawn = model.redrawn_z(found.residual[0], person, 200, 1)
        low, high = interval_of(model, found, person, drawn, 0.95)
        effect = value[0]
        if noise == "gamma":
            effect = special.ndtri(stats.gamma.sf(2 - value[0] * np.sqrt(2), 2.0))
        inside.append(np.mean((low <= effect) & (effect <= high)))
    assert 0.91 < np.mean(inside) < 0.99
