"""Other tools' normative models, run beside tmsplan and never inside it."""

__all__: list[str] = []
