"""What a message id means and what to do; printed by ``tmsplan explain``."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from .errors import InputError

__all__ = ["Explanation", "explain", "message_ids"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One message: its id, what it says in one line, what it means, what to do."""

    id: str
    title: str
    means: str
    do: str


_ALL = (
    Explanation(
        "TP-F01",
        "mid-cortex lies in its own side's cortical ribbon",
        "The share of mid-cortex vertices of each hemisphere that fall into cortical grey matter "
        "of the same side in the patient's segmentation. Surface RAS read as scanner RAS, LPS "
        "read as RAS, mirrored or exchanged hemispheres and another person's surfaces fail it. "
        "It cannot see a T1 that was mirrored before segmentation: everything then agrees.",
        "Check that T1, segmentation and surfaces come from one recon-all run and that none was "
        "moved, flipped or converted on the way.",
    ),
    Explanation(
        "TP-F02",
        "the left hemisphere is left of the right one",
        "In scanner RAS, x grows to the patient's right, so the mean x of the left hemisphere "
        "must be smaller. A flipped axis or exchanged hemisphere files fail it.",
        "Check which file is given as left and which as right, and the T1's orientation.",
    ),
    Explanation(
        "TP-F03",
        "a target lies on the side its label says",
        "The plane between the hemispheres is computed from both surfaces; every target must be "
        "on the side of its hemisphere label.",
        "Do not use the plan. If the inputs are right this is a bug: please report it.",
    ),
    Explanation(
        "TP-F04",
        "the coil is on the scalp, outside it, pointing in, within reach",
        "z of the pose points into the head, the coil centre is outside the scalp by the "
        "standoff, its foot lies on the scalp surface and the target is not too deep.",
        "Look at the scalp surface for holes or inverted triangles; raise the reach only with "
        "a reason.",
    ),
    Explanation(
        "TP-F05",
        "every navigator file was read back and equals the pose",
        "After writing, an independently written reader reads each file; position and axes must "
        "agree with the plan within the printed limits, in the declared frame.",
        "Nothing was exported. This is a bug or a failing disk: please report it.",
    ),
    Explanation(
        "TP-F06",
        "template points land near cortex on the named side",
        "Known template points, taken to the patient by the patient's own route, must lie near "
        "cortex of the named side. A wrong template, direction or transform fails it.",
        "Check which MNI template the transform belongs to and in which direction it maps.",
    ),
    Explanation(
        "TP-F07",
        "a template's cortex fits this patient, and better than wrong ones would",
        "Only for a cortex that was warped from a template (tmsplan prepare); TP-F01 does not run "
        "there. The share of mid-cortex in the patient's own grey matter must reach a floor and "
        "beat the same cortex mirrored, read as LPS, left where the template has it, or shifted "
        "by 4 mm, by a margin. It cannot tell a sulcus from its neighbour.",
        "Look at the pictures of the preparation. Prepare the patient again from the raw T1, or "
        "better with FreeSurfer or fMRIPrep.",
    ),
    Explanation(
        "TP-D01",
        "maps and T1 are of one person",
        "Inside its field of view the map must cover the patient's cortex, and cover it better "
        "than its own mirror image or its neighbours a few millimetres away explain.",
        "Check that the map was made from this patient and registered to this T1.",
    ),
    Explanation(
        "TP-D02",
        "T1 and surfaces are of one person and in one frame",
        "Along the white surface, the T1 must be brighter 1 mm inside than 1 mm outside. It needs "
        "no labels. Another person's surfaces, surface RAS read as scanner RAS, LPS, a mirror or "
        "a shift of 4 mm fail it; a T1 mirrored before segmentation cannot be seen.",
        "Check that the T1 is the one that recon-all was given and that nothing was moved since.",
    ),
)


def message_ids() -> tuple[str, ...]:
    """Return every id that `explain` knows."""
    return tuple(e.id for e in _ALL)


def explain(message_id: str) -> Explanation:
    """Return the explanation of one id, upper or lower case.

    Raises
    ------
    InputError
        If there is none; names the nearest id.
    """
    wanted = message_id.upper()
    for entry in _ALL:
        if entry.id == wanted:
            return entry
    near = difflib.get_close_matches(wanted, message_ids(), n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(message_ids())}."
    raise InputError(f"there is no message called '{message_id}'. {hint}")
