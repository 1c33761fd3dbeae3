import pytest
from circles import Circle, blob, case
from relays import Relay


@pytest.fixture(scope="module")
def relay(tmp_path_factory):
    """A relay over a folder, for one module."""
    relay = Relay(tmp_path_factory.mktemp("relay"), arguments=["--requests-per-minute", 1_000_000]).start()
    yield relay
    relay.stop()


@pytest.fixture(scope="module")
def circle(relay):
    """A circle of an admin, two members and an officer, with one case."""
    circle = Circle(members=2, officers=1)
    relay.found(circle)
    files = [relay.upload(circle, circle.admin, blob(length)) for length in (300, 5_000)]
    circle.files = files
    circle.case, _ = relay.post(circle, circle.admin, case(circle.admin, files))
    return circle
