"""How large the benchmarks are: in full, quickly, or (for tests) tiny."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Contest:
    """Steady state against networks at one parameter point.

    Attributes
    ----------
    gains : (a_h, a_z, a_r). target : the least factor that is asked for.
    seeds, networks : how many of each side. steps, burn_in : of a network.
    full_only : whether it takes too long for a quick run.

    Run lengths: the cheapest for the baseline, among those without visible bias, in a pilot run of
    40 networks of 500 units over 2000 or 3000 steps. A third or more of the variance of C_h(0) is
    quenched, between networks, so that longer averages cost more than they bring. At (3, 10, 1),
    whose memory is a thousand steps, both are one memory long: the least from which a stationary
    state could be told, and several times cheaper than the 5000 steps and more that its averages
    over time would take (16 networks over 30 000 steps: the variance is all quenched).
    """

    gains: tuple[float, float, float]
    target: float
    seeds: int
    networks: int
    steps: int
    burn_in: int
    full_only: bool = False


@dataclass(frozen=True)
class Settings:
    """Sizes of one run.

    Attributes
    ----------
    units : N of the Jacobian whose eigenvalues are the unit, and of the networks timed.
    repeats : rounds of every interleaved comparison; the fastest of each side counts.
    cold_starts : fresh processes.
    grid : points along each side of the grid of fixed points.
    baseline_points : random points of that grid at which the baseline runs.
    scaling : sides of the two grids whose cost per point is compared.
    short_calls : calls per timing of things that take milliseconds.
    unit_rtol : rtol of the steady state whose sample of units gets a curve.
    inside_points : points at which densities are solved. map_points : of an interpolated map.
    rtol : rtol of the steady states that compete with networks.
    contest_units : N of those networks.
    diagram : points along each side of a phase diagram.
    scan_points : points that a scan's overhead is measured on. scan_sides : of the two grids whose
        cost per point and memory are compared.
    """

    units: int = 1000
    repeats: int = 5
    cold_starts: int = 3
    grid: int = 200
    baseline_points: int = 200
    scaling: tuple[int, int] = (100, 316)
    short_calls: int = 20
    unit_rtol: float = 5e-3
    inside_points: int = 500
    map_points: int = 10_000
    rtol: float = 5e-3
    contest_units: int = 2000
    diagram: int = 400
    scan_points: int = 60
    scan_sides: tuple[int, int] = (100, 1000)
    contests: tuple[Contest, ...] = ()


FULL = Settings(
    contests=(
        Contest((3, 1, 10), target=10, seeds=20, networks=20, steps=200, burn_in=50),
        Contest((3, 10, 10), target=10, seeds=20, networks=20, steps=300, burn_in=100),
        Contest(
            (3, 10, 1), target=1, seeds=6, networks=20, steps=1000, burn_in=1000, full_only=True
        ),
    )
)
QUICK = replace(
    FULL,
    cold_starts=1,
    scan_sides=(100, 300),
    contests=tuple(replace(c, seeds=8, networks=8) for c in FULL.contests if not c.full_only),
)
