"""Atlases on a patient's mesh: as they are, through the sphere, through a template."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from coupling.small_patient import FRAME, ID, connectome, field, half, patient
from scipy.sparse.csgraph import connected_components

from tmsplan.atlas import (
    add_atlas,
    atlas_info,
    load_atlas,
    parcellate_field,
    parcels_by_id,
    parcels_by_region,
    template_labels,
)
from tmsplan.base.data import data_root
from tmsplan.base.errors import (
    ChiralityError,
    DomainError,
    FrameError,
    InputError,
    MissingPartError,
)
from tmsplan.coupling import couple
from tmsplan.patient import Cortex, Patient
from tmsplan.patient.load import load_patient
from tmsplan.patient.template_sphere import template_sphere
from tmsplan.space.frame import template_frame
from tmsplan.space.points import Points
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Affine
from tmsplan.space.tree import FrameTree
from tmsplan.surface import Domain, Field, Labels, Pair, Surface

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "atlases"


@pytest.fixture(scope="module")
def on_fsaverage5() -> Patient:
    """A patient whose mesh is fsaverage5 itself."""
    from nilearn.datasets import load_fsaverage

    meshes = load_fsaverage("fsaverage5")

    def cortex(hemi: Hemi) -> Cortex:
        domain = Domain("fsaverage5", 10242, hemi, ID)

        def surface(kind: str) -> Surface:
            part = meshes[kind].parts[hemi.value]
            return Surface(Points(part.coordinates, FRAME), part.faces, domain)

        return Cortex(surface("white_matter"), surface("pial"))

    return patient(Pair(cortex(Hemi.LEFT), cortex(Hemi.RIGHT)))


@pytest.fixture(scope="module")
def real_patient(ecog) -> Patient:
    return load_patient(ecog, subject="ecog")


@pytest.fixture
def supplied(tmp_path, monkeypatch):
    """Add the real files of an atlas to a data folder of this test."""
    if not SHARED.is_dir():
        pytest.skip("real files are not here: shared/data/atlases beside the checkout")
    monkeypatch.setenv("TMSPLAN_DATA", str(tmp_path))

    def add(name: str, *, only: str = "") -> None:
        files = [f.file for f in atlas_info(name).files() if only in f.file]
        add_atlas(name, [next(SHARED.rglob(f)) for f in files])

    return add


# --- the shipped atlas on its own mesh ----------------------------------------------------


def test_labels_and_vertices_are_in_one_order(on_fsaverage5) -> None:
    """If they were not, parcels would fall to pieces: each is one patch, but for the cuts.

    The stock atlas has a few parcels of two pieces; a permuted mesh has thousands.
    """
    atlas = load_atlas("desikan", on_fsaverage5)
    pieces = 0
    for hemi, labels in atlas.labels.sides():
        near = on_fsaverage5.cortex.side(hemi).pial.adjacency().tocoo()
        same = labels.ids[near.row] == labels.ids[near.col]
        graph = near.copy()
        graph.data = same.astype(float)
        graph.eliminate_zeros()
        n, member = connected_components(graph)
        assert n >= 35
        pieces += len({int(m) for m in member[labels.ids > 0]})
    assert pieces <= 68 + 8


def test_regions_lie_where_anatomy_has_them(on_fsaverage5) -> None:
    """Centroids in MNI305 mm: which way is front, up and out, on both sides."""
    atlas = load_atlas("desikan", on_fsaverage5)

    def centre(parcel_id: int) -> np.ndarray:
        hemi = atlas.parcel(parcel_id).hemi
        pial = on_fsaverage5.cortex.side(hemi).pial.points.mm(FRAME)
        return pial[atlas.labels.side(hemi).ids == parcel_id].mean(axis=0)

    for base, sign in ((1000, -1), (2000, 1)):
        frontal, parietal, visual, motor = (centre(base + k) for k in (27, 8, 21, 24))
        assert sign * frontal[0] > 20
        assert frontal[1] > 30 > motor[1] > -30 > parietal[1] > visual[1]
        assert motor[2] > 30
        assert sign * parietal[0] > 30
        assert sign * visual[0] < 25


def test_the_record_says_what_was_used(on_fsaverage5) -> None:
    atlas = load_atlas("desikan", on_fsaverage5)
    assert atlas.how == "the patient's mesh is fsaverage5: labels as they are"
    assert atlas.doi == "10.1016/j.neuroimage.2006.01.021"
    assert "FreeSurfer" in atlas.licence
    assert len(atlas.sha256) == 64
    assert atlas.candidates["frontoparietal"].ids[0] == 1003
    template, names = template_labels("desikan")
    np.testing.assert_array_equal(template.left.ids, atlas.labels.left.ids)
    assert template.right.domain == Domain("fsaverage5", 10242, Hemi.RIGHT, "template")
    assert (len(names), names[2027]) == (68, "rostralmiddlefrontal")


def test_a_mesh_that_only_calls_itself_fsaverage5_is_refused() -> None:
    fake = Pair(half(Hemi.LEFT, mesh="fsaverage5"), half(Hemi.RIGHT, mesh="fsaverage5"))
    with pytest.raises(DomainError, match=r"162 vertices\) is no fsaverage5: that has 10242"):
        load_atlas("desikan", patient(fake))


# --- through the sphere -------------------------------------------------------------------


def test_nilearns_sphere_is_the_one_that_was_checked() -> None:
    for hemi in Hemi:
        sphere = template_sphere("fsaverage5", hemi)
        radius = np.linalg.norm(sphere.points.mm(sphere.frame), axis=1)
        np.testing.assert_allclose(radius, 100, atol=0.01)
        assert sphere.domain == Domain("fsaverage5", 10242, hemi, "template")


def test_an_undeclared_mesh_is_refused() -> None:
    with pytest.raises(InputError, match="no mesh called 'fsaverage9'"):
        template_sphere("fsaverage9", Hemi.LEFT)


def test_another_vertex_order_is_refused(tmp_path, monkeypatch) -> None:
    """One digit of the declared hash is changed: then nilearn's mesh is not the declared one."""
    real = (data_root("meshes") / "fsaverage5.toml").read_text(encoding="utf-8")
    other = real.replace('left = "576b', 'left = "0000')
    assert other != real
    (tmp_path / "fsaverage5.toml").write_text(other, encoding="utf-8")
    monkeypatch.setattr("tmsplan.patient.template_sphere.data_root", lambda _: tmp_path)
    with pytest.raises(MissingPartError, match=r"nilearn carries another fsaverage5.*576b8a"):
        template_sphere("fsaverage5", Hemi.LEFT)
    template_sphere("fsaverage5", Hemi.RIGHT)


