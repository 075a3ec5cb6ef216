"""Pictures: the target is where its side is, in VTK's own pixels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import many_targets
import numpy as np
import pytest
import scene_plan

from tmsplan.base.errors import FrameError, InputError
from tmsplan.plan.plan import Plan, PlannedTarget
from tmsplan.space import Frame, Hemi, Points, Scanner
from tmsplan.view.bake import BakedScene
from tmsplan.view.draw import marker_centre, render
from tmsplan.view.figures import save_png
from tmsplan.view.look import TARGET_RGB
from tmsplan.view.pictures import (
    VIEWS,
    View,
    camera_for,
    draw_picture,
    letters_for,
    ready_scene,
    write_pictures,
)

SMALL = (560, 480)
EVERY = [(t, v) for t in (0, 1) for v in VIEWS]
NAMES = [f"{('left', 'right')[t]}-{v.id}" for t, v in EVERY]


def yellow(image: np.ndarray) -> np.ndarray:
    """Return the (x, y) pixels whose colour is the target's, lit or in shade."""
    rgb = image[..., :3].astype(float)
    red = rgb[..., 0]
    like = (rgb / np.maximum(red, 1)[..., None]) - np.array(TARGET_RGB)
    y, x = np.nonzero((red > 140) & (np.abs(like[..., 1]) < 0.11) & (like[..., 2] < 0.22))
    return np.stack([x, y], axis=1)


def blue(image: np.ndarray) -> np.ndarray:
    rgb = image[..., :3].astype(int)
    y, x = np.nonzero((rgb[..., 2] > rgb[..., 0] + 60) & (rgb[..., 2] > 90))
    return np.stack([x, y], axis=1)


def rendered(
    planned: PlannedTarget, view: View, baked: BakedScene
) -> tuple[np.ndarray, dict[Hemi, np.ndarray]]:
    camera = camera_for(view, planned, baked, size=SMALL)
    image = render(baked, planned.target, planned.pose, camera, head=view.head, coil=view.coil)
    letters = letters_for(camera, view, planned, baked)
    return image, {x.hemi: np.array([x.x, x.y]) for x in letters}


@pytest.mark.parametrize(("which", "view"), EVERY, ids=NAMES)
def test_the_marker_is_on_the_side_of_its_letter(
    plan: Plan, baked: BakedScene, which: int, view: View
) -> None:
    planned = plan.targets[which]
    image, letters = rendered(planned, view, baked)
    pixels = yellow(image)
    assert len(pixels) > 12, "no yellow pixel: the target is hidden"
    marker = np.median(pixels, axis=0)
    own, other = letters[planned.target.hemi], letters[planned.target.hemi.other]
    # Across the midplane from the marker, one must come nearer to the other letter.
    target, head = planned.target.point, baked.head
    foot = target - head.right * head.right_mm(target)
    middle = camera_for(view, planned, baked, size=SMALL).project(foot)[0]
    along = (own - other) / np.linalg.norm(own - other)
    assert (marker - middle) @ along > 15
    assert np.linalg.norm(marker - own) < np.linalg.norm(marker - other)


@pytest.mark.parametrize("hemi", list(Hemi))
@pytest.mark.parametrize("seed", [(44, 20, 30), (38, -16, 62), (48, -60, 36), (20, -96, 4)])
def test_targets_all_over_the_cortex_are_nearest_to_their_letter(
    plan: Plan, baked: BakedScene, hemi: Hemi, seed: tuple[float, float, float]
) -> None:
    side = -1.0 if hemi is Hemi.LEFT else 1.0
    planned = scene_plan.planned(plan.scene, hemi, (side * seed[0], *seed[1:]))
    for view in VIEWS:
        camera = camera_for(view, planned, baked, size=SMALL)
        letters = letters_for(camera, view, planned, baked)
        at = {x.hemi: np.array([x.x, x.y]) for x in letters}
        marker = camera.project(marker_centre(planned.target))[0]
        if letters:
            assert np.linalg.norm(marker - at[hemi]) < np.linalg.norm(marker - at[hemi.other])
            assert all((xy > 0).all() and (xy < SMALL).all() for xy in at.values())
        # Not on the far side of the brain.
        towards = (camera.position - baked.head.centre).units()
        assert towards.dot((planned.target.point - baked.head.centre).units())[0] > 0.2


@pytest.mark.parametrize("which", [0, 1], ids=["left", "right"])
def test_vtk_draws_the_target_where_our_projection_says(
    plan: Plan, baked: BakedScene, which: int
) -> None:
    planned, view = plan.targets[which], VIEWS[1]
    camera = camera_for(view, planned, baked, size=SMALL)
    image, _ = rendered(planned, view, baked)
    expected = camera.project(marker_centre(planned.target))[0]
    assert np.abs(np.median(yellow(image), axis=0) - expected).max() < 2.5


def test_a_left_target_is_seen_from_the_front_left_and_a_right_one_from_the_front_right(
    plan: Plan, baked: BakedScene
) -> None:
    for planned, sign in zip(plan.targets, (-1, 1), strict=True):
        camera = camera_for(VIEWS[0], planned, baked, size=SMALL)
        x, y, z = (camera.position - camera.focal).components(plan.frame)[0]
        assert np.sign(x) == sign
        assert y > 0
        assert z > 0


