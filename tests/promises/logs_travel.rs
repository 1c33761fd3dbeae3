//! Consent logs travel: from phones through a relay to the officer, who misses nothing unsaid. A consent counts as backed up
//! when its grant is cosigned and its details are stored, and not before.

mod at_relay;
mod exported;
mod verified;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use curtain::circle::{Circle, History, Role};
use curtain::consent::Level;
use curtain::desk::open_sealed;
use curtain::hash::Id;
use curtain::ledger::leaf::{ContinueReason, EraseReason, WithdrawnBy};
use curtain::ledger::officer::OfficerError;
use curtain::ledger::verify::{Expectations, Integrity, Problem, verify};
use curtain::seal::kem::SecretKey;
use curtain::sync::{
    BackUpError, BackUpState, BackedUpLog, LogState, Officer, PullError, PulledLog, Reason, Relay, back_up,
    pull_ledgers,
};
use curtain::time::UnixTime;
use curtain::vault::{BackedUp, Granted, Vault};
use ring::rand::SystemRandom;
use tempfile::{TempDir, tempdir};

use crate::circles::{Clinician, World};
use crate::people::{grant, later, log, now, open};
use crate::relay_at_will::{Lost, RelayAtWill, URL, named};
use crate::the_log_cannot_lie::copy;

/// The officer's private key.
const OFFICER: [u8; 32] = [7; 32];

/// Two phones and an officer, in one circle at one relay.
struct Ward {
    phones: [Clinician; 2],
    officer: Clinician,
    key: SecretKey,
    circle: Circle,
    relay: RelayAtWill,
    out: TempDir,
}

impl Ward {
    fn new() -> Self {
        let [first, second, officer] = [1, 2, 3].map(Clinician::new);
        let mut world = World::new(&first.me, Level::Publication, History::None);
        world.add_without_key(&first.me, &second.me, Role::Member, now());
        world.add_without_key(&first.me, &officer.me, Role::Officer, now());
        let circle = world.admin.circle().clone();
        let relay = RelayAtWill::new(&circle, later(10));
        let key = SecretKey::from_seed(OFFICER);
        let phones = [first, second];
        Self { phones, officer, key, circle, relay, out: tempdir().unwrap() }
    }

    /// Each phone has an officer's key, and consents in its log.
    fn with_consents() -> Self {
        let mut ward = Self::new();
        for (phone, count) in ward.phones.iter_mut().zip([3, 2]) {
            phone.vault.keep_officer(&ward.key.public()).unwrap();
            (1..=count).for_each(|n| drop(grant(&mut phone.vault, n, later(n.into()))));
        }
        ward
    }

    /// The same, with everything at the relay and pulled.
    fn pulled() -> Self {
        let mut ward = Self::with_consents();
        ward.back_up_all();
        assert!(ward.pull().iter().take(2).all(|log| log.state.holds()));
        ward
    }

    fn back_up(&mut self, phone: usize) -> Result<Vec<BackedUpLog>, BackUpError> {
        let phone = &mut self.phones[phone];
        run(&self.relay, &mut phone.vault, &phone.me)
    }

    fn back_up_all(&mut self) {
        for phone in 0..2 {
            let logs = self.back_up(phone).unwrap();
            assert!(logs.iter().all(|log| log.state == BackUpState::Whole), "{logs:?}");
        }
    }

    fn try_pull(
        &self,
        key: &SecretKey,
        since: Option<&Path>,
        circles: &[&Circle],
    ) -> Result<Vec<PulledLog>, PullError> {
        let relay = Relay::new(&self.relay, URL, &self.officer.me).unwrap();
        let witness = self.relay.witness.key();
        let officer = Officer { key, witness, circles, silent_after_days: 7, since };
        let now = curtain::transport::Transport::now(&self.relay);
        pull_ledgers(&relay, &officer, self.out.path(), now)
    }

    /// Pulls, and gives what became of the phones' logs, and of the officer's own.
    fn pull(&self) -> Vec<PulledLog> {
        self.sorted(self.try_pull(&self.key, None, &[&self.circle]).unwrap())
    }

    fn sorted(&self, mut logs: Vec<PulledLog>) -> Vec<PulledLog> {
        let order = [self.log(0), self.log(1), log(&self.officer.vault)];
        logs.sort_by_key(|found| order.iter().position(|log| *log == found.log));
        logs
    }

