"""Quadrature over the inputs of the LSTM's gates."""

import numpy as np
import pytest
from scipy.special import expit, ndtr

from rmt_gates.architectures.lstm_gates import OPEN, SHUT, gate_pairs, gate_rule
from rmt_gates.gaussian import SIGMOID_SQUARED, expect

CASES = [(0.0, 1e-6), (0.3, 0.04), (-0.7, 1.0), (0.5, 9.0), (-20.0, 25.0)]


@pytest.mark.parametrize("mean, variance", CASES)
def test_average_of_an_open_gates_gain(mean, variance):
    """E(1+e^η)² = 1 + 2e^{b+v/2} + e^{2b+2v}: its weight is two deviations off the mean."""
    rule = gate_rule(mean, variance)
    first, second = np.exp(mean + variance / 2), np.exp(2 * mean + 2 * variance)
    square = (1 + np.exp(rule.eta)) ** 2
    assert rule.weight @ square == pytest.approx(1 + 2 * first + second, rel=1e-13)
    slope = variance * (first + 2 * second)
    assert rule.slope @ square == pytest.approx(slope, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("mean, variance", CASES)
def test_average_of_a_squared_gate(mean, variance):
    rule = gate_rule(mean, variance)
    exact = expect(SIGMOID_SQUARED, mean, variance)
    assert rule.weight @ expit(rule.eta) ** 2 == pytest.approx(exact, rel=2e-12)
    step = 1e-4
    up, down = (expect(SIGMOID_SQUARED, mean, variance * (1 + s * step)) for s in (1, -1))
    slope = (up - down) / (2 * step)
    assert rule.slope @ expit(rule.eta) ** 2 == pytest.approx(slope, rel=1e-5, abs=1e-9 * exact)


def test_a_gate_without_variance_is_one_node():
    rule = gate_rule(0.4, 0.0)
    assert rule.eta.tolist() == [0.4] and rule.weight.tolist() == [1] and rule.slope.tolist() == [0]


def test_a_saturated_gate_needs_few_nodes():
    """Nodes beyond what 1 + e^η can tell apart are merged, and no weight is lost."""
    rule = gate_rule(1.0, 1e6, SHUT, 40.0)
    assert len(rule.eta) < 400 and rule.eta[0] == SHUT and rule.eta[-1] == 40.0
    assert rule.weight.sum() == pytest.approx(1, rel=1e-14)
    assert rule.weight[-1] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("kinked", [False, True])
@pytest.mark.parametrize(
    "gates", [(0, 0, 0.5, 0), (-0.5, 0.8, 0, 0), (0.2, 0, 0.3, 1.5), (-0.5, 1.0, 0.8, 2.0)]
)
def test_pairs_average_products(gates, kinked):
    """E σ(η_i)² (1+e^{η_f})² of independent gates, and its slopes."""
    nodes = gate_pairs(*gates, kinked)
    first, second = gate_rule(*gates[:2]), gate_rule(*gates[2:])
    i, gain = expit(first.eta) ** 2, (1 + np.exp(second.eta)) ** 2
    square = (expit(nodes.eta_i) * (1 + np.exp(nodes.eta_f))) ** 2
    average = (first.weight @ i) * (second.weight @ gain)
    assert nodes.weight @ square == pytest.approx(average, rel=1e-12)
    by_i, by_f = (
        (first.slope @ i) * (second.weight @ gain),
        (first.weight @ i) * (second.slope @ gain),
    )
    assert nodes.slope_i @ square == pytest.approx(by_i, rel=1e-11, abs=1e-14)
    assert nodes.slope_f @ square == pytest.approx(by_f, rel=1e-11, abs=1e-14)


def test_a_kink_is_met_exactly():
    """P(g < 1) = P(η_i + η_f < 0), from nodes; without the broken panels it is wrong by 1e-3."""
    gates = (-0.5, 1.0, 0.8, 2.0)
    exact = ndtr(-0.3 / np.sqrt(3.0))
    errors = {}
    for kinked in (True, False):
        nodes = gate_pairs(*gates, kinked)
        errors[kinked] = abs(nodes.weight @ (nodes.eta_i + nodes.eta_f < 0) - exact)
    assert errors[True] < 1e-14 and errors[False] > 1e-4


@pytest.mark.parametrize(
    "gates", [(-0.5, 0.1, 0.8, 0.2), (-0.5, 0.3, 0.8, 0.0), (-0.5, 0.0, 0.2, 0.3)]
)
def test_a_kink_is_met_where_the_gates_hardly_vary(gates):
    mean_i, variance_i, mean_f, variance_f = gates
    nodes = gate_pairs(*gates, kinked=True)
    below = nodes.weight @ (nodes.eta_i + nodes.eta_f < 0)
    exact = ndtr(-(mean_i + mean_f) / np.sqrt(variance_i + variance_f))
    assert below == pytest.approx(exact, abs=1e-14)


@pytest.mark.parametrize("kinked", [False, True])
@pytest.mark.parametrize("gates", [(-30, 1.0, 40, 9.0), (-30, 0.0, 40, 9.0)])
def test_what_is_saturated_is_told_by_the_gain(gates, kinked):
    """Forget gates are merged where log g is beyond 43, not where η_f is: σ(η_i) may be e^{−30}."""

    def average(nodes):
        log_g = np.logaddexp(0, nodes.eta_f) - np.logaddexp(0, -nodes.eta_i)
        return nodes.weight @ expit(log_g - 5) ** 2

    few, all_ = gate_pairs(*gates, kinked, saturated=43.0), gate_pairs(*gates, kinked)
    assert average(few) == pytest.approx(average(all_), rel=1e-13)
    assert 0.8 < average(few) < 0.9


def test_nothing_overflows():
    for kinked in (False, True):
        nodes = gate_pairs(0.0, 1.0, 50.0, 1e5, kinked)
        assert nodes.eta_f.max() <= OPEN and np.all(np.isfinite((1 + np.exp(nodes.eta_f)) ** 2))
        assert nodes.weight.sum() == pytest.approx(1, rel=1e-13)
