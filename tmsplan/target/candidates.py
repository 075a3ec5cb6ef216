"""Which parcels may become the target: declared before anyone looked at the patient."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import numpy as np

from ..atlas.atlas import Atlas, CandidateSet, Parcel
from ..base.errors import InputError
from ..base.param import Param
from ..space.side import Hemi
from ..surface.domain import require_same_domain
from ..surface.field import Field
from ..surface.pair import Pair

__all__ = ["MASK_SHARE", "candidate_ids", "candidates_in_mask"]

#: A parcel's value is that of its whole: it stands for a mask that holds at least this much of it.
MASK_SHARE = Param(0.5, "share of the parcel's area", 0.05, 1, "docs/decisions/0026")

_USER = "chosen by the user for this plan"
_SIDED = re.compile(r"(left|right|lh|rh)[ _]+(.+)", re.IGNORECASE)


def candidate_ids(atlas: Atlas, which: str | Sequence[int] = "frontoparietal") -> CandidateSet:
    """Return a set of candidates by name, or made of explicit parcels.

    Parameters
    ----------
    atlas : Atlas
    which : str or sequence of int
        A set that the atlas declares; or parcels, separated by commas, each by its id or by
        side and name: ``"1027, 2027"``, ``"left rostralmiddlefrontal, sensorimotor"``. Sets may
        stand among them.

    Returns
    -------
    CandidateSet
        With at least one id; every id is a parcel of the atlas.

    Raises
    ------
    InputError
        If a set, name or id is unknown, a name does not say its side, a parcel is named twice,
        or the list is empty.
    """
    if isinstance(which, str):
        parts = [part.strip() for part in which.split(",")]
        if len(parts) == 1 and parts[0] in atlas.candidates:
            return atlas.candidates[parts[0]]
        ids = tuple(i for part in parts for i in _of_text(atlas, part))
        return _user_set(ids, _source(atlas, parts))
    known = {p.id for p in atlas.parcels}
    for parcel_id in which:
        _require_known(atlas, parcel_id, known)
    return _user_set(tuple(which), _USER)


def candidates_in_mask(atlas: Atlas, mask: Pair[Field]) -> CandidateSet:
    """Return the parcels that lie in a search mask: at least half of their area.

    The point is sought within the mask as well: pass it on in `Limits`.

    Parameters
    ----------
    atlas : Atlas
        On a patient's mesh, with areas.
    mask : Pair of Field
        Above 0 inside.

    Raises
    ------
    InputError
        If no parcel has half of its area in the mask; names those that have most.
    DomainError
        If the mask is on another mesh.
    """
    if atlas.areas is None:
        raise InputError(f"atlas {atlas.name} is on no patient's mesh; a mask needs one.")
    shares: dict[int, float] = {}
    for hemi, labels in atlas.labels.sides():
        inside, area = mask.side(hemi), atlas.areas.side(hemi).values
        require_same_domain(inside.domain, labels.domain, "search within a mask")
        n = int(labels.ids.max(initial=0)) + 1
        whole = np.bincount(labels.ids, area, n)
        within = np.bincount(labels.ids, area * (inside.values > 0), n)
        shares |= {int(k): float(within[k] / whole[k]) for k in np.flatnonzero(whole) if k > 0}
    ids = tuple(sorted(k for k, share in shares.items() if share >= MASK_SHARE.value))
    if ids:
        return CandidateSet("mask", ids, f"{_USER}: parcels with half of their area in a mask")
    most = sorted(shares, key=lambda k: -shares[k])[:3]
    named = ", ".join(f"{_words(atlas.parcel(k))} {100 * shares[k]:.0f} %" for k in most)
    raise InputError(
        f"no parcel of atlas {atlas.name} has {100 * MASK_SHARE.value:.0f} % of its area in the "
        f"search mask (most: {named}), so its value would stand for cortex outside. Pass a "
        f"larger mask or an atlas of smaller parcels."
    )


def _of_text(atlas: Atlas, text: str) -> tuple[int, ...]:
    if text in atlas.candidates:
        return atlas.candidates[text].ids
    if text.isascii() and text.isdigit():
        _require_known(atlas, int(text), {p.id for p in atlas.parcels})
        return (int(text),)
    sided = _SIDED.fullmatch(text)
    if sided is None:
        raise _unknown(atlas, text)
    hemi, name = Hemi.parse(sided[1]), sided[2].strip()
    found = [p.id for p in atlas.parcels if p.hemi is hemi and p.name.lower() == name.lower()]
    if len(found) != 1:
        names = [p.name for p in atlas.parcels if p.hemi is hemi]
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean '{hemi} {near[0]}'?" if near else f"It has {', '.join(names[:5])}, …"
        raise InputError(f"atlas {atlas.name} has no parcel '{hemi} {name}'. {hint}")
    return (found[0],)


def _unknown(atlas: Atlas, text: str) -> InputError:
    if any(p.name.lower() == text.lower() for p in atlas.parcels):
        return InputError(
            f"candidate '{text}' does not say its side; write 'left {text}' or 'right {text}'."
        )
    near = difflib.get_close_matches(text, atlas.candidates, n=1)
    known = ", ".join(sorted(atlas.candidates)) or "none"
    hint = f"Did you mean '{near[0]}'?" if near else f"It declares: {known}."
    return InputError(
        f"atlas {atlas.name} declares no candidates called '{text}'. {hint} Ids, or side and "
        f"name of parcels, may be given too."
    )


def _require_known(atlas: Atlas, parcel_id: int, known: set[int]) -> None:
    if parcel_id not in known:
        raise InputError(
            f"candidate {parcel_id} is no parcel of atlas {atlas.name} "
            f"(ids {min(known)} to {max(known)}); correct the list of candidates."
        )


def _user_set(ids: tuple[int, ...], source: str) -> CandidateSet:
    if not ids or len(set(ids)) != len(ids):
        raise InputError(
            "the list of candidates is empty or names a parcel twice; name each once."
        )
    return CandidateSet("user", ids, source)


def _source(atlas: Atlas, parts: Sequence[str]) -> str:
    """Return where a list comes from: the sets in it keep their citations."""
    cited = [
        f"{part}: {atlas.candidates[part].source}" for part in parts if part in atlas.candidates
    ]
    return "; ".join([_USER, *cited])


def _words(parcel: Parcel) -> str:
    return f"{parcel.hemi} {parcel.name}"
