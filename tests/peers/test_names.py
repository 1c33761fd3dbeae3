"""Nobody is named where names were not asked for."""

import base64
import io

import pypdf
import pytest

import clinic as clinics
import traces
from clinic import ELSEWHERE, FORMATS, NAMES, OFFICER, PATIENTS


def test_the_search_finds_names_where_they_belong(clinic):
    """So that finding none says something."""
    held = (clinic.evidence_with_details / "details.jsonl").read_bytes()
    assert set(NAMES) - set(traces.found(NAMES, held)) == {PATIENTS["erased"], *ELSEWHERE}
    assert OFFICER in traces.found([OFFICER], held)
    for name in NAMES:
        encoded = [name.encode("utf-16-le"), name.encode().hex().encode()]
        assert all(traces.found([name], b"before" + one + b"after") for one in encoded)
    for skipped in range(4):
        for name in NAMES:
            assert traces.found([name], base64.b64encode(b"x" * skipped + name.encode() + b"more"))


def test_what_commands_print_names_nobody(clinic):
    assert len(clinic.said) > 50
    for args, text in clinic.said:
        assert traces.found([*NAMES, OFFICER], text.encode()) == [], args[:2]


def test_the_names_are_printed_on_request(clinic, vault):
    shown = clinics.run("consent", "show", "--vault", vault, clinic.consents["guardian"].consent).stdout
    assert set(traces.found(NAMES, shown.encode())) == {PATIENTS["guardian"], clinics.GUARDIAN}
    listed = clinics.run("consent", "list", "--names", "--vault", vault).stdout
    assert PATIENTS["signed"] in listed and PATIENTS["erased"] not in listed


def refusals(clinic, vault):
    """Commands that fail while they hold a name."""
    unknown = "0" * 32
    grant = clinic.grant_args(PATIENTS["signed"], "--giver", "patient", vault=vault)
    yield grant
    yield [arg for arg in grant if arg != "--json"]
    yield clinic.grant_args(PATIENTS["signed"], vault=vault, expires="2001-01-01")
    yield ["consent", "show", "--vault", vault, unknown]
    yield ["consent", "erase", "--yes", "--vault", vault, clinic.consents["signed"].consent]
    yield ["consent", "erase", "--yes", "--vault", vault, clinic.consents["erased"].consent]
    yield ["consent", "receipt", "--out", vault / "receipt", "--vault", vault, clinic.consents["erased"].consent]
    yield ["consent", "withdraw", "--vault", vault, "--code", clinic.consents["signed"].withdrawal_code[:-1] + "0"]
    yield ["ledger", "export", "--vault", vault, "--taken-by", OFFICER, "--out", clinic.evidence]


def test_refusals_name_nobody(clinic, vault):
    for args in refusals(clinic, vault):
        done = clinics.run(*args)
        assert done.returncode == 1, args
        text = done.stdout + done.stderr
        assert text and traces.found([*NAMES, OFFICER], text.encode()) == [], args[:2]
        codes = [consent.withdrawal_code for consent in clinic.consents.values()]
        assert not any(code in text or code[:9] in text for code in codes), args[:2]


@pytest.mark.parametrize("of", ["", "many-"])
@pytest.mark.parametrize("kind", FORMATS)
def test_exports_without_details_name_nobody(clinic, kind, of):
    for details in (False, True):
        data = clinic.export(kind, details, of).read_bytes()
        if kind == "pdf":
            pages = pypdf.PdfReader(io.BytesIO(data)).pages
            data += b"".join(traces.unbroken(page.extract_text()).encode() for page in pages)
        names = [traces.unbroken(name) if kind == "pdf" else name for name in NAMES]
        found = traces.found(names, data) + traces.found([OFFICER], data)
        assert bool(found) == details, found


@pytest.mark.parametrize("folder", ["evidence", "evidence_part", "proofs", "checkpoints"])
def test_evidence_and_proofs_without_details_name_nobody(clinic, folder):
    secrets = [consent.withdrawal_code for consent in clinic.consents.values()]
    for path, data in traces.files(getattr(clinic, folder)).items():
        assert traces.found([*NAMES, OFFICER, *secrets], data) == [], path.name


@pytest.mark.parametrize("folder", ["vault", "backup"])
def test_the_vault_s_files_name_nobody(clinic, folder):
    files = traces.files(getattr(clinic, folder))
    assert {"vault.db", "vault.check", "vault.key", "vault.lock"} <= {path.name for path in files}
    kept = [clinic.signature.read_bytes(), clinics.TERMS["purpose"], clinics.TERMS["contact"], "curtain/log/"]
    for path, data in files.items():
        assert traces.found([*NAMES, OFFICER, *kept], data) == [], path.name
        assert not any(name in path.name for name in NAMES)