    fn log(&self, phone: usize) -> Id {
        self.phones[phone].vault.logs().unwrap()[0].id
    }

    fn folder(&self, phone: usize) -> PathBuf {
        self.out.path().join(self.log(phone).to_string())
    }

    fn evidence(&self, phone: usize) -> Integrity {
        let key = Some(self.phones[phone].vault.logs().unwrap()[0].verifier.clone());
        let witness = Some(self.relay.witness.key().clone());
        let expected = Expectations { since: None, key, witness };
        let report = verify(&self.folder(phone).join("evidence"), &expected).unwrap();
        assert_eq!(report.integrity == Integrity::Intact, report.is_complete());
        report.integrity
    }

    fn patients(&self, phone: usize) -> Vec<String> {
        let opened = open_sealed(&self.folder(phone), &self.key).unwrap();
        let details = opened.into_iter().filter_map(|opened| opened.details);
        details.map(|details| details.unwrap().patient_name).collect()
    }
}

fn run(
    relay: &RelayAtWill,
    vault: &mut Vault,
    me: &curtain::circle::Identity,
) -> Result<Vec<BackedUpLog>, BackUpError> {
    let through = Relay::new(relay, URL, me).unwrap();
    back_up(vault, &through, relay.witness.key(), &SystemRandom::new(), later(20))
}

