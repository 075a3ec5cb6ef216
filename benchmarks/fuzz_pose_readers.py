"""Damage navigator files for some minutes: the checker must not crash or hang.

    python benchmarks/fuzz_pose_readers.py --minutes 10

Prints counts, the slowest file and every crash with what reproduces it; exit code 1 if any.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"


def main() -> int:
    """Fuzz, print, and return 1 if anything but a refusal came out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    sys.path[:0] = [str(TESTS), str(TESTS / "export")]
    from export_check_fuzz import fuzz_for

    found = fuzz_for(60 * arguments.minutes, seed=arguments.seed)
    print(
        f"{found.reports + found.refused + len(found.crashes)} damaged files: {found.reports} "
        f"reports, {found.refused} refused, {len(found.crashes)} crashes, slowest "
        f"{found.slowest_s:.2f} s"
    )
    for name, k, message in found.crashes[:20]:
        print(f"  {name}, seed [{arguments.seed}, {k}]: {message}")
    if arguments.json:
        counts = {"reports": found.reports, "refused": found.refused, "slowest_s": found.slowest_s}
        arguments.json.write_text(json.dumps({**counts, "crashes": len(found.crashes)}))
    return int(bool(found.crashes))


if __name__ == "__main__":
    sys.exit(main())
