//! `kill -9` at random moments of grants, withdrawals and erasures: no acknowledged record is missing, there is no half
//! record, and the tree verifies.
//!
//! `CURTAIN_KILLS` sets how often (20), `CURTAIN_SEED` repeats a run.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use curtain::hash::Id;
use curtain::ledger::leaf::Event;
use curtain::wire::checkpoint::Checkpoint;
use curtain::wire::note::Note;
use curtain::wire::tree::{Frontier, leaf_hash};
use tempfile::tempdir;

use crate::people::open;

/// How far a consent has come, as the command acknowledged it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    Granted,
    Withdrawn,
    Erased,
}

/// Small and repeatable. [Marsaglia, Xorshift RNGs, 2003]
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Runs the command and kills it after `life`; gives what it had printed, if it printed a whole line.
fn run(args: &[String], life: Option<Duration>) -> Option<serde_json::Value> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_curtain-under-test"))
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    if let Some(life) = life {
        std::thread::sleep(life);
        child.kill().unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let whole = output.stdout.strip_suffix(b"\n")?;
    serde_json::from_slice(whole).ok().filter(|line: &serde_json::Value| line.get("error").is_none())
}

fn arguments(folder: &Path, words: &str) -> Vec<String> {
    let place = |word: &str| word.replace('@', folder.to_str().unwrap()).replace('_', " ");
    words.split_whitespace().map(place).collect()
}

fn new_consent(folder: &Path, n: u64) -> Vec<String> {
    let mut words = arguments(
        folder,
        "consent new --json --vault @/vault --regime hipaa --level teaching --purpose teaching --giver patient \
         --recipients Test_Circle --discloser Test_Clinic --contact Test_Clinic --description a_rash \
         --expires 2099-12-31 --affirm understood --shown --text @/text --signature @/signature",
    );
    // At most ten years.
    let expires = words.iter().position(|word| word == "2099-12-31").unwrap();
    let soon = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() + 86_400 * 365;
    words[expires] = curtain::time::UnixTime::new(soon.try_into().unwrap()).unwrap().date();
    words.extend(["--patient".to_owned(), format!("Test Patient {n}")]);
    words
}

fn check(vault: &Path, known: &BTreeMap<Id, Known>, context: &str) {
    let vault = open(vault).unwrap_or_else(|error| panic!("{context}: {error:?}"));
    let Some(log) = vault.logs().unwrap().pop() else {
        assert!(known.is_empty(), "{context}");
        return;
    };
    let mut tree = Frontier::new();
    let mut said: BTreeMap<Id, Known> = BTreeMap::new();
    for leaf in vault.leaves(log.id, 0..log.size).unwrap() {
        let leaf = leaf.unwrap();
        assert_eq!(leaf_hash(&leaf.bytes), leaf.hash, "{context}");
        tree.append(leaf.hash);
        match leaf.leaf().unwrap().event {
            Event::Grant { consent, .. } => {
                assert_eq!(said.insert(consent, Known::Granted), None, "{context}");
            }
            Event::Withdraw { consent, .. } => drop(said.insert(consent, Known::Withdrawn)),
            Event::Erase { consent, .. } => drop(said.insert(consent, Known::Erased)),
            _ => {}
        }
    }
    let note = Note::parse(log.checkpoint.as_bytes()).unwrap();
    let checkpoint = Checkpoint::signed(&note, &log.verifier).unwrap();
    assert_eq!((checkpoint.size, checkpoint.root), (tree.size(), tree.root()), "{context}");
    for (id, known) in known {
        assert!(said.get(id) >= Some(known), "{context}: {known:?} was acknowledged");
    }
    for held in vault.consents(log.id, 0).unwrap() {
        let held = held.unwrap();
        let stands = match (held.erased(), held.withdrawn()) {
            (Some(_), _) => Known::Erased,
            (None, Some(_)) => Known::Withdrawn,
            (None, None) => Known::Granted,
        };
        assert_eq!(said.remove(&held.id()), Some(stands), "{context}: log and record agree");
        assert_eq!(held.record().unwrap().is_none(), stands == Known::Erased, "{context}");
        assert_eq!(vault.media(held.id()).unwrap().is_none(), stands == Known::Erased, "{context}");
    }
    assert!(said.is_empty(), "{context}: the log names consents that are not kept");
}

#[test]
fn nothing_acknowledged_is_lost_however_often_it_is_killed() {
    let kills = number("CURTAIN_KILLS").unwrap_or(20);
    let clock =
        || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros().try_into().unwrap();
    let seed = number("CURTAIN_SEED").unwrap_or_else(clock) | 1;
    // Not captured, so that every run says how to repeat it.
    writeln!(std::io::stderr(), "CURTAIN_KILLS={kills} CURTAIN_SEED={seed}").unwrap();
    let folder = tempdir().unwrap();
    let vault = folder.path().join("vault");
    std::fs::write(folder.path().join("text"), "A rash.").unwrap();
    std::fs::write(folder.path().join("signature"), crate::people::SIGNATURE).unwrap();
    let mut random = Random(seed);
    let mut known = BTreeMap::new();

    let start = Instant::now();
    let first = run(&new_consent(folder.path(), 0), None).expect("the first is not killed");
    let usual = start.elapsed();
    known.insert(first["consent"].as_str().unwrap().parse().unwrap(), Known::Granted);

    for kill in 1..=kills {
        let chosen =
            known.iter().filter(|(_, known)| **known < Known::Erased).map(|(id, known)| (*id, *known));
        let chosen: Vec<_> = chosen.collect();
        let pick = usize::try_from(random.below(1000)).unwrap();
        let (what, args) = match (random.below(3), chosen.get(pick % chosen.len().max(1))) {
            (1, Some((id, Known::Granted))) => (
                Some((*id, Known::Withdrawn)),
                arguments(folder.path(), &format!("consent withdraw --json --vault @/vault {id}")),
            ),
            (2, Some((id, _))) => (
                Some((*id, Known::Erased)),
                arguments(
                    folder.path(),
                    &format!(
                        "consent erase --json --yes --despite-retention patient-request --vault @/vault {id}"
                    ),
                ),
            ),
            _ => (None, new_consent(folder.path(), kill)),
        };
        let life = usual.mul_f64(random.below(1300) as f64 / 1000.0);
        let context = format!("kill {kill} of {args:?} after {life:?}, CURTAIN_SEED={seed}");
        if let Some(line) = run(&args, Some(life)) {
            let (id, stands) =
                what.unwrap_or_else(|| (line["consent"].as_str().unwrap().parse().unwrap(), Known::Granted));
            known.insert(id, stands);
        }
        check(&vault, &known, &context);
    }
    let (all, ended) = (known.len(), ended(&known));
    writeln!(std::io::stderr(), "{all} consents acknowledged, {ended} of them withdrawn or erased").unwrap();
}

fn ended(known: &BTreeMap<Id, Known>) -> usize {
    known.values().filter(|known| **known > Known::Granted).count()
}
