"""Brainsight's text file: `write` and `read` know the format without knowing each other."""
