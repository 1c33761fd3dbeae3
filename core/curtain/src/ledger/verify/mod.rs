//! Checks an evidence folder, offline: integrity, signer and completeness, each apart.
//!
//! The folder's own key proves only that everything was made by one hand. Whose hand it was takes a key from
//! elsewhere; that this hand dropped nothing takes an earlier checkpoint or a witness.

mod files;
mod history;
mod report;

use std::collections::{HashMap, hash_map};
use std::io;
use std::path::Path;

use curtain_wire::checkpoint::{Checkpoint, CheckpointError, origin};
use curtain_wire::note::{self, Algorithm, Note, NoteError, Verified, VerifierKey};
use curtain_wire::tree::{Frontier, Hash, leaf_hash};
use thiserror::Error;

use self::files::{Folder, Hashed, matches};
use self::history::History;
pub use self::report::{Completeness, Gap, Integrity, NotProven, Problem, Report, Scope, Signer};
use super::evidence::{Entry, File, MAX_DETAIL_LINE, Manifest, Opening};
use super::leaf::Leaf;
use crate::hash::{Id, Sha256};
use crate::time::UnixTime;

/// The log's key and those of 15 witnesses, with long names.
const MAX_KEYS_BYTES: usize = 64 << 10;

/// Three lines and 16 signatures, with long names.
const MAX_CHECKPOINT_BYTES: usize = 64 << 10;

/// 64 hexadecimal digits and a line feed.
const MAX_HASH_LINE: usize = 65;

/// What the verifier knows from elsewhere than the folder.
#[derive(Clone, Debug, Default)]
pub struct Expectations<'a> {
    /// An earlier checkpoint of the log, as a signed note.
    pub since: Option<&'a [u8]>,
    /// The log's key.
    pub key: Option<VerifierKey>,
    /// The key of a witness, [`Algorithm::CosignatureV1`].
    pub witness: Option<VerifierKey>,
}

