"""Which voxels are cortex, whose, and what they hold; and where a planted coupling is found."""

from __future__ import annotations

import math
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from coupling.small_patient import (
    CENTRE_MM,
    FRAME,
    ID,
    PIAL_MM,
    SHAPE,
    WHITE_MM,
    field,
    grid,
    half,
    large_regions,
    patient,
    volume,
)
from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform
from real_files import real_data

from tmsplan.base.errors import ChiralityError, DomainError, FrameError, InputError
from tmsplan.coupling import Regions, couple
from tmsplan.coupling.resample import resampled
from tmsplan.coupling.voxels import cortical_voxels
from tmsplan.patient import Cortex, Patient
from tmsplan.plan.synthetic_head import fsaverage_head
from tmsplan.space.frame import Frame, Scanner, Voxel
from tmsplan.space.grid import Grid, Volume
from tmsplan.space.points import Points
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Affine
from tmsplan.surface import Domain, Field, Labels, Pair, Surface

G = grid()
LIMITS = {"within_mm": 6.0, "gm_min": 0.2}


def cortex() -> Pair[Cortex]:
    return Pair(*(half(h, subdivisions=3) for h in Hemi))


def box(step: tuple[float, float, float], shape, start, name: str) -> Grid[Scanner]:
    m = np.diag([*step, 1.0])
    m[:3, 3] = start
    claim = Affine.claim(m, dst=FRAME, src=Frame(Voxel, name), because="made for this test")
    return Grid(shape, claim)


def found(p: Patient, gm: Volume | None = None, activity: Volume | None = None, **limits):
    activity = activity or Volume(volume(2), G)
    gm = gm or Volume(np.ones(SHAPE), G)
    limits = {**LIMITS, **limits}
    return cortical_voxels(p, large_regions(p.cortex), (activity, None), gm, **limits)


