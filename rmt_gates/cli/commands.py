"""What each command computes, through the public API, and how it reads."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np

import rmt_gates as rg
from rmt_gates.cli.output import SCHEMA, BadInput, Result, listing, number, provenance, table
from rmt_gates.cli.progress import Progress

PACKAGES = ("numpy", "scipy")


def fixed_points(options: argparse.Namespace) -> Result:
    """All fixed points, one row each."""
    points = rg.fixed_points(options.model)
    rows: list[tuple[str, ...]] = [("index", "C_h", "rho", "radius", "stable", "residual")]
    found = []
    for i in range(len(points)):
        p = points[i]
        found.append({"index": i, **_point(p)})
        row = (str(i), *map(number, (p.C_h, p.rho, p.spectral_radius)))
        rows.append((*row, "yes" if p.stable else "no", f"{p.residual:.1e}"))
    failed = [p for p in found if p["status"] != rg.Status.OK.name]
    message = failed[0]["message"] if failed else rg.Status.OK.sentence
    blocks = [repr(options.model), table(rows) if found else "There is no fixed point."]
    blocks += [message] if failed else []
    data = _header(options, not failed, message)
    return Result({**data, "fixed_points": found}, blocks, not failed)


def steady_state(options: argparse.Namespace) -> Result:
    """The state, its one-unit averages and its autocorrelation."""
    with Progress(1, options.json) as progress:
        state, _ = _state(options, np.random.default_rng(options.seed), progress)
    lags = [k for k in (0, *(2**i for i in range(15))) if k < len(state.C_h)]
    kernel = [("lag", "C_h"), *((str(k), number(state.C_h[k], state.C_h_error[k])) for k in lags)]
    blocks = [repr(options.model), _state_listing(state), table(kernel), state.message]
    data = _header(options, state.converged, state.message)

    def draw(ax: Any) -> Any:
        from rmt_gates import plots

        plots.autocorrelation(state, ax).set_title(repr(options.model), fontsize="small")

    return Result({**data, "state": _state_data(state)}, blocks, state.converged, draw)


def spectrum(options: argparse.Namespace) -> Result:
    """The curve and its radius; with --simulate, networks and how well they agree."""
    device, count = options.device or "cpu", options.seeds or 4
    N = options.simulate
    if options.network is not None:
        N, count = options.network.N, 1
    elif N is not None:  # an unavailable device is refused before the work
        rg.sample_network(options.model, 1, device=device)
    rng = np.random.default_rng(options.seed)
    eigenvalues = None
    with Progress(1 + (count if N else 0), options.json) as progress:
        state, converged = _state(options, rng, progress)
        if options.fixed_point is not None:
            shown = listing([("fixed point", str(options.fixed_point)), ("C_h", number(state.C_h))])
        else:
            shown = _state_listing(state)
        if not np.all(np.isfinite(state.C_h)):
            data = {"state": _state_data(state), "curve": None, "simulation": None}
            blocks = [repr(options.model), shown, state.message]
            return Result(
                {**_header(options, False, state.message), **data}, blocks, False, _nothing
            )
        curve = rg.spectral_curve(state)
        blocks = [repr(options.model), shown, _curve_listing(curve, N)]
        message = state.message
        if options.network is not None:
            blocks.append(options.deviation.message)
        data = {"state": _state_data(state), "curve": _curve_data(curve), "simulation": None}
        if N is not None:
            from rmt_gates.cli.simulation import simulate

            start = options.start or "large"
            sampled = simulate(state, N, count, start, rng, device, progress, given=options.network)
            eigenvalues = sampled.eigenvalues
            agreement = rg.compare(curve, eigenvalues)
            blocks += [sampled.table(), _agreement_listing(agreement)]
            converged &= sampled.stationary
            message = " ".join(filter(None, (message, sampled.message)))
            data["simulation"] = {**sampled.to_dict(), "agreement": agreement.to_dict()}

    def draw(ax: Any) -> Any:
        from rmt_gates import plots

        plots.spectrum(curve, eigenvalues, ax).set_title(repr(options.model), fontsize="small")

    blocks.append(message)
    return Result({**_header(options, converged, message), **data}, blocks, converged, draw)


COMMANDS: dict[str, Callable[[argparse.Namespace], Result]] = {
    "fixed-points": fixed_points,
    "steady-state": steady_state,
    "spectrum": spectrum,
}


def _state(
    options: argparse.Namespace, rng: np.random.Generator, progress: Progress
) -> tuple[Any, bool]:
    """The state asked for, and whether it converged."""
    model, index = options.model, getattr(options, "fixed_point", None)
    if index is None:
        given = {"start": options.start, "rtol": options.rtol, "max_seconds": options.max_seconds}
        given = {name: value for name, value in given.items() if value is not None}
        with progress.stage("steady state"):
            state = rg.steady_state(model, rng=rng, **given)
        return state, state.converged
    points = rg.fixed_points(model)
    if not -len(points) <= index < len(points):
        raise BadInput(
            f"--fixed-point {index} does not exist: {model!r} has {len(points)} fixed points, "
            f"0 to {len(points) - 1}"
        )
    with progress.stage("fixed point"):
        point = points[index]
    resting = point.stable or (point.C_h == 0 and model.zero_bias)
    if options.simulate is not None and not resting:
        raise BadInput(
            f"--simulate has no networks for --fixed-point {index}: it is unstable, so that no "
            "network settles there; leave --fixed-point out for the steady state"
        )
    return point, point.status == rg.Status.OK


def _nothing(ax: Any) -> None:
    """The figure of a state that was not found."""
    ax.set_axis_off()


def _header(options: argparse.Namespace, converged: bool, message: str) -> dict[str, Any]:
    """What every JSON result begins with."""
    hidden = {"model", "network", "deviation", "json"}
    own = {"command", "architecture", "reset", "seed", *hidden, *options.model.to_dict()}
    own |= {name for name in vars(options) if name[:2] in ("a_", "b_", "v_")}
    asked = {name: value for name, value in vars(options).items() if name not in own}
    packages = (*PACKAGES, "torch") if asked.get("simulate") is not None else PACKAGES
    return {
        "schema": SCHEMA,
        "command": options.command,
        "versions": provenance(packages),
        "model": options.model.to_dict(),
        "options": asked,
        "seed": getattr(options, "seed", None),
        "converged": converged,
        "message": message,
    }


def _point(point: Any) -> dict[str, Any]:
    names = ("C_h", "rho", "spectral_radius", "stable", "residual")
    values = {name: getattr(point, name) for name in names}
    return {**values, "status": point.status.name, "message": point.message}


def _state_data(state: Any) -> dict[str, Any]:
    if not hasattr(state, "C_h_error"):
        return {"kind": state.kind, **_point(state)}
    return {
        "kind": state.kind,
        "C_h": state.C_h,
        "C_h_error": state.C_h_error,
        "C_h_static": state.static,
        "averages": {n: {"value": v, "error": e} for n, (v, e) in state.averages.items()},
        "status": state.status.name,
        "message": state.message,
    }


def _state_listing(state: Any) -> str:
    averages = [(name, number(*entry)) for name, entry in state.averages.items()]
    return listing([("state", state.kind), *averages])


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
