"""`openapi.json` is valid, and the relay keeps to it, whatever it is asked. [openapi-spec-validator, schemathesis]"""

import collections
import copy
import hashlib
import itertools
import json
import os

import pytest
import schemathesis
from circles import Key
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator
from proxy import Proxy
from relays import creation, metadata
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

# Of each operation, for each signer: so many as described, and so many that are not.
EXAMPLES = 6

CHECKED = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]

# What a reader may read; the rest is asked as a device.
FOR_READERS = ("/feed", "/blobs/", "/tombstones")


@pytest.fixture(scope="module")
def description(relay):
    return json.loads(relay.send("GET", "/openapi.json").body)


def test_it_is_an_openapi_3_1_document(description):
    assert description["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(description).validate()
    operations = [one for item in description["paths"].values() for name, one in item.items() if name != "parameters"]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names)) > 30


@schemathesis.serializer("application/offset+octet-stream")
def octets(_, value):
    return value if isinstance(value, bytes) else str(value).encode()


def at_home(relay, circle):
    """What is there: else all answers would be 404."""
    fields = creation(hashlib.sha256(b"7").hexdigest(), 1_000, brings=False)
    upload = relay.send("POST", circle.path("uploads"), b"", circle.admin.request, fields)
    return {
        "id": upload.headers["location"].rsplit("/", 1)[1],
        "circle": circle.id,
        "n": 0,
        "epoch": 1,
        "recipient": hashlib.sha256(circle.members[0].kem).hexdigest(),
        "sha256": circle.files[0][0],
        "log": circle.admin.log.id,
    }


def each(operation, mode, ask):
    """Asks what schemathesis makes up for an operation: the same every time."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case):
        ask(case)

    run()


@pytest.mark.parametrize("who", ["device", "reader", "stranger"])
def test_answers_are_as_described(relay, circle, description, who):
    device, reader, stranger = circle.admin.request, circle.read, Key()

    def key_for(_, path):
        if who == "stranger":
            return stranger
        return reader if who == "reader" and any(part in path for part in FOR_READERS) else device

    seen, failures = collections.Counter(), {}
    description = copy.deepcopy(description)
    # What waits is tested elsewhere.
    description["components"]["parameters"]["wait"]["schema"]["maximum"] = 0
    known, turn = at_home(relay, circle), itertools.cycle([False, True, True])
    schema = schemathesis.openapi.from_dict(description)
    with Proxy(relay.address, key_for) as proxy:

        def ask(case):
            if next(turn):
                case.path_parameters.update({name: known[name] for name in case.path_parameters if name in known})
                if "Upload-Metadata" in case.headers:
                    case.headers["Upload-Metadata"] = metadata(os.urandom(32).hex())
            response = case.call(base_url=proxy.url, timeout=40)
            seen[response.status_code] += 1
            for check in CHECKED:
                try:
                    case.validate_response(response, checks=[check])
                except FailureGroup as error:
                    where = case.operation.label, response.status_code, check.__name__
                    failures.setdefault(where, "; ".join(str(one)[:900] for one in error.exceptions))

        for found in schema.get_all_operations():
            operation = found.ok()
            if who == "reader" and not any(part in operation.path for part in FOR_READERS):
                continue
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                try:
                    each(operation, mode, ask)
                except Unsatisfiable:
                    # What cannot be asked in another way than it is described.
                    continue
    print(who, dict(seen))
    assert not failures, "\n\n".join(f"{where}: {why}" for where, why in failures.items())
    assert sum(seen.values()) > 60
    if who == "device":
        assert set(seen) >= {200, 201, 204, 400, 404, 409, 422}, seen
    assert relay.send("GET", "/readyz").status == 200
