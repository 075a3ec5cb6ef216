"""What is said of the definition of coupling, and which tail of it is searched."""

from __future__ import annotations

import pytest

from tmsplan.base.errors import InputError
from tmsplan.coupling.coupling_map import CouplingMap, RegionCoupling
from tmsplan.plan import Options
from tmsplan.plan.couple import Coupled, couple_for_plan
from tmsplan.plan.definitions import definition_lines
from tmsplan.plan.steps import require_tail
from tmsplan.space import Hemi
from tmsplan.target.ranking import RankedParcel, Ranking

BEST = RankedParcel(
    rank=1, parcel_id=1027, name="rostralmiddlefrontal", hemi=Hemi.LEFT, network=None,
    value=0.4, z=-3.0, z_low=-4.0, z_high=-2.0, z_shrunk=-2.0, centile=0.001, q=0.01,
    p_top=0.9, n=200, coverage=1.0, candidate=True, reachable=True, reasons=(),
)  # fmt: skip
RANKING = Ranking((BEST,), 1, 0.01, "target", "", ())
FOUND = {1027: RegionCoupling(0.4, 200, 1.0, null_mean=0.0, null_sd=0.1)}


def found(method: str, higher_means: str, **more: object) -> CouplingMap:
    return CouplingMap(method, "1", higher_means, "parcels", per_region=FOUND, **more)


def said(coupling: CouplingMap) -> dict[str, str]:
    return {s.id: s.text for s in definition_lines(RANKING, Coupled(coupling)).statements}


@pytest.mark.parametrize("means", ["less coupled", "Less coupled, in words of a user"])
def test_a_measure_of_decoupling_is_searched_at_its_high_end(means) -> None:
    sdi = found("sdi", means)
    words = (
        r"'sdi': a higher value means [Ll]ess coupled.*aim at the best coupled.*--direction high"
    )
    with pytest.raises(InputError, match=words):
        require_tail(sdi, Options())
    require_tail(sdi, Options(direction="high"))
    require_tail(found("multilinear", "more coupled"), Options())


def test_surrogates_of_a_connectome_are_not_called_shifted_maps() -> None:
    qc = {"null": "surrogate series, as smooth on the connectome", "places_are": "time points"}
    lines = said(found("sdi", "less coupled", qc=qc))
    assert "from 200 time points) lies outside what surrogate series" in lines["null"]
    assert "shifted" not in lines["null"]
    assert "maps" not in lines["null"]
    assert "scans" not in lines  # no ALFF was measured


@pytest.mark.parametrize("how", ["shifted in space", "spun about the sphere"])
def test_the_null_says_how_the_map_was_moved(how) -> None:
    qc = {"null": how, "places_are": "vertices", "minutes": 12.0}
    lines = said(found("spearman", "more coupled", qc=qc, params={"engine": "dpabi"}))
    assert "from 200 vertices) lies outside what the same maps give when" in lines["null"]
    assert f"when one of them is {how} (0.00 ± 0.20, two standard deviations)" in lines["null"]
    assert "minutes 12, median tSNR n/a; mean BOLD taken out: no." in lines["scans"]


@pytest.mark.parametrize(
    ("coupling", "beside", "words"),
    [
        ("imco", ("kls",), "'imco' has no values region by region.*leave --beside out"),
        ("map", ("kls",), "'map' has no values region by region"),
        ("kls", ("kls",), "names one coupling method twice"),
        ("kls", ("partial_spearman", "partial-spearman"), "names one coupling method twice"),
        ("kls", ("jssse",), "no coupling method called 'jssse'. Did you mean 'jsse'"),
    ],
)
def test_what_cannot_stand_beside_is_refused_first(coupling, beside, words) -> None:
    options = Options(coupling=coupling, beside=beside)
    with pytest.raises(InputError, match=words):
        couple_for_plan(None, None, options)  # nothing of the patient is looked at
