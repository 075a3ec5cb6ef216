"""A map's picture: the side that is painted is the side that is coloured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from view.scene_plan import scene

from tmsplan.base.errors import InputError
from tmsplan.space import Hemi
from tmsplan.surface import Field, Pair
from tmsplan.view.map_picture import MapLook, plot_map

LOOK = MapLook("p1: coupling", "Fisher z", ("SYNTHETIC",))


def painted(hemi: Hemi, *, front: bool) -> tuple[Pair, Pair]:
    """A map of -1 with one patch of +1 on the outside of one hemisphere; the rest is 0."""
    surfaces = scene().cortex.map(lambda part: part.pial)

    def one(side: Hemi) -> Field:
        surface = surfaces.side(side)
        xyz = surface.points.mm(surface.points.frame)
        values = np.full(len(xyz), -1.0)
        if side is hemi:
            outward = xyz[:, 0] * (1 if side is Hemi.RIGHT else -1)
            along = xyz[:, 1] * (1 if front else -1)
            patch = (outward > np.quantile(outward, 0.6)) & (along > np.quantile(along, 0.75))
            values[patch] = 1.0
        return Field(values, surface.domain, "coupling", "Fisher z")

    return surfaces, Pair(one(Hemi.LEFT), one(Hemi.RIGHT))


def pixels(surfaces: Pair, values: Pair) -> np.ndarray:
    figure = plot_map(surfaces, values, LOOK)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)


def red(picture: np.ndarray) -> np.ndarray:
    """Places of the top colour of the scale, outside title and colour bar."""
    strong = (picture[..., 0] > picture[..., 2] + 60) & (picture[..., 0] > 60)
    rows, columns = np.nonzero(strong)
    height, width = strong.shape
    inside = (rows > 0.12 * height) & (rows < 0.9 * height)
    return np.column_stack([rows[inside] / height, columns[inside] / width])


@pytest.mark.parametrize("hemi", list(Hemi))
@pytest.mark.parametrize("front", [True, False])
def test_a_patch_is_drawn_on_its_side_and_at_its_end(hemi: Hemi, front: bool) -> None:
    found = red(pixels(*painted(hemi, front=front)))
    upper = found[found[:, 0] < 0.5]  # the views from outside are above
    assert len(upper) > 200
    column = float(np.median(upper[:, 1]))
    assert (column < 0.5) is (hemi is Hemi.LEFT)
    # Seen from the patient's left the face looks left, from the right it looks right.
    at = column % 0.5
    assert (at < 0.25) is (front is (hemi is Hemi.LEFT))


def test_cortex_without_a_value_is_grey_and_counted() -> None:
    surfaces, values = painted(Hemi.LEFT, front=True)
    right = replace(values.right, values=np.full(len(values.right.values), np.nan))
    figure = plot_map(surfaces, Pair(values.left, right), LOOK)
    texts = " ".join(t.get_text() for t in figure.texts)
    assert "100 % of the left, 0 % of the right" in texts
    assert "SYNTHETIC" in texts


def test_a_map_without_any_value_is_refused() -> None:
    surfaces, values = painted(Hemi.LEFT, front=True)
    empty = values.map(lambda f: replace(f, values=np.full(len(f.values), np.nan)))
    with pytest.raises(InputError, match="p1: coupling: no vertex has a value"):
        plot_map(surfaces, empty, LOOK)
