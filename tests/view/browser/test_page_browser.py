"""The page in a real browser: Debian's Chromium on software GL, opened from a file."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import page_plan
import pytest
import scene_plan
from matplotlib.image import imread, imsave

from tmsplan.plan.plan import Plan
from tmsplan.space import Affine, Frame, Grid, Volume, Voxel
from tmsplan.surface import Pair
from tmsplan.view.page import render_page
from tmsplan.view.words import say

pytestmark = pytest.mark.slow

FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
DESK, TABLET = {"width": 1280, "height": 720}, {"width": 820, "height": 1180}
BRIGHT_LEFT, DARK_RIGHT = 220, 60
HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202eRTL \U0001f9e0"
AIR_MM, BELOW_MM = 8, 26  # of web/src/slices.js


def sided_t1() -> Volume:
    """A T1 that is bright on the patient's left and dark on the right."""
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = (-100, -130, -100)
    data = np.full((101, 120, 110), DARK_RIGHT, np.uint8)
    data[:50] = BRIGHT_LEFT
    voxel = Frame(Voxel, "test-t1")
    claimed = Affine.claim(affine, dst=scene_plan.FRAME, src=voxel, because="test")
    return Volume(data, Grid(data.shape, claimed))


def full_plan() -> Plan:
    plan = scene_plan.plan()

    def half(part):
        inwards = part.pial.vertex_normals() * -2.5
        return replace(part, white=part.pial.with_points(part.pial.points + inwards))

    cortex = plan.scene.cortex
    both = Pair(half(cortex.left), half(cortex.right))
    return replace(plan, scene=replace(plan.scene, cortex=both, t1=sided_t1()))


@dataclass
class Opened:
    """A page that was opened, and everything it complained about or asked for."""

    page: Any
    noise: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def ready(self) -> str:
        return self.page.evaluate("document.documentElement.dataset.ready")

    def cursor(self) -> np.ndarray:
        return np.array([float(self.page.inner_text(f"#cursor-{axis}")) for axis in "xyz"])

    def settle(self) -> None:
        """Wait until what was asked for is drawn: in the frame after the next."""
        self.page.evaluate(
            "new Promise(f => requestAnimationFrame(() => requestAnimationFrame(f)))"
        )

    def shot(self, selector: str, tmp_path: Path) -> np.ndarray:
        path = tmp_path / "shot.png"
        self.settle()
        self.page.locator(selector).screenshot(path=path)
        return np.asarray(imread(path)[..., :3]) * 255


Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return full_plan()


@pytest.fixture(scope="module")
def file(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    pictures = {}
    for k, planned in enumerate(plan.targets):
        path = folder / f"{k}.png"
        imsave(path, np.full((60, 70, 3), 90 + 60 * k, np.uint8))
        pictures[planned.target.id] = {"oblique": path}
    out = folder / "report.html"
    out.write_text(render_page(plan, pictures), encoding="utf-8")
    return out


@pytest.fixture(scope="module")
def playwright() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browsers(playwright: Any) -> Iterator[Callable[..., Any]]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium to open the page in; apt-get install chromium")
    made: dict[tuple[str, ...], Any] = {}

    def browser(*more: str) -> Any:
        if more not in made:
            made[more] = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *more])
        return made[more]

    yield browser
    for one in made.values():
        one.close()


@pytest.fixture
def opened(browsers: Callable[..., Any], file: Path) -> Iterator[Open]:
    contexts = []

    def open_page(
        *flags: str, size: dict = DESK, path: Path = file, script: bool = True
    ) -> Opened:
        context = browsers(*flags).new_context(viewport=size, java_script_enabled=script)
        contexts.append(context)
        found = Opened(context.new_page())
        found.page.on("console", lambda m: found.noise.append(m.text))
        found.page.on("pageerror", lambda e: found.noise.append(str(e)))
        found.page.on("dialog", lambda d: (found.noise.append(d.message), d.dismiss()))
        found.page.on("request", lambda r: found.requests.append(r.url))
        found.page.goto(path.as_uri())
        if script:
            found.page.wait_for_selector(
                "html[data-took], html[data-ready=failed]", timeout=90_000
            )
        return found

    yield open_page
    for context in contexts:
        context.close()


def blue(image: np.ndarray) -> int:
    return int(((image[..., 2] > image[..., 0] + 50) & (image[..., 2] > 90)).sum())


def test_it_opens_from_a_file_alone_and_asks_for_nothing(opened: Open, file: Path) -> None:
    found = opened()
    assert found.ready == "gl"
    assert found.noise == []
    asked = [u for u in found.requests if not u.startswith(("data:", "blob:"))]
    assert asked == [file.as_uri()]
    assert int(found.page.evaluate("document.documentElement.dataset.took")) < 6000  # ms


