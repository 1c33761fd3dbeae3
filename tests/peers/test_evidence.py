"""Evidence, proofs and checkpoints hold for software that shares no code with ours."""

import base64
import hashlib
import hmac
import json
import shutil
import time

import pytest
from cryptography.exceptions import InvalidSignature

import clinic as clinics
import notes
from clinic import OFFICER, PATIENTS, WITNESS_OF_LOG

KINDS = {"grant", "withdraw", "erase", "expire", "export", "acknowledge"}
FOLDERS = ["evidence", "evidence_with_details", "evidence_part"]
FILES = ["README.txt", "MANIFEST", "checkpoint", "hashes.txt", "keys.txt", "leaves.jsonl", "details.jsonl"]


def canonical(value):
    """Canonical JSON of what the log holds: no number but small whole ones. [RFC 8785]"""
    ordered = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return ordered.encode()


def verified(*args):
    done = clinics.run("ledger", "verify", "--json", *args)
    return done.returncode, json.loads(done.stdout)


class Evidence:
    """A folder of evidence, whose notes were checked under a key from elsewhere."""

    def __init__(self, folder, key):
        self.folder = folder
        # Keys of witnesses may follow.
        assert (folder / "keys.txt").read_text(encoding="utf-8").splitlines()[0] == key
        self.key = notes.Key(key)
        self.checkpoint = notes.Checkpoint(notes.open_note(self.read("checkpoint"), self.key))
        manifest = notes.open_note(self.read("MANIFEST"), self.key).splitlines()
        self.header, self.listed = manifest[:5], [line.split(" ", 2) for line in manifest[5:]]
        self.hashes = [bytes.fromhex(line) for line in self.read("hashes.txt").splitlines()]
        self.leaves = [line.encode() for line in self.read("leaves.jsonl").splitlines()]

    def read(self, name):
        return (self.folder / name).read_text(encoding="utf-8")

    @property
    def first(self):
        return int(self.header[2].removeprefix("first "))


@pytest.fixture(params=FOLDERS)
def evidence(clinic, request):
    return Evidence(getattr(clinic, request.param), clinic.key)


def test_the_manifest_names_each_file_and_its_hash(evidence):
    files = {
        path.relative_to(evidence.folder).as_posix(): path for path in evidence.folder.rglob("*") if path.is_file()
    }
    assert {name for _, _, name in evidence.listed} == set(files) - {"MANIFEST"}
    for digest, size, name in evidence.listed:
        content = files[name].read_bytes()
        assert (notes.sha256(content).hex(), str(len(content))) == (digest, size)


def test_header_root_and_records_follow_from_the_hashes(evidence):
    log = evidence.key.name.removeprefix("curtain/log/")
    until = evidence.first + len(evidence.leaves)
    scope = [f"log {log}", f"first {evidence.first}", f"until {until}", f"size {evidence.checkpoint.size}"]
    assert evidence.header == ["curtain/v1/evidence", *scope]
    assert evidence.checkpoint.origin == evidence.key.name
    assert len(evidence.hashes) == evidence.checkpoint.size
    assert notes.root(evidence.hashes) == evidence.checkpoint.root
    assert evidence.hashes[evidence.first : until] == [notes.leaf_hash(leaf) for leaf in evidence.leaves]


def test_records_are_canonical_and_in_order(evidence):
    records = [json.loads(leaf) for leaf in evidence.leaves]
    assert [canonical(record) for record in records] == evidence.leaves
    assert [record["n"] for record in records] == list(range(evidence.first, evidence.checkpoint.size))
    times = [record["at"] for record in records]
    assert times == sorted(times)


def test_the_samples_hold_each_kind_of_record_and_a_real_part(clinic):
    whole = Evidence(clinic.evidence, clinic.key)
    assert {json.loads(leaf)["event"]["kind"] for leaf in whole.leaves} == KINDS
    assert Evidence(clinic.evidence_part, clinic.key).first > 0


@pytest.mark.parametrize("name", ["checkpoint", "MANIFEST"])
def test_a_changed_note_is_not_signed(clinic, name):
    text = (clinic.evidence / name).read_text(encoding="utf-8")
    place = text.index("\n") + 8
    changed = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
    with pytest.raises(InvalidSignature):
        notes.open_note(changed, notes.Key(clinic.key))


def test_details_open_their_commitments(clinic):
    evidence = Evidence(clinic.evidence_with_details, clinic.key)
    opened = {line["n"]: line for line in map(json.loads, evidence.read("details.jsonl").splitlines())}
    committed = {n: json.loads(leaf)["event"] for n, leaf in enumerate(evidence.leaves)}
    committed = {n: event for n, event in committed.items() if "commitment" in event}
    # All but those of the one that was erased.
    assert set(committed) - set(opened) == {clinic.consents["erased"].n}
    for n, line in opened.items():
        tag = hmac.new(bytes.fromhex(line["key"]), canonical(line["details"]), hashlib.sha256).hexdigest()
        assert tag == committed[n]["commitment"]
        other = {**line["details"], "v": 2}
        tag = hmac.new(bytes.fromhex(line["key"]), canonical(other), hashlib.sha256).hexdigest()
        assert tag != committed[n]["commitment"]
    assert len({line["key"] for line in opened.values()}) == len(opened)
    grants = {line["details"]["consent"]["patient"] for line in opened.values() if "consent" in line["details"]}
    assert grants == set(PATIENTS.values()) - {PATIENTS["erased"]}
    takers = {line["details"]["taken_by"] for line in opened.values() if "taken_by" in line["details"]}
    assert takers == {OFFICER}


