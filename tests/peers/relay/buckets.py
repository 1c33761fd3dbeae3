"""An S3 server that others wrote: moto, in this process. One request at a time, since its conditions are not atomic."""

import os
import threading

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
    """A bucket of its own; `careless` passes over conditions, as some stores do."""

    def __init__(self, name, *, careless=False):
        self.name, self.store = name, f"s3://{name}/circles"
        app, self.requests = DomainDispatcherApplication(create_backend_app), 0

        def serve(environ, start_response):
            self.requests += 1
            if careless:
                environ.pop("HTTP_IF_NONE_MATCH", None)
                environ.pop("HTTP_IF_MATCH", None)
            return app(environ, start_response)

        self.server = make_server("127.0.0.1", 0, serve, threaded=False, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self.server.port}"
        self.env = {**CREDENTIALS, "AWS_ENDPOINT": self.url, "AWS_ALLOW_HTTP": "true"}

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.client = boto3.client("s3", endpoint_url=self.url, region_name="us-east-1")
        self.client.create_bucket(Bucket=self.name)
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def names(self, prefix):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=f"circles/{prefix}")
        return [found["Key"].removeprefix("circles/") for page in pages for found in page.get("Contents", [])]

    def get(self, name):
        return self.client.get_object(Bucket=self.name, Key=f"circles/{name}")["Body"].read()
