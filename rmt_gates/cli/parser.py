"""Arguments of ``rmt-gates``. The options of a model come from the fields of its record."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

import rmt_gates as rg
from rmt_gates.architectures.parameters import describe
from rmt_gates.cli.checkpoint import add_checkpoint_options, load
from rmt_gates.cli.output import BadInput
from rmt_gates.cli.quantities import QUANTITIES
from rmt_gates.cli.values import complex_number, positive, several, single, whole

# name on the command line -> constructor in rmt_gates, and its options that choose a class; a
# further architecture is a further line
ARCHITECTURES: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "vanilla": ("Vanilla", {}),
    "gru": ("GRU", {"reset": ("before", "after")}),
    "lstm": ("LSTM", {}),
}
CHECKPOINT = "checkpoint"  # stands for an architecture: rmt-gates spectrum --checkpoint FILE

COMMANDS = {
    "fixed-points": "all mean-field fixed points, with their stability",
    "steady-state": "the state that the infinite network settles into",
    "spectrum": "the eigenvalues of the Jacobian: their boundary at N = ∞, and sampled networks",
    "density": "how many eigenvalues are where: density, moduli, point masses",
    "slow-modes": "how many eigenvalues are close to 1, and how long modes take to relax",
    "phase-diagram": "fixed points and their phases over two parameters, and the lines between",
    "scan": "one quantity over a grid of parameters, in parallel, into a store that can be resumed",
}
PLANES = ("phase-diagram", "scan")  # commands in which parameters have several values
NEGATIVE = re.compile(r"-[\d.in]")  # begins a value: argparse takes -1e-3 for an option


class Parser(argparse.ArgumentParser):
    """Raises `BadInput` instead of printing its usage."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)
        self._negative_number_matcher = NEGATIVE

    def error(self, message: str) -> NoReturn:
        raise BadInput(f"{message} (see {self.prog} --help)")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The options; ``.model`` is what they describe, ``.given`` the network of a checkpoint."""
    options = build_parser().parse_args(_with_checkpoint(list(argv)))
    options.given = None
    if options.command in PLANES:
        _split(options)
    if options.architecture == CHECKPOINT:
        options.given = load(options)
        options.model = options.given.fit.model
    else:
        options.model = _model(options)
    if options.command in ("spectrum", "density", "slow-modes"):
        _check_networks(options)
    return options


def build_parser() -> Parser:
    """The parser: command, architecture, options."""
    parser = Parser(
        prog="rmt-gates",
        description="Dynamics and Jacobian spectra of random gated networks of infinite size, "
        "with error bars, and of sampled ones.",
        epilog="Exit codes: 0 done; 2 bad input; 3 a computation did not converge; 130 interrupted."
        " Example: rmt-gates spectrum gru --a-h 3 --a-z 1 --a-r 10 --simulate 1000 "
        "--figure spectrum.png",
    )
    parser.add_argument("--version", action="version", version=f"rmt-gates {rg.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command, about in COMMANDS.items():
        one = commands.add_parser(command, help=about, description=f"{about.capitalize()}.")
        kinds = one.add_subparsers(dest="architecture", metavar="ARCHITECTURE", required=True)
        for name, (constructor, variants) in ARCHITECTURES.items():
            leaf = kinds.add_parser(name, help=f"rmt_gates.{constructor}", description=about)
            kind = several if command in PLANES else single
            add_model_options(leaf, getattr(rg, constructor), variants, kind)
            _add_command_options(leaf, command)
        if command in PLANES:
            continue
        about_file = "a torch.nn.RNN, GRU or LSTM from a file: --checkpoint FILE [--module NAME]"
        leaf = kinds.add_parser(CHECKPOINT, help=about_file, description=about)
        add_checkpoint_options(leaf)
        _add_command_options(leaf, command)
    return parser


def _with_checkpoint(argv: list[str]) -> list[str]:
    """``COMMAND --checkpoint FILE …`` needs no name of an architecture."""
    given = any(word == "--checkpoint" or word.startswith("--checkpoint=") for word in argv)
    named = len(argv) > 1 and (argv[1] in ARCHITECTURES or argv[1] == CHECKPOINT)
    if given and named and argv[1] != CHECKPOINT:
        raise BadInput(
            f"--checkpoint says what the architecture is: leave {argv[1]!r} out, and its options"
        )
    return [argv[0], CHECKPOINT, *argv[1:]] if given and not named and argv else argv


def add_model_options(
    parser: argparse.ArgumentParser,
    constructor: Callable[..., Any],
    variants: dict[str, tuple[str, ...]],
    kind: Callable[[str], Any] = single,
) -> None:
    """``--a-h``, ``--b-z``, ``--activation``, …: one option for each field of the record."""
    group = parser.add_argument_group("model")
    for name, choices in variants.items():
        group.add_argument(
            f"--{name}",
            choices=choices,
            default=choices[0],
            help=f"which convention: {' or '.join(choices)} (default: {choices[0]})",
        )
    for field in _fields(constructor, variants):
        _, _, matrix = field.name.partition("_")
        required = field.default is dataclasses.MISSING
        group.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=kind if matrix else str,
            required=required,
            default=None if required else field.default,
            metavar="X" if matrix else "NAME",
            help=describe(field.name) if matrix else "tanh or hardtanh (default: tanh)",
        )


def _add_command_options(parser: argparse.ArgumentParser, command: str) -> None:
    common = parser.add_argument_group("result")
    common.add_argument("--json", action="store_true", help="machine-readable, nothing on stderr")
    if command == "fixed-points":
        return
    if command in PLANES:
        common.add_argument("--out", metavar="FILE", help="write the Dataset there: .nc (NetCDF)")
    common.add_argument(
        "--figure", metavar="FILE", help="draw it: .png, .pdf, .svg or another type of matplotlib"
    )
    if command == "phase-diagram":
        return
    common.add_argument(
        "--seed", type=whole(0), default=0, metavar="S", help="of all random numbers (default: 0)"
    )
    state = parser.add_argument_group("steady state")
    state.add_argument(
        "--start",
        choices=("large", "zero"),
        help="where activity starts: it matters where several states coexist (default: large)",
    )
    state.add_argument(
        "--rtol",
        type=float,
        metavar="R",
        help="relative standard error of C_h(0) to reach (default: 0.005)",
    )
    state.add_argument(
        "--max-seconds", type=float, metavar="T", help="stop then, with the error reached by then"
    )
    if command == "scan":
        _add_scan_options(parser)
    if command in ("steady-state", "scan"):
        return
    state.add_argument(
        "--fixed-point",
        type=int,
        metavar="INDEX",
        help="linearise around a fixed point instead: 0 for the one of smallest C_h, -1 for "
        "the one of largest",
    )
    if command == "density":
        common.add_argument(
            "--at",
            type=complex_number,
            nargs="+",
            metavar="LAMBDA",
            help="print the density there: complex numbers such as 0.9+0.1j",
        )
    if command == "slow-modes":
        for name, values, about in (
            ("radius", (0.05, 0.1, 0.2, 0.3, 0.6, 1.0), "distances from λ = 1"),
            ("time", (1.0, 3.0, 10.0, 30.0, 100.0), "relaxation times, in steps"),
        ):
            common.add_argument(
                f"--{name}",
                type=positive,
                nargs="+",
                default=values,
                metavar="X",
                help=f"{about} (default: {' '.join(f'{v:g}' for v in values)})",
            )
    sampled = parser.add_argument_group("sampled networks")
    sampled.add_argument(
        "--simulate", type=whole(2), metavar="N", help="compare with networks of N units"
    )
    sampled.add_argument(
        "--seeds", type=whole(1), metavar="K", help="how many of them (default: 4)"
    )
    sampled.add_argument("--device", metavar="D", help="cpu or cuda (default: cpu)")


def _add_scan_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("scan")
    group.add_argument("--quantity", choices=QUANTITIES, required=True, help="what to compute")
    group.add_argument(
        "--store", metavar="DIR", help="a zarr store: the same command again does what is missing"
    )
    group.add_argument("--workers", type=whole(1), default=1, metavar="K", help="processes")
    group.add_argument("--chunk", type=whole(1), metavar="POINTS", help="of a task and a file")
    group.add_argument("--missing", action="store_true", help="only tell what the store lacks")


def _split(options: argparse.Namespace) -> None:
    """``.over`` : the parameters with several values; their options keep the first."""
    options.over = {}
    for name, value in vars(options).items():
        if isinstance(value, np.ndarray):
            options.over[name] = value
    for name, values in options.over.items():
        setattr(options, name, float(values[0]))


def _fields(
    constructor: Callable[..., Any], variants: dict[str, tuple[str, ...]]
) -> list[dataclasses.Field[Any]]:
    """The fields of all variants of a record."""
    kinds = [dict(zip(variants, chosen)) for chosen in itertools.product(*variants.values())]
    found = [field for kind in kinds for field in dataclasses.fields(constructor(a_h=1.0, **kind))]
    return list({field.name: field for field in found}.values())


def _model(options: argparse.Namespace) -> Any:
    """Options that the variant chosen does not have are passed on only if given: it refuses."""
    name, variants = ARCHITECTURES[options.architecture]
    constructor = getattr(rg, name)
    chosen = {variant: getattr(options, variant) for variant in variants}
    own = {field.name for field in dataclasses.fields(constructor(a_h=1.0, **chosen))}
    given = {
        field.name: getattr(options, field.name)
        for field in _fields(constructor, variants)
        if field.name in own or getattr(options, field.name) != field.default
    }
    return constructor(**chosen, **given)


def _check_networks(options: argparse.Namespace) -> None:
    """Options that would have no effect are refused."""
    if options.given is not None and options.simulate is not None:
        raise BadInput(
            "--simulate draws networks, and --checkpoint brings its own: leave one of them out"
        )
    for name in ("start", "rtol", "max_seconds"):
        if options.fixed_point is not None and getattr(options, name) is not None:
            raise BadInput(
                f"--{name.replace('_', '-')} belongs to the steady state and has no effect with "
                "--fixed-point: leave one of them out"
            )
    for name in ("seeds", "device"):
        if options.simulate is None and getattr(options, name) is not None:
            raise BadInput(f"--{name} needs --simulate N: there are no networks without it")
