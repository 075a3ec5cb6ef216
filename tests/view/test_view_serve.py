"""The server: one browser of one's own, a fixed list of addresses, and moves that are right."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import socket
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import round_head
import round_plan

from tmsplan.base.errors import InputError, MissingPartError, TripwireError
from tmsplan.base.publish import published_folder
from tmsplan.plan.move_ground import MoveGround, move_ground
from tmsplan.plan.plan import Plan
from tmsplan.plan.store import load_plan, save_plan
from tmsplan.view.page import csp, static_text
from tmsplan.view.serve import LocalServer, Session, require_serve
from tmsplan.view.serve.app import MAX_BODY, make_app
from tmsplan.view.serve.guard import HEADERS
from tmsplan.view.serve.page import served_page

with warnings.catch_warnings():
    # Newer versions ask for another http client; the older one is what our extra installs.
    warnings.filterwarnings("ignore", message="Using `httpx`")
    from starlette.testclient import TestClient

PORT, TOKEN = 50123, "right-token"
BASE = f"http://127.0.0.1:{PORT}"
OWN = {"origin": BASE}
#: A place on the left, 20 mm from the first target, and where the sphere puts the coil.
THERE = [-55.0, -30.0, 35.0]
MOVE = {"target": "coupling-1", "point_mm": THERE, "frame": "scanner"}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return round_plan.plan()


@pytest.fixture(scope="module")
def ground(plan: Plan) -> MoveGround:
    return move_ground(plan)


def writer(folder: Path):
    def write(plan: Plan) -> Path:
        with published_folder(folder) as work:
            save_plan(plan, work)
        return folder

    return write


@pytest.fixture
def session(plan: Plan, ground: MoveGround, tmp_path: Path) -> Session:
    return Session(plan, ground, writer(tmp_path / "new"), "A. Smith")


@pytest.fixture
def stranger(session: Session) -> TestClient:
    """A client that was not handed the token."""
    return TestClient(make_app(session, port=PORT, token=TOKEN), base_url=BASE)


@pytest.fixture
def user(stranger: TestClient) -> TestClient:
    """A client that has opened the link."""
    answer = stranger.get(f"/t/{TOKEN}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    return stranger


def test_without_the_token_nothing_is_said(stranger: TestClient) -> None:
    for path in ("/", "/state.json", "/plan.json", "/etc/passwd"):
        answer = stranger.get(path)
        assert answer.status_code == 403
        assert answer.text == "open the link that was printed in the terminal"
    assert stranger.post("/move", json=MOVE, headers=OWN).status_code == 403


def test_a_wrong_token_opens_nothing(stranger: TestClient) -> None:
    answer = stranger.get("/t/wrong-token", follow_redirects=False)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    stranger.cookies.set("tmsplan", "wrong-token")
    assert stranger.get("/state.json").status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", f"localhost:{PORT}", "127.0.0.1", "127.0.0.1:80"]
)
def test_another_host_name_is_refused(user: TestClient, host: str) -> None:
    answer = user.get("/state.json", headers={"host": host})
    assert (answer.status_code, answer.text) == (400, "wrong host")
    assert user.get(f"/t/{TOKEN}", headers={"host": host}).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {**OWN, "sec-fetch-site": "cross-site"},
        {**OWN, "sec-fetch-site": "same-site"},
    ],
)
def test_another_page_cannot_act(user: TestClient, session: Session, headers) -> None:
    answer = user.post("/move", json=MOVE, headers=headers)
    assert answer.status_code == 403
    assert "asked for by another" in answer.text
    assert session.moves == {}


def test_another_port_of_this_machine_cannot_read(user: TestClient) -> None:
    assert user.get("/state.json", headers={"sec-fetch-site": "same-site"}).status_code == 403
    assert user.get("/state.json", headers={"sec-fetch-site": "none"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2fplan.json", "/plan.json",
     "/scene.npz", "/static/page.js", "//etc/passwd"],
)  # fmt: skip
def test_there_are_no_files(user: TestClient, path: str) -> None:
    assert user.get(path).status_code == 404


def test_other_methods_do_nothing(user: TestClient, session: Session) -> None:
    assert user.get("/move").status_code == 405
    assert user.put("/move", json=MOVE, headers=OWN).status_code == 405
    assert user.delete("/", headers=OWN).status_code == 405
    assert session.moves == {}


def test_a_large_body_is_refused_by_its_bytes(user: TestClient, session: Session) -> None:
    head = {**OWN, "content-type": "application/json"}
    body = json.dumps({**MOVE, "target": "x" * MAX_BODY})
    assert user.post("/move", content=body, headers=head).status_code == 413

    def trickle() -> Iterator[bytes]:  # no length is announced
        for _ in range(100):
            yield b" " * 100

    assert user.post("/move", content=trickle(), headers=head).status_code == 413
    assert session.moves == {}


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("{", 400, "not strict JSON"),
        ('{"target": "a", "target": "b"}', 400, "not strict JSON"),
        ("[]", 400, "expected one JSON object"),
        ("{}", 400, "expected the keys frame, point_mm, target"),
        (json.dumps({**MOVE, "more": 1}), 400, "expected the keys"),
        (json.dumps({**MOVE, "frame": "lps"}), 400, "frame: expected 'scanner'"),
        (json.dumps({**MOVE, "target": 1}), 400, "target: expected its id"),
        (json.dumps({**MOVE, "target": "\ud800"}), 400, "target: expected its id"),
        (f'{{"target": "a", "frame": "scanner", "point_mm": [1{"0" * 400}, 0, 0]}}', 400, "three"),
        (json.dumps({**MOVE, "point_mm": [1, 2]}), 400, "three numbers"),
        (json.dumps({**MOVE, "point_mm": [1, 2, True]}), 400, "three numbers"),
        (json.dumps({**MOVE, "point_mm": [1, 2, 1e9]}), 400, "three numbers"),
        ('{"target": "coupling-1", "point_mm": [1, 2, NaN], "frame": "scanner"}', 400, "strict"),
        (json.dumps({**MOVE, "target": "nobody"}), 422, "the plan has no target 'nobody'"),
        (json.dumps({**MOVE, "point_mm": [-90, 60, 70]}), 422, "mm from the cortex"),
        (json.dumps({**MOVE, "point_mm": [55, 30, 35]}), 422, "lies on the RIGHT"),
    ],
)
def test_a_move_that_is_refused_says_why(user, session, body, status, said) -> None:
    head = {**OWN, "content-type": "application/json"}
    answer = user.post("/move", content=body, headers=head)
    assert answer.status_code == status
    assert said in answer.json()["refused"]
    assert session.plan is session.opened


def test_only_json_is_read(user: TestClient) -> None:
    head = {**OWN, "content-type": "text/plain"}  # what a form of another page could send
    assert user.post("/move", content=json.dumps(MOVE), headers=head).status_code == 415


def test_every_answer_carries_the_headers(user: TestClient) -> None:
    answers = [
        user.get("/"),
        user.get("/state.json"),
        user.get("/nothing"),
        user.post("/move", json=MOVE),
        user.get("/state.json", headers={"host": "evil.example"}),
        user.get(f"/t/{TOKEN}", follow_redirects=False),
    ]
    assert [a.status_code for a in answers] == [200, 200, 404, 403, 400, 303]
    for answer in answers:
        assert {k: answer.headers[k] for k in HEADERS} == dict(HEADERS)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in answer.headers
    policy = answers[0].headers["content-security-policy"]
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_a_move_known_in_closed_form(user: TestClient, plan: Plan, ground: MoveGround) -> None:
    answer = user.post("/move", json=MOVE, headers=OWN)
    assert answer.status_code == 200
    first, second = answer.json()["targets"]
    mid = ground.mid.left.points.mm(plan.frame)
    point = np.array(first["point_mm"])
    assert np.linalg.norm(mid - point, axis=1).min() < 0.001
    out = point / np.linalg.norm(point)
    np.testing.assert_allclose(first["coil_mm"], out * (round_head.SCALP_MM + 4), atol=0.6)
    assert first["depth_mm"] == pytest.approx(90 - np.linalg.norm(point), abs=0.08)
    assert (first["id"], first["z"], first["side"]) == ("coupling-1-moved", 1.0, "left")
    old = plan.targets[0].target.point.mm(plan.frame)[0]
    assert first["moved"]["mm"] == pytest.approx(np.linalg.norm(point - old), abs=0.01)
    np.testing.assert_allclose(first["moved"]["from_mm"], old, atol=0.001)
    assert first["moved"]["z_5mm"] == pytest.approx(1.0)
    assert second["moved"] is None
    assert answer.json()["failed"] == []
    page = user.get("/").text
    x, y, z = point
    assert f"x = {x:.1f}, y = {y:.1f}, z = {z:.1f}" in page
    back = user.post("/back", json={"target": "coupling-1-moved"}, headers=OWN).json()
    np.testing.assert_allclose(back["targets"][0]["point_mm"], old, atol=0.001)


def test_save_writes_a_new_plan_that_says_who(user, plan, tmp_path) -> None:
    assert "no target was moved" in user.post("/save", json={}, headers=OWN).json()["refused"]
    user.post("/move", json=MOVE, headers=OWN)
    answer = user.post("/save", json={}, headers=OWN)
    assert (answer.status_code, answer.json()["saved"]) == (200, ["new"])
    back = load_plan(tmp_path / "new")
    assert back.targets[0].target.id == "coupling-1-moved"
    said = back.ranking.statements[0]
    assert said.id == "moved"
    assert "A. Smith moved left front (left) by" in said.text
    assert re.search(r"from \(-?[\d.]+, .*\) to \(-?[\d.]+, .*\) mm", said.text)
    # A second save never writes over the first.
    again = user.post("/save", json={}, headers=OWN)
    assert again.status_code == 422
    assert "exists already" in again.json()["refused"]
    assert load_plan(tmp_path / "new").created == back.created
    assert plan.targets[0].target.id == "coupling-1"


def test_a_failed_check_is_shown_and_not_saved(user: TestClient, session: Session) -> None:
    deep = {**MOVE, "point_mm": [-4, 0, 0]}
    state = user.post("/move", json=deep, headers=OWN).json()
    assert len(state["failed"]) == 1
    assert state["failed"][0].startswith("TP-F04: left front (moved")
    answer = user.post("/save", json={}, headers=OWN)
    assert answer.status_code == 409
    assert "tripwire(s) failed" in answer.json()["refused"]
    with pytest.raises(TripwireError, match="TP-F04"):
        session.save()
    assert session.saved == []


def test_nobody_saves_without_a_name(plan: Plan, ground: MoveGround, tmp_path: Path) -> None:
    session = Session(plan, ground, writer(tmp_path / "new"))
    session.move("beam-f3", (-50.0, 50.0, 20.0))
    with pytest.raises(InputError, match="nobody signs: start with --operator NAME"):
        session.save()
    assert not (tmp_path / "new").exists()


class Parts(HTMLParser):
    """Scripts, styles and policy of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {"script": [], "style": []}
        self.policy = ""
        self._at: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self._at = tag if tag in self.found and "type" not in known else None
        if known.get("http-equiv") == "Content-Security-Policy":
            self.policy = known["content"] or ""

    def handle_data(self, data: str) -> None:
        if self._at:
            self.found[self._at].append(data)
            self._at = None


