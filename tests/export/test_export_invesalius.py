"""InVesalius' marker file: both coordinate systems, and what its reader refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from export.plan_builder import (
    AFFINES,
    G1,
    build_plan,
    many_targets,
    planned_from_matrix,
    random_poses,
    t1_input,
)
from scipy.spatial.transform import Rotation
from strategies import rotation

from tmsplan.base.errors import FrameError, InputError, TripwireError
from tmsplan.export.formats.invesalius import FORMAT
from tmsplan.export.invesalius import InvesaliusFormat
from tmsplan.export.names import coil_name, cortex_name
from tmsplan.export.verify import export_formats
from tmsplan.space.testing import assert_pose_close

LABELS = ("COMPOSITE", "EXPLORATORY")


def g1_plan(**t1):
    inputs = [t1_input(**t1)]
    return build_plan(planned_from_matrix(G1), inputs=inputs, labels=LABELS)


def written(plan, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (path,) = FORMAT.write(plan, folder)
    return path


def rows(path: Path) -> list[dict[str, str]]:
    first, header, *lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    assert first == "##INVESALIUS3_MARKER_FILE_5"
    columns = [c.strip('"') for c in header.split("\t")]
    return [dict(zip(columns, line.split("\t"), strict=True)) for line in lines]


def six(row: dict[str, str], world: str = "") -> list[float]:
    names = ("x", "y", "z", "alpha", "beta", "gamma")
    return [float(row[f"{n}{world}"]) for n in names]


def test_g1_by_hand(tmp_path: Path) -> None:
    """The T1 has 1 mm voxels along RAS, 180 x 220 x 200 of them, the first at -90 -110 -80.

    From the first voxel: x = -1.2 + 90 = 88.8; z = 120 + 80 = 200; y = -15.8 + 110 = 94.2, which
    InVesalius counts from the last of 220: 219 - 94.2 = 124.8. The coil lies on the vertex with
    its handle backward: InVesalius' x (away from the handle) leads forward, its y (the coil's
    left) to the left, its z up. That is a quarter turn about z: angles 0, 0, 90.
    """
    coil, cortex = rows(written(g1_plan(), tmp_path))
    assert six(coil) == [88.8, 124.8, 200.0, 0.0, 0.0, 90.0]
    assert six(coil, "_world") == [-1.2, -15.8, 120.0, 0.0, 0.0, 90.0]
    assert six(cortex) == [88.8, 124.8, 178.0, 0.0, 0.0, 90.0]
    assert six(cortex, "_world") == [-1.2, -15.8, 98.0, 0.0, 0.0, 90.0]
    assert coil["label"] == '"COMPOSITE EXPLORATORY left: Beam F3_coil"'
    assert cortex["label"] == '"COMPOSITE EXPLORATORY left: Beam F3_ctx"'
    # 3 is a coil target, 2 a brain target.
    assert (coil["marker_type"], cortex["marker_type"]) == ("3", "2")
    assert [coil[f"{c}_cortex"] for c in "xyz"] == ["88.800000", "124.800000", "178.000000"]
    assert (coil["is_target"], coil["brain_target_list"], coil["alpha_cortex"]) == (
        "False",
        "[]",
        "None",
    )


def test_g1_is_the_same_in_a_las_t1(tmp_path: Path) -> None:
    """InVesalius reorders to RAS first: the first voxel is then at 90 - 179 = -89 in x."""
    coil, _ = rows(written(g1_plan(affine=AFFINES["las"]), tmp_path))
    assert six(coil) == [87.8, 124.8, 200.0, 0.0, 0.0, 90.0]
    assert six(coil, "_world") == [-1.2, -15.8, 120.0, 0.0, 0.0, 90.0]


def random_affine(rng: np.random.Generator) -> np.ndarray:
    """Axes in any order and direction, up to about 40 deg oblique, voxels of any size."""
    order = rng.permutation(3)
    turn = rotation((1.0, *rng.uniform(-0.2, 0.2, 3)))
    m = np.eye(4)
    m[:3, :3] = (
        turn @ np.eye(3)[:, order] @ np.diag(rng.choice([-1, 1], 3) * rng.uniform(0.5, 2, 3))
    )
    m[:3, 3] = rng.uniform(-120, 120, 3)
    return m


def in_world(row: dict[str, str], shape: tuple[int, ...], affine: np.ndarray) -> np.ndarray:
    """InVesalius' own way, with nibabel: reorder, reverse y, drop the voxel sizes."""
    image = nib.as_closest_canonical(nib.Nifti1Image(np.zeros(shape, np.uint8), affine))
    spacing = np.linalg.norm(image.affine[:3, :3], axis=0)
    x, y, z, *angles = six(row)
    m = np.eye(4)
    m[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    m[:3, 3] = x, spacing[1] * (image.shape[1] - 1) - y, z
    noscale = image.affine.copy()
    noscale[:3, :3] /= spacing
    return noscale @ m


@pytest.mark.parametrize("seed", range(40))
def test_internal_and_world_agree_in_any_t1(tmp_path: Path, seed: int) -> None:
    affine = random_affine(np.random.default_rng(seed))
    record = t1_input(affine=affine)
    image = dict(record.image, zooms=np.linalg.norm(affine[:3, :3], axis=0).tolist())
    plan = build_plan(*many_targets(random_poses(3, seed)), inputs=[replace(record, image=image)])
    path = written(plan, tmp_path)
    for row in rows(path):
        there = in_world(row, (180, 220, 200), affine)
        world = six(row, "_world")
        np.testing.assert_allclose(there[:3, 3], world[:3], atol=5e-6)
        turn = Rotation.from_euler("xyz", world[3:], degrees=True).as_matrix()
        np.testing.assert_allclose(there[:3, :3], turn, atol=1e-7)
    back = {p.name: p for p in FORMAT.read(path, plan)}
    for planned in plan.targets:
        pose = planned.pose.scanner_from_coil
        assert_pose_close(
            back[coil_name(plan, planned)].scanner_from_coil, pose, mm=1e-5, deg=1e-5
        )
        assert cortex_name(plan, planned) in back


@pytest.mark.parametrize("beta", [90.0, -90.0])
def test_gimbal_lock_comes_back(tmp_path: Path, beta: float) -> None:
    # InVesalius' x along world z: the coil on the side of the head, handle down.
    r = Rotation.from_euler("xyz", [25.0, beta, 0.0], degrees=True).as_matrix()
    m = G1.copy()
    # Undo the axes: SimNIBS' x, y, z are InVesalius' y, x, -z.
    m[:3, :3] = r @ np.array([[0, 1, 0], [1, 0, 0], [0, 0, -1]])
    plan = build_plan(planned_from_matrix(m))
    back = FORMAT.read(written(plan, tmp_path), plan)[0].scanner_from_coil
    assert_pose_close(back, plan.targets[0].pose.scanner_from_coil, mm=1e-6, deg=1e-5)


def test_a_file_for_another_t1_is_refused(tmp_path: Path) -> None:
    path = written(g1_plan(), tmp_path)
    with pytest.raises(FrameError, match=r"differ by 1.000 mm .* made for another T1"):
        FORMAT.read(path, g1_plan(affine=AFFINES["las"]))
    with pytest.raises(FrameError, match=r"line 3 \(COMPOSITE EXPLORATORY left: Beam F3_coil\)"):
        FORMAT.read(path, g1_plan(affine=AFFINES["oblique"]))


def test_a_voxel_size_that_the_affine_does_not_have_is_refused(tmp_path: Path) -> None:
    record = t1_input()
    bad = replace(record, image=dict(record.image, zooms=[1.0, 1.0, 1.2]))
    with pytest.raises(InputError, match=r"1 x 1 x 1.2 mm voxels \(pixdim\) and its affine 1 x 1"):
        FORMAT.write(build_plan(inputs=[bad]), tmp_path)


def test_a_sheared_grid_is_refused(tmp_path: Path) -> None:
    sheared = AFFINES["ras"].copy()
    sheared[0, 1] = 0.05
    with pytest.raises(InputError, match="voxel axes are not square to each other"):
        FORMAT.write(g1_plan(affine=sheared), tmp_path)


def test_a_t1_without_shape_is_refused(tmp_path: Path) -> None:
    record = t1_input()
    image = {k: v for k, v in record.image.items() if k != "shape"}
    with pytest.raises(InputError, match="does not record shape, zooms and affine"):
        FORMAT.write(build_plan(inputs=[replace(record, image=image)]), tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "error", "match"),
    [
        ("FILE_5", "FILE_9", InputError, r"its first line is '##INVESALIUS3_MARKER_FILE_9'"),
        ('"x"', '"y"', InputError, "a column stands twice"),
        ("\tFalse\tFalse", "\tFalse", InputError, "line 3: 35 cells under 36 columns"),
        ("88.800000", "88.8mm", InputError, r"x, y, z, alpha, beta, gamma hold '88.8mm'"),
        ("88.800000", "None", InputError, "Expected six finite numbers"),
        ("88.800000", "nan", InputError, "Expected six finite numbers"),
        ("\t3\t0.0", "\t7\t0.0", InputError, "marker_type '7'"),
        ("88.800000", "88.810000", FrameError, "differ by 0.010 mm"),
        ("90.000000\t0.0\t1.0", "91.000000\t0.0\t1.0", FrameError, "and 1.000 deg"),
    ],
)
def test_what_was_changed_is_refused(tmp_path: Path, old, new, error, match) -> None:
    plan = g1_plan()
    path = written(plan, tmp_path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(error, match=match):
        FORMAT.read(path, plan)


def test_fiducials_and_landmarks_are_no_poses(tmp_path: Path) -> None:
    plan = g1_plan()
    path = written(plan, tmp_path)
    lines = path.read_text().split("\n")
    lines[3] = lines[3].replace("\t2\t0.0", "\t1\t0.0")
    path.write_text("\n".join(lines))
    assert [p.name for p in FORMAT.read(path, plan)] == [
        "COMPOSITE EXPLORATORY left: Beam F3_coil"
    ]


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.mkss"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"x.mkss: cannot be read \(UnicodeDecodeError\)"):
        FORMAT.read(path, g1_plan())
    path.write_bytes(b"")
    with pytest.raises(InputError, match="its first line is ''"):
        FORMAT.read(path, g1_plan())


@pytest.mark.parametrize(
    "axes",
    [
        # SimNIBS' own; Brainsight's; handle the wrong way round; z into the head.
        ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
        ((-1, 0, 0, 0), (0, 1, 0, 0), (0, 0, -1, 0), (0, 0, 0, 1)),
        ((0, -1, 0, 0), (-1, 0, 0, 0), (0, 0, -1, 0), (0, 0, 0, 1)),
        ((0, -1, 0, 0), (1, 0, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)),
    ],
)
def test_a_writer_with_other_axes_does_not_get_past_the_reader(tmp_path: Path, axes) -> None:
    with pytest.raises(TripwireError, match="TP-F05 fail: invesalius"):
        export_formats(build_plan(), tmp_path / "out", {"invesalius": InvesaliusFormat(axes)})
    assert not (tmp_path / "out").exists()
