//! Synthetic records, notes and receipts that their readers take, for mutations to start from.

use std::sync::LazyLock;

use curtain_wire::checkpoint::Checkpoint;
use curtain_wire::note::{Algorithm, Note, VerifierKey, cosign};
use curtain_wire::proof::Proof;
use curtain_wire::tree::{Hash, inclusion_proof, leaf_hash, root};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::consent::signature::{MIN_AUDIO_BYTES, SignatureForm};
use crate::consent::wording::{self, Fill};
use crate::consent::{
    Affirmation, Assent, ConsentDraft, Giver, Level, Method, ObjectKind, Regime, ShownObject, Statement,
    WithdrawalCode, Witness, Wording,
};
use crate::hash::{Id, Sha256};
use crate::keys::LogKey;
use crate::ledger::commitment;
use crate::ledger::leaf::{
    ContinueReason, DetailsTaken, EraseReason, Event, ExportFormat, Leaf, Place, Place::Here, Retention,
    WithdrawnBy,
};
use crate::receipt::{self, Receipt};
use crate::time::UnixTime;

/// The log that all samples are of.
pub const LOG: Id = Id([0x1d; 16]);

/// A log that this one continues.
const BEFORE: Id = Id([0x1c; 16]);

/// Its key stands for no one.
const SEED: [u8; 32] = [1; 32];

const CODE: [u8; 16] = [0x5e; 16];
const A: Id = Id([0xa; 16]);
const B: Id = Id([0xb; 16]);

/// When the first record was made, in seconds since 1970.
const START: i64 = 1_800_000_000;

/// What the details of [`A`] name, so that it can be an attachment.
pub const SIGNATURE: &[u8] = b"a picture of a signature";

/// A text with an empty line that is no checkpoint, signed by the log.
pub const MANIFEST_TEXT: &str = "curtain/v1/evidence\n\na text with an empty line\n";

/// Everything that has to be said under one regime or another.
const STATEMENTS: [Statement; 13] = [
    Statement::Revocation,
    Statement::WithdrawalAsEasy,
    Statement::EarlierUse,
    Statement::CannotTakeBack,
    Statement::Conditioning,
    Statement::FreelyGiven,
    Statement::Separate,
    Statement::Redisclosure,
    Statement::CopyGiven,
    Statement::Keeping,
    Statement::FutureUses,
    Statement::DataRights,
    Statement::Transfer,
];

/// Place, key and details of a commitment.
type Kept = (u64, [u8; 32], String);

/// The moment so many seconds after the first record.
///
/// # Panics
/// Beyond the year 9999.
#[must_use]
pub fn moment(later: i64) -> UnixTime {
    UnixTime::new(START + later).expect("long before the year 9999")
}

/// The log's key.
#[must_use]
pub fn key() -> &'static LogKey {
    static KEY: LazyLock<LogKey> = LazyLock::new(|| LogKey::from_seed(LOG, &SEED));
    &KEY
}

/// Signs what a log signs: no text of the samples has control characters.
///
/// # Panics
/// If `text` can be no note's.
#[must_use]
pub fn signed(text: &str) -> Note {
    key().sign(text).expect("lines of plain text")
}

/// A witness's key pair and its public half.
fn witness() -> (Ed25519KeyPair, VerifierKey) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[2; 32]).expect("any 32 bytes are a seed");
    let public = pair.public_key().as_ref().try_into().expect("32 bytes");
    let key = VerifierKey::new("witness.example/w1", Algorithm::CosignatureV1, public);
    (pair, key.expect("a name without spaces"))
}

/// The key of the witness that cosigns each [`checkpoint`].
#[must_use]
pub fn witness_key() -> VerifierKey {
    witness().1
}

/// The code that withdraws both grants.
#[must_use]
pub fn code() -> WithdrawalCode {
    WithdrawalCode::new(CODE)
}

fn grant(consent: Id, level: Level, regime: Regime, commitment: Sha256) -> Event {
    let (expires, withdrawal) = (moment(86_400), code().sha256());
    Event::Grant { commitment, consent, expires, level, regime, withdrawal }
}

