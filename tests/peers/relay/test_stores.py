"""Relays that share a store, a folder or a bucket of another's S3 server, while one of them is killed."""

import contextlib
import copy
import hashlib
import http.client
import io
import json
import os
import pathlib
import threading
import time

import pytest
from buckets import Moto, Versity
from circles import Circle, blob, case, comment
from proxy import Proxy
from relays import Refused, Relay, together
from tusclient import client as tuspy

FREE = ["--requests-per-minute", 1_000_000]

# Appends of each race; moto is slow, and takes fewer where nobody asks for more.
RACES = int(os.environ.get("CURTAIN_RELAY_RACES", "200"))
AT_MOTO = int(os.environ.get("CURTAIN_RELAY_RACES", "40"))


class Folder:
    """A store in a folder, looked into."""

    env, races = {}, RACES

    def __init__(self, folder):
        self.store = str(folder)

    def names(self, prefix):
        below = pathlib.Path(self.store) / prefix
        # What a relay was killed over keeps a name with `#`: nothing reads it.
        files = [file for file in below.rglob("*") if file.is_file() and "#" not in file.name]
        return sorted(str(file.relative_to(self.store)) for file in files)

    def get(self, name):
        return (pathlib.Path(self.store) / name).read_bytes()


@pytest.fixture(params=["folder", "moto", *(["versitygw"] if "CURTAIN_VERSITYGW" in os.environ else [])])
def store(request, tmp_path):
    with contextlib.ExitStack() as stack:
        if request.param == "folder":
            yield Folder(tmp_path / "store")
            return
        is_moto = request.param == "moto"
        bucket = stack.enter_context(Moto("curtain") if is_moto else Versity("curtain", tmp_path / "versity"))
        bucket.races = AT_MOTO if is_moto else RACES
        yield bucket


@pytest.fixture
def both(store, tmp_path):
    """Two relays over one store, with the same keys."""
    relays = [Relay(tmp_path / "relay", store.store, store.env, FREE) for _ in range(2)]
    for relay in relays:
        relay.start()
    yield relays
    for relay in relays:
        relay.stop()


class Killer:
    """Kills a relay once so many appends were acknowledged, and starts it again."""

    def __init__(self, relay, after):
        self.relay, self.after, self.count, self.lock = relay, after, 0, threading.Lock()
        self.done = threading.Event()

    def acknowledged(self):
        with self.lock:
            self.count += 1
            if self.count == self.after:
                self.relay.kill()
                time.sleep(0.3)
                self.relay.start()
                self.done.set()


def send(relay, *request):
    """Asks until there is an answer: the relay may be killed, and be another one after that."""
    for _ in range(100):
        try:
            answer = relay.send(*request)
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
            continue
        if answer.status != 503:
            return answer
        time.sleep(0.1)
    return pytest.fail("the relay does not come back")


