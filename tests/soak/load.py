"""Load: phones that post cases of 2 MB and readers that wait for them, against a relay on this machine.

    load.py [--seconds 300] [--phones 200] [--readers 2000] [--circles 20] [--pace 20] [--bytes 2000000] [--drivers 2]

Prints throughput, times by kind of request, the relay's memory and how busy relay and drivers were. Ends with 1 if
anything that was acknowledged is not there. CURTAIN or CURTAIN_RELAY name the command, as for the peers. A phone rests
between its cases for half to one and a half of `pace` seconds. Each client has an address of its own
(`X-Forwarded-For`); limits that all of them would share on one machine are raised, and printed.
"""

import argparse
import asyncio
import collections
import hashlib
import json
import multiprocessing
import os
import pathlib
import random
import resource
import shutil
import sys
import tempfile
import threading
import time

import aiohttp
from yarl import URL

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "peers/relay"))

from circles import Circle, blob, case, sealed_len  # noqa: E402
from relays import Relay, creation  # noqa: E402

WAIT_S = 20

# Of what readers are told, they fetch the picture of so many.
FETCHED = 1 / 100


class Driver:
    """Some of the circles, with their phones and readers, in a process of its own."""

    def __init__(self, options, address, circles, number):
        self.options, self.address, self.circles, self.number = options, address, circles, number
        self.times, self.errors = collections.defaultdict(list), collections.Counter()
        self.acknowledged, self.blobs = [], {}
        self.sent_at, self.bytes_in, self.bytes_out = {}, 0, 0
        self.filler = os.urandom(sealed_len(options.bytes))

    async def ask(self, kind, client, method, target, body, key, headers=None):
        """Status and bytes; None if there was no answer."""
        fields = key.fields(method, self.address, target, body)
        began = time.monotonic()
        try:
            url = URL(f"http://{self.address}{target}", encoded=True)
            fields = {**fields, **(headers or {}), "X-Forwarded-For": client}
            async with self.session.request(method, url, data=body or None, headers=fields) as response:
                answer = await response.read()
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            self.errors[f"{kind}: {type(error).__name__}"] += 1
            return None, b""
        self.times[kind].append(time.monotonic() - began)
        if response.status >= 400:
            code = json.loads(answer).get("code") if answer else ""
            self.errors[f"{kind}: {response.status} {code}"] += 1
        return response.status, answer

    def address_of(self, circle, place):
        return f"10.{self.number}.{circle}.{place}" if place < 256 else f"11.{circle}.{place >> 8}.{place & 255}"

    async def upload(self, kind, circle, by, client, data):
        name = hashlib.sha256(data).hexdigest()
        fields = creation(name, len(data))
        status, _ = await self.ask(kind, client, "POST", circle.path("uploads"), data, by.request, fields)
        if status != 201:
            return None
        self.bytes_in += len(data)
        self.blobs[name] = len(data)
        return name, len(data)

    async def phone(self, n, circle, place, by):
        client = self.address_of(n, place)
        pace = self.options.pace
        await asyncio.sleep(random.uniform(0, min(pace, self.options.seconds / 2)))
        while time.monotonic() < self.until:
            began = time.monotonic()
            body = await self.upload("upload 1 KB", circle, by, client, blob())
            mark = os.urandom(16)
            picture = await self.upload("upload 2 MB", circle, by, client, mark + self.filler[16:])
            if body and picture:
                header = circle.header(by, case(by, [body, picture]))
                self.sent_at[header] = time.monotonic()
                status, answer = await self.ask(
                    "post", client, "POST", circle.path("feed"), header, by.request
                )
                if status in (200, 201):
                    circle.sent(by, header)
                    self.acknowledged.append((n, json.loads(answer)["n"], hashlib.sha256(header).digest()))
                    self.times["case, all of it"].append(time.monotonic() - began)
            rest = random.uniform(0.5, 1.5) * pace
            await asyncio.sleep(max(0, min(rest, self.until - time.monotonic())))

    async def reader(self, n, circle, place):
        client, known = self.address_of(n, place + 20), 0
        await asyncio.sleep(random.uniform(0, min(5, self.options.seconds / 4)))
        while time.monotonic() < self.until:
            wait = max(0, min(WAIT_S, int(self.until - time.monotonic())))
            target = circle.path(f"feed?from={known}&limit=100&wait={wait}")
            began = time.monotonic()
            status, answer = await self.ask("poll, with its wait", client, "GET", target, b"", circle.read)
            if status != 200:
                await asyncio.sleep(1)
                continue
            now, headers = time.monotonic(), answer.splitlines()
            known += len(headers)
            self.bytes_out += len(answer)
            for header in headers:
                sent = self.sent_at.get(header)
                # Not what was there before this reader asked.
                if sent and sent > began:
                    self.times["told after post"].append(now - sent)
                if random.random() < FETCHED and now < self.until:
                    picture = json.loads(header)["body"]["content"]["objects"][-1]
                    target = circle.path(f"blobs/{picture['sha256']}")
                    status, data = await self.ask("fetch 2 MB", client, "GET", target, b"", circle.read)
                    self.bytes_out += len(data)
                    if status == 200 and hashlib.sha256(data).hexdigest() != picture["sha256"]:
                        self.errors["fetch 2 MB: other bytes"] += 1

    async def all(self):
        self.until = time.monotonic() + self.options.seconds
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
        timeout = aiohttp.ClientTimeout(total=120)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as self.session:
            jobs = []
            for n, circle in self.circles:
                jobs += [self.phone(n, circle, place, by) for place, by in enumerate(circle.members)]
                readers = self.options.readers // self.options.circles
                jobs += [self.reader(n, circle, place) for place in range(readers)]
            await asyncio.gather(*jobs)

    def run(self, results):
        began, used = time.monotonic(), time.process_time()
        asyncio.run(self.all())
        results.put(
            {
                "acknowledged": self.acknowledged,
                "blobs": self.blobs,
                "times": dict(self.times),
                "errors": self.errors,
                "in": self.bytes_in,
                "out": self.bytes_out,
                "busy": (time.process_time() - used) / (time.monotonic() - began),
            }
        )


