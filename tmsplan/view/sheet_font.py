"""The sheet's letters, cut to those it uses and carried inside it.

Browser, typesetter and our own measure of lines then agree, on every machine.
"""

from __future__ import annotations

import base64
import io

from .figures import FONT

__all__ = ["font_rules"]


def font_rules(text: str) -> str:
    """Return the ``@font-face`` rules of the sheet's two weights.

    Parameters
    ----------
    text : str
        Everything that is printed; letters that the font lacks come from the reader's machine.
    """
    return "".join(
        f"@font-face{{font-family:Sheet;font-weight:{weight};"
        f"src:url(data:font/ttf;base64,{_subset(text, weight)})}}"
        for weight in ("normal", "bold")
    )


def _subset(text: str, weight: str) -> str:
    """Return the base64 of a TrueType font with the letters of a text and no others."""
    from fontTools import subset
    from matplotlib.font_manager import FontProperties, findfont

    path = findfont(FontProperties(family=FONT, weight=weight), fallback_to_default=False)
    options = subset.Options()
    options.layout_features = ["kern", "mark", "mkmk", "ccmp"]
    options.hinting = False
    options.drop_tables += ["FFTM"]  # the font editor's time stamps
    cut = subset.Subsetter(options)
    cut.populate(text=text + "…")
    buffer = io.BytesIO()
    with subset.load_font(str(path), options) as font:
        cut.subset(font)
        font.save(buffer)  # the font's own time stamp is kept: equal texts give equal bytes
    return base64.b64encode(buffer.getvalue()).decode()