/// Everything in a folder, by name.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn an_officer_has_the_logs_of_all_devices_and_opens_their_details() {
    let mut ward = Ward::with_consents();
    ward.back_up_all();
    let logs = ward.pull();
    let found: Vec<_> = logs.iter().map(|log| (log.entries, log.details, log.state)).collect();
    assert_eq!(found, [(3, 3, LogState::Whole), (2, 2, LogState::Whole), (0, 0, LogState::Silent)]);
    assert_eq!(logs[2].reason, Some(Reason::NothingCosigned), "the officer's own device records nothing");
    assert_eq!(logs[0].user, Some(ward.phones[0].me.user));
    assert_eq!(logs[0].newest, Some(later(3)));
    for phone in 0..2 {
        assert_eq!(ward.evidence(phone), Integrity::Intact);
    }
    assert_eq!(ward.patients(0), ["Test Patient 1", "Test Patient 2", "Test Patient 3"]);
    assert_eq!(ward.patients(1), ["Test Patient 1", "Test Patient 2"]);

    // Again, with nothing new; then with something new.
    assert_eq!(ward.pull(), logs);
    grant(&mut ward.phones[0].vault, 4, later(4));
    ward.back_up_all();
    let grown = ward.pull();
    assert_eq!((grown[0].entries, grown[0].details, grown[0].state), (4, 4, LogState::Whole));
    assert_eq!(grown[1..], logs[1..]);
    assert_eq!(ward.evidence(0), Integrity::Intact);
    let lines = fs::read_to_string(ward.out.path().join("devices.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 3);
    assert!(!lines.contains("Test Patient"));
}

#[test]
fn the_relay_learns_no_name() {
    let mut ward = Ward::with_consents();
    ward.back_up_all();
    let objects = ward.relay.objects();
    assert!(objects.len() > 10);
    let told = |bytes: &[u8]| bytes.windows(12).any(|part| part == b"Test Patient");
    assert!(objects.values().all(|bytes| !told(bytes)));
    let details = ward.phones[0].vault.consents(ward.log(0), 0).unwrap().next().unwrap().unwrap();
    assert!(told(details.details().unwrap()), "what is looked for is in the record");
}

#[test]
fn a_cut_at_any_request_costs_nothing() {
    let mut whole = Ward::with_consents();
    whole.back_up_all();
    let names = |ward: &Ward| -> Vec<String> {
        // The names of logs are random: of each object, the rest.
        ward.relay.objects().into_keys().map(|name| name.splitn(3, '/').nth(2).unwrap().to_owned()).collect()
    };
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let (expected, requests) = (sorted(names(&whole)), whole.relay.calls());
    assert!(requests > 10, "a cosignature, records, details and a checkpoint, twice");
    for lost in [Lost::Request, Lost::Answer] {
        for n in 0..requests {
            let mut ward = Ward::with_consents();
            ward.relay.lose(n, lost);
            let cut = (0..2).filter(|phone| ward.back_up(*phone).is_err()).count();
            assert_eq!(cut, 1, "request {n}");
            ward.back_up_all();
            assert_eq!(sorted(names(&ward)), expected, "request {n}, {lost:?}");
            let logs = ward.pull();
            assert_eq!((logs[0].details, logs[0].state), (3, LogState::Whole), "request {n}, {lost:?}");
            for phone in &ward.phones {
                let consents: Vec<_> = phone.vault.consents(log(&phone.vault), 0).unwrap().collect();
                for held in consents {
                    assert!(phone.vault.backed_up(held.unwrap().id()).unwrap().is_whole());
                }
            }
        }
    }
}

#[test]
fn a_pull_that_is_cut_goes_on() {
    let mut whole = Ward::with_consents();
    whole.back_up_all();
    let before = whole.relay.calls();
    let logs = whole.pull();
    let requests = whole.relay.calls() - before;
    let expected = files(whole.out.path());
    assert!(requests > 5);
    for n in 0..requests {
        fs::remove_dir_all(whole.out.path()).unwrap();
        whole.relay.lose(n, Lost::Answer);
        whole.try_pull(&whole.key, None, &[&whole.circle]).unwrap_err();
        assert_eq!(whole.pull(), logs, "request {n}");
        assert_eq!(files(whole.out.path()), expected, "request {n}");
    }
}

#[test]
fn a_consent_is_backed_up_when_it_is_cosigned_and_stored_and_not_before() {
    let mut ward = Ward::new();
    let Granted { id, .. } = grant(&mut ward.phones[0].vault, 1, later(1));
    let said = |ward: &Ward| ward.phones[0].vault.backed_up(id).unwrap();
    assert_eq!(said(&ward), BackedUp { cosigned: false, stored: false, officer: false });
    assert_eq!(said(&ward).missing(), ["not_cosigned", "not_stored", "no_officer_key"]);

    // Without an officer's key details stay here.
    let logs = ward.back_up(0).unwrap();
    assert_eq!((&logs[0].state, logs[0].waiting, logs[0].cosigned), (&BackUpState::NoOfficerKey, 1, 1));
    assert_eq!(said(&ward), BackedUp { cosigned: true, stored: false, officer: false });
    assert_eq!(said(&ward).missing(), ["not_stored", "no_officer_key"]);
    assert!(ward.relay.objects().keys().all(|name| !name.contains("sealed")));

    // With it, it takes as long as the relay says so.
    ward.phones[0].vault.keep_officer(&ward.key.public()).unwrap();
    ward.relay.lose(1, Lost::Answer);
    ward.back_up(0).unwrap_err();
    assert!(ward.relay.objects().contains_key(&named(ward.log(0), "sealed", 0)));
    assert_eq!(said(&ward).missing(), ["not_stored"], "it is there, and nobody said so");
    ward.back_up(0).unwrap();
    assert!(said(&ward).is_whole());

    // What comes later is not backed up with it.
    let next = grant(&mut ward.phones[0].vault, 2, later(2)).id;
    assert_eq!(ward.phones[0].vault.backed_up(next).unwrap().missing(), ["not_cosigned", "not_stored"]);
    assert!(said(&ward).is_whole());
    // The records are taken, and the witness's word is lost: nothing is sent that was not cosigned.
    ward.relay.lose(0, Lost::Answer);
    ward.back_up(0).unwrap_err();
    assert!(!ward.relay.objects().contains_key(&named(ward.log(0), "leaves", 1)));
    assert!(!ward.phones[0].vault.backed_up(next).unwrap().cosigned);
    ward.back_up(0).unwrap();
    assert!(ward.phones[0].vault.backed_up(next).unwrap().is_whole());
}

/// A phone as a backup restores it: with the first `then` consents of more.
fn restored(ward: &mut Ward, more: u8) -> (TempDir, Vault) {
    let folder = tempdir().unwrap();
    copy(ward.phones[0].path(), folder.path());
    for n in 4..4 + more {
        grant(&mut ward.phones[0].vault, n, later(n.into()));
    }
    let vault = open(folder.path()).unwrap();
    (folder, vault)
}

#[test]
fn a_restored_phone_hears_of_what_it_lost() {
    let mut ward = Ward::pulled();
    let (_folder, mut old) = restored(&mut ward, 2);
    ward.back_up_all();
    let me = &ward.phones[0].me;
    let logs = run(&ward.relay, &mut old, me).unwrap();
    let new = log(&old);
    assert_eq!(logs[0].state, BackUpState::Continued { reason: ContinueReason::Behind, log: new });
    assert_eq!(logs[1].state, BackUpState::NotListed, "its circles do not know the new log");
    assert_ne!(new, ward.log(0));
    let again = run(&ward.relay, &mut old, me).unwrap();
    assert_eq!(again[0].state, BackUpState::Closed);
    let found = ward.pull();
    assert_eq!((found[0].entries, found[0].state), (5, LogState::Whole), "the relay has what the phone had");
}

#[test]
fn a_restored_phone_that_went_on_is_told_and_a_second_history_is_named() {
    let mut ward = Ward::pulled();
    let (first, mut old) = restored(&mut ward, 2);
    ward.back_up_all();
    ward.pull();
    let before = files(&ward.folder(0));
    (6..=9).for_each(|n| drop(grant(&mut old, n, later(n.into()))));
    // A witness that forgets, and a relay that does, take the other history.
    let (folder, forked) = (tempdir().unwrap(), ward.log(0));
    copy(first.path(), folder.path());
    let logs = run(&ward.relay, &mut old, &ward.phones[0].me).unwrap();
    assert_eq!(logs[0].state, BackUpState::Continued { reason: ContinueReason::Forked, log: log(&old) });

    ward.relay.forgets_all();
    ward.relay.witness_forgets();
    let mut other = open(folder.path()).unwrap();
    let logs = run(&ward.relay, &mut other, &ward.phones[0].me).unwrap();
    assert_eq!((logs[0].log, &logs[0].state), (forked, &BackUpState::Whole));
    let found = ward.pull();
    assert_eq!(found[0].state, LogState::Forked);
    assert_eq!(found[0].reason, Some(Reason::Conflict { kept: 5, found: 7 }));
    assert_eq!(found[0].entries, 5, "what was here first is kept");
    let after = files(&ward.folder(0));
    assert!(before.iter().all(|(path, bytes)| after.get(path) == Some(bytes)));
    let kept: Vec<_> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    assert!(kept.iter().any(|path| path.extension().is_some_and(|end| end == "checkpoint")));
    assert!(kept.iter().all(|path| path.starts_with(ward.folder(0).join("conflict"))), "{kept:?}");
    let other = kept.iter().find(|path| path.ends_with("leaves.jsonl")).unwrap().parent().unwrap();
    let expected = Expectations {
        since: None,
        key: Some(ward.phones[0].vault.logs().unwrap()[0].verifier.clone()),
        witness: None,
    };
    assert_eq!(verify(other, &expected).unwrap().integrity, Integrity::Intact, "both are signed");
    assert_eq!(ward.pull(), found, "again");
}

#[test]
fn an_older_state_is_named_and_the_newer_one_kept() {
    let mut ward = Ward::pulled();
    grant(&mut ward.phones[0].vault, 4, later(4));
    ward.back_up_all();
    ward.pull();
    ward.relay.take_away(&named(ward.log(0), "checkpoints", 4));
    let found = ward.pull();
    assert_eq!((found[0].state, found[0].entries), (LogState::RolledBack, 4));
    assert_eq!(found[0].reason, Some(Reason::Conflict { kept: 4, found: 3 }));
    ward.relay.take_away(&named(ward.log(0), "checkpoints", 3));
    let found = ward.pull();
    assert_eq!((found[0].state, found[0].reason), (LogState::RolledBack, Some(Reason::CheckpointGone)));
    assert_eq!(ward.evidence(0), Integrity::Intact);
}

fn copy_all(from: &Path, to: &Path) {
    for (path, bytes) in files(from) {
        let place = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, bytes).unwrap();
    }
}