def test_the_handle_points_down_in_the_coils_eye(plan: Plan, baked: BakedScene) -> None:
    from tmsplan.view.coil_model import solid_paths

    for planned in plan.targets:
        camera = camera_for(VIEWS[3], planned, baked, size=SMALL)
        handle = next(p for p in solid_paths(planned.pose) if p.part == "handle")
        (x0, y0), (x1, y1) = camera.project(handle.line)[[0, -1]]
        assert y1 > y0 + 60
        assert abs(x1 - x0) < 12


def test_the_only_low_region_is_drawn_on_the_left(plan: Plan, baked: BakedScene) -> None:
    # The one region beyond the threshold on the low side is left; seen here from the right.
    image, letters = rendered(plan.targets[1], VIEWS[1], baked)
    pixels = blue(image)
    assert len(pixels) > 20
    to = {h: np.linalg.norm(pixels - at, axis=1).mean() for h, at in letters.items()}
    assert to[Hemi.LEFT] < to[Hemi.RIGHT]


def test_labels_are_in_every_picture(plan: Plan, baked: BakedScene) -> None:
    for view in VIEWS[2:]:
        figure = draw_picture(plan, plan.targets[0], view, baked, size=SMALL)
        words = [t.get_text() for t in figure.texts]
        assert "SYNTHETIC" in words
        assert "LEFT, x = -38.3 mm" in words
        assert {"L", "R"} <= set(words)
        assert any("Research use only" in w for w in words)


def test_the_cloud_is_on_the_cortex_alone_and_the_words_count_it(
    plan: Plan, baked: BakedScene
) -> None:
    from matplotlib.patches import Circle

    many = many_targets.with_others(plan)
    cloud = many.targets[0].target.cloud
    far = Points(cloud.mm(plan.frame)[:3] * [1, -1, 1], plan.frame)  # behind, on the same side
    both = Points(np.vstack([cloud.mm(plan.frame), far.mm(plan.frame)]), plan.frame)
    first = replace(many.targets[0], target=replace(many.targets[0].target, cloud=both))
    for view in VIEWS:
        figure = draw_picture(many, first, view, baked, size=SMALL)
        dots = [a for a in figure.get_children() if isinstance(a, Circle) and a.get_fill()]
        words = " ".join(t.get_text() for t in figure.texts)
        if view.id != "cortex":
            assert not dots
            assert "resamplings" not in words
            continue
        assert len(dots) == len(cloud)
        n = len(cloud) + 3
        assert f"where {n} resamplings of the data put the point (3 of them on the" in words
        camera = camera_for(view, first, baked, size=SMALL)
        at = np.array([d.center for d in dots]) * [1, -1] + [0, SMALL[1]]
        assert np.abs(at - camera.project(cloud)).max() < 1e-6


def test_names_are_not_read_as_formulas(plan: Plan, baked: BakedScene) -> None:
    odd = scene_plan.renamed(plan, r"a $\frac{1$ b")
    figure = draw_picture(odd, odd.targets[0], VIEWS[1], baked, size=SMALL)
    figure.canvas.draw()  # a formula would not parse
    assert any(r"$\frac{1$" in t.get_text() for t in figure.texts)


def test_equal_plans_give_equal_files(plan: Plan, baked: BakedScene, tmp_path: Path) -> None:
    again = ready_scene(plan)
    for k, scene in enumerate((baked, again)):
        figure = draw_picture(plan, plan.targets[0], VIEWS[0], scene, size=SMALL)
        save_png(figure, tmp_path / f"{k}.png")
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "1.png").read_bytes()


def test_a_caption_never_runs_out_of_the_picture(plan: Plan, baked: BakedScene) -> None:
    long = scene_plan.renamed(plan, "left middle frontal gyrus, " * 5)
    figure = draw_picture(long, long.targets[0], VIEWS[3], baked, size=SMALL)
    figure.canvas.draw()
    for text in figure.texts:
        box = text.get_window_extent()
        assert box.x0 >= 0, text
        assert box.x1 <= SMALL[0], text


def test_the_users_matplotlib_style_changes_nothing(
    plan: Plan, baked: BakedScene, tmp_path: Path
) -> None:
    import matplotlib as mpl

    save_png(draw_picture(plan, plan.targets[0], VIEWS[1], baked, size=SMALL), tmp_path / "a.png")
    loud = {"savefig.bbox": "tight", "savefig.dpi": 30, "font.family": "monospace"}
    with mpl.rc_context(loud):
        figure = draw_picture(plan, plan.targets[0], VIEWS[1], baked, size=SMALL)
        save_png(figure, tmp_path / "b.png")
        assert mpl.rcParams["savefig.dpi"] == 30
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_plan_without_its_scene_is_refused() -> None:
    with pytest.raises(InputError, match="demo-01: the plan was opened without the geometry"):
        write_pictures(scene_plan.plan(with_scene=False), Path("unused"))


def test_a_scene_of_another_patient_is_refused(plan: Plan) -> None:
    with pytest.raises(FrameError, match="cannot draw the plan's scene"):
        write_pictures(replace(plan, frame=Frame(Scanner, "someone-else")), Path("unused"))
