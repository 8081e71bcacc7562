"""Eigenvalues that no weight moves: the point masses of the spectrum (THEORY.md §4.5).

λ = p is an eigenvalue of the blocks of one unit if X(p) is singular. The weights leave it where it
is if they do not reach it, ℓ†B̂ = 0 for the left null vector ℓ of X(p), or do not see it, Ĉr = 0
for the right one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rmt_gates.results import Record
from rmt_gates.spectra.loops import feedback_loops
from rmt_gates.spectra.small_matrices import add_products
from rmt_gates.spectra.states import unit_of
from rmt_gates.unit import Unit

SAME = 1e-9  # locations closer than this are one
ROUNDING = 1e-12  # of the largest term: less is 0
FEWEST = 8  # units of a state's sample that make a point mass


@dataclass(frozen=True, repr=False)
class PointMasses(Record):
    """Eigenvalues shared by many units.

    Attributes
    ----------
    location : (n,) real numbers, ascending, to 1e-9.
    weight : (n,) fraction of all eigenvalues that sit there exactly.
    """

    location: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.location)


def point_masses(state: Any) -> PointMasses:
    """Where the spectrum has deltas, and how heavy they are.

    Such as the N exact zeros of an LSTM with a_o = 0, or, at a fixed point with hard-tanh and one
    constant gate z, the units that are saturated: they have the eigenvalue z. Units whose unmoved
    eigenvalues all differ, as with a gate that varies, spread a mass along the real axis instead.
    Gates that are open for ever within 1e-9 share the location 1, as a user would count them.
    Of a given network (a `Unit`) every unmoved eigenvalue is a point mass, also those of one unit.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> state = rg.fixed_points(rg.LSTM(a_h=3, a_f=1, a_i=1))[-1]
    >>> rg.point_masses(state)
    PointMasses(location=[0.], weight=[0.5])
    """
    unit = unit_of(state, "point_masses")
    place, weight = _unmoved(unit)
    rounded = np.round(place / SAME) * SAME + 0.0
    if not isinstance(state, Unit):  # a sample of a law: values met a few times belong to a line
        _, index, often = np.unique(place, return_inverse=True, return_counts=True)
        _, near, nearby = np.unique(rounded, return_inverse=True, return_counts=True)
        shut = np.isin(rounded, (0.0, 1.0))  # or open for ever
        kept = (often[index] >= FEWEST) | (shut & (nearby[near] >= FEWEST))
        rounded, weight = rounded[kept], weight[kept]
    location, index = np.unique(rounded, return_inverse=True)
    total = np.bincount(index, weight, minlength=len(location))
    return PointMasses(location, total / len(unit.model.carriers))


def _unmoved(unit: Unit) -> tuple[np.ndarray, np.ndarray]:
    """The poles that the weights leave in place, and the weights of their units in the sample."""
    X, B, C = unit.model.blocks(unit.inputs, unit.carry, 0.0)
    n_b = range(len(X))
    reached = [k for rows in feedback_loops(unit) for row in rows for k, _ in row]
    places, weights = [], []
    for b in unit.model.carriers:
        pole = -np.broadcast_to(X[b][b], len(unit))
        diagonal = [pole + X[i][i] if i in unit.model.carriers else X[i][i] for i in n_b]
        left, right = _null_vectors(X, diagonal, b)
        driven = [[(left[i], B[i][k]) for i in n_b] for k in reached]
        seen = [[(C[k][i], right[i]) for i in n_b] for k in reached]
        still = ~(_beyond_rounding(driven, len(unit)) & _beyond_rounding(seen, len(unit)))
        places.append(pole[still])
        weights.append(unit.weights[still])
    return np.concatenate(places), np.concatenate(weights)


def _beyond_rounding(sums: list[list[tuple[Any, Any]]], units: int) -> np.ndarray:
    """Whether any of these Σ a b is more than rounding of the largest terms there are."""
    size = max((np.max(np.abs(a * b)) for terms in sums for a, b in terms), default=0.0)
    beyond = np.zeros(units, bool)
    for terms in sums:
        beyond |= np.abs(sum(a * b for a, b in terms)) > ROUNDING * size
    return beyond


def _null_vectors(X: list[list[Any]], diagonal: list[Any], b: int) -> tuple[list[Any], list[Any]]:
    """ℓ and r with ℓ†X = 0 and X r = 0 for the lower triangular X whose b-th pivot is 0.

    Where another pivot is 0 as well they are not unique, and a zero stands for the quotient.
    """
    n_b = range(len(X))
    left: list[Any] = [0] * len(X)
    right: list[Any] = [0] * len(X)
    left[b] = right[b] = 1
    for i in range(b + 1, len(X)):
        value = add_products(0, [(-1, X[i][j], right[j]) for j in range(b, i)])
        right[i] = _quotient(value, diagonal[i])
    for i in reversed(range(b)):
        value = add_products(0, [(-1, left[j], X[j][i]) for j in n_b if i < j <= b])
        left[i] = _quotient(value, diagonal[i])
    return left, right


def _quotient(value: Any, pivot: Any) -> Any:
    if isinstance(value, int) and value == 0:
        return 0
    safe = np.where(np.equal(pivot, 0), np.inf, pivot)
    return value / safe