#[test]
fn an_earlier_pull_that_is_kept_elsewhere_finds_an_older_state() {
    let mut ward = Ward::pulled();
    grant(&mut ward.phones[0].vault, 4, later(4));
    ward.back_up_all();
    ward.pull();
    let elsewhere = tempdir().unwrap();
    copy_all(ward.out.path(), elsewhere.path());
    fs::remove_dir_all(ward.folder(0)).unwrap();
    ward.relay.take_away(&named(ward.log(0), "checkpoints", 4));
    let found = ward.try_pull(&ward.key, Some(elsewhere.path()), &[&ward.circle]).unwrap();
    assert_eq!(ward.sorted(found)[0].state, LogState::RolledBack);
    // Without it nobody would know.
    assert_eq!((ward.pull()[0].state, ward.pull()[0].entries), (LogState::Whole, 3));
}

#[test]
fn a_changed_or_missing_record_is_named() {
    let mut ward = Ward::pulled();
    grant(&mut ward.phones[0].vault, 4, later(4));
    grant(&mut ward.phones[0].vault, 5, later(5));
    ward.back_up_all();
    let record = named(ward.log(0), "leaves", 3);
    let whole = ward.relay.objects()[&record].clone();
    for place in [0, 5, whole.len() - 2] {
        ward.relay.change(&record, |leaf| leaf[place] ^= 1);
        let found = ward.pull();
        assert_eq!((found[0].state, found[0].entries), (LogState::Unverified, 3), "byte {place}");
        assert!(
            matches!(
                found[0].reason,
                Some(
                    Reason::Evidence { record: Some(3), .. }
                        | Reason::Evidence { problem: Problem::Root, .. }
                )
            ),
            "{:?}",
            found[0].reason
        );
        assert_eq!(found[1].state, LogState::Whole, "the others are not held up");
        ward.relay.change(&record, |leaf| leaf.clone_from(&whole));
    }
    let last = named(ward.log(0), "leaves", 4);
    ward.relay.take_away(&last);
    let found = ward.pull();
    assert_eq!(found[0].reason, Some(Reason::RecordsMissing { has: 4, of: 5 }));
    assert_eq!((found[0].state, found[0].entries), (LogState::Behind, 3));
    // The phone hears of it only when it sends again; the officer gets it as soon as it is there.
    ward.phones[0].vault.keep_pushed(ward.log(0), URL, curtain::vault::Pushed::default()).unwrap();
    ward.back_up_all();
    assert_eq!((ward.pull()[0].state, ward.pull()[0].entries), (LogState::Whole, 5));
}

