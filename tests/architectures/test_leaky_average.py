"""E[h_t h_{t+k} | ζ] against double sums, and against the recursion itself run on sampled y."""

import numpy as np
import pytest
from scipy.linalg import toeplitz

from rmt_gates.architectures.leaky_average import leaky_moments, leaky_weights


def gates(rows, steps, seed=0):
    return np.random.default_rng(seed).uniform(0.05, 0.98, (rows, steps))


def weights_by_hand(z):
    """h_B = Σ w_s φ_s by running the recursion on unit impulses, h starting at φ of the oldest."""
    w = np.zeros(z.shape)
    w[:, 0] = 1
    for t in range(z.shape[1]):
        w *= z[:, t : t + 1]
        w[:, t] += 1 - z[:, t]
    return w


def decaying(K, static, seed=1):
    """An autocovariance that vanishes (up to a static part) beyond lag K: a moving average."""
    c = np.random.default_rng(seed).normal(size=K + 1)
    return static + np.correlate(c, c, "full")[K:]


@pytest.mark.parametrize("steps", [1, 2, 9])
def test_weights(steps):
    z = gates(5, steps)
    w = leaky_weights(1 - z)
    np.testing.assert_allclose(w[:, ::-1], weights_by_hand(z), rtol=1e-13)
    np.testing.assert_allclose(w.sum(axis=1), 1, rtol=1e-14)
    assert np.all(w > 0)


@pytest.mark.parametrize("B, K", [(7, 3), (12, 11), (16, 8), (9, 1), (3, 5), (20, 7)])
@pytest.mark.parametrize("static", [0.0, 0.4])
def test_against_double_sums(B, K, static):
    rows = 4
    z = gates(rows, B + K)
    C_phi = decaying(K, static)
    got = leaky_moments(1 - z[:, :B], 1 - z[:, B:], C_phi, static)
    assert got.kernel.shape == (rows, K + 1) and got.excess.shape == (rows,)

    n = B + K + 1  # times of φ: t−B … t+K
    full = np.full(n, static)
    full[: K + 1] = C_phi
    T = toeplitz(full)
    for i in range(rows):
        # the weights of h_{t+k} on φ_{t−B} … φ_{t+K}, by running the recursion onwards
        w = np.zeros(n)
        w[:B] = weights_by_hand(z[i : i + 1, :B])[0]
        first = w.copy()
        for k in range(K + 1):
            np.testing.assert_allclose(got.kernel[i, k], first @ T @ w, rtol=1e-11, atol=1e-12)
            if k < K:
                w *= z[i, B + k]
                w[B + k] += 1 - z[i, B + k]
        present = np.zeros(n)
        present[B] = 1
        np.testing.assert_allclose(
            got.excess[i], (first - present) @ T @ (first - present), rtol=1e-11, atol=1e-12
        )


def test_against_the_recursion_on_sampled_inputs():
    """Monte Carlo over φ for one gate path: h_{t+1} = z_t h_t + (1−z_t) φ_t."""
    B, K, n = 40, 4, 200_000
    rng = np.random.default_rng(5)
    z = gates(1, B + K, seed=3)
    c = rng.normal(size=K + 1)
    static = 0.3
    C_phi = static + np.correlate(c, c, "full")[K:]
    noise = rng.standard_normal((n, B + 2 * K + 1))
    path = np.stack([noise[:, i : i + K + 1] @ c for i in range(B + K + 1)])
    path += np.sqrt(static) * rng.standard_normal(n)
    h, record = path[0].copy(), []
    for t in range(B + K):
        if t >= B:
            record.append(h)
        h = z[0, t] * h + (1 - z[0, t]) * path[t]
    record.append(h)
    got = leaky_moments(1 - z[:, :B], 1 - z[:, B:], C_phi, static)
    for k in range(K + 1):
        product = record[0] * record[k]
        error = product.std() / np.sqrt(n)
        assert abs(got.kernel[0, k] - product.mean()) < 4 * error
        assert error < 0.03 * abs(got.kernel[0, 0])
    square = (record[0] - path[B]) ** 2
    assert abs(got.excess[0] - square.mean()) < 4 * square.std() / np.sqrt(n)


def test_a_constant_signal():
    """φ the same at all times: h = φ, whatever the gate."""
    got = leaky_moments(1 - gates(3, 15), 1 - gates(3, 5, seed=1), np.full(6, 0.7), 0.7)
    np.testing.assert_allclose(got.kernel, 0.7, rtol=1e-13)
    np.testing.assert_allclose(got.excess, 0, atol=1e-13)


def test_an_open_gate_keeps_its_oldest_value():
    """z = 1: h_t = φ_{t−B} for ever."""
    K, B = 4, 3
    C_phi = decaying(K, 0.0)
    got = leaky_moments(np.zeros((1, B)), np.zeros((1, K)), C_phi, 0.0)
    np.testing.assert_allclose(got.kernel[0], C_phi[0], rtol=1e-13)
    np.testing.assert_allclose(got.excess[0], 2 * (C_phi[0] - C_phi[3]), rtol=1e-12)
