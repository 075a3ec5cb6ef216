"""The person to be compared, and whether a reference covers such people."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..base.errors import AmbiguityError, InputError
from .design import Design
from .reference import require_age

__all__ = ["Person"]


@dataclass(frozen=True, slots=True)
class Person:
    """What must be known of a person to look up the expectation.

    Parameters
    ----------
    age : float or None
        Years.
    sex : str or None
        ``"F"`` or ``"M"``.
    site : str or None
    """

    age: float | None
    sex: str | None
    site: str | None

    def require_covered(
        self, design: Design, sites: Collection[str], *, allow_extrapolation: bool
    ) -> bool:
        """Refuse a person whom the controls cannot stand for.

        Returns
        -------
        bool
            Whether the age is outside the controls' range (only if that is allowed).

        Raises
        ------
        InputError
            If age or sex are missing or impossible, no control has this sex, the site is not
            one of the controls', or the age is outside their range.
        """
        self._require_sex(design)
        self._require_site(sites)
        if self.age is None:
            raise InputError("the person's age is missing; give it in years.")
        require_age(self.age, "the person")
        low, high = float(design.age.min()), float(design.age.max())
        outside = not low <= self.age <= high
        if outside and not allow_extrapolation:
            raise InputError(
                f"the person is {self.age:g} years old, the controls of the norms are {low:g} to "
                f"{high:g}. A deviation outside that age range is an extrapolation; use norms "
                f"that cover the age, or pass --allow-extrapolation: every row is then flagged."
            )
        return outside

    def _require_sex(self, design: Design) -> None:
        if self.sex not in {"F", "M"}:
            raise InputError(
                f"the person's sex is {self.sex!r}. Expected 'F' or 'M', as in the norms' table."
            )
        if self.sex not in design.sexes:
            raise InputError(
                f"the person's sex is {self.sex}, but all {design.n} controls of the norms are "
                f"{design.sexes[0]}; use norms with controls of both sexes."
            )

    def _require_site(self, sites: Collection[str]) -> None:
        if not sites or self.site in sites:
            return
        known = ", ".join(sites)
        if self.site is None:
            raise AmbiguityError(
                f"the norms were measured at {known}, the person's site is not given; pass it "
                f"in patient.toml (site = ...)."
            )
        raise InputError(
            f"site '{self.site}' is unseen: the norms were measured at {known}. Scanners differ "
            f"by more than people do; use norms of the person's own site, or transfer these."
        )
