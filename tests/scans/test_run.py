"""rg.scan: what it returns, and that nothing but the parameters and the seed decides it."""

from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from functools import partial

import numpy as np
import pytest
import xarray as xr
from scanned import GRID, MODEL, noisy, radius

import rmt_gates as rg
from rmt_gates.scans.plan import plan_of
from rmt_gates.scans.task import tabulate


def test_a_grid():
    """One axis for each field, in order; every point on its own."""
    data = rg.scan(radius, MODEL, GRID)
    assert data.radius.dims == ("a_h", "a_z") and data.radius.shape == (4, 5)
    for i, j in [(0, 0), (2, 4), (3, 1)]:
        model = MODEL.replace(a_h=GRID["a_h"][i], a_z=GRID["a_z"][j])
        assert float(data.radius[i, j]) == radius(model)
    assert data.a_h.values.tolist() == GRID["a_h"]
    assert not data.status.values.any() and set(data.message.values.ravel()) == {""}
    assert data.a_h.attrs["long_name"].startswith("gain of U_h")
    assert data.attrs["model"] == repr(MODEL) and "rmt_gates" in data.attrs["versions"]


def test_a_list_of_points():
    """A Dataset with one dimension: fields move together."""
    points = xr.Dataset({"a_h": ("trial", [1.0, 3.0, 2.0]), "b_z": ("trial", [0.0, 1.0, -1.0])})
    data = rg.scan(radius, MODEL, points)
    expected = [radius(MODEL.replace(a_h=h, b_z=z)) for h, z in [(1, 0), (3, 1), (2, -1)]]
    assert data.radius.dims == ("trial",) and data.radius.values.tolist() == expected
    assert data.b_z.dims == ("trial",) and "b_z" in data.coords


def test_every_point_has_its_own_random_numbers():
    """Those that `spawn` gives, whatever the chunks."""
    data = rg.scan(noisy, MODEL, GRID, rng=7)
    scans = np.random.default_rng(7).spawn(1)[0].spawn(20)
    drawn = data.draw.values.ravel()
    for i in (0, 4, 19):
        assert drawn[i] == scans[i].normal()
    for chunk in (1, 3, 7, 100):
        xr.testing.assert_identical(data, rg.scan(noisy, MODEL, GRID, rng=7, chunk=chunk))
    other = rg.scan(noisy, MODEL, GRID)
    assert not np.array_equal(other.draw.values, drawn, equal_nan=True)


def test_what_fails_and_what_differs_in_length():
    """A failed point says why; arrays are filled up; complex numbers stay complex."""
    data = rg.scan(noisy, MODEL, GRID, rng=0)
    assert (data.status.values[2] == rg.Status.FAILED).all()
    assert set(data.message.values[2]) == {"RuntimeError: nothing at two"}
    assert np.isnan(data.draw.values[2]).all() and np.isnan(data.wave.values[2]).all()
    assert data.kind.values[2, 0] == "" and data.kind.values[0].tolist()[:3] == [
        "quiet",
        "quiet",
        "loud",
    ]
    assert (np.delete(data.status.values, 2, axis=0) == rg.Status.OK).all()
    assert data["values"].shape == (4, 5, 5) and data.wave.dtype == complex
    np.testing.assert_array_equal(data["values"].values[0, 3], [0, 1, 2, np.nan, np.nan])


@pytest.mark.parametrize("kind", ["threads", "processes", "loky"])
def test_executors_change_nothing(kind):
    """Any concurrent.futures.Executor, one worker or two."""
    alone = rg.scan(noisy, MODEL, GRID, rng=1, chunk=3)
    if kind == "loky":
        from loky import get_reusable_executor

        executor = get_reusable_executor(2)
    else:
        executor = {"threads": ThreadPoolExecutor, "processes": ProcessPoolExecutor}[kind](2)
    with executor:
        xr.testing.assert_identical(
            alone, rg.scan(noisy, MODEL, GRID, rng=1, chunk=3, executor=executor)
        )


def test_a_function_of_many_points_at_once():
    """vectorized: models with 1-D fields, records with one row a point."""
    seen = []

    def roots(model):
        seen.append(np.shape(model.a_h))
        return rg.fixed_points(model)

    over = {"a_h": np.linspace(1.5, 2.5, 6), "a_r": [1.0, 8.0, 10.0]}
    data = rg.scan(roots, rg.GRU(a_h=1), over, vectorized=True, chunk=6)
    assert seen == [(6,)] * 3
    whole = rg.fixed_points(rg.GRU(a_h=over["a_h"][:, None], a_r=over["a_r"]))
    np.testing.assert_allclose(data.C_h.values, whole.C_h, rtol=1e-13)
    np.testing.assert_array_equal(data.stable.values[..., 0], whole.stable[..., 0])
    assert not data.status.values.any()  # an absent root is no failure

    def draws(model, rng):
        return np.array([child.normal() for child in rng])

    one_by_one = rg.scan(lambda model, rng: rng.normal(), MODEL, over | GRID, rng=3, name="draws")
    at_once = rg.scan(draws, MODEL, over | GRID, vectorized=True, rng=3)
    np.testing.assert_array_equal(one_by_one.draws.values, at_once.draws.values)

    failing = rg.scan(lambda model: 1 / 0, MODEL, over, vectorized=True)
    assert (failing.status.values == rg.Status.FAILED).all()
    wrong = rg.scan(lambda model: np.ones(2), MODEL, over, vectorized=True)
    assert "first axis is the 18 points" in wrong.message.values[0, 0]


