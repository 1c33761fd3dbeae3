"""What `curtain::seal` writes and reads, a second time: from the specifications, over primitives of PyPI `cryptography`.

Chunked encryption of c2sp.org/chunked-encryption, Padmé, HPKE to X-Wing keys, derived keys and contexts.
"""

import base64
import hashlib
import json

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

SUITE = b"\x01"
CHUNK, TAG, SALT, COMMITMENT, NONCE = 16 * 1024, 16, 24, 32, 12
ENCAPSULATED = 1120


class Refused(Exception):
    """Does not open; the first argument is the stable name of why."""


# --- chunked encryption -------------------------------------------------------------------------------------------


class Chunked:
    """One instance of the specification: a hash, an AEAD and its key size. Streams are without our suite byte."""

    def __init__(self, algorithm, name, cipher, key_size):
        self.algorithm, self.name, self.cipher, self.key_size = algorithm, name, cipher, key_size

    def derive(self, key, salt, context):
        if len(key) != self.key_size:
            raise Refused("wrong_key_or_context")
        info = b"c2sp.org/chunked-encryption@v1+" + self.name.encode() + b"\0" + salt + context
        okm = HKDFExpand(self.algorithm, self.key_size + NONCE + COMMITMENT, info).derive(key)
        return okm[: self.key_size], okm[self.key_size : -COMMITMENT], okm[-COMMITMENT:]

    @staticmethod
    def nonce(base, index):
        return (int.from_bytes(base, "big") ^ index).to_bytes(NONCE, "big")

    def seal(self, key, context, plaintext, salt):
        aead_key, base, commitment = self.derive(key, salt, context)
        aead, sealed = self.cipher(aead_key), [salt, commitment]
        for index in range(len(plaintext) // CHUNK + 1):
            chunk = plaintext[index * CHUNK : (index + 1) * CHUNK]
            sealed.append(aead.encrypt(self.nonce(base, index), chunk, None))
        return b"".join(sealed)

    def chunks(self, key, context, sealed):
        """Yields the plaintext of each chunk that holds, then returns or raises `Refused`."""
        if len(sealed) < SALT + COMMITMENT:
            raise Refused("too_short")
        aead_key, base, commitment = self.derive(key, sealed[:SALT], context)
        if commitment != sealed[SALT : SALT + COMMITMENT]:
            raise Refused("wrong_key_or_context")
        aead, rest, index = self.cipher(aead_key), sealed[SALT + COMMITMENT :], 0
        while True:
            chunk, rest = rest[: CHUNK + TAG], rest[CHUNK + TAG :]
            if not chunk:
                raise Refused("truncated")
            if len(chunk) < TAG:
                raise Refused("fragment")
            try:
                yield aead.decrypt(self.nonce(base, index), chunk, None)
            except InvalidTag:
                raise Refused("chunk", index) from None
            if len(chunk) < CHUNK + TAG:
                return
            index += 1

    def open(self, key, context, sealed):
        return b"".join(self.chunks(key, context, sealed))


def instance(aead, algorithm):
    ciphers = {
        "AEAD_AES_128_GCM": (AESGCM, 16),
        "AEAD_AES_256_GCM": (AESGCM, 32),
        "AEAD_CHACHA20_POLY1305": (ChaCha20Poly1305, 32),
    }
    return Chunked(algorithm, aead, *ciphers[aead])


COBBLESTONE_256 = instance("AEAD_AES_256_GCM", hashes.SHA512())


def seal(key, context, plaintext, salt):
    return SUITE + COBBLESTONE_256.seal(key, context, plaintext, salt)


def unsuited(sealed):
    """What follows the suite's byte."""
    if not sealed:
        raise Refused("too_short")
    if sealed[:1] != SUITE:
        raise Refused("unknown_suite")
    return sealed[1:]


def open_(key, context, sealed):
    return COBBLESTONE_256.open(key, context, unsuited(sealed))


# --- padding ------------------------------------------------------------------------------------------------------


def padme(length):
    """Padmé, as the paper's algorithm 1 gives it."""
    if length < 2:
        return length
    e = length.bit_length() - 1
    s = e.bit_length()
    mask = (1 << (e - s)) - 1
    return (length + mask) & ~mask


FLOOR = 1024


def padded_len(length):
    """How long content of `length` bytes is when padded, with its length in front."""
    return padme(max(length + 8, FLOOR))


def pad(content):
    padded = len(content).to_bytes(8, "big") + content
    return padded.ljust(padded_len(len(content)), b"\0")


def unpad(padded):
    if len(padded) < 8:
        raise Refused("padding_too_short")
    length = int.from_bytes(padded[:8], "big")
    end = 8 + length
    if padded_len(length) != len(padded):
        raise Refused("padding_length")
    if any(padded[end:]):
        raise Refused("padding_not_zero")
    return padded[8:end]


# --- HPKE ---------------------------------------------------------------------------------------------------------

HPKE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def xwing(seed):
    """The private key of a 32-byte seed: SHAKE256 gives the ML-KEM seed (d, z) and the X25519 scalar."""
    expanded = hashlib.shake_256(seed).digest(96)
    return MLKEM768X25519PrivateKey(
        mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
        x25519.X25519PrivateKey.from_private_bytes(expanded[64:]),
    )


def xwing_public_bytes(seed):
    expanded = hashlib.shake_256(seed).digest(96)
    post_quantum = mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key()
    classic = x25519.X25519PrivateKey.from_private_bytes(expanded[64:]).public_key()
    return post_quantum.public_bytes_raw() + classic.public_bytes_raw()


def xwing_public(raw):
    return MLKEM768X25519PublicKey(
        mlkem.MLKEM768PublicKey.from_public_bytes(raw[:1184]),
        x25519.X25519PublicKey.from_public_bytes(raw[1184:]),
    )


def hpke_seal(public, info, aad, plaintext, suite=HPKE):
    # The public method takes no associated data; without any, it is what runs.
    if not aad:
        return SUITE + suite.encrypt(plaintext, public, info)
    return SUITE + openssl.hpke._encrypt_with_aad(suite, plaintext, public, info, aad)


def hpke_open(key, info, aad, sealed, suite=HPKE):
    message = unsuited(sealed)
    if len(message) < ENCAPSULATED + TAG:
        raise Refused("too_short")
    try:
        if not aad:
            return suite.decrypt(message, key, info)
        return openssl.hpke._decrypt_with_aad(suite, message, key, info, aad)
    except InvalidTag:
        raise Refused("does_not_open") from None


# --- derived keys and contexts ------------------------------------------------------------------------------------


def derive(key, label, suffix=b""):
    return HKDFExpand(hashes.SHA512(), 32, label.encode() + b"\0" + suffix).derive(key)


def recovery(paper):
    extract = hmac.HMAC(b"curtain/v1/recovery", hashes.SHA512())
    extract.update(paper)
    return extract.finalize()[:32]


def info(line, value):
    # RFC 8785 for the strings of ASCII and the small whole numbers that contexts have.
    return f"{line}\n".encode() + json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def context(line, value):
    return hashlib.sha256(info(line, value)).digest()


# --- cases of fixtures/sealed/vectors.json ------------------------------------------------------------------------


def edited(sealed, edits):
    """`sealed` after the edits of a case, in their order."""
    for edit in edits:
        [(kind, value)] = edit.items()
        if kind == "keep":
            sealed = sealed[:value]
        elif kind == "append":
            sealed += bytes.fromhex(value)
        elif kind == "xor":
            at, with_ = value["at"], bytes.fromhex(value["with"])
            changed = bytes(a ^ b for a, b in zip(sealed[at:], with_))
            sealed = sealed[:at] + changed + sealed[at + len(changed) :]
        elif kind == "chunks":
            header, chunks = sealed[:57], sealed[57:]
            size = CHUNK + TAG
            sealed = header + b"".join(chunks[n * size : (n + 1) * size] for n in value)
        else:
            raise ValueError(kind)
    return sealed


def result(open_it):
    """What a case says of opening: its plaintext and `valid`, or nothing and the name of why not."""
    try:
        return open_it(), "valid", None
    except Refused as refused:
        code, *index = refused.args
        return None, code, index[0] if index else None


def b64(text):
    return base64.b64decode(text, validate=True)
