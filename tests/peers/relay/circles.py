"""Circles, headers and signed requests as docs/formats.md has them: only `cryptography` and hashlib, none of our code.

What is sealed is noise of the right length, since a relay cannot tell.
"""

import base64
import datetime
import hashlib
import json
import os
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def canonical(value):
    """RFC 8785, for what is ASCII with whole numbers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.b64encode(data).decode()


def node(*parts):
    return sha256(b"".join(parts))


def leaf_hash(leaf):
    return node(b"\0", leaf)


def tree_root(leaves):
    """RFC 6962, of leaves' hashes."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256(b"")
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node(b"\1", tree_root(leaves[:split]), tree_root(leaves[split:]))


class Tree:
    """A tree that grows: the roots of its full parts, largest first."""

    def __init__(self):
        self.size, self.parts = 0, []

    def append(self, leaf):
        full, self.size = leaf_hash(leaf), self.size + 1
        size = self.size
        while size % 2 == 0:
            full, size = node(b"\1", self.parts.pop(), full), size // 2
        self.parts.append(full)

    def root(self):
        if not self.parts:
            return sha256(b"")
        *rest, root = self.parts
        for part in reversed(rest):
            root = node(b"\1", part, root)
        return root


def padme(length):
    exponent = length.bit_length() - 1
    step = 1 << exponent - exponent.bit_length()
    return -(-length // step) * step


def sealed_len(length):
    """How long `length` bytes are when padded and sealed."""
    plain = padme(max(8 + length, 1024))
    return 57 + plain + 16 * (plain // 16384 + 1)


def sealed(length):
    return b64(b"\1" + os.urandom(length - 1))


def blob(length=300):
    """A file that could be a sealed one."""
    return os.urandom(sealed_len(length))


class Key:
    """An Ed25519 key."""

    def __init__(self, seed=None):
        self.private = Ed25519PrivateKey.from_private_bytes(seed or os.urandom(32))
        self.raw = self.private.public_key().public_bytes_raw()
        self.hex = self.raw.hex()

    def sign(self, message):
        return self.private.sign(message)

    def fields(self, method, authority, target, body=b"", created=None):
        """The fields that sign a request in our profile. [formats.md, Requests]"""
        path, _, query = target.partition("?")
        names, lines = ["@method", "@authority", "@path", "@query"], [method, authority, path, "?" + query]
        fields = {}
        if body:
            fields["Content-Digest"] = f"sha-256=:{b64(sha256(body))}:"
            names.append("content-digest")
            lines.append(fields["Content-Digest"])
        covered = " ".join(f'"{name}"' for name in names)
        created = int(time.time()) if created is None else created
        parameters = f'({covered});created={created};keyid="{self.hex}";alg="ed25519"'
        base = "".join(f'"{name}": {line}\n' for name, line in zip(names, lines, strict=True))
        signature = self.sign(f'{base}"@signature-params": {parameters}'.encode())
        return {**fields, "Signature-Input": f"curtain={parameters}", "Signature": f"curtain=:{b64(signature)}:"}


class Log:
    """A consent log, as far as a relay sees it."""

    def __init__(self):
        self.id, self.key = os.urandom(16).hex(), Key()
        self.origin = f"curtain/log/{self.id}"
        public = b"\1" + self.key.raw
        self.key_id = sha256(self.origin.encode() + b"\n" + public)[:4]
        self.vkey = f"{self.origin}+{self.key_id.hex()}+{b64(public)}"

    def note(self, text):
        signature = b64(self.key_id + self.key.sign(text.encode()))
        return f"{text}\n— {self.origin} {signature}\n"

    def checkpoint(self, leaf):
        """Of the tree of this one leaf."""
        return self.note(f"{self.origin}\n1\n{b64(leaf)}\n")


def statement(kind, body, key):
    """Signed, canonical JSON."""
    signature = key.sign(f"curtain/v1/{kind}\n".encode() + canonical(body)).hex()
    return {"body": body, "signature": signature, "type": f"curtain/v1/{kind}"}


class Member:
    """A user with one device."""

    def __init__(self):
        self.user, self.object, self.request, self.log = os.urandom(16).hex(), Key(), Key(), Log()
        self.kem = bytes(1184) + os.urandom(32)
        device = {
            "log": self.log.vkey,
            "object": self.object.hex,
            "request": self.request.hex,
            "seal": os.urandom(32).hex(),
            "use": "posting",
        }
        self.device = sha256(b"curtain/v1/device\n" + canonical(device)).hex()
        claim = canonical({"device": self.device, "suite": 1, "user": self.user})
        self.claimed = {
            "device": device,
            "log": self.log.key.sign(f"curtain/v1/device-claim\n{self.device}\n{self.user}\n".encode()).hex(),
            "object": self.object.sign(b"curtain/v1/device-claim\n" + claim).hex(),
        }
        self.keyring = box_set([bytes.fromhex(device["seal"])])
        # Of the feed: the next header's `seq` and `prev`.
        self.seq, self.prev = 0, None

    def join(self, circle=None):
        member = {
            "devices": [self.claimed],
            "key": b64(self.kem),
            "keyring": set_head([self.keyring[1:]]),
            "user": self.user,
        }
        body = {"at": int(time.time()), "by": self.device, "member": member, "suite": 1}
        return statement("join", body | ({"circle": circle} if circle else {}), self.object)


def box_set(recipients):
    """A box set in which nothing opens."""
    return b"\1" + b"".join(recipient + os.urandom(1168) for recipient in sorted(recipients))


def set_head(records):
    return {"count": len(records), "root": tree_root([leaf_hash(record) for record in records]).hex()}


class Circle:
    """A membership log with its feed's authors; `read` is the present epoch's read key."""

    def __init__(self, members=0, officers=0):
        self.admin, self.members, self.officers = Member(), [], []
        self.entries, self.tree, self.id, self.epochs = [], Tree(), None, 0
        self.says(
            self.admin,
            {
                "audience": "publication",
                "history": "archive",
                "issuers": [],
                "join": self.admin.join(),
                "kind": "create",
                "salt": os.urandom(16).hex(),
            },
        )
        self.id = sha256(self.entries[0]).hex()
        self.epoch()
        for _ in range(members):
            self.add(Member(), "member")
        for _ in range(officers):
            self.add(Member(), "officer")
        if members or officers:
            self.epoch()

    def says(self, by, change):
        n = len(self.entries)
        body = {"at": int(time.time()), "by": by.device, "change": change, "n": n, "suite": 1}
        if n:
            body |= {"circle": self.id, "prev": sha256(self.entries[-1]).hex()}
        entry = canonical(statement("membership", body, by.object))
        self.entries.append(entry)
        self.tree.append(entry)
        return entry

    def undo(self):
        """Takes back the last entry, which the relay did not take."""
        self.entries.pop()
        self.tree = Tree()
        for entry in self.entries:
            self.tree.append(entry)

    def add(self, member, role):
        change = {"join": member.join(self.id), "kind": "add", "profile": sealed(300), "role": role}
        self.says(self.admin, change)
        (self.officers if role == "officer" else self.members).append(member)

    def profile(self, by):
        return self.says(by, {"kind": "profile", "profile": sealed(300), "user": by.user})

    def epoch(self):
        self.boxes = box_set(sha256(member.kem) for member in [self.admin, *self.members])
        self.read = Key()
        records = [self.boxes[at : at + 1200] for at in range(1, len(self.boxes), 1200)]
        change = {"boxes": set_head(records), "kind": "epoch", "number": self.epochs, "read": self.read.hex}
        if self.epochs:
            change["back"] = {"sealed": sealed(105), "to": self.epochs - 1}
        self.epochs += 1
        self.says(self.admin, change)

    def path(self, rest):
        return f"/v1/circles/{self.id}/{rest}"

    def header(self, by, content):
        """The next header of this member. `sent` is to be called once the relay has taken it."""
        body = {
            "at": int(time.time()),
            "author": {"device": by.device, "user": by.user},
            "circle": self.id,
            "content": content,
            "epoch": self.epochs - 1,
            "membership": {
                "last": sha256(self.entries[-1]).hex(),
                "root": self.tree.root().hex(),
                "size": len(self.entries),
            },
            "seq": by.seq,
            "suite": 1,
        }
        return canonical(statement("header", body | ({"prev": by.prev} if by.prev else {}), by.object))

    def sent(self, by, header):
        by.seq, by.prev = by.seq + 1, sha256(header).hex()


def case(by, blobs, code=None):
    """A post with these files, which are (hash, size); the first is the body."""
    code = code or os.urandom(16)
    leaf = leaf_hash(code)
    kinds = ["body"] + ["picture"] * (len(blobs) - 1)
    last = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=2)
    return {
        "consent": {
            "checkpoint": by.log.checkpoint(leaf),
            "leaf": leaf.hex(),
            "log": by.log.id,
            "n": 0,
            "proof": [],
        },
        "delete_after": last.isoformat(),
        "kind": "post",
        "objects": [
            {"kind": kind, "sha256": name, "size": size} for kind, (name, size) in zip(kinds, blobs, strict=True)
        ],
        "post": os.urandom(16).hex(),
        "withdrawal": sha256(code).hex(),
        "wrap": sealed(105),
    }


def comment(about):
    return {
        "about": about,
        "body": sealed(sealed_len(300)),
        "event": os.urandom(16).hex(),
        "kind": "event",
        "wrap": sealed(105),
    }