@pytest.mark.parametrize("size", [DESK, TABLET], ids=["desk", "tablet"])
def test_everything_fits_the_window(opened: Open, size: dict) -> None:
    page = opened(size=size).page
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= size["width"]
    for selector in (".light", ".verdict h2", ".card", "#stage"):
        box = page.locator(selector).first.bounding_box()
        assert box["y"] + box["height"] <= size["height"], selector
    if size is DESK:
        box = page.locator(".pose:visible").bounding_box()
        assert box["y"] + box["height"] <= size["height"] + 1


def test_a_click_on_the_target_goes_through_scalp_and_coil_to_it(
    opened: Open, plan: Plan, tmp_path: Path
) -> None:
    found = opened()
    marker = np.array(plan.targets[0].target.point.mm(plan.frame)[0])
    tag = found.page.locator(".tag.chosen").bounding_box()
    x, y = tag["x"] + tag["width"] / 2 - 17, tag["y"] + tag["height"] / 2 + 15
    stage = found.page.locator("#stage").bounding_box()
    image = found.shot("#stage", tmp_path)
    around = image[int(y - stage["y"]) - 3 :, int(x - stage["x"]) - 3 :][:7, :7].mean(axis=(0, 1))
    assert around[0] > 150  # the ball is yellow, and where its letter says
    assert around[2] < 0.5 * around[0]
    found.page.mouse.click(x, y)
    assert np.linalg.norm(found.cursor() - marker) < 5.0
    where = found.page.inner_text("#cursor-where")
    assert where.startswith("rostralmiddlefrontal, LEFT")
    assert "z -3.40" in where


def test_cards_switch_the_target_by_mouse_and_by_keys(opened: Open, plan: Plan) -> None:
    found = opened()
    second = plan.targets[1].target.point.mm(plan.frame)[0]
    found.page.focus('.card[data-target="1"]')
    found.page.keyboard.press("Enter")
    assert np.abs(found.cursor() - second).max() < 0.051
    assert "RIGHT" in found.page.inner_text(".pose:visible")
    assert found.page.get_attribute('.card[data-target="1"]', "aria-pressed") == "true"
    found.settle()
    assert "patient's front, right" in found.page.inner_text("#seen-from")
    found.page.click('.card[data-target="0"]')
    assert "LEFT" in found.page.inner_text(".pose:visible")
    found.settle()
    assert "patient's front, left" in found.page.inner_text("#seen-from")


def test_l_and_r_stand_on_the_patients_sides(opened: Open) -> None:
    found = opened()
    page = found.page

    def middle(letter: str) -> tuple[float, str]:
        element = page.locator(".side-letter", has_text=re.compile(f"^{letter}$"))
        box = element.bounding_box()
        return box["x"] + box["width"] / 2, element.evaluate("e => e.style.visibility")

    for view, left_is_left in (("front", False), ("top", True)):
        page.click(f"[data-view={view}]")
        found.settle()
        (left, shown), (right, _) = middle("L"), middle("R")
        assert shown == "visible"
        assert (left < right) is left_is_left, view
    page.click("[data-view=left]")
    found.settle()
    assert middle("L")[1] == "hidden"
    assert page.inner_text("#seen-from") == "Seen from the patient's left"


def test_the_threshold_hides_what_is_below_it(opened: Open, tmp_path: Path) -> None:
    found = opened()
    found.page.select_option("#choose-coil", "off")
    # The legend and the letters of the targets lie over the view and are blue too.
    hide = "for (const e of document.querySelectorAll('.legend, .tag')) e.style.opacity = 0"
    found.page.evaluate(hide)
    assert blue(found.shot("#stage", tmp_path)) > 300  # the planted region, z -3.4
    found.page.fill("#threshold", "3.9")
    assert blue(found.shot("#stage", tmp_path)) < 100
    assert found.page.inner_text("#threshold-said") == "3.9"


