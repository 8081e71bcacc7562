"""The root that a start leads to, where roots that repel lie between states that attract.

Plain rounds x → G(x) lead from the start to the state in whose basin it lies. Accelerated rounds
are faster, and converge to roots that repel as well: the border between an activity that lives
and a stable state at rest is one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

AWAY = 0.03  # relative distance from a root at which it is asked whether it repels
ASKED = 12  # plain rounds from there: the first half settles the shape
WALK = 60  # plain rounds that lead from a start into its basin
ATTEMPTS = 6


def repels(G: Callable[[np.ndarray], np.ndarray], root: np.ndarray) -> bool:
    """Whether plain rounds from a little above or below the root lead away from it."""
    for side in (1 - AWAY, 1 + AWAY):
        x, distance = side * root, []
        for _ in range(ASKED):
            x = G(x)
            distance.append(abs(float(x.flat[0] / root.flat[0]) - 1))
        if distance[-1] > distance[ASKED // 2 - 1]:
            return True
    return False


def attracting_root(
    G: Callable[[np.ndarray], np.ndarray],
    solve: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    stop: Callable[[np.ndarray], bool],
) -> np.ndarray:
    """``solve(start)``; while that repels, the root from further along the plain rounds from start.

    Ends early where ``stop`` holds: the start lies in the basin of a state at rest.
    """
    x = start
    for _ in range(ATTEMPTS):
        root = solve(x)
        if stop(root) or not repels(G, root):
            break
        ratio = float(x.flat[0] / root.flat[0])
        if abs(ratio - 1) < AWAY:  # too close to the border to get away from it by itself
            x = (1 + AWAY if ratio > 1 else 1 - AWAY) * root
        for _ in range(WALK):
            x = G(x)
            if stop(x):
                return x
    return root