def test_the_page_may_run_only_what_its_policy_names(plan: Plan) -> None:
    html, sent = served_page(plan)
    parts = Parts(html)
    assert len(parts.found["script"]) == len(parts.found["style"]) == 2
    for texts in parts.found.values():
        for text in texts:
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in parts.policy
    assert sent == f"{parts.policy}; frame-ancestors 'none'"
    assert "connect-src 'self'" in parts.policy
    assert "connect-src" not in csp(static_text("page.js"), static_text("page.css"))
    assert "default-src 'none'" in parts.policy


def test_the_page_on_disk_knows_no_server(plan: Plan) -> None:
    from tmsplan.view.page import render_page

    page = render_page(plan, {})
    assert 'id="serve"' not in page
    assert "connect-src" not in page
    assert "fetch(" not in static_text("page.js")


def test_a_page_that_changed_is_refused_and_not_half_hooked(plan: Plan, monkeypatch) -> None:
    monkeypatch.setattr("tmsplan.view.serve.page.render_page", lambda *_: "<html></html>")
    with pytest.raises(InputError, match=r"was not written. This is a bug"):
        served_page(plan)


def test_the_missing_part_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "starlette", None)
    with pytest.raises(
        MissingPartError, match=r"needs starlette. Install with: pip install 'tmspl"
    ):
        require_serve()
    assert MissingPartError.exit_code == 5


