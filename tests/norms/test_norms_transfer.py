"""Norms at a new site: offset and scale from local controls, what it costs, what is refused."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
from control_tables import sexes, simulate, table
from real_files import real_data
from scipy import stats

from tmsplan.base.errors import InputError
from tmsplan.norms import fit_norms, load_norms, save_norms
from tmsplan.norms.card import model_card
from tmsplan.norms.design import Design
from tmsplan.norms.fitted import fit_values
from tmsplan.norms.people import People
from tmsplan.norms.reference import Reference
from tmsplan.norms.transfer import Cost, load_local, new_site, transfer

NAMES = [f"r{j}" for j in range(6)]


def reference(spread="constant", n=240):
    rng = np.random.default_rng(1)
    age, male, values = simulate(rng, n, 6)
    age[:2], site = (19.0, 61.0), np.array(list("ABC"))[np.arange(n) % 3]
    cells = table(values, age=age, sex=sexes(male), site=site, names=NAMES)
    return fit_norms(cells, spread=spread)


def local(women=20, men=20, *, site="new", age=None, scale=1.5, offset=2.0):
    """Return local controls, whose values are offset + scale times those of the others."""
    rng = np.random.default_rng(2)
    male = np.repeat([0.0, 1.0], [women, men])
    age, male, values = simulate(rng, women + men, 6, age=age, male=male)
    expected = 10 + 0.03 * (age[:, None] - 40) - 0.5 * male[:, None]
    values = expected + offset + scale * (values - expected)
    cells = table(values, age=age, sex=sexes(male), site=[site] * (women + men), names=NAMES)
    return cells, age, male, values


def test_z_is_that_of_a_t_written_out() -> None:
    model = reference()
    cells, age, male, values = local()
    new = transfer(model, cells)
    coefficients, sd = model.fitted.natural, model.fitted.sd
    x = np.column_stack([np.ones(40), age - model.design.terms.age.centre, male])
    r = (values - x @ coefficients[:3]) / sd
    a, b = r.mean(axis=0), r.std(axis=0, ddof=1)
    x0 = np.array([1.0, 35 - model.design.terms.age.centre, 1.0])
    r0 = (9.0 - x0 @ coefficients[:3]) / sd
    people = People(np.array([35.0]), np.array([1.0]), ("new",))
    h = model.design.rows(people).b ** 2 @ model.fitted.weight
    t = (r0 - a) / (b * np.sqrt(1 + 1 / 40 + h[0] / b**2))
    row = new.deviations(dict.fromkeys(NAMES, 9.0), age=35, sex="M", site="new").rows
    assert [r.centile for r in row] == pytest.approx(stats.t.cdf(t, 39), abs=1e-10)


def test_what_it_costs_is_said_with_numbers() -> None:
    new = transfer(reference(), local()[0])
    cost = new.fitted.local.cost
    wider = stats.t.ppf(0.975, 39) * np.sqrt(1 + 1 / 40 + 3 / 240)
    assert cost.wider == pytest.approx(wider / stats.t.ppf(0.975, 237) / np.sqrt(1 + 3 / 240))
    assert cost.interval[0] < cost.native[0] < -2 < cost.native[1] < cost.interval[1]
    said = "".join(new.notes)
    assert "transferred to new with 40 local controls (20 F, 20 M): limits of normal are" in said
    assert "Sexes are pooled" not in said
    assert new.block()["transferred"] is True


def test_everything_is_said_of_the_local_controls_and_the_others_beside_them() -> None:
    new = transfer(reference(), local()[0])
    assert (new.n, new.tier, new.labels) == (40, "exploratory", ("EXPLORATORY",))
    assert (new.block()["n_reference"], new.block()["n_source"]) == (40, 240)
    found = new.deviations(dict.fromkeys(NAMES, 9.0), age=35, sex="M", site="new")
    assert {r.n_reference for r in found.rows} == {40}
    assert found.loo_z.shape == (40, 6)
    assert found.boot_z.shape == (1000, 6)
    assert np.isfinite([r.rank_p for r in found.rows]).all()
    assert not any("fitted from sums" in note for note in found.notes)
    card = model_card(new)
    assert card["sexes"] == {"F": 20, "M": 20}
    assert card["controls_per_site"] == {"new": 40}
    assert card["calibration"]["how"] == "leave-one-out of local controls"
    assert card["calibration"]["all"]["people"] == 40
    assert [g["people"] for g in card["calibration"]["by_sex"]] == [20, 20]


@pytest.mark.parametrize("spread", ["constant", "skewed"])
def test_rank_and_redrawn_references_are_those_of_the_local_controls(spread) -> None:
    """Of a person at the local mean about half are lower; z of draws varies as a mean does."""
    new = transfer(reference(spread), local()[0])
    site = new.fitted.local
    person = People(np.array([40.0]), np.array([0.0]), ("new",))
    middle = site.straighten(np.zeros((1, 6)))[0]
    drawn = new.fitted.redrawn_z(middle, person, 400, 1)
    assert drawn.std(axis=0) == pytest.approx(np.full(6, 1 / np.sqrt(40)), rel=0.3)
    plain = new.fitted.quantile(middle[None], person)[0]
    row = new.deviations(dict(zip(NAMES, plain, strict=True)), age=40, sex="F", site="new").rows
    below = (1 + np.sum(site.residuals <= 0, axis=0)) / 41
    assert [r.rank_p for r in row] == pytest.approx(below, abs=0.08)
    assert all(r.z_low < r.z < r.z_high for r in row)


def test_fewer_local_controls_cost_more() -> None:
    widths = [Cost.of(n, 300, 3).wider for n in (20, 40, 100, 1000)]
    assert np.all(np.diff(widths) < 0)
    assert widths[0] == pytest.approx(1.09, abs=0.01)


def test_only_the_new_site_is_covered_and_the_other_controls_stay_behind() -> None:
    new = transfer(reference(), local()[0])
    values = dict.fromkeys(NAMES, 12.0)
    assert new.deviations(values, age=40, sex="F", site="new").rows[0].z > -3
    with pytest.raises(InputError, match="site 'A' is unseen: the norms were measured at new"):
        new.deviations(values, age=40, sex="F", site="A")
    assert new.fitted.residuals is None
    assert new.design.people is None


def test_the_local_controls_are_there_to_be_held_out() -> None:
    new = transfer(reference(), local()[0])
    sample = new.fitted.local.sample
    assert len(sample.residuals) == 40
    assert sample.residuals.mean(axis=0) == pytest.approx(np.zeros(6), abs=1e-12)
    assert np.sum(sample.residuals**2, axis=0) == pytest.approx(np.full(6, 39.0))


def test_skewness_is_estimated_anew_from_the_local_controls() -> None:
    rng = np.random.default_rng(5)
    rate, plain = 0.0, 0.0
    for _ in range(20):
        age, male, _ = simulate(rng, 300, 200)
        noise = [1 - rng.exponential(size=(n, 200)) for n in (300, 40, 1)]
        model = fit_values(
            Design.of(People(age, male), ("age", "sex")), tuple(map(str, range(200))), noise[0]
        )
        la, lm, _ = simulate(rng, 40, 200, male=np.repeat([0.0, 1.0], 20))
        local = Reference(model.features, 3 * noise[1], People(la, lm))
        person = People(np.array([40.0]), np.array([0.0]))
        sites = [new_site("n", local, model, skewed=s) for s in (True, False)]
        both = [replace(model, local=s).z(3 * noise[2], person) for s in sites]
        rate += np.mean(both[0] < -1.959964) / 20
        plain += np.mean(both[1] < -1.959964) / 20
    assert 0.015 < rate < 0.04
    assert plain > 0.045


def test_centiles_are_those_of_z_after_the_transfer_of_skewed_norms() -> None:
    new = transfer(reference("skewed"), local()[0])
    assert new.fitted.local.skewness.any()
    assert new.fitted.spread.kind == "constant"
    curve = new.centile_curve("r1", sex="F", ages=[30.0], centiles=[0.025, 0.5], site="new")
    values = dict.fromkeys(NAMES, float(curve[0, 0]))
    row = new.deviations(values, age=30, sex="F", site="new").by_feature()["r1"]
    assert row.centile == pytest.approx(0.025, abs=1e-6)
    assert new.fitted.local.leave_one_out_z().std() == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("spread", ["constant", "varying", "skewed"])
def test_survives_the_store(tmp_path, spread) -> None:
    new = transfer(reference(spread), local()[0])
    save_norms(new, tmp_path / "n.norms")
    again = load_norms(tmp_path / "n.norms")
    a, b = (m.deviations(dict.fromkeys(NAMES, 9.0), age=35, sex="M", site="new")
            for m in (new, again))  # fmt: skip
    assert [r.z for r in a.rows] == [r.z for r in b.rows]
    assert again.notes == new.notes


def test_false_alarms_after_a_transfer_with_twenty_of_each_sex() -> None:
    rng = np.random.default_rng(3)
    rate = 0.0
    for _ in range(30):
        age, male, values = simulate(rng, 300, 200)
        model = fit_values(
            Design.of(People(age, male), ("age", "sex")), tuple(map(str, range(200))), values
        )
        offset, scale = rng.normal(size=200), np.exp(rng.normal(0, 0.2, 200))
        la, lm, lv = simulate(rng, 40, 200, male=np.repeat([0.0, 1.0], 20))
        site = new_site("n", Reference(model.features, offset + scale * lv, People(la, lm)), model)
        na, nm, nv = simulate(rng, 1, 200)
        z = replace(model, local=site).z(offset + scale * nv, People(na, nm))
        rate += np.mean(z < -1.959964) / 30
    assert 0.015 < rate < 0.04


def abide():
    """Return the healthy people of ABIDE: DX_GROUP 2; SEX 1 is male."""
    folder = real_data("abide_fs6_half")

    def read(name, delimiter):
        with (folder / name).open(encoding="utf-8") as stream:
            return list(csv.DictReader(stream, delimiter=delimiter))

    left = read("lh.aparc_table_volume.tsv", "\t")
    right = read("rh.aparc_table_volume.tsv", "\t")
    who = {p["SUB_ID"]: p for p in read("phenotype.csv", ",")}
    key_l, key_r = next(iter(left[0])), next(iter(right[0]))
    other = {r[key_r]: r for r in right}
    names = [c for c in left[0] if c.startswith("lh_") and c.endswith("_volume")]
    pairs = [c for c in right[0] if c.startswith("rh_") and c.endswith("_volume")]
    rows, age, male, site = [], [], [], []
    for r in left:
        person = who[r[key_l].split("/")[-1].split("_")[-1].lstrip("0")]
        if person["DX_GROUP"] == "2":
            rows.append([float(r[c]) for c in names] + [float(other[r[key_l]][c]) for c in pairs])
            age.append(float(person["AGE_AT_SCAN"]))
            male.append(float(person["SEX"] == "1"))
            site.append(person["SITE_ID"])
    return People(np.array(age), np.array(male), tuple(site)), np.array(rows)


@pytest.mark.parametrize(("name", "each"), [("NYU", True), ("UM_1", False)])
def test_false_alarms_at_a_left_out_real_site(name, each) -> None:
    """Only NYU has 20 women and more to score; at UM_1 20 controls with sexes pooled."""
    people, values = abide()
    at = np.array(people.site) == name
    train, here = np.flatnonzero(~at), np.flatnonzero(at)
    names = tuple(f"f{j}" for j in range(values.shape[1]))
    model = fit_values(Design.of(people.taking(train)), names, values[train])
    low, high = people.age[train].min(), people.age[train].max()
    here = here[(people.age[here] >= low) & (people.age[here] <= high)]
    rng, flags = np.random.default_rng(4), []
    for _ in range(20):
        order = rng.permutation(here)
        local = order[:20]
        if each:
            local = np.concatenate([order[people.male[order] == s][:20] for s in (0.0, 1.0)])
        new = np.setdiff1d(here, local)
        site = new_site(name, Reference(names, values[local], people.taking(local)), model)
        z = replace(model, local=site).z(values[new], people.taking(new))
        flags.append([np.mean(z < -1.959964), np.mean(z > 1.959964)])
    rate = np.mean(flags, axis=0)
    assert np.all((rate > 0.015) & (rate < 0.04))


@pytest.mark.parametrize(
    ("women", "men", "options", "message"),
    [
        (
            19,
            30,
            {},
            r"19 F and 30 M local controls\. Expected at least 20 of each.*--sexes pooled",
        ),
        (9, 10, {"sexes": "pooled"}, r"19 local controls\. Expected at least 20"),
    ],
)
def test_too_few_local_controls_are_refused(women, men, options, message) -> None:
    with pytest.raises(InputError, match=message):
        transfer(reference(), local(women, men)[0], **options)


def test_sexes_may_be_pooled_and_every_output_says_so() -> None:
    new = transfer(reference(), local(5, 15)[0], sexes="pooled")
    assert "Sexes are pooled: how they differ at this site is assumed." in "".join(new.notes)


def test_what_cannot_be_transferred_is_refused() -> None:
    model = reference()
    with pytest.raises(InputError, match="already measured at 'A'"):
        transfer(model, local(site="A")[0])
    with pytest.raises(InputError, match="2 local controls are outside 19 to 61 years"):
        transfer(model, local(age=np.r_[70.0, 75.0, np.full(38, 30.0)])[0])
    with pytest.raises(InputError, match="already transferred to new"):
        transfer(transfer(model, local()[0]), local(site="newer")[0])
    with pytest.raises(InputError, match="shash spread, which cannot be transferred"):
        transfer(reference("shash"), local()[0])


def test_several_or_no_local_sites_are_refused() -> None:
    _, age, male, values = local()
    two = table(values, age=age, sex=sexes(male), site=["x", "y"] * 20, names=NAMES)
    with pytest.raises(InputError, match=r"of 2 sites \(x, y named\)"):
        transfer(reference(), two)
    none = table(values, age=age, sex=sexes(male), names=NAMES)
    with pytest.raises(InputError, match=r"of 0 sites \(none named\)"):
        transfer(reference(), none)


@pytest.mark.parametrize(
    ("header", "arrays", "message"),
    [
        ({"extra": 1}, {}, "missing or unknown"),
        ({"columns": 3.0}, {}, "'columns' is 3.0"),
        ({}, {"male": np.zeros(41)}, "do not fit each other"),
        ({}, {"male": np.full(40, 0.5)}, "a sex is neither F nor M"),
        ({}, {"scale": np.zeros(6)}, "not positive"),
    ],
)
def test_damaged_parts_are_refused(header, arrays, message) -> None:
    new = transfer(reference(), local()[0]).fitted.local
    with pytest.raises(InputError, match=message):
        load_local(new.header() | header, new.arrays() | arrays)
