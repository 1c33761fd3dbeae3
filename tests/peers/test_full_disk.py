"""On a full disk nothing is half done, and nothing that was acknowledged is lost."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess

import pytest

import clinic as clinics

# Holds the clinic's vault some times over.
SIZE = "2m"
# How to make a mount namespace and how to enter it: as root of this one; where that is not allowed, of one's own.
WAYS = [(["-m"], ["-m"]), (["-Urm"], ["-U", "--preserve-credentials", "-m"])]


class Disk:
    """A small file system in a mount namespace of its own, held by a process."""

    def __init__(self, holder, folder, enter):
        self.folder, self.enter = folder, enter
        # The same folder, seen from outside the namespace.
        self.outside = pathlib.Path(f"/proc/{holder.pid}/root{folder}")
        self.filler = self.outside / "filler"

    def run(self, *args):
        return clinics.run(*args, prefix=self.enter)

    def fill(self, leave):
        """Leaves that many bytes and no more."""
        with contextlib.suppress(OSError), open(self.filler, "wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        os.truncate(self.filler, max(0, self.filler.stat().st_size - leave))

    def free(self):
        self.filler.unlink()


def hold(options, folder):
    """A process that mounted the file system at `folder` and waits; None where that is not allowed."""
    script = f'mount -t tmpfs -o size={SIZE},mode=700 tmpfs "$1" && echo ready && read -r _'
    command = ["unshare", *options, "sh", "-c", script, "sh", str(folder)]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if holder.stdout.readline() == "ready\n":
        return holder, ""
    return None, holder.communicate(timeout=10)[1]


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    said = []
    for options, inside in WAYS:
        holder, error = hold(options, folder)
        if holder:
            break
        said.append(error.strip())
    else:
        pytest.fail(f"no small file system can be mounted here, so a full disk cannot be tried: {said}")
    with holder:
        yield Disk(holder, folder, ["nsenter", "-t", str(holder.pid), *inside, "--"])
        holder.communicate("\n", timeout=10)


@pytest.fixture
def kept(clinic, disk):
    """A copy of the vault on the small disk: its folder, as commands there call it."""
    shutil.copytree(clinic.vault, disk.outside / "vault")
    return disk.folder / "vault"


def listed(disk, vault):
    done = disk.run("consent", "list", "--json", "--vault", vault)
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["consent"] for line in done.stdout.splitlines()]


def test_a_consent_is_recorded_or_refused_for_space(clinic, disk, kept, tmp_path):
    """With ever more space left, until there is enough."""
    consents = listed(disk, kept)
    refused = 0
    for leave in range(0, 1 << 20, 8192):
        disk.fill(leave)
        done = disk.run(*clinic.grant_args("Test Patient Overflow", vault=kept))
        line = json.loads(done.stdout)
        disk.free()
        if done.returncode == 0:
            break
        refused += 1
        assert done.returncode == 1
        assert line["error"]["code"] == "no_space" and "no space left" in done.stderr
        assert "Overflow" not in done.stdout + done.stderr
        assert listed(disk, kept) == consents
    assert refused >= 3
    assert sorted(listed(disk, kept)) == sorted([*consents, line["consent"]])
    verify_whole(clinic, disk, kept, tmp_path / "evidence")


def verify_whole(clinic, disk, vault, out):
    done = disk.run("ledger", "export", "--vault", vault, "--taken-by", "test", "--out", out)
    assert done.returncode == 0, done.stderr
    done = clinic.verify(out)
    assert done.returncode == 0, done.stdout


def test_a_new_vault_is_made_whole_or_begun_again(clinic, disk):
    vault = disk.folder / "new"
    for leave in range(0, 1 << 20, 16384):
        disk.fill(leave)
        done = disk.run(*clinic.grant_args("Test Patient First", vault=vault))
        disk.free()
        if done.returncode == 0:
            break
        assert done.returncode == 1 and "space" in done.stderr
    assert leave > 0
    assert listed(disk, vault) == [json.loads(done.stdout)["consent"]]


@pytest.mark.parametrize("kind", ["evidence", *clinics.FORMATS])
def test_an_export_is_whole_or_not_there(clinic, disk, kind, tmp_path):
    """The vault has space, the place for the export has not."""
    vault = shutil.copytree(clinic.vault, tmp_path / "vault")
    out = disk.folder / "export"
    export = "ledger", "export", "--vault", vault, "--format", kind, "--details", "--taken-by", "test", "--out", out
    disk.fill(4096)
    done = disk.run(*export)
    assert done.returncode == 1 and done.stderr
    assert [path.name for path in disk.outside.iterdir()] == ["filler"]
    disk.free()
    assert disk.run(*export).returncode == 0


@pytest.mark.parametrize("which", ["withdraw", "erase"])
def test_endings_are_recorded_or_refused_for_space(clinic, disk, kept, which):
    consent = clinic.consents["signed"]
    args = {
        "withdraw": ["--code", consent.withdrawal_code],
        "erase": ["--yes", "--despite-retention", "order", consent.consent],
    }[which]
    for leave in range(0, 1 << 20, 8192):
        disk.fill(leave)
        done = disk.run("consent", which, "--vault", kept, *args)
        disk.free()
        shown = disk.run("consent", "show", "--json", "--vault", kept, consent.consent)
        standing = json.loads(shown.stdout)["standing"]
        if done.returncode == 0:
            break
        assert done.returncode == 1 and "space" in done.stderr
        assert standing == "live"
    assert leave > 0 and standing == ("erased" if which == "erase" else "withdrawn")
