"""Runs the relay, and speaks to it."""

import collections
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import signal
import subprocess
import threading

from circles import b64

Answer = collections.namedtuple("Answer", "status headers body")


def command():
    """The relay alone in CURTAIN_RELAY, else `curtain relay`."""
    alone = os.environ.get("CURTAIN_RELAY")
    return [alone] if alone else [os.environ["CURTAIN"], "relay"]


class Refused(Exception):
    """The relay did not start. Holds what it said."""


def send(address, method, target, body=b"", key=None, headers=None, authority=None, timeout=60):
    """One request on a connection of its own; signed with `key`, if there is one."""
    fields = key.fields(method, authority or address, target, body) if key else {}
    connection = http.client.HTTPConnection(address, timeout=timeout)
    with contextlib.closing(connection):
        connection.putrequest(method, target, skip_accept_encoding=True)
        length = {"Content-Length": str(len(body))} if body or method in ("POST", "PUT", "PATCH") else {}
        for name, value in {**length, **fields, **(headers or {})}.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


class Relay:
    """A relay over a store, on a port of its own."""

    def __init__(self, folder, store=None, env=None, arguments=()):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.store = str(store or self.folder / "store")
        self.keys = self.folder / "relay.keys"
        self.env, self.arguments = env or {}, [str(argument) for argument in arguments]
        self.process = self.address = None

    def start(self):
        command_line = [*command(), "--listen", "127.0.0.1:0", "--store", self.store, "--keys", str(self.keys)]
        self.errors = (self.folder / "relay.log").open("ab")
        self.process = subprocess.Popen(
            [*command_line, *self.arguments],
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env={**os.environ, **self.env},
        )
        line = self.process.stdout.readline()
        if not line.startswith("listening on http://"):
            status = self.process.wait(30)
            raise Refused(status, (self.folder / "relay.log").read_text())
        self.address = line.strip().removeprefix("listening on http://")
        return self

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return None
        self.process.send_signal(how)
        status = self.process.wait(30)
        self.process.stdout.close()
        self.errors.close()
        self.process = None
        return status

    def kill(self):
        return self.stop(signal.SIGKILL)

    def send(self, method, target, body=b"", key=None, headers=None, **more):
        return send(self.address, method, target, body, key, headers, **more)

    def found(self, circle):
        """Brings the relay a circle's entries that it does not have, and what they name."""
        for n in range(len(circle.entries)):
            answer = self.send("PUT", circle.path(f"members/{n}"), circle.entries[n], circle.admin.request)
            assert answer.status in (200, 201), answer
        boxes = self.send("PUT", circle.path(f"boxes/{circle.epochs - 1}"), circle.boxes, circle.admin.request)
        assert boxes.status in (200, 201), boxes

    def upload(self, circle, by, data):
        """Creation with upload. Gives hash and size."""
        name = hashlib.sha256(data).hexdigest()
        answer = self.send("POST", circle.path("uploads"), data, by.request, creation(name, len(data)))
        assert (answer.status, answer.headers["upload-offset"]) == (201, str(len(data))), answer
        return name, len(data)

    def post(self, circle, by, content):
        """Appends a header. Gives its hash and number."""
        header = circle.header(by, content)
        answer = self.send("POST", circle.path("feed"), header, by.request)
        assert answer.status == 201, answer
        circle.sent(by, header)
        return hashlib.sha256(header).hexdigest(), json.loads(answer.body)["n"]

    def list(self, target, key):
        """Lines of a list, from its start."""
        lines = []
        while True:
            mark = "&" if "?" in target else "?"
            answer = self.send("GET", f"{target}{mark}from={len(lines)}", b"", key)
            assert answer.status == 200, answer
            lines += answer.body.splitlines()
            if len(lines) == int(answer.headers["curtain-size"]):
                return lines


def metadata(name):
    return f"sha256 {b64(name.encode())}"


def creation(name, length, brings=True):
    """The fields of a creation."""
    kind = {"Content-Type": "application/offset+octet-stream"} if brings else {}
    return {"Tus-Resumable": "1.0.0", "Upload-Length": str(length), "Upload-Metadata": metadata(name), **kind}


def together(*jobs):
    """Runs them at once, and gives what each gave; fails if one does."""
    results, errors = [None] * len(jobs), []

    def run(n, job):
        try:
            results[n] = job()
        except BaseException as error:  # noqa: BLE001: it is raised below
            errors.append(error)

    threads = [threading.Thread(target=run, args=each) for each in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
