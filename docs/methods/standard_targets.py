"""Write docs/methods/standard_targets.md: every standard target, its source, its way.

    python docs/methods/standard_targets.py

A test compares the page with what this script makes, so the two cannot drift apart.
"""

from __future__ import annotations

from pathlib import Path

from tmsplan.target.route import ROUTES
from tmsplan.target.sgacc import CONTESTED
from tmsplan.target.sgacc_settings import SEARCH, SEED, SgaccSettings
from tmsplan.target.standard_targets import StandardTarget, load_standard, standard_names

PAGE = Path(__file__).with_name("standard_targets.md")
HEAD = """\
# Standard targets

What a coupling-guided target is compared with: `tmsplan plan ... --against NAME`, `tmsplan
compare`. One file each in `tmsplan/target/standard/`; `tmsplan list targets` prints them.

**Almost every number here is unverified.** *Verified* means that we read the number or rule in
the source itself; most papers are behind a paywall, and lists of coordinates on the internet
contradict each other. An unverified target says so in its name, on page, sheet and navigator
file. Check the number in the paper before you stimulate there.

Of most points the source says "MNI" and not which template; they are then read as
MNI152NLin6Asym, and the provenance says *assumed* (the MNI152s differ by about 2 mm).

## Two places are called F3

`beam-f3` is the electrode position on **this patient's scalp**. `f3-cortical` is a point of a
**group's cortex** that some papers call F3. On template heads they lie 31 mm apart, mostly front
to back (on the ecog head {F3} mm between the two cortical points). `f3` alone is refused, with
both names.

## Points of a template

| name | what | mm, RAS | side | source | status | conflicts |
|---|---|---|---|---|---|---|
"""
F3_APART = "16"
RULES = """
The mirrored right points and the midline points carry a choice of side that no paper made.
Orbitofrontal sites are not in the library: the one point that lists give, (24, 42, -14), lies
under the eye and too deep for a coil, and the scalp sites for it are from memory.

## Rules on the scalp

| name | what | rule | side | source | status |
|---|---|---|---|---|---|
"""
UNDER = """
A rule ends in a **mark on the scalp**; a plan needs a cortical point. The cortex nearest to the
mark will not do: a coil is held over the scalp nearest to its target, and for the nearest cortex
that was up to 9 mm from the mark (Beam F3, ecog head). Of the mid-cortex vertices at most 5 mm
deeper than the nearest one, the one is taken whose own nearest scalp is closest to the mark:
0.2 to 2.9 mm on that head. The provenance prints depth and distance.

The tape of the 5, 5.5 and 6 cm rules starts at the motor hotspot. If none is given, it starts on
the scalp over `m1-hand-left`, and the provenance says that this is an estimate. Landmarks that
were found and not marked by a person are named with how far each may be off.

## How a template's point reaches a patient

The first of these that the patient has, and the provenance says which:

| route | why it stands there |
|---|---|
"""
MEASURED = """
The order stands in one place, `tmsplan/target/route.py`. On the ecog head, where both exist,
sphere and affine put the {N} targets that are near enough to fsaverage's cortex a median of 5.4
mm apart (0.0 to 10.3): `python benchmarks/standard_targets.py FREESURFER_FOLDER`. There the
affine put the right hand area on the *postcentral* gyrus, the sphere on the precentral one. A
point more than 8 mm from the template's cortex belongs to no fold of it for sure and takes the
affine (`fitzgerald-2009`, 9 mm above the template's pial surface).

## `sgacc-individual`: the patient's own connectivity

* **Seed**: sphere of {SEED_R} mm around {SEED} mm, taken to the patient; or a group map of the
  seed's connectivity as weights (Python: `seed_map`).
* **Search region**: left mid-cortex vertices within {SEARCH_R} mm, measured in the template, of
  {SEARCH} mm.
* **Series**: as for ALFF, unsteady volumes dropped; line, confounds and spikes regressed out;
  then {BAND}, and the global signal regressed out. Without a confounds table none are removed,
  and the target says so.
* **Value**: Pearson's r of each vertex (mean between white and pial) with the seed.
* **Point**: most anticorrelated {FRACTION} of the region by area, largest cluster, centroid
  weighted by area and anticorrelation, snapped to the cluster. Crown or sulcus alike.
* **`spread_mm`**: root mean square distance of the points of both halves of the run from that of
  the whole.
* **Refused**: no run; a run under 5 minutes or moving (as ALFF); seed, or more than a fifth of
  the region, uncovered; nothing anticorrelated.

The steps are those of published code that follows the paper; the paper itself was not read. On a
simulated run with a planted patch the point is found within 3 mm
(`tests/target/test_target_sgacc.py`).

{CONTESTED} A trial of connectivity-guided against standard sites found no difference worth the
name (BRIGhTMIND, 128 against 127 people: -0.31 points, -1.87 to 1.24), and normative connectivity
of the site did not predict the outcome in 66 people (r = 0.10, PMID 40847007). Where it did (r =
-0.16), the site had to be taken from the electric field, and a breathing artefact in some people
made most of it. tmsplan offers this target for comparison and recommends nothing.
"""


def _point_row(t: StandardTarget) -> str:
    x, y, z = t.mni or (0.0, 0.0, 0.0)
    xyz = f"({x:g}, {y:g}, {z:g}) {t.frame}{', assumed' * t.frame_assumed}"
    conflicts = "; ".join(t.conflicts)
    return (
        f"| `{t.name}` | {t.title} | {xyz} | {t.hemi} | {t.source} | {t.status} | {conflicts} |\n"
    )


def _rule_row(t: StandardTarget) -> str:
    status = f"verified: {t.verified_by}" if t.verified_by else t.status
    return f"| `{t.name}` | {t.title} | {t.rule} | {t.hemi} | {t.source} | {status} |\n"


def page() -> str:
    """Return the whole page."""
    points = [load_standard(n) for n in standard_names("cortex")]
    rules = [load_standard(n) for n in standard_names("scalp")]
    s = SgaccSettings()
    end = MEASURED.format(
        N=len(points) - 1,
        SEED_R=f"{s.seed_radius.value:g}",
        SEED=_xyz(SEED),
        SEARCH_R=f"{s.search_radius.value:g}",
        SEARCH=", ".join(_xyz(c) for c in SEARCH),
        BAND=s.band,
        FRACTION=f"{s.fraction.value:.0%}",
        CONTESTED=CONTESTED,
    )
    routes = "".join(f"| {name} | {why} |\n" for name, why in ROUTES)
    return (
        HEAD.format(F3=F3_APART)
        + "".join(map(_point_row, points))
        + RULES
        + "".join(map(_rule_row, rules))
        + UNDER
        + routes
        + end
    )


def _xyz(point: tuple[float, float, float]) -> str:
    return "(" + ", ".join(f"{v:g}" for v in point) + ")"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