class Watch:
    """The relay's memory and processor time, every second."""

    def __init__(self, pid):
        self.pid, self.rss, self.ended = pid, [], threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.began, self.cpu = time.monotonic(), self.cpu_s()
        self.thread.start()

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def look(self):
        while not self.ended.is_set():
            for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    self.rss.append(int(line.split()[1]) / 1024)
            self.ended.wait(1)

    def end(self):
        self.ended.set()
        self.thread.join()
        self.busy = (self.cpu_s() - self.cpu) / (time.monotonic() - self.began)


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def lost(relay, circles, results):
    """What was acknowledged and is not there, in words."""
    wrong = []
    lists = {n: relay.list(circle.path("feed"), circle.read) for n, circle in enumerate(circles)}
    hashes = {n: [hashlib.sha256(header).digest() for header in headers] for n, headers in lists.items()}
    numbers = set()
    for result in results:
        for n, at, name in result["acknowledged"]:
            if at >= len(hashes[n]) or hashes[n][at] != name:
                wrong.append(f"header {at} of circle {n}")
            if (n, at) in numbers:
                wrong.append(f"number {at} of circle {n} was given twice")
            numbers.add((n, at))
        names = sorted(result["blobs"])
        for name in names:
            file = pathlib.Path(relay.store) / "blobs" / name
            if not file.exists() or file.stat().st_size != result["blobs"][name]:
                wrong.append(f"blob {name}")
        for name in random.sample(names, min(50, len(names))):
            data = (pathlib.Path(relay.store) / "blobs" / name).read_bytes()
            if hashlib.sha256(data).hexdigest() != name:
                wrong.append(f"the bytes of blob {name}")
    return wrong, sum(len(headers) for headers in lists.values())


