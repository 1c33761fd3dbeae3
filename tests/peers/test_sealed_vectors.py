"""Sealed bytes, both ways: `curtain::seal` beside the implementations of PyPI `cryptography` and one of our own in Python.

The Rust side is the example `sealed_peer` of `tests/`; CURTAIN_SEALED_PEER names the program.
"""

import hashlib
import json
import os
import pathlib
import subprocess
import zlib

import cryptography_vectors
import pytest
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

import sealed
from sealed import COBBLESTONE_256, Refused

OURS = json.loads((pathlib.Path(__file__).parents[2] / "fixtures/sealed/vectors.json").read_text())
KEY, CONTEXT = bytes(range(32)), hashlib.sha256(b"context").digest()
LENGTHS = [0, 1, 32, 16_383, 16_384, 16_385, 40_000, 3 << 20]
BYTES = hashlib.shake_256(b"plaintext").digest(3 << 20)


def vectors(path):
    with cryptography_vectors.open_vector_file(path, "r") as file:
        return json.load(file)


CHUNKED = vectors("chunked-encryption/vectors.json")["vectors"]
PUBLIC_HPKE = [v for v in vectors("HPKE/hpke-pq-test-vectors.json") if v["kem_id"] == 0x647A]
KDFS = {0x01: KDF.HKDF_SHA256, 0x11: KDF.SHAKE256}


def rust(*args, given=b""):
    """What our command writes; `Refused` with its own name for why it did not."""
    args = [arg.hex() if isinstance(arg, bytes) else str(arg) for arg in args]
    done = subprocess.run([os.environ["CURTAIN_SEALED_PEER"], *args], input=given, capture_output=True, check=False)
    if done.returncode == 0:
        return done.stdout
    assert done.returncode == 1, done.stderr
    raise Refused(done.stderr.decode().strip().removeprefix("Error: ").strip('"'))


def refused(*args, given=b""):
    with pytest.raises(Refused) as error:
        rust(*args, given=given)
    return error.value.args[0]


# --- chunked encryption: the public vectors, and Cobblestone-256 in `cryptography` --------------------------------


def test_every_public_vector_is_here():
    assert len(CHUNKED) == 102
    assert {v["aead"] for v in CHUNKED} == {"AEAD_AES_128_GCM", "AEAD_AES_256_GCM", "AEAD_CHACHA20_POLY1305"}


@pytest.mark.parametrize("vector", CHUNKED, ids=[v["name"] for v in CHUNKED])
def test_public_vector(vector):
    """They are of the recommended hash, SHA-256. Ours differs from this in that one parameter."""
    chunked = sealed.instance(vector["aead"], hashes.SHA256())
    ciphertext = sealed.b64(vector["ciphertext"] or "")
    if vector.get("compressed"):
        ciphertext = zlib.decompress(ciphertext)
    key, context = bytes.fromhex(vector["key"]), vector["context"].encode()
    released = []
    if vector["expect"] == "success":
        released.extend(chunked.chunks(key, context, ciphertext))
        plaintext = b"".join(released)
        assert len(plaintext) == vector["payload_length"]
        assert chunked.seal(key, context, plaintext, ciphertext[:24]) == ciphertext
    else:
        with pytest.raises(Refused):
            for chunk in chunked.chunks(key, context, ciphertext):
                released.append(chunk)
    if "payload_sha256" in vector:
        assert hashlib.sha256(b"".join(released)).hexdigest() == vector["payload_sha256"]
    if "aead_key" in vector:
        aead_key, base_nonce, _ = chunked.derive(key, ciphertext[:24], context)
        assert (aead_key.hex(), base_nonce.hex()) == (vector["aead_key"], vector["base_nonce"])


def cobblestone_seal(plaintext):
    sealer = Cobblestone256Encryptor(KEY, CONTEXT)
    return sealer.update(plaintext) + sealer.finalize()


def cobblestone_open(bytes_):
    opener = Cobblestone256Decryptor(KEY, CONTEXT)
    return opener.update(bytes_) + opener.finalize()


