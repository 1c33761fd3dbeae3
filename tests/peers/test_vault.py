"""The vault, opened by software other than ours: what is in it, and what an erasure leaves of it."""

import contextlib
import json
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

import clinic as clinics
import sqlcipher
import traces
from clinic import PATIENTS

# Commands write fewer frames than these. Each number is tried some times.
MOST_FRAMES = 12
ATTEMPTS = 3 * MOST_FRAMES


def secrets_of(clinic, key):
    """What identifies a patient, as it is kept: the name, the commitment's key, the code's bytes and the signature."""
    consent = clinic.consents[key]
    lines = (clinic.evidence_with_details / "details.jsonl").read_text(encoding="utf-8").splitlines()
    (commitment_key,) = (line["key"] for line in map(json.loads, lines) if line["n"] == consent.n)
    return {"name": consent.patient, "key": bytes.fromhex(commitment_key), "code": consent.code}


@contextlib.contextmanager
def opened(plain, tmp_path):
    """The plain database in Python's own SQLite."""
    path = tmp_path / "plain.db"
    path.write_bytes(plain)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        yield connection


def test_a_plain_sqlite_does_not_open_it(vault):
    refused = pytest.raises(sqlite3.DatabaseError, match="file is not a database")
    with contextlib.closing(sqlite3.connect(vault / "vault.db")) as connection, refused:
        connection.execute("SELECT count(*) FROM sqlite_master")


