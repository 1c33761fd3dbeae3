//! Consents of people who do not exist, in vaults that are thrown away.

use std::path::Path;

use curtain::consent::signature::SignatureForm;
use curtain::consent::wording::{self, Fill};
use curtain::consent::{
    Affirmation, ConsentDraft, Giver, Level, Method, ObjectKind, Regime, ShownObject, Witness,
};
use curtain::hash::{Id, Sha256};
use curtain::post::CaseText;
use curtain::story::Locale;
use curtain::time::UnixTime;
use curtain::vault::{FileKeyStore, Granted, ToGrant, Vault, VaultError};
use ring::rand::SystemRandom;

/// A signature: two strokes.
pub(crate) const SIGNATURE: &[u8] = b"[[[10,10],[60,40],[20,80]],[[15,50],[70,50]]]";

/// What the tests call now; consents are given then.
pub(crate) fn now() -> UnixTime {
    "2027-01-31T09:30:00Z".parse().unwrap()
}

/// Some hours after [`now`].
pub(crate) fn later(hours: i64) -> UnixTime {
    UnixTime::new(now().seconds() + hours * 3600).unwrap()
}

pub(crate) fn picture(sha256: Sha256) -> ShownObject {
    ShownObject { derived_from: None, kind: ObjectKind::Picture, sha256 }
}

/// A complete consent of an adult, under HIPAA, to teaching, for a year.
pub(crate) fn draft(patient: &str, objects: Vec<ShownObject>) -> ConsentDraft {
    reworded(ConsentDraft {
        affirmed: [Affirmation::Understood, Affirmation::Explicit, Affirmation::DiscussionRecorded].into(),
        contact: Some("Test Clinic, room 1".into()),
        description: Some("a rash on the left forearm".into()),
        discloser: Some("Test Clinic".into()),
        expires: Some(now().plus_days(365)),
        given_at: Some(now()),
        giver: Some(Giver::AdultPatient),
        level: Some(Level::Teaching),
        method: Some(Method::Signature { sha256: Sha256::of(SIGNATURE), form: SignatureForm::Strokes }),
        objects,
        patient: Some(patient.into()),
        purpose: Some("learning to tell rashes apart".into()),
        recipients: Some("members of the circle Test Dermatology".into()),
        regime: Some(Regime::Hipaa),
        shown_to_patient: Some(now()),
        ..ConsentDraft::default()
    })
}

/// The same with the wording made anew, after a change to the form.
pub(crate) fn reworded(mut draft: ConsentDraft) -> ConsentDraft {
    let fill = Fill::of(&draft).expect("the draft has what a wording says");
    let wording = wording::render(wording::newest("en").unwrap(), &fill);
    draft.wording = Some(wording);
    draft
}

/// A text that has no title and asks nothing.
pub(crate) fn story(body: &str) -> CaseText {
    CaseText { body: body.to_owned(), ..CaseText::default() }
}

/// Of anywhere, in the year of [`now`].
pub(crate) fn anywhere() -> Locale {
    Locale::new(None, now().year())
}

pub(crate) fn witness() -> Witness {
    Witness { name: "Test Witness One".into(), role: "nurse".into() }
}

/// The vault in `folder`, with its key beside it, as the command keeps it.
///
/// A process that another test starts holds what this one has open until it runs its own program, the lock of a vault too: it is
/// waited for.
pub(crate) fn open(folder: &Path) -> Result<Vault, VaultError> {
    std::fs::create_dir_all(folder).unwrap();
    let once = || Vault::open(folder, &FileKeyStore::new(folder.join("vault.key")), SystemRandom::new());
    for _ in 0..100 {
        match once() {
            Err(VaultError::InUse) => std::thread::sleep(std::time::Duration::from_millis(20)),
            opened => return opened,
        }
    }
    once()
}

/// A grant in `vault`, of a patient numbered `n`, who saw a picture of which the hash is all `n`.
pub(crate) fn grant(vault: &mut Vault, n: u8, at: UnixTime) -> Granted {
    let draft = draft(&format!("Test Patient {n}"), vec![picture(Sha256([n; 32]))]);
    vault.grant(ToGrant { draft, media: Some(SIGNATURE), case: None }, at).unwrap()
}

/// The log that `vault` appends to.
pub(crate) fn log(vault: &Vault) -> Id {
    vault.logs().unwrap().last().unwrap().id
}