def main():
    parser = argparse.ArgumentParser()
    for name, usual in [
        ("seconds", 300),
        ("phones", 200),
        ("readers", 2000),
        ("circles", 20),
        ("pace", 20),
        ("bytes", 2_000_000),
        ("drivers", 2),
    ]:
        parser.add_argument(f"--{name}", type=int, default=usual)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    folder = pathlib.Path(tempfile.mkdtemp(prefix="curtain-load-"))
    limits = [
        *("--requests-per-minute", "10000000"),
        *("--max-requests", str(2 * (options.phones + options.readers))),
        *("--max-requests-per-address", "64"),
        *("--proxy", "127.0.0.1"),
    ]
    relay = Relay(folder, arguments=limits).start()
    try:
        began = time.monotonic()
        circles = [Circle(members=options.phones // options.circles) for _ in range(options.circles)]
        for circle in circles:
            relay.found(circle)
        print(
            f"{options.phones} phones and {options.readers} readers in {options.circles} circles for "
            f"{options.seconds} s; a case of {options.bytes / 1e6:.1f} MB about every {options.pace} s per phone"
        )
        print(f"{os.cpu_count()} processors, shared by relay and {options.drivers} drivers; relay {' '.join(limits)}")
        print(f"circles founded in {time.monotonic() - began:.1f} s", flush=True)

        context = multiprocessing.get_context("fork")
        queue, watch = context.Queue(), Watch(relay.process.pid)
        drivers = []
        for number in range(options.drivers):
            mine = [(n, circle) for n, circle in enumerate(circles) if n % options.drivers == number]
            driver = Driver(options, relay.address, mine, number)
            drivers.append(context.Process(target=driver.run, args=(queue,)))
        began = time.monotonic()
        for driver in drivers:
            driver.start()
        results = [queue.get(timeout=options.seconds + 180) for _ in drivers]
        for driver in drivers:
            driver.join()
        took = time.monotonic() - began
        watch.end()

        times = collections.defaultdict(list)
        errors = collections.Counter()
        for result in results:
            errors += result["errors"]
            for kind, some in result["times"].items():
                times[kind] += some
        cases = sum(len(result["acknowledged"]) for result in results)
        total_in, total_out = (sum(result[way] for result in results) / 1e6 for way in ("in", "out"))
        print(f"\n{took:.0f} s: {cases} cases ({cases / took:.1f}/s)")
        print(f"{total_in:.0f} MB in ({total_in / took:.1f} MB/s), {total_out:.0f} MB out ({total_out / took:.1f} MB/s)\n")
        print(f"{'':22}{'count':>9}{'per s':>9}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}")
        for kind, some in sorted(times.items()):
            values = [1e3 * value for value in (percentile(some, 0.5), percentile(some, 0.99), max(some))]
            print(f"{kind:22}{len(some):9}{len(some) / took:9.1f}" + "".join(f"{value:9.0f}" for value in values))
        rss = watch.rss
        print(f"\nrelay: {rss[0]:.0f} MB at the start, {rss[len(rss) // 2]:.0f} in the middle, {rss[-1]:.0f} at the end, ", end="")
        print(f"{max(rss):.0f} at most; {100 * watch.busy:.0f} % of a processor")
        busy = [100 * result["busy"] for result in results]
        print("drivers: " + ", ".join(f"{share:.0f} %" for share in busy) + " of a processor each", end="")
        print(" (above 80 % the times are the driver's)" if max(busy) > 80 else "")
        print("refused or failed: " + (", ".join(f"{what} {n}" for what, n in errors.most_common()) or "none"))
        wrong, there = lost(relay, circles, results)
        print(f"acknowledged: {cases} cases; the feeds have {there}; lost: {len(wrong)}")
        for what in wrong[:20]:
            print(f"  {what}")
        sys.exit(1 if wrong or not cases else 0)
    finally:
        relay.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
