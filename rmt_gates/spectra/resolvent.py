"""The resolvent G(λ) = (1/N) E tr (λ−J)⁻¹ and the density of eigenvalues, at any points λ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rmt_gates.results import Record, Status
from rmt_gates.spectra.criterion import parts
from rmt_gates.spectra.dyson import Dyson
from rmt_gates.spectra.holomorphic import holomorphic_branch
from rmt_gates.spectra.loops import Row, feedback_loops
from rmt_gates.spectra.scalar_dyson import ScalarDyson
from rmt_gates.spectra.states import complex_numbers, unit_of
from rmt_gates.unit import Unit

FEWER = 16  # one unit in so many gives the guess from which all of them are solved
ENOUGH = 4096  # units for that
HELD = 1 << 16  # numbers in an array: a few of them stay in the cache


@dataclass(frozen=True, repr=False)
class Resolvent(Record):
    """The resolvent per eigenvalue, at points λ; arrays like λ.

    Attributes
    ----------
    G : ∫ μ(λ')/(λ−λ') d²λ', complex. density : μ(λ) per unit area, without point masses and
        masses on a line; both per eigenvalue, so that their total is 1. inside : whether λ is in
        the support of the sample of units. status : a `Status` for every λ; where it is not OK,
        G and density are NaN. message : in words.
    """

    lam: np.ndarray
    G: np.ndarray
    density: np.ndarray
    inside: np.ndarray
    status: np.ndarray

    _shown = ("G", "density")

    @property
    def message(self) -> str:
        """How many points were solved, and why others were not."""
        failed = int(np.count_nonzero(self.status))
        if not failed:
            return Status.OK.sentence
        return f"{failed} of {self.status.size} points: {Status.NOT_CONVERGED.sentence}"


def resolvent(state: Any, lam: Any) -> Resolvent:
    """G and the density of eigenvalues of the state-to-state Jacobian (THEORY.md §4.5).

    Parameters
    ----------
    state : a `FixedPoint`, a `SteadyState` or a `Unit` (``network.unit(h)``).
    lam : complex numbers λ of any shape.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> point = rg.fixed_points(rg.GRU(a_h=3))[0]  # zero: a uniform disc of radius 3/4 at 1/2
    >>> rg.resolvent(point, [0.5, 2.0]).density.round(6)
    array([0.565884, 0.      ])
    """
    unit = unit_of(state, "resolvent")
    lam = complex_numbers("lam", lam)
    if not np.all(np.isfinite(lam)):
        raise ValueError("lam must be finite: it holds NaN or infinity")
    flat = lam.ravel()
    G, density, inside, solved = solve(unit, flat)
    status = np.where(solved, Status.OK, Status.NOT_CONVERGED)
    return Resolvent(lam, *(a.reshape(lam.shape)[()] for a in (G, density, inside, status)))


def solve(unit: Unit, lam: np.ndarray) -> tuple[np.ndarray, ...]:
    """G and density per eigenvalue, whether inside, whether solved; (points,) each."""
    G, density = holomorphic_branch(unit, lam), np.zeros(len(lam))
    inside, solved = np.zeros(len(lam), bool), np.ones(len(lam), bool)
    for rows in feedback_loops(unit):
        here, _, s = _unknowns(unit, rows, lam)
        found = np.isfinite(s).all(axis=-1)
        inside[here], solved[here[~found]] = True, False
        here, s = here[found], s[found]
        loop = _loop(unit, rows)
        for part in parts(len(here), len(unit), HELD):
            more, extra = loop.evaluate(lam[here[part]], s[part])
            G[here[part]] += more
            density[here[part]] += extra
    G[~solved] = density[~solved] = np.nan
    per_unit = len(unit.model.carriers)
    return G / per_unit, density / per_unit, inside, solved


class Support:
    """Where the eigenvalues of a sample of units are: its feedback loops, prepared once."""

    def __init__(self, unit: Unit) -> None:
        self._units = len(unit)
        self._loops = [_loop(unit, rows) for rows in feedback_loops(unit)]

    def contains(self, lam: np.ndarray) -> np.ndarray:
        """Whether Λ(λ) > 1 for one of the loops, (points,)."""
        inside = np.zeros(len(lam), bool)
        for loop in self._loops:
            inside |= _by_parts(loop.start, self._units, lam)[0] > 1
        return inside


def _unknowns(
    unit: Unit, rows: list[Row], lam: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which points are inside, 1 − 1/Λ and the unknowns there; NaN where they are not found.

    Where there are many units, the guess comes from a part of them: no path has to be followed.
    """
    loop = _loop(unit, rows)
    root, start = _by_parts(loop.start, len(unit), lam)
    here = np.flatnonzero(root > 1)
    depth = 1 - 1 / root[here]
    lam, start = lam[here], start[here]
    s = np.full(start.shape, np.nan)
    if len(unit) >= ENOUGH:
        known, other, guess = _unknowns(unit.rows(slice(None, None, FEWER)), rows, lam)
        guess *= loop.scaling(depth[known] / other)[:, None]  # σκ ∝ 1 − 1/Λ at the edge
        s[known] = _by_parts(loop.solve, len(unit), lam[known], guess)
    missed = np.isnan(s).any(axis=-1)
    if missed.any():
        guess = _by_parts(loop.approach, len(unit), lam[missed], start[missed])
        s[missed] = _by_parts(loop.solve, len(unit), lam[missed], guess)
    return here, depth, s


def _by_parts(function: Any, units: int, *arrays: np.ndarray) -> Any:
    """function(*arrays) of as many points at once as stay in the cache."""
    found = [function(*(a[part] for a in arrays)) for part in parts(len(arrays[0]), units, HELD)]
    if not found:
        return function(*arrays)
    if isinstance(found[0], tuple):
        return tuple(np.concatenate(column) for column in zip(*found, strict=True))
    return np.concatenate(found)


def _loop(unit: Unit, rows: list[Row]) -> Dyson | ScalarDyson:
    return ScalarDyson(unit, rows[0]) if len(rows) == 1 else Dyson(unit, rows)