def test_feeds_race(both, store):
    """Headers by 8 devices, from both sides; nothing is lost, nothing is there twice, no number is left out."""
    circle = Circle(members=8)
    both[0].found(circle)
    post, _ = both[0].post(circle, circle.admin, case(circle.admin, [both[0].upload(circle, circle.admin, blob())]))
    killer, acknowledged = Killer(both[1], store.races * 2 // 5), {}

    def write(by, relay):
        for _ in range(store.races // 8):
            header = circle.header(by, comment(post))
            answer = send(relay, "POST", circle.path("feed"), header, by.request)
            assert answer.status in (200, 201), answer
            circle.sent(by, header)
            acknowledged[header] = json.loads(answer.body)["n"]
            killer.acknowledged()

    together(*(lambda by=by, n=n: write(by, both[n % 2]) for n, by in enumerate(circle.members)))
    assert killer.done.is_set() and len(acknowledged) == store.races
    lists = [relay.list(circle.path("feed"), circle.read) for relay in both]
    assert lists[0] == lists[1] and len(lists[0]) == 1 + store.races
    assert {header: n for n, header in enumerate(lists[0]) if n} == acknowledged
    heads = [relay.send("GET", circle.path("feed/head"), b"", circle.read).body.split(b"\n\n")[0] for relay in both]
    assert heads[0] == heads[1] and heads[0].split(b"\n")[1] == b"%d" % (1 + store.races)
    names = [name.rsplit("/", 1)[1] for name in store.names(f"circles/{circle.id}/feed/")]
    assert names == [f"{n:012}" for n in range(1 + store.races)]
    assert all(store.get(f"circles/{circle.id}/feed/{n:012}") == header for n, header in enumerate(lists[0]))


def test_membership_logs_race(both, store):
    """Who is not first is told, reads what came in between, and writes anew."""
    circle = Circle(members=4)
    both[0].found(circle)
    entries = store.races // 10
    killer, acknowledged, began = Killer(both[1], entries * 3 // 2), {}, len(circle.entries)

    def write(by, relay):
        mine = copy.copy(circle)
        mine.entries = list(circle.entries)
        mine.tree = copy.deepcopy(circle.tree)
        wrote = 0
        while wrote < entries:
            entry = mine.profile(by)
            n = len(mine.entries) - 1
            answer = send(relay, "PUT", circle.path(f"members/{n}"), entry, by.request)
            if answer.status == 409:
                mine.entries.pop()
                assert json.loads(answer.body)["code"] == "not_next"
                assert json.loads(answer.body)["size"] > n or relay is not both[0]
                new = send(relay, "GET", circle.path(f"members?from={n}"), b"", by.request)
                mine.entries += new.body.splitlines()
                continue
            assert answer.status in (200, 201), answer
            acknowledged[entry] = n
            wrote += 1
            killer.acknowledged()

    together(*(lambda by=by, n=n: write(by, both[n % 2]) for n, by in enumerate(circle.members)))
    assert killer.done.is_set()
    lists = [relay.list(circle.path("members"), circle.admin.request) for relay in both]
    assert lists[0] == lists[1] and len(lists[0]) == began + 4 * entries
    assert {entry: n for n, entry in enumerate(lists[0]) if n >= began} == acknowledged
    for n in range(1, len(lists[0])):
        assert json.loads(lists[0][n])["body"]["prev"] == hashlib.sha256(lists[0][n - 1]).hexdigest()
    names = [name.rsplit("/", 1)[1] for name in store.names(f"circles/{circle.id}/members/")]
    assert names == [f"{n:012}" for n in range(began + 4 * entries)]


def test_an_upload_goes_on_at_the_other_relay_when_one_is_killed(both, store):
    circle = Circle()
    both[0].found(circle)
    data = os.urandom(3 << 20)
    target, name = circle.path("uploads"), hashlib.sha256(data).hexdigest()

    def uploader(proxy, **more):
        client = tuspy.TusClient(proxy.url + target)
        return client.uploader(
            file_stream=io.BytesIO(data), metadata={"sha256": name}, chunk_size=600_000, **more
        )

    def key_for(*_):
        return circle.admin.request

    with Proxy(both[0].address, key_for) as one, Proxy(both[1].address, key_for) as other:
        first = uploader(one)
        first.upload(stop_at=1_200_000)
        threading.Timer(0.02, both[0].kill).start()
        with contextlib.suppress(Exception):
            first.upload()
        for _ in range(50):
            if both[0].process is None:
                break
            time.sleep(0.1)
        second = uploader(other, url=first.url.replace(one.url, other.url))
        assert second.offset >= 1_200_000
        second.upload()
    both[0].start()
    assert store.get(f"blobs/{name}") == data
    again = both[0].upload(circle, circle.admin, data)
    assert again == (name, len(data))


def test_a_bucket_that_passes_over_conditions_is_refused(tmp_path):
    with Moto("careless", careless=True) as bucket:
        relay = Relay(tmp_path, bucket.store, bucket.env)
        with pytest.raises(Refused) as refused:
            relay.start()
        status, said = refused.value.args
        assert status != 0 and "If-None-Match" in said, said
        assert not bucket.names("")


def test_a_bucket_that_is_not_there_is_said(tmp_path):
    with Moto("curtain") as bucket, pytest.raises(Refused) as refused:
        Relay(tmp_path, "s3://other/circles", bucket.env).start()
    assert refused.value.args[0] != 0
