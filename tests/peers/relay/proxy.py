"""A proxy that signs: clients that know nothing of our profile speak to it, and it to the relay.

    proxy.py RELAY SEED      prints its address; signs with the key of this seed (hex)

Faults meet requests with a body, one each, in order: `cut` sends so many bytes of the body and closes both ends,
`delay` waits so many seconds, `duplicate` sends the request twice and answers the second time, `drop` closes instead of
giving the answer.
"""

import collections
import contextlib
import http.client
import http.server
import sys
import threading
import time

from circles import Key

# What belongs to one connection, or is written anew.
HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host", "content-length", "expect"}
SIGNED = {"signature", "signature-input", "content-digest"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def forward(self):
        proxy, body = self.server.proxy, self.body()
        fault, value = proxy.faults.popleft() if body and proxy.faults else (None, None)
        proxy.seen.append((self.command, self.path, len(body), fault))
        if fault == "delay":
            time.sleep(value)
        times = 2 if fault == "duplicate" else 1
        for _ in range(times):
            answer = self.ask(proxy, body, value if fault == "cut" else None)
        if answer is None or fault == "drop":
            self.close_connection = True
            return
        status, headers, content = answer
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.send_response_only(status)
            for name, text in headers:
                if name.lower() not in HOP:
                    self.send_header(name, text)
            length = dict((name.lower(), text) for name, text in headers).get("content-length")
            if self.command == "HEAD" and length:
                self.send_header("Content-Length", length)
            elif status not in (204, 304):
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def ask(self, proxy, body, cut):
        connection = http.client.HTTPConnection(proxy.relay, timeout=60)
        with contextlib.closing(connection):
            connection.putrequest(self.command, self.path, skip_accept_encoding=True)
            for name, text in self.headers.items():
                if name.lower() not in HOP | SIGNED:
                    connection.putheader(name, text)
            if body or self.command in ("POST", "PUT", "PATCH"):
                connection.putheader("Content-Length", str(len(body)))
            key = proxy.key_for(self.command, self.path)
            for name, text in key.fields(self.command, proxy.relay, self.path, body).items():
                connection.putheader(name, text)
            connection.endheaders(body[:cut] or None)
            if cut is not None:
                # What was sent is on its way before the end is.
                time.sleep(0.2)
                return None
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_QUERY = forward  # noqa: N815


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """A connection that ended is no news."""


class Proxy:
    """Runs in this process, in threads. `key_for` gives the key for a method and target."""

    def __init__(self, relay, key_for):
        self.relay, self.key_for = relay, key_for
        self.faults, self.seen = collections.deque(), []
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.proxy = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def main():
    relay, seed = sys.argv[1:]
    key = Key(bytes.fromhex(seed))
    proxy = Proxy(relay, lambda *_: key)
    print(proxy.url, flush=True)
    proxy.server.serve_forever()


if __name__ == "__main__":
    main()
