"""A map on the scalp: the colours are on the side they belong to, and mean fixed numbers."""

from __future__ import annotations

from dataclasses import replace

import many_targets
import numpy as np
import pytest
import scene_plan

from tmsplan.base.errors import DomainError, InputError
from tmsplan.plan.plan import Plan
from tmsplan.space import Hemi
from tmsplan.surface import Domain, Field
from tmsplan.view import plot_scalp_map
from tmsplan.view.bake import BakedScene
from tmsplan.view.scalp_map_picture import MAP_SCALES


def panels(figure) -> list[np.ndarray]:
    """The three pictures, from the left of the figure to the right."""
    return [i.get_array() for i in sorted(figure.images, key=lambda i: i.ox)]


def blue_and_red(image: np.ndarray) -> tuple[int, int]:
    rgb = image[..., :3].astype(int)
    return (
        int((rgb[..., 2] > rgb[..., 0] + 50).sum()),
        int((rgb[..., 0] > rgb[..., 2] + 70).sum()),
    )


def test_what_is_low_on_the_left_is_blue_on_the_left(plan: Plan, baked: BakedScene) -> None:
    z = many_targets.scalp_fields(plan)["z_under"]  # negative on the patient's left
    figure = plot_scalp_map(plan, z, baked)
    left, above, right = panels(figure)
    blue, red = blue_and_red(left)
    assert blue > 5000
    assert red < 50
    blue, red = blue_and_red(right)
    assert red > 5000
    assert blue < 50
    half = above.shape[1] // 2  # from above with the face up, left is at the left
    assert blue_and_red(above[:, :half])[0] > 10 * blue_and_red(above[:, half:])[0]
    words = [(t.get_text(), t.get_position()[0]) for t in figure.texts]
    at = [x for word, x in words if word == "L"]
    assert len(at) == 2
    assert max(at) < min(x for word, x in words if word == "R")
    said = [w for w, _ in words]
    assert said.index("the patient's LEFT") < said.index("the patient's RIGHT")


def test_colours_do_not_follow_the_patient(plan: Plan, baked: BakedScene) -> None:
    depth = many_targets.scalp_fields(plan)["depth"]
    for scale in (1.0, 0.5):
        shown = Field(depth.values * scale, depth.domain, "depth", "mm")
        figure = plot_scalp_map(plan, shown, baked)
        (axes,) = figure.axes
        assert axes.get_xlim() == (10.0, 40.0)
    z = MAP_SCALES["z under the coil"]
    assert (z.low, z.high) == (-5.0, 5.0)


def test_skin_without_a_value_is_bare(plan: Plan, baked: BakedScene) -> None:
    domain = plan.scene.scalp.domain
    nothing = Field(np.full(domain.density, np.nan), domain, "depth", "mm")
    blue, red = blue_and_red(panels(plot_scalp_map(plan, nothing, baked))[0])
    assert (blue, red) == (0, 0)


def test_reasons_are_named_beside_their_colours(plan: Plan, baked: BakedScene) -> None:
    figure = plot_scalp_map(plan, many_targets.scalp_fields(plan)["reach"], baked)
    words = [t.get_text() for t in figure.texts]
    assert "within reach" in words
    assert "only reached from under the head" in words
    assert "over an eye" not in words


def test_targets_are_dots_on_the_views_that_see_them(plan: Plan, baked: BakedScene) -> None:
    from matplotlib.colors import to_hex
    from matplotlib.patches import Circle

    depth = many_targets.scalp_fields(plan)["depth"]
    figure = plot_scalp_map(plan, depth, baked)
    dots = [a for a in figure.get_children() if isinstance(a, Circle)]
    colour = {int(d.center[0] // 560): to_hex(d.get_facecolor()) for d in dots}
    # The guided target is left and the standard one right: each in its own view only.
    assert colour[0] == "#ffcf1a"
    assert colour[2] == "#5a3aa6"


def test_a_field_without_colours_is_refused(plan: Plan, baked: BakedScene) -> None:
    domain = plan.scene.scalp.domain
    odd = Field(np.zeros(domain.density), domain, "luck", "1")
    words = r"no colours are set for a scalp map of 'luck'\. Expected one of depth"
    with pytest.raises(InputError, match=words):
        plot_scalp_map(plan, odd, baked)


def test_a_map_of_another_scalp_is_refused(plan: Plan, baked: BakedScene) -> None:
    domain = Domain("other", plan.scene.scalp.domain.density, Hemi.LEFT, "someone-else")
    with pytest.raises(DomainError, match="cannot draw a map on the scalp"):
        plot_scalp_map(plan, Field(np.zeros(domain.density), domain, "depth", "mm"), baked)


def test_a_plan_without_its_scene_is_refused(plan: Plan) -> None:
    depth = many_targets.scalp_fields(plan)["depth"]
    with pytest.raises(InputError, match="opened without the geometry"):
        plot_scalp_map(replace(scene_plan.plan(with_scene=False)), depth)
