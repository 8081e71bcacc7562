"""What is made of scripted solves: longer windows, more paths, replicates that die."""

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.gaussian.conditional_moment import ConditionalMoment
from rmt_gates.mean_field import sampled_state as module
from rmt_gates.mean_field.sampled_map import Replicate
from rmt_gates.results import Status

MODEL = rg.Vanilla(a_h=1.2, b_h=2.0)  # one fixed point, which is stable
POINTS = rg.fixed_points(MODEL)
REST = POINTS[0].C_h
NEVER, PASSED = module.Deadline(None), module.Deadline(-1.0)


def decaying(C, K=64, memory=4.0):
    return np.append(C * np.exp(-np.arange(K + 1) / memory), 0.0)[None]


def living(*values, **shape):
    return [Replicate(decaying(C, **shape), None, 5, True, False) for C in values]


def dead(n):
    return [Replicate(np.full((1, 66), REST), None, 5, True, True)] * n


@pytest.fixture
def solved(monkeypatch):
    """Runs `sampled_state` on scripted rounds of replicates: the state, and (K, paths) of each."""

    def run(*rounds, rtol=1e-2, max_seconds=None, model=MODEL, K=64):
        asked, script = [], iter(rounds)

        def replicates(model, order, secants, paths, *_):
            asked.append((order.shape[1] - 2, paths))
            return next(script)

        def find_window(model, order, *_):
            return order, module.Secants(), Status.OK

        monkeypatch.setattr(module, "_find_window", find_window)
        monkeypatch.setattr(module, "_replicates", replicates)
        kernel, rng = decaying(0.5, K)[0, :-1], np.random.default_rng(0)
        state = module.sampled_state(model, kernel, 0.0, POINTS, rng, rtol, max_seconds)
        assert next(script, None) is None
        return state, asked

    return run


EIGHT = 0.5 + 1e-3 * np.arange(8)


def test_the_error_is_the_spread_of_the_replicates(solved):
    state, asked = solved(living(*EIGHT))
    assert asked == [(64, 1024)] and state.converged and state.note == ""
    assert state.C_h0 == pytest.approx(EIGHT.mean(), rel=1e-14)
    assert state.C_h0_error == pytest.approx(EIGHT.std(ddof=1) / np.sqrt(8), rel=1e-12)
    assert state.C_h_error.shape == state.C_h.shape == (65,)
    np.testing.assert_allclose(state.C_h_error[4] / state.C_h0_error, np.exp(-1), rtol=1e-12)
    assert [C for C, _ in state.replicates] == EIGHT.tolist() and state.others is None


def test_paths_follow_the_accuracy_asked_for(solved):
    relative = EIGHT.std(ddof=1) / np.sqrt(8) / EIGHT.mean()
    state, asked = solved(living(*EIGHT), living(*EIGHT), living(0.5, 0.5), rtol=relative / 3)
    assert asked[1][1] == int(1024 * 1.3 * 9) + 1
    assert asked[2][1] == min(int(asked[1][1] * 11.7) + 1, module.MAX_PATHS)
    assert state.converged and state.C_h0_error == 0
    _, asked = solved(living(*EIGHT), living(0.5, 0.5), rtol=relative / 1e3)
    assert asked[1][1] == 16 * 1024 + 1


def test_the_first_sample_is_smaller_in_a_longer_window(solved):
    """Of a GRU, for which 64 paths are enough to find the window: 256 · 64 lags in all."""
    model = rg.GRU(a_h=1, b_h=0.2, v_h=0.3, a_z=3)
    for K, paths in ((64, 256), (128, 128), (512, 64)):
        state, asked = solved(living(*EIGHT, K=K), model=model, K=K)
        assert asked == [(K, paths)] and state.moment is None


def test_paths_come_to_an_end(solved, monkeypatch):
    monkeypatch.setattr(module, "MAX_PATHS", 2000)
    state, asked = solved(living(*EIGHT), living(*EIGHT), rtol=1e-5)
    assert asked == [(64, 1024), (64, 2000)] and state.status is Status.SAMPLE_LIMIT
    state, asked = solved(dead(1) + living(*EIGHT), living(*EIGHT), rtol=1e-2)
    assert asked == [(64, 1024), (64, 2000)] and state.converged
    state, asked = solved(living(*EIGHT), rtol=1e-5, max_seconds=-1.0)
    assert len(asked) == 1 and state.status is Status.TIME_LIMIT


