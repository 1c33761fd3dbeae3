"""The questions of `consent new`, answered on a terminal."""

import json
import os
import pty
import re
import select
import subprocess
import time
from datetime import date, timedelta

import pytest

import clinic as clinics

ENTER, DOWN = "\r", "\x1b[B"
SECONDS = 20
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A command that runs in a terminal of its own."""

    def __init__(self, args):
        self.ours, theirs = pty.openpty()
        command = [clinics.command(), *map(str, args)]
        env = {**os.environ, "TERM": "xterm"}
        self.running = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=env
        )
        os.close(theirs)
        self.text, self.unread = "", ""

    def read(self, until):
        """Reads until `until` holds or the command closes the terminal."""
        deadline = time.monotonic() + SECONDS
        while not until():
            ready, _, _ = select.select([self.ours], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"nothing more came after: {self.text[-400:]}"
            try:
                data = os.read(self.ours, 65536)
            except OSError:
                return False
            if not data:
                return False
            more = ESCAPES.sub("", data.decode("utf-8", "replace"))
            self.text, self.unread = self.text + more, self.unread + more
        return True

    def answer(self, question, keys):
        """Waits for a question, then types."""
        assert self.read(lambda: question in self.unread), f"not asked: {question}; {self.text[-400:]}"
        self.unread = self.unread.split(question, 1)[1]
        os.write(self.ours, keys.encode())

    def finish(self):
        while self.read(lambda: False):
            pass
        return self.running.wait(timeout=SECONDS)

    def close(self):
        if self.running.poll() is None:
            self.running.kill()
            self.running.wait()
        os.close(self.ours)


@pytest.fixture
def terminal(clinic, tmp_path):
    vault = tmp_path / "vault"
    opened = Terminal(["consent", "new", "--vault", vault, "--picture", clinic.picture, "--text", clinic.story])
    yield opened
    opened.close()


def answers(clinic):
    """Questions with what is typed."""
    yield "The patient's name", "Test Patient Terminal" + ENTER
    yield "Who agrees?", DOWN * 2 + ENTER
    yield "The name of who agrees", "Test Guardian" + ENTER
    yield "Where does that authority come from", "mother" + ENTER
    yield "The minor...", ENTER
    yield "Under which law", DOWN + ENTER
    yield "How far may the case go", DOWN + ENTER
    yield "What is it for", "Teaching" + ENTER
    yield "Who may see it", "Test Circle" + ENTER
    yield "Who shares it", "Test Clinic" + ENTER
    yield "Whom can the patient ask", "Front desk" + ENTER
    yield "What is shown, in words", "A wound" + ENTER
    yield "Until which day", "never" + ENTER
    yield "Until which day", "2020-12-31" + ENTER
    yield "Until which day", str(date.today() + timedelta(days=365)) + ENTER
    yield "In which language", ENTER
    yield "Was every file shown", "y"
    yield "Was the text read", "y"
    yield "Did they say yes clearly", "y"
    yield "Is the discussion noted", "n"
    yield "How is consent given", ENTER
    yield "The file", str(clinic.signature) + ENTER
    yield "Was there a witness", "y"
    yield "The witness's name", "Test Witness" + ENTER
    yield "What is the witness", "nurse" + ENTER


def consents(vault):
    done = clinics.run("consent", "list", "--names", "--json", "--vault", vault)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_question_answered_records_a_consent(clinic, terminal, tmp_path):
    for question, keys in answers(clinic):
        terminal.answer(question, keys)
    assert terminal.finish() == 0, terminal.text
    # The text was shown before it was agreed to.
    shown, asked = "Sharing the case of Test Patient Terminal", "Was every file shown"
    assert terminal.text.index(shown) < terminal.text.index(asked)
    (consent,) = consents(tmp_path / "vault")
    assert (consent["patient"], consent["regime"], consent["level"]) == ("Test Patient Terminal", "gdpr", "teaching")
    shown = clinics.run("consent", "show", "--json", "--vault", tmp_path / "vault", consent["consent"])
    kept = json.loads(shown.stdout)["details"]["consent"]
    assert kept["giver"] == {"guardian": {"assent": "given", "authority": "mother", "name": "Test Guardian"}}
    assert kept["witness"] == {"name": "Test Witness", "role": "nurse"}
    assert set(kept["affirmed"]) == {"understood", "explicit"}
    assert {thing["kind"] for thing in kept["objects"]} == {"picture", "text"}


def test_a_no_is_not_a_yes(clinic, terminal, tmp_path):
    for question, keys in answers(clinic):
        terminal.answer(question, "n" if question == "Was every file shown" else keys)
    assert terminal.finish() == 1
    assert "nothing was recorded" in terminal.text
    assert consents(tmp_path / "vault") == []


def test_a_closed_terminal_records_nothing(clinic, terminal, tmp_path):
    for question, keys in list(answers(clinic))[:12]:
        terminal.answer(question, keys)
    terminal.running.terminate()
    assert terminal.finish() != 0
    assert consents(tmp_path / "vault") == []
