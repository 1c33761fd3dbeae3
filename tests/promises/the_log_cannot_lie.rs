//! Editing, dropping, reordering, truncating or rolling back the log is found by someone who holds only an export and an
//! earlier or cosigned checkpoint. What is not proven is said.

use std::fs;
use std::path::{Path, PathBuf};

use curtain::desk::{Request, hand_out};
use curtain::hash::Id;
use curtain::ledger::leaf::{ContinueReason, DetailsTaken, ExportFormat, WithdrawnBy};
use curtain::ledger::verify::{
    Completeness, Expectations, Integrity, NotProven, Problem, Report, Signer, verify,
};
use curtain::vault::{Met, Vault, WithdrawBy};
use curtain::wire::note::VerifierKey;
use curtain::wire::tree::Hash;
use tempfile::{TempDir, tempdir};

use crate::people::{grant, later, log, open};
use crate::witness::Witness;

/// The evidence of a whole log, in a folder of its own.
struct Evidence {
    folder: TempDir,
}

impl Evidence {
    fn of(vault: &mut Vault, details: DetailsTaken) -> Self {
        let folder = tempdir().unwrap();
        let request = Request {
            log: log(vault),
            from: None,
            to: None,
            format: ExportFormat::Evidence,
            details,
            taken_by: "Test Officer",
        };
        hand_out(vault, &request, &folder.path().join("evidence"), later(1000)).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("evidence")
    }

    fn verify(&self) -> Report {
        verify(&self.path(), &Expectations::default()).unwrap()
    }

    fn since(&self, checkpoint: &str) -> Report {
        let since = Some(checkpoint.as_bytes());
        verify(&self.path(), &Expectations { since, ..Expectations::default() }).unwrap()
    }

    fn lines(&self) -> Vec<String> {
        fs::read_to_string(self.path().join("leaves.jsonl")).unwrap().lines().map(str::to_owned).collect()
    }

    fn set_lines(&self, lines: &[String]) {
        fs::write(self.path().join("leaves.jsonl"), lines.join("\n") + "\n").unwrap();
    }
}

fn broken(report: &Report) -> (Option<u64>, Problem) {
    match report.integrity {
        Integrity::Broken { record, what } => (record, what),
        Integrity::Intact => panic!("passed as intact"),
    }
}

fn vault_with(folder: &Path, grants: u8) -> Vault {
    let mut vault = open(folder).unwrap();
    (1..=grants).for_each(|n| drop(grant(&mut vault, n, later(n.into()))));
    vault
}

fn newest(vault: &Vault) -> (String, VerifierKey, Vec<Hash>) {
    let log = vault.logs().unwrap().pop().unwrap();
    let hashes = vault.leaf_hashes(log.id).unwrap().collect::<Result<_, _>>().unwrap();
    (log.checkpoint, log.verifier, hashes)
}

/// A witness that has seen the newest checkpoint of `vault`, and the cosigned note.
fn witness_of(vault: &Vault) -> (Witness, String) {
    let mut witness = Witness::new();
    let (checkpoint, key, hashes) = newest(vault);
    let cosigned = witness.cosign(&checkpoint, &key, &hashes, 1).unwrap().to_string();
    (witness, cosigned)
}

/// Another vault with the same key, as a restored backup has.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn an_honest_log_verifies_and_says_what_it_does_not_prove() {
    let folder = tempdir().unwrap();
    let mut vault = vault_with(folder.path(), 3);
    vault.withdraw(&WithdrawBy::Author(first_consent(&vault)), later(20)).unwrap();
    let (earlier, key, _) = newest(&vault);
    let evidence = Evidence::of(&mut vault, DetailsTaken::Yes);
    let report = evidence.verify();
    assert_eq!(report.integrity, Integrity::Intact);
    assert_eq!(report.signer, Signer::NotAuthenticated);
    assert_eq!(report.completeness, Completeness::NotProven { why: NotProven::NothingGiven });
    let expected = Expectations { since: Some(earlier.as_bytes()), key: Some(key), witness: None };
    let report = verify(&evidence.path(), &expected).unwrap();
    assert_eq!(report.signer, Signer::Authenticated);
    assert_eq!(report.completeness, Completeness::Since { size: 4 });
    assert!(report.is_complete());
    assert_eq!(report.scope.unwrap().details, 4, "three grants, and who took the export");
}

fn first_consent(vault: &Vault) -> Id {
    vault.consents(log(vault), 0).unwrap().next().unwrap().unwrap().id()
}

