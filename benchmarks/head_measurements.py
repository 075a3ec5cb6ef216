"""Head measurements: Beam's two forms, 10-10 positions beside other programs', landmarks, tapes.

Heads: fsaverage (MNE's skin), Colin27 and the MNI head (convex hulls of electrode positions),
digitised people, and where the files are, the ecog head and the studyforrest head (both without
a face; the second has no route from a template, so its landmarks are those of a template scaled
to its box and only the two forms are compared on it).

Run: ``python benchmarks/head_measurements.py [--data DIR] [--json FILE]``
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import sys
import time
from pathlib import Path

import numpy as np

REPO = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPO / "tests"))

from head_marks import (  # noqa: E402
    KEYS,
    colin27,
    distances,
    fsaverage,
    hull_scalp,
    marks_on,
    scalp_from,
)

from tmsplan.coil.head import (  # noqa: E402
    Landmarks,
    beam_f3,
    head_tapes,
    landmarks_of,
    nearest_site,
    tape_between,
    tape_instructions,
    ten_ten,
    walk_instructions,
)
from tmsplan.coil.head.find_landmarks import TEMPLATE_LANDMARKS  # noqa: E402
from tmsplan.coil.scalp import Scalp, scalp_of  # noqa: E402
from tmsplan.space import Frame, Hemi, Points, Scanner  # noqa: E402
from tmsplan.surface.geodesic import geodesic_mm  # noqa: E402

Head = tuple[Scalp, Landmarks]


def main() -> None:
    options = _options()
    heads = _heads(options.data)
    result = {
        "beam": [_beam(name, *head) for name, head in heads.items()],
        "positions": _positions(options.data),
        "digitised": _digitised(options.data),
        "landmarks": _template_landmarks(options.data),
        "moved_landmark": _moved_landmark(*heads["colin27"]),
        "instructions": [_walked(name, *head) for name, head in heads.items()],
        "tape_against_geodesic": [
            _geodesic(name, *heads[name]) for name in heads if name in ("fsaverage", "ecog")
        ],
    }
    for title, rows in result.items():
        print(f"\n{title}")
        _print(rows)
    worst = max(max(r["dx_cm"], r["dy_cm"]) for r in result["beam"])
    print(
        f"\nBeam's two forms differ by at most {worst:.3f} cm on {len(heads)} heads (limit 0.05)"
    )
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    shared = REPO.parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=shared, help="folder of real files")
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    return parser.parse_args()


def _heads(data: Path) -> dict[str, Head]:
    heads = {"fsaverage": fsaverage()[:2], "colin27": colin27()[:2]}
    if (data / "neuronav").is_dir():
        heads["mni"] = _mni(data)
    for name in _sessions(data):
        heads[name] = _digitised_head(data, name)[:2]
    if (data / "mne_sample_ecog").is_dir():
        from ecog_head import ecog_patient

        patient = ecog_patient(data / "mne_sample_ecog")
        skin = scalp_of(patient)
        heads["ecog"] = skin, landmarks_of(skin, patient)
    if (data / "studyforrest").is_dir():
        heads["studyforrest"] = _studyforrest(data)
    return heads


def _beam(name: str, scalp: Scalp, marks: Landmarks) -> dict[str, object]:
    start = time.process_time()
    tapes = head_tapes(scalp, marks)
    measured = time.process_time() - start
    start = time.process_time()
    places = ten_ten(scalp, marks, tapes=tapes)
    placed = time.process_time() - start
    forms = [beam_f3(scalp, marks, form=f, tapes=tapes) for f in ("simple", "program")]
    simple, program = (f.numbers for f in forms)
    right = beam_f3(scalp, marks, Hemi.RIGHT, tapes=tapes)
    return {
        "head": name, "triangles": len(scalp.surface.faces),
        "NI_cm": round(tapes.nasion_inion_mm / 10, 1),
        "TT_cm": round(tapes.ear_to_ear_mm / 10, 1),
        "HC_cm": round(tapes.circumference_mm / 10, 1),
        "X_cm": round(program.x_mm / 10, 2), "Y_cm": round(program.y_mm / 10, 2),
        "dx_cm": round(abs(simple.x_mm - program.x_mm) / 10, 4),
        "dy_cm": round(abs(simple.y_mm - program.y_mm) / 10, 4),
        "apart_mm": round(float(forms[0].point.distances(forms[1].point)[0]), 2),
        "near_F3": str(nearest_site(forms[1].point, places)),
        "near_F4": str(nearest_site(right.point, places)),
        "tapes_cpu_s": round(measured, 3), "ten_ten_cpu_s": round(placed, 3),
    }  # fmt: skip


def _caps(data: Path) -> dict[str, dict[str, np.ndarray]]:
    found = {}
    for path in sorted((data / "neuronav" / "caps_mni").glob("*.csv")):
        rows = [r for r in csv.reader(path.read_text().splitlines()) if len(r) > 4]
        found[path.stem] = {r[4].strip(): np.array(r[1:4], dtype=float) for r in rows}
    return found


def _mni(data: Path) -> Head:
    caps = _caps(data)
    every = np.vstack([p for cap in caps.values() for p in cap.values()])
    scalp = hull_scalp("mni", every)
    four = (caps["Fiducials"][k] for k in ("Nz", "Iz", "LPA", "RPA"))
    return scalp, marks_on(scalp, dict(zip(KEYS, four, strict=True)))


def _positions(data: Path) -> list[dict[str, object]]:
    rows = []
    for head, program in ((fsaverage, "MNE 10-05"), (colin27, "Oostenveld 10-05")):
        scalp, marks, theirs = head()
        frame = scalp.surface.frame
        on_skin = {
            n: scalp.contact(Points(p, frame)).points.mm(frame)[0] for n, p in theirs.items()
        }
        ours = ten_ten(scalp, marks)
        name = str(frame.owner)
        rows.append(_row(name, program, distances(scalp, ours, theirs)))
        rows.append(_row(name, f"{program}, on the skin", distances(scalp, ours, on_skin)))
    if (data / "neuronav").is_dir():
        scalp, marks = _mni(data)
        ours, caps = ten_ten(scalp, marks), _caps(data)
        caps = {n: c for n, c in caps.items() if "F3" in c}
        rows += [_row("mni", name, distances(scalp, ours, cap)) for name, cap in caps.items()]
        pairs = itertools.combinations(caps.values(), 2)
        apart = [float(np.linalg.norm(a["F3"] - b["F3"])) for a, b in pairs]
        row = _row("mni", "the caps among themselves at F3", {"F3": max(apart)})
        rows.append(row | {"n": len(caps), "median_mm": round(float(np.median(apart)), 1)})
    return rows


def _row(head: str, beside: str, apart: dict[str, float]) -> dict[str, object]:
    values = list(apart.values())
    return {
        "head": head, "beside": beside, "n": len(values),
        "median_mm": round(float(np.median(values)), 1), "max_mm": round(max(values), 1),
        "worst": max(apart, key=lambda n: apart[n]),
        "F3_mm": round(apart.get("F3", np.nan), 1), "F4_mm": round(apart.get("F4", np.nan), 1),
    }  # fmt: skip


def _sessions(data: Path) -> list[str]:
    folder = data / "ds004024_electrodes"
    return [
        f"{p.parts[-4]} {p.parts[-3]}"
        for p in sorted(folder.glob("sub-*/*/eeg/*coordsystem.json"))
        if list(p.parent.glob("*electrodes.tsv"))
    ]


def _read_session(data: Path, name: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    subject, session = name.split()
    folder = data / "ds004024_electrodes" / subject / session / "eeg"
    lines = next(folder.glob("*electrodes.tsv")).read_text(encoding="utf-8-sig").splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    places = {r[0]: np.array(r[1:4], float) * 1000 for r in rows if r[1] != "n/a"}
    said = json.loads(next(folder.glob("*coordsystem.json")).read_text())
    marked = {k: np.array(v) * 1000 for k, v in said["AnatomicalLandmarkCoordinates"].items()}
    return places, {"nasion": marked["NAS"], "lpa": marked["LPA"], "rpa": marked["RPA"]}


def _digitised_head(data: Path, name: str) -> tuple[Scalp, Landmarks, dict[str, np.ndarray]]:
    """Nasion and ears were digitised; the inion is the electrode Iz."""
    places, four = _read_session(data, name)
    four["inion"] = places["Iz"]
    scalp = hull_scalp(name.replace(" ", "_"), np.vstack([*places.values(), *four.values()]))
    return scalp, marks_on(scalp, four), places


def _digitised(data: Path) -> list[dict[str, object]]:
    rows = []
    for name in _sessions(data):
        scalp, marks, places = _digitised_head(data, name)
        rows.append(_row(name, "tape", distances(scalp, ten_ten(scalp, marks), places)))
    for a, b in itertools.combinations(_sessions(data), 2):
        if a.split()[0] == b.split()[0]:
            one, other = _read_session(data, a)[0], _read_session(data, b)[0]
            apart = {n: float(np.linalg.norm(one[n] - other[n])) for n in one if n in other}
            rows.append(_row(a, f"same person, {b.split()[1]}", apart))
    return rows


def _template_landmarks(data: Path) -> list[dict[str, object]]:
    """Each template's landmarks from the mean of the other two, in MNI152."""
    from tmsplan.space import Mni305, MniNlin6Asym
    from tmsplan.target.template import mni305_from_mni152

    mni, mni305 = Frame(MniNlin6Asym, "template"), Frame(Mni305, "template")
    _, _, average = fsaverage()
    to_mni = mni305_from_mni152().inverse()
    known = {
        "fsaverage": {
            k: (to_mni @ Points(average[n], mni305)).mm(mni)[0]
            for k, n in zip(KEYS, ("NAS", "Iz", "LPA", "RPA"), strict=True)
        },
        "colin27": dict(
            zip(KEYS, (colin27()[2][n] for n in ("Nz", "Iz", "LPA", "RPA")), strict=True)
        ),
    }
    if (data / "neuronav").is_dir():
        four = _caps(data)["Fiducials"]
        known["mni"] = dict(zip(KEYS, (four[n] for n in ("Nz", "Iz", "LPA", "RPA")), strict=True))
    rows = []
    for name, own in known.items():
        others = [k for n, k in known.items() if n != name]
        off = {k: np.linalg.norm(np.mean([o[k] for o in others], axis=0) - own[k]) for k in KEYS}
        rows.append({"template": name} | {f"{k}_mm": round(float(v), 1) for k, v in off.items()})
    rows += [_digitised_landmarks(data, name) for name in _sessions(data)]
    return rows