/// Nothing could be said about the folder.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// A file or the folder could not be read.
    #[error("the evidence could not be read")]
    Read(#[from] io::Error),
    /// The earlier checkpoint is no signed note of a checkpoint.
    #[error("the earlier checkpoint is not one: give the file checkpoint of an earlier export")]
    Since(#[source] CheckpointError),
    /// The witness's key is one of another kind.
    #[error("the witness's key is not one that cosigns: its type byte must be 4")]
    Witness,
}

/// Why checking ended early.
enum Failure {
    Broken { record: Option<u64>, what: Problem },
    Error(VerifyError),
}

impl From<Problem> for Failure {
    fn from(what: Problem) -> Self {
        Self::Broken { record: None, what }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Error(error.into())
    }
}

/// Checks the evidence in `folder` against itself and against what is `expected`.
///
/// Reads each file once; memory grows by a byte for each record and some 40 for each consent in the part.
/// Refers to nothing outside the folder and follows no links in it.
///
/// # Errors
/// [`VerifyError`] if nothing could be said. Evidence that is not right is no error but [`Integrity::Broken`].
pub fn verify(folder: &Path, expected: &Expectations<'_>) -> Result<Report, VerifyError> {
    if expected.witness.as_ref().is_some_and(|key| key.algorithm() != Algorithm::CosignatureV1) {
        return Err(VerifyError::Witness);
    }
    let earlier = expected.since.map(Earlier::parse).transpose()?;
    match check(&Folder(folder), expected, earlier.as_ref()) {
        Ok(report) => Ok(report),
        Err(Failure::Error(error)) => Err(error),
        Err(Failure::Broken { record, what }) => Ok(Report {
            integrity: Integrity::Broken { record, what },
            signer: Signer::NotAuthenticated,
            completeness: Completeness::NotProven { why: NotProven::Broken },
            scope: None,
            gap: None,
        }),
    }
}

/// An earlier checkpoint, whose signature is not checked yet.
struct Earlier {
    note: Note,
    checkpoint: Checkpoint,
}

impl Earlier {
    fn parse(bytes: &[u8]) -> Result<Self, VerifyError> {
        let note = Note::parse(bytes).map_err(|error| VerifyError::Since(error.into()))?;
        let checkpoint = note.text().parse().map_err(VerifyError::Since)?;
        Ok(Self { note, checkpoint })
    }

    /// Fails unless it is of this log.
    fn is_of(&self, log: &VerifierKey) -> Result<(), Problem> {
        match Checkpoint::signed(&self.note, log) {
            Ok(_) => Ok(()),
            Err(CheckpointError::OtherLog) => Err(Problem::OtherLog),
            Err(_) => Err(Problem::EarlierSignature),
        }
    }

    /// Fails unless the log of `size` records, which had the root `then` at this size, begins with it.
    fn grew_into(&self, size: u64, then: Option<Hash>) -> Result<(), Failure> {
        let had = self.checkpoint.size;
        match then {
            None => {
                let what = Problem::RolledBack { had, has: size };
                Err(Failure::Broken { record: Some(size), what })
            }
            Some(root) if root != self.checkpoint.root => Err(Problem::Forked { until: had }.into()),
            Some(_) => Ok(()),
        }
    }
}

fn check(
    folder: &Folder<'_>,
    expected: &Expectations<'_>,
    earlier: Option<&Earlier>,
) -> Result<Report, Failure> {
    if !std::fs::metadata(folder.0)?.is_dir() {
        return Err(io::Error::from(io::ErrorKind::NotADirectory).into());
    }
    let keys = Keys::parse(&folder.read(File::Keys, MAX_KEYS_BYTES)?)?;
    let manifest = manifest(folder, &keys.log)?;
    folder.holds_exactly(&manifest)?;
    matches(&manifest, File::Keys, keys.text.as_bytes())?;
    let (checkpoint, cosigned) = checkpoint(folder, &manifest, &keys)?;

    if let Some(readme) = manifest.entry(File::Readme) {
        folder.check(readme)?;
    }
    let seen = records(folder, &manifest, &checkpoint, earlier.map(|earlier| earlier.checkpoint.size))?;
    if expected.key.as_ref().is_some_and(|key| *key != keys.log) {
        return Err(Problem::OtherKey.into());
    }
    if let Some(earlier) = earlier {
        earlier.is_of(&keys.log)?;
        earlier.grew_into(manifest.size, seen.earlier_root)?;
    }
    let Manifest { log, first, until, size, .. } = manifest;
    let attachments = manifest.attachments().count() as u64;
    Ok(Report {
        integrity: Integrity::Intact,
        signer: if expected.key.is_some() { Signer::Authenticated } else { Signer::NotAuthenticated },
        completeness: completeness(earlier, expected.witness.as_ref(), &cosigned),
        scope: Some(Scope { log, first, until, size, details: seen.opened, attachments }),
        gap: seen.gap,
    })
}

/// `keys.txt`: the log's key, then those of the witnesses that cosigned.
struct Keys {
    text: String,
    log: VerifierKey,
    witnesses: Vec<VerifierKey>,
}

impl Keys {
    fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let wrong = Problem::Form { file: File::Keys };
        let text = str::from_utf8(bytes).map_err(|_| wrong)?;
        let mut lines = text.strip_suffix('\n').ok_or(wrong)?.split('\n');
        let mut next = || lines.next().map(|line| line.parse::<VerifierKey>().map_err(|_| wrong));
        let log = next().ok_or(wrong)??;
        let witnesses = std::iter::from_fn(next).take(note::MAX_SIGNATURES).collect::<Result<Vec<_>, _>>()?;
        let right = log.algorithm() == Algorithm::Ed25519
            && witnesses.iter().all(|key| key.algorithm() == Algorithm::CosignatureV1);
        if right { Ok(Self { text: text.to_owned(), log, witnesses }) } else { Err(wrong) }
    }
}

fn manifest(folder: &Folder<'_>, log: &VerifierKey) -> Result<Manifest, Failure> {
    let file = File::Manifest;
    let note = Note::parse(&folder.read(file, note::MAX_BYTES)?).map_err(|_| Problem::Form { file })?;
    if note.signatures().len() != 1 {
        return Err(Problem::Signatures { file }.into());
    }
    note.verify(log).map_err(|error| signature(error, file))?;
    let manifest = Manifest::parse(note.text()).ok_or(Problem::Form { file })?;
    if log.name() != origin(manifest.log.0) {
        return Err(Problem::Disagree.into());
    }
    Ok(manifest)
}

/// Who cosigned the checkpoint, and when.
type Cosigned<'a> = Vec<(&'a VerifierKey, UnixTime)>;

