"""The pictures that are stored in golden/: how they are drawn, and how they are compared."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import many_targets
import numpy as np

from tmsplan.plan.plan import Plan
from tmsplan.view import VIEWS, draw_picture, plot_scalp_map, plot_targets
from tmsplan.view.bake import BakedScene
from tmsplan.view.figures import save_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOLDER = Path(__file__).resolve().parent / "golden"
SIZE = (280, 240)
#: Boards are stored at this share of their size, averaged over blocks.
SMALLER = 4
#: Pictures are compared after averaging over so many pixels: Mesa versions move an edge, and
#: FreeType a letter, by part of a pixel; neither turns a head or moves a target.
BLOCK = 4
#: Grey levels of 255. Two llvmpipe versions differ by about 0.3 in the mean and 10 at edges; a
#: target 12 mm away or a mirrored picture by far more (tested).
MEAN_LEVELS, EDGE_LEVELS = 1.5, 40.0
NAMES = ("oblique", "cortex", "operator", "coil", "targets", "scalp-z-under", "scalp-reach")


def pixels(figure: Figure) -> np.ndarray:
    """Return (height, width, 3) float64 grey levels of a figure."""
    from matplotlib.image import imread

    stream = io.BytesIO()
    save_png(figure, stream)
    stream.seek(0)
    return 255.0 * imread(stream)[..., :3].astype(np.float64)


def reduced(image: np.ndarray, block: int) -> np.ndarray:
    height, width = (n // block * block for n in image.shape[:2])
    cut = image[:height, :width].reshape(height // block, block, width // block, block, 3)
    return cut.mean(axis=(1, 3))


def drawn(name: str, plan: Plan, baked: BakedScene) -> np.ndarray:
    """Return one of `NAMES` as it is drawn now."""
    many = many_targets.with_others(plan)
    view = next((v for v in VIEWS if v.id == name), None)
    if view is not None:
        return pixels(draw_picture(many, many.targets[0], view, baked, size=SIZE))
    if name == "targets":
        return reduced(pixels(plot_targets(many, baked)), SMALLER)
    shown = many_targets.scalp_fields(plan)[name.removeprefix("scalp-").replace("-", "_")]
    return reduced(pixels(plot_scalp_map(many, shown, baked)), SMALLER)


def stored(name: str) -> np.ndarray:
    from matplotlib.image import imread

    return 255.0 * imread(FOLDER / f"{name}.png")[..., :3].astype(np.float64)


def difference(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Return the mean and the 99.9th percentile of the difference, grey levels."""
    if a.shape != b.shape:
        return np.inf, np.inf
    apart = np.abs(reduced(a, BLOCK) - reduced(b, BLOCK))
    return float(apart.mean()), float(np.percentile(apart, 99.9))


def store_all(plan: Plan, baked: BakedScene) -> Iterator[Path]:
    from matplotlib.image import imsave

    for name in NAMES:
        path = FOLDER / f"{name}.png"
        image = np.round(drawn(name, plan, baked)).astype(np.uint8)
        imsave(path, image, metadata={"Software": None}, pil_kwargs={"optimize": True})
        yield path