def test_a_patient_whose_sphere_is_fsaverage5s_renumbered_gets_the_same_labels(
    on_fsaverage5,
) -> None:
    rng = np.random.default_rng(0)
    orders = {h: rng.permutation(10242) for h in Hemi}

    def cortex(hemi: Hemi) -> Cortex:
        order = orders[hemi]
        old, sphere = on_fsaverage5.cortex.side(hemi), template_sphere("fsaverage5", hemi)
        domain = Domain("fsnative", 10242, hemi, ID)

        def renumbered(s: Surface) -> Surface:
            return Surface(s.points.take(order), np.argsort(order)[s.faces], domain)

        return Cortex(renumbered(old.white), renumbered(old.pial), renumbered(sphere))

    other = load_atlas("desikan", patient(Pair(cortex(Hemi.LEFT), cortex(Hemi.RIGHT))))
    assert other.how == "nearest fsaverage5 vertex on sphere.reg"
    plain = load_atlas("desikan", on_fsaverage5)
    for hemi, labels in other.labels.sides():
        np.testing.assert_array_equal(labels.ids, plain.labels.side(hemi).ids[orders[hemi]])


def test_a_real_patient_agrees_with_freesurfers_own_parcellation(real_patient) -> None:
    """Atlas through sphere.reg against aparc+aseg of the same brain; measured 0.936, 0.939.

    The two differ at borders: aparc follows the patient's own sulci.
    """
    atlas, own = load_atlas("desikan", real_patient), load_atlas("aparc", real_patient)
    assert own.how == "the patient's own labels"
    for hemi, labels in atlas.labels.sides():
        truth, area = own.labels.side(hemi).ids, atlas.areas.side(hemi).values
        both = (truth > 0) & (labels.ids > 0)
        assert both.mean() > 0.88
        assert (truth == labels.ids)[both].mean() > 0.92
        for i in set(atlas.candidates["frontoparietal"].ids) & set(labels.names):
            a, b = truth == i, labels.ids == i
            dice = 2 * area[a & b].sum() / (area[a].sum() + area[b].sum())
            assert dice > 0.92, (labels.names[i], dice)


