"""Every request to the relay, signed by other software: `http-message-signatures`. Its variants are refused. [RFC 9421]"""

import datetime
import hashlib
import http.client
import json
import os
import time
import types

import pytest
from circles import Circle, Key, b64, blob, box_set, case, comment, leaf_hash, set_head
from http_message_signatures import HTTPMessageSigner, algorithms
from http_message_signatures.resolvers import MappingKeyResolver
from relays import creation, send

COMPONENTS = ("@method", "@authority", "@path", "@query")
SIGNER = "curtain"
TUS = {"Tus-Resumable": "1.0.0"}


def theirs(key, method, authority, target, body=b"", *, created=None, into=None, **other):
    """The fields that the other software signs with, in our profile unless told otherwise."""
    request = types.SimpleNamespace(method=method, url=f"http://{authority}{target}", headers=into or {})
    resolver = MappingKeyResolver(public_keys={}, private_keys={key.hex: key.private})
    created = int(time.time()) if created is None else created
    usual = {
        "key_id": key.hex,
        "created": datetime.datetime.fromtimestamp(created, datetime.timezone.utc),
        "label": SIGNER,
        "covered_component_ids": COMPONENTS,
        "body": body or None,
    }
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=resolver)
    signer.sign(request, **{**usual, **other})
    return request.headers


def answered(answer):
    """Status, and the code of a problem."""
    if answer.status < 400 or not answer.body:
        return answer.status
    assert answer.headers["content-type"] == "application/problem+json", answer
    problem = json.loads(answer.body)
    assert problem["status"] == answer.status and problem["detail"] and problem["title"]
    return answer.status, problem["code"]


def note(log, leaf):
    return log.checkpoint(leaf).encode()


def cosigned(relay, checkpoint):
    """As the relay's own witness cosigns it."""
    answer = relay.send("POST", "/v1/witness/add-checkpoint", b"old 0\n\n" + checkpoint)
    assert answer.status == 200, answer
    return checkpoint + answer.body


@pytest.fixture(scope="module")
def requests(relay, circle):
    """One of each kind: method, target, body, other fields, key, and what it is answered the first time."""
    admin, by, officer, reader = circle.admin, circle.members[0], circle.officers[0], circle.read
    other, kem = Circle(), bytes(1184) + os.urandom(32)
    ring = box_set([os.urandom(32)])
    ring_root = set_head([ring[1:]])["root"]
    entry = len(circle.entries)
    profile = circle.profile(admin)
    data, gone = blob(), blob()
    said = circle.header(by, comment(circle.case))
    leaf = json.dumps(
        {
            "at": int(time.time()),
            "event": {"kind": "export", "commitment": "0" * 64},
            "log": by.log.id,
            "n": 0,
            "v": 1,
        },
        sort_keys=True,
        separators=(",", ":"),
    ).encode()
    checkpoint = cosigned(relay, note(by.log, leaf_hash(leaf)))
    upload = relay.send(
        "POST", circle.path("uploads"), b"", by.request, creation(hashlib.sha256(gone).hexdigest(), len(gone), False)
    ).headers["location"]
    octets = {"Content-Type": "application/offset+octet-stream", **TUS, "Upload-Offset": "0"}
    ledger = f"/v1/ledgers/{by.log.id}"
    return {
        "circles": ("GET", "/v1/circles", b"", {}, by.request, 200),
        "create": ("PUT", other.path("members/0"), other.entries[0], {}, other.admin.request, 201),
        "append": ("PUT", circle.path(f"members/{entry}"), profile, {}, admin.request, 201),
        "members": ("GET", circle.path("members?from=1&limit=2&wait=0"), b"", {}, by.request, 200),
        "members head": ("GET", circle.path("members/head"), b"", {}, reader, 200),
        "members consistency": ("GET", circle.path("members/consistency?from=1&to=3"), b"", {}, by.request, 200),
        "put boxes": ("PUT", circle.path("boxes/1"), circle.boxes, {}, admin.request, 200),
        "boxes": ("GET", circle.path("boxes/1"), b"", {}, by.request, 200),
        "box": (
            "GET",
            circle.path(f"boxes/1/{hashlib.sha256(by.kem).hexdigest()}"),
            b"",
            {},
            by.request,
            200,
        ),
        "put keyring": ("PUT", circle.path(f"keyrings/{ring_root}"), ring, {}, admin.request, 201),
        "keyring": ("GET", circle.path(f"keyrings/{ring_root}"), b"", {}, admin.request, 200),
        "put key": ("PUT", f"/v1/keys/{hashlib.sha256(kem).hexdigest()}", kem, {}, Key(), 201),
        "key": ("GET", f"/v1/keys/{hashlib.sha256(kem).hexdigest()}", b"", {}, by.request, 200),
        "post": ("POST", circle.path("feed"), said, {}, by.request, 201),
        "feed": ("GET", circle.path("feed?from=0"), b"", {}, reader, 200),
        "feed, officer": ("GET", circle.path("feed"), b"", {}, officer.request, 200),
        "feed head": ("GET", circle.path("feed/head"), b"", {}, reader, 200),
        "feed consistency": ("GET", circle.path("feed/consistency?from=1&to=1"), b"", {}, reader, 200),
        "tombstones": ("GET", circle.path("tombstones?from=0&limit=5"), b"", {}, reader, 200),
        "upload": (
            "POST",
            circle.path("uploads"),
            data,
            creation(hashlib.sha256(data).hexdigest(), len(data)),
            by.request,
            201,
        ),
        "upload head": ("HEAD", upload, b"", TUS, by.request, 200),
        "upload patch": ("PATCH", upload, gone, octets, by.request, 204),
        "upload delete": ("DELETE", upload, b"", TUS, by.request, 204),
        "blob": ("GET", circle.path(f"blobs/{circle.files[0][0]}"), b"", {}, reader, 200),
        "blob head": ("HEAD", circle.path(f"blobs/{circle.files[0][0]}"), b"", {}, reader, 200),
        "put leaf": ("PUT", f"{ledger}/leaves/0", leaf, {}, by.request, 201),
        "put sealed": ("PUT", f"{ledger}/sealed/0", b"\1" + os.urandom(2_000), {}, by.request, 201),
        "put checkpoint": ("PUT", f"{ledger}/checkpoints/1", checkpoint, {}, by.request, 201),
        "leaves": ("GET", f"{ledger}/leaves?from=0&limit=3", b"", {}, officer.request, 200),
        "sealed": ("GET", f"{ledger}/sealed?from=0&limit=3", b"", {}, officer.request, 200),
        "checkpoints": ("GET", f"{ledger}/checkpoints", b"", {}, by.request, 200),
        "ledgers": ("GET", "/v1/ledgers", b"", {}, officer.request, 200),
    }