def _digitised_landmarks(data: Path, name: str) -> dict[str, object]:
    """Compare a person's with the template mean, by an affine map of Colin27's electrodes."""
    scalp, _, places = _digitised_head(data, name)
    frame = scalp.surface.frame
    template = colin27()[2]
    names = [n for n in places if n in template]
    src = np.column_stack([[template[n] for n in names], np.ones(len(names))])
    linear = np.linalg.lstsq(src, np.array([places[n] for n in names]), rcond=None)[0]
    row: dict[str, object] = {"template": name}
    for key, own in _read_session(data, name)[1].items():
        expected = np.array([*TEMPLATE_LANDMARKS[key], 1.0]) @ linear
        place = scalp.contact(Points(expected, frame)).points.mm(frame)[0]
        row[f"{key}_mm"] = round(float(np.linalg.norm(place - own)), 1)
    return {"template": name, "nasion_mm": row["nasion_mm"], "inion_mm": "",
            "lpa_mm": row["lpa_mm"], "rpa_mm": row["rpa_mm"]}  # fmt: skip


def _moved_landmark(scalp: Scalp, marks: Landmarks) -> list[dict[str, object]]:
    """How far Beam F3 moves if one landmark is 10 mm off."""
    frame = scalp.surface.frame
    here = beam_f3(scalp, marks).point
    rows = []
    for name, place in marks.named().items():
        for word, way in (("up", marks.up), ("forward", marks.forward), ("right", marks.to_right)):
            if word == ("forward" if name in ("nasion", "inion") else "right"):
                continue  # into the head
            four = {k: p.mm(frame)[0] for k, p in marks.named().items()}
            four[name] = (place + way * 10.0).mm(frame)[0]
            four[name] = scalp.contact(Points(four[name], frame)).points.mm(frame)[0]
            there = beam_f3(scalp, marks_on(scalp, four)).point
            rows.append({"landmark": name, "10 mm": word,
                         "F3_moves_mm": round(float(there.distances(here)[0]), 1)})  # fmt: skip
    return rows


