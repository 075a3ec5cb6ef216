"""XML as navigators write it: elements and attributes, and nothing that a parser could act on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder, indent, tostring
from xml.parsers import expat

from ..base.errors import InputError, refuse_file

__all__ = ["parse_xml", "xml_bytes"]

#: A day of trigger markers is about 5 MB.
_MAX_BYTES = 64 << 20
#: Navigator files are nested five deep.
_MAX_DEPTH = 32
#: The two characters that are no control characters and that XML 1.0 cannot hold (section 2.2).
_NOT_XML = frozenset("\ufffe\uffff")


def parse_xml(path: Path, *, doctype: str | None = None) -> Element:
    """Return the root of one XML file; comments are left out.

    A document type could define entities that grow without bound or name other files, so none is
    accepted but the bare one that a vendor is known to write.

    Parameters
    ----------
    path : Path
    doctype : str, optional
        Root name that may stand in ``<!DOCTYPE name>``, without any definition.

    Raises
    ------
    InputError
        If the file cannot be read, is too large, too deep or no well-formed XML, or defines or
        uses a document type or an entity.
    """
    data = _bytes(path)
    reader = _Reader(path, doctype)
    try:
        reader.parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as err:
        # LookupError: an unknown encoding; ValueError: one that expat cannot map.
        raise refuse_file(
            path,
            f"no well-formed XML ({err})",
            "the XML that a navigator wrote",
            "Export it again",
        ) from err
    return reader.builder.close()


def xml_bytes(root: Element) -> bytes:
    r"""Return a UTF-8 document with four blanks per level and ``\n`` line ends.

    Raises
    ------
    InputError
        If an attribute holds a character that XML cannot.
    """
    for element in root.iter():
        for value in element.attrib.values():
            if not _NOT_XML.isdisjoint(value):
                raise InputError(
                    f"the name {value!r} holds a character that XML has no way to write. Rename "
                    f"the target."
                )
    indent(root, "    ")
    text = '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")
    return (text + "\n").encode()


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise refuse_file(
                path, f"{size} bytes", f"at most {_MAX_BYTES >> 20} MiB", "Pass the right file"
            )
        return path.read_bytes()
    except OSError as err:
        raise refuse_file(
            path, f"cannot be read ({err.__class__.__name__})", "a file", "Check the path"
        ) from err


class _Reader:
    """Feeds one document into a tree, and stops at whatever is not elements and text."""

    def __init__(self, path: Path, doctype: str | None) -> None:
        self._path, self._doctype, self._depth = path, doctype, 0
        self.builder = TreeBuilder()
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self.builder.data
        self.parser.StartDoctypeDeclHandler = self._on_doctype
        self.parser.EntityDeclHandler = self._on_entity
        self.parser.SkippedEntityHandler = self._on_entity

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise refuse_file(
                self._path, f"nested over {_MAX_DEPTH} deep", "a navigator file", "Check the file"
            )
        self.builder.start(tag, dict(attributes))

    def _end(self, tag: str) -> None:
        self._depth -= 1
        self.builder.end(tag)

    def _on_doctype(
        self, name: str, system: str | None, public: str | None, has_subset: object
    ) -> None:
        if name != self._doctype or system or public or has_subset:
            raise self._refuse("it declares a document type")

    def _on_entity(self, name: str, *_: object) -> None:
        raise self._refuse(f"it declares or uses the entity '{name}'")

    def _refuse(self, found: str) -> InputError:
        return refuse_file(
            self._path, found, "plain elements, which is all that a navigator writes",
            "Do not use a file from an unknown source",
        )  # fmt: skip
