"""Which parcels may become the target: declared before anyone looked at the patient."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from ..atlas.atlas import Atlas, CandidateSet
from ..base.errors import InputError

__all__ = ["candidate_ids"]

_LIST = re.compile(r"\d+(\s*,\s*\d+)*")


def candidate_ids(atlas: Atlas, which: str | Sequence[int] = "frontoparietal") -> CandidateSet:
    """Return a set of candidates by name, or made of explicit ids.

    Parameters
    ----------
    atlas : Atlas
    which : str or sequence of int
        A set that the atlas declares, ids, or ids as text: ``"1027, 2027"``.

    Returns
    -------
    CandidateSet
        With at least one id; every id is a parcel of the atlas.

    Raises
    ------
    InputError
        If the set or an id is unknown, an id is repeated, or the list is empty.
    """
    if isinstance(which, str):
        if not _LIST.fullmatch(which.strip()):
            return _declared(atlas, which)
        which = [int(part) for part in which.split(",")]
    ids = tuple(which)
    known = {p.id for p in atlas.parcels}
    for parcel_id in ids:
        if parcel_id not in known:
            raise InputError(
                f"candidate {parcel_id} is no parcel of atlas {atlas.name} "
                f"(ids {min(known)} to {max(known)}); correct the list of candidates."
            )
    if not ids or len(set(ids)) != len(ids):
        raise InputError(
            "the list of candidates is empty or names a parcel twice; name each once."
        )
    return CandidateSet("user", ids, "chosen by the user for this plan")


def _declared(atlas: Atlas, name: str) -> CandidateSet:
    if name in atlas.candidates:
        return atlas.candidates[name]
    near = difflib.get_close_matches(name, atlas.candidates, n=1)
    known = ", ".join(sorted(atlas.candidates)) or "none"
    hint = f"Did you mean '{near[0]}'?" if near else f"It declares: {known}."
    raise InputError(
        f"atlas {atlas.name} declares no candidates called '{name}'. {hint} Ids may be given too."
    )
