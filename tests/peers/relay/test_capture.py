"""All that crosses the loopback while a whole case is played, kept by tcpdump: no word of the patient's, and no picture."""

import collections
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import dpkt
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import traces

# Who the demo's case is about, and what the clinician wrote.
SECRETS = ["Zebedee", "Quillfeather", "Quagmarsh", "7700 900123", "7700900123"]


def may_capture():
    return os.geteuid() == 0 and shutil.which("tcpdump")


@pytest.fixture
def captured(tmp_path):
    """The demo's words, and each direction of each connection that was open meanwhile, put together."""
    kept = tmp_path / "loopback.pcap"
    dump = subprocess.Popen(
        ["tcpdump", "--interface=lo", "--snapshot-length=262144", "--buffer-size=65536", "-U", "-Z", "root", "-w", kept, "tcp"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert any("listening on lo" in line for line in dump.stderr)
    demo = subprocess.run(
        [os.environ["CURTAIN"], "demo", "--json", "--out", tmp_path / "demo"],
        capture_output=True,
        text=True,
        check=False,
    )
    time.sleep(1)
    dump.send_signal(signal.SIGINT)
    said = dump.communicate()[1]
    assert demo.returncode == 0, demo.stderr
    assert "0 packets dropped by kernel" in said, said
    return streams(kept)


def streams(file):
    """Both directions of every TCP connection, in the order of their bytes."""
    parts = collections.defaultdict(dict)
    with file.open("rb") as packets:
        for _, packet in dpkt.pcap.Reader(packets):
            ip = dpkt.ethernet.Ethernet(packet).data
            tcp = ip.data
            if isinstance(tcp, dpkt.tcp.TCP) and tcp.data:
                parts[ip.src, tcp.sport, ip.dst, tcp.dport].setdefault(tcp.seq, bytes(tcp.data))
    return [b"".join(parts for _, parts in sorted(part.items())) for part in parts.values()]


@pytest.mark.skipif(not may_capture(), reason="capturing needs root and tcpdump; .ci/run has both")
def test_a_packet_capture_of_a_whole_case_names_nobody(captured):
    everything = b"\n".join(captured)
    # This is the traffic: the upload, the feed and the withdrawal.
    for request in [b"PATCH /v1/uploads/", b"POST /v1/circles/", b"GET /v1/circles/", b"POST /v1/withdrawals"]:
        assert request in everything, request
    assert len(everything) > 200_000
    assert traces.found(SECRETS, everything) == []
    assert traces.found([secret.lower() for secret in SECRETS], everything.lower()) == []
    for picture in [b"\xff\xd8\xff", b"\x89PNG\r\n", b"JFIF", b"ftypmp42"]:
        assert picture not in everything, picture
