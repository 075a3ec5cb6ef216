"""PNG files as pictures inside the page."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from ..base.errors import InputError

__all__ = ["embedded"]

#: WebP at this quality is a tenth of the PNG and shows no difference at page size.
_WEBP_QUALITY = 88


def embedded(path: Path) -> str:
    """Return a PNG file as a data URL of WebP.

    Raises
    ------
    InputError
        If the file cannot be read as an image.
    """
    from matplotlib.image import imread, imsave

    try:
        pixels = imread(path)
    except (OSError, ValueError, SyntaxError) as err:  # SyntaxError: Pillow's for a broken PNG
        raise InputError(
            f"{path.name}: cannot be read as a picture. Expected a PNG that tmsplan wrote. "
            f"Write the pictures again."
        ) from err
    buffer = io.BytesIO()
    imsave(buffer, pixels[..., :3].copy(), format="webp", pil_kwargs={"quality": _WEBP_QUALITY})
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
