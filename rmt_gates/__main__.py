"""``python -m rmt_gates`` is the command ``rmt-gates``."""

import sys

from rmt_gates.cli import main

if __name__ == "__main__":
    sys.exit(main())