def extent(plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    frame = plan.frame
    scalp = plan.scene.scalp.points.mm(frame)
    brain = np.vstack([p.pial.points.mm(frame) for _, p in plan.scene.cortex.sides()])
    both = np.vstack([scalp, brain])
    low, high = both.min(axis=0) - AIR_MM, both.max(axis=0) + AIR_MM
    low[2] = max(low[2], brain[:, 2].min() - BELOW_MM)
    return low, high


@pytest.mark.parametrize(("convention", "sign"), [("neurological", 1), ("radiological", -1)])
def test_slices_show_and_read_the_right_side(
    opened: Open, plan: Plan, tmp_path: Path, convention: str, sign: int
) -> None:
    found = opened()
    found.page.select_option("#choose-convention", convention)
    assert convention.capitalize() in found.page.inner_text("#convention-said")
    image = found.shot("#slice-axial", tmp_path)
    height, width = image.shape[:2]
    strip = image[int(0.4 * height) : int(0.6 * height)]
    halves = (
        np.median(strip[:, width // 4 : width // 2 - 12]),
        np.median(strip[:, width // 2 + 12 : 3 * width // 4]),
    )
    assert sign * (halves[0] - halves[1]) > 60  # the left is the bright one
    low, high = extent(plan)
    box = found.page.locator("#slice-axial").bounding_box()
    scale = min(box["width"] / (high[0] - low[0]), box["height"] / (high[1] - low[1]))
    wanted = np.array([-30.0, 20.0])
    across = box["width"] / 2 + sign * (wanted[0] - (low[0] + high[0]) / 2) * scale
    down = box["height"] / 2 - (wanted[1] - (low[1] + high[1]) / 2) * scale
    found.page.mouse.click(box["x"] + across, box["y"] + down)
    assert np.abs(found.cursor()[:2] - wanted).max() < 1.2 / scale
    before = found.cursor()
    found.page.keyboard.press("ArrowRight")
    found.page.keyboard.press("ArrowUp")
    found.page.keyboard.press("PageUp")
    assert found.cursor() - before == pytest.approx([sign, 1, 1], abs=0.11)


def test_regions_move_the_crosshair(opened: Open) -> None:
    found = opened()
    found.page.click('[data-region="2027"]')
    assert found.cursor()[0] > 20
    assert found.page.inner_text("#cursor-where").startswith("rostralmiddlefrontal, RIGHT")


def test_coil_and_scalp_can_be_ghost_solid_and_off(opened: Open, tmp_path: Path) -> None:
    found, seen = opened(), {}
    for scalp, coil in (("glass", "ghost"), ("solid", "solid"), ("off", "off")):
        found.page.select_option("#choose-scalp", scalp)
        found.page.select_option("#choose-coil", coil)
        image = found.shot("#stage", tmp_path)
        seen[scalp] = int((np.abs(image - 255).max(axis=2) > 12).sum())
    assert seen["solid"] > seen["off"] * 1.5
    assert seen["glass"] > seen["off"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with everything that can be switched on."""
    out = tmp_path_factory.mktemp("measured") / "report.html"
    plan = page_plan.with_maps(page_plan.full_plan())
    out.write_text(render_page(plan, {}), encoding="utf-8")
    return out


def differ(a: np.ndarray, b: np.ndarray) -> int:
    return int((np.abs(a - b).max(axis=2) > 30).sum())


def test_cloud_sites_and_landmarks_are_switched_on_and_off(
    opened: Open, measured: Path, tmp_path: Path
) -> None:
    found = opened(path=measured)
    page = found.page
    assert (found.ready, found.noise) == ("gl", [])
    page.select_option("#choose-coil", "off")
    page.evaluate("for (const e of document.querySelectorAll('.tag')) e.style.opacity = 0")
    assert page.is_checked("#show-cloud")
    assert say("js-cloud").strip() in page.inner_text("#key-spread")
    with_cloud = found.shot("#stage", tmp_path), found.shot("#slice-axial", tmp_path)
    page.uncheck("#show-cloud")
    without = found.shot("#stage", tmp_path), found.shot("#slice-axial", tmp_path)
    assert say("js-cloud").strip() not in page.inner_text("#key-spread")
    assert differ(with_cloud[0], without[0]) > 5
    assert differ(with_cloud[1], without[1]) > 5
    seen = "[...document.querySelectorAll('.site')].filter(e => e.style.visibility === 'visible')"
    names = f"{seen}.map(e => e.textContent)"
    assert page.evaluate(names) == []
    page.check("#show-sites")
    found.settle()
    assert {"F3", "F5", "Cz"} >= set(page.evaluate(names)) >= {"F3", "F5"}
    page.check("#show-landmarks")
    found.settle()
    assert "nasion ±6 mm" in page.evaluate(names)
    page.click("[data-view=right]")
    found.settle()
    assert "F5" not in page.evaluate(names)  # on the far side now


def test_a_map_paints_the_scalp_and_shows_its_own_legend(
    opened: Open, measured: Path, tmp_path: Path
) -> None:
    found = opened(path=measured)
    page = found.page
    glass = found.shot("#stage", tmp_path)
    page.select_option("#choose-map", "depth")
    assert page.input_value("#choose-scalp") == "solid"
    assert page.is_visible(".map-legend[data-map=depth]")
    assert not page.is_visible(".z-legend")
    page.click("[data-view=left]")
    left = found.shot("#stage", tmp_path)
    page.click("[data-view=right]")
    right = found.shot("#stage", tmp_path)
    # 12 mm on the left is pale, 38 mm on the right dark blue.
    assert blue(right) > 5 * blue(left)
    assert blue(right) > 5000
    page.select_option("#choose-map", "none")
    page.click("[data-view=oblique]")
    assert page.input_value("#choose-scalp") == "glass"
    assert page.is_visible(".z-legend")
    assert differ(glass, found.shot("#stage", tmp_path)) < 200
    page.select_option("#choose-map", "reach")
    page.select_option("#choose-scalp", "off")
    assert page.input_value("#choose-map") == "none"
    assert found.noise == []


@pytest.mark.parametrize("size", [DESK, TABLET], ids=["desk", "tablet"])
def test_the_answers_of_one_minute_need_no_scrolling(
    opened: Open, measured: Path, size: dict
) -> None:
    """Which side, which point, how deep, how sure, how far from F3, what it does not prove."""
    page = opened(path=measured, size=size).page
    strip = page.locator(".pose:visible")
    words = strip.inner_text()
    for text in ("LEFT", "Cortical target", "mm deep", "may move 18 mm", "From Beam F3 (B)"):
        assert text in words, text
    for box in (strip.bounding_box(), page.locator(".first").bounding_box()):
        assert box["y"] + box["height"] <= size["height"] + 1
    assert say("not-proven") in page.inner_text(".first")
    cut = "[...document.querySelectorAll('.card *, .pose:not([hidden]) *')]"
    assert page.evaluate(f"{cut}.filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 && getComputedStyle(e).display !== 'inline').map(e => e.textContent)") == []  # fmt: skip # noqa: E501


def test_without_webgl_pictures_slices_and_tables_stay(opened: Open, tmp_path: Path) -> None:
    found = opened("--disable-3d-apis")
    assert found.ready == "nogl"
    assert found.noise == []
    assert found.page.is_visible("#no-webgl")
    assert found.page.get_attribute("#stage-picture", "alt").startswith("Head and coil: left")
    assert found.page.get_attribute("#stage-picture", "src").startswith("data:image/webp")
    assert found.page.is_disabled("[data-view=left]")
    assert found.shot("#slice-axial", tmp_path).max() > 100
    found.page.click('.card[data-target="1"]')
    assert "right DLPFC" in found.page.get_attribute("#stage-picture", "alt")
    assert found.page.is_visible(".regions table")


def test_without_scripts_all_words_are_there(opened: Open) -> None:
    page = opened(script=False).page
    assert not page.is_visible(".app")
    for selector in ("#h-checks", ".verdict", ".target >> nth=1", "#h-compare", "#h-caveats"):
        assert page.is_visible(selector)


def test_without_a_scene_cards_and_numbers_work(opened: Open, tmp_path: Path) -> None:
    path = tmp_path / "bare.html"
    bare = scene_plan.plan(with_scene=False, stands_out=False)
    path.write_text(render_page(bare, {}), encoding="utf-8")
    found = opened(path=path)
    assert (found.ready, found.noise) == ("flat", [])
    found.page.click('.card[data-target="1"]')
    assert "RIGHT" in found.page.inner_text(".pose:visible")
    assert found.page.is_visible(".verdict.none")


def test_hostile_names_do_nothing(opened: Open, plan: Plan, tmp_path: Path) -> None:
    odd = scene_plan.renamed(plan, HOSTILE)
    rows = (replace(odd.ranking.rows[0], name=HOSTILE), *odd.ranking.rows[1:])
    odd = replace(odd, patient_id=HOSTILE, ranking=replace(odd.ranking, rows=rows, why=HOSTILE))
    path = tmp_path / "odd.html"
    path.write_text(render_page(odd, {}), encoding="utf-8")
    found = opened(path=path)
    assert (found.ready, found.noise) == ("gl", [])
    assert found.page.inner_text(".card.coupling .name") == HOSTILE
    assert HOSTILE in found.page.inner_text("#cursor-where")


@pytest.mark.parametrize("size", [DESK, TABLET], ids=["desk", "tablet"])
def test_axe_finds_nothing(opened: Open, measured: Path, size: dict) -> None:
    from axe_playwright_python.sync_playwright import Axe

    found = opened(path=measured, size=size)
    found.page.select_option("#choose-map", "reach")
    for name in ("sites", "landmarks"):
        found.page.check(f"#show-{name}")
    found.page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    violations = Axe().run(found.page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:160]) for v in violations] == []


def test_it_prints_one_page_per_target(opened: Open, plan: Plan, tmp_path: Path) -> None:
    from pypdf import PdfReader

    path = tmp_path / "page.pdf"
    opened().page.pdf(path=path, format="A4")
    pages = [p.extract_text() for p in PdfReader(path).pages]
    assert say("research-only") in pages[0]
    flat = [text.replace("\n", " ") for text in pages]
    starts = [
        next(k for k, text in enumerate(flat) if f"{t.target.name} " in text) for t in plan.targets
    ]
    assert starts == [1, 2]
    assert any("TP-F06" in text for text in pages[:1])
    assert any(plan.caveats[0][:40] in text.replace("\n", " ") for text in pages)