def test_all_replicates_die(solved):
    state, asked = solved(dead(8))
    assert state.kind == "fixed point" and state.C_h0 == REST and state.note == ""
    assert len(asked) == 1


@pytest.mark.parametrize("down", [3, 4])
def test_some_replicates_die(solved, down):
    """The sample is quadrupled twice; then the majority decides, and the state says so."""
    mixed = [dead(down) + living(*EIGHT[down:])] * 3
    state, asked = solved(*mixed)
    assert [paths for _, paths in asked] == [1024, 4096, 16384]
    assert state.note == f"{down} of 8 replicates fell to a state at rest: {module.NEAR}"
    assert state.message.endswith(state.note)
    if down == 4:
        assert state.kind == "fixed point" and state.C_h0 == REST
    else:
        assert state.kind == "chaotic" and len(state.replicates) == 5
        assert state.C_h0 == pytest.approx(EIGHT[3:].mean(), rel=1e-14)
        assert state.C_h0_error == pytest.approx(EIGHT[3:].std(ddof=1) / np.sqrt(5), rel=1e-12)
    assert len(solved(mixed[0], max_seconds=-1.0)[1]) == 1  # no time for more


def test_replicates_that_recover_leave_no_note(solved):
    state, asked = solved(dead(1) + living(*EIGHT[1:]), living(*EIGHT))
    assert len(asked) == 2 and state.kind == "chaotic" and state.note == ""


def test_a_root_that_does_not_settle_is_no_answer(solved):
    """More paths are tried, twice; then NaN."""
    unsettled = living(*EIGHT)
    unsettled[3] = unsettled[3]._replace(converged=False)
    state, asked = solved(unsettled, unsettled, unsettled)
    assert [paths for _, paths in asked] == [1024, 4096, 16384]
    assert state.status is Status.NOT_CONVERGED and state.kind == "unknown"
    assert np.isnan(state.C_h).all() and np.isnan(state.C_h_error).all() and state.lags == 64
    state, asked = solved(unsettled, living(*EIGHT))
    assert len(asked) == 2 and state.converged and state.C_h0 == pytest.approx(EIGHT.mean())
    state, asked = solved(unsettled, max_seconds=-1.0)
    assert len(asked) == 1 and np.isnan(state.C_h0) and state.status is Status.TIME_LIMIT


def test_a_tail_that_the_coarse_sample_hid_lengthens_the_window(solved, monkeypatch):
    """A hundred steps of memory: e^{-56/100} at the end of 64 lags; the noise is 1/√8192."""
    slow = living(*EIGHT, memory=100.0)
    longer = living(*EIGHT, K=128, memory=10.0)
    monkeypatch.setattr(module, "LONGEST_WINDOW", 128)
    state, asked = solved(slow, longer)
    assert asked == [(64, 1024), (128, 1024)] and state.converged and state.lags == 128
    assert len(solved(slow, max_seconds=-1.0)[1]) == 1
    monkeypatch.setattr(module, "LONGEST_WINDOW", 127)
    assert len(solved(slow)[1]) == 1


def test_what_else_the_weights_multiply(solved):
    """Two order parameters: each starts with the shape of h at its own size, and is averaged."""

    class Two:
        def rest_features(self, C):
            return C, 0.36 * C**2

    start = module.initial_order(Two(), np.array([0.5, 0.3]), 0.1)
    np.testing.assert_allclose(start, [[0.5, 0.3, 0.1], [0.09, 0.054, 0.018]], rtol=1e-15)
    both = [r._replace(order=np.concatenate([r.order, r.order**2])) for r in living(*EIGHT)]
    state, _ = solved(both)
    second = np.mean([r.order[1] for r in both], axis=0)
    np.testing.assert_allclose(state.others, second[None], rtol=1e-15)


