"""The model card: who the controls are, how they were measured, and whether z can be trusted.

It is made of the model's file alone, which holds all of it; so it travels with the model, and
cannot say anything else than the model is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import special

from .calibration import Summary, by_group, summarise
from .crossval import LeftOut
from .model import NormativeModel

__all__ = [
    "WITHIN",
    "calibration_block",
    "calibration_quantiles",
    "calibration_text",
    "card_text",
    "left_out_one_by_one",
    "model_card",
]

Floats = NDArray[np.float64]

#: Points of the curve that is drawn of the controls' z: enough for a straight line to show.
_QUANTILES = 61
#: Averages over features that a calibrated model keeps (docs/decisions/0020).
WITHIN = {"mean_abs": (0.0, 0.05), "sd": (0.95, 1.05), "inside_95": (0.93, 0.97)}


def model_card(model: NormativeModel) -> dict[str, object]:
    """Return the card as plain data.

    Parameters
    ----------
    model : NormativeModel

    Returns
    -------
    dict
        The ``norms`` block of plan.json, how many controls of each sex and site, the range of
        every further covariate, and ``calibration``: leave-one-out, or None where the model
        holds no single controls.
    """
    left, (sexes, sites) = left_out_one_by_one(model), _compared_with(model)
    age = model.design.terms.age
    return {
        **model.block(),
        "synthetic": model.synthetic,
        "labels": list(model.labels),
        "features": len(model.features),
        "sexes": dict(sorted(Counter(sexes).items())) or list(model.coverage.sexes),
        "controls_per_site": dict(sorted(Counter(sites).items())),
        "covariate_ranges": {k: list(v) for k, v in sorted(model.coverage.others.items())},
        "age_shape": age.shape if age else "none",
        "calibration": None if left is None else calibration_block(left),
    }


def left_out_one_by_one(model: NormativeModel) -> LeftOut | None:
    """Return the controls' z against each other, or None if the model holds none of them."""
    z, (sexes, sites) = model.fitted.loo_z, _compared_with(model)
    if not len(z):
        return None
    how = "leave-one-out" if model.fitted.local is None else "leave-one-out of local controls"
    return LeftOut(how=how, features=model.features, z=z, site=sites, sex=sexes, not_covered=0)


def _compared_with(model: NormativeModel) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return sex and site of each control that people are compared with, where known."""
    local, people = model.fitted.local, model.design.people
    if local is not None:
        return _sexes(local.male), (local.site,) * local.n
    return ((), ()) if people is None else (_sexes(people.male), people.site)


def _sexes(male: Floats) -> tuple[str, ...]:
    return tuple("M" if m else "F" for m in male)


def calibration_block(left: LeftOut) -> dict[str, object]:
    """Return the calibration of left-out people as plain data: all, by site, by sex."""
    everyone = summarise(left.z)
    return {
        "how": left.how,
        "not_covered": left.not_covered,
        "within": all(_within(everyone).values()),
        "all": everyone.as_dict(),
        "by_site": [s.as_dict() for s in by_group(left.z, left.site)] if left.site else [],
        "by_sex": [s.as_dict() for s in by_group(left.z, left.sex)],
    }


def calibration_quantiles(left: LeftOut) -> dict[str, list[float]]:
    """Return quantiles of the controls' z, all features together, beside those expected.

    Returns
    -------
    dict
        ``expected`` of a standard normal and ``observed``, 4 decimals, from low to high.
    """
    share = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    z = left.z[np.isfinite(left.z)]
    return {
        "expected": np.round(special.ndtri(share), 4).tolist(),
        "observed": np.round(np.quantile(z, share), 4).tolist(),
    }


def _within(found: Summary) -> dict[str, bool]:
    return {k: low <= getattr(found, k) <= high for k, (low, high) in WITHIN.items()}


def card_text(card: Mapping[str, object]) -> str:
    """Return the card for a terminal, labels first."""
    labels = card["labels"]
    lines = [f"*** {x} ***" for x in labels] if isinstance(labels, list) else []
    lines += [f"{name}: {_words(card[name])}" for name in card if name not in _APART]
    identity = card["identity"]
    if isinstance(identity, Mapping):
        lines += [f"{k}: {_words(v)}" for k, v in _papers(identity).items()]
    notes = card["notes"]
    lines += [f"! {n}" for n in notes] if isinstance(notes, list) else []
    return "\n".join([*lines, "", *calibration_text(card["calibration"])])


_APART = ("labels", "identity", "notes", "calibration", "curve")


def _papers(identity: Mapping[str, object]) -> dict[str, object]:
    measured = identity.get("measured")
    own = dict(measured) if isinstance(measured, Mapping) else {}
    rest = {k: v for k, v in identity.items() if k != "measured"}
    return {**own, **rest}


def _words(value: object) -> str:
    if value is None or value in ("", [], {}):
        return "not stated"
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {v}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def calibration_text(found: object) -> list[str]:
    """Return the calibration of a card as lines of a table."""
    if not isinstance(found, Mapping):
        return ["calibration: cannot be computed, the model holds no single controls"]
    rows = [found["all"], *found["by_sex"], *found["by_site"]]
    head = (
        f"calibration ({found['how']}), averages over features; "
        f"{'within' if found['within'] else 'OUTSIDE'} |mean| .05, sd .95-1.05, 95 % .93-.97"
    )
    names = ("people", "mean_abs", "mean", "sd", "skew", "kurtosis", "inside_50", "inside_80",
             "inside_95", "low_2_5", "high_2_5", "mace")  # fmt: skip
    lines = [head, "  ".join([f"{'group':<16}", *(f"{n:>9}" for n in names)])]
    for row in rows:
        cells = [f"{_cell(row[n]):>9}" for n in names]
        lines.append("  ".join([f"{row['group']!s:<16}", *cells]))
    if found["not_covered"]:
        lines.append(f"{found['not_covered']} people are not covered by the others' fit")
    return lines


def _cell(value: object) -> str:
    if value is None:
        return "n/a"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