def _walked(name: str, scalp: Scalp, marks: Landmarks) -> dict[str, object]:
    tapes = head_tapes(scalp, marks)
    places = ten_ten(scalp, marks, tapes=tapes)
    off = []
    for site in ("F3", "F4", "F5", "AF3", "C3", "C4", "P3", "P4", "Fz", "Pz", "CP5", "FC6"):
        told = tape_instructions(places[site], scalp, marks, tapes=tapes)
        arrived = walk_instructions(told, scalp, marks, tapes=tapes)
        off.append(float(arrived.distances(places[site])[0]))
    return {"head": name, "sites": len(off), "median_mm": round(float(np.median(off)), 2),
            "max_mm": round(max(off), 2)}  # fmt: skip


def _geodesic(name: str, scalp: Scalp, marks: Landmarks) -> dict[str, object]:
    """Plane tape beside the exact geodesic, from one vertex to others of the upper head."""
    surface, frame = scalp.surface, scalp.surface.frame
    up = (surface.points - marks.nasion).components(frame) @ marks.up.components(frame)[0]
    upper = np.flatnonzero(up > 20)
    picked = upper[np.linspace(0, len(upper) - 1, 13).astype(int)]
    start, ends = int(picked[0]), picked[1:]
    begin = time.process_time()
    exact = geodesic_mm(surface, start, ends)
    theirs = time.process_time() - begin
    begin = time.process_time()
    tapes = [tape_between(scalp, surface.points.take(start), surface.points.take(k)) for k in ends]
    ours = time.process_time() - begin
    off = np.array([t.length_mm for t in tapes]) - exact
    return {
        "head": name, "tapes": len(off), "longest_mm": round(float(exact.max()), 0),
        "tape_minus_geodesic_median_mm": round(float(np.median(off)), 2),
        "low_mm": round(float(off.min()), 2), "high_mm": round(float(off.max()), 2),
        "tape_cpu_ms": round(1e3 * ours / len(off), 1),
        "geodesic_cpu_ms": round(1e3 * theirs / len(off), 1),
    }  # fmt: skip


