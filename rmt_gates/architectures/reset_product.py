"""Averages over y = σ(ξ) u + b, the argument of φ where the reset gate follows the matrix.

ξ ~ N(b_r, a_r² C + v_r), u ~ N(b_u, a_h² C + v_u) and b ~ N(b_h, v_h) are independent. Then y is
not Gaussian, but given r = σ(ξ) it is: of mean r b_u + b_h, variance r² (a_h² C + v_u) + v_h.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy.special import logit

from rmt_gates.gaussian import Activation, phi_squared, sigmoid
from rmt_gates.gaussian.by_mean import log_expectation_by_mean
from rmt_gates.gaussian.expectation import SIGMOID_SQUARED, WINDOW, peak
from rmt_gates.gaussian.gate_polynomials import gate_points
from rmt_gates.gaussian.mesh import Array, graded_points, panel_nodes
from rmt_gates.gaussian.price import digits, trapezoid_rule, window

PANEL_WIDTH = 1.5
LARGEST_SMOOTH_SCALE = 30.0
EXACT = 1e-15
ROWS = 256  # values of C at once, times the nodes of ξ,
ROWS_OF_PAIRS = 4  # or times the nodes of ξ and y
TINY = 1e-300
SMOOTHED_KINK = np.array([-9.0, -6.0, -3.0, -1.5, 0.0, 1.5, 3.0, 6.0, 9.0])


class GivenGate(NamedTuple):
    """The law of y at the nodes of ξ, for n values of C: arrays (n, nodes).

    x : (ξ − b_r)/√Var ξ, with weights ``weight``. ``r``, ``shut`` : σ(ξ), 1 − σ(ξ).
    ``mean``, ``variance`` : of y. ``moving`` : the part r² Var u of the variance.
    ``shift`` : the part r b_u of the mean.
    """

    x: Array
    weight: Array
    r: Array
    shut: Array
    mean: Array
    variance: Array
    moving: Array
    shift: Array


def given_gate(model: Any, C: Array) -> GivenGate:
    """For a model with 1-D fields like C."""
    W, U = model.a_r**2 * C + model.v_r, model.a_h**2 * C + model.v_u
    depth = np.log1p(np.max(np.sqrt(U) + np.abs(model.b_u)))
    x, weight = gate_rule(model.b_r, W, float(depth), kink_images(model, U))
    xi = model.b_r[:, None] + np.sqrt(W)[:, None] * x
    r = sigmoid(xi)
    moving, shift = r**2 * U[:, None], r * model.b_u[:, None]
    mean, variance = shift + model.b_h[:, None], moving + model.v_h[:, None]
    return GivenGate(x, weight, r, sigmoid(-xi), mean, variance, moving, shift)


def by_rows(model: Any, C: Any, function: Callable[[Any, Array], Array]) -> Array:
    """``function(model, C)`` (..., n) of n values at a time, as (..., *shape of C and fields)."""
    shape = np.broadcast_shapes(np.shape(C), model.shape)
    C = np.broadcast_to(np.asarray(C, float), shape).ravel()
    fields = {n: np.broadcast_to(getattr(model, n), shape).ravel() for n in model.numbers()}
    parts = []
    for begin in range(0, C.size, ROWS):
        part = slice(begin, begin + ROWS)
        some = model.unchecked(**{n: np.asarray(v[part], float) for n, v in fields.items()})
        parts.append(function(some, C[part]))
    result = np.concatenate(parts, axis=-1)
    return np.asarray(result.reshape(result.shape[:-1] + shape))


def y_nodes(model: Any, law: GivenGate) -> Iterator[tuple[slice, Array, Array, Array]]:
    """(rows, x, weight, y): E[f(y)|ξ] is the sum of weight f(y) over the last axis."""
    deviation = np.sqrt(law.variance)
    for begin in range(0, len(law.x), ROWS_OF_PAIRS):
        rows = slice(begin, begin + ROWS_OF_PAIRS)
        x, weight = normal_rule(model.phi, law.mean[rows], deviation[rows])
        y = deviation[rows, :, None] * x
        y += law.mean[rows, :, None]
        yield rows, x, weight, y


def weighted(values: Array, weight: Array) -> Array:
    """Sums over the last axis, with weights of the same shape or common ones (1-D)."""
    return values @ weight if weight.ndim == 1 else np.einsum("...x,...x->...", values, weight)


def second_moment(model: Any, C: Any) -> Array:
    """E[φ(y)²]."""

    def of_rows(model: Any, C: Array) -> Array:
        """E[φ(y)²] of one block of rows."""
        law = given_gate(model, C)
        parts = [weighted(model.phi.phi(y) ** 2, weight) for _, _, weight, y in y_nodes(model, law)]
        return np.sum(law.weight * np.concatenate(parts), axis=1)

    return by_rows(model, C, of_rows)


def squared_slopes(model: Any, C: Any) -> Array:
    """E[φ'(y)²], E[φ'(y)² r²] and E[φ'(y)² u² r'²]; (3, *shape of C and fields)."""

    def of_rows(model: Any, C: Array) -> Array:
        """The three averages of one block of rows."""
        law = given_gate(model, C)
        slope, through_gate = np.empty(law.x.shape), np.empty(law.x.shape)
        # r u given y is Gaussian: b may account for a part of y
        share = law.moving / np.maximum(law.variance, TINY)
        spread, rest = np.sqrt(law.moving * share), law.moving * (1 - share)
        for rows, x, weight, y in y_nodes(model, law):
            square = model.phi.dphi(y) ** 2
            slope[rows] = weighted(square, weight)
            product = (law.shift[rows, :, None] + spread[rows, :, None] * x) ** 2
            product += rest[rows, :, None]
            through_gate[rows] = weighted(square * product, weight)
        values = np.array([slope, slope * law.r**2, through_gate * law.shut**2])
        return np.sum(law.weight * values, axis=-1)

    return by_rows(model, C, of_rows)


def level(model: Any, C: Any) -> Array:
    """H = log F(C) − log C and dH/d log C, F(C) = E[φ(y)²]; (2, *shape of C and fields).

    d E f(m + √V x)/dV = E[(x²−1) f]/2V for both Gaussians, so that no derivative of φ is needed.
    """

    def of_rows(model: Any, C: Array) -> Array:
        """H and its slope for one block of rows."""
        law = given_gate(model, C)
        T, by_V = np.empty(law.x.shape), np.empty(law.x.shape)
        for rows, x, weight, y in y_nodes(model, law):
            square = model.phi.phi(y) ** 2
            T[rows] = weighted(square, weight)
            by_V[rows] = weighted(square, 0.5 * weight * (x * x - 1))
        own, gate = (model.a_h**2 * C)[:, None] * law.r**2, model.a_r**2 * C
        gate_share = gate / np.maximum(gate + model.v_r, TINY)
        change = own / np.maximum(law.variance, TINY) * by_V
        change += 0.5 * gate_share[:, None] * (law.x**2 - 1) * T
        F = np.sum(law.weight * T, axis=1)
        return np.stack([np.log(F / C), np.sum(law.weight * change, axis=1) / F - 1])

    return by_rows(model, C, of_rows)


def level_without_shift(model: Any, C: Any) -> Array:
    """H = log F(C) − log C and dH/d log C, F(C) = E[φ(y)²], for b_u = 0; (2, *shape).

    Then E[φ²|ξ] is a function T of the variance V of y alone, which is tabulated. Where b_h = 0
    too the table is of log(T/V), and no nearly equal numbers are subtracted: the slope, and the
    change of H from its value at C = 0, keep their relative accuracy as C → 0.
    """

    def of_rows(model: Any, C: Array) -> Array:
        """H and its slope for one block of rows."""
        law = given_gate(model, C)
        divided = (model.b_h == 0)[:, None]
        log_T, slope = log_expectation_by_mean(
            phi_squared(model.phi), model.b_h[:, None], law.variance, per_variance=True
        )
        V = np.maximum(law.variance, TINY)
        per_V = np.exp(log_T) / np.where(divided, 1.0, V)
        own = model.a_h**2 * C  # of the variance of u, and of that of ξ:
        gate = model.a_r**2 * C / np.sqrt(np.maximum(model.a_r**2 * C + model.v_r, TINY))
        static = np.where(divided, law.r**2 * model.v_u[:, None] + model.v_h[:, None], V)
        change = per_V * (own[:, None] * law.r**2 * slope - static)  # dT/d log C − T by u
        by_gate = law.x * law.moving * law.shut * (slope + divided)
        change += gate[:, None] * per_V * by_gate  # by dF/d Var ξ = E[x dT/dξ] / 2√Var ξ
        scale = np.where(divided[:, 0], np.maximum(own + model.v_u + model.v_h, TINY), 1.0)
        mean = np.sum(law.weight * per_V * (V / scale[:, None]), axis=1)
        H = np.log(mean * scale / C)  # scale / C alone may overflow
        return np.stack([H, np.sum(law.weight * change, axis=1) / (mean * scale)])

    return by_rows(model, C, of_rows)


def kink_images(model: Any, U: Array) -> Array:
    """Break points in ξ where the mean of y passes a kink of φ, over the width that V gives it."""
    kinks = np.array(model.phi.kinks if np.any(model.b_u) else ())
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (kinks - model.b_h[:, None]) / model.b_u[:, None]
        r = np.where((r > 0) & (r < 1), r, 0.5)  # a break point anywhere does no harm
        deviation = np.sqrt(r**2 * U[:, None] + model.v_h[:, None])
        width = deviation / np.abs(model.b_u[:, None] * r * (1 - r))
    width = np.minimum(np.nan_to_num(width), 1e3)
    points = (logit(r) + SMOOTHED_KINK[:, None, None] * width).swapaxes(0, 1)
    return np.asarray(points.reshape(len(U), -1))


def gate_rule(mean: Array, variance: Array, depth: float, more: Array) -> tuple[Array, Array]:
    """Nodes x and weights (n, nodes) for E g(σ(m + √V x)), x ~ N(0, 1); m and V are (n,).

    g : positive and smooth on [0, 1]; at r → 0 it is like 1 or like r²
    depth : g may vary on the scale r ~ e^{−depth}
    more : (n, any) break points in ξ

    The weights of each row sum to 1.
    """
    m, s = mean[:, None], np.sqrt(variance)[:, None]
    top = WINDOW + peak(SIGMOID_SQUARED, m, s)  # for r²; g like 1 has its mass around x = 0
    fractions = np.linspace(0, 1, int(np.ceil((WINDOW + top.max()) / PANEL_WIDTH)) + 1)
    points = gate_points(float(s.max()), depth)
    points = np.concatenate([np.broadcast_to(points, (len(m), points.size)), more], axis=1)
    images = images_in_x(points, m, s)
    breaks = np.concatenate([fractions * (WINDOW + top) - WINDOW, np.clip(images, -WINDOW, top)], 1)
    x, w = panel_nodes(np.sort(breaks, axis=1))
    w *= np.exp(-0.5 * x * x)
    return x, w / w.sum(axis=1, keepdims=True)


def normal_rule(activation: Activation, mean: Array, deviation: Array) -> tuple[Array, Array]:
    """Nodes x and weights, on a new last axis, for averages of φ(m + s x), φ' and their powers.

    mean, deviation : m and s. For a smooth φ the nodes are the same for all of them.
    """
    widest = float(deviation.max())
    if not activation.kinks and widest < LARGEST_SMOOTH_SCALE:
        return trapezoid_rule(window(EXACT), 0.5 * np.pi / max(widest, 1.0), digits(EXACT))
    m, s = mean[..., None], deviation[..., None]
    even = np.linspace(-WINDOW, WINDOW, int(np.ceil(2 * WINDOW / PANEL_WIDTH)) + 1)
    images = np.clip(images_in_x(graded_points(widest), m, s), -WINDOW, WINDOW)
    breaks = np.concatenate([np.broadcast_to(even, (*mean.shape, even.size)), images], axis=-1)
    x, w = panel_nodes(np.sort(breaks, axis=-1))
    w *= np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)
    return x, w


def images_in_x(points: Array, mean: Array, deviation: Array) -> Array:
    """Where mean + deviation x is at one of the points; anywhere if it is constant."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return np.nan_to_num((points - mean) / deviation)
