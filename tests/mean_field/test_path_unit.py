"""Joint draws of a unit's variables: their moments are those of the kernel they came from."""

from itertools import pairwise

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.mean_field.path_unit import path_unit


def sigma(x):
    return 1 / (1 + np.exp(-x))


def clustered(values, size=4):
    """Mean and standard error, the windows of one path (four neighbours) counted together."""
    groups = values[: len(values) // size * size].reshape(-1, size).mean(axis=1)
    return values.mean(), groups.std() / np.sqrt(len(groups))


@pytest.mark.parametrize("name", ["3,1,10", "3,10,10", "biased"])
def test_moments(name, sampled, biased):
    state = biased if name == "biased" else sampled(name)
    model = state.model
    unit = path_unit(model, state.order, seed=1, samples=40_000)
    assert len(unit) == 40_000 and list(unit.fields) == ["h", "zeta", "xi", "y"]
    kernels = model.input_kernels(np.append(state.C_h, state.static))
    phi = np.tanh(unit["y"])
    checks = [
        (unit["h"] ** 2, state.C_h0),
        ((unit["h"] - phi) ** 2, state.moment.coefficients[0]),
        (phi**2, model.phi_kernel(np.append(state.C_h, state.static))[0]),
    ]
    for key, kernel in kernels.items():
        x = unit[key] - kernel.mean
        checks += [(x, 0.0), (x**2, kernel.covariance[0])]
    for values, exact in checks:
        mean, error = clustered(values)
        assert abs(mean - exact) < 4.2 * error + 3 * state.C_h0_error
        assert error < 0.01 * max(1.0, values.std())


def test_h_and_the_gate_are_correlated_through_their_past(sampled):
    """E[(h−φ)²|ζ] of the unit follows the fitted conditional moment."""
    state = sampled("3,10,10")
    unit = path_unit(state.model, state.order, seed=2, samples=40_000)
    zeta, D = unit["zeta"], (unit["h"] - np.tanh(unit["y"])) ** 2
    edges = np.quantile(zeta, np.linspace(0, 1, 9))
    for low, high in pairwise(edges):
        inside = (zeta >= low) & (zeta <= high)
        error = 2 * D[inside].std() / np.sqrt(inside.sum())
        assert abs(D[inside].mean() - state.moment(zeta[inside]).mean()) < 3.5 * error
    # it is no constant: this is what (88) neglects
    slow, fast = D[zeta > edges[-2]].mean(), D[zeta < edges[1]].mean()
    assert slow > 1.5 * fast


def test_h_is_the_recursion_on_the_past(sampled):
    """h knows the present ξ and y through their autocorrelation only, ζ by its size only."""
    state = sampled("3,1,10")
    unit = path_unit(state.model, state.order, seed=3, samples=40_000)
    h, y = unit["h"], unit["y"]
    # E[h_t φ(y_t)] from the kernel: φ is hardly correlated in time at a_r = 10, but it is
    mean, error = clustered(h * np.tanh(y))
    exact = 0.5 * (
        state.C_h0
        + state.model.phi_kernel(np.append(state.C_h, 0.0))[0]
        - state.moment.coefficients[0]
    )
    assert abs(mean - exact) < 4 * error and mean > 5 * error
    mean, error = clustered(h * unit["zeta"])
    assert abs(mean) < 4 * error


def test_samples_and_seeds(sampled):
    state = sampled("3,1,10")
    a, b, c = (path_unit(state.model, state.order, s, samples=10) for s in (1, 1, 2))
    assert len(a) == 10
    np.testing.assert_array_equal(a["h"], b["h"])
    assert not np.array_equal(a["h"], c["h"])
    np.testing.assert_array_equal(
        state.unit["h"], path_unit(state.model, state.order, state.seed)["h"]
    )
    assert len(state.unit) == 10_000


def test_chunks(sampled, monkeypatch):
    """Cut into parts, the sample differs but its law does not."""
    from rmt_gates.mean_field import path_unit as module

    state = sampled("3,1,10")
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 1 << 17)
    unit = path_unit(state.model, state.order, 1, samples=9001)
    assert len(unit) == 9001 and len(np.unique(unit["h"])) == 9001
    assert len(np.unique(np.abs(unit["y"]))) == 9001  # none the mirror image of another
    mean, error = clustered(unit["h"] ** 2)
    assert abs(mean - state.C_h0) < 4 * error


def test_a_short_kernel_is_continued_by_its_limit():
    model = rg.GRU(a_h=2, v_h=0.5, a_z=1)
    unit = path_unit(model, np.array([[0.5, 0.2, 0.2]]), 0, samples=4000)
    mean, error = clustered(unit["y"] ** 2)
    assert abs(mean - (4 * 0.25 * 0.5 + 0.5)) < 4 * error
    mean, error = clustered(unit["zeta"] ** 2)
    assert abs(mean - 0.5) < 4 * error


def test_a_short_kernel_is_the_longer_one_with_its_limit():
    model = rg.GRU(a_h=2, v_h=0.5, a_z=1)
    longer = np.array([[0.5, 0.3, *[0.2] * 8]])
    units = [path_unit(model, order, 0, samples=40) for order in (longer[:, :3], longer)]
    np.testing.assert_array_equal(units[0]["h"], units[1]["h"])


def test_a_constant_gate():
    state = rg.steady_state(rg.GRU(a_h=3, a_r=10, b_z=0.5))
    unit = state.unit
    assert np.all(unit["zeta"] == 0.5)
    mean, error = clustered(unit["h"] ** 2)
    assert abs(mean - state.C_h0) < 4 * error


@pytest.mark.parametrize("a_f", [5.0, 40.0])
def test_an_open_gate_forgets_where_it_began(a_f):
    """|c| of an LSTM is that of a long run from c = 0, on paths made from the covariance itself."""
    K, n = 48, 8000
    model = rg.LSTM(a_h=3, a_f=a_f)
    C = 0.1 * np.exp(-np.arange(6 * K) / 4.0)
    unit = path_unit(model, np.append(C[: K + 1], 0.0)[None], seed=3, samples=4 * n)
    rng = np.random.default_rng(4)
    lag = np.abs(np.subtract.outer(np.arange(6 * K), np.arange(6 * K)))
    root = np.linalg.cholesky(C[lag] + 1e-12 * np.eye(6 * K))
    eta, y = (gain * root @ rng.standard_normal((6 * K, n)) for gain in (a_f, 3.0))
    c = np.zeros(n)
    for t in range(6 * K):
        c = sigma(eta[t]) * c + 0.5 * np.tanh(y[t])
    for power, level in ((1, np.inf), (2, 30.0)):
        size, exact = (np.minimum(np.abs(v) ** power, level) for v in (unit["c"], c))
        mean, error = clustered(size)
        assert abs(mean - exact.mean()) < 4 * np.hypot(error, exact.std() / np.sqrt(n))
    assert np.abs(unit["c"]).max() < 2 * np.abs(c).max()


def test_a_static_gate_is_at_its_rest():
    """What never changes is forgotten by nothing: c = i φ(y) (1 + e^{η_f}), however open f is."""
    model = rg.LSTM(a_h=0, b_h=0.4, v_h=0.3, b_f=12.0, v_f=2.0)
    unit = path_unit(model, np.full((1, 18), 0.2), seed=0, samples=400)
    rest = 0.5 * np.tanh(unit["y"]) * (1 + np.exp(unit["eta_f"]))
    np.testing.assert_allclose(unit["c"], rest, rtol=1e-9)
