"""Averages over Gaussian variables, and stationary Gaussian paths."""

from .activations import HARDTANH, TANH, Activation, activation, sigmoid, sigmoid_prime
from .expectation import (
    SIGMOID,
    SIGMOID_PRIME_SQUARED,
    SIGMOID_SQUARED,
    Integrand,
    dphi,
    dphi_squared,
    expect,
    phi,
    phi_squared,
)
from .pair import expect_pair
from .pair_map import CovarianceMap
from .paths import CirculantSpectrum, sample_paths, spectrum
from .table import LogExpectation, log_expectation

__all__ = [
    "HARDTANH",
    "SIGMOID",
    "SIGMOID_PRIME_SQUARED",
    "SIGMOID_SQUARED",
    "TANH",
    "Activation",
    "CirculantSpectrum",
    "CovarianceMap",
    "Integrand",
    "LogExpectation",
    "activation",
    "dphi",
    "dphi_squared",
    "expect",
    "expect_pair",
    "log_expectation",
    "phi",
    "phi_squared",
    "sample_paths",
    "sigmoid",
    "sigmoid_prime",
    "spectrum",
]