# --- the patient's own labels -------------------------------------------------------------


def with_aparc(names: dict[int, str], ids: dict[Hemi, int]) -> Patient:
    p = patient()

    def labelled(hemi: Hemi) -> Cortex:
        c = p.cortex.side(hemi)
        array = np.full(162, ids[hemi], dtype=np.int32)
        array[:10] = 0
        return replace(c, aparc=Labels(array, c.domain, names))

    return replace(p, cortex=Pair(labelled(Hemi.LEFT), labelled(Hemi.RIGHT)))


def test_own_labels_are_joined_by_id_and_name() -> None:
    names = {1003: "caudalmiddlefrontal", 2004: "corpuscallosum"}
    atlas = load_atlas("aparc", with_aparc(names, {Hemi.LEFT: 1003, Hemi.RIGHT: 2004}))
    assert np.unique(atlas.labels.left.ids).tolist() == [0, 1003]
    assert np.unique(atlas.labels.right.ids).tolist() == [0]
    assert atlas.parcels == atlas_info("desikan").parcels


@pytest.mark.parametrize(
    ("left", "name", "says"),
    [
        (1003, "precentral", "1003 is called 'precentral', but FreeSurfer calls it 'caudalmid"),
        (2003, "caudalmiddlefrontal", "2003 is called 'caudal.*calls it 'nothing'"),
        (11103, "x", "11103 is called 'x'.*another atlas"),
    ],
)
def test_own_labels_with_other_names_or_of_the_other_side_are_refused(left, name, says) -> None:
    p = with_aparc({left: name, 2003: "caudalmiddlefrontal"}, {Hemi.LEFT: left, Hemi.RIGHT: 2003})
    with pytest.raises(InputError, match=says):
        load_atlas("aparc", p)


def test_a_patient_without_own_labels_is_told_what_to_add() -> None:
    with pytest.raises(InputError, match=r"left hemisphere has no aparc.*lh\.aparc\.annot"):
        load_atlas("aparc", patient())


# --- through a template -------------------------------------------------------------------


def mapped(template: str, matrix: np.ndarray) -> FrameTree:
    """A tree in which the template hangs on the scanner by one affine map."""
    world = template_frame(template)
    return FrameTree(FRAME).with_edge(Affine.claim(matrix, dst=FRAME, src=world, because="test"))


def without_spheres(p: Patient) -> Patient:
    return replace(p, cortex=p.cortex.map(lambda c: replace(c, sphere=None)))


def test_no_route_says_what_would_make_one(supplied) -> None:
    supplied("brainnetome246")
    with pytest.raises(FrameError, match=r"lies in MNI152NLin6Asym and needs .*from_mni"):
        load_atlas("brainnetome246", patient())
    with pytest.raises(FrameError, match=r"lies on fsaverage5 and needs lh\.sphere\.reg"):
        load_atlas("desikan", without_spheres(patient()))


def test_the_wrong_template_is_no_route(supplied) -> None:
    supplied("brainnetome246")
    p = patient(tree=mapped("MNI152NLin2009cAsym", np.eye(4)))
    with pytest.raises(FrameError, match="p1: no route leads from atlas brainnetome246"):
        load_atlas("brainnetome246", p)


