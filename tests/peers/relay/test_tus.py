"""Clients of tus that others wrote upload to the relay: `tuspy` and `tus-js-client`. [tus.io/protocols/resumable-upload]"""

import hashlib
import http.client
import io
import json
import os
import pathlib
import subprocess
from email.utils import parsedate_to_datetime

import pytest
from circles import Circle, Key, Member, b64, blob
from proxy import Proxy
from relays import creation, metadata, send, together
from tusclient import client as tuspy
from tusclient.exceptions import TusCommunicationError

HERE = pathlib.Path(__file__).parent
NODE_MODULES = HERE.parents[2] / "tests/.tools/npm-relay/node_modules"
MIB = 1 << 20
TYPE = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def proxy(relay, circle):
    with Proxy(relay.address, lambda *_: circle.admin.request) as proxy:
        yield proxy


def kept(relay, data):
    """The store has exactly these bytes."""
    file = pathlib.Path(relay.store) / "blobs" / sha256(data)
    return file.exists() and file.read_bytes() == data


def uploader(proxy, circle, data, **more):
    client = tuspy.TusClient(proxy.url + circle.path("uploads"))
    usual = {"metadata": {"sha256": sha256(data)}, "chunk_size": MIB, "retries": 5, "retry_delay": 0.1}
    return client.uploader(file_stream=io.BytesIO(data), **{**usual, **more})


FAULTS = {
    "none": [],
    "cut": [("cut", 100_000), ("cut", 0), (None, None), ("cut", 700_001)],
    "delay": [("delay", 0.5)],
    "duplicate": [(None, None), ("duplicate", None), ("duplicate", None)],
    "drop": [("drop", None), (None, None), ("drop", None)],
    "all": [("cut", 65_536), ("drop", None), ("duplicate", None), ("delay", 0.2), ("cut", 1), ("drop", None)],
}


@pytest.mark.parametrize("faults", FAULTS)
@pytest.mark.parametrize("checksum", [False, True])
def test_tuspy(relay, circle, proxy, faults, checksum):
    data = os.urandom(5 * MIB)
    upload = uploader(proxy, circle, data, upload_checksum=checksum)
    proxy.faults.extend(FAULTS[faults])
    # What it does not try again itself, such as an answer that says another offset, its user does.
    for _ in range(8):
        try:
            upload.upload()
            break
        except TusCommunicationError:
            upload = uploader(proxy, circle, data, upload_checksum=checksum, url=upload.url)
    assert not proxy.faults and kept(relay, data)


def test_tuspy_resumes_what_it_left(relay, circle, proxy):
    data = os.urandom(5 * MIB)
    first = uploader(proxy, circle, data)
    first.upload(stop_at=2 * MIB)
    assert not kept(relay, data)
    again = uploader(proxy, circle, data, url=first.url)
    assert again.offset == 2 * MIB
    again.upload()
    assert kept(relay, data)
    assert sum(length for method, _, length, _ in proxy.seen if method == "PATCH") == 5 * MIB


def test_two_that_upload_the_same_at_once(relay, circle, proxy):
    """Each on an upload of its own, then both on one: one is told of another offset, asks, and goes on."""
    data = os.urandom(5 * MIB)
    together(*(uploader(proxy, circle, data).upload for _ in range(3)))
    assert kept(relay, data)

    data = os.urandom(5 * MIB)
    url = uploader(proxy, circle, data).create_url()

    def go():
        for _ in range(40):
            try:
                return uploader(proxy, circle, data, url=url, chunk_size=200_000, retries=0).upload()
            except TusCommunicationError:
                continue
        return pytest.fail("it never ended")

    together(go, go)
    assert kept(relay, data)


@pytest.mark.parametrize(
    "story", ["plain", "cut", "drop", "duplicate", "creation", "resume", "parallel", "terminate", "another_device"]
)
def test_tus_js_client(relay, circle, proxy, tmp_path, story):
    data = os.urandom(5 * MIB)
    file = tmp_path / "file"
    file.write_bytes(data)
    faults = {
        "cut": [("cut", 100_000), (None, None), ("cut", 0)],
        "drop": [(None, None), ("drop", None)],
        "duplicate": [("duplicate", None)],
        "creation": [("cut", 300_000), ("drop", None)],
    }
    proxy.faults.extend(faults.get(story, []))
    node_path = os.environ.get("CURTAIN_RELAY_NODE", str(NODE_MODULES))
    done = subprocess.run(
        ["node", str(HERE / "tus.js"), proxy.url + circle.path("uploads"), str(file), sha256(data), story],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "NODE_PATH": node_path},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert not proxy.faults
    if story == "terminate":
        gone = relay.send("HEAD", said["path"], b"", circle.admin.request, {"Tus-Resumable": "1.0.0"})
        assert gone.status == 404 and not kept(relay, data)
        return
    assert kept(relay, data)
    if story == "resume":
        assert said["resumed_at"] == 2 * MIB


