"""``python -m tmsplan``."""

from .cli.app import main

main()
