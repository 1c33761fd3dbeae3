"""A synthetic clinic, made through the real command: a vault, receipts, exports, evidence, proofs, checkpoints.

`python clinic.py FOLDER` makes it for the suites of other languages; conftest.py makes or finds it for pytest.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import struct
import subprocess
import time
import zlib
from datetime import UTC, date, datetime, timedelta

import notes

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "fixtures"

OFFICER = "Test Officer Paper Seven"
WITNESS = "Test Witness Linen"
GUARDIAN = "Test Guardian Marble"
MARKUP = "<script>alert(1)</script>\"'><img src=//x.example onerror=x>"
FORMULA = "=cmd|' /C calc'!A0"
ARABIC = "مريض اختبار"

# Patients of another device, whose log is exported beside the clinic's.
ELSEWHERE = ["Test Patient Slate", "Test Patient Cobalt"]

# What is erased, withdrawn and expired later says so in its key.
PATIENTS = {
    "signed": "Test Patient Copper",
    "thumbprint": "परीक्षण रोगी दो",
    "guardian": "Mgonjwa wa Majaribio Tatu",
    "withdrawn": FORMULA,
    "arabic": ARABIC,
    "expired": "Test Patient Amber",
    "erased": "Test Patient Willow",
    "markup": MARKUP,
}
NAMES = [*PATIENTS.values(), *ELSEWHERE, GUARDIAN, WITNESS]

TERMS = {
    "level": "teaching",
    "purpose": "Teaching about wounds",
    "recipients": "Members of Test Circle",
    "discloser": "Test Clinic, Room 1",
    "contact": "Test Clinic, Room 1, front desk",
    "description": "A wound on the left arm",
    "expires": str(date.today() + timedelta(days=365)),
    "affirm": "understood,explicit,discussion_recorded",
}
WITNESSED = ["--witness", WITNESS, "--witness-role", "nurse"]
PATIENT = ["--giver", "patient"]
ORAL = [*PATIENT, "--oral", *WITNESSED]
WITNESS_OF_LOG = notes.Witness("witness.example/w1", bytes(range(32)))
FORMATS = ["csv", "jsonl", "fhir", "pdf"]


def command():
    return os.environ["CURTAIN"]


def run(*args, prefix=(), **options):
    """Runs the command with `args`; whatever it answers."""
    whole = [*prefix, command(), *map(str, args)]
    return subprocess.run(whole, capture_output=True, text=True, encoding="utf-8", check=False, timeout=60, **options)


def png(shade):
    """A tiny grey PNG, whose pixels depend on `shade`."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    width, height = 40, 20
    rows = b"".join(b"\0" + bytes((x * y + shade) % 256 for x in range(width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@dataclasses.dataclass(frozen=True)
class Consent:
    """What the command said of a consent when it was recorded."""

    patient: str
    consent: str
    n: int
    withdrawal_code: str

    @property
    def code(self):
        """The 16 bytes of the code: in Crockford's base 32, 26 symbols hold them and two check them."""
        number = 0
        for sign in self.withdrawal_code.replace("-", ""):
            number = number * 32 + "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(sign)
        assert number % 1021 == 0
        return (number >> 10).to_bytes(16)


class Clinic:
    """A folder with a vault and what was taken from it. Tests read it, and change copies only."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.vault = self.folder / "vault"
        # The vault as it was at the early checkpoint: what a restored backup would be.
        self.backup = self.folder / "backup"
        self.evidence = self.folder / "evidence"
        self.evidence_with_details = self.folder / "evidence-details"
        self.evidence_part = self.folder / "evidence-part"
        self.proofs = self.folder / "proofs"
        self.checkpoints = self.folder / "checkpoints"
        self.receipts = self.folder / "receipts"
        self.exports = self.folder / "exports"
        self.media = self.folder / "media"
        self.picture, self.story = self.media / "picture.jpg", self.media / "story.txt"
        self.signature, self.thumbprint = self.media / "signature.png", self.media / "thumbprint.png"

    def export(self, kind, details, of=""):
        return self.exports / f"{of}{'details' if details else 'plain'}.{kind}"

    @property
    def key(self):
        return (self.folder / "key.txt").read_text().strip()

    @property
    def keys(self):
        """Of both logs, by their names."""
        keys = map(notes.Key, (self.folder / "keys.txt").read_text().splitlines())
        return {key.name.rpartition("/")[2]: key for key in keys}

    @property
    def consents(self):
        found = json.loads((self.folder / "consents.json").read_text(encoding="utf-8"))
        return {key: Consent(**fields) for key, fields in found.items()}

    @property
    def said(self):
        """What commands printed that were not asked for names: pairs of arguments and output."""
        return json.loads((self.folder / "said.json").read_text(encoding="utf-8"))

    @property
    def newest_checkpoint(self):
        return max(self.checkpoints.glob("*.checkpoint"), key=lambda path: int(path.stem))

    def verify(self, evidence):
        """Whether our own command finds the whole log of this clinic, and perhaps more, in evidence."""
        since = "--since", self.newest_checkpoint
        return run("ledger", "verify", "--key", self.key, *since, "--require", "signer,complete", evidence)

    def grant_args(self, patient, *who, vault=None, **changed):
        """Arguments of `consent new` for a signed consent, or as `who` says."""
        terms = {"regime": "gdpr", **TERMS, **changed}
        flags = [part for name, value in terms.items() for part in (f"--{name}", value)]
        files = ["--picture", self.picture, "--text", self.story, "--shown"]
        who = who or [*PATIENT, "--signature", self.signature]
        return ["consent", "new", "--json", "--vault", vault or self.vault, "--patient", patient, *flags, *files, *who]


class Maker:
    """Makes a clinic, and keeps what the commands said."""

    def __init__(self, clinic):
        self.clinic, self.said, self.consents = clinic, [], {}

    def run(self, *args):
        done = run(*args)
        self.said.append([list(map(str, args)), done.stdout + done.stderr])
        assert done.returncode == 0, (args, done.stdout, done.stderr)
        return done.stdout

    def in_vault(self, *args):
        return self.run(*args, "--vault", self.clinic.vault, "--json")

    def grant(self, key, *who, **changed):
        args = self.clinic.grant_args(PATIENTS[key], *who, **changed)
        line = json.loads(self.run(*args, "--receipt", self.clinic.receipts / key))
        kept = {name: line[name] for name in ("consent", "n", "withdrawal_code")}
        self.consents[key] = Consent(PATIENTS[key], **kept)

    def checkpoint(self):
        line = json.loads(self.in_vault("ledger", "checkpoint"))
        (self.clinic.checkpoints / f"{line['size']}.checkpoint").write_text(line["checkpoint"], encoding="utf-8")
        return line["size"]

    def export(self, kind, target, *more):
        return json.loads(
            self.in_vault("ledger", "export", "--format", kind, "--taken-by", OFFICER, "--out", target, *more)
        )

    def media(self):
        clinic = self.clinic
        cleaned = json.loads(
            self.run("clean", "--json", "--out", clinic.folder / "cleaned", FIXTURES / "ward_photo.jpg")
        )
        clinic.media.mkdir()
        pathlib.Path(cleaned["output"]).rename(clinic.picture)
        clinic.story.write_text("A synthetic story about a wound.\n", encoding="utf-8")
        clinic.signature.write_bytes(png(1))
        clinic.thumbprint.write_bytes(png(2))

    def grants(self):
        clinic = self.clinic
        guardian = ["--giver", "guardian", "--giver-name", GUARDIAN, "--authority", "mother", "--assent", "given"]
        self.grant("signed", regime="hipaa")
        self.grant("thumbprint", *PATIENT, "--thumbprint", clinic.thumbprint, *WITNESSED, language="hi")
        self.grant("guardian", *guardian, "--signature", clinic.signature, regime="gmc", language="sw")
        self.checkpoint()
        shutil.copytree(clinic.vault, clinic.backup)
        # Times in the log are whole seconds: what is asked for by time must be apart.
        time.sleep(1.1)
        later = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.grant("withdrawn", *ORAL, language="es")
        self.grant("arabic", *ORAL)
        self.grant("markup", *ORAL, discloser=MARKUP)
        soon = datetime.fromtimestamp(time.time() + 3, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.grant("expired", *ORAL, expires=soon)
        self.grant("erased")
        return later

    def endings(self):
        """Every other record that the command can make, so that each kind is exported."""
        clinic, consents = self.clinic, self.consents
        copy = self.export("csv", clinic.folder / "copy.csv", "--details")["until"] - 1
        self.in_vault("consent", "withdraw", "--code", consents["withdrawn"].withdrawal_code)
        erase = "consent", "erase", "--yes", "--despite-retention", "patient-request", consents["erased"].consent
        erased = json.loads(self.in_vault(*erase))
        assert erased["copies"] == [str(copy)]
        self.in_vault("consent", "acknowledge", "--of", erased["n"], "--copy", copy)
        deadline = time.monotonic() + 10
        while '"standing":"expired"' not in self.in_vault("consent", "list"):
            assert time.monotonic() < deadline, "the consent did not expire"
            time.sleep(0.2)
        self.checkpoint()

    def exported(self, later):
        clinic = self.clinic
        clinic.exports.mkdir()
        for kind in FORMATS:
            self.export(kind, clinic.export(kind, details=False))
            self.export(kind, clinic.export(kind, details=True), "--details")
        self.export("fhir", clinic.exports / "none.fhir", "--from", "2099-01-01")
        size = self.checkpoint()
        for n in range(size):
            self.in_vault("ledger", "prove", n, "--out", clinic.proofs)
        self.export("evidence", clinic.evidence_part, "--from", later)
        # What is exported from here on carries what the witness cosigned.
        self.cosigned()
        self.export("evidence", clinic.evidence_with_details, "--details")
        self.export("evidence", clinic.evidence)
        self.checkpoint()

    def many(self):
        """The same exports of two logs at once, with names that an officer's key opens. Nothing of it stands in the clinic's log."""
        folder = self.clinic.folder
        copy, other, key, public = (folder / name for name in ("copy", "other", "officer.key", "officer.public"))
        shutil.copytree(self.clinic.vault, copy)
        self.run("identity", "officer", "--key", key, "--out", public)
        for patient in ELSEWHERE:
            self.run(*self.clinic.grant_args(patient, vault=other), "--receipt", folder / f"receipt-{patient[-5:]}")
        logs = []
        for vault in copy, other:
            sealed = folder / f"sealed-{vault.name}"
            officer = "--officer", public, "--taken-by", OFFICER
            self.run("ledger", "export", "--vault", vault, *officer, "--out", sealed)
            logs += ["--logs", sealed]
        for kind in FORMATS:
            export = "ledger", "export", "--json", *logs, "--format", kind, "--out"
            self.run(*export, self.clinic.export(kind, details=False, of="many-"))
            self.run(*export, self.clinic.export(kind, details=True, of="many-"), "--details", "--key", key)
        keys = [self.run("ledger", "key", "--vault", vault) for vault in (copy, other)]
        (folder / "keys.txt").write_text("".join(keys), encoding="utf-8")

    def cosigned(self):
        note = WITNESS_OF_LOG.cosign(self.clinic.newest_checkpoint.read_text(encoding="utf-8"), int(time.time()))
        path = self.clinic.folder / "cosigned"
        path.write_text(note, encoding="utf-8")
        assert json.loads(self.in_vault("ledger", "meet", "--witness", WITNESS_OF_LOG.key, path))["agrees"]

    def make(self):
        clinic = self.clinic
        clinic.folder.mkdir(parents=True, exist_ok=True)
        clinic.checkpoints.mkdir()
        self.media()
        later = self.grants()
        self.endings()
        self.exported(later)
        self.many()
        key = json.loads(self.in_vault("ledger", "key"))["key"]
        (clinic.folder / "key.txt").write_text(key + "\n", encoding="utf-8")
        consents = {key: dataclasses.asdict(consent) for key, consent in self.consents.items()}
        (clinic.folder / "consents.json").write_text(json.dumps(consents), encoding="utf-8")
        self.run("ledger", "verify", "--json", clinic.evidence)
        (clinic.folder / "said.json").write_text(json.dumps(self.said), encoding="utf-8")


def make(folder):
    clinic = Clinic(folder)
    Maker(clinic).make()
    return clinic


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    made = make(parser.parse_args().folder)
    records = len((made.evidence / "hashes.txt").read_text().splitlines())
    print(f"{len(made.consents)} consents, {records} records")
