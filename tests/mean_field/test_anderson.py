"""Anderson acceleration on maps whose fixed points are known."""

import numpy as np
import pytest

from rmt_gates.mean_field.anderson import MEMORY, Secants, anderson

A = np.array([[0.9, 0.3, 0.0], [0.0, 0.8, -0.2], [0.1, 0.0, 0.7]])
B = np.array([1.0, -2.0, 0.5])
ROOT = np.linalg.solve(np.eye(3) - A, B)


def linear(x):
    return A @ x + B


def test_linear_map_in_as_many_rounds_as_dimensions():
    """n secants determine the map: plain + n + 1 rounds find the root, n + 2 see it."""
    result = anderson(linear, np.zeros(3), 1e-12)
    assert result.converged and result.rounds <= 6
    np.testing.assert_allclose(result.image, ROOT, rtol=1e-11)
    np.testing.assert_array_equal(result.image, linear(result.x))
    assert result.residual == np.max(np.abs(result.image - result.x)) <= 1e-12
    eager = anderson(linear, np.zeros(3), 1e-12, plain=0)
    assert eager.converged and eager.rounds <= 6


def test_a_repelling_root_is_found_too():
    result = anderson(lambda x: 3 * x - 4, np.array([5.0]), 1e-12, plain=0)
    assert result.converged
    np.testing.assert_allclose(result.image, 2, rtol=1e-12)


def test_nonlinear_map():
    result = anderson(np.cos, np.array([0.3, 1.2]), 1e-14)
    assert result.converged and result.rounds < 20
    np.testing.assert_allclose(result.image, 0.7390851332151607, rtol=1e-14)


def test_plain_rounds_come_first():
    visited = []

    def G(x):
        visited.append(x)
        return linear(x)

    anderson(G, np.zeros(3), 1e-12, plain=4)
    for i in range(4):
        np.testing.assert_array_equal(visited[i + 1], linear(visited[i]))
    assert not np.array_equal(visited[5], linear(visited[4]))


def test_out_of_rounds():
    result = anderson(linear, np.zeros(3), 1e-12, plain=99, rounds=7)
    assert result.converged is False and result.rounds == 7
    x = np.zeros(3)
    for _ in range(6):
        x = linear(x)
    np.testing.assert_allclose(result.x, x, rtol=1e-15)
    np.testing.assert_array_equal(result.image, linear(result.x))
    assert result.residual > 1e-3


def test_step_tolerance_sees_the_root_behind_a_small_residual():
    """1 − G' = 1e-3: a residual of 5e-5 is a distance of 0.05."""

    def slow(x):
        return x + 1e-3 * (1 - x)

    start = np.array([0.95])
    hasty = anderson(slow, start, 1e-4)
    assert hasty.converged and hasty.rounds == 1 and abs(hasty.image[0] - 1) > 0.04
    patient = anderson(slow, start, 1e-4, step_tolerance=1e-9)
    assert patient.converged and patient.rounds < 8
    np.testing.assert_allclose(patient.image, 1, rtol=1e-9)
    # the last step is not evaluated again, and it is part of the image
    known = Secants()
    known.add(np.array([1.0]), np.array([-1e-3]))
    once = anderson(slow, start, 1e-4, step_tolerance=0.1, plain=0, rounds=1, secants=known)
    assert not once.converged  # the secants of another solve do not say how far this one has to go
    again = anderson(slow, start, 1e-4, step_tolerance=0.1, plain=0, secants=known)
    assert again.converged and again.rounds == 4
    np.testing.assert_allclose(again.image, 1, rtol=1e-12)


def test_tolerance_is_absolute_and_inclusive():
    result = anderson(lambda x: x + 0.5, np.array([0.0]), 0.5)
    assert result.converged and result.rounds == 1 and result.residual == 0.5
    assert not anderson(lambda x: x + 0.5, np.array([0.0]), 0.49, rounds=3).converged


