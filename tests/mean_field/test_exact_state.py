"""What is made of the exact kernels of constant gates, scripted: windows, deaths, failures."""

from types import SimpleNamespace

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.mean_field import steady_state as module
from rmt_gates.results import Status

MODEL = rg.Vanilla(a_h=1.2, b_h=2.0)  # one fixed point, which is stable
POINTS = rg.fixed_points(MODEL)
REST = POINTS[0].C_h


@pytest.fixture
def solved(monkeypatch):
    """The state that follows from scripted (C(0), residual, decayed), and the windows tried."""

    def run(*rounds):
        windows, script = [], iter(rounds)

        def kernel_of(model, kernel, static, fallen, coexisting):
            C, residual, decayed = next(script)
            K = len(kernel) - 1
            windows.append(K)
            flat = np.full(K + 2, C)
            image = flat if C == REST else np.append(flat[1:] * np.exp(-np.arange(K + 1)), 0.01)
            return SimpleNamespace(image=image, residual=residual), decayed

        monkeypatch.setattr(module, "constant_gate_kernel", kernel_of)
        return module._exact(MODEL, 0.5 * np.exp(-np.arange(65) / 9), 0.0, POINTS), windows

    return run


DEAD = (REST, 0.0, True)


def test_a_living_state(solved):
    state, windows = solved((0.4, 3e-13, True))
    assert windows == [64] and state.kind == "chaotic" and state.converged
    np.testing.assert_allclose(state.C_h, 0.4 * np.exp(-np.arange(65)), rtol=1e-14)
    assert state.static == 0.01 and state.moment is None and not state.C_h_error.any()


def test_a_kernel_that_dies_is_given_a_thousand_lags(solved):
    state, windows = solved(DEAD, DEAD, DEAD)
    assert windows == [64, 256, 1024] and state.kind == "fixed point" and state.C_h0 == REST
    state, windows = solved(DEAD, (0.4, 0.0, True))
    assert windows == [64, 256] and state.kind == "chaotic" and state.lags == 256


@pytest.mark.parametrize(
    "found, status",
    [
        ((0.4, 0.0, False), Status.WINDOW_TOO_SHORT),
        ((0.9e-12, 0.0, True), Status.WINDOW_TOO_SHORT),
        ((0.4, 5e-13, True), Status.NOT_CONVERGED),
    ],
    ids=str,
)
def test_failures(solved, found, status):
    state, _ = solved(found)
    assert state.status is status and state.kind == "unknown" and state.lags == 64
    assert np.isnan(state.C_h).all() and np.isnan(state.C_h_error).all() and np.isnan(state.static)
