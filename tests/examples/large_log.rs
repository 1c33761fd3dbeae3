//! Makes a vault with many consents, to measure exports with: `large_log FOLDER COUNT`.
//!
//! Every consent goes through the vault's own `grant`. Use a folder on a memory disk: each is made durable by itself.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use curtain::consent::signature::SignatureForm;
use curtain::consent::wording::{self, Fill};
use curtain::consent::{Affirmation, ConsentDraft, Giver, Level, Method, ObjectKind, Regime, ShownObject};
use curtain::hash::Sha256;
use curtain::time::UnixTime;
use curtain::vault::{FileKeyStore, ToGrant, Vault};
use ring::rand::SystemRandom;

const SIGNATURE: &[u8] = b"[[[10,10],[60,40],[20,80]]]";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(folder), Some(count)) = (args.next(), args.next()) else {
        return Err("large_log FOLDER COUNT".into());
    };
    let (folder, count): (&Path, u64) = (folder.as_ref(), count.parse()?);
    Vault::make_folder(folder)?;
    let mut vault = Vault::open(folder, &FileKeyStore::new(folder.join("vault.key")), SystemRandom::new())?;
    let now: UnixTime = "2026-01-01".parse()?;
    let start = Instant::now();
    for n in 0..count {
        let now = UnixTime::new(now.seconds() + i64::try_from(n)?)?;
        vault.grant(ToGrant { draft: draft(n, now), media: Some(SIGNATURE), case: None }, now)?;
    }
    let each = start.elapsed() / u32::try_from(count.max(1))?;
    writeln!(std::io::stderr(), "{count} consents, {each:?} each")?;
    Ok(())
}

fn draft(n: u64, now: UnixTime) -> ConsentDraft {
    let mut draft = ConsentDraft {
        affirmed: [Affirmation::Understood].into(),
        contact: Some("Test Clinic, room 1".into()),
        description: Some("a rash on the left forearm".into()),
        discloser: Some("Test Clinic".into()),
        expires: Some(now.plus_days(365)),
        given_at: Some(now),
        giver: Some(Giver::AdultPatient),
        level: Some(Level::Teaching),
        method: Some(Method::Signature { sha256: Sha256::of(SIGNATURE), form: SignatureForm::Strokes }),
        objects: vec![ShownObject {
            derived_from: None,
            kind: ObjectKind::Picture,
            sha256: Sha256::of(&n.to_be_bytes()),
        }],
        patient: Some(format!("Test Patient {n}")),
        purpose: Some("learning to tell rashes apart".into()),
        recipients: Some("members of the circle Test Dermatology".into()),
        regime: Some(Regime::Hipaa),
        shown_to_patient: Some(now),
        ..ConsentDraft::default()
    };
    let template = wording::newest("en").expect("English is built in");
    draft.wording = Fill::of(&draft).map(|fill| wording::render(template, &fill));
    draft
}