def test_records_of_the_library():
    """What their repr shows, with their status and message."""
    data = rg.scan(rg.fixed_points, rg.GRU(a_h=1), {"a_h": [1.8], "a_r": [1.0, 10.0]})
    np.testing.assert_array_equal(
        data.C_h.values[0, 1], rg.fixed_points(rg.GRU(a_h=1.8, a_r=10)).C_h
    )
    assert np.isnan(data.C_h.values[0, 0, 1:]).all()

    def state(model, rng):
        return rg.steady_state(model, rng=rng)

    data = rg.scan(state, rg.Vanilla(a_h=2), {"a_h": [0.5, 2.0]})
    assert data.kind.values.tolist() == ["zero", "chaotic"]
    assert data.C_h0.values[1] == rg.steady_state(rg.Vanilla(a_h=2)).C_h0
    failed = rg.scan(partial(state), rg.GRU(a_h=3), {"b_z": [12.0]})
    assert failed.status.values.tolist() == [rg.Status.WINDOW_TOO_SHORT]
    assert "remembers for longer" in failed.message.values[0]


def test_an_interrupt_stops_it():
    """Ctrl-C is no failure of a point."""

    def stop(model):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rg.scan(stop, MODEL, GRID)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"function": 3}, TypeError, "function must be callable"),
        ({"model": 3}, TypeError, "model must be a parameter record"),
        ({"model": rg.GRU(a_h=[1, 2])}, ValueError, "model must have scalar fields"),
        ({"over": {}}, TypeError, "over must map fields"),
        ({"over": {"a_q": [1]}}, ValueError, "over names 'a_q'"),
        ({"over": {"a_h": [[1]]}}, ValueError, "one-dimensional"),
        ({"over": {"a_h": 3}}, ValueError, "one-dimensional"),
        ({"over": {"a_h": []}}, ValueError, "a_h must not be an empty array"),
        ({"over": {"a_h": np.ma.masked_equal([1, 2], 2)}}, TypeError, "a_h is a masked array"),
        ({"over": {"a_h": [-1]}}, ValueError, "a_h must be >= 0"),
        ({"over": {"a_h": ["x"]}}, TypeError, "a_h must be"),
        ({"over": xr.Dataset({"a_h": (("p", "q"), [[1.0]])})}, ValueError, "one dimension"),
        ({"chunk": 0}, ValueError, "chunk must be a whole number"),
        ({"rng": 3}, ValueError, "rng has no effect"),
        ({"function": partial(noisy, rng=1)}, ValueError, "rng is bound to the function"),
        ({"name": "a b"}, ValueError, "name must be an identifier"),
        ({"executor": 3}, TypeError, "executor must be"),
        ({"store": 3}, TypeError, "store must be a path"),
        ({"function": noisy, "rng": "a"}, TypeError, "rng"),
    ],
)
def test_bad_input(change, error, words):
    """One sentence that names the parameter."""
    with pytest.raises(error, match=words):
        rg.scan(**({"function": radius, "model": MODEL, "over": GRID} | change))


def test_results_that_do_not_fit_together():
    """A number here and an array there is the function's mistake, and no point's."""
    with pytest.raises(ValueError, match="value is of several kinds"):
        rg.scan(lambda m: 1.0 if m.a_z else [1.0], MODEL, GRID)
    with pytest.raises(ValueError, match="value is of several kinds"):
        rg.scan(lambda m: 1j if m.a_z else 1.0, MODEL, GRID, chunk=1)
    for chunk in (1, 100):  # and whatever comes first
        for one, other in ((1.0, 1j), (1j, 1.0), ("x", 1.0), (1.0, "x"), (1.0, [1.0])):
            with pytest.raises(ValueError, match="value is of several kinds"):
                rg.scan(lambda m, a=one, b=other: a if m.a_z else b, MODEL, GRID, chunk=chunk)
    data = rg.scan(lambda m: object(), MODEL, GRID)
    assert "a scan keeps numbers" in data.message.values[0, 0]
    with pytest.raises(ValueError, match=r"a_h .* name of an axis"):
        rg.scan(lambda m: {"a_h": 1.0}, MODEL, GRID)


