"""What each command computes, through the public API, and how it reads."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np

import rmt_gates as rg
from rmt_gates.cli.inside import density, slow_modes
from rmt_gates.cli.output import Result, listing, number, table
from rmt_gates.cli.progress import Progress
from rmt_gates.cli.shared import (
    find_state,
    header,
    not_found,
    point_data,
    prepare,
    state_data,
    state_listing,
)


def fixed_points(options: argparse.Namespace) -> Result:
    """All fixed points, one row each."""
    points = rg.fixed_points(options.model)
    rows: list[tuple[str, ...]] = [("index", "C_h", "rho", "radius", "stable", "residual")]
    found = []
    for i in range(len(points)):
        p = points[i]
        found.append({"index": i, **point_data(p)})
        row = (str(i), *map(number, (p.C_h, p.rho, p.spectral_radius)))
        rows.append((*row, "yes" if p.stable else "no", f"{p.residual:.1e}"))
    failed = [p for p in found if p["status"] != rg.Status.OK.name]
    message = failed[0]["message"] if failed else rg.Status.OK.sentence
    blocks = [repr(options.model), table(rows) if found else "There is no fixed point."]
    blocks += [message] if failed else []
    data = header(options, not failed, message)
    return Result({**data, "fixed_points": found}, blocks, not failed)


def steady_state(options: argparse.Namespace) -> Result:
    """The state, its one-unit averages and its autocorrelation."""
    with Progress(1, options.json) as progress:
        state, _ = find_state(options, np.random.default_rng(options.seed), progress)
    lags = [k for k in (0, *(2**i for i in range(15))) if k < len(state.C_h)]
    kernel = [("lag", "C_h"), *((str(k), number(state.C_h[k], state.C_h_error[k])) for k in lags)]
    blocks = [repr(options.model), state_listing(state), table(kernel), state.message]
    data = {**header(options, state.converged, state.message), "state": state_data(state)}

    def draw(ax: Any) -> Any:
        from rmt_gates import plots

        plots.autocorrelation(state, ax).set_title(repr(options.model), fontsize="small")

    return Result(data, blocks, state.converged, draw)


def spectrum(options: argparse.Namespace) -> Result:
    """The curve and its radius; with --simulate, networks and how well they agree."""
    prepared = prepare(options)
    if not prepared.found:
        return not_found(options, prepared, curve=None)
    networks = prepared.networks
    curve = rg.spectral_curve(prepared.state)
    blocks = [*prepared.blocks, _curve_listing(curve, networks and networks.N)]
    if options.network is not None:
        blocks.append(options.deviation.message)
    data = {**prepared.data, "curve": _curve_data(curve)}
    eigenvalues = None
    if networks is not None:
        eigenvalues = networks.eigenvalues
        agreement = rg.compare(curve, eigenvalues)
        blocks += [networks.table(), _agreement_listing(agreement)]
        data["simulation"] = {**data["simulation"], "agreement": agreement.to_dict()}

    def draw(ax: Any) -> Any:
        from rmt_gates import plots

        plots.spectrum(curve, eigenvalues, ax).set_title(repr(options.model), fontsize="small")

    blocks.append(prepared.message)
    head = header(options, prepared.converged, prepared.message)
    return Result({**head, **data}, blocks, prepared.converged, draw)


COMMANDS: dict[str, Callable[[argparse.Namespace], Result]] = {
    "fixed-points": fixed_points,
    "steady-state": steady_state,
    "spectrum": spectrum,
    "density": density,
    "slow-modes": slow_modes,
}


def _curve_data(curve: Any) -> dict[str, Any]:
    names = ("radius", "radius_error", "marginal", "x", "y")
    return {name: getattr(curve, name) for name in names}


def _curve_listing(curve: Any, N: int | None) -> str:
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


def _agreement_listing(agreement: Any) -> str:
    a = agreement
    radius = f"{number(a.radius_simulated, a.radius_spread)} (theory {a.radius_theory:.6g})"
    outside = f"{a.fraction_outside:.4f} (theory {a.fraction_expected:.4f})"
    distance = f"{a.distance_mean:.2g} on average, {a.distance_max:.2g} at most"
    return listing(
        [
            ("radius, mean ± spread", radius),
            ("fraction outside the curve", outside),
            ("their distance to it", distance),
            ("edge level (1 on the curve)", number(a.edge_level, a.edge_level_error)),
        ]
    )