fn disclose(grant: u64, consent: Id) -> Event {
    Event::Disclose { audience: Level::CareAdvice, consent, grant: Here(grant), post: Id([0xc; 16]) }
}

/// What stands behind the commitments of [`leaves`]: place, key and details.
#[must_use]
pub fn details() -> [Kept; 3] {
    let a = format!(r#"{{"signature":"{}","who":"Test Patient One"}}"#, Sha256::of(SIGNATURE));
    let export = r#"{"taken_by":"Test Officer","why":"a test"}"#.to_owned();
    [(1, [2; 32], a), (2, [3; 32], r#"{"who":"Test Patient Two"}"#.to_owned()), (4, [5; 32], export)]
}

/// A log with a record of every kind.
///
/// # Panics
/// Never: its times lie within this century.
#[must_use]
pub fn leaves() -> Vec<Vec<u8>> {
    let [a, b, export] = details().map(|(_, key, details)| commitment(&key, details.as_bytes()));
    let root = Sha256([6; 32]);
    let (details, format) = (DetailsTaken::Yes, ExportFormat::Evidence);
    let copies = vec![Here(3), Here(4), Place::Before { log: BEFORE, n: 2 }];
    let retention = Retention::Broken { reason: EraseReason::PatientRequest };
    [
        Event::Continue { before: BEFORE, reason: ContinueReason::Behind, root, size: 3, witnessed: 4 },
        grant(A, Level::Teaching, Regime::Gdpr, a),
        grant(B, Level::Publication, Regime::Hipaa, b),
        disclose(1, A),
        Event::Export { commitment: export, details, exported: LOG, first: 0, format, until: 4 },
        Event::Withdraw { awaits: copies, by: WithdrawnBy::Code, consent: A, grant: Here(1) },
        Event::Acknowledge { copy: Here(3), of: Here(5) },
        disclose(2, B),
        Event::Expire { consent: B, grant: Here(2) },
        Event::Erase { copies: vec![Here(4)], consent: B, grant: Here(2), retention },
        Event::Acknowledge { copy: Here(4), of: Here(9) },
    ]
    .into_iter()
    .zip(0..)
    .map(|(event, n)| {
        let at = moment(60 * i64::try_from(n).expect("few records"));
        Leaf { at, event, log: LOG, n, v: 1 }.canonical()
    })
    .collect()
}

/// The hashes that the log's tree is made of.
#[must_use]
pub fn hashes(leaves: &[Vec<u8>]) -> Vec<Hash> {
    leaves.iter().map(|leaf| leaf_hash(leaf)).collect()
}

/// The text of the checkpoint of a log of these hashes.
#[must_use]
pub fn checkpoint_text(hashes: &[Hash]) -> String {
    Checkpoint { log: LOG.0, size: hashes.len() as u64, root: root(hashes) }.to_string()
}

/// The checkpoint of a log of these hashes, signed and cosigned.
///
/// # Panics
/// If it cannot be signed.
#[must_use]
pub fn checkpoint(hashes: &[Hash]) -> Note {
    let text = checkpoint_text(hashes);
    let (pair, key) = witness();
    let signature = cosign(&text, &key, START.cast_unsigned(), |message| {
        pair.sign(message).as_ref().try_into().expect("an Ed25519 signature has 64 bytes")
    });
    signed(&text).with(signature.expect("a witness's key")).expect("two signatures")
}

/// The proof that [`leaves`] holds the leaf at `index`.
///
/// # Panics
/// Beyond the last leaf.
#[must_use]
pub fn proof(index: u64) -> Proof {
    let all = hashes(&leaves());
    let path = inclusion_proof(index, all.len() as u64, &all).expect("a leaf of the log");
    Proof { extra: None, index, hashes: path, checkpoint: checkpoint(&all) }
}

/// What signed notes are about, as text; `choice` chooses among keys, notes, their parts and proofs.
#[must_use]
pub fn note(choice: u32) -> Vec<u8> {
    let checkpoint = checkpoint(&hashes(&leaves()));
    let text = match choice % 8 {
        0 => key().verifier().to_string(),
        1 => witness_key().to_string(),
        2 => checkpoint.text().to_owned(),
        3 => checkpoint.signatures()[1].to_string(),
        4 => checkpoint.to_string(),
        5 => signed(MANIFEST_TEXT).to_string(),
        6 => Proof { extra: Some(vec![0xee; 5]), ..proof(10) }.to_string(),
        _ => proof(u64::from(choice >> 3) % 11).to_string(),
    };
    text.into_bytes()
}

/// What the consent log reads in small: leaves, consents, codes, signatures, recordings, places and moments.
/// Consents say `words` where they can.
#[must_use]
pub fn record(choice: u32, words: &str) -> Vec<u8> {
    let variant = choice >> 3;
    match choice % 8 {
        0 | 1 => {
            let mut leaves = leaves();
            leaves.swap_remove(variant as usize % leaves.len())
        }
        2..=4 => consent(variant, words),
        5 => code().printed().as_bytes().to_vec(),
        6 => mark(variant),
        _ => {
            let texts = ["12", "1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c/2", "2027-01-31", "2027-01-31T09:30:00Z"];
            texts[variant as usize % texts.len()].as_bytes().to_vec()
        }
    }
}

/// A signature of either form, or the smallest recording of each kind.
fn mark(variant: u32) -> Vec<u8> {
    let mut recording = match variant % 6 {
        0 => return b"[[[0,0],[12.5,-3]],[[1e2,7]]]".to_vec(),
        1 => return crate::clean(2),
        2 => [&b"OggS"[..], &[0; 24], b"OpusHead"].concat(),
        3 => b"RIFF\0\0\0\0WAVE".to_vec(),
        4 => b"\0\0\0\x20ftypM4A ".to_vec(),
        _ => vec![0xFF, 0xF1],
    };
    recording.resize(MIN_AUDIO_BYTES, 0);
    recording
}

/// The details of a consent; `words` are its own wording, its purpose and its description, where they can be.
fn consent(variant: u32, words: &str) -> Vec<u8> {
    let mut draft = draft(variant);
    if variant.is_multiple_of(2) {
        let fill = Fill::of(&draft).expect("everything is filled in");
        let languages = wording::templates();
        draft.wording = Some(wording::render(&languages[variant as usize / 2 % languages.len()], &fill));
    }
    let spoken = ConsentDraft {
        purpose: Some(words.to_owned()),
        description: Some(words.to_owned()),
        wording: Some(Wording::own("sw-KE", words)),
        ..draft.clone()
    };
    let given = draft.given_at.expect("it was given");
    let record = spoken.complete(A, given).or_else(|_| draft.complete(A, given));
    record.expect("nothing is missing").details()
}

/// A complete consent with its own wording.
fn draft(variant: u32) -> ConsentDraft {
    use Affirmation::{DiscussionRecorded, Explicit, Understood};
    let name = || "Test Guardian One".to_owned();
    let adult = Method::Signature { sha256: Sha256::of(SIGNATURE), form: SignatureForm::Strokes };
    let any = [Regime::Hipaa, Regime::Gdpr, Regime::Gmc][variant as usize % 3];
    // Under HIPAA no minor decides, and nothing is only spoken.
    let (giver, method, regime) = match variant / 4 % 4 {
        0 => (Giver::AdultPatient, adult, any),
        1 => {
            (Giver::MatureMinor { basis: "understood all of it".into() }, Method::WitnessedOral, Regime::Gmc)
        }
        2 => (
            Giver::Guardian { name: name(), authority: "mother".into(), assent: Assent::Given },
            Method::Thumbprint { sha256: Sha256([8; 32]) },
            any,
        ),
        _ => (
            Giver::Representative { name: name(), authority: "court".into(), basis: "asleep".into() },
            Method::Audio { sha256: Sha256([9; 32]) },
            Regime::Gdpr,
        ),
    };
    let object = |n, kind, derived_from| ShownObject { derived_from, kind, sha256: Sha256([n; 32]) };
    ConsentDraft {
        affirmed: [Understood, Explicit, DiscussionRecorded].into(),
        contact: Some("Test Clinic, room 1".into()),
        description: Some("a rash on the left forearm.".into()),
        discloser: Some("Test Clinic".into()),
        expires: Some(moment(86_400)),
        explained: STATEMENTS.into(),
        given_at: Some(moment(0)),
        giver: Some(giver),
        level: Some(Level::Teaching),
        method: Some(method),
        objects: vec![
            object(1, ObjectKind::Picture, None),
            object(2, ObjectKind::Thumbnail, Some(Sha256([1; 32]))),
            object(3, ObjectKind::Text, None),
        ],
        patient: Some("Test Patient One".into()),
        purpose: Some("learning to tell rashes apart".into()),
        recipients: Some("members of the circle Test Dermatology".into()),
        regime: Some(regime),
        shown_to_patient: Some(moment(-600)),
        witness: Some(Witness { name: "Test Witness One".into(), role: "nurse".into() }),
        wording: Some(Wording::own("en", "Test wording.")),
    }
}

/// A receipt's file, or the text of its square code. `words` stand in it wherever text is free.
///
/// # Panics
/// If it cannot be made, or is not read again.
#[must_use]
pub fn receipt(choice: u32, words: &str) -> Vec<u8> {
    let place = 1 + u64::from(choice >> 1) % 2;
    let (consent, level, regime) =
        [(A, Level::Teaching, Regime::Gdpr), (B, Level::Publication, Regime::Hipaa)]
            [(choice >> 1) as usize % 2];
    let leaf = leaves().swap_remove(usize::try_from(place).expect("1 or 2"));
    let kinds = ["picture", "thumbnail", "text", words];
    let objects: Vec<_> = kinds.into_iter().map(|kind| (Sha256::of(kind.as_bytes()), kind)).collect();
    let receipt = Receipt {
        consent,
        patient: "Test Patient One",
        giver: words,
        discloser: "Test Clinic",
        contact: words,
        recipients: "members of the circle Test Dermatology",
        purpose: words,
        level,
        regime,
        given_at: moment(0),
        expires: moment(86_400),
        method: "thumbprint",
        witness: (choice & 8 != 0).then_some(words),
        language: ["en", "pt-BR", "sw", "hi"][(choice >> 4) as usize % 4],
        wording: words,
        wording_sha256: Sha256::of(words.as_bytes()),
        objects: &objects[..(choice >> 6) as usize % 5],
        withdrawal_code: &code().printed(),
        leaf: str::from_utf8(&leaf).expect("a leaf is JSON"),
        proof: &proof(place).to_string(),
        log_key: &key().verifier().to_string(),
    };
    if choice.is_multiple_of(2) {
        let file = receipt::json(&receipt).expect("its parts belong together");
        assert!(receipt::from_json(&file).is_ok(), "what is written is read");
        file
    } else {
        let text = receipt::code_text(&receipt).expect("its parts belong together");
        assert!(receipt::parse_qr(&text).is_ok(), "what is written is read");
        text.into_bytes()
    }
}

/// A part of a case text, or some after each other.
#[must_use]
pub fn story(choice: u32) -> Vec<u8> {
    const PARTS: [&str; 24] = [
        "Asha, 93, from Sonepur village, ",
        "3 July 2024, ",
        "pt ramesh kumar s/o ",
        "MRN 00482913 ",
        "Mr Will Rose ",
        "call +254 712 550 148 ",
        "a.b@c.example ",
        "BP 120/80 ",
        "Baker's cyst, ",
        "near Two Dot, Montana. ",
        "\n",
        "my name is dr ",
        "NHS 999 806 9629 ",
        "DOB 04/11/1956 ",
        "\u{1f64f}",
        "\u{93e}",
        "PATIENT LAKSHMI ",
        "Menkes disease ",
        "@someone ",
        "192.0.2.61 ",
        "[patient] ",
        "ninety-one years ",
        "St Brigid's Mission Hospital ",
        "e\u{301}",
    ];
    let mut left = choice;
    let mut text = String::new();
    loop {
        text.push_str(PARTS[(left % 24) as usize]);
        left /= 24;
        if left == 0 {
            return text.into_bytes();
        }
    }
}