#[test]
fn a_relay_that_lost_everything_gets_it_again() {
    let mut ward = Ward::pulled();
    let before = ward.relay.objects();
    ward.relay.forgets_all();
    // It says so when the next record comes.
    grant(&mut ward.phones[0].vault, 4, later(4));
    ward.back_up(0).unwrap();
    let after = ward.relay.objects();
    for n in 0..3 {
        let name = named(ward.log(0), "leaves", n);
        assert_eq!(after.get(&name), before.get(&name), "record {n}");
    }
    assert_eq!(ward.pull()[0].entries, 4);
}

#[test]
fn missing_details_and_those_for_somebody_else_are_named() {
    let mut ward = Ward::with_consents();
    ward.back_up_all();
    let details = named(ward.log(0), "sealed", 1);
    ward.relay.take_away(&details);
    let found = ward.pull();
    assert_eq!((found[0].state, found[0].details), (LogState::Behind, 2));
    assert_eq!(found[0].reason, Some(Reason::DetailsMissing { count: 1, first: 1 }));
    let opened = open_sealed(&ward.folder(0), &ward.key).unwrap();
    assert_eq!(opened[1].details.as_ref().unwrap().as_ref().err(), Some(&OfficerError::NotThere));

    let other = SecretKey::make(&SystemRandom::new()).unwrap();
    fs::remove_dir_all(ward.folder(1)).unwrap();
    let found = ward.sorted(ward.try_pull(&other, None, &[&ward.circle]).unwrap());
    assert_eq!((found[1].state, found[1].details), (LogState::Unverified, 0));
    let refused = Reason::DetailsRefused { first: 0, why: OfficerError::DoesNotOpen };
    assert_eq!(found[1].reason, Some(refused));
    assert_eq!(ward.evidence(1), Integrity::Intact, "the records themselves hold");
    assert_eq!(ward.pull()[1].details, 2, "with the right key they are taken");
}

