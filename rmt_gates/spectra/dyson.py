"""The self-consistent equations of the spectrum inside its support (THEORY.md §4.5).

One unit is X(λ) = X₀ + λL, L the projector on the blocks that carry λ, with B̂ and Ĉ. Let C_g be
the distinct rows of Ĉ, and T_g = Σ a_k² B_k B_k† over the matrices k that share the row. Then,
with numbers σ_g, κ_g ≥ 0,

    W = [[Σ σ_g T_g, X], [−X†, Σ κ_g C_g†C_g]]⁻¹ = [[Q, −𝒢†], [𝒢, P]],
    σ_g = E[C_g P C_g†],   κ_g = E tr[T_g Q],   G = E tr[L𝒢],   πμ = ∂G/∂λ̄.

X, ΣσT and ΣκC†C are never inverted by themselves: X is singular where λ meets a gate. Only
products σκ are physical; one of the 2m equations follows from the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from rmt_gates.spectra.criterion import perron
from rmt_gates.spectra.holomorphic import squared_distance
from rmt_gates.spectra.loops import Row
from rmt_gates.spectra.small_matrices import (
    Nested,
    absolute_square,
    add_products,
    conj,
    is_number,
    multiply,
    negative,
    pair_inverse,
    real_product,
    rows_over,
)
from rmt_gates.unit import Unit

NEWTON = 30
DAMPED = 15
EPSILON = 2.0**-52
TOLERANCE = 1e-9  # relative error of σ and κ


class Inverse(NamedTuple):
    """Of every unit, (points, units) each: P, Q, 𝒢, and the rows C_g P and C_g 𝒢.

    ``phase`` is what 𝒢 and Q lack in the carrier's column (see `Dyson.inverse`), and the X of the
    carriers as well.
    """

    P: Nested
    Q: Nested
    G: Nested
    CP: Nested
    CG: Nested
    X: Nested
    phase: Any


class Dyson:
    """The equations of one sample of units.

    Parameters
    ----------
    unit : the sample. rows : the distinct rows of one feedback loop (`feedback_loops`); m of them.
    """

    def __init__(self, unit: Unit, rows: list[Row]) -> None:
        self.weights, self.m, self.unknowns = unit.weights, len(rows), 2 * len(rows)
        self.carriers = unit.model.carriers
        self.X, B, C = unit.model.blocks(unit.inputs, unit.carry, 0.0)
        n_b = self.n_b = range(len(self.X))
        gains = unit.model.gains()
        self.C = [C[row[0][0]] for row in rows]
        self.CC = [outer([c], n_b) for c in self.C]
        self.T = [
            outer(
                [
                    [add_products(0, [(1, gains[k] * factor, B[b][k])]) for b in n_b]
                    for k, factor in row
                ],
                n_b,
            )
            for row in rows
        ]
        self.real = self._one_free_phase()

    def _one_free_phase(self) -> bool:
        """Whether one block carries λ and nothing but P couples it to others."""
        c, *more = self.carriers
        beside = [A[c][j] for A in (self.X, *self.T) for j in self.n_b if j != c]
        return not more and all(is_number(entry, 0) for entry in beside)

    def at(self, lam: np.ndarray) -> DysonPoints:
        """The equations at points λ (points,)."""
        return DysonPoints(self, lam)

    def scaling(self, ratio: np.ndarray) -> np.ndarray:
        """By how much the unknowns grow where σκ grows by the ratio."""
        return np.sqrt(ratio)


class DysonPoints:
    """The equations at points λ (points,); the unknowns s = (σ, κ) are (points, 2m)."""

    def __init__(self, loop: Dyson, lam: np.ndarray) -> None:
        self._loop, self._points = loop, len(lam)
        X = [list(row) for row in loop.X]
        for b in loop.carriers:
            X[b][b] = lam[:, None] + X[b][b]
        self._phase: Any = 1  # left out of X, see `inverse`
        if loop.real:
            (c,) = loop.carriers
            modulus = np.sqrt(squared_distance(X[c][c]))
            self._phase, X[c][c] = np.conj(X[c][c]) / modulus, modulus
        self._X = X
        self.root, self._start = self._perron()

    # -- one unit -----------------------------------------------------------------------------
    def inverse(self, s: np.ndarray, at: Any = slice(None)) -> Inverse:
        """P, Q and 𝒢 of every unit.

        Where it can be, λ − z is replaced by its modulus, a change of phase of one basis vector:
        then all numbers are real, and (λ−z)*/|λ−z| is left out of 𝒢 and Q in that column.
        """
        loop, n_b = self._loop, self._loop.n_b
        X = [[x[at] if np.ndim(x) == 2 else x for x in row] for row in self._X]
        phase = self._phase if np.ndim(self._phase) == 0 else self._phase[at]
        R, V = self._combine(s[:, : loop.m], loop.T), self._combine(s[:, loop.m :], loop.CC)
        W = pair_inverse(
            [[[[R[i][j], X[i][j]], [negative(conj(X[j][i])), V[i][j]]] for j in n_b] for i in n_b]
        )
        P, Q, G = ([[W[i][j][r][c] for j in n_b] for i in n_b] for r, c in ((1, 1), (0, 0), (1, 0)))
        CP, CG = multiply(loop.C, P), multiply(loop.C, G)
        return Inverse(P, Q, G, CP, CG, X, phase)

    def right_hand_side(self, W: Inverse) -> np.ndarray:
        """E[C_g P C_g†] and E tr[T_g Q]: what σ and κ have to equal, (points, 2m)."""
        rows = zip(W.CP, self._loop.C, strict=True)
        sigma = [self._average(zip(*pair, strict=True)) for pair in rows]
        kappa = [self._average((W.Q[j][i], t) for i, j, t in entries(T)) for T in self._loop.T]
        return np.stack([*sigma, *kappa], -1).real

    def slope(self, W: Inverse) -> np.ndarray:
        """∂(right-hand side)/∂s, (points, 2m, 2m), from dW = −W dM W."""
        m, C, T = self._loop.m, self._loop.C, self._loop.T
        slope = np.empty((len(W.CP[0][0]), 2 * m, 2 * m))

        @cache
        def passed(g: int, i: int, j: int) -> Any:
            return real_product(W.CG[g][i], conj(W.CG[g][j]))

        @cache
        def returned(i: int, j: int, k: int, l: int) -> Any:
            return real_product(W.Q[i][j], W.Q[k][l])

        for g, h in product(range(m), range(m)):
            slope[:, g, h] = self._average((passed(g, i, j), t) for i, j, t in entries(T[h]))
            slope[:, m + h, m + g] = slope[:, g, h]
            if g <= h:
                CPC = multiply([W.CP[g]], [[c] for c in C[h]])[0][0]
                square = self._average([(absolute_square(CPC), 1)])
                slope[:, g, m + h] = slope[:, h, m + g] = -square
                pairs = product(entries(T[g]), entries(T[h]))
                square = self._average(
                    (returned(j, k, l, i), t * v) for (i, j, t), (k, l, v) in pairs
                )
                slope[:, m + g, h] = slope[:, m + h, g] = -square
        return slope

    def evaluate(self, s: np.ndarray, density: bool = True) -> tuple[np.ndarray, Any]:
        """G − E tr(L X⁻¹) and μ = (1/π) ∂G/∂λ̄ at solutions s; 0 for μ if it is not asked for.

        At fixed s, ∂𝒢/∂λ̄ = PLQ. G changes by −E tr[T_g Q L 𝒢] with σ_g and by −E[C_g 𝒢 L P C_g†]
        with κ_g; their conjugates, exchanged, are how the right-hand sides change with λ̄.
        """
        W = self.inverse(s)
        L = self._loop.carriers
        G = self._average(((W.G[b][b] - _inverse(W.X[b][b])) * W.phase, 1) for b in L)
        if not density:
            return G, 0.0
        direct = self._average((W.P[b][c] * W.Q[c][b], 1) for b in L for c in L)
        in_sigma = [
            self._average((W.Q[j][b] * W.G[b][i] * W.phase, t) for i, j, t in entries(T) for b in L)
            for T in self._loop.T
        ]
        in_kappa = [
            self._average((CG[b] * conj(CP[b]) * W.phase, 1) for b in L)
            for CG, CP in zip(W.CG, W.CP, strict=True)
        ]
        ahead = np.stack([*in_sigma, *in_kappa], -1)
        back = np.stack([*in_kappa, *in_sigma], -1).conj()
        moved = s * solve_gauged(self.slope(W), s, back)
        return G, (direct + np.einsum("pi,pi->p", ahead, moved)).real / np.pi

    # -- the solution -------------------------------------------------------------------------
    def _perron(self) -> tuple[np.ndarray, np.ndarray]:
        """Λ(λ), the Perron root of the slope ∂σ/∂σ at s = 0, and a first guess of s."""
        m, T = self._loop.m, self._loop.T
        CX = rows_over(self._loop.C, self._X)
        M = np.empty((self._points, m, m))
        for g, h in product(range(m), range(m)):
            M[:, g, h] = self._average(
                (real_product(CX[g][i], conj(CX[g][j])), t) for i, j, t in entries(T[h])
            )
        root, right, left = perron(M)
        size = np.sqrt(1 - 1 / np.maximum(root, 1.0))
        return root, np.concatenate([right, left], axis=-1) * size[:, None]

    def _from_edge(self, at: np.ndarray) -> np.ndarray:
        """s at some of the points as at the edge: along the Perron vectors.

        The size c follows from one evaluation: the right-hand side over s is about Λ/(1 + qc²).
        """
        s, root = self._start[at], self.root[at]
        ratio = np.exp(np.log(self.right_hand_side(self.inverse(s, at)) / s).mean(axis=-1))
        growth = (root - 1) / np.maximum(root / ratio - 1, EPSILON)
        return s * np.sqrt(growth)[:, None]

    def _approach(self, at: np.ndarray) -> np.ndarray:
        """s at some of the points after rounds of damped iteration, from the Perron vectors."""
        s = self._start[at]
        for _ in range(DAMPED):
            rhs = self.right_hand_side(self.inverse(s, at))
            s = s**0.3 * np.maximum(rhs, EPSILON * rhs.max(axis=-1, keepdims=True)) ** 0.7
        return s

    def solve(self, guess: np.ndarray) -> np.ndarray:
        """s by Newton's method in log s from a guess, NaN for none; NaN where it does not settle.

        A guess that leads nowhere is replaced by damped iteration.
        """
        s = self._newton(np.arange(self._points), guess)
        for start in (self._from_edge, self._approach):
            missed = np.flatnonzero(np.isnan(s).any(axis=-1))
            if len(missed):
                s[missed] = self._newton(missed, start(missed))
        return s

    def _newton(self, points: np.ndarray, guess: np.ndarray) -> np.ndarray:
        m, s = self._loop.m, guess.copy()
        active = np.flatnonzero(np.isfinite(s).all(axis=-1))
        s[np.isnan(s).any(axis=-1)] = np.nan
        for _ in range(NEWTON):
            if not len(active):
                break
            now = s[active]
            W = self.inverse(now, points[active])
            step = solve_gauged(self.slope(W), now, self.right_hand_side(W) - now)
            largest = np.abs(step).max(axis=-1)
            s[active] = now * np.exp(step / np.maximum(largest, 1.0)[:, None])
            # the next step would be about largest²/σκ
            strength = (now[:, :m] * now[:, m:]).max(axis=-1)
            active = active[~(largest**2 <= TOLERANCE * np.minimum(strength, 1.0))]
        s[active] = np.nan
        return s

    # -- inside -------------------------------------------------------------------------------
    def _combine(self, s: np.ndarray, matrices: list[Nested]) -> Nested:
        """Σ_g s_g A_g of every unit at every point."""
        return [
            [
                add_products(0, [(1, s[:, g, None], A[i][j]) for g, A in enumerate(matrices)])
                for j in self._loop.n_b
            ]
            for i in self._loop.n_b
        ]

    def _average(self, products: Iterable[tuple[Any, Any]]) -> Any:
        """Σ E[value · weight] over the units; values are (points, units), weights (units,)."""
        total: Any = 0.0
        for value, weight in products:
            if not (is_number(value, 0) or is_number(weight, 0)):
                columns = self._loop.weights
                if not is_number(weight, 1):
                    columns = columns * weight
                if np.shape(value)[-1:] != columns.shape:
                    value = np.broadcast_to(value, (*np.shape(value)[:-1], len(columns)))
                total = total + value @ columns
        return total


def _inverse(x: np.ndarray) -> np.ndarray:
    """1/x, but no more than 1/√CLOSEST."""
    return np.conj(x) / squared_distance(x) if np.iscomplexobj(x) else 1 / x


def entries(A: Nested) -> list[tuple[int, int, Any]]:
    """(i, j, A_ij) of the entries that are not 0 by structure."""
    return [(i, j, a) for i, row in enumerate(A) for j, a in enumerate(row) if not is_number(a, 0)]


def outer(columns: Nested, n_b: range) -> Nested:
    """Σ c c†, real."""
    return [[add_products(0, [(1, c[i], c[j]) for c in columns]) for j in n_b] for i in n_b]


def solve_gauged(slope: np.ndarray, s: np.ndarray, b: np.ndarray) -> np.ndarray:
    """d log s with (1 − slope) ds = b, for which Σ d log σ = Σ d log κ."""
    n = s.shape[-1]
    A = (np.eye(n) - slope) * s[:, None, :] / s[:, :, None]
    # at a solution A kills a change of gauge, and Σ σκ (row σ − row κ) = 0: filled in by one dyad
    sign = np.repeat([1.0, -1.0], n // 2)
    strength = s * np.roll(s, n // 2, axis=-1)
    left = sign * strength / strength.sum(axis=-1, keepdims=True)
    A += left[:, :, None] * sign
    return np.linalg.solve(A, (b / s)[..., None])[..., 0]
