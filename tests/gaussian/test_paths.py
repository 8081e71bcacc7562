"""Circulant embedding: the covariance of the filter itself, and of sampled paths."""

import numpy as np
import pytest
from scipy import fft

from rmt_gates.gaussian import CirculantSpectrum, sample_paths, spectrum


def exponential(lags, time=5.0, variance=2.0):
    return variance * np.exp(-np.arange(lags + 1) / time)


def filter_matrix(circulant):
    """Row j: the path made by a unit impulse at time j."""
    return sample_paths(circulant, np.eye(circulant.period))


@pytest.mark.parametrize("period", [None, 80, 100, 256])
def test_covariance_of_the_filter_is_the_circulant_kernel(period):
    """Paths x = noise @ F have the covariance FᵀF."""
    kernel = exponential(40)
    circulant = spectrum(kernel, period)
    assert circulant.period == (period or 80) and circulant.clipped < 1e-16 * (period == 80) + 2e-3
    matrix = filter_matrix(circulant)
    covariance = matrix.T @ matrix
    lag = np.arange(circulant.period)
    distance = np.minimum(lag, circulant.period - lag)
    exact = circulant.kernel[distance]
    for shift in range(circulant.period):
        np.testing.assert_allclose(covariance[shift], np.roll(exact, shift), rtol=0, atol=1e-12)


def test_a_positive_kernel_is_reproduced_to_rounding():
    kernel = exponential(200)
    circulant = spectrum(kernel)
    assert circulant.clipped == 0
    np.testing.assert_allclose(circulant.kernel, kernel, rtol=0, atol=1e-14)
    longer = spectrum(kernel, 512)
    np.testing.assert_allclose(longer.kernel[:201], kernel, rtol=0, atol=1e-14)
    np.testing.assert_allclose(longer.kernel[201:], 0, rtol=0, atol=1e-14)


def test_density_is_the_cosine_sum():
    kernel = np.array([2.0, 1.0, 0.25, 0.0])
    circulant = spectrum(kernel)
    angle = 2 * np.pi * np.arange(4) / 6
    exact = 2 + 2 * np.cos(angle) + 0.5 * np.cos(2 * angle)
    np.testing.assert_allclose(circulant.density, exact, rtol=1e-14)
    # The last lag is its own mirror image when the period is 2K.
    last = spectrum([1.0, 0.0, 0.5])
    np.testing.assert_allclose(last.density, [1.5, 0.5, 1.5], rtol=1e-14)


def test_white_noise_is_left_alone():
    noise = np.random.default_rng(0).normal(size=(3, 8))
    np.testing.assert_allclose(sample_paths(spectrum([1.0, 0, 0, 0, 0]), noise), noise, atol=1e-15)


def test_negative_eigenvalues_are_clipped_and_reported():
    """C = (1, 0.9, 0...) of period 4 has the eigenvalues 2.8, 1, -0.8, 1."""
    circulant = spectrum([1.0, 0.9, 0.0])
    np.testing.assert_allclose(circulant.density, [2.8, 1.0, 0.0], atol=1e-15)
    assert abs(circulant.clipped - 0.8 / 5.6) < 1e-15
    matrix = filter_matrix(circulant)
    np.testing.assert_allclose((matrix.T @ matrix)[0, :3], circulant.kernel, atol=1e-14)
    np.testing.assert_allclose(circulant.kernel, [1.2, 0.7, 0.2], atol=1e-14)
    # An inner frequency counts twice: C = (0, 0, 1), period 4, has 1, -1, 1, -1.
    assert abs(spectrum([0.0, 0.0, 1.0]).clipped - 0.5) < 1e-15


def test_a_zero_kernel_gives_zero_paths():
    circulant = spectrum(np.zeros(5))
    assert circulant.clipped == 0.0
    assert np.all(sample_paths(circulant, np.ones((2, 8))) == 0)


def test_sample_covariance_within_its_error():
    """Paths of period 128: averages over 4000 paths; a wrong kernel is told apart."""
    kernel = exponential(64)
    noise = np.random.default_rng(3).normal(size=(4000, 128))
    paths = sample_paths(spectrum(kernel), noise)
    for lag in (0, 1, 5, 20):
        products = np.mean(paths * np.roll(paths, lag, axis=1), axis=1)
        error = products.std(ddof=1) / np.sqrt(products.size)
        assert abs(products.mean() - kernel[lag]) < 4 * error
        assert error < 0.02 * kernel[0]
    wrong = exponential(64, variance=2.2)
    assert abs(np.mean(paths**2) - wrong[0]) > 6 * np.mean(paths**2, axis=1).std() / np.sqrt(4000)


def test_paths_are_a_smooth_function_of_the_kernel():
    noise = np.random.default_rng(4).normal(size=(5, 80))
    first = sample_paths(spectrum(exponential(40)), noise)
    second = sample_paths(spectrum(exponential(40, time=5 * (1 + 1e-7))), noise)
    assert 0 < np.abs(first - second).max() < 1e-6


def test_transformed_noise_gives_the_same_paths():
    circulant = spectrum(exponential(40))
    noise = np.random.default_rng(5).normal(size=(2, 3, 80))
    paths = sample_paths(circulant, noise)
    assert paths.shape == (2, 3, 80)
    np.testing.assert_array_equal(sample_paths(circulant, noise_hat=fft.rfft(noise)), paths)
    single = sample_paths(circulant, noise.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, paths, atol=1e-5)


def test_the_record():
    circulant = spectrum([1.0, 0.5, 0.0])
    assert isinstance(circulant, CirculantSpectrum) and circulant.period == 4
    with pytest.raises(AttributeError):
        circulant.period = 6


def test_refusals():
    for kernel in (1.0, [1.0], np.ones((2, 3))):
        with pytest.raises(
            ValueError, match=r"^kernel must have one dimension and at least two lags"
        ):
            spectrum(kernel)
    for period in (3, 5, 2):
        with pytest.raises(
            ValueError, match=rf"^period must be even and at least 4, got {period}$"
        ):
            spectrum([1.0, 0.5, 0.0], period)
    circulant = spectrum([1.0, 0.5, 0.0])
    for arguments in ({}, {"noise": np.ones(4), "noise_hat": np.ones(3, complex)}):
        with pytest.raises(ValueError, match=r"^give either noise or noise_hat$"):
            sample_paths(circulant, **arguments)
    with pytest.raises(
        ValueError, match=r"^noise must have a last axis of the period 4, got \(2, 5"
    ):
        sample_paths(circulant, np.ones((2, 5)))
    with pytest.raises(ValueError, match=r"^noise_hat must have a last axis of 3, got \(2, 4\)$"):
        sample_paths(circulant, noise_hat=np.ones((2, 4), complex))
