"""S3 servers that others wrote: moto, in this process, and versitygw, if somebody built it."""

import os
import socket
import subprocess
import threading
import time

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "peer", "AWS_SECRET_ACCESS_KEY": "peer", "AWS_REGION": "us-east-1"}
# boto3 looks for them here, moto too.
os.environ.update(CREDENTIALS)


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


class Bucket:
    """A bucket on a server at `url`."""

    def __init__(self, name):
        self.name, self.store = name, f"s3://{name}/circles"

    def open(self, url):
        self.env = {**CREDENTIALS, "AWS_ENDPOINT": url, "AWS_ALLOW_HTTP": "true"}
        self.client = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
        self.client.create_bucket(Bucket=self.name)
        return self

    def names(self, prefix):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=f"circles/{prefix}")
        return [found["Key"].removeprefix("circles/") for page in pages for found in page.get("Contents", [])]

    def get(self, name):
        return self.client.get_object(Bucket=self.name, Key=f"circles/{name}")["Body"].read()


class Moto(Bucket):
    """One request at a time, since moto's conditions are not atomic; `careless` passes over them, as some stores do."""

    def __init__(self, name, *, careless=False):
        super().__init__(name)
        app = DomainDispatcherApplication(create_backend_app)

        def serve(environ, start_response):
            if careless:
                environ.pop("HTTP_IF_NONE_MATCH", None)
                environ.pop("HTTP_IF_MATCH", None)
            return app(environ, start_response)

        self.server = make_server("127.0.0.1", 0, serve, threaded=False, request_handler=Quiet)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.open(f"http://127.0.0.1:{self.server.port}")

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Versity(Bucket):
    """versitygw over a folder; `CURTAIN_VERSITYGW` is the command."""

    def __init__(self, name, folder):
        super().__init__(name)
        self.folder = folder

    def __enter__(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.folder.mkdir()
        command = [os.environ["CURTAIN_VERSITYGW"], "--port", f"127.0.0.1:{port}", "--access", "peer", "--secret", "peer"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([*command, "--quiet", "posix", str(self.folder)], **quiet)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        return self.open(f"http://127.0.0.1:{port}")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