@pytest.fixture
def running(session: Session) -> Iterator[LocalServer]:
    server = LocalServer(session)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", server.port), 0.1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield server
    server.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_a_real_server_answers_only_here_and_only_the_link(running: LocalServer) -> None:
    link = re.fullmatch(r"http://127\.0\.0\.1:(\d+)(/t/[\w-]{43})", running.link)
    assert link is not None
    assert int(link[1]) == running.port
    with pytest.raises(OSError, match=r"(?i)refused|unreachable|timed out"):
        socket.create_connection((_other_address(), running.port), 2)
    wire = http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)
    wire.request("GET", "/state.json")
    refused = wire.getresponse()
    refused.read()
    assert refused.status == 403
    wire.request("GET", link[2])
    entered = wire.getresponse()
    entered.read()
    cookie = entered.getheader("set-cookie", "").split(";", 1)[0]
    wire.request("GET", "/state.json", headers={"cookie": cookie})
    state = wire.getresponse()
    assert json.loads(state.read())["operator"] == "A. Smith"
    assert state.getheader("cache-control") == "no-store"
    assert state.getheader("server") is None
    wire.putrequest("GET", "/../../etc/passwd", skip_host=True)
    wire.putheader("host", f"127.0.0.1:{running.port}")
    wire.putheader("cookie", cookie)
    wire.endheaders()
    assert wire.getresponse().status == 404
    wire.close()


def _other_address() -> str:
    """Return an address of this machine that is not the loopback one, or a loopback sibling."""
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        probe.connect(("192.0.2.1", 9))  # sends nothing: only a route is looked up
        found = str(probe.getsockname()[0])
    except OSError:
        found = "127.0.0.2"
    finally:
        probe.close()
    return "127.0.0.2" if found == "127.0.0.1" else found


def test_no_other_address_can_be_asked_for(session: Session) -> None:
    server = LocalServer(session)
    assert server._socket.getsockname()[0] == "127.0.0.1"
    with pytest.raises(TypeError, match="host"):
        LocalServer(session, host="0.0.0.0")
    server._socket.close()