@pytest.mark.parametrize("length", LENGTHS)
def test_three_implementations_open_each_other(length):
    plaintext = BYTES[:length]
    made = {
        "cobblestone": cobblestone_seal(plaintext),
        "python": COBBLESTONE_256.seal(KEY, CONTEXT, plaintext, bytes(range(24))),
        "rust": sealed.unsuited(rust("seal", KEY, CONTEXT, given=plaintext)),
    }
    for stream in made.values():
        assert cobblestone_open(stream) == plaintext
        assert COBBLESTONE_256.open(KEY, CONTEXT, stream) == plaintext
        assert rust("open", KEY, CONTEXT, given=b"\1" + stream) == plaintext
    assert len({stream[:24] for stream in made.values()}) == 3


@pytest.mark.parametrize("length", [0, 1, 16_384, 40_000])
def test_what_cobblestone_refuses_we_refuse(length):
    stream = cobblestone_seal(BYTES[:length])
    places = [0, 24, 55, 56, len(stream) // 2, len(stream) - 1]
    changed = [sealed.edited(stream, [{"xor": {"at": at, "with": "01"}}]) for at in places]
    cuts = [stream[:end] for end in (0, 23, 55, 56, 57, 71, len(stream) - 16, len(stream) - 1)]
    for bad in [*changed, *cuts, stream + b"\0", stream + bytes(16_400)]:
        with pytest.raises((InvalidTag, ValueError)):
            cobblestone_open(bad)
        code = sealed.result(lambda bad=bad: COBBLESTONE_256.open(KEY, CONTEXT, bad))[1]
        assert refused("open", KEY, CONTEXT, given=b"\1" + bad) == code
    assert refused("open", KEY, CONTEXT, given=b"\2" + stream) == "unknown_suite"


def test_parts_are_parts_of_the_whole(tmp_path):
    file = tmp_path / "sealed"
    file.write_bytes(b"\1" + cobblestone_seal(BYTES[:100_000]))
    for start, end in [(0, 0), (0, 1), (16_383, 16_385), (30_000, 99_999), (99_999, 100_000), (0, 100_000)]:
        assert rust("range", KEY, CONTEXT, start, end, file) == BYTES[start:end]
    assert refused("range", KEY, CONTEXT, 0, 100_001, file) == "out_of_range"
    file.write_bytes(file.read_bytes()[: 57 + 16_400])
    assert refused("range", KEY, CONTEXT, 0, 1, file) == "truncated"


# --- padding ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 1, 12, 1_016, 1_017, 1_080, 1_081, 16_384, 100_000])
def test_padding_both_ways(length):
    content = BYTES[:length]
    padded = rust("pad", length, given=content)
    assert padded == sealed.pad(content)
    assert rust("unpad", given=padded) == content == sealed.unpad(padded)
    assert refused("pad", length + 1, given=content) == "padding_changed"
    assert refused("unpad", given=padded + b"\0") == "padding_length"


# --- HPKE ---------------------------------------------------------------------------------------------------------


def test_the_public_vectors_of_x_wing_are_those():
    """One is of our suite. The other, with SHAKE256, is checked in Python alone: our suite has no such key derivation."""
    assert [(v["mode"], v["kdf_id"], v["aead_id"]) for v in PUBLIC_HPKE] == [(0, 0x01, 0x03), (0, 0x11, 0x03)]


@pytest.mark.parametrize("vector", PUBLIC_HPKE, ids=["hkdf_sha256", "shake256"])
def test_public_hpke_vector(vector):
    seed, first = bytes.fromhex(vector["skRm"]), vector["encryptions"][0]
    info, aad = bytes.fromhex(vector["info"]), bytes.fromhex(first["aad"])
    message, plaintext = b"\1" + bytes.fromhex(vector["enc"] + first["ct"]), bytes.fromhex(first["pt"])
    assert sealed.xwing_public_bytes(seed).hex() == vector["pkRm"] == rust("hpke-public", seed).hex()
    suite = Suite(KEM.MLKEM768_X25519, KDFS[vector["kdf_id"]], AEAD.CHACHA20_POLY1305)
    assert sealed.hpke_open(sealed.xwing(seed), info, aad, message, suite) == plaintext
    if vector["kdf_id"] == 0x01:
        assert rust("hpke-open", seed, info, aad, given=message) == plaintext
    else:
        assert refused("hpke-open", seed, info, aad, given=message) == "does_not_open"


@pytest.mark.parametrize("aad", [b"", CONTEXT], ids=["no aad", "aad"])
@pytest.mark.parametrize("length", [0, 32, 10_000])
def test_hpke_both_ways(length, aad):
    seed, info, plaintext = KEY, sealed.info("curtain/v1/box", {"suite": 1}), BYTES[:length]
    public = rust("hpke-public", seed)
    assert public == sealed.xwing_public_bytes(seed)
    ours = rust("hpke-seal", public, info, aad, given=plaintext)
    theirs = sealed.hpke_seal(sealed.xwing_public(public), info, aad, plaintext)
    assert len(ours) == len(theirs) == 1 + 1120 + length + 16
    for message in (ours, theirs):
        assert sealed.hpke_open(sealed.xwing(seed), info, aad, message) == plaintext
        assert rust("hpke-open", seed, info, aad, given=message) == plaintext
        for at in (1, 1088, 1089, 1120, 1121, len(message) - 1):
            changed = sealed.edited(message, [{"xor": {"at": at, "with": "80"}}])
            assert refused("hpke-open", seed, info, aad, given=changed) == "does_not_open"
        assert refused("hpke-open", seed, info, aad + b"\0", given=message) == "does_not_open"
        assert refused("hpke-open", seed, info + b" ", aad, given=message) == "does_not_open"
        assert refused("hpke-open", bytes(32), info, aad, given=message) == "does_not_open"
        assert refused("hpke-open", seed, info, aad, given=message[:1136]) == "too_short"


def test_a_key_past_the_modulus_is_refused():
    assert refused("hpke-seal", b"\xff" * 1216, b"", b"") == "unusable_key"


# --- Ed25519 ------------------------------------------------------------------------------------------------------


def test_signatures_of_cryptography_verify():
    key = Ed25519PrivateKey.from_private_bytes(KEY)
    public, message = key.public_key().public_bytes_raw(), b'curtain/v1/one\n{"n":5}'
    signature = key.sign(message)
    rust("verify-ed25519", public, signature, given=message)
    assert refused("verify-ed25519", public, signature, given=message + b" ") == "bad_signature"


# --- our own vectors: what Rust reads in `core/curtain/src/seal/tests.rs` must also be what Python says -----------


@pytest.mark.parametrize("group", OURS["streams"], ids=lambda group: group["length"])
def test_our_streams(group):
    bytes_ = sealed.b64(group["sealed"])
    key, context = bytes.fromhex(group["key"]), bytes.fromhex(group["context"])
    plaintext = sealed.open_(key, context, bytes_)
    assert (len(plaintext), hashlib.sha256(plaintext).hexdigest()) == (group["length"], group["sha256"])
    for case in group["cases"]:
        start = sealed.b64(case["sealed"]) if "sealed" in case else bytes_
        changed = sealed.edited(start, case.get("edits", []))
        key, context = (bytes.fromhex(case.get(name, group[name])) for name in ("key", "context"))
        found, code, index = sealed.result(lambda: sealed.open_(key, context, changed))
        assert (code, index) == (case["result"], case.get("index")), case["comment"]
        assert found == (plaintext if code == "valid" else None)


def test_our_paddings():
    for length, padded in OURS["padme"]:
        assert sealed.padme(length) == padded
    for length, padded in OURS["padded_lengths"]:
        assert sealed.padded_len(length) == padded
    for case in OURS["paddings"]:
        padded = bytes.fromhex(case["padded"]) + bytes(case["zeros"])
        content, code, _ = sealed.result(lambda: sealed.unpad(padded))
        assert code == case["result"], case["comment"]
        assert content is None or content.hex() == case["content"]


@pytest.mark.parametrize("group", OURS["hpke"], ids=lambda group: "aad" if group["aad"] else "no aad")
def test_our_messages(group):
    for case in [{"comment": "as it is", "result": "valid"}, *group["cases"]]:
        message = sealed.edited(sealed.b64(group["sealed"]), case.get("edits", []))
        seed, info, aad = (bytes.fromhex(case.get(name, group[name])) for name in ("seed", "info", "aad"))
        found, code, _ = sealed.result(lambda: sealed.hpke_open(sealed.xwing(seed), info, aad, message))
        assert code == case["result"], case["comment"]
        assert found is None or found.hex() == group["plaintext"]


def test_our_derived_keys():
    derived = OURS["derived"]
    key = bytes.fromhex(derived["key"])
    for label, expected in derived["labels"].items():
        assert sealed.derive(key, label).hex() == expected
    for paper, expected in derived["recovery"].items():
        assert sealed.recovery(bytes.fromhex(paper)).hex() == expected
    for group in OURS["contexts"]:
        assert sealed.context(group["line"], group["value"]).hex() == group["context"]
