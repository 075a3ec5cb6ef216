"""One module per navigator format, each with ``FORMAT``; the folder is the list.

A module here holds the vendor's facts (axes, header, version) and joins a writer to a reader
that was written without it. Modules do not import each other; what two of them share lies one
folder up.
"""

__all__ = ()
