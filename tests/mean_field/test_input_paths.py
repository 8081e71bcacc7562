"""Windows of stationary Gaussian paths."""

import numpy as np
import pytest

from rmt_gates.gaussian import spectrum
from rmt_gates.mean_field.gate_paths import STARTS, GatePaths

K = 8
DECAYING = 1.7 * np.exp(-np.arange(K + 1) / 2.0)
DECAYING[-1] = 0


def source(paths=3, mirrored=True, seed=0):
    return GatePaths(np.random.default_rng(seed), paths, K, mirrored)


def test_shapes():
    assert source().windows(0.0, DECAYING, 0.0).shape == (2 * 3 * STARTS, 2 * K)
    assert source(mirrored=False).windows(0.0, DECAYING, 0.0).shape == (3 * STARTS, 2 * K)


def test_mirror_images():
    w = source().windows(0.6, DECAYING + 0.5, 0.5)
    half = len(w) // 2
    np.testing.assert_allclose(w[:half] - 0.6, -(w[half:] - 0.6), rtol=1e-13)
    np.testing.assert_array_equal(
        w[:half], source(mirrored=False).windows(0.6, DECAYING + 0.5, 0.5)
    )


def test_windows_of_one_path_overlap_by_half():
    """Starts are K apart on a circle of 4K steps; the start is column K."""
    w = source(mirrored=False).windows(0.0, DECAYING, 0.0).reshape(3, STARTS, 2 * K)
    for i in range(STARTS):
        np.testing.assert_array_equal(w[:, i, K:], w[:, (i + 1) % STARTS, :K])
    starts = w[:, :, K]
    assert len(np.unique(starts)) == starts.size


def test_noise_is_kept():
    one = source()
    a, b = one.windows(0.0, DECAYING, 0.0), one.windows(0.0, 4 * DECAYING, 0.0)
    np.testing.assert_allclose(b, 2 * a, rtol=1e-13)
    np.testing.assert_array_equal(a, source().windows(0.0, DECAYING, 0.0))
    assert not np.array_equal(a, source(seed=1).windows(0.0, DECAYING, 0.0))


def test_covariance_of_the_windows():
    """Over many paths: the circulant kernel of period 4K, plus the static part."""
    n, static, mean = 20_000, 0.8, -0.4
    w = GatePaths(np.random.default_rng(3), n, K, False).windows(mean, DECAYING + static, static)
    w = w.reshape(n, STARTS, 2 * K)[:, 0]  # one window a path: independent rows
    exact = spectrum(DECAYING, STARTS * K).kernel + static
    exact_matrix = exact[np.abs(np.subtract.outer(np.arange(2 * K), np.arange(2 * K)))]
    np.testing.assert_allclose(w.mean(axis=0), mean, atol=4.5 * np.sqrt(exact[0] / n))
    bound = 4.5 * np.sqrt((exact[0] ** 2 + exact_matrix**2) / n)
    assert np.all(np.abs(np.cov(w.T) - exact_matrix) < bound)
    np.testing.assert_allclose(exact[: K + 1], DECAYING + static, atol=0.02)


@pytest.mark.parametrize("static", [0.0, -1e-18])
def test_no_static_part(static):
    """A limit that is negative by rounding is none."""
    w = source().windows(0.0, DECAYING, static)
    np.testing.assert_allclose(w, source().windows(0.0, DECAYING, 0.0), rtol=1e-12, atol=1e-14)


def test_a_path_that_is_all_static():
    w = source(mirrored=False).windows(0.3, np.full(K + 1, 2.0), 2.0).reshape(3, -1)
    np.testing.assert_allclose(w, np.broadcast_to(w[:, :1], w.shape), rtol=1e-14)
    assert len(np.unique(w[:, 0])) == 3
