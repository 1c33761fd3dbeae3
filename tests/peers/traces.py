"""Looks for names and secrets in bytes, however they are written."""

import base64
import html
import json
import re
import urllib.parse


def raw(secret):
    """`secret` as bytes: text in each coding and escape that a program may use."""
    if isinstance(secret, bytes):
        return [secret]
    escaped = json.dumps(secret)[1:-1], html.escape(secret), urllib.parse.quote(secret)
    plain = secret.encode(), secret.encode("utf-16-le"), secret.encode("utf-16-be")
    return [*plain, *(text.encode() for text in escaped)]


def spellings(secret):
    """The ways in which `secret`, text or bytes, may stand in a file."""
    for one in raw(secret):
        yield one
        yield one.hex().encode()
        yield one.hex().upper().encode()
        for skipped in range(3):
            # The characters of base64 that depend on nothing before or after.
            encoded = base64.b64encode(b"\0" * skipped + one)
            middle = encoded[(8 * skipped + 5) // 6 : (8 * (skipped + len(one))) // 6]
            yield middle
            yield middle.replace(b"+", b"-").replace(b"/", b"_")


def found(secrets, data):
    """Those of `secrets` that stand in `data`, in any spelling."""
    return [secret for secret in secrets if any(spelling in data for spelling in spellings(secret))]


def unbroken(text):
    """Text without its white space: a layout may break a name anywhere."""
    return re.sub(r"\s", "", text)


def files(folder):
    """Every file below `folder`, with its bytes."""
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
