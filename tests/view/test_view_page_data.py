"""What the page's script reads: every number is the plan's, every mesh the patient's."""

from __future__ import annotations

import base64
import gzip
import io
import json
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
import scene_plan
from scipy.spatial import KDTree

from tmsplan.plan.plan import Plan
from tmsplan.space import Affine, Frame, Grid, Points, Volume, Voxel
from tmsplan.surface import Pair
from tmsplan.view import page_meshes
from tmsplan.view.bake import BakedScene, bake_scene
from tmsplan.view.look import GLASS, LIGHTS, OVERLAY, cortex_rgb, look_data, overlay_rgba
from tmsplan.view.mz3 import read_mz3
from tmsplan.view.page_blocks import nifti_bytes, scene_blocks
from tmsplan.view.page_data import badge, page_data
from tmsplan.view.page_meshes import LAYERS, cortex_mz3, scalp_mz3

FRAME = scene_plan.FRAME
OBLIQUE = np.array(
    [[-0.9, 0.1, 0.05, 80], [0.12, 1.1, -0.1, -100], [0.0, 0.1, 1.0, -70], [0, 0, 0, 1]]
)


def t1_of(data: np.ndarray) -> Volume:
    affine = Affine.claim(OBLIQUE, dst=FRAME, src=Frame(Voxel, "t1"), because="test")
    return Volume(data, Grid(data.shape, affine))


def with_white(plan: Plan) -> Plan:
    """The same plan with a T1 and a white surface 2.5 mm under the pial one."""

    def half(part):
        inwards = part.pial.vertex_normals() * -2.5
        return replace(part, white=part.pial.with_points(part.pial.points + inwards))

    rng = np.random.default_rng(0)
    t1 = t1_of(rng.integers(0, 255, (9, 8, 7), dtype=np.uint8))
    cortex = plan.scene.cortex
    both = Pair(half(cortex.left), half(cortex.right))
    return replace(plan, scene=replace(plan.scene, cortex=both, t1=t1))


@pytest.fixture(scope="module")
def full(plan: Plan) -> Plan:
    return with_white(plan)


@pytest.fixture(scope="module")
def data(plan: Plan) -> dict:
    return page_data(plan)


@pytest.fixture(scope="module")
def blocks(full: Plan) -> dict[str, str]:
    return scene_blocks(full)


def unpacked(block: str) -> bytes:
    return base64.b64decode(block)


def test_targets_are_the_plans(plan: Plan, data: dict) -> None:
    json.dumps(data, allow_nan=False)
    for found, planned, letter in zip(data["targets"], plan.targets, "AB", strict=True):
        pose = planned.pose.scanner_from_coil
        assert (found["id"], found["badge"]) == (planned.target.id, letter)
        assert found["side"] == str(planned.target.hemi)
        assert found["point"] == pytest.approx(planned.target.point.mm(FRAME)[0], abs=5e-4)
        assert np.array_equal(found["matrix"], pose.matrix(FRAME, pose.src))
        out = np.array(found["matrix"])[:3, 2]
        assert np.array(found["outward"]) @ out == pytest.approx(-1, abs=1e-3)
    assert data["frame"] == "mm, scanner RAS of the planning T1 of demo-01"


def test_the_camera_stands_on_the_targets_side(data: dict) -> None:
    left, right = data["targets"]
    assert left["oblique"][0] < 0 < right["oblique"][0]


def test_regions_lie_in_their_own_parcel(plan: Plan, data: dict) -> None:
    regions = {r["id"]: r for r in data["regions"]}
    assert [r["z"] for r in regions.values()] == [r.z for r in plan.ranking.rows]
    for hemi, parcels in scene_plan.PARCELS.items():
        part = plan.scene.cortex.side(hemi)
        for parcel_id, *_ in parcels:
            near = int(KDTree(part.pial.points.mm(FRAME)).query(regions[parcel_id]["point"])[1])
            assert part.labels.ids[near] == parcel_id
    assert regions[2024]["point"] is None  # a region of the ranking that this cortex has not


def test_a_plan_without_its_scene_is_words_only() -> None:
    bare = scene_plan.plan(with_scene=False)
    data = page_data(bare)
    assert data["targets"] == []
    assert "look" not in data
    assert scene_blocks(bare) == {}


def test_the_look_is_the_one_of_the_pictures() -> None:
    look = json.loads(json.dumps(look_data()))
    table = np.array(look["overlay"]["table"]).reshape(-1, 3) / 255
    z = np.linspace(-5, 5, len(table))
    assert np.abs(table - overlay_rgba(z)[:, :3]).max() < 0.02
    assert look["overlay"]["threshold"] == OVERLAY.threshold.value
    assert [light["position"] for light in look["lights"]] == [list(x.position) for x in LIGHTS]
    assert look["glass"]["power"] == GLASS.power


def test_letters_go_on_after_z() -> None:
    assert [badge(i) for i in (0, 1, 25, 26)] == ["A", "B", "Z", "27"]