def test_with_the_key_any_sqlite_reads_it(clinic, vault, tmp_path):
    with opened(sqlcipher.Reader(vault).plain_database(), tmp_path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        leaves = [leaf for (leaf,) in connection.execute("SELECT bytes FROM leaf ORDER BY n")]
        assert leaves == (clinic.evidence / "leaves.jsonl").read_bytes().splitlines()
        details = {bytes(id).hex(): text for id, text in connection.execute("SELECT id, details FROM consent")}
    for key, consent in clinic.consents.items():
        if key == "erased":
            assert details[consent.consent] is None
        else:
            assert json.loads(details[consent.consent])["consent"]["patient"] == PATIENTS[key]


def test_every_page_is_authenticated(vault):
    reader = sqlcipher.Reader(vault)
    assert len(reader.pages()) > 10
    whole = reader.database.read_bytes()
    for place in (16, sqlcipher.PAGE - 1, sqlcipher.PAGE + 8, len(whole) - sqlcipher.RESERVED):
        changed = bytearray(whole)
        changed[place] ^= 1
        reader.database.write_bytes(changed)
        with pytest.raises(ValueError):
            reader.pages()
    # The salt is part of every page's HMAC key.
    reader.database.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    with pytest.raises(ValueError):
        sqlcipher.Reader(vault).pages()


def test_each_page_has_its_own_iv(clinic, vault):
    def ivs(folder):
        data = (folder / "vault.db").read_bytes()
        ends = range(sqlcipher.PAGE, len(data) + 1, sqlcipher.PAGE)
        return [data[end - sqlcipher.RESERVED : end - sqlcipher.MAC] for end in ends]

    assert len(set(ivs(vault))) == len(ivs(vault)) > 10
    # A page that was written again does not keep its IV.
    assert ivs(vault)[0] not in ivs(clinic.backup)


def test_another_key_opens_nothing(clinic, vault):
    key = vault / "vault.key"
    line = key.read_text()
    key.write_text(("0" if line[0] != "0" else "1") + line[1:])
    with pytest.raises(ValueError):
        sqlcipher.Reader(vault).pages()
    done = clinics.run("consent", "list", "--vault", vault)
    assert done.returncode == 1 and "not the key of this vault" in done.stderr
    assert (vault / "vault.db").read_bytes() == (clinic.vault / "vault.db").read_bytes()


def test_the_erased_one_of_the_clinic_is_gone(clinic):
    inside = sqlcipher.Reader(clinic.vault).all_bytes()
    erased = clinic.consents["erased"]
    assert traces.found([erased.patient, erased.code], inside) == []
    others = [name for key, name in PATIENTS.items() if key not in ("erased", "markup")]
    assert traces.found(others, inside) == others


@pytest.mark.parametrize("key", ["thumbprint", "guardian", "arabic", "withdrawn"])
def test_an_erasure_leaves_nothing(clinic, vault, ask, key):
    secrets = secrets_of(clinic, key)
    if key == "thumbprint":
        secrets["thumbprint"] = clinic.thumbprint.read_bytes()
    if key == "guardian":
        secrets["guardian"] = clinics.GUARDIAN
    before = sqlcipher.Reader(vault).all_bytes()
    assert {name for name, secret in secrets.items() if traces.found([secret], before)} == set(secrets)
    ask("consent", "erase", "--yes", "--despite-retention", "patient-request", clinic.consents[key].consent)
    after = sqlcipher.Reader(vault).all_bytes()
    assert {name for name, secret in secrets.items() if traces.found([secret], after)} == set()
    # The others are still there.
    assert traces.found([PATIENTS["signed"]], after) and clinic.signature.read_bytes() in after


def killed_while_writing(args, log, frames):
    """Kills the command once its write-ahead log has that many frames; whether the log was left there with some."""
    running = subprocess.Popen(
        [clinics.command(), *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while running.poll() is None:
        assert time.monotonic() < deadline, "the command hangs"
        with contextlib.suppress(FileNotFoundError):
            if log.stat().st_size >= sqlcipher.WAL_HEADER + frames * sqlcipher.FRAME:
                running.kill()
                break
    _, errors = running.communicate(timeout=60)
    assert running.returncode in (0, -signal.SIGKILL), errors
    return running.returncode != 0 and log.exists() and log.stat().st_size >= sqlcipher.WAL_HEADER + sqlcipher.FRAME


def logs_left_by_kills(clinic, vault, args):
    """Runs a command on fresh copies of the vault and kills it, ever later: gives each time that a log was left."""
    for attempt in range(ATTEMPTS):
        shutil.rmtree(vault)
        shutil.copytree(clinic.vault, vault)
        if killed_while_writing(args, vault / "vault.db-wal", frames=1 + attempt % MOST_FRAMES):
            yield sqlcipher.Reader(vault)


def frames_naming(name, reader):
    return traces.found([name], b"".join(page for _, page in reader.frames()))


def test_a_killed_command_leaves_an_encrypted_log(clinic, vault):
    name = "Test Patient Interrupted"
    grant = clinic.grant_args(name, vault=vault)
    left = logs_left_by_kills(clinic, vault, grant)
    assert any(frames_naming(name, reader) for reader in left), "no kill left a log with the name in it"
    for path, data in traces.files(vault).items():
        assert traces.found([name, *clinics.NAMES], data) == [], path.name
    # What was there is there; the new one is there whole or not at all.
    done = clinics.run("consent", "list", "--names", "--json", "--vault", vault)
    names = [json.loads(line)["patient"] for line in done.stdout.splitlines()]
    assert set(names) - {None, name} == set(PATIENTS.values()) - {PATIENTS["erased"]}
    assert traces.found([name], sqlcipher.Reader(vault).all_bytes()) == ([name] if name in names else [])


def test_an_erasure_that_follows_a_kill_leaves_nothing(clinic, vault, ask):
    name = "Test Patient Interrupted"
    grant = clinic.grant_args(name, vault=vault)
    for reader in logs_left_by_kills(clinic, vault, grant):
        named = frames_naming(name, reader)
        recorded = [line for line in ask("consent", "list", "--names") if line["patient"] == name]
        if named and recorded:
            break
    else:
        pytest.fail("no kill left a log with a consent that was recorded")
    assert traces.found([name], sqlcipher.Reader(vault).all_bytes())
    ask("consent", "erase", "--yes", recorded[0]["consent"], "--despite-retention", "order")
    assert traces.found([name], sqlcipher.Reader(vault).all_bytes()) == []


def test_an_erasure_that_was_killed_can_be_finished(clinic, vault, ask):
    """Killed before it was acknowledged, it was made or not; what the next one acknowledges is gone."""
    secrets = list(secrets_of(clinic, "arabic").values())
    erase = [
        "consent",
        "erase",
        "--yes",
        "--despite-retention",
        "order",
        "--vault",
        vault,
        clinic.consents["arabic"].consent,
    ]
    finished = 0
    for _ in logs_left_by_kills(clinic, vault, erase):
        finished += 1
        again = clinics.run(*erase)
        assert again.returncode == 0 or "erased" in again.stderr
        assert traces.found(secrets, sqlcipher.Reader(vault).all_bytes()) == []
        (line,) = [line for line in ask("consent", "list") if line["consent"] == clinic.consents["arabic"].consent]
        assert line["standing"] == "erased"
    assert finished > 0, "no kill left a log"


def test_kills_at_any_moment_lose_nothing(clinic, vault, ask, tmp_path):
    """Records that were acknowledged stay; the log that is exported afterwards is whole."""
    acknowledged = []
    for step in range(24):
        args = clinic.grant_args(f"Test Patient Number {step}", vault=vault)
        running = subprocess.Popen(
            [clinics.command(), *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        time.sleep(0.004 * step)
        running.kill()
        output, _ = running.communicate(timeout=60)
        acknowledged += [json.loads(line)["consent"] for line in output.splitlines()]
    kept = {line["consent"] for line in ask("consent", "list")}
    assert kept >= {*acknowledged, *(consent.consent for consent in clinic.consents.values())}
    evidence = tmp_path / "evidence"
    ask("ledger", "export", "--taken-by", "test", "--out", evidence)
    done = clinic.verify(evidence)
    assert done.returncode == 0, done.stdout
