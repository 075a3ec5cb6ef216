"""The sets that atlases declare, against anatomy; candidates from a search mask."""

from __future__ import annotations

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
import round_head as rh
from real_files import REPO, real_data

from tmsplan.atlas.atlas import Atlas, Parcel
from tmsplan.atlas.declaration import atlas_info, atlas_names
from tmsplan.base import DomainError, InputError
from tmsplan.space.side import Hemi
from tmsplan.surface import Field, Labels, Pair
from tmsplan.target.candidates import candidates_in_mask

SETS = ("frontoparietal", "sensorimotor", "temporal")
#: Desikan-Killiany: postcentral and precentral; superior temporal.
WHERE = {"sensorimotor": (22, 24), "temporal": (30,)}
FILES = {
    "schaefer400x7": "fsaverage5_{}_Schaefer2018_400Parcels_7Networks_order.label.gii",
    "hcp-mmp1": "fsaverage5_{}_HCP-MMP1.label.gii",
}


@pytest.mark.parametrize("atlas", atlas_names())
def test_every_atlas_declares_the_sets_on_both_sides_with_a_source(atlas) -> None:
    info = atlas_info(atlas)
    side = {p.id: p.hemi for p in info.parcels}
    assert set(info.candidates) == set(SETS)
    taken: set[int] = set()
    for name in SETS:
        found = info.candidates[name]
        assert "doi:" in found.source
        assert {side[i] for i in found.ids} == set(Hemi)
        assert not taken & set(found.ids), "a parcel is in one set only"
        taken |= set(found.ids)
    for name in ("sensorimotor", "temporal"):
        assert "npj Ment Health Res 5:27" in info.candidates[name].source


def names(atlas: str, which: str) -> set[str]:
    info = atlas_info(atlas)
    ids = info.candidates[which].ids
    found = [p.name for p in info.parcels if p.id in ids]
    assert len(found) == len(ids)
    return set(found)


def test_sensorimotor_and_temporal_by_name() -> None:
    assert names("desikan", "sensorimotor") == {"precentral", "postcentral"}
    assert names("desikan", "temporal") == {"superiortemporal"}
    assert names("destrieux", "sensorimotor") == {"G_precentral", "G_postcentral", "S_central"}
    assert names("destrieux", "temporal") == {
        "G_temp_sup-Lateral", "G_temp_sup-Plan_polar", "G_temp_sup-Plan_tempo",
    }  # fmt: skip
    assert names("harvard-oxford", "sensorimotor") == {"PrecentralGyrus", "PostcentralGyrus"}
    assert names("harvard-oxford", "temporal") == {
        "SuperiorTemporalGyrusanteriordivision", "SuperiorTemporalGyrusposteriordivision",
    }  # fmt: skip
    assert names("brainnetome246", "sensorimotor") == {
        *(f"PrG_6_{k}" for k in range(1, 7)), *(f"PoG_4_{k}" for k in range(1, 5)),
    }  # fmt: skip
    assert names("brainnetome246", "temporal") == {f"STG_6_{k}" for k in range(1, 7)}
    assert names("hcp-mmp1", "sensorimotor") == {"4", "3a", "3b", "1", "2", "6d", "6v"}
    assert names("hcp-mmp1", "temporal") == {"A4", "A5", "STGa", "TA2"}


def shares(atlas: str, which: str) -> dict[int, float]:
    """Share of each parcel's vertices in the gyri that a set is of, on fsaverage5."""
    info, folder = atlas_info(atlas), real_data("atlases") / "fsaverage5"
    out: dict[int, float] = {}
    for hemi, fs in ((Hemi.LEFT, "lh"), (Hemi.RIGHT, "rh")):
        keys = nib.load(folder / FILES[atlas].format(fs)).darrays[0].data.astype(int)
        gyri = REPO / f"atlases/desikan/fsaverage5_{hemi}_desikan.label.gii"
        inside = np.isin(nib.load(gyri).darrays[0].data % 1000, WHERE[which])
        offset = info.surface.files.side(hemi).id_offset
        out |= {int(k) + offset: float(inside[keys == k].mean()) for k in np.unique(keys) if k > 0}
    return out


@pytest.mark.parametrize("which", WHERE)
def test_schaefer_has_every_parcel_that_lies_mostly_in_the_gyri(which) -> None:
    """By vertices, where the set was made by area: parcels near one half may fall either way."""
    found, ids = shares("schaefer400x7", which), atlas_info("schaefer400x7").candidates[which].ids
    assert {k for k, share in found.items() if share > 0.56} <= set(ids)
    assert {k for k, share in found.items() if share > 0.44} >= set(ids)


@pytest.mark.parametrize("which", WHERE)
def test_areas_of_hcp_lie_mostly_in_the_gyri(which) -> None:
    """Area 2 reaches into the parietal lobule behind the postcentral gyrus: two thirds of it."""
    found = shares("hcp-mmp1", which)
    inside = sorted(found[i] for i in atlas_info("hcp-mmp1").candidates[which].ids)
    assert inside[0] > 0.6
    assert np.median(inside) > 0.95


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    """Two parcels a side: upper and lower half of a round hemisphere."""
    patient = rh.head()

    def labels(hemi: Hemi) -> Labels:
        cortex = patient.cortex.side(hemi)
        high = cortex.mid.points.mm(rh.FRAME)[:, 2] > 0
        base = 10 if hemi is Hemi.LEFT else 20
        ids = np.where(high, base + 1, base + 2).astype(np.int32)
        return Labels(ids, cortex.domain, {base + 1: "upper", base + 2: "lower"})

    def area(hemi: Hemi) -> Field:
        cortex = patient.cortex.side(hemi)
        return Field(cortex.mid.vertex_areas(), cortex.domain, "area", "mm²")

    parcels = tuple(
        Parcel(base + k, name, hemi)
        for base, hemi in ((10, Hemi.LEFT), (20, Hemi.RIGHT))
        for k, name in ((1, "upper"), (2, "lower"))
    )
    return Atlas(
        "halves", "Halves", "", "", "0" * 64, parcels, Pair(labels(Hemi.LEFT), labels(Hemi.RIGHT)),
        {}, "made for tests", areas=Pair(area(Hemi.LEFT), area(Hemi.RIGHT)),
    )  # fmt: skip


def masked(rule) -> Pair[Field]:
    cortex = rh.head().cortex
    return cortex.map(
        lambda c: Field(rule(c.mid.points.mm(rh.FRAME)).astype(float), c.domain, "mask", "1")
    )


def test_a_parcel_is_a_candidate_with_half_of_its_area(atlas) -> None:
    left_front = candidates_in_mask(atlas, masked(lambda p: (p[:, 0] < 0) & (p[:, 1] > -9)))
    assert left_front.ids == (11, 12)
    assert "half of their area in a mask" in left_front.source
    assert candidates_in_mask(atlas, masked(lambda p: p[:, 2] > -5)).ids == (11, 21)


def test_a_mask_that_no_parcel_stands_for_is_refused(atlas) -> None:
    small = masked(lambda p: (p[:, 0] < 0) & (p[:, 1] > 9) & (p[:, 2] > 0))
    with pytest.raises(InputError, match=r"no parcel of atlas halves has 50 % .*left upper 4\d %"):
        candidates_in_mask(atlas, small)
    with pytest.raises(InputError, match="is on no patient's mesh; a mask needs one"):
        candidates_in_mask(replace(atlas, areas=None), small)
    alien = small.map(lambda f: replace(f, domain=replace(f.domain, owner="sub-02")))
    with pytest.raises(DomainError, match="cannot search within a mask"):
        candidates_in_mask(atlas, alien)