def test_a_cortex_file_holds_what_the_shader_needs(baked: BakedScene, plan: Plan) -> None:
    part, source = baked.cortex.left, plan.scene.cortex.left
    mesh, _ = cortex_mz3(part)
    assert len(mesh.vertices) <= page_meshes.CORTEX_VERTICES.value * 1.2
    z, light, ids = (mesh.layers[LAYERS.index(name)] for name in ("z", "light", "parcel"))
    near = KDTree(source.pial.points.mm(FRAME)).query(mesh.vertices)[1]
    assert np.mean(ids == source.labels.ids[near]) > 0.995
    # Averaging touches parcel borders only: well inside a parcel z is the parcel's.
    assert z[ids == 1027].min() == pytest.approx(-3.4, abs=1e-3)
    assert z[ids == 0].mean() == pytest.approx(0, abs=0.05)
    assert (light.min() >= 0, light.max() <= 1) == (True, True)
    assert light.std() > 0.1


def test_the_shaders_sum_gives_the_pictures_colour(baked: BakedScene) -> None:
    """Bare colour, light and z, mixed as shaders.js does, are the baked colour."""
    part, shadow, kept = baked.cortex.left, np.array([0.33, 0.25, 0.25]), OVERLAY.kept_in_shade
    rgba, light = overlay_rgba(part.z), part.light[:, None]
    base = part.bare / 255 / (shadow + (1 - shadow) * light)
    alpha = rgba[:, 3:]
    lit = light + (1 - light) * kept * alpha
    mixed = (base * (1 - alpha) + rgba[:, :3] * alpha) * (shadow + (1 - shadow) * lit)
    inside = (np.abs(part.z) < 1e-6) | (np.abs(part.z + 3.4) < 1e-6)
    assert np.abs(mixed - part.rgb / 255)[inside].max() < 0.02
    dark = cortex_rgb(np.zeros(1), np.zeros(1), np.zeros((1, 4)))
    assert dark.min() > 0.2


def test_a_dense_mesh_is_thinned_without_moving(
    baked: BakedScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(page_meshes.CORTEX_VERTICES, value=9_000)
    monkeypatch.setattr(page_meshes, "CORTEX_VERTICES", few)
    part = baked.cortex.left
    mesh, _ = cortex_mz3(part)
    assert 8_500 < len(mesh.vertices) < 9_500
    dense = part.points.mm(FRAME)
    away, near = KDTree(dense).query(mesh.vertices)
    assert np.quantile(away, 0.99) < 1.2  # mm; triangles are 1.5 mm wide
    assert np.mean(mesh.layers[2] == part.ids[near]) > 0.97
    c = mesh.vertices[mesh.faces].astype(float)
    volume = np.einsum("ij,ij->", c[:, 0], np.cross(c[:, 1], c[:, 2])) / 6
    d = dense[part.faces]
    whole = np.einsum("ij,ij->", d[:, 0], np.cross(d[:, 1], d[:, 2])) / 6
    assert volume == pytest.approx(whole, rel=0.01)


def test_the_white_surface_lies_under_each_vertex(full: Plan) -> None:
    baked = bake_scene(full.scene)
    part = baked.cortex.right
    pial, white = cortex_mz3(part)
    assert white.faces is None
    gap = np.linalg.norm(pial.vertices - white.vertices, axis=1)
    assert np.median(gap) == pytest.approx(2.5, abs=0.05)
    assert cortex_mz3(replace(part, white=None))[1] is None


def test_blocks_are_files_and_a_shared_page_shows_no_face(
    full: Plan, blocks: dict[str, str]
) -> None:
    assert set(blocks) == {"left", "right", "left-white", "right-white", "scalp", "t1"}
    left = read_mz3(unpacked(blocks["left"])).vertices
    right = read_mz3(unpacked(blocks["right"])).vertices
    assert left[:, 0].mean() < 0 < right[:, 0].mean()
    baked = bake_scene(full.scene)
    assert len(read_mz3(unpacked(blocks["scalp"])).vertices) == len(
        scalp_mz3(baked.scalp, full.scene.scalp.points).vertices
    )
    assert set(scene_blocks(full, share=True)) == {"left", "right", "left-white", "right-white"}


def test_the_t1_is_a_nifti_in_the_same_place(full: Plan, blocks: dict[str, str]) -> None:
    data = unpacked(blocks["t1"])
    assert data == nifti_bytes(full.scene.t1)
    image = nib.Nifti1Image.from_stream(io.BytesIO(gzip.decompress(data)))
    assert image.get_data_dtype() == np.uint8
    assert np.array_equal(np.asarray(image.dataobj), full.scene.t1.data)
    ijk = np.array([[2, 3, 4]])
    there = Points(nib.affines.apply_affine(image.affine, ijk), FRAME)
    assert (there - full.scene.t1.grid.centres(ijk)).lengths()[0] < 1e-4
    assert image.header["descrip"].tobytes().strip(b"\0") == b""


def test_sides_of_the_data_are_the_patients(data: dict) -> None:
    assert data["head"]["right"][0] > 0.99
    assert [t["side"] for t in data["targets"]] == ["left", "right"]
