"""The electric field that a coil induces, without a tetrahedral mesh."""

__all__: list[str] = []
