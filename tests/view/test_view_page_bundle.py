"""The built script is the one that its sources give, and holds nothing it should not."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import tmsplan.view
from tmsplan.view.page import static_text

VIEW = Path(tmsplan.view.__file__).parent
#: What npm says when it is the network that is missing and not a package.
OFFLINE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "ECONNRESET")


def test_script_and_style_cannot_close_their_element() -> None:
    assert "</script" not in static_text("page.js").lower()
    assert "</style" not in static_text("page.css").lower()
    assert "@import" not in static_text("page.css")
    assert "url(" not in static_text("page.css")


def test_versions_are_pinned_and_the_licence_travels() -> None:
    package = json.loads((VIEW / "web/package.json").read_text(encoding="utf-8"))
    lock = json.loads((VIEW / "web/package-lock.json").read_text(encoding="utf-8"))
    wanted = {"esbuild": "0.28.2", "three": "0.187.0"}
    assert package["devDependencies"] == wanted
    assert {n: lock["packages"][f"node_modules/{n}"]["version"] for n in wanted} == wanted
    assert all("integrity" in p for n, p in lock["packages"].items() if n)
    licence = static_text("LICENSE.three")
    assert "MIT License" in licence
    assert "three.js authors" in licence


@pytest.mark.slow
def test_the_committed_bundle_is_what_the_sources_give(tmp_path: Path) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("npm and node are not here, so the page's script cannot be built again")
    web = tmp_path / "web"
    shutil.copytree(VIEW / "web", web, ignore=shutil.ignore_patterns("node_modules"))
    install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(install, cwd=web, capture_output=True, text=True, check=False)
    if done.returncode and any(word in done.stderr for word in OFFLINE):
        pytest.skip("npm cannot reach its registry, so the page's script cannot be built again")
    assert done.returncode == 0, done.stderr
    built = tmp_path / "static"
    built.mkdir()
    subprocess.run([node, "build.mjs", str(built)], cwd=web, check=True)
    for name in ("page.js", "page.css", "LICENSE.three"):
        committed = (VIEW / "static" / name).read_bytes()
        assert (built / name).read_bytes() == committed, f"{name}: run make web and commit it"
