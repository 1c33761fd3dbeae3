"""Other people's software reads the patient's receipt: zxing-cpp the square code, html.parser the page,
cryptography the signature."""

import base64
import functools
import hashlib
import html.parser
import json
import re

import pytest
import zxingcpp
from PIL import Image, ImageDraw

import clinic as clinics
import notes
import traces
from clinic import MARKUP, NAMES, PATIENTS

LANGUAGES = {"thumbprint": "hi", "guardian": "sw", "withdrawn": "es"}

VOID = {"meta", "br", "rect", "path"}
ALLOWED = VOID | set("html head title style body main header section h1 h2 p span bdi b dl div dt dd ul li svg".split())
ATTRIBUTES = set(
    "lang dir charset http-equiv content name class viewbox role aria-label shape-rendering width height fill d".split()
)


class Page(html.parser.HTMLParser):
    """Collects elements, attributes and text, and insists that elements nest."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text, self.style = [], [], {}, ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.style += data
        elif self.open:
            self.text.setdefault(self.open[-1], []).append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


def draw(page, pixels):
    """The square code as an image: its path is made of rows one module high."""
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', page).group(1))
    path = re.search(r' d="([^"]*)"', page).group(1)
    rows = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path)
    assert "".join("M{} {}h{}v1h-{}z".format(*row) for row in rows) == path
    image = Image.new("L", (side * pixels, side * pixels), 255)
    canvas = ImageDraw.Draw(image)
    for x, y, length, back in rows:
        assert length == back
        left, top = int(x) * pixels, int(y) * pixels
        canvas.rectangle((left, top, left + int(length) * pixels - 1, top + pixels - 1), fill=0)
    return image, side


class Receipt:
    """What the command wrote for a patient."""

    def __init__(self, folder):
        [self.file] = folder.glob("receipt-*.json")
        self.html = next(folder.glob("receipt-*.html")).read_text(encoding="utf-8")
        self.document = json.loads(self.file.read_text(encoding="utf-8"))
        self.purpose = self.document["pii_processing"]["purposes"][0]
        self.evidence = self.document["evidence"]

    @property
    def page(self):
        return Page(self.html)

    @property
    def code(self):
        """What the square code must say."""
        return f"curtain/v1/receipt\n{self.evidence['leaf']}\n{self.evidence['proof']}\n"


@pytest.fixture(params=PATIENTS)
def key(request):
    return request.param


@pytest.fixture
def receipt(clinic, key):
    return Receipt(clinic.receipts / key)


def scanned(receipt, pixels=3, turned=0):
    image, _ = draw(receipt.html, pixels)
    (code,) = zxingcpp.read_barcodes(image.rotate(turned), formats=zxingcpp.BarcodeFormat.QRCode)
    return code


@pytest.mark.parametrize("turned", [0, 90, 180])
def test_a_scanner_reads_exactly_the_text(receipt, turned):
    # Three dots a module: what a receipt printer of 203 dots an inch makes of the largest code on 72 mm.
    _, side = draw(receipt.html, 3)
    assert side * 3 <= 576
    code = scanned(receipt, turned=turned)
    assert code.bytes.decode() == code.text == receipt.code
    assert code.ec_level == "M"


def test_the_code_names_nobody_and_withdraws_nothing(clinic, receipt, key):
    text = scanned(receipt).text
    assert traces.found([*NAMES, clinics.TERMS["discloser"]], text.encode()) == []
    code = receipt.purpose["withdrawal_method"]["code"]
    assert code == clinic.consents[key].withdrawal_code
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){6}", code)
    assert code not in text and code[:9] not in text and code.replace("-", "") not in text


def test_the_page_needs_nothing_and_runs_nothing(receipt):
    page = receipt.page
    assert {tag for tag, _ in page.elements} <= ALLOWED
    assert {key for _, attrs in page.elements for key in attrs} <= ATTRIBUTES
    assert not re.search(r"url\(|@import|expression|javascript:", page.style)
    policy = [m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    style = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy == [f"default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"]
    # Before anything that the policy is about.
    assert receipt.html.index("Content-Security-Policy") < receipt.html.index("<style")


def test_languages_and_directions_are_marked(receipt, key):
    page = receipt.page
    language = LANGUAGES.get(key, "en")
    (root,) = page.all("html")
    assert root == {"lang": language, "dir": "ltr"}
    (wording,) = [attrs for attrs in page.all("div") if attrs.get("class") == "wording"]
    assert wording["lang"] == receipt.document["pii_processing"]["language"] == language
    assert all(attrs == {"dir": "auto"} for attrs in page.all("bdi"))
    assert bool([attrs for attrs in page.all("span") if attrs.get("class") == "en"]) == (language != "en")


def test_what_people_wrote_stands_there_as_they_wrote_it(receipt, key):
    page = receipt.page
    assert PATIENTS[key] in page.text["bdi"]
    for party in receipt.document["party_identification"]:
        assert party["party_name"] in page.text["bdi"]
    assert receipt.purpose["purpose"] in page.text["bdi"]
    assert receipt.document["pii_processing"]["privacy_notice"]["text"] in page.text["div"]
    assert receipt.purpose["withdrawal_method"]["code"] in "".join(page.text["span"])


def test_markup_in_names_is_text(clinic):
    receipt = Receipt(clinic.receipts / "markup")
    assert receipt.page.text["bdi"].count(MARKUP) >= 2
    assert "<script" not in receipt.html and "<img" not in receipt.html


def test_the_fields_of_ts_27560_are_there(receipt):
    document = receipt.document
    assert {"schema_version", "receipt_id", "record_id", "pii_principal_id"} <= document.keys()
    assert {"privacy_notice", "language", "purposes"} <= document["pii_processing"].keys()
    mandatory = """purpose pii_information pii_controllers storage_locations retention_period jurisdiction
        recipient_third_parties withdrawal_method""".split()
    assert len(document["pii_processing"]["purposes"]) == 1
    assert set(mandatory) <= receipt.purpose.keys()
    parties = {party["party_id"]: party["party_role"] for party in document["party_identification"]}
    assert parties[document["pii_principal_id"]] == "pii_principal"
    assert [parties[party] for party in receipt.purpose["pii_controllers"]] == ["pii_controller"]
    (event,) = document["event"]
    assert {"event_time", "validity_duration", "entity_id", "event_type", "event_state"} <= event.keys()
    assert event["entity_id"] in parties


def test_code_and_key_verify_without_us(clinic, receipt, key):
    """The code of the paper, and the key that is printed beside it, are enough."""
    header, leaf, proof = scanned(receipt).text.split("\n", 2)
    assert header == "curtain/v1/receipt" and proof.endswith("\n\n")
    assert clinic.key == receipt.evidence["log_key"] in receipt.page.text["span"]
    checkpoint = notes.check_proof(proof[:-1], leaf.encode(), notes.Key(clinic.key))
    assert checkpoint.size > clinic.consents[key].n == json.loads(leaf)["n"]
    with pytest.raises(AssertionError):
        notes.check_proof(proof[:-1], leaf.encode() + b" ", notes.Key(clinic.key))


def test_our_command_verifies_file_and_code_and_refuses_another(clinic, receipt, key, tmp_path):
    verify = functools.partial(clinics.run, "consent", "verify-receipt", "--json")
    code = tmp_path / "code.txt"
    code.write_bytes(scanned(receipt).bytes)
    for file in (receipt.file, code):
        done = verify("--key", clinic.key, file)
        line = json.loads(done.stdout)
        assert done.returncode == 0 and line["in_log"] and line["signer_authenticated"]
        assert line["consent"] == clinic.consents[key].consent
        changed = tmp_path / "changed"
        changed.write_bytes(file.read_bytes().replace(b"teaching", b"teachinG"))
        assert verify("--key", clinic.key, changed).returncode == 1
