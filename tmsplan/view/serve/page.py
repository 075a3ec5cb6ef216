"""The page with a panel to move targets: the only form of it that may talk to a server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files

from ...plan.plan import Plan
from ..page import csp, render_page, static_text
from ..share import replaced_once
from .words import SERVE_WORDS

__all__ = ["served_page"]

_PANEL = """
<aside id="serve" aria-labelledby="serve-title">
<h2 id="serve-title">{title}</h2>
<p>{how}</p>
<p><button type="button" id="serve-move"></button> <button type="button" id="serve-back"></button>
<button type="button" id="serve-save">{save}</button></p>
<p id="serve-said" role="status" aria-live="polite"></p>
</aside>
"""


def served_page(plan: Plan) -> tuple[str, str]:
    """Return the page of a plan with the panel, and the policy it is sent with.

    The page is that of `render_page`. Its policy is widened by this panel's script and style,
    named by hash, and by ``connect-src 'self'``; nothing else.

    Parameters
    ----------
    plan : Plan
        With its scene.

    Returns
    -------
    html : str
    policy : str
        Content security policy, for the header.

    Raises
    ------
    InputError
        If the page is not built as this module knows it; a bug of ours.
    """
    script, style = _text("panel.js"), _text("panel.css")
    narrow = csp(static_text("page.js"), static_text("page.css"))
    policy = _widened(narrow, script, style)
    html = render_page(plan, {})
    html = replaced_once(html, _escaped(narrow), _escaped(policy))
    html = replaced_once(html, "</head>", f"<style>{style}</style>\n</head>")
    # Last of all: the panel's script finds every card of the page.
    end = html.rindex("</body>")
    panel = _PANEL.format_map({k: _escaped(v) for k, v in SERVE_WORDS.items()})
    facts = f'<script type="application/json" id="serve-words">{_json(SERVE_WORDS)}</script>'
    html = f"{html[:end]}{panel}{facts}\n<script>{script}</script>\n{html[end:]}"
    return html, f"{policy}; frame-ancestors 'none'"


def _widened(policy: str, script: str, style: str) -> str:
    both = csp(script, style)
    own = dict(part.split(" ", 1) for part in both.split("; "))
    parts = dict(part.split(" ", 1) for part in policy.split("; "))
    for name in ("script-src", "style-src"):
        parts[name] = f"{parts[name]} {own[name]}"
    parts["connect-src"] = "'self'"
    return "; ".join(f"{name} {value}" for name, value in parts.items())


def _escaped(text: str) -> str:
    from markupsafe import escape

    return str(escape(text))


def _json(data: Mapping[str, str]) -> str:
    return json.dumps(data).replace("<", "\\u003c")


def _text(name: str) -> str:
    return files("tmsplan.view.serve").joinpath(name).read_text(encoding="utf-8")
