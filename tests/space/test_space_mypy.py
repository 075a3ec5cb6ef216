"""mypy refuses each wrong line of `wrong_lines.py`, for its reason, and no other line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

WRONG = Path(__file__).with_name("wrong_lines.py")
REPO = Path(__file__).resolve().parents[2]


def test_mypy_refuses_every_wrong_line_and_nothing_else(tmp_path) -> None:
    expected = {
        (number, match[1])
        for number, line in enumerate(WRONG.read_text().splitlines(), start=1)
        if (match := re.search(r"# wrong: ([a-z-]+)$", line))
    }
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file=",
         "--ignore-missing-imports", f"--cache-dir={tmp_path}", str(WRONG)],
        capture_output=True, text=True, cwd=REPO, check=False,
    )  # fmt: skip
    found = {
        (int(m[1]), m[2])
        for m in re.finditer(r"wrong_lines\.py:(\d+): error: .*\[([a-z-]+)\]", run.stdout)
    }
    assert len(expected) == 12
    assert found == expected, run.stdout