/// The checkpoint, and who cosigned it when.
fn checkpoint<'a>(
    folder: &Folder<'_>,
    manifest: &Manifest,
    keys: &'a Keys,
) -> Result<(Checkpoint, Cosigned<'a>), Failure> {
    let file = File::Checkpoint;
    let bytes = folder.read(file, MAX_CHECKPOINT_BYTES)?;
    matches(manifest, file, &bytes)?;
    let note = Note::parse(&bytes).map_err(|_| Problem::Form { file })?;
    let checkpoint = Checkpoint::signed(&note, &keys.log).map_err(|error| match error {
        CheckpointError::Note(error) => signature(error, file),
        CheckpointError::OtherLog => Problem::Disagree,
        _ => Problem::Form { file },
    })?;
    if Id(checkpoint.log) != manifest.log || checkpoint.size != manifest.size {
        return Err(Problem::Disagree.into());
    }
    // Every line is by one key, and every key has one line: nothing is there that nobody checked.
    if note.signatures().len() != 1 + keys.witnesses.len() {
        return Err(Problem::Signatures { file }.into());
    }
    let mut cosigned = Vec::new();
    for witness in &keys.witnesses {
        match note.verify(witness).map_err(|error| signature(error, file))? {
            Verified::Cosigned { at_unix_s } => {
                let at = i64::try_from(at_unix_s).ok().and_then(|at| UnixTime::new(at).ok());
                cosigned.push((witness, at.ok_or(Problem::BadSignature { file })?));
            }
            Verified::Signed => return Err(Problem::Signatures { file }.into()),
        }
    }
    Ok((checkpoint, cosigned))
}

fn signature(error: NoteError, file: File) -> Problem {
    match error {
        NoteError::NotSigned | NoteError::SignedTwice => Problem::Signatures { file },
        _ => Problem::BadSignature { file },
    }
}

/// What came to light on the way through the records.
struct Seen {
    gap: Option<Gap>,
    /// Commitments that were opened.
    opened: u64,
    /// The root at the size that was asked for; none if the log never had it.
    earlier_root: Option<Hash>,
}

/// Reads hashes, records and details side by side.
fn records(
    folder: &Folder<'_>,
    manifest: &Manifest,
    checkpoint: &Checkpoint,
    earlier: Option<u64>,
) -> Result<Seen, Failure> {
    let mut hashes = folder.open(File::Hashes)?;
    let mut leaves = folder.open(File::Leaves)?;
    let mut details = Details::open(folder, manifest)?;
    let mut history = History::new(manifest.log, manifest.first);
    let mut tree = Frontier::new();
    let mut earlier_root = None;
    for n in 0..=manifest.size {
        if earlier == Some(n) {
            earlier_root = Some(tree.root());
        }
        if n == manifest.size {
            break;
        }
        let at = |what| Failure::Broken { record: Some(n), what };
        let hash = hash_line(&mut hashes).map_err(|failure| failure.at(n))?;
        let hash = hash.ok_or(at(Problem::NoHash))?;
        tree.append(hash);
        if (manifest.first..manifest.until).contains(&n) {
            let leaf = record(&mut leaves, n, manifest.log, hash).map_err(|failure| failure.at(n))?;
            history.admit(&leaf).map_err(at)?;
            details.read(&leaf)?;
        }
    }
    nothing_more(&mut leaves, Leaf::MAX_BYTES + 1, Problem::SurplusRecords)?;
    nothing_more(&mut hashes, MAX_HASH_LINE, Problem::SurplusHashes)?;
    let opened = details.finish(folder, manifest)?;
    if tree.root() != checkpoint.root {
        return Err(Problem::Root.into());
    }
    for (list, file) in [(hashes, File::Hashes), (leaves, File::Leaves)] {
        list.finish(manifest.entry(file).ok_or(Problem::MissingFile { file })?)?;
    }
    Ok(Seen { gap: history.gap(), opened, earlier_root })
}

fn hash_line(hashes: &mut Hashed) -> Result<Option<Hash>, Failure> {
    let Some(line) = hashes.line(MAX_HASH_LINE, Problem::NoHash)? else { return Ok(None) };
    let hash = str::from_utf8(line).ok().and_then(|line| line.parse::<Sha256>().ok());
    Ok(hash.map(|hash| Hash(hash.0)))
}

/// The record in place `n`, whose hash is `hash`.
fn record(leaves: &mut Hashed, n: u64, log: Id, hash: Hash) -> Result<Leaf, Failure> {
    let line = leaves.line(Leaf::MAX_BYTES + 1, Problem::NotALeaf)?.ok_or(Problem::MissingRecord)?;
    let leaf = Leaf::parse(line).map_err(|_| Problem::NotALeaf)?;
    if leaf.log != log {
        return Err(Problem::OtherLogsRecord.into());
    }
    if leaf.n != n {
        return Err(Problem::OtherPlace { found: leaf.n }.into());
    }
    if leaf_hash(line) != hash {
        return Err(Problem::OtherRecord.into());
    }
    Ok(leaf)
}

