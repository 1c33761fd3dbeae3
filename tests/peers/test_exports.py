"""fhir.resources, Python's csv and json, and pypdf read what we export."""

import base64
import csv
import json
import re
from datetime import datetime

import pypdf
import pytest
from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError

import notes
import traces
from clinic import ELSEWHERE, FORMULA, PATIENTS

VIEWS = ["details", "plain", "many-details", "many-plain"]
BUNDLES = [*VIEWS, "none"]
NAMED = {"details", "many-details"}
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Columns that a view without details leaves empty.
WORDS = {"patient_name", "giver", "discloser", "recipients", "purpose", "language", "method"}
ENDINGS = {"withdraw", "expire", "erase"}


@pytest.fixture
def bundle(clinic):
    """Reads a bundle; a fresh one each time."""
    return lambda name="details": json.loads((clinic.exports / f"{name}.fhir").read_text(encoding="utf-8"))


@pytest.fixture
def rows(clinic):
    """The lines of JSON of a view."""
    return lambda name: [
        json.loads(line) for line in (clinic.exports / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]


@pytest.fixture
def table(clinic):
    """The rows of CSV of a view."""

    def read(name):
        with open(clinic.exports / f"{name}.csv", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, strict=True))

    return read


def of_kind(found, kind):
    return [entry["resource"] for entry in found["entry"] if entry["resource"]["resourceType"] == kind]


