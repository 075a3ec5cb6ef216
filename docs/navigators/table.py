"""Write docs/navigators/index.md: every format, what is known of it, and from where.

    python docs/navigators/table.py

A test compares the page with what this script makes, so the two cannot drift apart.
"""

from __future__ import annotations

from pathlib import Path

from tmsplan.export import navigator_formats

PAGE = Path(__file__).with_name("index.md")
#: Page of each format, where it is not called like the format.
PAGES = {
    "brainsight-v12": "brainsight",
    "json-plain": "plain",
    "sheet-text": "plain",
    "tsv": "plain",
    "simnibs-mat": "simnibs",
    "slicer-markups": "slicer",
    "slicer-transform": "slicer",
}
HEAD = """\
# Navigators

Every file is written, then read back by a reader that shares no line about the vendor's axes
with the writer, and compared with the plan: 0.01 mm, 0.01°. `tmsplan list exports` shows the
names; `tmsplan export PLAN --to NAME -o DIR` writes; `tmsplan check-pose FILE --t1 T1 --scalp
MESH` ([what it finds](check-pose.md)) looks at anyone's file. Softaxic files are read only
([page](softaxic.md)).

**Nothing here has been opened in a vendor's program by us.** The table says which facts were
confirmed with files that the vendor's own software wrote, and which come only through other
software or documentation. Verify the first import of every navigator on the screen: side, T1,
coil direction.

| format | opens in | where the facts come from | what it cannot say, or nobody has tried |
|---|---|---|---|
"""


def page_of(name: str) -> str:
    """Return the documentation page of a format."""
    if name.startswith("localite"):
        return "localite"
    return PAGES.get(name, name)


def table() -> str:
    """Return the whole page."""
    rows = [
        f"| [`{name}`]({page_of(name)}.md) | {f.title} | {f.evidence} | {f.limits} |\n"
        for name, f in navigator_formats()
    ]
    return HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(table(), encoding="utf-8")
