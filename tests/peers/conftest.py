"""Runs the real command for the Python peers."""

import json
import os
import pathlib
import subprocess

import pytest

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text())


@pytest.fixture
def curtain(tmp_path):
    """Calls `curtain ARGS --json --out FOLDER FILE` and gives the line that it printed."""

    def run(*args, file):
        command = [os.environ["CURTAIN"], *args, "--json", "--out", str(tmp_path / "out"), str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
