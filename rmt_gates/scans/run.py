"""`rg.scan`: the blocks that lack a result, handed to workers; what comes back, kept at once."""

from __future__ import annotations

import ast
import inspect
import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from pickle import PicklingError
from typing import Any

import numpy as np

from rmt_gates.architectures.parameters import describe
from rmt_gates.randomness import generator
from rmt_gates.results import Status
from rmt_gates.scans.identity import bound_names, identity_of, name_of, provenance
from rmt_gates.scans.plan import Block, Plan, plan_of
from rmt_gates.scans.tables import Table, ZarrTable, packages, stored_identity
from rmt_gates.scans.task import Task

AHEAD = 2  # blocks handed out for each worker: it never waits, and memory stays bounded
UNKNOWN_WORKERS = 64  # assumed of an executor that does not tell


def scan(
    function: Callable[..., Any],
    model: Any,
    over: Any,
    *,
    vectorized: bool = False,
    executor: Any = None,
    store: Any = None,
    chunk: int | None = None,
    rng: Any = None,
    progress: bool = False,
    name: str | None = None,
) -> Any:
    """`function` at every point of a grid, or of a list, of parameters.

    A point whose function raises is recorded, with its message, and the scan goes on. Results do
    not depend on the number of workers or on their order: every point has its own random numbers,
    and is computed with one BLAS thread.

    Parameters
    ----------
    function : ``function(model)`` gets the model at one point; with ``vectorized`` a model whose
        scanned fields are 1-D arrays, the points of a chunk. If it has a parameter ``rng`` it gets
        a generator of its own (with ``vectorized`` a list of them, one for each point). It returns
        a number, an array, a dict of these and of strings, or a record of rmt_gates, which gives
        what its repr shows.
    model : parameter record with scalar fields.
    over : field -> 1-D values, for a grid; or an `xarray.Dataset` with one dimension, a list of
        points with a variable for each field.
    executor : any `concurrent.futures.Executor`, such as loky's ``get_reusable_executor(4)`` or
        dask's ``client.get_executor()``; without it all is done here.
    store : path of a zarr store, written as chunks finish (needs ``pip install 'rmt_gates[scan]'``,
        on a local or shared file system). The same call finds there what is done, failed points
        among it, and does the rest; another scan is refused. A function is known by its text, by
        what is bound to it and, of its own file, by the functions and constants it names; what it
        imports from elsewhere is not looked at.
    chunk : points of a task, and of a file of the store; by default 1000 tasks, or 4096 points if
        the function is vectorized.
    rng : seed of the random numbers, anything `numpy.random.default_rng` takes.
    progress : show a bar with rate and time left.
    name : what to call the function's results if they have no names themselves, and the function
        if it has none (a lambda), so that a store knows it again.

    Returns
    -------
    xarray.Dataset over the points, with ``status`` (of `rg.Status`; FAILED where the function
    raised) and ``message``. Numbers are floats, NaN where there is none; axes on which results
    differ in length are filled up. From a store it is read as it is used, by dask.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> def radius(model):
    ...     return rg.spectral_radius(rg.fixed_points(model)[-1])
    >>> data = rg.scan(radius, rg.GRU(a_h=3, a_r=1), {"a_h": [1, 3], "b_z": [-1, 0, 1]})
    >>> data.radius.values.round(3)
    array([[0.634, 0.75 , 0.866],
           [1.087, 1.059, 1.032]])
    """
    if not callable(function):
        raise TypeError(f"function must be callable, got {function!r}")
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise TypeError(f"executor must be a concurrent.futures.Executor or None, got {executor!r}")
    if store is not None and not isinstance(store, str | os.PathLike):
        raise TypeError(f"store must be a path or None, got {type(store).__name__}")
    plan = plan_of(model, over, chunk, vectorized)
    known = name_of(function, name, store is not None)
    try:
        takes_rng = "rng" in inspect.signature(function).parameters
    except ValueError:  # of a builtin
        takes_rng = False
    if takes_rng and "rng" in bound_names(function):
        raise ValueError("rng is bound to the function: give it to scan, which has one a point")
    if rng is not None and not takes_rng:
        raise ValueError("rng has no effect: the function has no parameter rng")
    seed = _seed(rng, store) if takes_rng else None
    task = Task(function, known, model, vectorized, seed)
    about = provenance(model, seed, function, known)
    table = Table(plan)
    if store is not None:
        identity = identity_of(plan, function, known, seed, vectorized)
        table = ZarrTable(plan, store, identity, about)
    try:
        _run(plan, task, executor, table, progress)
        if store is not None:
            return open_scan(store)
    finally:
        table.close()
    import xarray as xr

    coords = {field: (dim, values) for field, (dim, values) in plan.fields.items()}
    return _labelled(xr.Dataset(table.variables(), coords=coords, attrs=about))