def shell_radius(xyz: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return which of the nested ellipsoids of `half` each point lies on."""
    centred = xyz - np.where(left, -1, 1)[:, None] * (CENTRE_MM, 0, 0)
    off = np.where(left, -1, 1)[:, None] * (0.02, 0, 0) + (0, 0.05, -0.03)
    r = np.full(len(xyz), WHITE_MM)
    for _ in range(30):  # a contraction: the centres move by 6 % of the radius
        r = np.linalg.norm((centred - off * r[:, None]) / (0.9, 1.3, 1.0), axis=1)
    return r


def test_the_voxels_are_those_of_the_shell_and_on_their_own_side() -> None:
    """The cortex is an ellipsoid shell: whether a place is in it can be computed."""
    p = patient(cortex())
    v = found(p)
    xyz = v.position.mm(FRAME)
    left = v.ids < 2000
    assert (xyz[left, 0] < 0).all()
    assert (xyz[~left, 0] > 0).all()
    radius = shell_radius(xyz, left)
    # Half a voxel of tolerance, 1.25 mm, is at most 1.4 in units of the shell.
    assert radius.min() > WHITE_MM - 1.45
    assert radius.max() < PIAL_MM + 1.45
    ijk = np.argwhere(np.ones(SHAPE))
    every = G.centres(ijk).mm(FRAME)
    strictly = shell_radius(every, np.zeros(len(every), dtype=bool))
    n = ((strictly > WHITE_MM + 0.3) & (strictly < PIAL_MM - 0.3)).sum()
    inside = (radius > WHITE_MM + 0.3) & (radius < PIAL_MM - 0.3)
    assert (inside & ~left).sum() == n  # none of the shell is left out
    assert set(np.unique(v.ids)) == set(large_regions(p.cortex).keys)


def test_depth_runs_from_white_to_pial() -> None:
    v = found(patient(cortex()))
    radius = shell_radius(v.position.mm(FRAME), v.ids < 2000)
    want = (radius - WHITE_MM) / (PIAL_MM - WHITE_MM)
    # The nearest of 642 vertices is up to 3 mm beside the voxel: flat there, round in truth.
    assert np.abs(v.depth - want).max() < 0.1
    assert np.corrcoef(v.depth, want)[0, 1] > 0.999


def test_a_voxel_carries_its_own_values() -> None:
    x = G.centres(np.argwhere(np.ones(SHAPE))).mm(FRAME)[:, 0].reshape(SHAPE)
    v = found(patient(cortex()), gm=Volume(x + 500, G), activity=Volume(x * 2, G))
    np.testing.assert_allclose(v.structure, v.position.mm(FRAME)[:, 0] + 500, atol=1e-9)
    np.testing.assert_allclose(v.activity, v.position.mm(FRAME)[:, 0] * 2, atol=1e-9)


def test_grey_matter_below_the_limit_is_no_place_and_missing_is_one_without_data() -> None:
    p = patient(cortex())
    everywhere = found(p)
    gm = np.ones(SHAPE)
    gm[:, :, :20] = 0.1
    gm[:, :, 20] = np.nan
    v = found(p, gm=Volume(gm, G))
    z = v.position.mm(FRAME)[:, 2]
    assert z.min() == 0.0
    assert np.isnan(v.structure[z == 0]).all()
    assert (z == 0).sum() == (everywhere.position.mm(FRAME)[:, 2] == 0).sum()


def test_cortex_outside_the_field_of_view_counts_as_uncovered() -> None:
    """The image ends at z = 0: what lies above still belongs to its region."""
    p = patient(cortex())
    low = box((2.5,) * 3, (61, 41, 21), (-75, -50, -50), "half a head")
    data = volume(2)[:, :, :21]
    p = replace(p, maps={"gm": Volume(np.ones(SHAPE) + volume(1), G), "alff": Volume(data, low)})
    got = couple(p, method="spearman", regions=large_regions(p.cortex), settings={"null_draws": 0})
    whole = found(p)
    for i, one in got.per_region.items():
        z = whole.position.mm(FRAME)[whole.ids == i, 2]
        assert one.coverage == pytest.approx((z <= 0).mean())
        assert one.n == (z <= 0).sum()
    assert got.per_region[1004].value != got.per_region[1004].value  # NaN: above z = 0
    assert got.per_region[1004].reason.endswith("voxels with data, fewer than 100")


def test_a_finer_map_is_averaged_over_the_voxel() -> None:
    """Of a quadratic, the mean over a box differs from the value at its centre by s²/12."""
    fine = box((0.5,) * 3, (81, 81, 81), (-20, -20, -20), "fine")
    coarse = box((3.0,) * 3, (7, 7, 7), (-9, -9, -9), "coarse")
    x = fine.centres(np.argwhere(np.ones(fine.shape))).mm(FRAME)[:, 0].reshape(fine.shape)
    ijk = np.argwhere(np.ones(coarse.shape))
    got = resampled(Volume(x**2, fine), coarse, ijk)
    centre = coarse.centres(ijk).mm(FRAME)[:, 0]
    # Six points half a millimetre apart: their own variance is (3² - 0.5²) / 12.
    chord = 0.5**2 / 4  # trilinear interpolation half way between two voxels of a quadratic
    np.testing.assert_allclose(got, centre**2 + (9 - 0.25) / 12 + chord, atol=1e-9)


def test_a_coarser_map_is_interpolated_and_the_same_grid_is_read() -> None:
    coarse = box((5.0,) * 3, (31, 21, 21), (-75, -50, -50), "coarse")
    x = coarse.centres(np.argwhere(np.ones(coarse.shape))).mm(FRAME)[:, 0].reshape(coarse.shape)
    ijk = np.array([[30, 20, 20], [11, 7, 3]])
    np.testing.assert_allclose(
        resampled(Volume(x, coarse), G, ijk), G.centres(ijk).mm(FRAME)[:, 0], atol=1e-9
    )
    data = np.random.default_rng(0).normal(size=SHAPE)
    outside = np.array([[-1, 0, 0], [61, 0, 0], [11, 7, 3]])
    got = resampled(Volume(data, G), G, outside)
    np.testing.assert_array_equal(got, [np.nan, np.nan, data[11, 7, 3]])


def test_less_than_half_a_voxel_of_known_grey_matter_is_missing() -> None:
    fine = box((1.25,) * 3, (122, 82, 82), (-75.625, -50.625, -50.625), "fine")
    data = np.ones(fine.shape)
    data[:61] = np.nan  # 61 = one of the two fine voxels of every coarse one at i = 30
    data[:, :, :40] = np.nan
    got = resampled(Volume(data, fine), G, np.array([[29, 20, 30], [30, 20, 30], [31, 20, 30]]))
    np.testing.assert_array_equal(np.isnan(got), [True, False, False])
    assert got[1] == pytest.approx(1.0)


def planted(hemi: Hemi, region: str) -> Patient:
    """Rough independent maps; only in one region activity follows structure."""
    rng = np.random.default_rng(7)
    gm, alff, noise = rng.uniform(0.3, 1, SHAPE), rng.gamma(5, 1, SHAPE), rng.normal(size=SHAPE)
    p = patient(cortex())
    regions = large_regions(p.cortex)
    which = next(i for i, key in regions.keys.items() if key == (hemi, region))
    v = found(p)
    ijk = np.rint(G.indices(v.position)).astype(int)[v.ids == which]
    at = tuple(ijk.T)
    alff[at] = np.exp(3 * gm[at] + 0.5 * noise[at])
    return replace(p, maps={"gm": Volume(gm, G), "alff": Volume(alff, G),
                            "mean_bold": Volume(rng.gamma(9, 100, SHAPE), G)})  # fmt: skip


@pytest.mark.parametrize("method", ["partial-spearman", "spearman"])
@pytest.mark.parametrize(("hemi", "region"), [(Hemi.LEFT, "low"), (Hemi.RIGHT, "cap")])
def test_a_planted_coupling_is_found_there_and_nowhere_else(method, hemi, region) -> None:
    p = planted(hemi, region)
    regions = large_regions(p.cortex)
    result = couple(p, method=method, regions=regions)
    for i, one in result.per_region.items():
        assert one.reason == ""
        if regions.keys[i] == (hemi, region):
            assert one.value > 0.7
            assert one.value > one.null_mean + 8 * one.null_sd
        else:
            # Rough maps: 479 to 1356 independent voxels, standard error at most 0.046.
            assert abs(one.value) < 0.15
        assert abs(one.null_mean) < 0.1


def test_without_mean_bold_the_default_is_refused_and_says_what_to_do() -> None:
    p = planted(Hemi.LEFT, "low")
    p = replace(p, maps={k: v for k, v in p.maps.items() if k != "mean_bold"})
    regions = large_regions(p.cortex)
    with pytest.raises(InputError, match="takes out the mean BOLD signal, and there is none"):
        couple(p, method="partial-spearman", regions=regions)
    settings = {"covariates": "position depth", "null_draws": 0}
    assert couple(p, method="partial-spearman", settings=settings, regions=regions).per_region


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"covariates": "motion"}, "covariates is 'motion'; write one or more of mean_bold"),
        ({"covariates": ""}, "covariates is ''; .*use the method 'spearman'"),
        ({"min_places": 99}, "min_places is 99; it must lie between 100 and 100000"),
        ({"within_mm": 40.0}, "within_mm is 40.0; it must lie between 1 and 12 mm"),
        ({"gm_min": -0.1}, "gm_min is -0.1; it must lie between 0 and 0.9 share"),
        ({"structure": "curv"}, "structure is 'curv'; write one of gm, thickness, volume"),
        ({"null_draws": -1}, "null_draws is -1; it must lie between 0"),
        ({"null_seed": -1}, "null_seed is -1; it must be a whole number"),
    ],
)
def test_a_setting_out_of_range_is_refused(settings, says) -> None:
    p = planted(Hemi.LEFT, "low")
    with pytest.raises(InputError, match=says):
        couple(p, method="partial-spearman", settings=settings, regions=large_regions(p.cortex))


def test_a_region_below_the_limit_has_a_reason_and_the_limit_can_be_raised() -> None:
    p = planted(Hemi.LEFT, "low")
    regions = large_regions(p.cortex)
    got = couple(p, method="spearman", settings={"min_places": 600, "null_draws": 0},
                 regions=regions).per_region  # fmt: skip
    small = [i for i, one in got.items() if one.n < 600]
    assert 0 < len(small) < len(got)
    for i in small:
        assert math.isnan(got[i].value)
        assert got[i].reason == f"{got[i].n} voxels with data, fewer than 600"
    with pytest.raises(InputError, match=r"no region of 'made-up' has a value \(left cap: "):
        couple(p, method="spearman", settings={"min_places": 5000}, regions=regions)


def test_a_region_without_cortex_is_listed_with_its_reason() -> None:
    p = planted(Hemi.LEFT, "low")
    some = large_regions(p.cortex)
    more = Regions("more", some.labels, {**some.keys, 1999: (Hemi.LEFT, "nowhere")})
    got = couple(p, method="spearman", settings={"null_draws": 0}, regions=more).per_region
    assert (got[1999].n, got[1999].coverage) == (0, 0.0)
    assert got[1999].reason == "no voxels of the cortex"


def test_a_flat_map_is_named() -> None:
    p = planted(Hemi.LEFT, "low")
    gm = np.array(p.maps["gm"].data)
    gm[:, :, 21:] = 1.0
    p = replace(p, maps={**p.maps, "gm": Volume(gm, G)})
    got = couple(p, method="spearman", settings={"null_draws": 0},
                 regions=large_regions(p.cortex)).per_region  # fmt: skip
    assert got[1003].reason == ""
    p = replace(p, maps={**p.maps, "gm": Volume(np.where(gm == 1.0, 1.0, gm * 0 + 1), G)})
    with pytest.raises(InputError, match="structure is flat: 1 different values"):
        couple(p, method="spearman", regions=large_regions(p.cortex))


def test_maps_of_another_patient_or_mesh_are_refused() -> None:
    p = planted(Hemi.LEFT, "low")
    stranger = Frame(Scanner, "p2")
    m = G.world_from_voxel.matrix(G.world, G.voxel)
    theirs = Grid(SHAPE, Affine.claim(m, dst=stranger, src=Frame(Voxel, "v"), because="test"))
    gm = {**p.maps, "gm": Volume(np.ones(SHAPE), theirs)}
    regions = large_regions(p.cortex)
    with pytest.raises(FrameError, match=r"p1/Scanner.*p2/Scanner|p2/Scanner.*p1/Scanner"):
        couple(replace(p, maps=gm), method="spearman", regions=regions)
    coarse = patient()
    with pytest.raises(DomainError, match="find the voxels of a region"):
        couple(p, method="spearman", regions=large_regions(coarse.cortex))


def test_labels_of_the_other_side_or_another_atlas_are_refused() -> None:
    p = planted(Hemi.LEFT, "low")
    some = large_regions(p.cortex)
    swapped = Regions("t", some.labels, {i: (h.other, n) for i, (h, n) in some.keys.items()})
    says = "the left labels hold region 1001, 'cap' of the right in atlas 't'"
    with pytest.raises(ChiralityError, match=says):
        couple(p, method="kls", regions=swapped)
    fewer = Regions("t", some.labels, {i: k for i, k in some.keys.items() if i != 2002})
    with pytest.raises(InputError, match="right labels hold region 2002, which atlas 't' does"):
        couple(p, method="kls", regions=fewer)


def test_no_grey_matter_anywhere_is_refused() -> None:
    with pytest.raises(InputError, match=f"{ID}: no voxel of the activity map lies in a region"):
        found(patient(cortex()), gm=Volume(np.zeros(SHAPE), G))


def with_thickness(p: Patient, seed: int) -> Patient:
    rng = np.random.default_rng(seed)

    def one(c: Cortex) -> Cortex:
        thick = Field(rng.uniform(1.5, 4, len(c.pial)), c.domain, "thickness", "mm")
        return replace(c, fields={"thickness": thick})

    return replace(p, cortex=p.cortex.map(one))


def test_thickness_and_surface_alff_are_compared_vertex_by_vertex() -> None:
    p = with_thickness(patient(cortex()), 4)
    regions = large_regions(p.cortex)
    rng = np.random.default_rng(5)
    alff = {}
    for hemi, c in p.cortex.sides():
        thick = c.fields["thickness"].values
        alff[hemi] = rng.gamma(5, 1, len(thick))
        if hemi is Hemi.RIGHT:
            alff[hemi] = np.where(regions.labels.right.ids == 2003, np.exp(thick), alff[hemi])
    p = replace(p, maps={"alff": field(p.cortex, alff)})
    result = couple(p, method="spearman", settings={"structure": "thickness"}, regions=regions)
    assert result.space == "surface"
    assert result.qc["null"] == "spun about the sphere"
    for i, one in result.per_region.items():
        assert one.n == (regions.labels.side(regions.keys[i][0]).ids == i).sum()
        if i == 2003:
            assert one.reason == "the maps are copies of each other or of what is taken out"
        elif one.reason == "":
            assert abs(one.value) < 3.5 / math.sqrt(one.n)


def test_depth_cannot_be_taken_out_on_the_surface() -> None:
    p = with_thickness(planted(Hemi.LEFT, "low"), 4)
    settings = {"structure": "thickness", "covariates": "depth"}
    with pytest.raises(InputError, match="depth cannot be taken out of maps on the surface"):
        couple(p, method="partial-spearman", settings=settings, regions=large_regions(p.cortex))


METHODS = {"spearman": {"null_draws": 10}, "kls": {"null_draws": 0}}
#: Of sums in another order, through a logarithm.
ROUNDING = 1e-9


# One real child: ALFF stored L,A,S beside CBF stored R,A,S. CBF stands in for structure, and
# fsaverage's cortex for the child's own: it is about orders in memory, not about brains.


def child(alff: str | None = None, cbf: str | None = None) -> tuple[Patient, Regions]:
    folder = real_data("pimco_pnc2647")
    head = fsaverage_head()
    to_mni = head.mni305_from_scanner

    def read(name: str, codes: str | None) -> Volume:
        image = nib.load(folder / name)
        image = nib.Nifti1Image(np.squeeze(image.get_fdata()), image.affine)
        if codes:
            turn = ornt_transform(io_orientation(image.affine), axcodes2ornt(codes))
            image = image.as_reoriented(turn)
        data = image.get_fdata()
        data[data <= 0] = np.nan
        affine = Affine.claim(image.affine, dst=FRAME, src=Frame(Voxel, f"{name} {codes}"),
                              because="the file's own header")  # fmt: skip
        return Volume(data, Grid(data.shape, affine))

    def one(hemi: Hemi) -> Cortex:
        h = head.halves.side(hemi)
        domain = Domain("fsaverage5", len(h.white), hemi, ID)
        white, pial = (
            Surface(Points(x @ to_mni[:3, :3].T + to_mni[:3, 3], FRAME), h.faces, domain)
            for x in (h.white, h.pial)
        )
        return Cortex(white, pial)

    both = Pair(one(Hemi.LEFT), one(Hemi.RIGHT))
    labels = Pair(*(Labels(head.halves.side(h).ids, c.domain, head.names)
                    for h, c in both.sides()))  # fmt: skip
    keys = {int(i): (h, head.names[int(i)]) for h, one_ in labels.sides()
            for i in np.unique(one_.ids) if i}  # fmt: skip
    maps = {"alff": read("2647_alffStd.nii.gz", alff), "gm": read("2647_pvgmpnc_cbf.nii.gz", cbf)}
    return patient(both, maps), Regions("desikan", labels, keys)


@pytest.mark.slow
def test_how_the_files_are_stored_does_not_matter_in_a_real_child() -> None:
    as_given, turned = (
        {m: couple(p, method=m, settings=s, regions=r).per_region for m, s in METHODS.items()}
        for p, r in (child(), child("RAS", "PSL"))
    )
    for method in METHODS:
        assert sum(math.isfinite(one.value) for one in as_given[method].values()) > 50
        for i, one in as_given[method].items():
            other = turned[method][i]
            assert (one.n, one.coverage, one.reason) == (other.n, other.coverage, other.reason)
            # Ranks are the same to the bit; a mean over the whole map rounds in its own order.
            for a, b in ((one.value, other.value), (one.null_sd, other.null_sd)):
                assert a == pytest.approx(b, abs=ROUNDING, nan_ok=True)
    same = {i: one.value for i, one in as_given["spearman"].items() if one.reason == ""}
    assert same == {i: turned["spearman"][i].value for i in same}
