"""WeasyPrint, the typesetter of ``sheet.pdf``: an extra with libraries of the system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Typesetter", "find_typesetter"]


@dataclass(frozen=True, slots=True)
class Typesetter:
    """A WeasyPrint that works.

    Parameters
    ----------
    version : str
    pdf : callable
        HTML text to PDF bytes. It reads nothing but the text: no file, no address.
    """

    version: str
    pdf: Callable[[str], bytes]


def find_typesetter() -> Typesetter | str:
    """Return the typesetter; or what is missing and how to get it."""
    try:
        import weasyprint
        from weasyprint.urls import URLFetcher
    except ImportError:
        return (
            "WeasyPrint is not installed, so the PDF has the plain layout. For the typeset one: "
            "pip install 'tmsplan[pdf]'; or print sheet.html from a browser."
        )
    except OSError as err:  # what cffi raises for a library of the system that is not there
        return (
            f"WeasyPrint lacks a library of the system, so the PDF has the plain layout. For the "
            f"typeset one: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; "
            f"or print sheet.html from a browser. ({str(err).splitlines()[0][:120]})"
        )

    def pdf(text: str) -> bytes:
        inside = URLFetcher(allowed_protocols={"data"}, fail_on_errors=True)
        document: Any = weasyprint.HTML(string=text, url_fetcher=inside)
        return bytes(document.write_pdf())

    return Typesetter(str(weasyprint.__version__), pdf)
