"""Draw and store the pictures of this folder: ``python tests/view/golden/make.py``."""

from __future__ import annotations

import sys
from pathlib import Path

VIEW = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(VIEW), str(VIEW.parent)]


def main() -> None:
    """Store every picture and say which."""
    import golden_pictures
    import scene_plan

    from tmsplan.view.pictures import ready_scene

    plan = scene_plan.plan()
    for path in golden_pictures.store_all(plan, ready_scene(plan)):
        sys.stdout.write(f"{path.name}: {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
