"""Every number that decides something, in one place. Override with ``params.toml``."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path

from .errors import InputError, refuse_file
from .param import Param

__all__ = ["Params", "load_params"]


@dataclass(frozen=True, slots=True)
class Params:
    """All parameters of a plan; each is printed in the report with its source."""

    # Where the coil is held.
    standoff: Param = Param(
        4.0, "mm", 0, 15, "SimNIBS documentation: coil-scalp distance for hair"
    )
    hair: Param = Param(0.0, "mm", 0, 20, "docs/decisions/0024")
    handle_angle: Param = Param(45.0, "deg", -180, 180, "doi:10.1186/s12984-015-0036-2")
    normal_radius: Param = Param(15.0, "mm", 3, 40, "docs/decisions/0009")
    reach: Param = Param(30.0, "mm", 10, 60, "doi:10.1016/j.brs.2012.02.005")
    # Which point in a parcel.
    low_fraction: Param = Param(0.10, "share", 0.01, 1.0, "doi:10.1002/hbm.25330")
    crown_sulc: Param = Param(0.0, "sd of sulc", -3, 3, "docs/decisions/0006")
    spread_warn: Param = Param(5.0, "mm", 1, 20, "docs/decisions/0006")
    spread_claim: Param = Param(10.0, "mm", 2, 40, "docs/decisions/0006")
    navigation_error: Param = Param(6.0, "mm", 1, 20, "Ruohonen and Karhu: 5-6 mm overall")
    # How unusual is unusual.
    min_controls: Param = Param(20.0, "people", 5, 1000, "docs/decisions/0010")
    min_coverage: Param = Param(0.95, "share", 0.0, 1.0, "docs/decisions/0010")
    icc_assumed: Param = Param(0.5, "1", 0.01, 1.0, "assumed, not measured: docs/decisions/0010")
    interval: Param = Param(0.95, "share", 0.5, 0.999, "convention")
    max_null_alpha: Param = Param(0.05, "share", 0.001, 0.5, "docs/decisions/0010")
    p_top_min: Param = Param(0.5, "share", 0.0, 1.0, "docs/decisions/0010")
    bootstraps: Param = Param(1000.0, "draws", 100, 100_000, "docs/decisions/0010")
    # Limits of the tripwires (docs/decisions/0008): a user may tighten them, never loosen.
    ribbon_min: Param = Param(0.80, "share", 0.80, 1.0, "docs/decisions/0008")
    boundary_min: Param = Param(0.75, "share", 0.75, 1.0, "docs/decisions/0008")
    contact_tolerance: Param = Param(1.0, "mm", 0.01, 1.0, "docs/decisions/0008")
    tilt_max: Param = Param(30.0, "deg", 1, 30, "docs/decisions/0008")
    template_max: Param = Param(9.0, "mm", 3, 9, "docs/decisions/0008")
    overlap_min: Param = Param(0.90, "share", 0.90, 1.0, "docs/decisions/0008")
    reread_mm: Param = Param(0.01, "mm", 1e-6, 0.01, "docs/decisions/0008")
    reread_deg: Param = Param(0.01, "deg", 1e-6, 0.01, "docs/decisions/0008")

    def as_dict(self) -> dict[str, Param]:
        """Return ``{name: Param}`` in the order of this page."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def overriding(self, values: dict[str, float]) -> Params:
        """Return these parameters with some values replaced by the user's.

        Raises
        ------
        InputError
            For an unknown name (with the nearest known one) or a value out of range.
        """
        known = self.as_dict()
        for name in values:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f" Did you mean '{near[0]}'?" if near else f" Known: {', '.join(known)}."
                raise InputError(f"unknown parameter '{name}'.{hint}")
        return replace(self, **{k: known[k].override(v) for k, v in values.items()})


def load_params(path: Path) -> Params:
    """Read ``params.toml``: one ``name = number`` a line.

    Raises
    ------
    InputError
        If the file is not TOML, or a name or value is refused.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        raise refuse_file(path, f"cannot be read ({err})", "TOML", "Correct it") from err
    for name, value in raw.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise refuse_file(
                path, f"'{name}' is {value!r}", "a number", "Write for example standoff = 4.0"
            )
    return Params().overriding({k: float(v) for k, v in raw.items()})
