"""Roots that repel, such as the border between a living state and one at rest, are no answers."""

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.mean_field.anderson import anderson
from rmt_gates.mean_field.attraction import attracting_root, repels


def bistable(x):
    """Rest at 0, a border at 0.3, life at 0.5."""
    return x - 2 * x * (x - 0.3) * (x - 0.5)


def never(x):
    return False


@pytest.mark.parametrize("root, expected", [(0.3, True), (0.5, False)])
def test_repels(root, expected):
    assert repels(bistable, np.array([root])) is expected


def test_a_root_that_is_a_little_off_on_either_side_repels_as_well():
    for off in (0.98, 1.02):
        assert repels(bistable, np.array([0.3 * off]))


@pytest.mark.parametrize("start, end", [(0.31, 0.5), (0.7, 0.5), (0.299, 0.0), (0.2, 0.0)])
def test_plain_rounds_from_the_start_decide(start, end):
    """Accelerated ones alone find the border from all these starts but one."""
    tried = []

    def solve(x):
        tried.append(float(x[0]))
        return np.array([0.3]) if len(tried) == 1 else anderson(bistable, x, 1e-13).image

    def dead(x):
        return x[0] < 0.01

    root = attracting_root(bistable, solve, np.array([start]), dead)
    assert tried[0] == start
    assert root[0] < 0.01 if end == 0 else root[0] == pytest.approx(end, abs=1e-12)


def test_a_root_that_attracts_is_not_asked_twice():
    calls = []

    def solve(x):
        calls.append(x)
        return np.array([0.5])

    assert attracting_root(bistable, solve, np.array([0.4]), never)[0] == 0.5
    assert len(calls) == 1


@pytest.mark.parametrize("seed", [0, 1, 6])
def test_near_the_end_of_the_chaotic_branch(seed):
    """The border is at 0.0220, and zero is stable."""
    state = rg.steady_state(rg.GRU(a_h=1.775, a_z=1, a_r=20), rng=seed, rtol=0.01)
    assert state.kind == "chaotic" and state.converged
    assert state.C_h0 == pytest.approx(0.03184, abs=3e-4)


@pytest.mark.parametrize("a_z", [0, 1])
def test_kernels_as_starts(a_z):
    model = rg.GRU(a_h=1.8, a_z=a_z, a_r=20)
    for kernel in ([0.05, 0.04, 0.02, 0], [0.2, 0, 0]):
        state = rg.steady_state(model, start=kernel, rng=0)
        assert state.C_h0 == pytest.approx(0.0536 if a_z == 0 else 0.0534, abs=2e-4)
    assert rg.steady_state(model, start=[0.008, 0.004], rng=0).kind == "zero"


def test_errors_near_the_end_are_honest():
    """Replicates are solved to their own roots, not left where the first one was."""
    states = [
        rg.steady_state(rg.GRU(a_h=1.775, a_z=1, a_r=20), rng=seed, rtol=0.01)
        for seed in range(10, 16)
    ]
    spread = np.std([s.C_h0 for s in states], ddof=1)
    reported = np.sqrt(np.mean([s.C_h0_error**2 for s in states]))
    assert 0.4 < spread / reported < 2.5
