"""The sampled kernel map against the process itself."""

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.architectures.leaky_average import leaky_moments
from rmt_gates.mean_field.anderson import Secants
from rmt_gates.mean_field.input_paths import BLOCKS
from rmt_gates.mean_field.sampled_map import (
    FEWEST_PATHS,
    ROWS_AT_ONCE,
    SampledKernelMap,
    gate_law,
    squeezed,
    tail,
)

K = 24
MODEL = rg.GRU(a_h=3, a_z=4, a_r=2, b_z=-0.4, v_z=0.3)
BIASED = MODEL.replace(b_h=0.3, v_h=0.2)
X = np.append(0.4 * np.exp(-np.arange(K + 1) / 4), 0.0)[None]
X[0, K] = 0


def test_chunks_are_weighted_by_their_size():
    """More paths than fit in one chunk: the average over all windows, each the same weight."""
    per_chunk = max(FEWEST_PATHS, ROWS_AT_ONCE // (16 * K))
    paths = per_chunk + 40
    G = SampledKernelMap(MODEL, np.random.default_rng(0), paths, K)
    assert [size for size, _ in G.chunks] == [per_chunk, 40]
    covariance = 16 * X[0] + 0.3
    C_phi = MODEL.phi_kernel(X[0])
    rows = [noise["zeta", BLOCKS].periodic(-0.4, covariance[:-1], 0.3) for _, noise in G.chunks]
    z = 1 / (1 + np.exp(-np.concatenate(rows)))
    starts = [np.roll(z, -s * K, axis=1) for s in range(BLOCKS)]  # one every K steps of the circle
    past, future = (np.concatenate([s[:, cut] for s in starts]) for cut in (np.s_[-K:], np.s_[:K]))
    exact = leaky_moments(1 - past, 1 - future, C_phi[:-1], 0.0)
    (image,) = G(X)
    np.testing.assert_allclose(image[:-1], exact.kernel.mean(axis=0), rtol=0, atol=1e-9)
    assert image[-1] == 0
    assert not np.array_equal(rows[0][:80], rows[1][:80])


def test_image_is_the_autocorrelation_of_the_process():
    """Monte Carlo over ζ and y together, from the step itself."""
    G = SampledKernelMap(MODEL, np.random.default_rng(1), 2000, K)
    (image,) = G(X)
    n = 4000
    rng = np.random.default_rng(2)
    lag = np.abs(np.subtract.outer(np.arange(5 * K), np.arange(5 * K)))
    paths = {}
    for name, kernel in MODEL.input_kernels(X[0]).items():
        c = np.append(kernel.covariance[:-1], np.full(4 * K, kernel.covariance[-1]))
        values, vectors = np.linalg.eigh(c[lag])
        root = vectors * np.sqrt(np.maximum(values, 0))
        paths[name] = kernel.mean + root @ rng.standard_normal((5 * K, n))
    h = np.tanh(paths["y"][0])
    record = []
    for t in range(5 * K):
        record.append(h)
        h = MODEL.step({k: v[t] for k, v in paths.items()}, h)
    record = np.array(record)
    for k in (0, 1, 3, 8):
        product = (record[3 * K : 4 * K] * record[3 * K + k : 4 * K + k]).mean(axis=0)
        error = product.std() / np.sqrt(n)
        assert abs(image[k] - product.mean()) < 4 * error + 2e-3
    square = ((record - np.tanh(paths["y"])) ** 2)[3 * K : 4 * K]
    moment = G.moment(X).coefficients[0]
    assert abs(moment - square.mean()) < 4 * square.mean(axis=0).std() / np.sqrt(n) + 2e-3
    # and its dependence on ζ: units with an open gate lag behind further
    zeta = paths["zeta"][3 * K : 4 * K]
    for quantile in (0.1, 0.5, 0.9):
        level = np.quantile(zeta, quantile)
        near = np.abs(zeta - level) < 0.1
        assert G.moment(X)(level) == pytest.approx(square[near].mean(), abs=0.015)


def test_excess_has_the_law_of_the_gate():
    G = SampledKernelMap(MODEL, np.random.default_rng(0), 64, K)
    moment = G.moment(X)
    assert (moment.mean, moment.variance) == (-0.4, pytest.approx(16 * 0.4 + 0.3))


def test_limit_with_bias_is_the_tail_of_the_window():
    G = SampledKernelMap(BIASED, np.random.default_rng(0), 128, K)
    x = np.append(0.2 + 0.3 * np.exp(-np.arange(K + 1) / 4), 0.2)[None]
    (image,) = G(x)
    np.testing.assert_allclose(image[-1], image[K], rtol=1e-14)  # K // 16 = 1 lag
    longer = SampledKernelMap(BIASED, np.random.default_rng(0), 64, 64)
    x = np.append(0.2 + 0.3 * np.exp(-np.arange(65) / 4), 0.2)[None]
    (image,) = longer(x)
    np.testing.assert_allclose(image[-1], image[61:65].mean(), rtol=1e-14)
    # y's own limit enters through C_φ(∞): the static part of φ(y), averaged
    assert 0.05 < image[-1] < image[0]


def test_same_noise_same_map():
    a, b, c = (SampledKernelMap(MODEL, np.random.default_rng(s), 64, K)(X) for s in (5, 5, 6))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


def test_solve_finds_the_root_of_the_map():
    G = SampledKernelMap(MODEL, np.random.default_rng(0), 64, K)
    x, rounds, converged = G.solve(X, 1e-9, 60, lambda x: False, Secants(), plain=2)
    assert converged and 3 < rounds < 40
    np.testing.assert_allclose(G(x), x, rtol=0, atol=1e-8)
    secants = Secants()
    G.solve(X, 1e-6, 60, lambda x: False, secants, plain=2)
    again, fewer, converged = G.solve(x + 1e-4 * X, 1e-9, 60, lambda x: False, secants)
    assert converged and fewer < rounds
    np.testing.assert_allclose(again, x, rtol=0, atol=1e-7)
    stopped, rounds, converged = G.solve(X, 1e-9, 60, lambda x: True, Secants())
    assert rounds == 1 and not converged
    np.testing.assert_array_equal(stopped, G(X))
    assert G.solve(X, 1e-9, 3, lambda x: False, Secants())[1:] == (3, False)


def test_single_precision_is_the_same_map():
    double, single = (
        SampledKernelMap(MODEL, np.random.default_rng(0), 64, K, dtype) for dtype in (float, "f4")
    )
    difference = single(X) - double(X)
    assert 0 < np.max(np.abs(difference)) < 3e-7 * X[0, 0]
    fine, coarse = double.moment(X), single.moment(X)
    assert fine is not None and coarse is not None
    np.testing.assert_allclose(coarse(1.3), fine(1.3), rtol=1e-5)


def test_a_limit_does_not_exceed_the_variance():
    G = SampledKernelMap(BIASED, np.random.default_rng(0), 64, K)
    G._end = lambda order: 2 * order[:, 0]
    (image,) = G(X)
    assert image[-1] == image[0]


def test_steps_that_exceed_the_variance_at_short_lags_are_cut():
    G = SampledKernelMap(MODEL, np.random.default_rng(0), 64, K)
    above = X.copy()
    above[0, 1] = X[0, 0] + 1e-3
    cut = X.copy()
    cut[0, 1] = X[0, 0]
    np.testing.assert_array_equal(G(above), G(cut))
    assert not np.array_equal(G(above), G(X))


def test_tail():
    """The lags before the last K/16, which measure the limit; the sign of noise cancels."""
    order = np.zeros((2, 66))
    order[:, 0], order[:, -1] = (0.5, 0.4), (0.1, -0.2)
    order[:, 1:-1] = 7.0
    order[0, 57:61] = 0.1 + 0.02 * np.array([1, -1, 2, -1])
    order[1, 57:61] = -0.2 - 0.03 * np.array([1, 1, -1, 2])
    assert tail(order) == pytest.approx(0.03 * 0.75 / 0.6, rel=1e-12)
    assert tail(order[:1]) == pytest.approx(0.02 / 4 / 0.4, rel=1e-12)
    short = np.array([[0.5, 7.0, 0.2, 0.1, 0.1]])  # K = 3: one lag each
    assert tail(short) == pytest.approx(0.25, rel=1e-12)


def test_order_parameters_of_one_feature_are_one_dimensional():
    two = np.array([[0.4, 0.2], [0.3, 0.1]])
    assert squeezed(two) is two
    np.testing.assert_array_equal(squeezed(two[:1]), two[0])
    assert gate_law(MODEL, two[:1]) == (-0.4, pytest.approx(16 * 0.4 + 0.3, rel=1e-14))
