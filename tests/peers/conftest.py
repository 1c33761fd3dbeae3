"""Runs the real command for the Python peers."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

import clinic as clinics

FIXTURES = clinics.FIXTURES
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


@pytest.fixture(scope="session")
def clinic(tmp_path_factory):
    """The synthetic clinic: the one in CURTAIN_CLINIC, else made here. Nobody changes it."""
    made = os.environ.get("CURTAIN_CLINIC")
    return clinics.Clinic(pathlib.Path(made)) if made else clinics.make(tmp_path_factory.mktemp("clinic"))


@pytest.fixture
def vault(clinic, tmp_path):
    """A copy of the clinic's vault, to change."""
    return shutil.copytree(clinic.vault, tmp_path / "vault")


@pytest.fixture
def ask(vault):
    """Runs a command in the copy, which must do it, and gives the lines that it printed."""

    def run(*args):
        done = clinics.run(*args, "--vault", vault, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run
