"""Powers of the Jacobian, μ_n = (1/N) E tr (Jⁿ)ᵀJⁿ: how a perturbation grows in n steps.

Between the weights every unit is a linear filter of its own: from its part s of the state and what
the weights bring, w_k = (U_k v_k), follow the next s and what the weights take, v_k,

    s⁺ = A s + B w,    v = C s + D w,    Y(λ) = C(λ−A)⁻¹B + D = Σ_t Y_t λ⁻ᵗ = ĈX⁻¹B̂.

Let s start with independent entries of variance 1. As N→∞ the w_k are Gaussian, independent from
unit to unit and from each other, of covariance a_k² V_k(t,t') with V_k(t,t') = E[v_k(t) v_k(t')]:

    V_k(t,t') = E[(CAᵗ)(CAᵗ')ᵀ]_kk + Σ_l a_l² Σ_{i≤t, j≤t'} E[Y_i Y_j]_kl V_l(t−i, t'−j),        (1)
    μ_n = E tr[Aⁿ(Aⁿ)ᵀ] + Σ_l a_l² Σ_{i,j<n} E[(AⁱB)ᵀ(AʲB)]_ll V_l(n−1−i, n−1−j),              (2)

where Y_i Y_j is taken entry by entry. These are the coefficients of (λμ*)^{−n−1} in
E tr[L X_λ⁻¹ L X_μ⁻† L] + αᵀ(1−K)⁻¹β, found without a contour integral: (1) is solved in the order
of t and t'. For the vanilla network, the GRUs and the LSTM none of the averages is negative, so
that nothing cancels. Weights and state are taken as independent, as everywhere in mean field.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from rmt_gates.spectra.criterion import parts
from rmt_gates.spectra.small_matrices import Nested, add_products, lower_solve
from rmt_gates.spectra.states import real_numbers, unit_of
from rmt_gates.unit import Unit


def jacobian_powers(state: Any, n: Any) -> np.ndarray:
    """μ_0 … μ_n of the state-to-state Jacobian J, per eigenvalue, so that μ_0 = 1; (n+1,).

    √μ_n is the gain of a random perturbation when J is applied n times. These are powers of one
    J: the growth in time at a fixed point, but not in a chaotic state, where J changes with time.

    Parameters
    ----------
    state : a `FixedPoint`, a `SteadyState` or a `Unit` (``network.unit(h)``). Averages are over its
        sample of units, whose noise grows with n: at n = 6 about 10⁻⁴ at a fixed point, several per
        cent in a chaotic state.
    n : the highest power, an integer of at least 0. Rounding stays below 10⁻¹³ at n = 50.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates.spectra.powers import jacobian_powers
    >>> point = rg.fixed_points(rg.GRU(a_h=3, a_z=4, a_r=2))[-1]
    >>> jacobian_powers(point, 3).round(3)  # falls before it grows
    array([1.   , 0.922, 0.904, 0.927])
    """
    times = _highest(n) + 1
    unit = unit_of(state, "jacobian_powers")
    gains = unit.model.gains()
    active = np.flatnonzero(gains > 0)
    squares = gains[active][:, None, None] ** 2
    s, m = len(unit.model.carriers), len(active)
    after, taken = _filters(unit, active)
    free, reach, source, kernel = (
        np.zeros((*shape, times, times)) for shape in ((s, s), (s, m), (m, s), (m, m))
    )
    for part in parts(len(unit), times * (s + m) ** 2):
        weights, AB, CD = unit.weights[part], after[..., part], taken[..., part]
        powers = np.empty((s, s + m, times, len(part)))  # Aᵗ and AᵗB
        powers[:, :s, 0], powers[:, s:, 0] = np.eye(s)[..., None], AB[:, s:]
        for t in range(times - 1):
            powers[:, :, t + 1] = sum(AB[:, d, None] * powers[d, :, t] for d in range(s))
        out = sum(CD[:, d, None, None] * powers[d] for d in range(s))  # CAᵗ and CAᵗB = Y_{t+1}
        Y = np.concatenate([CD[:, s:, None], out[:, s:, :-1]], axis=2)
        free += _gram(powers[:, :s], weights)
        reach += _gram(powers[:, s:], weights)
        source += _gram(out[:, :s], weights)
        kernel += _gram(Y, weights)
    V = _solve(source.sum(axis=1), squares * kernel)
    reach = squares * reach.sum(axis=0)
    driven = [np.sum(reach[:, :t, :t] * V[:, :t, :t][:, ::-1, ::-1]) for t in range(times)]
    return np.asarray((np.einsum("cdtt->t", free) + driven) / s)


def gate_powers(z: Any, p: Any, n: Any, weights: Any = None) -> np.ndarray:
    """μ_0 … μ_n of units with S(λ)+1 = E[p/|λ−z|²]: both GRUs and the vanilla network; (n+1,).

    p is ρ²(1−z)² for a GRU at a fixed point, ρ²(1−z)² + a_z²z'²(h−φ)² in motion. μ_n = G_nn with
    G_ab = E[z^{a+b}] + Σ_{j<a, k<b} E[p z^{j+k}] G_{a−1−j, b−1−k}, the coefficients of A/(1−xyB),
    A = E[1/((1−xz)(1−yz))], B = E[p/((1−xz)(1−yz))].

    Parameters
    ----------
    z, p : the update gate and p over a sample of units, numbers or arrays.
    n : the highest power. weights : of the units in the sample; equal if omitted.

    Examples
    --------
    >>> gate_powers([0.2, 0.6], [0.5, 0.1], 2).round(4)
    array([1.    , 0.5   , 0.3076])
    """
    times = _highest(n) + 1
    z, p = np.atleast_1d(_within("z", z, 1), _within("p", p))
    try:
        z, p = np.broadcast_arrays(z, p)
    except ValueError:
        raise ValueError(f"z and p must have one shape, got {z.shape} and {p.shape}") from None
    powers = z ** np.arange(2 * times)[:, None]
    lags = np.add.outer(np.arange(times), np.arange(times))
    source = np.average(powers, axis=-1, weights=weights)[lags]
    kernel = np.zeros((times, times))
    kernel[1:, 1:] = np.average(p * powers, axis=-1, weights=weights)[lags[:-1, :-1]]
    return np.asarray(np.diagonal(_solve(source[None], kernel[None, None])[0]))


def constant_gate_powers(z: Any, rho: Any, n: Any) -> np.ndarray:
    """μ_0 … μ_n of a GRU whose update gate is one number z, in any state; (n+1,).

    μ_n = Σ_q C(n,q)² z^{2(n−q)} ((1−z)ρ)^{2q} = z²ⁿ ₂F₁(−n, −n; 1; ((1−z)ρ/z)²), ρ of (19). (140)
    prints ₁F₂ and −1 for the 1; (139) has a factor σ(b_r) too many in ρ².

    Examples
    --------
    >>> constant_gate_powers(0.5, 1.2, 2).round(4)
    array([1.    , 0.61  , 0.5521])
    """
    from scipy.special import comb

    z, rho = _single("z", z, 1), _single("rho", rho)
    q = [np.arange(k + 1) for k in range(_highest(n) + 1)]
    terms = [comb(k[-1], k) * z ** k[::-1] * ((1 - z) * rho) ** k for k in q]
    return np.array([np.sum(one**2) for one in terms])


def binary_gate_powers(alpha: Any, rho: Any, n: Any) -> np.ndarray:
    """μ_0 … μ_n of a GRU at rest whose update gate is 0 with probability α, else 1; (n+1,).

    Jⁿ = Σ_{q<n} [(1−ẑ)M]^q ẑ + [(1−ẑ)M]ⁿ, so that μ_n = (1−α) Σ_{k<n} (αρ²)^k + (αρ²)^n; in (134)
    and (135) the last term ends in ẑ as well. The limit for αρ² < 1 is (1−α)/(1−αρ²), (137).

    Examples
    --------
    >>> binary_gate_powers(0.5, 1.3**0.5, 3).round(4)
    array([1.    , 1.15  , 1.2475, 1.3109])
    """
    alpha, rho = _single("alpha", alpha, 1), _single("rho", rho)
    last = (alpha * rho**2) ** np.arange(_highest(n) + 1.0)
    return np.asarray((1 - alpha) * np.append(0.0, np.cumsum(last[:-1])) + last)


def _filters(unit: Unit, active: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[A B] and [C D] of every unit, (n_s, n_s + m, units) and (m, n_s + m, units).

    The rows of X − B̂ÛĈ without λ give the other variables x of the step from s and w.
    """
    X, B, C = unit.model.blocks(unit.inputs, unit.carry, 0.0)
    carriers, blocks = unit.model.carriers, range(len(X))
    columns = range(len(carriers) + len(active))
    driven = [[0] * len(carriers) + [B[b][k] for k in active] for b in blocks]
    given = [[int(b == c) for c in carriers] + [0] * len(active) for b in blocks]
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
    entries = [np.broadcast_to(np.asarray(v, float), units) for row in rows for v in row]
    return np.reshape(entries, (len(rows), columns, units))