def test_a_volume_atlas_gives_each_vertex_the_voxel_it_lies_in(supplied, on_fsaverage5) -> None:
    """fsaverage5 lies in MNI305, within a few mm of MNI152: regions must be the right ones."""
    supplied("brainnetome246")
    p = replace(on_fsaverage5, tree=mapped("MNI152NLin6Asym", np.eye(4)))
    atlas, desikan = load_atlas("brainnetome246", p), load_atlas("desikan", p)
    for hemi, labels in atlas.labels.sides():
        named = labels.ids > 0
        assert named.mean() > 0.7
        assert set(np.unique(labels.ids)) <= {0, *range(1 + (hemi is Hemi.RIGHT), 211, 2)}
        dk = desikan.labels.side(hemi)
        for start, ids in (("MFG_", (3, 27)), ("IPL_", (8, 31)), ("PoG_", (22, 17, 31))):
            mine = [i for i, n in labels.names.items() if n.startswith(start)]
            here = np.isin(labels.ids, mine)
            base = 1000 if hemi is Hemi.LEFT else 2000
            inside = np.isin(dk.ids[here], [base + k for k in ids])
            assert inside.mean() > 0.6, (hemi, start, inside.mean())
    assert "left out" in atlas.how


def test_a_route_that_exchanges_the_sides_is_refused(supplied, on_fsaverage5) -> None:
    """Half a turn about z: no mirror, so no determinant can see it."""
    supplied("brainnetome246")
    turned = np.diag([-1.0, -1.0, 1.0, 1.0])
    p = replace(on_fsaverage5, tree=mapped("MNI152NLin6Asym", turned))
    with pytest.raises(ChiralityError, match="left vertices fall into parcels of the other side"):
        load_atlas("brainnetome246", p)


def test_an_atlas_with_both_goes_by_the_surface_and_else_by_the_volume(
    supplied, on_fsaverage5
) -> None:
    supplied("schaefer400x7")
    p = replace(on_fsaverage5, tree=mapped("MNI152NLin2009cAsym", np.eye(4)))
    surface = load_atlas("schaefer400x7", p)
    assert surface.how == "the patient's mesh is fsaverage5: labels as they are"
    native = Pair(*(
        replace_domain(c, Domain("fsnative", 10242, h, ID)) for h, c in p.cortex.sides()
    ))  # fmt: skip
    volume = load_atlas("schaefer400x7", replace(p, cortex=native))
    assert volume.how.startswith("nearest voxel of MNI152NLin2009cAsym at mid-cortex")
    # The same ids mean the same places by both routes (fsaverage5 is a few mm off MNI152).
    for hemi, labels in surface.labels.sides():
        other = volume.labels.side(hemi).ids
        both = (labels.ids > 0) & (other > 0)
        assert (labels.ids == other)[both].mean() > 0.5
        words = sorted({x.network for x in surface.parcels})
        number = np.zeros(401, dtype=int)
        for x in surface.parcels:
            number[x.id] = words.index(x.network)
        assert (number[labels.ids] == number[other])[both].mean() > 0.7


def replace_domain(cortex: Cortex, domain: Domain) -> Cortex:
    white, pial = (Surface(s.points, s.faces, domain) for s in (cortex.white, cortex.pial))
    return Cortex(white, pial)


# --- values per parcel --------------------------------------------------------------------