def other_digest(fields):
    return fields | {"Content-Digest": f"sha-256=:{b64(hashlib.sha256(b'other').digest())}:"}


def variants(method, target, body, key, authority):
    """Name, what is sent (method, target, body, fields), and how it is refused."""
    now = int(time.time())

    def signed(**other):
        return theirs(key, **{"method": method, "authority": authority, "target": target, "body": body, **other})

    good, bad = signed(), "request_bad_signature"
    path, _, query = target.partition("?")
    stranger = theirs(Key(), method, authority, target, body)
    forged = {**good, "Signature": stranger["Signature"]}
    for name, other in [
        ("signed for another method", {"method": "PUT" if method == "POST" else "POST"}),
        ("signed for another path", {"target": target.replace("/v1/", "/v2/", 1)}),
        ("signed for another query", {"target": f"{path}?{query}&x" if query else f"{path}?x"}),
        ("signed for another relay", {"authority": "relay.example"}),
    ]:
        yield name, signed(**other), body, target, bad
    yield "sent with another query", good, body, target + ("&x=1" if query else "?x=1"), bad
    yield "another's signature", forged, body, target, bad
    other_id = {**good, "Signature-Input": good["Signature-Input"].replace(key.hex, Key().hex)}
    yield "another's key id", other_id, body, target, bad
    yield "too old", signed(created=now - 310), body, target, "request_too_old"
    yield "too new", signed(created=now + 310), body, target, "request_too_new"
    yield "no signature", {}, body, target, "request_no_signature"
    half = {name: value for name, value in good.items() if name != "Signature-Input"}
    yield "no input", half, body, target, "request_no_input"
    less = COMPONENTS[:3]
    for components in (less, COMPONENTS[::-1], (*COMPONENTS, "@scheme"), (*COMPONENTS, "host"), ("@target-uri",)):
        into = {"Host": authority}
        fields = signed(covered_component_ids=components, into=into)
        fields.pop("Host", None)
        yield f"covers {components}", fields, body, target, "request_components"
    yield "another label", signed(label="sig1"), body, target, "request_input_label"
    yield "a nonce", signed(nonce="x"), body, target, "request_trailing"
    yield "no algorithm", signed(include_alg=False), body, target, "request_algorithm"
    second = {
        **good,
        "Signature-Input": good["Signature-Input"] + ", " + good["Signature-Input"].replace(SIGNER, "two", 1),
        "Signature": good["Signature"] + ", " + good["Signature"].replace(SIGNER, "two", 1),
    }
    yield "two signatures", second, body, target, "request_trailing"
    if body:
        yield "another digest", other_digest(good), body, target, ("request_other_body", bad)
        yield "another body", good, body[:-1] + bytes([body[-1] ^ 1]), target, "request_other_body"
        unsigned = signed(body=None)
        yield "a body without digest", unsigned, body, target, "request_no_digest"
        weak = {**good, "Content-Digest": f"md5=:{b64(hashlib.md5(body).digest())}:"}  # noqa: S324
        yield "a weaker digest", weak, body, target, "request_digest_form"
    else:
        yield "a digest without body", other_digest(good), body, target, ("request_components", bad)


