"""Signed notes, hash trees and proofs, read by other software than ours: `cryptography` and hashlib.

[C2SP signed-note, tlog-checkpoint, tlog-proof, tlog-cosignature; RFC 6962, 2.1; RFC 9162, 2.1.3.2]
"""

import base64
import hashlib
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(leaf):
    return sha256(b"\0" + leaf)


def root(hashes):
    """The root over leaf hashes."""
    if not hashes:
        return sha256(b"")
    if len(hashes) == 1:
        return hashes[0]
    left = 1 << ((len(hashes) - 1).bit_length() - 1)
    return sha256(b"\1" + root(hashes[:left]) + root(hashes[left:]))


class Key:
    """A verifier key `NAME+ID+BASE64`."""

    def __init__(self, text):
        self.name, given, encoded = text.split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        assert raw[0] == 1 and len(raw) == 33
        self.id = key_id(self.name, raw)
        assert self.id.hex() == given
        self.public = Ed25519PublicKey.from_public_bytes(raw[1:])


def key_id(name, raw):
    return sha256(name.encode() + b"\n" + raw)[:4]


def split(note):
    """The text of a note, and the lines that sign it."""
    text, signatures = note.rsplit("\n\n", 1)
    assert signatures.endswith("\n")
    return text + "\n", signatures.splitlines()


def open_note(note, key):
    """The text of a note that `key` signed. Raises if it did not."""
    text, lines = split(note)
    mine = [line.removeprefix(f"— {key.name} ") for line in lines if line.startswith(f"— {key.name} ")]
    (raw,) = (base64.b64decode(line, validate=True) for line in mine)
    assert raw[:4] == key.id
    key.public.verify(raw[4:], text.encode())
    return text


class Checkpoint:
    """The text of a checkpoint."""

    def __init__(self, text):
        self.origin, size, root_line = text.removesuffix("\n").split("\n")
        self.size, self.root = int(size), base64.b64decode(root_line, validate=True)


class Witness:
    """A witness, whose seed is no secret: it cosigns whatever it is given."""

    def __init__(self, name, seed):
        self.name, self.private = name, Ed25519PrivateKey.from_private_bytes(seed)
        raw = b"\4" + self.private.public_key().public_bytes_raw()
        self.id = key_id(name, raw)
        self.key = f"{name}+{self.id.hex()}+{base64.b64encode(raw).decode()}"

    def message(self, text, at):
        return f"cosignature/v1\ntime {at}\n{text}".encode()

    def cosign(self, note, at):
        """The note with the witness's line under it; `at` in seconds."""
        signature = self.private.sign(self.message(split(note)[0], at))
        line = base64.b64encode(self.id + struct.pack(">Q", at) + signature).decode()
        return f"{note}— {self.name} {line}\n"

    def opened(self, note):
        """When the witness cosigned the note. Raises if it did not."""
        text, lines = split(note)
        (line,) = (line for line in lines if line.startswith(f"— {self.name} "))
        raw = base64.b64decode(line.removeprefix(f"— {self.name} "), validate=True)
        assert raw[:4] == self.id
        (at,) = struct.unpack(">Q", raw[4:12])
        self.private.public_key().verify(raw[12:], self.message(text, at))
        return at


def check_proof(proof, leaf, key):
    """The checkpoint that holds `leaf` by `proof`, a tlog-proof."""
    head, note = proof.split("\n\n", 1)
    kind, index, *path = head.split("\n")
    assert kind == "c2sp.org/tlog-proof@v1"
    checkpoint = Checkpoint(open_note(note, key))
    place, last = int(index.removeprefix("index ")), checkpoint.size - 1
    assert place <= last
    found = leaf_hash(leaf)
    for sibling in (base64.b64decode(line, validate=True) for line in path):
        assert last > 0
        if place & 1 or place == last:
            found = sha256(b"\1" + sibling + found)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = sha256(b"\1" + found + sibling)
        place, last = place >> 1, last >> 1
    assert last == 0 and found == checkpoint.root
    return checkpoint