#[test]
fn no_byte_of_an_export_can_be_edited() {
    let folder = tempdir().unwrap();
    let evidence = Evidence::of(&mut vault_with(folder.path(), 2), DetailsTaken::No);
    for entry in fs::read_dir(evidence.path()).unwrap() {
        let path = entry.unwrap().path();
        let whole = fs::read(&path).unwrap();
        for place in 0..whole.len() {
            let mut edited = whole.clone();
            edited[place] ^= 1;
            fs::write(&path, &edited).unwrap();
            let report = evidence.verify();
            assert_ne!(report.integrity, Integrity::Intact, "{} byte {place}", path.display());
        }
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(evidence.verify().integrity, Integrity::Intact);
}

#[test]
fn a_changed_record_is_named() {
    let folder = tempdir().unwrap();
    let evidence = Evidence::of(&mut vault_with(folder.path(), 5), DetailsTaken::No);
    let lines = evidence.lines();
    assert_eq!(lines.len(), 6, "five grants and the export");
    let changed = |lines: &[String]| {
        evidence.set_lines(lines);
        broken(&evidence.verify()).0
    };
    for place in 0..lines.len() {
        let mut dropped = lines.clone();
        dropped.remove(place);
        assert_eq!(changed(&dropped), Some(place as u64), "dropped {place}");
        let mut edited = lines.clone();
        edited[place] = edited[place].replace("\"at\":1", "\"at\":2");
        assert_eq!(changed(&edited), Some(place as u64), "edited {place}");
    }
    let mut swapped = lines.clone();
    swapped.swap(2, 3);
    assert_eq!(changed(&swapped), Some(2));
    assert_eq!(changed(&lines[..4]), Some(4), "cut off");
}

#[test]
fn another_devices_record_does_not_pass() {
    let (ours, theirs) = (tempdir().unwrap(), tempdir().unwrap());
    let evidence = Evidence::of(&mut vault_with(ours.path(), 3), DetailsTaken::No);
    let other = Evidence::of(&mut vault_with(theirs.path(), 3), DetailsTaken::No);
    let mut lines = evidence.lines();
    lines[1] = other.lines()[1].clone();
    evidence.set_lines(&lines);
    assert_eq!(broken(&evidence.verify()), (Some(1), Problem::OtherLogsRecord));
    let expected =
        Expectations { key: Some(newest(&open(ours.path()).unwrap()).1), ..Expectations::default() };
    assert_eq!(broken(&verify(&other.path(), &expected).unwrap()).1, Problem::OtherKey);
}

/// A vault of three records, a copy of it, and then two records more that the copy does not have.
struct RolledBack {
    _folder: TempDir,
    now: Vault,
    then: PathBuf,
}

fn rolled_back() -> RolledBack {
    let folder = tempdir().unwrap();
    let (path, then) = (folder.path().join("vault"), folder.path().join("copy"));
    drop(vault_with(&path, 3));
    copy(&path, &then);
    let mut now = open(&path).unwrap();
    grant(&mut now, 4, later(4));
    grant(&mut now, 5, later(5));
    RolledBack { _folder: folder, now, then }
}

#[test]
fn a_restored_vault_is_found_by_an_earlier_checkpoint() {
    let vaults = rolled_back();
    let (earlier, ..) = newest(&vaults.now);
    let mut restored = open(&vaults.then).unwrap();
    let evidence = Evidence::of(&mut restored, DetailsTaken::No);
    assert_eq!(evidence.verify().integrity, Integrity::Intact, "by itself it looks right");
    // The record of the export itself makes four.
    assert_eq!(broken(&evidence.since(&earlier)), (Some(4), Problem::RolledBack { had: 5, has: 4 }));
    grant(&mut restored, 7, later(1000));
    let evidence = Evidence::of(&mut restored, DetailsTaken::No);
    assert_eq!(broken(&evidence.since(&earlier)).1, Problem::Forked { until: 5 });
}

#[test]
fn a_restored_vault_never_goes_on_with_a_log_that_a_witness_saw_further() {
    let mut vaults = rolled_back();
    let (witness, cosigned) = witness_of(&vaults.now);
    let met = vaults.now.meet(cosigned.as_bytes(), witness.key(), later(6)).unwrap();
    assert_eq!(met, Met::Agrees { size: 5 });

    let mut restored = open(&vaults.then).unwrap();
    let old = log(&restored);
    let met = restored.meet(cosigned.as_bytes(), witness.key(), later(6)).unwrap();
    assert_eq!(met, Met::Continued { reason: ContinueReason::Behind, log: log(&restored) });
    assert_ne!(log(&restored), old);
    // What was lost may be a withdrawal, so the old consents cover nothing.
    let lost = restored.consents(old, 0).unwrap().next().unwrap().unwrap();
    let shown = [curtain::hash::Sha256([1; 32])];
    let incomplete = vec![curtain::consent::Shortfall::LogIncomplete];
    assert_eq!(lost.covers(curtain::consent::Level::Teaching, &shown, later(7)), Err(incomplete));
    let added = grant(&mut restored, 8, later(8));
    assert_eq!((added.log, added.n), (log(&restored), 1), "the old log is not appended to");
    let (earlier, ..) = newest(&restored);
    let report = Evidence::of(&mut restored, DetailsTaken::No).since(&earlier);
    assert!(!report.is_complete(), "records of the log before are missing");
    let gap = report.gap.unwrap();
    assert_eq!((gap.before, gap.held, gap.witnessed, gap.missing), (old, 3, 5, 2));
    let met = restored.meet(cosigned.as_bytes(), witness.key(), later(9)).unwrap();
    assert_eq!(met, Met::Closed);
}

#[test]
fn what_a_witness_saw_goes_along_with_the_evidence() {
    let folder = tempdir().unwrap();
    let mut vault = vault_with(folder.path(), 3);
    let mut witness = Witness::new();
    let (checkpoint, key, hashes) = newest(&vault);
    let cosigned = witness.cosign(&checkpoint, &key, &hashes, 1_800_000_000).unwrap().to_string();
    vault.meet(cosigned.as_bytes(), witness.key(), later(4)).unwrap();
    grant(&mut vault, 4, later(5));
    let evidence = Evidence::of(&mut vault, DetailsTaken::No);
    let expected = Expectations { key: Some(key), witness: Some(witness.key().clone()), since: None };
    let report = verify(&evidence.path(), &expected).unwrap();
    let at = curtain::time::UnixTime::new(1_800_000_000).unwrap();
    let by = witness.key().name().to_owned();
    assert_eq!(report.completeness, Completeness::Cosigned { by, at, size: 3 });
    assert_eq!(report.scope.unwrap().size, 5, "of which two came after");
}

#[test]
fn a_restored_vault_that_went_on_first_is_found_to_have_forked() {
    let vaults = rolled_back();
    let mut restored = open(&vaults.then).unwrap();
    (6..=9).for_each(|n| drop(grant(&mut restored, n, later(n.into()))));
    let (mut witness, cosigned) = witness_of(&vaults.now);
    let (_, key, _) = newest(&vaults.now);
    let (forked, _, other_hashes) = newest(&restored);
    assert!(witness.cosign(&forked, &key, &other_hashes, 2).is_none(), "the witness does not go along");
    let met = restored.meet(cosigned.as_bytes(), witness.key(), later(20)).unwrap();
    assert_eq!(met, Met::Continued { reason: ContinueReason::Forked, log: log(&restored) });
}

#[test]
fn a_new_vault_says_what_it_continues() {
    let vaults = rolled_back();
    let (witness, cosigned) = witness_of(&vaults.now);
    let folder = tempdir().unwrap();
    let mut reinstalled = open(folder.path()).unwrap();
    let met = reinstalled.meet(cosigned.as_bytes(), witness.key(), later(6)).unwrap();
    assert_eq!(met, Met::Continued { reason: ContinueReason::Reinstalled, log: log(&reinstalled) });
    let gap = Evidence::of(&mut reinstalled, DetailsTaken::No).verify().gap.unwrap();
    assert_eq!((gap.held, gap.witnessed, gap.missing), (0, 5, 5));
}

#[test]
fn a_new_vault_that_recorded_a_consent_first_says_it_too() {
    let vaults = rolled_back();
    let (witness, cosigned) = witness_of(&vaults.now);
    let folder = tempdir().unwrap();
    let mut reinstalled = open(folder.path()).unwrap();
    let before = grant(&mut reinstalled, 1, later(6));
    let met = reinstalled.meet(cosigned.as_bytes(), witness.key(), later(7)).unwrap();
    assert_eq!(met, Met::Continued { reason: ContinueReason::Reinstalled, log: log(&reinstalled) });
    let held = reinstalled.consent(before.id).unwrap();
    assert!(!held.is_in_doubt(), "nothing of its own log is missing");
    reinstalled.withdraw(&WithdrawBy::Code(before.code), later(8)).unwrap();
    let report = Evidence::of(&mut reinstalled, DetailsTaken::No).verify();
    assert_eq!(report.integrity, Integrity::Intact);
    assert_eq!(report.gap.unwrap().missing, 5);
    let again = reinstalled.meet(cosigned.as_bytes(), witness.key(), later(9)).unwrap_err();
    assert_eq!(again, curtain::vault::MeetError::UnknownLog, "once");
}

#[test]
fn a_withdrawn_and_erased_consent_leaves_a_log_that_verifies() {
    let folder = tempdir().unwrap();
    let mut vault = vault_with(folder.path(), 3);
    let (earlier, ..) = newest(&vault);
    let id = first_consent(&vault);
    let reason = curtain::ledger::leaf::EraseReason::PatientRequest;
    let erased = vault.erase(id, WithdrawnBy::Officer, Some(reason), later(30)).unwrap();
    assert_eq!(erased.n, 4, "withdrawn as record 3, erased as record 4");
    assert!(vault.consent(id).unwrap().record().unwrap().is_none());
    let report = Evidence::of(&mut vault, DetailsTaken::Yes).since(&earlier);
    assert_eq!(report.integrity, Integrity::Intact);
    assert_eq!(report.scope.unwrap().details, 3, "two grants and the export");
    assert_eq!(report.completeness, Completeness::Since { size: 3 });
}
