"""Powers of the Jacobian, μ_n = (1/N) E tr (Jⁿ)ᵀJⁿ: how a perturbation grows in n steps.

Between the weights every unit is a linear filter of its own: from its part s of the state and what
the weights bring, w_k = U_k v_k, follow the next s and what the weights take, v_k,

    s⁺ = A s + B w,    v = C s + D w,    Y(λ) = C(λ−A)⁻¹B + D = Σ_t Y_t λ⁻ᵗ = ĈX⁻¹B̂.

Let s start with independent entries of variance 1. As N→∞ the w_k are Gaussian, independent from
unit to unit and from each other, of covariance a_k² V_k(t,t') with V_k(t,t') = E[v_k(t) v_k(t')]:

    V_k(t,t') = E[(CAᵗ)(CAᵗ')ᵀ]_kk + Σ_l a_l² Σ_{i≤t, j≤t'} E[Y_i Y_j]_kl V_l(t−i, t'−j),        (1)
    μ_n = E tr[Aⁿ(Aⁿ)ᵀ] + Σ_l a_l² Σ_{i,j<n} E[(AⁱB)ᵀ(AʲB)]_ll V_l(n−1−i, n−1−j),              (2)

products of Y entry by entry, tr over the blocks that carry λ. These are the coefficients of
(λμ*)^{−n−1} in E tr[L X_λ⁻¹ L X_μ⁻† L] + αᵀ(1−K)⁻¹β, without a contour integral: (1) is solved in
the order of t and t', and where A, B, C ≥ 0, as for every gated unit, all its terms are too, so
that nothing cancels. Weights and state are taken as independent, as everywhere in mean field.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from rmt_gates.spectra.criterion import parts
from rmt_gates.spectra.small_matrices import Nested, add_products, lower_solve
from rmt_gates.spectra.states import unit_of
from rmt_gates.unit import Unit


def jacobian_powers(state: Any, n: Any) -> np.ndarray:
    """μ_0 … μ_n of the state-to-state Jacobian J, per eigenvalue, so that μ_0 = 1; (n+1,).

    A random perturbation of the state grows by the factor √μ_n, in the mean square, when J is
    applied n times. These are powers of one J. At a fixed point this is the growth along the
    trajectory; in a chaotic state J changes from step to step.

    Parameters
    ----------
    state : a `FixedPoint`, a `SteadyState` or a `Unit` (``network.unit(h)``). Of a state, averages
        are over its sample of units. The cost grows like n⁴, a second or so at n = 100.
    n : the highest power, an integer of at least 0.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates.spectra.powers import jacobian_powers
    >>> point = rg.fixed_points(rg.GRU(a_h=3, a_z=4, a_r=2))[-1]
    >>> jacobian_powers(point, 3).round(2)  # falls before it grows
    array([1.  , 0.92, 0.9 , 0.93])
    """
    times = _highest(n) + 1
    unit = unit_of(state, "jacobian_powers")
    active = np.flatnonzero(unit.model.gains() > 0)
    gains = unit.model.gains()[active][:, None, None] ** 2
    s, m = len(unit.model.carriers), len(active)
    after, taken = _filters(unit, active)
    free, source, kernel, reach = (
        np.zeros((*shape, times, times)) for shape in ((s, s), (m, s), (m, m), (s, m))
    )
    for part in parts(len(unit), times * (s + m) ** 2):
        w, (A, B) = unit.weights[part], np.split(after[..., part], [s], axis=1)
        C, D = np.split(taken[..., part], [s], axis=1)
        powers = np.empty((s, s + m, times, len(part)))  # Aᵗ and AᵗB
        powers[:, :, 0] = np.concatenate([np.broadcast_to(np.eye(s)[..., None], A.shape), B], 1)
        for t in range(times - 1):
            powers[:, :, t + 1] = sum(A[:, d, None] * powers[d, :, t] for d in range(s))
        out = sum(C[:, d, None, None] * powers[d] for d in range(s))
        Y = np.concatenate([D[:, :, None], out[:, s:, :-1]], axis=2)
        free += _gram(powers[:, :s], w)
        reach += _gram(powers[:, s:], w)
        source += _gram(out[:, :s], w)
        kernel += _gram(Y, w)
    V = _ladder(source.sum(axis=1), gains * kernel)
    alone, through = np.einsum("cdtt->t", free), gains * reach.sum(axis=0)
    grown = [np.sum(through[:, :t, :t] * V[:, :t, :t][:, ::-1, ::-1]) for t in range(times)]
    return np.asarray((alone + grown) / s)


def gate_powers(z: Any, p: Any, n: Any, weights: Any = None) -> np.ndarray:
    """μ_0 … μ_n of units with S(λ)+1 = E[p/|λ−z|²]: GRUs and the vanilla network; (n+1,).

    For the GRU at a fixed point p = ρ²(1−z)², in motion ρ²(1−z)² + a_z²z'²(h−φ)². The coefficients
    of A/(1−xyB), A = E[1/((1−xz)(1−yz))], B = E[p/((1−xz)(1−yz))], on the diagonal:
    μ_n = G_nn, G_ab = E[z^{a+b}] + Σ_{j<a,k<b} E[p z^{j+k}] G_{a−1−j,b−1−k}.

    Parameters
    ----------
    z, p : numbers or arrays over a sample of units: the update gate and the numerator.
    n : the highest power. weights : (units,) of the sample; equal if omitted.

    Examples
    --------
    >>> gate_powers([0.2, 0.6], [0.5, 0.1], 2).round(4)
    array([1.    , 0.5   , 0.3076])
    """
    times = _highest(n) + 1
    z, p = np.broadcast_arrays(np.atleast_1d(np.asarray(z, float)), np.asarray(p, float))
    power = z ** np.arange(2 * times)[:, None]
    lag = np.add.outer(np.arange(times), np.arange(times))
    kernel = np.zeros((1, 1, times, times))
    kernel[0, 0, 1:, 1:] = np.average(p * power, axis=1, weights=weights)[lag[:-1, :-1]]
    G = _ladder(np.average(power, axis=1, weights=weights)[lag][None], kernel)
    return np.asarray(np.diagonal(G[0]))


def constant_gate_powers(z: float, rho: float, n: Any) -> np.ndarray:
    """μ_0 … μ_n of a GRU with one number z for the update gate, in any state; (n+1,).

    μ_n = Σ_q C(n,q)² z^{2(n−q)} ((1−z)ρ)^{2q} = z²ⁿ ₂F₁(−n, −n; 1; ((1−z)ρ/z)²), ρ of (19). In
    (140) the third parameter is −1, where the series does not exist, and (139) has a factor σ(b_r)
    too many in ρ².

    Examples
    --------
    >>> constant_gate_powers(0.5, 1.2, 2).round(4)
    array([1.    , 0.61  , 0.5521])
    """
    from scipy.special import comb

    a, b = float(z), (1 - float(z)) * float(rho)
    q = [np.arange(k + 1) for k in range(_highest(n) + 1)]
    return np.array([np.sum((comb(k[-1], k) * a ** k[::-1] * b**k) ** 2) for k in q])


def binary_gate_powers(alpha: float, rho: float, n: Any) -> np.ndarray:
    """μ_0 … μ_n of a GRU at rest whose update gate is 0 with probability α, else 1; (n+1,).

    Jⁿ = Σ_{q<n} [(1−ẑ)M]^q ẑ + [(1−ẑ)M]ⁿ, so that μ_n = (1−α) Σ_{k<n} (αρ²)^k + (αρ²)^n. (134)
    and (135) take the last term to end in ẑ as well. For αρ² < 1 the limit is (1−α)/(1−αρ²), (137).

    Examples
    --------
    >>> binary_gate_powers(0.5, 1.3**0.5, 3).round(4)
    array([1.    , 1.15  , 1.2475, 1.3109])
    """
    growth = (float(alpha) * float(rho) ** 2) ** np.arange(_highest(n) + 1.0)
    earlier = np.concatenate([[0.0], np.cumsum(growth)[:-1]])
    return np.asarray((1 - float(alpha)) * earlier + growth)


def _highest(n: Any) -> int:
    if isinstance(n, bool) or not isinstance(n, Integral) or n < 0:
        raise ValueError(f"n must be an integer of at least 0, the highest power, got {n!r}")
    return int(n)


def _filters(unit: Unit, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[A B] and [C D] of every unit, (n_s, n_s + n, units) and (n, n_s + n, units).

    Rows of X − B̂ÛĈ that carry no λ give the other variables of a step from s and w.
    """
    X, B, C = unit.model.blocks(unit.inputs, unit.carry, 0.0)
    carriers, blocks = unit.model.carriers, range(len(X))
    columns = range(len(carriers) + len(active))
    driven = [[*(0 for _ in carriers), *(B[b][k] for k in active)] for b in blocks]
    given = [[int(b == c) for c in (*carriers, *(-1 for _ in active))] for b in blocks]
    held = [[int(b == j) for j in blocks] if b in carriers else X[b] for b in blocks]
    x = lower_solve(held, [(given if b in carriers else driven)[b] for b in blocks])
    after = [
        [add_products(driven[c][j], [(-1, X[c][b], x[b][j]) for b in blocks]) for j in columns]
        for c in carriers
    ]
    taken = [
        [add_products(0, [(1, C[k][b], x[b][j]) for b in blocks]) for j in columns] for k in active
    ]
    return _dense(after, len(columns), len(unit)), _dense(taken, len(columns), len(unit))


def _dense(rows: Nested, columns: int, units: int) -> np.ndarray:
    """(rows, columns, units) of nested lists."""
    entries = [np.broadcast_to(np.asarray(v, float), units) for row in rows for v in row]
    return np.reshape(entries, (len(rows), columns, units))


def _gram(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """E[x_t x_t'] of (…, times, units)."""
    return (x * weights) @ np.swapaxes(x, -1, -2)


def _ladder(source: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """V_k(t,t') = source_k(t,t') + Σ_{l, i≤t, j≤t'} kernel_kl(i,j) V_l(t−i, t'−j), symmetric.

    ``source`` is (m, times, times), ``kernel`` (m, m, times, times).
    """
    V = np.zeros(source.shape)
    at_once = np.linalg.inv(np.eye(len(V)) - kernel[:, :, 0, 0])
    for t in range(source.shape[-1]):
        for u in range(t + 1):
            past = V[:, t::-1, u::-1]  # its first entry is still 0
            more = np.einsum("klij,lij->k", kernel[:, :, : t + 1, : u + 1], past)
            V[:, t, u] = V[:, u, t] = at_once @ (source[:, t, u] + more)
    return V
