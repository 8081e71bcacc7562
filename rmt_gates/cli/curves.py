"""How a spectral curve reads, and how well it agrees with eigenvalues."""

from __future__ import annotations

from typing import Any

import numpy as np

from rmt_gates.cli.output import listing, number, table

LISTED = 5  # outliers, the largest


def curve_data(curve: Any) -> dict[str, Any]:
    """For --json."""
    names = ("radius", "radius_error", "marginal", "x", "y")
    return {name: getattr(curve, name) for name in names}


def curve_listing(curve: Any, N: int | None) -> str:
    """Radius and extent; N is the number of units of the networks beside it."""
    rows = [("spectral radius, N = ∞", number(curve.radius, curve.radius_error))]
    if N is None and curve.marginal:
        N = 1000  # the radius of exactly 1 is not what anyone sees
    if N is not None:
        rows.append((f"spectral radius, N = {N}", number(curve.radius_at(N))))
    ends = f"{curve.x[0]:.6g} to {curve.x[-1]:.6g}"
    rows += [("real extent", ends), ("largest Im λ", f"{np.nanmax(curve.y):.6g}")]
    if curve.marginal:
        rows.append(("marginal", "yes: the radius is exactly 1, by a thin lens along [0, 1]"))
    return listing(rows)


def agreement_listing(agreement: Any, source: str = "theory") -> str:
    """What `rg.compare` found; `source` is what the curve is of."""
    a = agreement
    radius = f"{number(a.radius_simulated, a.radius_spread)} ({source} {a.radius_theory:.6g})"
    outside = f"{a.fraction_outside:.4f} ({source} {a.fraction_expected:.4f})"
    distance = f"{a.distance_mean:.2g} on average, {a.distance_max:.2g} at most"
    return listing(
        [
            ("radius, mean ± spread", radius),
            ("fraction outside the curve", outside),
            ("their distance to it", distance),
            ("edge level (1 on the curve)", number(a.edge_level, a.edge_level_error)),
        ]
    )


def outlier_data(found: Any, eigenvalues: np.ndarray) -> dict[str, Any]:
    """What `rg.outliers` found among them, the largest |λ| first, for --json."""
    order = np.flatnonzero(found.outlier)
    order = order[np.argsort(-np.abs(eigenvalues[order]), kind="stable")]
    lam = eigenvalues[order]
    modulus = np.abs(lam)
    time = np.full(len(lam), np.inf)  # a growing mode never relaxes
    time[modulus < 1] = -1 / np.log(modulus[modulus < 1])
    return {
        "count": found.count,
        "of": len(eigenvalues),
        "level": found.level,
        "lam": lam,
        "distance": found.distance[order],
        "expected": found.expected[order],
        "relaxation_time": time,
    }


def outlier_block(data: dict[str, Any]) -> str:
    """A sentence, and a table of the largest."""
    if not data["count"]:
        return (
            f"outliers: none of {data['of']} eigenvalues is farther out than random weights put it"
        )
    head = (
        f"outliers: {data['count']} of {data['of']} eigenvalues "
        f"(a random network has {data['level']:g} on average)"
    )
    rows: list[tuple[str, ...]] = [("λ", "distance", "expected", "−1/log|λ|")]
    names = ("lam", "distance", "expected", "relaxation_time")
    for lam, distance, expected, time in list(zip(*(data[n] for n in names), strict=True))[:LISTED]:
        text = f"{lam.real:.6g}" if lam.imag == 0 else f"{lam:.6g}"
        grows = "grows" if np.isinf(time) else f"{time:.4g}"
        rows.append((text, f"{distance:.3g}", f"{expected:.1e}", grows))
    return f"{head}\n{table(rows)}"