def open_scan(store: Any) -> Any:
    """The Dataset of a store, finished or not, as `scan` returns it.

    ``status`` is MISSING, and numbers NaN, where nothing was computed yet; ``attrs["missing"]`` is
    how many points that are. Nothing is read before it is used.

    Examples
    --------
    >>> import tempfile
    >>> import rmt_gates as rg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     over = {"a_h": [1.0, 2.0, 3.0]}
    ...     data = rg.scan(rg.fixed_points, rg.Vanilla(a_h=1), over, store=f"{folder}/a.zarr")
    ...     rg.open_scan(f"{folder}/a.zarr").attrs["missing"]
    0
    """
    import xarray as xr

    zarr, _ = packages()
    identity = stored_identity(store)
    if identity is None:
        raise ValueError(f"store {store} is no store of a scan: there is none at this path")
    if not identity:
        raise ValueError(f"store {store} is no store of a scan: it was not written by rg.scan")
    data = xr.open_zarr(store, consolidated=False, chunks={}, decode_cf=False)
    del data.attrs["identity"]
    fields = list(identity["fields"])
    data = data.set_coords(fields)
    points = math.prod(data.sizes[dim] for dim in {data[field].dims[0] for field in fields})
    if "status" in data:  # read at once: dask would make a task of every block
        status = zarr.open_array(store, path="status", mode="r")[...]
        points = int(np.count_nonzero(status == Status.MISSING))
    data.attrs["missing"] = points
    return _labelled(data)


def _labelled(data: Any) -> Any:
    """In an order, and with types, that do not depend on where the results were kept."""
    verdict = [name for name in ("status", "message") if name in data]
    data = data[[*sorted(set(data.data_vars) - set(verdict)), *verdict]]
    for name in data.data_vars:
        if data[name].dtype.kind == "T":
            data[name] = data[name].astype(object)
    for name in data.coords:
        data[name].attrs |= {"symbol": str(name), "long_name": describe(str(name))}
    if "status" in data:
        data.status.attrs |= {
            "flag_values": [int(s) for s in Status],
            "flag_meanings": " ".join(s.name for s in Status),
        }
    return data


def _seed(rng: Any, store: Any) -> tuple[int, tuple[int, ...]]:
    """(entropy, spawn_key) of the scan; those in the store if none is given."""
    if rng is None and store is not None:
        stored = (stored_identity(store) or {}).get("seed")
        if stored is not None:
            return ast.literal_eval(stored[0]), tuple(stored[1])
    sequence: Any = generator(rng).bit_generator.seed_seq
    (child,) = sequence.spawn(1)
    return child.entropy, tuple(child.spawn_key)


def _run(plan: Plan, task: Task, executor: Any, table: Table, progress: bool) -> None:
    from tqdm import tqdm

    missing = table.missing()
    todo = [block for block in plan.blocks() if missing[block].any()]
    done = plan.size - sum(missing[block].size for block in todo)
    with tqdm(total=plan.size, initial=done, unit="point", disable=not progress) as bar:
        for block, values in _results(plan, task, executor, todo):
            table.write(block, values)
            bar.update(len(values["status"]))


def _results(
    plan: Plan, task: Task, executor: Any, todo: list[Block]
) -> Iterator[tuple[Block, dict[str, Any]]]:
    """Every block with its results, as they come."""
    if executor is None:
        for block in todo:
            yield block, task(*plan.points(block))
        return
    pending: dict[Future[Any], Block] = {}
    waiting = iter(todo)
    try:
        while True:
            ahead = AHEAD * _workers(executor)  # those of a cluster come and go
            for block in waiting:
                pending[executor.submit(task, *plan.points(block))] = block
                if len(pending) >= ahead:
                    break
            if not pending:
                return
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                yield pending.pop(future), future.result()
    except (PicklingError, AttributeError) as error:  # of the standard library's processes
        raise ValueError(
            f"function {task.name} cannot be sent to another process ({error}): put it into a "
            "module, or use loky's executor"
        ) from None
    except Exception as error:
        if not isinstance(error, BrokenExecutor) and type(error).__name__ != "KilledWorker":  # dask
            raise
        raise RuntimeError(
            f"a worker of the executor died ({type(error).__name__}), perhaps for lack of memory: "
            "what a store holds is kept; run again with a new executor, or a smaller chunk"
        ) from error
    finally:
        for future in pending:
            future.cancel()


def _workers(executor: Any) -> int:
    client = getattr(executor, "_client", None)  # dask's
    if client is not None:
        return max(1, sum(client.nthreads().values()))
    return int(getattr(executor, "_max_workers", UNKNOWN_WORKERS))
