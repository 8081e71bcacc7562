"""How small non-zero fixed points appear where zero loses its stability: (24), (25), (128)–(132).

The GRU with reset before the matrix, φ = tanh, b_h = v_h = v_r = 0. F is the right-hand side of
(10); a non-zero fixed point is a root of F(C)/C = 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rmt_gates.gaussian import sigmoid


def small_state_series(a_h: Any, a_r: Any, b_r: Any = 0.0) -> tuple[Any, Any, Any]:
    """(k₀, k₁, k₂) of F(C)/C = k₀ + k₁ C + k₂ C² + O(C³): (128)–(130); (131) at b_r = 0.

    From E[tanh²] = V − 2V² + 17V³/3, V = a_h² C_y, and C_y/C = E[σ²] = c₁ + c₂ a_r² C + c₃ a_r⁴ C².
    With s = σ(b_r), t = 1−s: c₁ = s², c₂ = s²t(2t−s), c₃ = s²t(8t³ − 33st² + 18s²t − s³)/4.

    Examples
    --------
    >>> from rmt_gates.spectra.onset import small_state_series
    >>> small_state_series(2.0, 8**0.5)  # zero is marginal; no linear term: the tricritical point
    (1.0, ..., -10.33...)
    """
    s, t = sigmoid(np.asarray(b_r, float)), sigmoid(-np.asarray(b_r, float))
    c_1, c_2 = s**2, s**2 * t * (2 * t - s)
    c_3 = s**2 * t * (8 * t**3 - 33 * s * t**2 + 18 * s**2 * t - s**3) / 4
    A, R = np.square(a_h), np.square(a_r)
    linear = A * c_2 * R - 2 * A**2 * c_1**2
    square = A * c_3 * R**2 - 4 * A**2 * c_1 * c_2 * R + 17 / 3 * A**3 * c_1**3
    return _plain(A * c_1), _plain(linear), _plain(square)


def continuous_onset(epsilon: Any, a_r: Any) -> Any:
    """C_h ≈ 4ε/(8 − a_r²) at a_h = 2 + ε, zero bias: the root that vanishes with ε, (24) and (25).

    For a_r < √8 it lives above a_h = 2; for a_r > √8 it is the lower one of two roots below. The
    relative error is O(ε).

    Parameters
    ----------
    epsilon, a_r : numbers or arrays, with ε and 8 − a_r² of the same sign.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates.spectra.onset import continuous_onset
    >>> point = rg.fixed_points(rg.GRU(a_h=2.0001, a_r=1))[1]
    >>> round(continuous_onset(1e-4, 1), 9), round(point.C_h, 9)
    (5.7143e-05, 5.7141e-05)
    """
    distance = 8 - np.square(np.asarray(a_r, float))
    if not np.all(np.asarray(epsilon) * distance > 0):
        raise ValueError(
            "epsilon and 8 - a_r² must have the same sign: below a_h = 2 a small root needs "
            "a_r > √8, above it a_r < √8"
        )
    return _plain(4 * np.asarray(epsilon) / distance)


def tricritical_onset(epsilon: Any) -> Any:
    """C_h ≈ √(3ε/31) at a_h = 2 + ε on the tricritical line a_r = √2 a_h: (24) corrected (E2).

    There the linear term of (131) vanishes and −31 a_h⁶ C²/192 balances a_h²/4 − 1 ≈ ε. The paper
    prints √ε/4. The relative error is O(√ε).

    Parameters
    ----------
    epsilon : positive, a number or an array.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates.spectra.onset import tricritical_onset
    >>> point = rg.fixed_points(rg.GRU(a_h=2 + 1e-6, a_r=2**0.5 * (2 + 1e-6)))[1]
    >>> round(tricritical_onset(1e-6), 7), round(point.C_h, 7)
    (0.0003111, 0.0003115)
    """
    if not np.all(np.asarray(epsilon) > 0):
        raise ValueError("epsilon must be positive: below a_h = 2 this line has no small root")
    return _plain(np.sqrt(3 * np.asarray(epsilon) / 31))


def discontinuous_onset(epsilon: Any, a_r: Any) -> Any:
    """The root that does not vanish with ε = a_h − 2, a_r > √8: (24), (25) with f of (132).

    C_h ≈ 6(a_r²−8)/(3a_r⁴+24a_r²−136) + f(a_r) ε/(a_r²−8), for |ε| ≪ (a_r²−8)²/600. It solves
    (131) to first order in ε; what (131) leaves out, O(C³), is small near a_r = √8 only: the
    relative errors of the first term and of f are O(a_r²−8).

    Parameters
    ----------
    epsilon, a_r : numbers or arrays, a_r > √8.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> from rmt_gates.spectra.onset import discontinuous_onset
    >>> a_r = 8.01**0.5
    >>> point = rg.fixed_points(rg.GRU(a_h=2, a_r=a_r))[1]
    >>> round(discontinuous_onset(0, a_r), 7), round(point.C_h, 7)
    (0.0002412, 0.0002417)
    """
    R = np.square(np.asarray(a_r, float))
    if not np.all(R > 8):
        raise ValueError("a_r must be above √8: below, this root does not exist")
    D = 3 * R**2 + 24 * R - 136
    f = 4 * (31552 - 11424 * R + 744 * R**2 + 72 * R**3 + 9 * R**4) / D**2
    return _plain(6 * (R - 8) / D + f * np.asarray(epsilon) / (R - 8))


def _plain(value: Any) -> Any:
    return value if np.ndim(value) else float(value)
