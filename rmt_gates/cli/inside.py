"""``rmt-gates density`` and ``slow-modes``: what lies inside the curve."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

import rmt_gates as rg
from rmt_gates.cli.output import Result, listing, number, table
from rmt_gates.cli.shared import Prepared, header, not_found, prepare
from rmt_gates.masses import sample_error

COLUMNS, ROWS = 96, 40  # of the mesh that a density is drawn on
MAPPED = 2048  # units of the state's sample for that


def slow_modes(options: argparse.Namespace) -> Result:
    """Fractions of eigenvalues close to λ = 1, and with long relaxation times."""
    prepared = prepare(options)
    if not prepared.found:
        return not_found(options, prepared, slow_modes=None)
    radius, time = np.array(options.radius), np.array(options.time)
    state, networks, units = prepared.state, prepared.networks, own_units(options, prepared)
    close = fractions(
        lambda units: rg.slow_mode_fraction(units, radius),
        lambda lam: np.abs(lam - 1) < radius[:, None],
        (state, units, networks),
    )
    slow = fractions(
        lambda units: rg.relaxation_time_fraction(units, time),
        lambda lam: np.abs(lam) > np.exp(-1 / time)[:, None],
        (state, units, networks),
    )
    blocks = [
        *prepared.blocks,
        fraction_table("|λ − 1| <", radius, close),
        fraction_table("−1/log|λ| >", time, slow),
        prepared.message,
    ]
    data = {"slow_modes": {"radius": radius, **close}, "relaxation": {"time": time, **slow}}

    def draw(ax: Any) -> Any:
        """The figure of ``--figure``."""
        from rmt_gates import plots

        grid = np.linspace(0.0, max(1.0, radius.max()), 33)[1:]
        curve = rg.slow_mode_fraction(state, grid)
        lam = None if networks is None else networks.eigenvalues
        plots.enclosed(grid, curve, lam, ax).set_title(repr(options.model), fontsize="small")

    head = header(options, prepared.converged, prepared.message)
    return Result({**head, **prepared.data, **data}, blocks, prepared.converged, draw)


def density(options: argparse.Namespace) -> Result:
    """The density at given points, point masses, and the distribution of |λ|."""
    prepared = prepare(options)
    if not prepared.found:
        return not_found(options, prepared, density=None)
    state, networks, units = prepared.state, prepared.networks, own_units(options, prepared)
    curve = rg.spectral_curve(state)
    masses = rg.point_masses(state)
    blocks, data = list(prepared.blocks), dict(prepared.data)
    converged = prepared.converged
    if options.at:
        found = rg.resolvent(state, np.array(options.at))
        own = None if units is None else rg.eigenvalue_density(units, found.lam)
        blocks.append(point_table(found, own))
        converged &= not found.status.any()
        data["density"] = {n: getattr(found, n) for n in ("lam", "G", "density", "inside")}
        data["density"]["own_units"] = own
    radius = (np.ceil(10 * curve.radius) or 10) / 100 * np.arange(1, 11)
    moduli = fractions(
        lambda units: rg.eigenvalue_fraction(units, 0.0, radius),
        lambda lam: np.abs(lam) < radius[:, None],
        (state, units, networks),
    )
    blocks.append(fraction_table("|λ| <", radius, moduli))
    if len(masses):
        places = zip(masses.location, masses.weight, strict=True)
        blocks.append(listing([(f"point mass at {p:.6g}", number(w)) for p, w in places]))
    blocks.append(prepared.message)
    data["moduli"] = {"radius": radius, **moduli}
    data["point_masses"] = {"location": masses.location, "weight": masses.weight}

    def draw(ax: Any) -> Any:
        """The figure of ``--figure``."""
        from rmt_gates import plots

        plots.density(density_on_mesh(state, curve), ax)
        lam = None if networks is None else networks.eigenvalues
        plots.spectrum(curve, lam, ax).set_title(repr(options.model), fontsize="small")

    head = header(options, converged, prepared.message)
    return Result({**head, **data}, blocks, converged, draw)


def density_on_mesh(state: Any, curve: Any) -> Any:
    """The resolvent on a mesh of the upper half plane that covers the curve."""
    x = np.linspace(curve.x[0], curve.x[-1], COLUMNS + 2)[1:-1]
    y = np.nanmax(curve.y) * (np.arange(ROWS) + 0.5) / ROWS
    return rg.resolvent(state.unit.rows(slice(MAPPED)), x + 1j * y[:, None])


def point_table(found: Any, own: Any) -> str:
    """Density and resolvent at points; ``own`` is the density of a network's own units, or None."""
    columns = [
        ["λ", *(f"{lam:.6g}" for lam in found.lam)],
        ["density", *map(number, found.density)],
        *([] if own is None else [["own units", *map(number, own)]]),
        ["Re G", *map(number, found.G.real)],
        ["Im G", *map(number, found.G.imag)],
        ["", *("" if inside else "outside" for inside in found.inside)],
    ]
    return table(list(zip(*columns, strict=True)))


def own_units(options: argparse.Namespace, prepared: Prepared) -> Any:
    """The units of the network that a checkpoint brings, or None."""
    return None if options.given is None else prepared.networks.unit


def fractions(theory: Any, condition: Any, of: tuple[Any, Any, Any]) -> dict[str, Any]:
    """Of all eigenvalues, (n,) that meet n conditions: of a state, a network's units, networks.

    ``condition`` of (N,) eigenvalues is (n, N): they are counted, (n, networks).
    """
    state, units, networks = of
    lam = () if networks is None else networks.eigenvalues
    counted = [condition(one).mean(axis=1) for one in lam]
    return {
        "fraction": theory(state),
        "error": sample_error(state, theory) + np.zeros(len(condition(np.zeros(1)))),
        "own_units": None if units is None else theory(units),
        "networks": np.stack(counted, axis=1) if counted else None,
    }


def fraction_table(condition: str, values: np.ndarray, found: dict[str, Any]) -> str:
    """The same as a table, with errors where there are several networks."""
    columns = [[condition, *(f"{value:.6g}" for value in values)]]
    theory = zip(found["fraction"], found["error"], strict=True)
    columns.append(["theory", *(number(p, e) if e else f"{p:.6f}" for p, e in theory)])
    if found["own_units"] is not None:
        columns.append(["own units", *(f"{fraction:.6f}" for fraction in found["own_units"])])
    counted = found["networks"]
    if counted is not None:
        mean, networks = counted.mean(axis=1), counted.shape[1]
        spread = counted.std(axis=1, ddof=1) / np.sqrt(networks) if networks > 1 else 0 * mean
        columns.append(["networks", *map(number, mean, spread)])
    return table(list(zip(*columns, strict=True)))