def test_stop():
    result = anderson(lambda x: 0.5 * x, np.ones(2), 1e-12, plain=99, stop=lambda x: x[0] < 0.2)
    assert not result.converged and result.rounds == 3
    np.testing.assert_array_equal(result.image, [0.125, 0.125])


def test_a_stop_at_the_root_is_convergence():
    assert anderson(lambda x: x, np.ones(1), 1e-12, stop=lambda x: True).converged


def test_unacceptable_steps_are_replaced_by_plain_ones():
    refused, visited = [], []

    def G(x):
        visited.append(x)
        return linear(x)

    def acceptable(new, old):
        assert old is visited[-1] and not np.array_equal(new, linear(old))
        refused.append(new)
        return False

    result = anderson(G, np.zeros(3), 1e-12, rounds=9, acceptable=acceptable)
    plain = anderson(linear, np.zeros(3), 1e-12, rounds=9, plain=99)
    np.testing.assert_array_equal(result.image, plain.image)
    assert len(refused) == 7


def test_an_accepted_step_is_the_next_iterate():
    visited, accepted = [], []

    def G(x):
        visited.append(x)
        return linear(x)

    def acceptable(new, old):
        accepted.append(new)
        return True

    anderson(G, np.zeros(3), 1e-12, plain=1, acceptable=acceptable)
    assert len(accepted) >= 3
    for new, x in zip(accepted, visited[2:], strict=False):
        np.testing.assert_array_equal(new, x)


def test_secants_are_shared_between_solves():
    """A second map that differs by a shift is solved in one accelerated step."""
    known = Secants()
    first = anderson(linear, np.zeros(3), 1e-12, secants=known)
    second = anderson(lambda x: linear(x) + 1, ROOT, 1e-10, plain=0, secants=known)
    cold = anderson(lambda x: linear(x) + 1, ROOT, 1e-10, plain=0)
    np.testing.assert_allclose(second.image, np.linalg.solve(np.eye(3) - A, B + 1), rtol=1e-9)
    assert first.converged and second.rounds <= 3 < cold.rounds


def test_secants_hold_the_most_recent_pairs():
    known = Secants()
    for i in range(MEMORY + 3):
        known.add(np.full(99, float(i)), np.full(99, -float(i)))
    assert len(known.dX) == len(known.dF) == MEMORY == 16
    assert [d[0] for d in known.dX] == list(range(3, MEMORY + 3))
    assert [d[0] for d in known.dF] == [-i for i in range(3, MEMORY + 3)]
    for i in range(5):  # more than the dimension say nothing new
        known.add(np.full(2, float(i)), np.full(2, -float(i)))
    assert [d[0] for d in known.dX] == [3, 4] and [d[0] for d in known.dF] == [-3, -4]


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_correction(scale):
    """With the secants of f = (A−1)x + b, x + f − correction is the root at once."""
    known, rng = Secants(), np.random.default_rng(0)
    for _ in range(3):
        dx = scale * rng.normal(size=3)
        known.add(dx, (A - np.eye(3)) @ dx)
    x = np.array([1.0, 2.0, 3.0])
    f = linear(x) - x
    np.testing.assert_allclose(linear(x) - known.correction(f), ROOT, rtol=1e-10)


def test_secants_that_differ_by_rounding_count_as_one():
    """What they differ by is noise, and must not be amplified."""
    rng = np.random.default_rng(1)
    dx = np.array([1.0, -0.5, 0.3])
    df = (A - np.eye(3)) @ dx
    once, twice = Secants(), Secants()
    for known in (once, twice, twice):
        noise = 1e-12 * rng.normal(size=(2, 3)) if known.dX else np.zeros((2, 3))
        known.add(dx + noise[0], df + noise[1])
    f = np.array([0.2, 0.1, -0.4])
    np.testing.assert_allclose(twice.correction(f), once.correction(f), rtol=1e-9)
