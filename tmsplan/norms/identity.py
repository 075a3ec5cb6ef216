"""What the numbers of a model are numbers of, and whether a patient's are the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from ..base.errors import InputError

__all__ = ["Identity", "Measured"]


@dataclass(frozen=True, slots=True)
class Measured:
    """How a patient's features were measured; None where that does not apply.

    Parameters
    ----------
    measure : str
        Coupling method, or what else was measured, for example ``"grey-matter volume"``.
    unit : str
    higher_means : str
        What a higher value means, in words.
    engine : str
        Which ALFF engine.
    atlas : str
        Name of the atlas.
    atlas_sha256 : str
        Of its labels.
    """

    measure: str | None = None
    unit: str | None = None
    higher_means: str | None = None
    engine: str | None = None
    atlas: str | None = None
    atlas_sha256: str | None = None


_WORDS = {
    "measure": "measure",
    "unit": "unit",
    "higher_means": "meaning of a higher value",
    "engine": "ALFF engine",
    "atlas": "atlas",
    "atlas_sha256": "labels of the atlas (sha256)",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """The papers of a model: they travel in its file.

    Parameters
    ----------
    measured : Measured
        Must be the patient's too, as far as both are known.
    pipeline : str
        Software and versions that made the features, in words.
    licence : str
        Of the controls' data.
    source : str
        Where the controls come from, in words.
    icc : float or mapping of feature to float
        Reliability that was measured for these features; empty if unknown.
    """

    measured: Measured = Measured()
    pipeline: str = ""
    licence: str = ""
    source: str = ""
    icc: float | Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        declared = self.icc.items() if isinstance(self.icc, Mapping) else [("all", self.icc)]
        for feature, icc in declared:
            if icc is not None and not 0 < icc <= 1:
                raise InputError(
                    f"the reliability of '{feature}' is {icc:g}. Expected more than 0 and at "
                    f"most 1."
                )

    def icc_of(self, feature: str) -> float | None:
        """Return the reliability that was measured for a feature, or None."""
        return self.icc.get(feature) if isinstance(self.icc, Mapping) else self.icc

    def require(self, patient: Measured, who: str) -> tuple[str, ...]:
        """Refuse a patient whose features are other numbers; return what could not be compared.

        Parameters
        ----------
        patient : Measured
        who : str
            The norms, for the message.

        Returns
        -------
        tuple of str
            A caveat for each side that does not say a property which the other has.

        Raises
        ------
        InputError
            Names the property and what either side has.
        """
        unknown, unsaid = [], []
        for name, word in _WORDS.items():
            own, other = getattr(self.measured, name), getattr(patient, name)
            if name == "atlas" and self.measured.atlas_sha256 and patient.atlas_sha256:
                continue  # the labels decide; a name may differ between releases
            if own is not None and other is not None and own != other:
                raise InputError(
                    f"{who}: the {word} is '{own}', the patient's is '{other}'. A deviation "
                    f"between them means nothing; use norms made as the patient's map was, or "
                    f"make the map as the norms were."
                )
            if own is None and other is not None:
                unknown.append(word)
            if own is not None and other is None and name != "atlas":
                unsaid.append(word)
        return tuple(
            f"{side} do not say their {', '.join(words)}: it could not be compared."
            for side, words in (("The norms", unknown), ("The patient's maps", unsaid))
            if words
        )

    def document(self) -> dict[str, object]:
        """Return the papers for the model's file."""
        icc = dict(self.icc) if isinstance(self.icc, Mapping) else self.icc
        return {
            "measured": asdict(self.measured),
            "pipeline": self.pipeline,
            "licence": self.licence,
            "source": self.source,
            "icc": icc,
        }

    @classmethod
    def read(cls, document: object) -> Identity:
        """Return stored papers.

        Raises
        ------
        InputError
            If a part is missing, unknown or of another type.
        """
        keys = {f.name for f in fields(cls)}
        if not isinstance(document, dict) or set(document) != keys:
            raise InputError("the identity has missing or unknown parts")
        measured, icc = document["measured"], document["icc"]
        if not isinstance(measured, dict) or set(measured) != set(_WORDS):
            raise InputError("what was measured has missing or unknown parts")
        texts = [document[k] for k in ("pipeline", "licence", "source")]
        if not all(isinstance(t, str) for t in texts) or not all(
            t is None or isinstance(t, str) for t in measured.values()
        ):
            raise InputError("a part of the identity is no text")
        numbers = [*icc.values()] if isinstance(icc, dict) else [icc]
        if not all(_is_number(x) for x in numbers if icc is not None):
            raise InputError("a reliability is no number")
        return cls(Measured(**measured), texts[0], texts[1], texts[2], icc)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
