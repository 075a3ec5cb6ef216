"""What pictures look like, as data: colours, lights, materials, the fixed colour scale.

One place feeds every renderer (VTK now, a web page through JSON), so looks cannot drift apart.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.param import Param

__all__ = [
    "CASING",
    "CONTOUR_HIGH",
    "CONTOUR_LOW",
    "COPPER",
    "CORTEX",
    "GHOST",
    "GLASS",
    "GREEN",
    "LIGHTS",
    "MARKER",
    "MIDLINE",
    "OVERLAY",
    "SKIN",
    "TARGET_RGB",
    "Cortex",
    "Glass",
    "Light",
    "Material",
    "Overlay",
    "cortex_light",
    "cortex_rgb",
    "glass_alpha",
    "look_data",
    "overlay_rgba",
    "skin_rgb",
]

Floats = NDArray[np.float64]
Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Light:
    """A light that moves with the camera: x right, y up, z towards the viewer."""

    position: Rgb
    intensity: float
    colour: str


@dataclass(frozen=True, slots=True)
class Material:
    """Phong coefficients; `colour` is None where vertices carry their own."""

    ambient: float
    diffuse: float
    specular: float
    power: float
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class Cortex:
    """Base colour of the cortex: crowns, sulcal walls, and what shadow is made of."""

    crown: Rgb = (0.985, 0.955, 0.930)
    sulcus: Rgb = (0.300, 0.260, 0.250)
    #: Share of the way from sulcus to crown colour that even the deepest sulcus keeps.
    floor: float = 0.62
    #: Width of the step between them, in standard deviations of sulc.
    width: float = 0.45
    shadow: Rgb = (0.330, 0.250, 0.250)
    #: Occlusion below `dark` is full shadow, above `dark + span` none; `power` bends between.
    dark: float = 0.12
    span: float = 0.75
    power: float = 0.85
    material: Material = Material(0.30, 0.78, 0.10, 22)


@dataclass(frozen=True, slots=True)
class Overlay:
    """The colour scale of z. Limits never follow the patient, so that pages can be compared."""

    colormap: str = "RdBu_r"  # colour-blind safe: blue low, red high
    limit: Param = Param(5.0, "z", 1, 20, "docs/decisions: fixed, so that sheets can be compared")
    threshold: Param = Param(2.0, "z", 0.5, 5, "convention: about 5 % of healthy values beyond")
    #: Opacity rises from the first to the second multiple of the threshold.
    fade: tuple[float, float] = (0.72, 1.22)
    #: Share of its colour that the overlay keeps in shade, or red in a sulcus reads as brown.
    kept_in_shade: float = 0.62


@dataclass(frozen=True, slots=True)
class Glass:
    """A scalp that is a rim, not a fog: opaque where it turns away from the eye."""

    centre: float = 0.05
    rim: float = 0.75
    power: float = 2.6
    rgb: Rgb = (0.86, 0.815, 0.785)  # a mannequin's, no one's skin
    material: Material = Material(0.32, 0.72, 0.16, 16)


CORTEX = Cortex()
OVERLAY = Overlay()
GLASS = Glass()
LIGHTS = (
    Light((-0.55, 0.75, 1.10), 0.80, "#fff8ef"),  # warm key
    Light((1.20, 0.15, 0.35), 0.30, "#e6eeff"),  # cool fill
    Light((-0.20, -1.00, -0.10), 0.10, "#ffffff"),
    Light((0.00, 0.10, 1.00), 0.18, "#ffffff"),
)
#: The target's colour, and no other thing's: tests look for it.
TARGET_RGB: Rgb = (1.0, 0.81, 0.10)
MARKER = Material(0.45, 0.65, 0.45, 40, "#ffcf1a")
GREEN = Material(0.40, 0.65, 0.30, 20, "#0f9d74")
CASING = Material(0.28, 0.75, 0.35, 20, "#3a4552")
COPPER = Material(0.35, 0.70, 0.50, 30, "#d08a4a")
GHOST = Material(0.30, 0.75, 0.50, 22, "#c47a3a")
SKIN = Material(0.30, 0.76, 0.10, 18)
#: Thing to material, for `look_data`.
_MATERIALS = {
    "marker": MARKER,
    "arrow": GREEN,
    "casing": CASING,
    "winding": COPPER,
    "ring": GHOST,
    "skin": SKIN,
}
#: Entries of the colour table that travels.
_TABLE = 256
CONTOUR_LOW = "#0b2a55"
CONTOUR_HIGH = "#5a0b14"
MIDLINE = "#4d5863"


def overlay_rgba(z: Floats, overlay: Overlay = OVERLAY) -> Floats:
    """Return colour and opacity of deviations; NaN is transparent.

    Parameters
    ----------
    z : (n,)
    overlay : Overlay

    Returns
    -------
    (n, 4) float64 in 0 to 1
        Colours beyond the limits are those of the limits.
    """
    import matplotlib as mpl

    known = np.isfinite(z)
    value = np.where(known, z, 0.0)
    limit, threshold = overlay.limit.value, overlay.threshold.value
    rgba = np.array(mpl.colormaps[overlay.colormap](np.clip(value / limit / 2 + 0.5, 0, 1)))
    low, high = (threshold * f for f in overlay.fade)
    rise = np.clip((np.abs(value) - low) / (high - low), 0, 1)
    rgba[:, 3] = rise**2 * (3 - 2 * rise) * known
    return rgba


def cortex_rgb(sulc: Floats, seen: Floats, rgba: Floats, style: Cortex = CORTEX) -> Floats:
    """Return the colour of each cortical vertex.

    Parameters
    ----------
    sulc : (n,)
        Positive in sulci, in standard deviations.
    seen : (n,)
        From `visibility`.
    rgba : (n, 4)
        From `overlay_rgba`.
    style : Cortex

    Returns
    -------
    (n, 3) float64 in 0 to 1
    """
    crown = style.floor + (1 - style.floor) / (1 + np.exp(np.clip(sulc / style.width, -50, 50)))
    base = _mix(np.array(style.sulcus), np.array(style.crown), crown)
    alpha = rgba[:, 3]
    colour = base * (1 - alpha[:, None]) + rgba[:, :3] * alpha[:, None]
    light = cortex_light(seen, style)
    light += (1 - light) * OVERLAY.kept_in_shade * alpha
    return np.clip(colour * _mix(np.array(style.shadow), np.ones(3), light), 0, 1)


def cortex_light(seen: Floats, style: Cortex = CORTEX) -> Floats:
    """Return the share of light, (n,), of vertices that see so much of the sky."""
    return np.asarray(np.clip((seen - style.dark) / style.span, 0, 1) ** style.power)


def skin_rgb(seen: Floats, glass: Glass = GLASS) -> Floats:
    """Return the (n, 3) colours of a solid scalp, darker where it sees less of the sky."""
    light = np.clip((seen - 0.25) / 0.7, 0, 1)
    return np.array(glass.rgb) * _mix(np.array([0.56, 0.50, 0.48]), np.ones(3), light)


def glass_alpha(facing: Floats, glass: Glass = GLASS) -> Floats:
    """Return the opacity of the glass scalp; `facing` is |cos| between normal and view, (n,)."""
    return np.asarray(glass.centre + glass.rim * (1 - np.clip(facing, 0, 1)) ** glass.power)


def look_data() -> dict[str, Any]:
    """Return the whole look as plain JSON data, for renderers that are not Python."""
    import matplotlib as mpl

    table = mpl.colormaps[OVERLAY.colormap](np.linspace(0, 1, _TABLE))[:, :3]
    return {
        "lights": [asdict(light) for light in LIGHTS],
        "cortex": {"shadow": CORTEX.shadow, "material": asdict(CORTEX.material)},
        "overlay": {
            "limit": OVERLAY.limit.value,
            "threshold": OVERLAY.threshold.value,
            "range": [OVERLAY.threshold.low, OVERLAY.limit.value - 1],
            "fade": OVERLAY.fade,
            "keptInShade": OVERLAY.kept_in_shade,
            "table": np.round(table * 255).astype(int).ravel().tolist(),
        },
        "glass": asdict(GLASS),
        "materials": {name: asdict(m) for name, m in _MATERIALS.items()},
        "contours": {"low": CONTOUR_LOW, "high": CONTOUR_HIGH},
        "midline": MIDLINE,
    }


def _mix(low: Floats, high: Floats, share: Floats) -> Floats:
    return np.asarray(low + (high - low) * share[:, None])
