"""What ``tmsplan list`` shows: name and one line each."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["listing"]

Row = dict[str, str]


def listing(kind: str) -> list[Row]:
    """Return the entries of one kind as ``{"name", "text"}``."""
    return _LISTS[kind]()


def _atlases() -> list[Row]:
    from ..atlas import atlas_info, atlas_names

    rows = []
    for name in atlas_names():
        info = atlas_info(name)
        rows.append({"name": name, "text": f"{info.title} [{info.status}; {info.licence}]"})
    return rows


def _coupling() -> list[Row]:
    from ..coupling.registry import coupling_methods

    return [{"name": n, "text": f"{m.title} ({m.source})"} for n, m in coupling_methods()]


def _norms() -> list[Row]:
    return [
        {"name": "age linear", "text": "straight line over age; sex, site offset, covariates"},
        {"name": "age spline", "text": "cubic spline over age, knots at the controls' quantiles"},
        {"name": "spread constant", "text": "Gaussian, one spread a feature; t-predictive z"},
        {"name": "spread skewed", "text": "skewness of each feature taken out before z"},
        {"name": "spread varying", "text": "log variance follows age and site"},
        {"name": "spread shash", "text": "sinh-arcsinh; from 200 controls on"},
    ]


def _targets() -> list[Row]:
    from ..target.standard_targets import load_standard, standard_names

    rows = []
    for name in standard_names("any"):
        standard = load_standard(name)
        text = f"{standard.title}: {standard.kind}; {standard.where}; {standard.source}"
        text += f" [{standard.status}]"
        rows.append(
            {
                "name": name,
                "text": text,
                "kind": standard.kind,
                "frame": standard.frame,
                "status": standard.status,
                "source": standard.source,
            }
        )
    return rows


def _exports() -> list[Row]:
    from ..export.registry import navigator_formats

    return [{"name": name, "text": entry.title} for name, entry in navigator_formats()]


def _coils() -> list[Row]:
    from ..coil.coils import coil_called, coil_names

    return [{"name": n, "text": coil_called(n).title} for n in coil_names()]


def _params() -> list[Row]:
    from ..base.params import Params

    return [{"name": n, "text": str(p)} for n, p in Params().as_dict().items()]


_LISTS: dict[str, Callable[[], list[Row]]] = {
    "atlases": _atlases,
    "coupling": _coupling,
    "norms": _norms,
    "targets": _targets,
    "exports": _exports,
    "coils": _coils,
    "params": _params,
}