def test_what_others_sign_is_accepted_and_its_variants_are_not(relay, requests):
    """Variants first: none of them may change anything, so that the request itself is answered as the first."""
    checked = 0
    for kind, (method, target, body, more, key, expected) in requests.items():
        for name, fields, content, sent_to, refusal in variants(method, target, body, key, relay.address):
            answer = send(relay.address, method, sent_to, content, None, {**fields, **more})
            if method == "HEAD":
                assert answer.status == 401, (kind, name)
                continue
            refusals = refusal if isinstance(refusal, tuple) else (refusal,)
            assert answered(answer) in [(401, code) for code in refusals], (kind, name)
            assert answer.headers["date"]
            checked += 1
        for name, changed in [("GET", "DELETE"), ("PUT", "GET"), ("PATCH", "DELETE")]:
            if method == name:
                fields = theirs(key, method, relay.address, target, body)
                answer = send(relay.address, changed, target, b"", None, {**fields, **more})
                assert answer.status in (401, 405), (kind, changed)
        fields = theirs(key, method, relay.address, target, body)
        answer = send(relay.address, method, target, body, None, {**fields, **more})
        assert answered(answer) == expected, kind
    assert checked > 500


def test_fields_that_stand_twice_are_refused(relay, circle):
    key, target = circle.admin.request, "/v1/circles"
    for twice in ("Signature", "Signature-Input"):
        connection = http.client.HTTPConnection(relay.address)
        connection.putrequest("GET", target)
        for name, value in theirs(key, "GET", relay.address, target).items():
            for _ in range(2 if name == twice else 1):
                connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        assert (response.status, json.loads(response.read())["code"]) == (401, "request_field_twice")
        connection.close()


def test_who_may_not_is_told_so(relay, circle):
    """A good signature of a key without the right."""
    by, officer, reader, stranger = circle.members[0], circle.officers[0], circle.read, Key()
    name = circle.files[0][0]
    for method, rest, keys in [
        ("GET", "members", (reader, stranger)),
        ("GET", "feed", (by.request, stranger)),
        ("GET", "feed/head", (by.request, stranger)),
        ("GET", f"blobs/{name}", (by.request, stranger)),
        ("GET", "tombstones", (by.request, stranger)),
        ("GET", "boxes/1", (reader, stranger)),
        ("GET", "members/head", (stranger,)),
    ]:
        for key in keys:
            fields = theirs(key, method, relay.address, circle.path(rest))
            answer = relay.send(method, circle.path(rest), headers=fields)
            assert answered(answer) == (403, "not_allowed"), rest
    for target in ("/v1/ledgers", f"/v1/keys/{name}"):
        assert answered(relay.send("GET", target, headers=theirs(stranger, "GET", relay.address, target))) == (
            403,
            "not_allowed",
        )
    # Whom nobody lists yet may ask, and learns nothing.
    answer = relay.send("GET", "/v1/circles", headers=theirs(stranger, "GET", relay.address, "/v1/circles"))
    assert (answer.status, json.loads(answer.body)) == (200, {"circles": []})


def test_a_post_by_others_software_is_read_by_others_software(relay, circle):
    by = circle.members[1]
    files = [relay.upload(circle, by, blob(length)) for length in (300, 20_000)]
    header = circle.header(by, case(by, files))
    target = circle.path("feed")
    fields = theirs(by.request, "POST", relay.address, target, header)
    answer = relay.send("POST", target, header, headers=fields)
    assert answer.status == 201, answer
    n = json.loads(answer.body)["n"]
    again = relay.send("POST", target, header, headers=fields)
    assert (again.status, json.loads(again.body)) == (200, {"n": n})
    circle.sent(by, header)
    read = relay.send("GET", target + f"?from={n}", headers=theirs(circle.read, "GET", relay.address, target + f"?from={n}"))
    assert read.body == header + b"\n"
