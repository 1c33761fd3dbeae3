//! Checks an evidence folder, offline: integrity, signer and completeness, each apart.
//!
//! The folder's own key proves only that everything was made by one hand. Whose hand it was takes a key from
//! elsewhere; that this hand dropped nothing takes an earlier checkpoint or a witness.

mod files;
mod history;
mod many;
mod report;
mod signed;

use std::collections::{HashMap, hash_map};
use std::io;
use std::path::Path;

use curtain_wire::checkpoint::{Checkpoint, CheckpointError};
use curtain_wire::note::{Algorithm, Note, VerifierKey};
use curtain_wire::tree::{Frontier, Hash, leaf_hash};
use thiserror::Error;

use self::files::{Folder, Hashed};
use self::history::History;
pub use self::many::{ExpectationsError, ExpectationsOfMany, log_named_in};
pub use self::report::{Completeness, Gap, Integrity, NotProven, Problem, Report, Scope, Signer};
use self::signed::{Cosignature, Keys, Signed};
use super::evidence::{Entry, File, MAX_DETAIL_LINE, Manifest, Opening};
use super::leaf::Leaf;
use crate::hash::{Id, Sha256};

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

/// What kind of folder it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Made by the log's device, with a manifest that it signed.
    Exported,
    /// Kept by an officer: the whole log under a cosigned checkpoint, from which all else follows.
    Pulled,
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
    if !folder.is_folder()? {
        return Err(io::Error::from(io::ErrorKind::NotADirectory).into());
    }
    let keys = Keys::read(folder)?;
    let form = folder.form()?;
    let manifest = match form {
        Form::Exported => signed::manifest(folder, &keys)?,
        Form::Pulled => signed::implied(folder, &keys)?,
    };
    folder.holds_exactly(&manifest, form)?;
    let signed = Signed::read(folder, &manifest, &keys)?;
    if form == Form::Pulled && signed.cosignatures.is_empty() {
        return Err(Problem::Signatures { file: File::Checkpoint }.into());
    }

    if let Some(readme) = manifest.entry(File::Readme) {
        folder.check(readme)?;
    }
    let seen = records(folder, &manifest, &signed, earlier.map(|earlier| earlier.checkpoint.size))?;
    if expected.key.as_ref().is_some_and(|key| *key != keys.log) {
        return Err(Problem::OtherKey.into());
    }
    if let Some(earlier) = earlier {
        earlier.is_of(&keys.log)?;
        earlier.grew_into(manifest.size, seen.earlier_root)?;
    }
    let Manifest { log, first, until, size, .. } = manifest;
    let attachments = manifest.attachments().count() as u64;
    let root = Sha256(signed.checkpoint.root.0);
    Ok(Report {
        integrity: Integrity::Intact,
        signer: if expected.key.is_some() { Signer::Authenticated } else { Signer::NotAuthenticated },
        completeness: completeness(earlier, expected.witness.as_ref(), signed.cosignatures),
        scope: Some(Scope { log, first, until, size, root, details: seen.opened, attachments }),
        gap: seen.gap,
    })
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
    signed: &Signed<'_>,
    earlier: Option<u64>,
) -> Result<Seen, Failure> {
    let mut hashes = folder.open(File::Hashes)?;
    let mut leaves = folder.open(File::Leaves)?;
    let mut details = Details::open(folder, manifest)?;
    let mut history = History::new(manifest.log, manifest.first);
    let mut tree = Frontier::new();
    let (mut earlier_root, mut cosigned_root) = (None, None);
    for n in 0..=manifest.size {
        if earlier == Some(n) {
            earlier_root = Some(tree.root());
        }
        if signed.cosigned.is_some_and(|cosigned| cosigned.size == n) {
            cosigned_root = Some(tree.root());
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
    if tree.root() != signed.checkpoint.root {
        return Err(Problem::Root.into());
    }
    if cosigned_root != signed.cosigned.map(|cosigned| cosigned.root) {
        return Err(Problem::CosignedRoot.into());
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
    cosignatures: Vec<Cosignature<'_>>,
) -> Completeness {
    let since = earlier.map(|earlier| earlier.checkpoint.size);
    let Some(witness) = witness else {
        return match since {
            Some(size) => Completeness::Since { size },
            None => Completeness::NotProven { why: NotProven::NothingGiven },
        };
    };
    let by_witness = cosignatures.into_iter().filter(|cosignature| cosignature.by == witness);
    // The one that reaches furthest, and of two that reach as far, the later.
    let Some(Cosignature { by, at, size }) = by_witness.max_by_key(|found| (found.size, found.at)) else {
        return Completeness::NotProven { why: NotProven::NotCosigned };
    };
    let by = by.name().to_owned();
    match since {
        Some(since) => Completeness::SinceAndCosigned { since, by, at, size },
        None => Completeness::Cosigned { by, at, size },
    }
}

#[cfg(test)]
mod tests;
