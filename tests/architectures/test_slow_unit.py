"""A unit that remembers for long, h⁺ = s h + (1−s) φ(U h + b), added as base.py says."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.architectures.base import Blocks, GaussianInput
from rmt_gates.architectures.leaky import LeakyUnit
from rmt_gates.gaussian import expect, phi, phi_squared
from rmt_gates.gaussian.autocovariance import autocovariance
from rmt_gates.mean_field.steady_state import starting_kernel

S = 1 / (1 + np.exp(-3.0))


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class LeakyRNN(LeakyUnit):
    a_h: Any
    b_h: Any = 0.0
    v_h: Any = 0.0
    activation: str = "tanh"

    name: ClassVar[str] = "LeakyRNN"
    matrices: ClassVar[tuple[str, ...]] = ("h",)
    carriers: ClassVar[tuple[int, ...]] = (0,)
    remembered: ClassVar[tuple[str, ...]] = ("y",)
    constant_gate = S
    memory = 4 / (1 - S)

    def input_kernels(self, C, tolerance=1e-13):
        return {"y": GaussianInput(self.b_h, self.a_h**2 * np.asarray(C, float) + self.v_h)}

    def network_inputs(self, carry, matvec, bias, xp):
        return {"y": matvec("h", carry) + bias["h"]}

    def phi_argument(self, inputs, xp=np):
        return inputs["y"]

    def phi_kernel(self, C, tolerance=1e-13):
        y = self.input_kernels(C)["y"]
        return autocovariance(phi(self.phi), y.mean, y.covariance, tolerance)

    def step(self, inputs, carry, xp=np):
        return S * carry + (1 - S) * self.phi.phi(inputs["y"], xp)

    def fixed_point_map(self, C):
        return expect(phi_squared(self.phi), self.b_h, self.a_h**2 * C + self.v_h)

    def blocks(self, inputs, carry, lam, xp=np):
        return Blocks(X=[[lam - S]], B=[[(1 - S) * self.phi.dphi(inputs["y"], xp)]], C=[[1]])


class SampledLeakyRNN(LeakyRNN):
    """The same to a solver that does not know that the gate is constant."""

    name = "SampledLeakyRNN"
    constant_gate = None


class ForgetfulLeakyRNN(SampledLeakyRNN):
    name = "ForgetfulLeakyRNN"
    memory = 8.0


@pytest.mark.parametrize("biases", [{}, {"b_h": 0.2, "v_h": 0.1}], ids=str)
def test_a_leaky_unit_has_the_exact_state_of_a_gru(biases):
    """a_r = 0 leaves r = ½, so that a GRU with twice the gain is the same network."""
    state = rg.steady_state(LeakyRNN(a_h=2.5, **biases))
    gru = rg.steady_state(rg.GRU(a_h=5, b_z=3, **biases))
    assert state.kind == gru.kind == "chaotic" and state.converged and state.C_h0_error == 0
    np.testing.assert_allclose(state.C_h, gru.C_h, rtol=0, atol=1e-12)
    radius = rg.spectral_curve(gru).radius
    assert rg.spectral_curve(state).radius == pytest.approx(radius, rel=0.01)


@pytest.mark.parametrize("kind, K", [(SampledLeakyRNN, 512), (ForgetfulLeakyRNN, 64)])
def test_the_first_window_follows_the_memory(kind, K):
    model = kind(a_h=2.5)
    kernel, _, _ = starting_kernel(model, "large", rg.fixed_points(model))
    assert len(kernel) == K + 1 and K / 2 < max(5 * model.memory, 63) <= K
    assert kernel[1] / kernel[0] == pytest.approx(np.exp(-1 / min(model.memory, K / 5)), rel=1e-12)


@pytest.mark.slow
def test_the_sampled_state_of_a_slow_unit():
    """With a memory of 8 steps it is not found: every window seems to hold a state at rest."""
    exact = rg.steady_state(LeakyRNN(a_h=2.5)).C_h
    state = rg.steady_state(SampledLeakyRNN(a_h=2.5), rng=0, rtol=2e-2)
    assert state.kind == "chaotic" and state.converged and state.lags >= 512
    assert 0 < state.C_h0_error < 0.02 * exact[0]
    assert abs(state.C_h0 - exact[0]) < 4 * state.C_h0_error
    np.testing.assert_allclose(state.C_h, exact[: state.lags + 1], rtol=0, atol=0.02 * exact[0])
