"""The command ``rmt-gates``: parses its arguments, calls the public API, prints the result.

Exit codes: 0 done; 2 bad input, with one sentence on stderr; 3 a computation did not converge, and
what is printed says which; 130 interrupted.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence

from rmt_gates.cli.output import BadInput, check_figure, print_result, write_figure
from rmt_gates.cli.parser import parse

TOO_LARGE = re.compile("memory|storage size", re.IGNORECASE)
OK, BAD_INPUT, NOT_CONVERGED, INTERRUPTED = 0, 2, 3, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (those of the process by default): its exit code."""
    try:
        options = parse(sys.argv[1:] if argv is None else argv)
        figure = getattr(options, "figure", None)
        if figure is not None:
            check_figure(figure)
        from rmt_gates.cli.commands import COMMANDS

        result = COMMANDS[options.command](options)
        print_result(result, options.json)
        if figure is not None:
            write_figure(result, figure)
            if not options.json:
                print(f"\nFigure: {figure}")
        sys.stdout.flush()
    except SystemExit as done:  # --help and --version
        return int(done.code or 0)
    except (BadInput, ValueError, TypeError) as error:
        print(f"rmt-gates: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_INPUT
    except (MemoryError, RuntimeError) as error:  # torch raises RuntimeError
        if not TOO_LARGE.search(f"{type(error).__name__} {error}"):
            raise
        print("rmt-gates: not enough memory: take networks of fewer units", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("rmt-gates: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as error:
        if error.filename is not None:
            raise  # not the output
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"rmt-gates: the result cannot be written: {error.strerror}", file=sys.stderr)
        return BAD_INPUT
    return OK if result.converged else NOT_CONVERGED
