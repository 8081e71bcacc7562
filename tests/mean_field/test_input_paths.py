"""Stationary Gaussian paths."""

import numpy as np
import pytest
from scipy.stats import norm

import rmt_gates as rg
from rmt_gates.gaussian import spectrum
from rmt_gates.mean_field.input_paths import BLOCKS, PERIOD, InputNoise, InputPaths, PathNoise

K = 8
DECAYING = 1.7 * np.exp(-np.arange(K + 1) / 2.0)
DECAYING[-1] = 0


def source(paths=3, mirrored=True, seed=0):
    return PathNoise(np.random.default_rng(seed), paths, K, mirrored)


def test_shapes():
    assert source().periodic(0.0, DECAYING, 0.0).shape == (2 * 3, BLOCKS * K)
    assert source(mirrored=False).periodic(0.0, DECAYING, 0.0).shape == (3, BLOCKS * K)


def test_mirror_images():
    w = source().periodic(0.6, DECAYING + 0.5, 0.5)
    half = len(w) // 2
    np.testing.assert_allclose(w[:half] - 0.6, -(w[half:] - 0.6), rtol=1e-13)
    np.testing.assert_array_equal(
        w[:half], source(mirrored=False).periodic(0.6, DECAYING + 0.5, 0.5)
    )


def test_noise_is_kept():
    one = source()
    a, b = one.periodic(0.0, DECAYING, 0.0), one.periodic(0.0, 4 * DECAYING, 0.0)
    np.testing.assert_allclose(b, 2 * a, rtol=1e-13)
    np.testing.assert_array_equal(a, source().periodic(0.0, DECAYING, 0.0))
    assert not np.array_equal(a, source(seed=1).periodic(0.0, DECAYING, 0.0))


def test_covariance_of_the_paths():
    """Over many of them: the circulant kernel of period 4K, plus the static part."""
    n, static, mean = 20_000, 0.8, -0.4
    w = PathNoise(np.random.default_rng(3), n, K, False).periodic(mean, DECAYING + static, static)
    w = w[:, : 2 * K]
    exact = spectrum(DECAYING, BLOCKS * K).kernel + static
    exact_matrix = exact[np.abs(np.subtract.outer(np.arange(2 * K), np.arange(2 * K)))]
    np.testing.assert_allclose(w.mean(axis=0), mean, atol=4.5 * np.sqrt(exact[0] / n))
    bound = 4.5 * np.sqrt((exact[0] ** 2 + exact_matrix**2) / n)
    assert np.all(np.abs(np.cov(w.T) - exact_matrix) < bound)
    np.testing.assert_allclose(exact[: K + 1], DECAYING + static, atol=0.02)


@pytest.mark.parametrize("static", [0.0, -1e-18])
def test_no_static_part(static):
    """A limit that is negative by rounding is none."""
    w = source().periodic(0.0, DECAYING, static)
    np.testing.assert_allclose(w, source().periodic(0.0, DECAYING, 0.0), rtol=1e-12, atol=1e-14)


def test_a_path_that_is_all_static():
    w = source(mirrored=False).periodic(0.3, np.full(K + 1, 2.0), 2.0)
    np.testing.assert_allclose(w, np.broadcast_to(w[:, :1], w.shape), rtol=1e-14)
    assert len(np.unique(w[:, 0])) == 3


def test_inputs_of_a_unit_have_noise_of_their_own():
    """One path for each remembered input, with its own kernel, whatever the order of asking."""
    model = rg.GRU(a_h=2, a_z=3, b_z=0.4, v_z=0.5)
    order = np.append(0.3 * np.exp(-np.arange(K + 1) / 4.0), 0.0)[None]
    kernels = model.input_kernels(order[0])

    def draw(names):
        paths = InputPaths(InputNoise(model, np.random.default_rng(5), 3, K), order, kernels, 1e-8)
        return {name: paths.blocks(name) for name in names}

    a, b = draw(["zeta", "y"]), draw(["y", "zeta"])
    for name in ("zeta", "y"):
        np.testing.assert_array_equal(a[name], b[name])
    zeta, y = (a[n] - kernels[n].mean for n in ("zeta", "y"))
    assert np.abs(np.corrcoef(zeta.ravel(), y.ravel())[0, 1]) < 0.3
    noise = InputNoise(model, np.random.default_rng(5), 3, K)
    mean, covariance = kernels["zeta"]
    whole = noise["zeta", BLOCKS].periodic(mean, covariance[:-1], covariance[-1])
    np.testing.assert_array_equal(a["zeta"].reshape(6, -1), whole)
    exact = noise["zeta", PERIOD].periodic(mean, covariance[:-1], covariance[-1])
    assert exact.shape == (6, PERIOD * K)
    np.testing.assert_array_equal(InputPaths(noise, order, kernels, 1e-8).periodic("zeta"), exact.T)


def test_every_frequency_has_exactly_its_power():
    """The sample's circular autocorrelation is the kernel put in, whatever the number of paths."""
    period = 2 * K
    for paths in (1, 3):
        noise = PathNoise(np.random.default_rng(0), paths, K, False, period=2)
        path = noise.periodic(0.0, DECAYING, 0.0)
        assert path.shape == (paths, period)
        sample = np.array([(path * np.roll(path, -k, axis=1)).mean() for k in range(K + 1)])
        np.testing.assert_allclose(sample, spectrum(DECAYING, period).kernel, atol=1e-13)


def test_static_parts_are_stratified():
    n = 50
    path = PathNoise(np.random.default_rng(0), n, K, False).periodic(0.0, np.ones(K + 1), 1.0)
    level = np.sort(norm.cdf(path[:, 0]))
    assert np.all((level > np.arange(n) / n) & (level < np.arange(1, n + 1) / n))
    assert not np.all(np.diff(path[:, 0]) > 0)