@pytest.mark.parametrize("status", [Status.OK, Status.WINDOW_TOO_SHORT])
def test_without_replicates(monkeypatch, status):
    """A kernel that fell ends at the stable fixed point nearest to C(0); else nothing is known."""
    order = np.full((1, 66), REST) if status is Status.OK else decaying(0.5)
    monkeypatch.setattr(module, "_find_window", lambda *_: (order, module.Secants(), status))
    monkeypatch.setattr(module, "_replicates", None)
    rng = np.random.default_rng(0)
    state = module.sampled_state(MODEL, decaying(0.5)[0, :-1], 0.0, POINTS, rng, 1e-2, None)
    if status is Status.OK:
        assert state.kind == "fixed point" and state.C_h0 == REST
    else:
        assert state.status is status and state.kind == "unknown" and state.C_h.shape == (65,)
        assert np.isnan(state.C_h).all() and np.isnan(state.static)


# -- the first window -----------------------------------------------------------------------------
@pytest.fixture
def window(monkeypatch):
    """Runs `_find_window` on scripted roots: its answer, and the windows that were tried."""

    def run(memory, deadline=NEVER, fallen=False):
        tried = []

        class Scripted:
            def __init__(self, model, rng, paths, K, dtype):
                self.K = K
                tried.append((K, paths))

            def solve(self, order, tolerance, rounds, stop, secants, plain):
                assert order.shape == (1, self.K + 2) and tolerance == 2e-3 * order[0, 0]
                assert plain == 2 and secants.dX == []
                secants.add(order, order)
                return decaying(0.5, self.K, memory), 3, True

        monkeypatch.setattr(module, "SampledKernelMap", Scripted)
        order, secants, status = module._find_window(
            MODEL, decaying(0.5, 20), None, 5e-3, deadline, lambda order: fallen, False
        )
        assert len(secants.dX) == 1  # of the last window alone
        assert {paths for _, paths in tried} == {1024}
        return order, status, [K for K, _ in tried]

    return run


def test_the_window_grows_until_the_kernel_has_decayed(window, monkeypatch):
    """To 1/√1024 = e^{-3.5} or below, at 0.9 of the window."""
    order, status, tried = window(10.0)
    assert tried == [64] and status is Status.OK
    order, status, tried = window(60.0)
    assert tried == [64, 128, 256] and status is Status.OK and order.shape == (1, 258)
    monkeypatch.setattr(module, "LONGEST_WINDOW", 128)
    assert window(60.0)[1:] == (Status.WINDOW_TOO_SHORT, [64, 128])


def test_a_kernel_that_dies_is_given_a_thousand_lags(window):
    order, status, tried = window(10.0, fallen=True)
    assert tried == [64, 256, 1024] and status is Status.OK and order.shape == (1, 1026)
    assert window(1e9, fallen=True)[1:] == (Status.OK, [64, 256, 1024])


def test_no_longer_window_without_time(window):
    order, status, tried = window(60.0, PASSED)
    assert tried == [64] and status is Status.TIME_LIMIT and np.isfinite(order).all()
    order, status, tried = window(60.0, PASSED, fallen=True)
    assert tried == [64] and status is Status.TIME_LIMIT and np.isnan(order).all()
    assert window(10.0, PASSED)[1] is Status.OK


# -- the replicates ------------------------------------------------------------------------------
@pytest.mark.parametrize("deadline, n", [(NEVER, module.REPLICATES), (PASSED, 2)])
def test_replicates(monkeypatch, deadline, n):
    """Noise of their own, secants in common; no moment where the root has fallen."""
    asked = []

    class Scripted:
        def __init__(self, model, rng, paths, K, dtype):
            self.number, self.drawn = len(asked), rng.random()
            assert (model, paths, K) == (MODEL, 300, 64)

        def solve(self, order, tolerance, rounds, stop, secants, plain):
            assert plain == 0 and secants is known
            assert tolerance == pytest.approx(module.SETTLED * 1e-3 * 0.5, rel=1e-14)
            assert rounds == module.ROUNDS
            asked.append(self.drawn)
            return order * (1 - 0.1 * self.number), 4, self.number != 1

        def moment(self, root):
            return root[0, 0]

    monkeypatch.setattr(module, "SampledKernelMap", Scripted)
    rng, order, known = np.random.default_rng(0), decaying(0.5), module.Secants()
    known.add(order, order)
    found = module._replicates(
        MODEL, order, known, 300, rng, 1e-3, deadline, lambda order: order[0, 0] == 0.5, False
    )
    assert len(found) == n == len(set(asked))
    assert [r.fallen for r in found] == [True] + [False] * (n - 1)
    assert [r.converged for r in found] == [True, False] + [True] * (n - 2)
    assert [r.moment for r in found] == [None] + [r.order[0, 0] for r in found[1:]]


