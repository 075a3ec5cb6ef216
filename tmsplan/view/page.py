"""The plain page: one HTML file without scripts that can neither fetch nor send anything."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..base.errors import InputError
from ..base.messages import explain, message_ids
from ..plan.plan import Plan
from ..space import Tripwire
from .facts import (
    frame_words,
    number,
    plan_head,
    region_cells,
    short_hash,
    target_facts,
    yes_no,
)
from .pictures import VIEWS
from .quality import calibration_rows, definition_rows, quality_rows
from .words import WORDS, say

__all__ = ["CSP", "render_page"]

#: Nothing may load, run or be sent; images and styles are inside the file.
CSP = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
#: Entries of plan.json's blocks that the page shows in another form, or leaves to the file.
_ELSEWHERE = ("curve", "regions", "definitions", "calibration", "quantiles")
#: Rows shown before the list of all regions has to be opened.
_FIRST_ROWS = 12
#: WebP at this quality is a tenth of the PNG and shows no difference at page size.
_WEBP_QUALITY = 88


def render_page(
    plan: Plan,
    pictures: Mapping[str, Mapping[str, Path]],
    plots: Mapping[str, Path] | None = None,
) -> str:
    """Return the whole page as one HTML text.

    Parameters
    ----------
    plan : Plan
    pictures : mapping of target id to mapping of view id to PNG file
        Empty if nothing could be drawn; the page says so.
    plots : mapping of ``"ranking"``, ``"norm"``, ``"calibration"`` to PNG file, or None
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("tmsplan.view", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("page.html.j2")
    return template.render(
        say=say,
        csp=CSP,
        plan=plan,
        labels=[(label, WORDS.get(f"label:{label}", "")) for label in plan.labels],
        head=_head(plan),
        checks=_checks(plan.tripwires),
        targets=_targets(plan, pictures),
        regions=[region_cells(r) for r in plan.ranking.rows],
        first_rows=_FIRST_ROWS,
        comparisons=_comparisons(plan),
        quality=quality_rows(plan),
        definitions=definition_rows(plan),
        calibration=calibration_rows(plan),
        plots={name: _embedded(path) for name, path in (plots or {}).items()},
        provenance=_provenance(plan),
    )


def _head(plan: Plan) -> dict[str, str]:
    coils = sorted({t.pose.coil for t in plan.targets})
    return {
        "t1": short_hash(plan.t1_sha256),
        "frame": frame_words(plan),
        "coil": ", ".join(coils) or say("missing"),
    }


def _checks(tripwires: Sequence[Tripwire]) -> dict[str, Any]:
    count = {s: sum(t.status == s for t in tripwires) for s in ("pass", "fail", "not-run")}
    total = len(tripwires)
    if count["pass"] == total:
        line = say("checks-all", n=total, total=total)
    else:
        line = say(
            "checks-some",
            failed=count["fail"],
            missing=count["not-run"],
            n=count["pass"],
            total=total,
        )
    rows = [
        {
            "id": t.id,
            "status": t.status,
            "word": say(f"status-{t.status}"),
            "title": explain(t.id).title if t.id in message_ids() else "",
            "value": _check_value(t),
            "why": t.why,
        }
        for t in tripwires
    ]
    return {"line": line, "rows": rows, "failed": count["fail"] > 0 or total == 0}


def _check_value(tripwire: Tripwire) -> str:
    if tripwire.value is None or tripwire.limit is None:
        return ""
    return say("check-value", value=tripwire.value, limit=tripwire.limit)


def _targets(plan: Plan, pictures: Mapping[str, Mapping[str, Path]]) -> list[dict[str, Any]]:
    axes = plan_head(plan)
    return [
        {
            "facts": target_facts(plan, planned, axes),
            "pictures": [
                {"id": v.id, "title": say(v.id), "src": _embedded(found[v.id])}
                for v in VIEWS
                if v.id in (found := pictures.get(planned.target.id, {}))
            ],
        }
        for planned in plan.targets
    ]


def _comparisons(plan: Plan) -> list[dict[str, str]]:
    return [
        {
            "a": c.a,
            "b": c.b,
            "cortex": number(c.euclidean_mm, 1),
            "along": number(c.geodesic_mm, 1),
            "scalp": number(c.scalp_mm, 1),
            "angle": number(c.angle_deg, 0),
            "same": yes_no(c.same_parcel),
            "navigation": yes_no(c.within_navigation_error),
            "z": f"{number(c.z_a, 2, sign=True)} / {number(c.z_b, 2, sign=True)}",
        }
        for c in plan.comparisons
    ]


def _provenance(plan: Plan) -> dict[str, Any]:
    return {
        "inputs": [(i.role, i.name, i.sha256) for i in plan.inputs],
        "claims": [(c.get("dst", ""), c.get("src", ""), _because(c)) for c in plan.claims],
        "params": [
            (name, f"{p.value:g} {p.unit}", p.source, p.overridden)
            for name, p in plan.params.as_dict().items()
        ],
        "method": [*_flat(plan.coupling), *_flat(plan.norms)],
        "versions": sorted(plan.versions.items()),
    }


def _because(claim: Mapping[str, object]) -> str:
    reason = claim.get("because", "")
    return "; ".join(map(str, reason)) if isinstance(reason, list | tuple) else str(reason)


def _flat(block: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return the plain entries of a block; curves are drawn, lists of rows have their tables."""
    return [(k, _plain(v)) for k, v in block.items() if k not in _ELSEWHERE]


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} = {v}" for k, v in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _embedded(path: Path) -> str:
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
