"""Other software signs and verifies our requests: `http-message-signatures`. [RFC 9421, RFC 9530]

`CURTAIN_REQUEST_PEER` is the example `request_peer`.
"""

import datetime
import os
import re
import subprocess
import time
import types

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, InvalidSignature, algorithms
from http_message_signatures.resolvers import MappingKeyResolver

SEED = bytes([7]) * 32
PRIVATE = Ed25519PrivateKey.from_private_bytes(SEED)
KEY = PRIVATE.public_key().public_bytes_raw().hex()
RESOLVER = MappingKeyResolver(public_keys={KEY: PRIVATE.public_key()}, private_keys={KEY: PRIVATE})
COMPONENTS = ("@method", "@authority", "@path", "@query")
BODY = b'{"hello": "world"}'

REQUESTS = [
    ("GET", "https://relay.example/", b""),
    ("GET", "https://relay.example", b""),
    ("GET", "https://Relay.Example:443/feeds/a%2fb?after=7&wait", b""),
    ("GET", "http://127.0.0.1:8080/feeds?", b""),
    ("DELETE", "http://[::1]:8080/a:b;c=d,e/~f?x=%C3%A9&y=/?", b""),
    ("POST", "https://relay.example:8443/blobs", BODY),
    ("PATCH", "https://relay.example?a=b", bytes(range(256)) * 500),
]


class Peer:
    """Runs our side."""

    def __init__(self, folder):
        self.command, self.body = os.environ["CURTAIN_REQUEST_PEER"], folder / "body"

    def run(self, *arguments, body):
        self.body.write_bytes(body)
        arguments = [str(self.body) if argument is None else str(argument) for argument in arguments]
        return subprocess.run([self.command, *arguments], capture_output=True, text=True, check=False)

    def sign(self, method, url, body, created):
        """The fields that we sign with."""
        done = self.run("sign", SEED.hex(), method, url, None, created, body=body)
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(line.split(": ", 1) for line in done.stdout.splitlines())

    def verify(self, method, url, body, headers, now):
        """`ok`, or the code of what we find wrong."""
        fields = [headers.get(name, "") for name in ("Signature-Input", "Signature", "Content-Digest")]
        done = self.run("verify", KEY, method, url, None, now, *fields, body=body)
        assert done.returncode == (0 if done.stdout == "ok\n" else 1), done.stderr
        return done.stdout.strip()


@pytest.fixture
def peer(tmp_path):
    return Peer(tmp_path)


def message(method, url, headers):
    return types.SimpleNamespace(method=method, url=url, headers=dict(headers))


def theirs(method, url, body, created, **other):
    """The fields that the other software signs with, in our profile unless told otherwise."""
    request = message(method, url, {})
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=RESOLVER).sign(
        request,
        **{
            "key_id": KEY,
            "created": datetime.datetime.fromtimestamp(created, datetime.timezone.utc),
            "label": "curtain",
            "covered_component_ids": COMPONENTS,
            "body": body or None,
            **other,
        },
    )
    return request.headers


def accept(method, url, body, headers):
    """Whether the other software takes our signature. Raises if it does not."""
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=RESOLVER)
    required = COMPONENTS + (("content-digest",) if body else ())
    (result,) = verifier.verify(message(method, url, headers), require_components=required, body=body or None)
    assert result.label == "curtain" and result.parameters["keyid"] == KEY


@pytest.mark.parametrize(("method", "url", "body"), REQUESTS)
def test_both_write_the_same(peer, method, url, body):
    now = int(time.time())
    ours = peer.sign(method, url, body, now)
    assert ours == theirs(method, url, body, now)
    assert set(ours) == {"Signature-Input", "Signature"} | ({"Content-Digest"} if body else set())


@pytest.mark.parametrize(("method", "url", "body"), REQUESTS)
def test_they_verify_ours(peer, method, url, body):
    headers = peer.sign(method, url, body, int(time.time()))
    accept(method, url, body, headers)
    for changed in [
        ("PUT", url, body, headers),
        (method, re.sub("//[^/:?]+", "//other.example", url) if "[" not in url else url.replace("::1", "::2"), body, headers),
        (method, url + ("x" if "?" in url else "?x"), body, headers),
        (method, url, body + b"x", headers),
    ]:
        with pytest.raises(InvalidSignature):
            accept(*changed)


@pytest.mark.parametrize(("method", "url", "body"), REQUESTS)
def test_we_verify_theirs(peer, method, url, body):
    now = 1_800_000_000
    headers = theirs(method, url, body, now)
    assert peer.verify(method, url, body, headers, now + 300) == "ok"
    assert peer.verify(method, url, body, headers, now - 300) == "ok"
    assert peer.verify(method, url, body, headers, now + 301) == "request_too_old"
    assert peer.verify(method, url, body, headers, now - 301) == "request_too_new"
    assert peer.verify("PUT", url, body, headers, now) == "request_bad_signature"
    assert peer.verify(method, url + ("x" if "?" in url else "?x"), body, headers, now) == "request_bad_signature"
    wrong = "request_other_body" if body else "request_no_digest"
    assert peer.verify(method, url, body + b"x", headers, now) == wrong


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"label": "sig1"}, "request_input_label"),
        ({"covered_component_ids": COMPONENTS[:3]}, "request_components"),
        ({"covered_component_ids": COMPONENTS[::-1]}, "request_components"),
        ({"covered_component_ids": (*COMPONENTS, "@scheme")}, "request_components"),
        ({"covered_component_ids": ("@method", "@target-uri")}, "request_components"),
        ({"body": b""}, "request_no_digest"),
        ({"include_alg": False}, "request_algorithm"),
        ({"tag": "relay"}, "request_trailing"),
        ({"nonce": "7"}, "request_trailing"),
        ({"expires": datetime.datetime.fromtimestamp(1_800_000_060, datetime.timezone.utc)}, "request_trailing"),
    ],
)
def test_we_refuse_other_profiles(peer, other, code):
    """Good signatures, but not ours."""
    method, url, now = "POST", "https://relay.example/blobs?a", 1_800_000_000
    headers = theirs(method, url, **{"body": BODY, "created": now, **other})
    assert peer.verify(method, url, BODY, headers, now) == code


def test_we_refuse_another_key(peer):
    method, url, now = "GET", "https://relay.example/", 1_800_000_000
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(32))
    name = stranger.public_key().public_bytes_raw().hex()
    for key_id, code in [(name, "request_other_key"), (KEY, "request_bad_signature")]:
        resolver = MappingKeyResolver(public_keys={}, private_keys={key_id: stranger})
        request = message(method, url, {})
        HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=resolver).sign(
            request,
            key_id=key_id,
            created=datetime.datetime.fromtimestamp(now, datetime.timezone.utc),
            label="curtain",
            covered_component_ids=COMPONENTS,
        )
        assert peer.verify(method, url, b"", request.headers, now) == code


def test_no_flipped_bit_passes(peer):
    """A sample of bits of each field."""
    method, url, now = "POST", "https://relay.example/blobs", 1_800_000_000
    headers = theirs(method, url, BODY, now)
    for name, value in headers.items():
        for at in range(0, len(value), 7):
            flipped = value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
            assert peer.verify(method, url, BODY, {**headers, name: flipped}, now).startswith("request_")


def test_the_digest_is_that_of_the_rfc(peer):
    headers = peer.sign("POST", "https://relay.example/", BODY, 1_800_000_000)
    assert headers["Content-Digest"] == "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
    assert re.fullmatch(r"curtain=:[A-Za-z0-9+/]{86}==:", headers["Signature"])
