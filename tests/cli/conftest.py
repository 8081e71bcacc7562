"""Running the command line in this process."""

import pytest

from rmt_gates import cli


@pytest.fixture
def run(capsys):
    """(exit code, stdout, stderr) of a command line."""

    def call(*argv):
        code = cli.main(list(argv))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call