def test_one_thread_a_point_and_messages_of_a_bounded_length():
    """Several processes with several BLAS threads each are many times slower."""
    from threadpoolctl import threadpool_info

    def threads(model):
        return max(pool["num_threads"] for pool in threadpool_info())

    def talkative(model):
        raise RuntimeError("no " * 1000)

    assert (rg.scan(threads, MODEL, GRID).threads.values == 1).all()
    failed = rg.scan(talkative, MODEL, GRID, chunk=1)
    assert failed.status.dtype == np.int8 and len(failed.message.values[0, 0]) == 500


def test_points_as_coordinates_and_arrays_beside_each_other():
    """Fields of a list may be coordinates; axes of results do not take each other's names."""
    points = xr.Dataset({"b_z": ("a_h", [0.0, 1.0])}, coords={"a_h": [1.0, 3.0]})
    data = rg.scan(radius, MODEL, points)
    assert data.radius.values.tolist() == [
        radius(MODEL.replace(a_h=h, b_z=z)) for h, z in [(1, 0), (3, 1)]
    ]
    both = rg.scan(lambda m: {"x": np.ones(2), "x_0": np.ones(3)}, MODEL, GRID)
    assert both.x.shape == (4, 5, 2) and both.x_0.shape == (4, 5, 3)
    told = rg.scan(lambda m: {"x": 1.0, "status": 7}, MODEL, GRID)
    assert (told.status.values == rg.Status.FAILED).all()


def test_masked_results():
    """What is masked is no result."""
    masked = np.ma.MaskedArray([1, 2, 3], mask=[False, True, False])
    data = rg.scan(lambda m: {"n": masked, "c": masked * 1j}, MODEL, GRID)
    np.testing.assert_array_equal(data.n.values[0, 0], [1, np.nan, 3])
    assert data.c.values[0, 0, 0] == 1j and np.isnan(data.c.values[0, 0, 1])


def test_the_worst_status_of_several_roots():
    """One that did not converge is not hidden by those that did, nor by those that are absent."""
    bad, absent = rg.Status.NOT_CONVERGED, rg.Status.ABSENT
    status = np.array([[0, bad, absent], [0, 0, absent]])
    for columns in (status, status[:, ::-1]):
        found = tabulate({"x": np.ones(2), "status": columns}, "x", 2)
        assert found["status"].tolist() == [bad, rg.Status.OK]
    assert tabulate({"x": 1.0, "status": status[0]}, "x")["status"] == bad


def test_blocks_of_large_grids():
    """A thousand, and of a very large grid as many as keep memory small."""
    for points, block in ((10**4, 10), (10**6, 1000), (10**7, 4096)):
        over = {"a_h": np.ones(points)}
        assert plan_of(MODEL, over, None, vectorized=False).block == (block,)


class Reluctant(Executor):
    """Does nothing before it is waited for: then the task that was given first."""

    def __init__(self, workers, fails_at=None):
        self._client, self.fails_at = self, fails_at  # as dask's executor has one
        self.workers = iter(workers)
        self.tasks, self.most = [], 0

    def nthreads(self):
        return dict.fromkeys(range(next(self.workers)), 1)

    def submit(self, task, *given):
        future = Future()
        self.tasks.append((future, task, given))
        waiting = sum(not future.done() for future, _, _ in self.tasks)
        self.most = max(self.most, waiting)
        return future

    def advance(self, pending, return_when):
        future, task, given = next(t for t in self.tasks if not t[0].done())
        if len(self.tasks) == self.fails_at:
            future.set_exception(KilledWorker("died"))
        else:
            future.set_result(task(*given))
        return wait(pending, timeout=0)


class KilledWorker(Exception):
    """As dask's is called."""


def test_few_tasks_are_handed_out_at_once(monkeypatch):
    """Two a worker; those that come later to a cluster get theirs."""
    few = Reluctant([1] * 100)
    monkeypatch.setattr("rmt_gates.scans.run.wait", few.advance)
    data = rg.scan(radius, MODEL, GRID, chunk=1, executor=few)
    assert few.most == 2 and not data.status.values.any()
    growing = Reluctant([0] * 5 + [3] * 100)
    monkeypatch.setattr("rmt_gates.scans.run.wait", growing.advance)
    xr.testing.assert_identical(data, rg.scan(radius, MODEL, GRID, chunk=1, executor=growing))
    assert growing.most == 6


def test_what_is_not_begun_is_cancelled(monkeypatch):
    """After the death of a worker, of which is told in words."""
    executor = Reluctant([2] * 100, fails_at=8)
    monkeypatch.setattr("rmt_gates.scans.run.wait", executor.advance)
    with pytest.raises(RuntimeError, match="a worker of the executor died"):
        rg.scan(radius, MODEL, GRID, chunk=1, executor=executor)
    assert sum(future.cancelled() for future, _, _ in executor.tasks) == 3


def test_a_function_that_cannot_be_sent():
    """The standard library's processes take no lambda."""
    with (
        ProcessPoolExecutor(1) as executor,
        pytest.raises(ValueError, match="cannot be sent to another process"),
    ):
        rg.scan(lambda m: 1.0, MODEL, GRID, executor=executor)
