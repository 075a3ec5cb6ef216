"""The README's promises: its example runs on the phantom, its files and verbs exist."""

from __future__ import annotations

import re
from pathlib import Path

import phantom
import pytest
from typer.main import get_command

import tmsplan as tp
from tmsplan.cli.app import app

README = Path(__file__).resolve().parents[1] / "README.md"


def test_the_python_example_runs_on_the_phantom(tmp_path, monkeypatch, capsys) -> None:
    source, controls = phantom.write(phantom.anchored(), tmp_path)
    tp.save_norms(tp.fit_norms(controls, synthetic=True), tmp_path / "my-scanner.norms")
    monkeypatch.chdir(tmp_path)
    assert source == tmp_path / "patient.toml"
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len([line for line in block.splitlines() if line.strip()]) <= 15
    exec(compile(block, "README.md", "exec"), {})
    out, _ = capsys.readouterr()
    assert out.startswith("lh_rostralmiddlefrontal -")
    assert "TP-F01 pass" in out
    assert "navigation/brainsight/" in out
    assert (tmp_path / "out" / "report.html").is_file()


def test_every_verb_of_the_readme_exists() -> None:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)
    shown = "\n".join(text for language, text in blocks if not language)
    verbs = set(re.findall(r"^tmsplan ([a-z-]+)", shown, re.MULTILINE))
    assert verbs >= {"check", "norms", "plan", "export", "explain"}
    assert verbs <= set(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["README.md", "docs/architecture.md", "docs/conventions.md"])
def test_every_link_leads_somewhere(text) -> None:
    root = README.parent
    links = re.findall(r"\]\(([^)#:]+)\)", (root / text).read_text())
    assert [link for link in links if not ((root / text).parent / link).exists()] == []