class Raw:
    """One upload, request by request."""

    def __init__(self, relay, circle, data, by=None):
        self.relay, self.circle, self.data, self.key = relay, circle, data, by or circle.admin.request
        self.path = None

    def create(self, body=b"", headers=None, **more):
        fields = creation(sha256(self.data), len(self.data), brings=bool(body))
        answer = self.relay.send(
            "POST", self.circle.path("uploads"), body, self.key, {**fields, **(headers or {})}, **more
        )
        self.path = answer.headers["location"]
        return answer

    def patch(self, offset, body, headers=None, key=None):
        fields = {**TYPE, "Upload-Offset": str(offset), **(headers or {})}
        return self.relay.send("PATCH", self.path, body, key or self.key, fields)

    def head(self, key=None):
        return self.relay.send("HEAD", self.path, b"", key or self.key, {"Tus-Resumable": "1.0.0"})


def code(answer):
    assert answer.headers["content-type"] == "application/problem+json", answer
    problem = json.loads(answer.body)
    assert problem["status"] == answer.status
    return answer.status, problem["code"]


def test_creation_with_upload(relay, circle):
    data = blob(40_000)
    raw = Raw(relay, circle, data)
    answer = raw.create(data[:1_000])
    assert (answer.status, answer.headers["upload-offset"]) == (201, "1000")
    assert answer.headers["tus-resumable"] == "1.0.0" and parsedate_to_datetime(answer.headers["upload-expires"])
    told = raw.head()
    assert (told.status, told.headers["upload-offset"], told.headers["upload-length"]) == (200, "1000", str(len(data)))
    assert told.headers["cache-control"] == "no-store" and told.headers["upload-expires"]
    assert told.headers["upload-metadata"] == metadata(sha256(data)) and told.body == b""
    answer = raw.patch(1_000, data[1_000:])
    assert (answer.status, answer.headers["upload-offset"], answer.body) == (204, str(len(data)), b"")
    assert answer.headers["upload-expires"] and kept(relay, data)
    # It is here: who creates it once more has brought it already.
    answer = Raw(relay, circle, data).create()
    assert (answer.status, answer.headers["upload-offset"]) == (201, str(len(data)))


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_checksums(relay, circle, algorithm):
    data = blob(40_000)
    raw = Raw(relay, circle, data)
    assert raw.create().status == 201

    def field(part):
        return {"Upload-Checksum": f"{algorithm} {b64(hashlib.new(algorithm, part).digest())}"}

    assert code(raw.patch(0, data[:500], field(b"other"))) == (460, "checksum")
    assert raw.head().headers["upload-offset"] == "0"
    assert raw.patch(0, data[:500], field(data[:500])).headers["upload-offset"] == "500"
    assert code(raw.patch(500, data[500:], {"Upload-Checksum": f"crc32 {b64(b'1234')}"}))[0] == 400
    assert code(raw.patch(500, data[500:], field(data[:500]))) == (460, "checksum")
    assert raw.patch(500, data[500:], field(data[500:])).status == 204 and kept(relay, data)


def test_what_is_wrong_with_a_part(relay, circle):
    data = blob(40_000)
    raw = Raw(relay, circle, data)
    assert raw.create(data[:100]).status == 201
    for offset in (0, 99, 101, len(data), len(data) + 1):
        answer = raw.patch(offset, b"x")
        assert code(answer) == (409, "offset") and json.loads(answer.body)["offset"] == 100
    assert code(raw.patch(100, b"x", {"Content-Type": "text/plain"})) == (415, "content_type")
    for value in ("", "-1", "1e2", "+100", "100 "[:3] + "x"):
        assert code(raw.patch(100, b"x", {"Upload-Offset": value})) == (400, "upload_offset")
    assert code(raw.patch(100, data[100:] + b"x")) == (413, "too_large")
    answer = raw.patch(100, b"x", {"Tus-Resumable": "0.2.2"})
    assert code(answer) == (412, "tus_version") and answer.headers["tus-version"] == "1.0.0"
    assert raw.head().headers["upload-offset"] == "100"
    answer = raw.patch(100, b"")
    assert (answer.status, answer.headers["upload-offset"]) == (204, "100")


