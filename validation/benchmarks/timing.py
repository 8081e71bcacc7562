"""Fair times on a noisy machine: CPU seconds of one thread, contestants taking turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

Task = Callable[[], object]


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS, OpenMP and torch on one thread."""
    import torch  # before the limits, which reach only libraries that are loaded
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    with threadpool_limits(1):
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def cpu_seconds(task: Task, calls: int = 1) -> float:
    """CPU seconds of one call, the mean over ``calls`` of them.

    Time that other processes take from this one does not count; a second thread would.
    """
    start = time.process_time()
    for _ in range(calls):
        task()
    return (time.process_time() - start) / calls


def interleaved(
    tasks: Mapping[str, Task], repeats: int, calls: Mapping[str, int] | None = None
) -> dict[str, list[float]]:
    """CPU seconds a call by name: A, B, A, B, …, after one untimed call of each.

    Parameters
    ----------
    tasks : what to time, by name; taken in turns, so that noise hits all of them.
    repeats : number of turns. calls : calls per turn by name (default 1).
    """
    for task in tasks.values():
        task()
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            times[name].append(cpu_seconds(task, (calls or {}).get(name, 1)))
    return times
