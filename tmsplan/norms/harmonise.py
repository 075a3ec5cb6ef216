"""Values as an average site would have measured them: location and scale of each site undone.

ComBat subtracts a site's offset and divides by its scale, both drawn towards the other sites'.
Here these are estimates of the model itself: partially pooled offsets, and a log variance that
differs between sites (``spread="varying"``). z takes their uncertainty along, so nothing has
to be harmonised before a fit; this module gives the harmonised values for tables and pictures.
The library that was to do it does not work on one person: docs/decisions/0019.

A person of a known site is adjusted with that site's stored estimates. Of an unseen site
nothing is known, and one patient cannot tell: he is refused.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..base.errors import InputError
from .model import NormativeModel
from .people import People

__all__ = ["harmonised"]

Floats = NDArray[np.float64]


def harmonised(model: NormativeModel, values: Floats, people: People) -> Floats:
    """Return people's values as an average site of the norms would have measured them.

    Parameters
    ----------
    model : NormativeModel
        With an offset for each of several sites; of varying spread, if scales differ too.
    values : (m, f) float64
        In the order of the model's features; NaN stays NaN.
    people : People
        Of sites that the model knows.

    Returns
    -------
    (m, f) float64
        Each person keeps the z that they had at their own site, but for its uncertainty.

    Raises
    ------
    InputError
        If the model knows one site only, or a person's site is not among them.
    """
    fitted, sites = model.fitted, model.design.terms.sites
    if fitted.local is not None or not sites:
        raise InputError(
            f"norms {model.id} have no sites to harmonise: they are of one site, or do not "
            f"correct for it. Fit norms of several sites with 'site' among the covariates."
        )
    unseen = sorted(set(people.site) - set(sites)) if people.site else ["(not given)"]
    if unseen:
        raise InputError(
            f"site '{unseen[0]}' is unseen: the norms know {', '.join(sites)}. Nothing tells what "
            f"that scanner adds; a single person cannot. Transfer the norms with local controls "
            f"('tmsplan norms transfer')."
        )
    rows = fitted.design.rows(people)
    share = np.full_like(rows.site, 1 / len(sites))
    average = replace(rows, site=share, b=np.hstack([rows.fixed, share]) @ fitted.design.into)
    standard = fitted.spread.standardise((values - fitted.expected(rows)) / fitted.sd, rows)
    residual = fitted.spread.restore(standard, average)
    return np.asarray(fitted.expected(average) + fitted.sd * residual)