#[test]
fn a_device_that_sends_nothing_is_named() {
    let mut ward = Ward::with_consents();
    ward.back_up(0).unwrap();
    let found = ward.pull();
    assert_eq!((found[1].state, found[1].reason), (LogState::Silent, Some(Reason::NothingCosigned)));
    let days = |days: i64| UnixTime::new(later(10).seconds() + days * 86_400).unwrap();
    ward.relay.set_clock(days(6));
    assert_eq!(ward.pull()[0].state, LogState::Whole);
    ward.relay.set_clock(days(8));
    let found = ward.pull();
    assert_eq!((found[0].state, found[0].reason), (LogState::Silent, Some(Reason::NothingNew { days: 8 })));
    // A relay that names no log of a device does not hide it from who knows the circle; the circle says whose log it is.
    let found = ward.try_pull(&ward.key, None, &[]).unwrap();
    assert!(found.iter().all(|log| log.state == LogState::Unverified));
    assert!(found.iter().all(|log| log.reason == Some(Reason::CircleUnknown)));
}

#[test]
fn no_byte_and_no_record_of_a_pulled_log_can_be_changed() {
    let ward = Ward::pulled();
    let evidence = ward.folder(0).join("evidence");
    let names = ["README.txt", "checkpoint", "hashes.txt", "keys.txt", "leaves.jsonl"];
    for name in names {
        let path = evidence.join(name);
        let whole = fs::read(&path).unwrap();
        for place in 0..whole.len() {
            let mut edited = whole.clone();
            edited[place] ^= 1;
            fs::write(&path, &edited).unwrap();
            assert_ne!(ward.evidence(0), Integrity::Intact, "{name} byte {place}");
        }
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(ward.evidence(0), Integrity::Intact);
    let path = evidence.join("leaves.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    for dropped in 0..lines.len() {
        let left: String = lines
            .iter()
            .enumerate()
            .filter(|(n, _)| *n != dropped)
            .flat_map(|(_, line)| [*line, "\n"])
            .collect();
        fs::write(&path, left).unwrap();
        assert!(matches!(ward.evidence(0), Integrity::Broken { record: Some(n), .. } if n == dropped as u64));
    }
    // A pull says so, and mends nothing by itself.
    let found = ward.pull();
    assert_eq!(found[0].state, LogState::Unverified);
    assert!(matches!(found[0].reason, Some(Reason::Kept { .. })), "{:?}", found[0].reason);
    fs::write(&path, whole).unwrap();
    fs::write(evidence.join("more"), "x").unwrap();
    assert_eq!(ward.evidence(0), Integrity::Broken { record: None, what: Problem::UnexpectedFile });
}

#[test]
fn an_export_whose_manifest_was_taken_away_is_no_pulled_log() {
    let folder = tempdir().unwrap();
    let mut ward = Ward::with_consents();
    let request = curtain::desk::Request {
        log: ward.log(0),
        from: None,
        to: None,
        format: curtain::ledger::leaf::ExportFormat::Evidence,
        details: curtain::ledger::leaf::DetailsTaken::No,
        taken_by: "Test Officer",
    };
    let target = folder.path().join("evidence");
    curtain::desk::hand_out(&mut ward.phones[0].vault, &request, &target, later(30)).unwrap();
    fs::remove_file(target.join("MANIFEST")).unwrap();
    assert_ne!(verify(&target, &Expectations::default()).unwrap().integrity, Integrity::Intact);
}

#[test]
fn erased_details_go_from_relay_and_officer() {
    for deletes in [true, false] {
        let mut ward = Ward::pulled();
        if !deletes {
            ward.relay.without_deleting();
        }
        let log = ward.log(0);
        let consent = ward.phones[0].vault.consents(log, 0).unwrap().next().unwrap().unwrap().id();
        let reason = Some(EraseReason::PatientRequest);
        ward.phones[0].vault.erase(consent, WithdrawnBy::Author, reason, later(15)).unwrap();
        ward.back_up_all();
        assert_eq!(ward.relay.objects().contains_key(&named(log, "sealed", 0)), !deletes);
        assert!(ward.folder(0).join("sealed/0").exists());
        let found = ward.pull();
        assert_eq!((found[0].state, found[0].details, found[0].entries), (LogState::Whole, 2, 5));
        assert!(!ward.folder(0).join("sealed/0").exists(), "the officer's copy follows the record");
        assert_eq!(ward.patients(0), ["Test Patient 2", "Test Patient 3"]);
        assert!(ward.phones[0].vault.backed_up(consent).unwrap().is_whole());
        assert_eq!(ward.pull(), found, "and does not come back");
    }
}
