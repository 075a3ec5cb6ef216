"""A stand-in for SimNIBS, for tests of the exchange alone: a conducting sphere, no head model.

It has the few names that the job's script uses, and reads coil and poses as SimNIBS documents
them: a .ccd file of magnetic dipoles in metres, matsimnibs in mm. The field is Sarvas' closed
form by reciprocity. It holds nothing of SimNIBS.
"""

__version__ = "stand-in: tmsplan's closed form in SimNIBS' layout, not SimNIBS"


def run_simnibs(session):
    """Write one file a position, and return their names in order."""
    import json
    from pathlib import Path

    folder = Path(session.pathfem)
    folder.mkdir()
    out = []
    for tms in session.lists:
        for i, place in enumerate(tms.positions, start=1):
            path = folder / f"head_TMS_1-{i:04d}_scalar.msh"
            path.write_text(json.dumps({
                "coil": tms.fnamecoil, "matsimnibs": place.matsimnibs, "didt": place.didt,
            }))  # fmt: skip
            out.append(str(path))
    return out