@pytest.mark.parametrize("settled, n", [(True, 3), (False, 2)])
def test_a_solve_that_time_cut_short_is_no_replicate(monkeypatch, settled, n):
    begun = []

    class Clock:
        @property
        def passed(self):
            return len(begun) == 3

    class Scripted:
        def __init__(self, *_):
            begun.append(self)

        def solve(self, order, *_):
            return order, 4, settled or len(begun) < 3

        def moment(self, root):
            return None

    monkeypatch.setattr(module, "SampledKernelMap", Scripted)
    rng = np.random.default_rng(0)
    found = module._replicates(
        MODEL, decaying(0.5), module.Secants(), 300, rng, 1e-3, Clock(), lambda order: False, False
    )
    assert len(begun) == 3 and len(found) == n and all(r.converged for r in found)


def test_a_replicate_beside_a_stable_rest_leaves_a_root_that_repels():
    """Accelerated rounds may reach the border; plain ones lead away from it. No secants shared."""

    class Bistable:
        """Plain rounds lead to 0.5 from above 0.2; the first solve ends on the border at 0.2."""

        def __init__(self):
            self.solves = []

        def __call__(self, x):
            return x + 2 * (x - 0.2) * (0.5 - x)

        def solve(self, order, tolerance, rounds, stop, secants, plain):
            self.solves.append(secants)
            assert plain == 2 and secants is not known
            root = np.full_like(order, 0.2 if len(self.solves) == 1 else 0.5)
            return root, 5, True

    one, known = Bistable(), module.Secants()
    start = np.full((1, 3), 0.3)
    root, rounds, converged = module._root(one, start, 1e-3, lambda x: False, known, True, NEVER)
    assert np.all(root == 0.5) and rounds == 5 and converged and len(one.solves) == 2
    assert one.solves[0] is not one.solves[1]
    one = Bistable()  # time that ends on the walk: no answer
    root, _, converged = module._root(one, start, 1e-3, lambda x: x[0, 0] > 0.4, known, True, NEVER)
    assert root[0, 0] > 0.4 and not converged
    one = Bistable()  # or before the root is asked
    _, _, converged = module._root(one, start, 1e-3, lambda x: False, known, True, PASSED)
    assert not converged and len(one.solves) == 1


@pytest.mark.parametrize("reset", ["before", "after"])
@pytest.mark.parametrize("rtol, tolerance", [(0.5, 1.2e-2), (5e-3, 5e-3)])
def test_just_above_the_transition(reset, rtol, tolerance):
    """An accelerated step far above its own variance leads into the unstable zero."""
    exact = {"before": 0.026563, "after": 0.026011}[reset]
    model = rg.GRU(a_h=2.05, a_z=1, a_r=1, reset=reset)
    for seed in (2, 4):
        state = rg.steady_state(model, rng=seed, rtol=rtol)
        assert state.kind == "chaotic" and state.converged
        assert state.C_h0 == pytest.approx(exact, rel=tolerance)


def test_windows_are_cut_and_continued_with_their_limit():
    order = np.array([[0.5, 0.4, 0.3, 0.27, 0.2], [0.1, 0.0, 0.0, 0.0, 0.0]])
    np.testing.assert_array_equal(module.resized(order, 2), order[:, [0, 1, 2, 4]])
    longer = module.resized(order, 10)
    np.testing.assert_array_equal(longer[:, [0, 1, 2, 3, -1]], order)
    assert longer.shape == (2, 12) and np.all(longer[0] >= 0.2)


def test_pooled_moments_are_averaged():
    model, order = rg.GRU(a_h=3, a_z=2, b_z=0.3, v_z=0.1), decaying(0.5)
    moments = [ConditionalMoment(0.3, 2.0, np.array(c)) for c in ([1.0, 0.2], [3.0, 0.4])]
    replicates = [r._replace(moment=m) for r, m in zip(living(0.5, 0.5), moments, strict=True)]
    pooled = module._pooled(model, replicates, order)
    assert (pooled.mean, pooled.variance) == (0.3, pytest.approx(4 * 0.5 + 0.1, rel=1e-15))
    np.testing.assert_allclose(pooled.coefficients, [2.0, 0.3], rtol=1e-15)
    assert module._pooled(model, living(0.5), order) is None