def test_what_is_wrong_with_a_creation(relay, circle):
    good = creation(sha256(b"x"), 1, brings=False)
    for change, expected in [
        ({"Tus-Resumable": None}, (412, "tus_version")),
        ({"Upload-Length": None}, (400, "upload_length")),
        ({"Upload-Length": "0"}, (400, "upload_length")),
        ({"Upload-Length": None, "Upload-Defer-Length": "1"}, (400, "upload_length")),
        ({"Upload-Length": str(2 << 30)}, (413, "too_large")),
        ({"Upload-Metadata": None}, (400, "upload_metadata")),
        ({"Upload-Metadata": "sha256"}, (400, "upload_metadata")),
        ({"Upload-Metadata": f"sha256 {b64(b'x')}"}, (400, "upload_metadata")),
        ({"Upload-Metadata": "name eA=="}, (400, "upload_metadata")),
    ]:
        fields = {name: value for name, value in {**good, **change}.items() if value is not None}
        answer = relay.send("POST", circle.path("uploads"), b"", circle.admin.request, fields)
        assert code(answer) == expected, change


def test_what_it_can_is_advertised(relay, circle):
    raw = Raw(relay, circle, b"x")
    raw.create()
    for path in (circle.path("uploads"), raw.path):
        answer = relay.send("OPTIONS", path)
        assert answer.status == 204 and answer.headers["tus-version"] == "1.0.0"
        assert set(answer.headers["tus-extension"].split(",")) == {
            "creation",
            "creation-with-upload",
            "expiration",
            "checksum",
            "termination",
        }
        assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"
        assert answer.headers["tus-max-size"] == str(1 << 30)


def test_an_upload_is_its_devices_alone(relay, circle):
    data = blob()
    raw = Raw(relay, circle, data)
    raw.create()
    for key in (circle.members[0].request, circle.read, Key()):
        assert raw.head(key).status == 404
        assert code(raw.patch(0, data, key=key)) == (404, "not_found")
        assert code(relay.send("DELETE", raw.path, b"", key, {"Tus-Resumable": "1.0.0"})) == (404, "not_found")
    for key in (circle.read, Key(), Member().request):
        assert code(Raw(relay, circle, data, key).create()) == (403, "not_allowed")
    assert code(Raw(relay, Circle(), data).create())[0] in (403, 404)
    assert raw.patch(0, data).status == 204


def test_other_bytes_than_the_hash_says(relay, circle):
    data = blob()
    raw = Raw(relay, circle, data)
    raw.create()
    assert code(raw.patch(0, data[:-1] + bytes([data[-1] ^ 1]))) == (422, "other_bytes")
    assert raw.head().status == 404 and not kept(relay, data)
    assert (pathlib.Path(relay.store) / "uploads" / raw.path.split("/")[-1]).exists() is False


def test_a_body_with_another_digest_leaves_nothing(relay, circle):
    data = blob()
    raw = Raw(relay, circle, data)
    raw.create()
    fields = circle.admin.request.fields("PATCH", relay.address, raw.path, data[:500])
    assert code(send(relay.address, "PATCH", raw.path, data[1:501], None, {**fields, **TYPE, "Upload-Offset": "0"})) == (
        401,
        "request_other_body",
    )
    assert raw.head().headers["upload-offset"] == "0"


def test_what_arrived_of_a_cut_request_stays(relay, circle):
    data = os.urandom(MIB)
    raw = Raw(relay, circle, data)
    raw.create()
    fields = circle.admin.request.fields("PATCH", relay.address, raw.path, data)
    connection = http.client.HTTPConnection(relay.address)
    connection.putrequest("PATCH", raw.path, skip_accept_encoding=True)
    for name, value in {**fields, **TYPE, "Upload-Offset": "0", "Content-Length": str(len(data))}.items():
        connection.putheader(name, value)
    connection.endheaders(data[:300_000])
    connection.close()
    for _ in range(50):
        at = int(raw.head().headers["upload-offset"])
        if at == 300_000:
            break
    assert at == 300_000
    assert raw.patch(at, data[at:]).status == 204 and kept(relay, data)


def test_a_blob_is_read_back_in_ranges(relay, circle):
    name, size = circle.files[1]
    path = circle.path(f"blobs/{name}")
    data = (pathlib.Path(relay.store) / "blobs" / name).read_bytes()
    for field, part, status in [
        (None, data, 200),
        ("bytes=0-0", data[:1], 206),
        ("bytes=100-", data[100:], 206),
        ("bytes=-7", data[-7:], 206),
        (f"bytes=10-{size * 2}", data[10:], 206),
        ("bytes=5-3", data, 200),
        (f"bytes={size}-", None, 416),
    ]:
        answer = relay.send("GET", path, b"", circle.read, {"Range": field} if field else {})
        assert answer.status == status, field
        if part is not None:
            assert answer.body == part
    answer = relay.send("HEAD", path, b"", circle.read)
    assert (answer.headers["content-length"], answer.body) == (str(size), b"")
    assert relay.send("GET", path, b"", circle.members[0].request).status == 403