fn nothing_more(list: &mut Hashed, limit: usize, problem: Problem) -> Result<(), Failure> {
    match list.line(limit, problem)? {
        Some(_) => Err(problem.into()),
        None => Ok(()),
    }
}

impl Failure {
    /// The same, told of record `n`.
    fn at(self, n: u64) -> Self {
        match self {
            Self::Broken { record: None, what } => Self::Broken { record: Some(n), what },
            other => other,
        }
    }
}

/// `details.jsonl`, one line ahead of the records, and which attachments it named so far.
struct Details<'a> {
    list: Option<(Hashed, &'a Entry)>,
    next: Option<Opening>,
    /// The next line is of this place or a later one.
    after: u64,
    opened: u64,
    named: HashMap<Sha256, bool>,
}

impl<'a> Details<'a> {
    fn open(folder: &Folder<'_>, manifest: &'a Manifest) -> Result<Self, Failure> {
        let list = match manifest.entry(File::Details) {
            Some(entry) => Some((folder.open(File::Details)?, entry)),
            None => None,
        };
        let named = manifest.attachments().map(|(hash, _)| (hash, false)).collect();
        let mut details = Self { list, next: None, after: manifest.first, opened: 0, named };
        details.advance()?;
        Ok(details)
    }

    /// Checks the details of `leaf`, if there are any.
    fn read(&mut self, leaf: &Leaf) -> Result<(), Failure> {
        let Some(opening) = self.next.take_if(|opening| opening.n == leaf.n) else { return Ok(()) };
        let what = match opening.opens(&leaf.event) {
            Some(true) => None,
            Some(false) => Some(Problem::OtherDetails),
            None => Some(Problem::DetailsOfNothing),
        };
        if let Some(what) = what {
            return Err(Failure::Broken { record: Some(leaf.n), what });
        }
        opening.hashes(|hash| {
            if let hash_map::Entry::Occupied(mut named) = self.named.entry(hash) {
                named.insert(true);
            }
        });
        self.after = leaf.n + 1;
        self.opened += 1;
        self.advance()
    }

    fn advance(&mut self) -> Result<(), Failure> {
        let wrong = Problem::DetailsLine { line: self.opened + 1 };
        let Some((list, _)) = &mut self.list else { return Ok(()) };
        let Some(line) = list.line(MAX_DETAIL_LINE + 1, wrong)? else { return Ok(()) };
        let opening = Opening::parse(line).filter(|opening| opening.n >= self.after).ok_or(wrong)?;
        self.next = Some(opening);
        Ok(())
    }

    /// Checks that no details are left and that each attachment is named and right. Gives how many were opened.
    fn finish(self, folder: &Folder<'_>, manifest: &Manifest) -> Result<u64, Failure> {
        if let Some(opening) = self.next {
            return Err(Failure::Broken { record: Some(opening.n), what: Problem::DetailsOfNothing });
        }
        if let Some((list, entry)) = self.list {
            list.finish(entry)?;
        }
        if self.named.values().any(|named| !named) {
            return Err(Problem::Attachment.into());
        }
        manifest.attachments().try_for_each(|(_, entry)| folder.check(entry))?;
        Ok(self.opened)
    }
}

/// What was asked for must all be proven; what was not asked for is not told.
fn completeness(
    earlier: Option<&Earlier>,
    witness: Option<&VerifierKey>,
    cosigned: &[(&VerifierKey, UnixTime)],
) -> Completeness {
    let size = earlier.map(|earlier| earlier.checkpoint.size);
    let Some(witness) = witness else {
        return match size {
            Some(size) => Completeness::Since { size },
            None => Completeness::NotProven { why: NotProven::NothingGiven },
        };
    };
    let Some((by, at)) = cosigned.iter().find(|(key, _)| *key == witness) else {
        return Completeness::NotProven { why: NotProven::NotCosigned };
    };
    let (by, at) = (by.name().to_owned(), *at);
    match size {
        Some(size) => Completeness::SinceAndCosigned { size, by, at },
        None => Completeness::Cosigned { by, at },
    }
}

#[cfg(test)]
mod tests;
