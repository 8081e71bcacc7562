"""What each command computes, through the public API, and how it reads."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np

import rmt_gates as rg
from rmt_gates.cli.checkpoint import OwnCurve
from rmt_gates.cli.curves import agreement_listing, curve_data, curve_listing
from rmt_gates.cli.inside import density, slow_modes
from rmt_gates.cli.output import Result, number, table
from rmt_gates.cli.planes import phase_diagram, scan
from rmt_gates.cli.progress import Progress
from rmt_gates.cli.shared import (
    find_state,
    header,
    heading,
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
    blocks = [*heading(options), table(rows) if found else "There is no fixed point."]
    blocks += [message] if failed else []
    data = header(options, not failed, message)
    return Result({**data, "fixed_points": found}, blocks, not failed)


def steady_state(options: argparse.Namespace) -> Result:
    """The state, its one-unit averages and its autocorrelation."""
    with Progress(1, options.json) as progress:
        state, _ = find_state(options, np.random.default_rng(options.seed), progress)
    lags = [k for k in (0, *(2**i for i in range(15))) if k < len(state.C_h)]
    kernel = [("lag", "C_h"), *((str(k), number(state.C_h[k], state.C_h_error[k])) for k in lags)]
    blocks = [*heading(options), state_listing(state), table(kernel), state.message]
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
    blocks = [*prepared.blocks, curve_listing(curve, networks and networks.N)]
    data = {**prepared.data, "curve": curve_data(curve)}
    eigenvalues = own = None
    if networks is not None:
        eigenvalues = networks.eigenvalues
        agreement = rg.compare(curve, eigenvalues)
        blocks += [networks.table(), agreement_listing(agreement)]
        data["simulation"] = {**data["simulation"], "agreement": agreement.to_dict()}
    if options.given is not None:
        own = OwnCurve.of(networks)
        blocks.append(own.block)
        data["own_units"] = own.to_dict()

    def draw(ax: Any) -> Any:
        from rmt_gates import plots

        plots.spectrum(curve, eigenvalues, ax).set_title(repr(options.model), fontsize="small")
        if own is not None:
            own.draw(ax)

    blocks.append(prepared.message)
    head = header(options, prepared.converged, prepared.message)
    return Result({**head, **data}, blocks, prepared.converged, draw)


COMMANDS: dict[str, Callable[[argparse.Namespace], Result]] = {
    "fixed-points": fixed_points,
    "steady-state": steady_state,
    "spectrum": spectrum,
    "density": density,
    "slow-modes": slow_modes,
    "phase-diagram": phase_diagram,
    "scan": scan,
}
