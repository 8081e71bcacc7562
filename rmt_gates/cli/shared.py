"""What several commands need: the state that is asked for, sampled networks, how both read."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np

import rmt_gates as rg
from rmt_gates.cli.checkpoint import state_caveat
from rmt_gates.cli.output import SCHEMA, BadInput, Result, listing, number, provenance
from rmt_gates.cli.progress import Progress

PACKAGES = ("numpy", "scipy")


@dataclass(frozen=True)
class Prepared:
    """The state a command is about, and the networks set beside it (None without them).

    ``blocks`` and ``data`` : what every such command prints first. ``message`` : caveats.
    """

    state: Any
    converged: bool
    blocks: list[str]
    data: dict[str, Any]
    message: str
    networks: Any = None

    @property
    def found(self) -> bool:
        """Whether there is a state at all."""
        return bool(np.all(np.isfinite(self.state.C_h)))


def prepare(options: argparse.Namespace) -> Prepared:
    """The state, and with --simulate or a checkpoint the networks in it."""
    device, count = options.device or "cpu", options.seeds or 4
    N, network = options.simulate, None
    if options.given is not None:
        network, count = options.given.fit.network, 1
        N = network.N
    elif N is not None:  # an unavailable device is refused before the work
        rg.sample_network(options.model, 1, device=device)
    rng = np.random.default_rng(options.seed)
    networks = None
    with Progress(1 + (count if N else 0), options.json) as progress:
        state, converged = find_state(options, rng, progress)
        if options.fixed_point is not None:
            shown = listing([("fixed point", str(options.fixed_point)), ("C_h", number(state.C_h))])
        else:
            shown = state_listing(state)
        blocks = [*heading(options), shown]
        data = {"state": state_data(state), "simulation": None}
        message = state.message
        if N is not None and np.all(np.isfinite(state.C_h)):
            from rmt_gates.cli.simulation import simulate

            start = options.start or "large"
            networks = simulate(state, N, count, start, rng, device, progress, given=network)
            converged &= networks.stationary
            caveat = "" if network is None else state_caveat(state, networks)
            message = " ".join(filter(None, (message, networks.message, caveat)))
            data["simulation"] = networks.to_dict()
    return Prepared(state, converged, blocks, data, message, networks)


def not_found(options: argparse.Namespace, prepared: Prepared, **data: Any) -> Result:
    """What a command says of a state that was not found."""
    head = header(options, False, prepared.message)
    blocks = [*prepared.blocks, prepared.message]
    return Result({**head, **prepared.data, **data}, blocks, False, lambda ax: ax.set_axis_off())


def find_state(
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
    given = options.given
    if (options.simulate is not None or given is not None) and not resting:
        none = "--simulate has no networks" if given is None else "--checkpoint has no network"
        raise BadInput(
            f"{none} for --fixed-point {index}: it is unstable, so that no "
            "network settles there; leave --fixed-point out for the steady state"
        )
    return point, point.status == rg.Status.OK


def heading(options: argparse.Namespace) -> list[str]:
    """What every text begins with: the model, and where it comes from a checkpoint, how well."""
    return [repr(options.model), *([] if options.given is None else [options.given.message])]


def header(options: argparse.Namespace, converged: bool, message: str) -> dict[str, Any]:
    """What every JSON result begins with."""
    hidden = {"model", "given", "json"}
    own = {"command", "architecture", "reset", "seed", *hidden, *options.model.to_dict()}
    own |= {name for name in vars(options) if name[:2] in ("a_", "b_", "v_")}
    asked = {name: value for name, value in vars(options).items() if name not in own}
    sampled = asked.get("simulate") is not None or options.given is not None
    given = {} if options.given is None else options.given.to_dict()
    return {
        "schema": SCHEMA,
        "command": options.command,
        "versions": provenance((*PACKAGES, "torch") if sampled else PACKAGES),
        "model": options.model.to_dict(),
        "options": asked,
        "seed": getattr(options, "seed", None),
        "converged": converged,
        "message": message,
        **given,
    }


def point_data(point: Any) -> dict[str, Any]:
    names = ("C_h", "rho", "spectral_radius", "stable", "residual")
    values = {name: getattr(point, name) for name in names}
    return {**values, "status": point.status.name, "message": point.message}


def state_data(state: Any) -> dict[str, Any]:
    if not hasattr(state, "C_h_error"):
        return {"kind": state.kind, **point_data(state)}
    return {
        "kind": state.kind,
        "C_h": state.C_h,
        "C_h_error": state.C_h_error,
        "C_h_static": state.static,
        "averages": {n: {"value": v, "error": e} for n, (v, e) in state.averages.items()},
        "status": state.status.name,
        "message": state.message,
    }


def state_listing(state: Any) -> str:
    averages = [(name, number(*entry)) for name, entry in state.averages.items()]
    return listing([("state", state.kind), *averages])