def _studyforrest(data: Path) -> Head:
    from tmsplan.coil.scalp_from_t1 import scalp_from_t1
    from tmsplan.patient.image import read_image

    frame = Frame(Scanner, "studyforrest")
    image = read_image(data / "studyforrest" / "T1.nii.gz").volume(frame, "T1w")
    surface = scalp_from_t1(image).surface
    scalp = scalp_from("studyforrest", surface.points.mm(frame), surface.faces)
    xyz = scalp.surface.points.mm(frame)
    # Half width, half length and height of the vault, whatever was cut below.
    vault = xyz[xyz[:, 2] > xyz[:, 2].max() - 110]
    low, high = vault.min(axis=0), vault.max(axis=0)
    template = np.array(list(TEMPLATE_LANDMARKS.values()))
    half = np.array([83.0, 102.0, 100.0])
    own = np.array([(high - low)[0] / 2, (high - low)[1] / 2, 100.0])
    middle = np.array([(high + low)[0] / 2, (high + low)[1] / 2, high[2] - 100.0])
    four = middle + (template - [0.5, -15.0, 0.0]) * own / half
    on_skin = scalp.contact(Points(four, frame)).points.mm(frame)
    return scalp, marks_on(scalp, dict(zip(TEMPLATE_LANDMARKS, on_skin, strict=True)))


def _print(rows: list[dict[str, object]]) -> None:
    if not rows:
        print("no files for it")
        return
    names = list(rows[0])
    width = [max(len(n), *(len(str(r.get(n, ""))) for r in rows)) for n in names]
    for line in (dict(zip(names, names, strict=True)), *rows):
        print("  ".join(str(line.get(n, "")).ljust(w) for n, w in zip(names, width, strict=True)))


if __name__ == "__main__":
    main()
