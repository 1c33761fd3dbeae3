"""A witness to try things out with: cosigns whatever it is shown, so it proves nothing.

    cosign.py key               prints the key that checks its cosignatures
    cosign.py < note > cosigned cosigns a checkpoint, or the head of a circle

The key is made from fixed bytes that everybody knows. [c2sp.org/tlog-cosignature, cosignature/v1]
"""

import base64
import hashlib
import sys
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NAME = "witness.test/try"
KEY = Ed25519PrivateKey.from_private_bytes(bytes([0x17] * 32))
PUBLIC = b"\x04" + KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
KEY_ID = hashlib.sha256(NAME.encode() + b"\n" + PUBLIC).digest()[:4]


def main() -> None:
    if sys.argv[1:] == ["key"]:
        print(f"{NAME}+{KEY_ID.hex()}+{base64.b64encode(PUBLIC).decode()}")
        return
    note = sys.stdin.buffer.read().decode().rstrip("\n") + "\n"
    text, signed, lines = note.partition("\n\n")
    text = text + "\n" if signed else note
    now = int(time.time())
    signature = KEY.sign(f"cosignature/v1\ntime {now}\n{text}".encode())
    line = base64.b64encode(KEY_ID + now.to_bytes(8, "big") + signature).decode()
    sys.stdout.write(f"{text}\n{lines}\u2014 {NAME} {line}\n")


if __name__ == "__main__":
    main()