def references(value):
    """Every literal reference below `value`."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for below in value.values():
            yield from references(below)
    elif isinstance(value, list):
        for below in value:
            yield from references(below)


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for below in value.values() if isinstance(value, dict) else value:
            yield from strings(below)


# R4B's Bundle, Consent, Provenance, Patient, Group, Device and Binary are those of R4 but for members we do not use.
@pytest.mark.parametrize("name", BUNDLES)
def test_the_bundle_is_one(bundle, name):
    read = Bundle.model_validate(bundle(name))
    assert read.type == "collection"


@pytest.mark.parametrize(
    "change",
    [
        lambda found: of_kind(found, "Consent")[0].pop("scope"),
        lambda found: of_kind(found, "Consent")[0].update(withdrawn=True),
        lambda found: of_kind(found, "Provenance")[0].pop("recorded"),
        lambda found: found["entry"].append({"resource": {"resourceType": "Nothing"}}),
    ],
)
def test_the_peer_sees_what_is_wrong(bundle, change):
    found = bundle()
    change(found)
    with pytest.raises((ValidationError, LookupError, ValueError)):
        Bundle.model_validate(found)


@pytest.mark.parametrize("name", BUNDLES)
def test_bdl_1_to_9(bundle, name):
    found = bundle(name)
    assert "total" not in found
    assert datetime.fromisoformat(found["timestamp"]).tzinfo
    urls = [entry["fullUrl"] for entry in found["entry"]]
    assert len(set(urls)) == len(urls)
    for entry in found["entry"]:
        assert set(entry) == {"fullUrl", "resource"}
        assert re.fullmatch(
            r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", entry["fullUrl"]
        )


@pytest.mark.parametrize("name", BUNDLES)
def test_references_resolve(bundle, name):
    found = bundle(name)
    urls = {entry["fullUrl"] for entry in found["entry"]}
    for entry in found["entry"]:
        resource = entry["resource"]
        contained = {"#" + inner["id"] for inner in resource.get("contained", [])}
        used = set(references(resource))
        assert used <= urls | contained
        # dom-3: what is contained is referred to; dom-2, dom-4: it contains nothing and has no version of its own.
        assert contained <= used
        for inner in resource.get("contained", []):
            assert not {"contained", "meta", "text"} & set(inner)


@pytest.mark.parametrize("name", ["details", "many-details"])
def test_ppc_1_to_5_and_required_bindings(bundle, name):
    for consent in of_kind(bundle(name), "Consent"):
        assert consent.get("policy") or consent.get("policyRule")  # ppc-1
        scopes = {coding["code"] for coding in consent["scope"]["coding"]}
        assert scopes == {"patient-privacy"}  # ppc-3, ppc-4 and ppc-5 are about the other scopes
        assert consent["patient"] == {"reference": "#patient"}  # ppc-2
        assert consent["status"] in {"draft", "proposed", "active", "rejected", "inactive", "entered-in-error"}
        provision = consent["provision"]
        assert provision["type"] in {"deny", "permit"}
        period = provision["period"]
        assert datetime.fromisoformat(period["start"]) <= datetime.fromisoformat(period["end"])
        for actor in provision["actor"]:
            assert actor["role"]["coding"] and actor["reference"]
        patient, group = consent["contained"]
        assert patient["resourceType"] == "Patient"
        assert group["type"] in {"person", "animal", "practitioner", "device", "medication", "substance"}
        assert not group["actual"] and "member" not in group  # grp-1
    for provenance in of_kind(bundle(name), "Provenance"):
        for entity in provenance.get("entity", []):
            assert entity["role"] in {"derivation", "revision", "quotation", "source", "removal"}
        for agent in provenance["agent"]:
            assert agent["who"]


def events_of(bundle):
    """The events of each consent, by its URL."""
    events = {}
    for provenance in of_kind(bundle, "Provenance"):
        (target,) = provenance["target"]
        codings = provenance["activity"]["coding"]
        ours = [coding["code"] for coding in codings if coding["system"] == "urn:curtain:event"]
        events.setdefault(target["reference"], []).extend(ours)
    return events


@pytest.mark.parametrize(("name", "active"), [("details", 5), ("many-details", 5 + len(ELSEWHERE))])
def test_status_and_provenance_agree(bundle, name, active):
    found = bundle(name)
    events = events_of(found)
    consents = {
        entry["fullUrl"]: entry["resource"]
        for entry in found["entry"]
        if entry["resource"]["resourceType"] == "Consent"
    }
    assert set(events) == set(consents)
    for url, consent in consents.items():
        assert events[url][0] == "grant"
        ended = events[url][1:]
        assert set(ended) <= ENDINGS
        assert consent["status"] == ("inactive" if ended else "active")
    statuses = [consent["status"] for consent in consents.values()]
    assert (statuses.count("active"), statuses.count("inactive")) == (active, 3)
    assert {code for codes in events.values() for code in codes} == {"grant", *ENDINGS}


def test_names_are_in_the_bundle_with_details_only(bundle):
    def names(found):
        return {
            name["text"] for consent in of_kind(found, "Consent") for name in consent["contained"][0].get("name", [])
        }

    assert names(bundle()) == set(PATIENTS.values()) - {PATIENTS["erased"]}
    assert names(bundle("many-details")) == set(PATIENTS.values()) - {PATIENTS["erased"]} | set(ELSEWHERE)
    assert names(bundle("plain")) == names(bundle("many-plain")) == set()


def test_what_a_bundle_of_many_says_of_a_log_is_what_its_own_says(bundle):
    own, many = ({entry["fullUrl"]: entry["resource"] for entry in bundle(name)["entry"]} for name in ("details", "many-details"))
    shared = set(own) & set(many)
    kinds = [own[url]["resourceType"] for url in shared]
    assert (kinds.count("Consent"), kinds.count("Device")) == (8, 1)
    for url in shared:
        if own[url]["resourceType"] != "Device":
            # A consent that holds says when that was looked at.
            assert {**own[url], "text": None} == {**many[url], "text": None}


def test_the_bundle_holds_the_checkpoint_and_no_control_characters(clinic, bundle):
    for name in BUNDLES:
        found = bundle(name)
        assert not any(CONTROL.search(text) for text in strings(found))
        binaries = of_kind(found, "Binary")
        assert len(binaries) == (2 if name.startswith("many-") else 1)
        for binary in binaries:
            note = base64.b64decode(binary["data"], validate=True).decode()
            key = clinic.keys[note.splitlines()[0].rpartition("/")[2]]
            assert notes.Checkpoint(notes.open_note(note, key)).size > 0


@pytest.mark.parametrize("name", VIEWS)
def test_csv_says_what_json_lines_say(clinic, table, rows, name):
    raw = (clinic.exports / f"{name}.csv").read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf") and raw.count(b"\n") == raw.count(b"\r\n") > 0
    # Each export from a vault is the last record of itself, and the JSON was taken after the CSV.
    cells, lines = table(name), rows(name)
    assert 14 < len(cells) <= len(lines) and (len(cells) == len(lines)) == name.startswith("many-")
    for row, line in zip(cells, lines, strict=False):
        assert set(line) - set(row) <= {"at_unix_s", "expires_unix_s", "log", "v"}
        for column, cell in row.items():
            value = line.get(column, "")
            if column in WORDS:
                assert cell == ("'" + value if value.startswith("=") else value)
            else:
                assert cell == (" ".join(map(str, value)) if isinstance(value, list) else str(value))


@pytest.mark.parametrize("name", VIEWS)
def test_no_cell_is_a_formula(table, name):
    cells = [cell for row in table(name) for cell in row.values()]
    assert not any(CONTROL.search(cell) for cell in cells)
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in cells)
    assert ("'" + FORMULA in cells) == (name in NAMED)


def test_words_are_there_with_details_only(table, rows):
    for name in VIEWS:
        erased = {line["consent"] for line in rows(name) if line["kind"] == "erase"}
        for row, line in zip(table(name), rows(name), strict=False):
            said = {column for column in WORDS if row[column]}
            granted = row["kind"] == "grant" and line["consent"] not in erased
            assert said == (WORDS if granted and name in NAMED else set())
            assert said == WORDS & set(line)


def test_json_lines_give_each_moment_twice(rows):
    for line in rows("details"):
        for name in ("at", "expires"):
            if name in line:
                assert datetime.fromisoformat(line[name]).timestamp() == line[f"{name}_unix_s"]


def test_leaf_hashes_are_those_of_the_evidence(clinic, rows):
    hashes = (clinic.evidence / "hashes.txt").read_text().splitlines()
    for line in rows("details"):
        assert line["leaf_hash"] == hashes[line["n"]]
    log = rows("details")[0]["log"]
    own = [line for line in rows("many-plain") if line["log"] == log and line["n"] < len(hashes)]
    assert [line["leaf_hash"] for line in own] == hashes


@pytest.mark.parametrize("name", ["many-details", "many-plain"])
def test_records_of_many_logs_are_in_order_of_time(clinic, rows, name):
    lines = rows(name)
    order = [(line["at_unix_s"], line["log"], line["n"]) for line in lines]
    assert order == sorted(order)
    for log in clinic.keys:
        places = [line["n"] for line in lines if line["log"] == log]
        assert places == list(range(len(places))) and places


@pytest.fixture(params=VIEWS)
def view(request):
    return request.param


@pytest.fixture
def pdf(clinic, view):
    return pypdf.PdfReader(clinic.exports / f"{view}.pdf", strict=True)


def test_the_pdf_is_tagged_and_in_a_language(pdf, view):
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata.title.startswith("Consent logs (2), " if view.startswith("many-") else "Consent log ")
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    for page in pdf.pages:
        assert page["/Tabs"] == "/S"
        assert [round(float(side)) for side in page.mediabox] == [0, 0, 842, 595]


def tags(node, name):
    """Structure elements called `name` below `node`."""
    node = node.get_object()
    if isinstance(node, list):
        return [found for below in node for found in tags(below, name)]
    if not isinstance(node, dict):
        return []
    mine = [node] if node.get("/S") == name else []
    return mine + (tags(node["/K"], name) if "/K" in node else [])


def test_the_table_is_regular(pdf, rows, view):
    tree = pdf.trailer["/Root"]["/StructTreeRoot"]
    assert len(tags(tree, "/H1")) == 1
    (table,) = tags(tree, "/Table")
    lines = tags(table, "/TR")
    assert len(lines) - 1 >= len(rows(view))
    assert len(tags(lines[0], "/TH")) == 6
    assert [len(tags(line, "/TD")) for line in lines[1:]] == [6] * (len(lines) - 1)


def test_the_pages_say_what_the_log_says(pdf, rows, view):
    text = "\n".join(page.extract_text() for page in pdf.pages)
    flat = traces.unbroken(text)
    for line in rows(view):
        assert line["leaf_hash"] in flat and line["at"] in flat and line["log"] in flat
        assert line.get("commitment", "") in flat
    assert f"page {len(pdf.pages)} of {len(pdf.pages)}" in text


def test_the_pages_name_patients_with_details_only(pdf, view):
    flat = traces.unbroken("\n".join(page.extract_text() for page in pdf.pages))
    structure = pdf.trailer["/Root"]["/StructTreeRoot"]
    # In the structure, a name is in the order of reading, whichever way it is drawn.
    actual = " ".join(str(span["/ActualText"]) for span in tags(structure, "/Span") if "/ActualText" in span)
    plain = ["signed", "guardian", "expired", "markup", "withdrawn"]
    shown = [traces.unbroken(PATIENTS[key]) in flat for key in plain]
    assert shown == [view in NAMED] * len(plain)
    assert (f"Patient: {PATIENTS['arabic']}" in actual) == (view in NAMED)
    assert traces.unbroken(PATIENTS["erased"]) not in flat


def test_only_subsets_of_fonts_are_embedded(pdf):
    fonts = {font for page in pdf.pages for font in page["/Resources"]["/Font"].values()}
    names = {str(font.get_object()["/BaseFont"]) for font in fonts}
    assert names and all(re.match(r"/[A-Z]{6}\+NotoSans", name) for name in names)
