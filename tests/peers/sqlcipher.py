"""Reads the vault's database as any program with its key could, without SQLCipher.

Pages of 4096 bytes: AES-256-CBC, then in the last 80 bytes the IV and HMAC-SHA512 over ciphertext, IV and page number.
The first 16 bytes of page 1 are the salt of the HMAC's key. [Zetetic, SQLCipher design; SQLite file format, 1.3 and 4]
"""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE, IV, MAC, SALT = 4096, 16, 64, 16
RESERVED = IV + MAC
WAL_HEADER, FRAME = 32, 24 + PAGE
HEADER = b"SQLite format 3\0"


class Reader:
    """Decrypts the pages of the database in `vault`."""

    def __init__(self, vault):
        self.database, self.log = vault / "vault.db", vault / "vault.db-wal"
        self.key = bytes.fromhex((vault / "vault.key").read_text().strip())
        salt = bytes(byte ^ 0x3A for byte in self.database.read_bytes()[:SALT])
        self.mac_key = hashlib.pbkdf2_hmac("sha512", self.key, salt, 2, 32)

    def page(self, number, page):
        """The plain bytes of a page, without what is reserved. Raises if its HMAC is wrong."""
        start = SALT if number == 1 else 0
        body, iv, mac = page[start:-RESERVED], page[-RESERVED:-MAC], page[-MAC:]
        expected = hmac.new(self.mac_key, body + iv + struct.pack("<I", number), hashlib.sha512).digest()
        if not hmac.compare_digest(mac, expected):
            raise ValueError(f"page {number} is not as it was written")
        decryptor = Cipher(algorithms.AES256(self.key), modes.CBC(iv)).decryptor()
        return HEADER[:start] + decryptor.update(body) + decryptor.finalize()

    def pages(self):
        """Every page of the database, free ones too."""
        data = self.database.read_bytes()
        assert data and len(data) % PAGE == 0
        return [self.page(n + 1, data[n * PAGE : (n + 1) * PAGE]) for n in range(len(data) // PAGE)]

    def frames(self):
        """Every whole frame of the write-ahead log, with its page number; also those that were never committed, or of
        before the log began again."""
        data = self.log.read_bytes() if self.log.exists() else b""
        starts = range(WAL_HEADER, len(data) - FRAME + 1, FRAME)
        frames = [data[at : at + FRAME] for at in starts]
        numbered = [(struct.unpack(">I", frame[:4])[0], frame[24:]) for frame in frames]
        return [(number, self.page(number, page)) for number, page in numbered]

    def all_bytes(self):
        """All that the two files hold, in the clear."""
        return b"\n".join([*self.pages(), *(page for _, page in self.frames())])

    def plain_database(self):
        """The database as a plain SQLite file."""
        pages = [page + bytes(RESERVED) for page in self.pages()]
        first = bytearray(pages[0])
        assert first[20] == RESERVED
        # Read without a write-ahead log.
        first[18:20] = b"\1\1"
        return b"".join([bytes(first), *pages[1:]])