def test_a_parcels_mean_is_weighted_by_area(on_fsaverage5) -> None:
    atlas = load_atlas("desikan", on_fsaverage5)
    values = {h: np.random.default_rng(2).normal(size=10242) for h in Hemi}
    values[Hemi.LEFT][atlas.labels.left.ids == 1003] = math.nan
    some = np.flatnonzero(atlas.labels.right.ids == 2027)
    values[Hemi.RIGHT][some[: len(some) // 4]] = math.nan
    rows = parcellate_field(field(on_fsaverage5.cortex, values), atlas).by_id()
    assert len(rows) == 68
    assert math.isnan(rows[1003].value)
    assert (rows[1003].n, rows[1003].coverage) == (0, 0.0)
    kept = some[len(some) // 4 :]
    area = on_fsaverage5.cortex.right.mid.vertex_areas()[kept]
    mean = (values[Hemi.RIGHT][kept] * area).sum() / area.sum()
    assert rows[2027].value == pytest.approx(mean, rel=1e-12)
    assert (rows[2027].n, rows[2027].coverage) == (len(kept), len(kept) / len(some))
    assert rows[2027].network == "frontoparietal"


def test_another_mesh_is_refused(on_fsaverage5) -> None:
    atlas = load_atlas("desikan", on_fsaverage5)
    other = patient()
    with pytest.raises(DomainError, match="average coupling over parcels"):
        parcellate_field(field(other.cortex, {h: np.zeros(162) for h in Hemi}), atlas)


def test_an_atlas_without_a_patient_has_no_areas(on_fsaverage5) -> None:
    atlas = replace(load_atlas("desikan", on_fsaverage5), areas=None)
    zeros = Pair(*(Field(np.zeros(10242), c.domain, "x", "1")
                   for _, c in on_fsaverage5.cortex.sides()))  # fmt: skip
    with pytest.raises(InputError, match="carries no areas; load it on a patient"):
        parcellate_field(zeros, atlas)


def test_regions_are_joined_by_name_whatever_their_order(on_fsaverage5) -> None:
    atlas = load_atlas("desikan", on_fsaverage5)
    values = {(p.hemi, p.name): float(p.id) for p in reversed(atlas.parcels)}
    del values[Hemi.LEFT, "insula"]
    table = parcels_by_region(values, atlas)
    for row in table.rows:
        if row.parcel_id == 1035:
            assert math.isnan(row.value)
            assert (row.n, row.coverage) == (0, 0.0)
        else:
            assert row.value == row.parcel_id
            assert row.n > 0
    assert table.owner == ID


def test_unknown_regions_and_ids_are_refused(on_fsaverage5) -> None:
    atlas = load_atlas("desikan", on_fsaverage5)
    with pytest.raises(InputError, match=r"'Insula' on the left\. Did you mean 'insula'"):
        parcels_by_region({(Hemi.LEFT, "Insula"): 1.0}, atlas)
    with pytest.raises(InputError, match=r"no region called 'qqq' on the right\. It has bank"):
        parcels_by_region({(Hemi.RIGHT, "qqq"): 1.0}, atlas)
    with pytest.raises(InputError, match=r"no parcels with ids \[3, 1004\]"):
        parcels_by_id({3: 0.0, 1004: 1.0}, atlas)
    with pytest.raises(InputError, match=r"parcels \[1003\] are infinite"):
        parcels_by_id({1003: -math.inf}, atlas)


def test_real_coupling_reaches_its_parcels_by_name(tvb_tumour, on_fsaverage5) -> None:
    """Rows of the connectome are in another order than the atlas; names decide."""
    lines = (tvb_tumour / "region_labels.txt").read_text(encoding="utf-8").split()
    names = [line[2:-1].split("_", 1) for line in lines]
    base = connectome(0)
    r = len(names)
    rng = np.random.default_rng(0)
    sc = np.loadtxt(tvb_tumour / "CON01" / "weights.txt")
    fc = np.triu(rng.normal(size=(r, r)), 1)
    regions = tuple((Hemi.parse(s), n) for s, n in names)
    person = replace(on_fsaverage5, connectome=replace(base, regions=regions, sc=sc, fc=fc + fc.T))
    result = couple(person, method="baum")
    table = parcels_by_region(result.by_region, load_atlas("desikan", person))
    assert {(x.hemi, x.name): x.value for x in table.rows} == dict(result.by_region)
    # The file has parahippocampal before paracentral, as the atlas does; insula is last in both.
    assert [n for _, n in names[:34]] == [x.name for x in table.rows[:34]]


def test_a_sibling_of_the_prepared_template_is_read_and_said(supplied) -> None:
    """Only where the cortex is warped from 2009aSym; elsewhere it stays no route."""
    supplied("brainnetome246")
    p = patient(tree=mapped("MNI152NLin2009aSym", np.eye(4)))
    with pytest.raises(FrameError, match="no route leads from atlas brainnetome246"):
        load_atlas("brainnetome246", p)
    own = load_atlas("brainnetome246", patient(tree=mapped("MNI152NLin6Asym", np.eye(4))))
    atlas = load_atlas("brainnetome246", replace(p, surfaces_because="template-warped"))
    assert "MNI152NLin6Asym taken as 2009aSym" in atlas.how
    assert "taken as" not in own.how
    np.testing.assert_array_equal(atlas.labels.left.ids, own.labels.left.ids)
