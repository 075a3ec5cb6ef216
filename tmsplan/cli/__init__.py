"""The command line: thin. Parse, call, print, exit code."""

from .app import main

__all__ = ["main"]
