"""Harmonised values against ComBat's, and the refusal of a person of an unseen site."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from control_tables import sexes, table
from scipy import special

from tmsplan.base.errors import InputError
from tmsplan.norms import fit_norms
from tmsplan.norms.harmonise import harmonised
from tmsplan.norms.people import People

NAMES = [f"r{j}" for j in range(4)]

#: Rows 0, 1, 2, 3, 101 and 202 of `four_sites` after neuroHarmonize 2.4.5 with neuroCombat
#: 0.2.12, harmonizationLearn(values, SITE AGE SEX, eb=False).
COMBAT = {
    0: (8.579619, 8.926635, 9.03881, 9.221951),
    1: (10.131592, 10.569533, 10.764566, 11.046462),
    2: (11.013507, 11.650853, 11.804278, 12.258616),
    3: (11.930022, 12.751306, 13.226439, 10.883569),
    101: (13.271629, 11.598237, 12.395219, 13.712464),
    202: (11.19039, 10.801177, 11.976856, 11.479852),
}


def four_sites():
    """Return 240 people of sites with offsets 0, 1, -1, .5 and scales 1, 1.5, .7, 1."""
    i = np.arange(240)
    site, age, male = i % 4, 20 + 40 * ((i * 37) % 240) / 240, ((i // 4) % 2).astype(float)
    noise = [special.ndtri(((i * p * 5 + 3 * k) % 240 + 0.5) / 240)
             for k, p in enumerate((7, 11, 13, 17))]  # fmt: skip
    offset, scale = np.array([0, 1, -1, 0.5])[site], np.array([1, 1.5, 0.7, 1.0])[site]
    fixed = 10 + 0.05 * age + 0.5 * male + offset
    people = People(age, male, tuple(np.array(list("ABCD"))[site].tolist()))
    return people, fixed[:, None] + scale[:, None] * np.column_stack(noise)


def norms(people, values, **options):
    cells = table(
        values, age=people.age, sex=sexes(people.male), site=people.site or None, names=NAMES
    )
    return fit_norms(cells, **options)


@pytest.fixture(scope="module")
def model():
    return norms(*four_sites(), spread="varying")


def test_values_are_those_of_combat_but_for_the_common_scale(model) -> None:
    """ComBat puts everyone on the pooled scale, we on the (geometric) mean one: one factor.

    Around a straight line through all values the rest is below .2 of an sd: spread is allowed
    to depend on age too, and offsets are drawn together a little.
    """
    people, values = four_sites()
    found = harmonised(model, values, people)[list(COMBAT)]
    combat = np.array(list(COMBAT.values()))
    expected = 10 + 0.05 * people.age[list(COMBAT)] + 0.5 * people.male[list(COMBAT)]
    ours, theirs = (found - expected[:, None]).ravel(), (combat - expected[:, None]).ravel()
    line = np.polyfit(theirs, ours, 1)
    assert np.abs(ours - np.polyval(line, theirs)).max() < 0.2
    assert np.corrcoef(ours, theirs)[0, 1] > 0.995


def test_sites_have_one_mean_and_one_sd_afterwards(model) -> None:
    people, values = four_sites()
    left = harmonised(model, values, people) - 0.05 * people.age[:, None]
    left = left - 0.5 * people.male[:, None]
    site = np.array(people.site)
    means = np.array([left[site == s].mean() for s in "ABCD"])
    sds = np.array([left[site == s].std(axis=0).mean() for s in "ABCD"])
    assert np.ptp(means) < 0.1
    assert sds.max() / sds.min() < 1.1


def test_one_person_alone_is_adjusted_as_among_others(model) -> None:
    """neuroHarmonize 2.4.5 ends with an IndexError here."""
    people, values = four_sites()
    one = harmonised(model, values[[5]], people.taking(np.array([5])))
    assert one[0] == pytest.approx(harmonised(model, values, people)[5], abs=1e-12)


def test_a_person_of_an_unseen_site_is_refused(model) -> None:
    people, values = four_sites()
    stranger = replace(people.taking(np.array([5])), site=("Z",))
    with pytest.raises(InputError, match=r"site 'Z' is unseen: the norms know A, B, C, D"):
        harmonised(model, values[[5]], stranger)
    with pytest.raises(InputError, match=r"site '\(not given\)' is unseen"):
        harmonised(model, values[[5]], replace(stranger, site=()))


def test_norms_of_one_site_have_nothing_to_harmonise() -> None:
    people, values = four_sites()
    alone = norms(replace(people, site=()), values)
    with pytest.raises(InputError, match="no sites to harmonise"):
        harmonised(alone, values, people)