def _gram(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """E[x_t x_t'] of (…, times, units)."""
    return (x * weights) @ np.swapaxes(x, -1, -2)


def _solve(source: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """V_k(t,t') = source_k(t,t') + Σ_{l, i≤t, j≤t'} kernel_kl(i,j) V_l(t−i, t'−j), symmetric."""
    V = np.zeros(source.shape)
    at_once = np.linalg.inv(np.eye(len(V)) - kernel[:, :, 0, 0])
    for t in range(source.shape[-1]):
        for u in range(t + 1):
            past = V[:, t::-1, u::-1]  # its first entry is still 0
            more = np.einsum("klij,lij->k", kernel[:, :, : t + 1, : u + 1], past)
            V[:, t, u] = V[:, u, t] = at_once @ (source[:, t, u] + more)
    return V


def _highest(n: Any) -> int:
    if isinstance(n, bool | np.bool_) or not isinstance(n, Integral) or n < 0:
        raise ValueError(f"n, the highest power, must be an integer of at least 0, got {n!r}")
    return int(n)


def _within(name: str, value: Any, high: float = np.inf) -> np.ndarray:
    value = real_numbers(name, value)
    if not value.size or not np.all(np.isfinite(value) & (value >= 0) & (value <= high)):
        limit = "finite and at least 0" if high == np.inf else f"between 0 and {high:g}"
        raise ValueError(f"{name} must be {limit}")
    return value


def _single(name: str, value: Any, high: float = np.inf) -> float:
    number = _within(name, value, high)
    if number.ndim:
        raise TypeError(f"{name} must be one number, got {value!r}")
    return float(number)
