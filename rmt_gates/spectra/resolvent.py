"""The resolvent G(λ) = (1/N) E tr (λ−J)⁻¹ and the density of eigenvalues, at any points λ."""

from __future__ import annotations

import numbers
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from rmt_gates.results import Record, Status
from rmt_gates.spectra.criterion import parts
from rmt_gates.spectra.dyson import Dyson
from rmt_gates.spectra.holomorphic import HELD, holomorphic_branch
from rmt_gates.spectra.loops import Row, feedback_loops
from rmt_gates.spectra.scalar_dyson import ScalarDyson
from rmt_gates.spectra.states import complex_numbers, unit_of
from rmt_gates.unit import Unit

FEWER = 16  # one unit, or one point, in so many gives the guess from which all are solved
ENOUGH = 4096  # units for that
CROWD = 64  # points for that
FARTHEST = 1e150  # |λ| whose square is a number


@dataclass(frozen=True, repr=False)
class Resolvent(Record):
    """The resolvent per eigenvalue, at points λ; arrays like λ.

    Attributes
    ----------
    G : ∫ μ(λ')/(λ−λ') d²λ', complex. density : μ(λ) per unit area, without point masses and
        masses on a line; both per eigenvalue, so that their total is 1. inside : whether λ is in
        the support of the sample of units. status : a `Status` for every λ; where it is not OK,
        G and density are NaN. error : of the density by interpolation; 0 where λ was solved.
        message : in words.
    """

    lam: np.ndarray
    G: np.ndarray
    density: np.ndarray
    inside: np.ndarray
    status: np.ndarray
    error: np.ndarray

    _shown = ("G", "density")

    @property
    def message(self) -> str:
        """How many points were solved, and why others were not."""
        failed = int(np.count_nonzero(self.status))
        if not failed:
            return Status.OK.sentence
        return f"{failed} of {self.status.size} points: {Status.NOT_CONVERGED.sentence}"


def resolvent(state: Any, lam: Any, *, rtol: Any = 0.0) -> Resolvent:
    """G and the density of eigenvalues of the state-to-state Jacobian (THEORY.md §4.5).

    Parameters
    ----------
    state : a `FixedPoint`, a `SteadyState` or a `Unit` (``network.unit(h)``).
    lam : complex numbers λ of any shape.
    rtol : 0 solves every λ. Above 0, of many thousand points those are interpolated for which a
        mesh shows the error to be about rtol times the largest density (and G) among them at most.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> point = rg.fixed_points(rg.GRU(a_h=3))[0]  # zero: a uniform disc of radius 3/4 at 1/2
    >>> rg.resolvent(point, [0.5, 2.0]).density.round(6)
    array([0.565884, 0.      ])
    """
    unit = unit_of(state, "resolvent")
    lam = complex_numbers("lam", lam)
    if not np.all(np.abs(lam) < FARTHEST):
        raise ValueError(f"lam must be finite, and |lam| below {FARTHEST:g}")
    if not (isinstance(rtol, numbers.Real) and 0 <= float(rtol) < 1):
        raise ValueError(f"rtol must lie between 0 (every λ solved) and 1, got {rtol!r}")
    if float(rtol) > 0:
        from rmt_gates.spectra.interpolation import interpolate

        found = interpolate(unit, lam.ravel(), float(rtol))
    else:
        found = solve(unit, lam.ravel())
    status = np.where(found.solved, Status.OK, Status.NOT_CONVERGED)
    columns = (found.G, found.density, found.inside, status, found.error)
    return Resolvent(lam, *(a.reshape(lam.shape)[()] for a in columns))


class Solution(NamedTuple):
    """G and density per eigenvalue, whether inside, whether solved, and the error of the density by
    interpolation; (points,) each."""

    G: np.ndarray
    density: np.ndarray
    inside: np.ndarray
    solved: np.ndarray
    error: np.ndarray


def solve(unit: Unit, lam: np.ndarray, density: bool = True) -> Solution:
    """The resolvent at points λ (points,), each solved; ``density`` is 0 if it is not asked for."""
    G, mu = holomorphic_branch(unit, lam), np.zeros(len(lam))
    inside, solved = np.zeros(len(lam), bool), np.ones(len(lam), bool)
    for rows in feedback_loops(unit):
        for part, at, s in _solutions(unit, _loop(unit, rows), rows, lam):
            inside[part] = True
            solved[part] &= np.isfinite(s).all(axis=-1)
            with np.errstate(invalid="ignore"):  # NaN, where it did not settle
                more, extra = at.evaluate(s, density)
            G[part] += more
            mu[part] += extra
    G[~solved] = mu[~solved] = np.nan
    per_unit = len(unit.model.carriers)
    return Solution(G / per_unit, mu / per_unit, inside, solved, np.zeros(len(lam)))


class Support:
    """Where the eigenvalues of a sample of units are: its feedback loops, prepared once."""

    def __init__(self, unit: Unit) -> None:
        self._units = len(unit)
        self._loops = [_loop(unit, rows) for rows in feedback_loops(unit)]

    def contains(self, lam: np.ndarray) -> np.ndarray:
        """Whether Λ(λ) > 1 for one of the loops, (points,)."""
        inside = np.zeros(len(lam), bool)
        for loop in self._loops:
            for part in parts(len(lam), self._units, HELD):
                inside[part] |= loop.at(lam[part]).root > 1
        return inside


def _solutions(
    unit: Unit, loop: Dyson | ScalarDyson, rows: list[Row], lam: np.ndarray
) -> Iterator[tuple[np.ndarray, Any, np.ndarray]]:
    """Some of the points that are inside, the equation there and its solution; until all are."""
    guess = _guess(unit, loop, rows, lam)
    for part in parts(len(lam), len(unit), HELD):
        at = loop.at(lam[part])
        if not (at.root > 1).all():
            part = part[at.root > 1]
            at = loop.at(lam[part])
        if len(part):
            yield part, at, at.solve(guess[part] * loop.scaling(1 - 1 / at.root)[:, None])


def _guess(unit: Unit, loop: Dyson | ScalarDyson, rows: list[Row], lam: np.ndarray) -> np.ndarray:
    """The unknowns over their growth with 1 − 1/Λ at the edge, from fewer units or fewer points.

    So no path has to be followed from the boundary. Points without a value of their own take that
    of their nearest neighbour; NaN if there is none.
    """
    guess = np.full((len(lam), loop.unknowns), np.nan)
    if len(unit) >= ENOUGH:
        fewer, few = unit.rows(slice(None, None, FEWER)), np.arange(len(lam))
    elif len(lam) >= CROWD:
        fewer, few = unit, np.arange(0, len(lam), FEWER)
    else:
        return guess
    for part, at, s in _solutions(fewer, _loop(fewer, rows), rows, lam[few]):
        guess[few[part]] = s / loop.scaling(1 - 1 / at.root)[:, None]
    missing = np.isnan(guess).any(axis=-1)
    if missing.any() and not missing.all():
        plane = np.stack([lam.real, np.abs(lam.imag)], axis=-1)
        nearest = cKDTree(plane[~missing]).query(plane[missing])[1]
        guess[missing] = guess[~missing][nearest]
    return guess


def _loop(unit: Unit, rows: list[Row]) -> Dyson | ScalarDyson:
    return ScalarDyson(unit, rows[0]) if len(rows) == 1 else Dyson(unit, rows)
