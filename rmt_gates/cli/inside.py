"""``rmt-gates density`` and ``slow-modes``: what lies inside the curve."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

import rmt_gates as rg
from rmt_gates.cli.output import Result, listing, number, table
from rmt_gates.cli.shared import header, not_found, prepare

COLUMNS, ROWS = 96, 40  # of the mesh that a density is drawn on
MAPPED = 2048  # units of the state's sample for that


def slow_modes(options: argparse.Namespace) -> Result:
    """Fractions of eigenvalues close to λ = 1, and with long relaxation times."""
    prepared = prepare(options)
    if not prepared.found:
        return not_found(options, prepared, slow_modes=None)
    radius, time = np.array(options.radius), np.array(options.time)
    state, networks = prepared.state, prepared.networks
    close, slow = rg.slow_mode_fraction(state, radius), rg.relaxation_time_fraction(state, time)
    lam = None if networks is None else networks.eigenvalues
    near = _counted(lam, lambda one: np.abs(one - 1) < radius[:, None])
    long = _counted(lam, lambda one: np.abs(one) > np.exp(-1 / time)[:, None])
    blocks = [
        *prepared.blocks,
        _fractions("|λ − 1| <", radius, close, near),
        _fractions("−1/log|λ| >", time, slow, long),
        prepared.message,
    ]
    data = {
        "slow_modes": {"radius": radius, "fraction": close, "networks": near},
        "relaxation": {"time": time, "fraction": slow, "networks": long},
    }

    def draw(ax: Any) -> Any:
        from rmt_gates import plots

        grid = np.linspace(0.0, max(1.0, radius.max()), 33)[1:]
        curve = rg.slow_mode_fraction(state, grid)
        plots.enclosed(grid, curve, lam, ax).set_title(repr(options.model), fontsize="small")

    head = header(options, prepared.converged, prepared.message)
    return Result({**head, **prepared.data, **data}, blocks, prepared.converged, draw)


def density(options: argparse.Namespace) -> Result:
    """The density at given points, point masses, and the distribution of |λ|."""
    prepared = prepare(options)
    if not prepared.found:
        return not_found(options, prepared, density=None)
    state, networks = prepared.state, prepared.networks
    curve = rg.spectral_curve(state)
    masses = rg.point_masses(state)
    blocks, data = list(prepared.blocks), dict(prepared.data)
    converged = prepared.converged
    if options.at:
        found = rg.resolvent(state, np.array(options.at))
        rows: list[tuple[str, ...]] = [("λ", "density", "Re G", "Im G", "")]
        for lam, mu, G, inside in zip(found.lam, found.density, found.G, found.inside, strict=True):
            where = "" if inside else "outside"
            rows.append((f"{lam:.6g}", number(mu), number(G.real), number(G.imag), where))
        blocks.append(table(rows))
        converged &= not found.status.any()
        data["density"] = {n: getattr(found, n) for n in ("lam", "G", "density", "inside")}
    radius = np.ceil(10 * curve.radius) / 100 * np.arange(1, 11)
    enclosed = rg.eigenvalue_fraction(state, 0.0, radius)
    lam = None if networks is None else networks.eigenvalues
    counted = _counted(lam, lambda one: np.abs(one) < radius[:, None])
    blocks.append(_fractions("|λ| <", radius, enclosed, counted))
    if len(masses):
        places = zip(masses.location, masses.weight, strict=True)
        blocks.append(listing([(f"point mass at {p:.6g}", number(w)) for p, w in places]))
    blocks.append(prepared.message)
    data["moduli"] = {"radius": radius, "fraction": enclosed, "networks": counted}
    data["point_masses"] = {"location": masses.location, "weight": masses.weight}

    def draw(ax: Any) -> Any:
        from rmt_gates import plots

        plots.density(density_on_mesh(state, curve), ax)
        plots.spectrum(curve, lam, ax).set_title(repr(options.model), fontsize="small")

    head = header(options, converged, prepared.message)
    return Result({**head, **data}, blocks, converged, draw)


def density_on_mesh(state: Any, curve: Any) -> Any:
    """The resolvent on a mesh of the upper half plane that covers the curve."""
    x = np.linspace(curve.x[0], curve.x[-1], COLUMNS + 2)[1:-1]
    y = np.nanmax(curve.y) * (np.arange(ROWS) + 0.5) / ROWS
    return rg.resolvent(state.unit.rows(slice(MAPPED)), x + 1j * y[:, None])


def _counted(eigenvalues: Any, condition: Any) -> np.ndarray | None:
    """(n, networks) fractions of the eigenvalues of each network that meet n conditions."""
    if eigenvalues is None:
        return None
    return np.stack([condition(one).mean(axis=1) for one in eigenvalues], axis=1)


def _fractions(
    condition: str, values: np.ndarray, theory: np.ndarray, counted: np.ndarray | None
) -> str:
    """A table of fractions of the eigenvalues, with those of networks and their errors."""
    rows: list[tuple[str, ...]] = [(condition, "theory")]
    rows += [(f"{v:.6g}", f"{t:.6f}") for v, t in zip(values, theory, strict=True)]
    if counted is not None:
        networks = counted.shape[1]
        spread = counted.std(axis=1, ddof=1) / np.sqrt(networks) if networks > 1 else None
        shown = [
            number(mean, None if spread is None else spread[i])
            for i, mean in enumerate(counted.mean(axis=1))
        ]
        rows = [(*row, text) for row, text in zip(rows, ["networks", *shown], strict=True)]
    return table(rows)
