"""Size of the page, CPU time to write it, and how long a browser takes to be ready.

    python benchmarks/page.py [--plan FOLDER] [--json FILE]

FOLDER holds plan.json and scene.npz, for example what ``tmsplan demo --out FOLDER`` wrote; without
it the demo's SYNTHETIC plan is made first, which is not counted. No other tool writes such a page
from a plan, so nothing is compared. Chromium runs on software GL and reads the page's own clock
(``data-took``: from the start of the script until everything is drawn). CPU seconds are of this
process; the browser's are not in them, and on a busy machine its clock is an upper bound.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
SIZE = {"width": 1280, "height": 720}
OPENED = 3


def demo_plan(folder: Path) -> Path:
    """Make the demo's plan and return its folder."""
    import tmsplan as tp
    from tmsplan.plan.demo import write_demo_source
    from tmsplan.plan.store import save_plan

    source = write_demo_source(folder)
    plan = tp.make_plan(tp.load_patient(source.patient), tp.load_norms(source.norms))
    (folder / "plan").mkdir()
    save_plan(plan, folder / "plan")
    return folder / "plan"


def written(plan_folder: Path, page: Path) -> dict[str, float]:
    """Write the page without pictures; return sizes in MB and CPU seconds."""
    from tmsplan.plan.store import load_plan
    from tmsplan.view.bake import bake_scene
    from tmsplan.view.page import render_page, static_text

    plan = load_plan(plan_folder / "plan.json")
    start = time.process_time()
    if plan.scene is not None:
        bake_scene(plan.scene)
    baked = time.process_time()
    page.write_text(render_page(plan, {}), encoding="utf-8")
    return {
        "page_mb": page.stat().st_size / 1e6,
        "script_mb": len(static_text("page.js")) / 1e6,
        "bake_cpu_s": baked - start,
        "write_cpu_s": time.process_time() - baked,
    }


def took(page: Path) -> list[int]:
    """Open the page some times in new browsers' windows; return its own clock, ms."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return []
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for _ in range(OPENED):
            window = browser.new_page(viewport=SIZE)
            window.goto(page.as_uri())
            window.wait_for_selector("html[data-took]", timeout=120_000)
            found.append(int(window.get_attribute("html", "data-took")))
            window.close()
        browser.close()
    return found


def main() -> int:
    """Write the page once, open it some times, print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--plan", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.plan or demo_plan(Path(scratch))
        page = Path(scratch) / "report.html"
        row: dict[str, object] = dict(written(folder, page))
        row["took_ms"] = ready = took(page)
    print(
        f"page {row['page_mb']:.1f} MB without pictures, {row['script_mb']:.2f} MB of it script; "
        f"baking {row['bake_cpu_s']:.1f} s CPU, writing {row['write_cpu_s']:.1f} s CPU"
    )
    if ready:
        low, middle, high = min(ready), statistics.median(ready), max(ready)
        print(f"ready after {middle / 1000:.1f} s ({low / 1000:.1f} to {high / 1000:.1f})")
    else:
        print("no chromium here: nothing was opened")
    if options.json:
        options.json.write_text(json.dumps(row, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