def test_the_code_on_the_receipt_is_what_the_record_hashes(clinic):
    leaves = [json.loads(leaf) for leaf in Evidence(clinic.evidence, clinic.key).leaves]
    for consent in clinic.consents.values():
        assert leaves[consent.n]["event"]["withdrawal"] == notes.sha256(consent.code).hex()


def test_attachments_are_those_that_details_name(clinic):
    evidence = Evidence(clinic.evidence_with_details, clinic.key)
    names = {path.name for path in (evidence.folder / "attachments").iterdir()}
    assert names == {notes.sha256(path.read_bytes()).hex() for path in (clinic.signature, clinic.thumbprint)}
    assert all(name in evidence.read("details.jsonl") for name in names)


def test_every_record_has_a_proof(clinic):
    whole = Evidence(clinic.evidence, clinic.key)
    proofs = sorted(clinic.proofs.glob("*.tlog-proof"))
    assert len(proofs) >= 20
    for path in proofs:
        leaf = path.with_suffix(".leaf").read_bytes()
        checkpoint = notes.check_proof(path.read_text(encoding="utf-8"), leaf, whole.key)
        assert checkpoint.root == notes.root(whole.hashes[: checkpoint.size])
        assert leaf == whole.leaves[int(path.stem)]
        with pytest.raises(AssertionError):
            notes.check_proof(path.read_text(encoding="utf-8"), leaf + b" ", whole.key)


def test_the_log_grew_from_its_earlier_checkpoints(clinic):
    whole = Evidence(clinic.evidence, clinic.key)
    earlier = sorted(clinic.checkpoints.glob("*.checkpoint"))
    assert len(earlier) >= 3
    for path in earlier:
        checkpoint = notes.Checkpoint(notes.open_note(path.read_text(encoding="utf-8"), whole.key))
        assert notes.root(whole.hashes[: checkpoint.size]) == checkpoint.root


def test_our_verify_says_the_same(clinic):
    earlier = clinic.checkpoints / "3.checkpoint"
    required = "--require", "signer,complete"
    code, report = verified(clinic.evidence, "--key", clinic.key, "--since", earlier, *required)
    assert code == 0 and report["integrity"]["intact"] and report["signer"] == "authenticated"
    assert report["completeness"] == {"proven": True, "since": 3}
    code, report = verified(clinic.evidence, *required)
    assert code == 1 and report["integrity"]["intact"] and report["signer"] == "not_authenticated"


@pytest.mark.parametrize("name", FILES)
def test_our_verify_finds_a_changed_byte_in_each_file(clinic, tmp_path, name):
    copy = shutil.copytree(clinic.evidence_with_details, tmp_path / "evidence")
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    code, report = verified(copy, "--key", clinic.key)
    assert code == 1 and not report["integrity"]["intact"]


def test_evidence_carries_what_the_witness_cosigned(clinic):
    evidence = Evidence(clinic.evidence, clinic.key)
    note = evidence.read("cosigned")
    seen = notes.Checkpoint(notes.open_note(note, evidence.key))
    assert 0 < seen.size < evidence.checkpoint.size
    assert seen.root == notes.root(evidence.hashes[: seen.size])
    assert abs(WITNESS_OF_LOG.opened(note) - time.time()) < 86_400
    assert evidence.read("keys.txt").splitlines() == [clinic.key, WITNESS_OF_LOG.key]
    code, report = verified(clinic.evidence, "--key", clinic.key, "--witness", WITNESS_OF_LOG.key)
    assert code == 0 and report["completeness"]["cosigned_by"] == WITNESS_OF_LOG.name


@pytest.fixture
def cosigned(clinic, tmp_path):
    """The newest checkpoint, cosigned by a witness that is written in Python."""
    path = tmp_path / "cosigned"
    note = clinic.newest_checkpoint.read_text(encoding="utf-8")
    path.write_text(WITNESS_OF_LOG.cosign(note, int(time.time())), encoding="utf-8")
    return path


def test_a_witness_in_python_is_met(clinic, ask, cosigned):
    (met,) = ask("ledger", "meet", "--witness", WITNESS_OF_LOG.key, cosigned)
    size = notes.Checkpoint(notes.split(cosigned.read_text(encoding="utf-8"))[0]).size
    assert met == {"agrees": True, "size": size}


def test_a_vault_from_a_backup_is_found_behind(clinic, cosigned, tmp_path):
    old = shutil.copytree(clinic.backup, tmp_path / "old")
    done = clinics.run("ledger", "meet", "--json", "--vault", old, "--witness", WITNESS_OF_LOG.key, cosigned)
    met = json.loads(done.stdout)
    assert not met["agrees"] and met["reason"] == "behind", done.stderr
    keys = clinics.run("ledger", "key", "--vault", old).stdout.split()
    assert keys[0] == clinic.key and keys[1].startswith(f"curtain/log/{met['log']}+")


def test_a_cosignature_of_something_else_is_refused(clinic, vault, cosigned):
    text, lines = notes.split(cosigned.read_text(encoding="utf-8"))
    origin, size, _ = text.splitlines()
    forged = f"{origin}\n{int(size) + 1}\n{base64.b64encode(bytes(32)).decode()}\n"
    cosigned.write_text(forged + "\n" + "\n".join(lines) + "\n", encoding="utf-8")
    done = clinics.run("ledger", "meet", "--json", "--vault", vault, "--witness", WITNESS_OF_LOG.key, cosigned)
    assert done.returncode == 1 and "error" in json.loads(done.stdout)
