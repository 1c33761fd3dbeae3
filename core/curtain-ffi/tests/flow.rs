//! What Kotlin and Swift call, called from here: a photo cleaned, a case from photos to a consent and back, and everything that
//! foreign code may do wrong.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use curtain_ffi::*;
use tempfile::TempDir;

static DETECTORS: LazyLock<Arc<Detectors>> = LazyLock::new(|| Detectors::load().unwrap());

const DAY_S: i64 = 86_400;

/// Strokes, as screens give them.
const SIGNATURE: &[u8] = b"[[[10,10],[60,40],[20,80]],[[15,50],[70,50]]]";

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name).to_str().unwrap().to_owned()
}

fn now_s() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// A key store in memory, as a platform's would be.
#[derive(Default)]
struct Keys {
    key: Mutex<Option<Vec<u8>>>,
    locked: Mutex<bool>,
}

impl Keys {
    fn check(&self) -> Result<(), KeyStoreError> {
        if *self.locked.lock().unwrap() { Err(KeyStoreError::Locked) } else { Ok(()) }
    }
}

impl KeyStore for Keys {
    fn load(&self) -> Result<Option<Vec<u8>>, KeyStoreError> {
        self.check()?;
        Ok(self.key.lock().unwrap().clone())
    }

    fn keep(&self, key: Vec<u8>) -> Result<(), KeyStoreError> {
        self.check()?;
        *self.key.lock().unwrap() = Some(key);
        Ok(())
    }

    // A test needs no secrecy, only that it comes back.
    fn wrap(&self, secret: Vec<u8>) -> Result<Vec<u8>, KeyStoreError> {
        self.check()?;
        Ok(secret.iter().map(|byte| byte ^ 0x5a).collect())
    }

    fn unwrap(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, KeyStoreError> {
        self.wrap(wrapped)
    }
}

#[derive(Default)]
struct Counts {
    calls: AtomicU32,
    throws: Option<ListenerError>,
}

impl ProgressListener for Counts {
    fn progressed(&self, done: u32, all: u32) -> Result<(), ListenerError> {
        assert!(done <= all && all > 0);
        assert_eq!(self.calls.fetch_add(1, Ordering::Relaxed), done);
        match self.throws {
            Some(error) if done == 2 => Err(error),
            _ => Ok(()),
        }
    }
}

struct Desk {
    folder: TempDir,
    keys: Arc<Keys>,
    vault: Arc<Vault>,
}

impl Desk {
    fn new() -> Self {
        let (folder, keys) = (tempfile::tempdir().unwrap(), Arc::new(Keys::default()));
        let vault =
            Vault::open(folder.path().join("vault").to_str().unwrap().to_owned(), keys.clone()).unwrap();
        Self { folder, keys, vault }
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn again(self) -> Self {
        self.vault.shutdown();
        let vault = Vault::open(self.at("vault"), self.keys.clone()).unwrap();
        Self { vault, ..self }
    }

    fn case(&self) -> Arc<CasePost> {
        let text = Story {
            title: "A rash".into(),
            body: "Seen by jane@example.org twice.".into(),
            ..Story::default()
        };
        let photos = vec![fixture("orient/o6.jpg")];
        CasePost::begin(self.vault.clone(), DETECTORS.clone(), photos, text, None).unwrap()
    }
}

fn decisions(found: &CaseFindings) -> Decisions {
    let checks = [
        PhotoCheck::Code,
        PhotoCheck::Tattoo,
        PhotoCheck::Jewellery,
        PhotoCheck::Badge,
        PhotoCheck::Background,
        PhotoCheck::DistinctiveMark,
    ];
    let photo = |photo: &PhotoFindings| PhotoVerdict {
        of: photo.fingerprint.clone(),
        decisions: vec![PhotoDecision::Cover; photo.findings.len()],
        added: vec![Rect { x: 5, y: 5, width: 20, height: 20 }],
        checks: checks.map(|check| (check, PhotoAnswer::Absent)).into_iter().collect::<HashMap<_, _>>(),
    };
    let words = |found: &[WordsFound]| vec![WordsDecision::Replace; found.len()];
    let text = TextRead {
        of: found.text_fingerprint.clone(),
        title: words(&found.title),
        body: words(&found.body),
        question: words(&found.question),
    };
    Decisions { photos: found.photos.iter().map(photo).collect(), text: Some(text) }
}

fn form() -> ConsentForm {
    let text = |text: &str| Some(text.to_owned());
    ConsentForm {
        law: Some(Law::Hipaa),
        audience: Some(Audience::Teaching),
        purpose: text("teaching"),
        recipients: text("the circle"),
        discloser: text("Test Clinic"),
        contact: text("room 1"),
        description: text("a rash"),
        expires: Some(now_s() + 300 * DAY_S),
        patient: text("Quillibrand Testmann"),
        giver: Some(Giver::AdultPatient),
        given: Some(Given::Signature { bytes: SIGNATURE.to_vec() }),
        given_at: Some(now_s()),
        shown_at: Some(now_s()),
        witness: Some(SeenBy { name: "Wilhelmina Testwright".into(), role: "nurse".into() }),
        facts: vec![Fact::Understood],
        language: None,
    }
}

#[test]
fn a_photo_is_cleaned_with_progress() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap().to_owned();
    let counts = Arc::new(Counts::default());
    let added = vec![Rect { x: 1, y: 1, width: 9, height: 9 }];
    let photo = fixture("orient/o6.jpg");
    let cleaned = clean_file(
        DETECTORS.clone(),
        photo,
        added.clone(),
        Cover::Veil,
        out.clone(),
        Some(counts.clone()),
        None,
    )
    .unwrap();
    assert!(counts.calls.load(Ordering::Relaxed) > 4);
    assert!(!cleaned.findings.is_empty() && cleaned.covered > 0.0 && !cleaned.leaks.is_empty());
    assert!(fs::read(&cleaned.path).unwrap().starts_with(&[0xff, 0xd8]));
    let bytes = fs::read(fixture("orient/o6.jpg")).unwrap();
    let again = clean_photo(DETECTORS.clone(), &bytes, added, Cover::Veil, out, None, None).unwrap();
    assert_eq!((again.sha256, again.findings), (cleaned.sha256, cleaned.findings));
    assert_ne!(again.path, cleaned.path, "nothing is overwritten");
}

#[test]
fn pixels_of_the_platforms_own_decoder_are_turned_and_cleaned() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap().to_owned();
    let about = |turned| Pixels { width: 64, height: 32, profile: None, turned };
    let rgba: Vec<u8> = (0..64 * 32).flat_map(|at: u32| [(at % 64) as u8 * 4, 100, 50, 255]).collect();
    let clean = |rgba: &[u8], about| {
        clean_pixels(DETECTORS.clone(), rgba, about, Vec::new(), Cover::Solid, out.clone(), None, None)
    };
    let upright = clean(&rgba, about(Turned::Upright)).unwrap();
    assert_eq!((upright.width, upright.height), (64, 32));
    let turned = clean(&rgba, about(Turned::Exif { value: 6 })).unwrap();
    assert_eq!((turned.width, turned.height), (32, 64));
    assert_eq!(
        clean(&rgba, about(Turned::Exif { value: 9 })),
        Err(PhotoError::NoSuchOrientation { value: 9 })
    );
    assert_eq!(clean(&rgba[1..], about(Turned::Upright)), Err(PhotoError::Contradiction));
}

#[test]
fn a_search_ends_when_it_is_cancelled_or_its_listener_throws() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap().to_owned();
    let clean = |listener: Option<Arc<dyn ProgressListener>>, cancel| {
        clean_file(
            DETECTORS.clone(),
            fixture("orient/o6.jpg"),
            vec![],
            Cover::Veil,
            out.clone(),
            listener,
            cancel,
        )
    };
    let cancel = Cancel::new();
    cancel.cancel();
    assert_eq!(clean(None, Some(cancel)), Err(PhotoError::Cancelled));
    for (throws, error) in
        [(ListenerError::Stop, PhotoError::Cancelled), (ListenerError::Failed, PhotoError::ListenerFailed)]
    {
        let counts = Arc::new(Counts { throws: Some(throws), ..Counts::default() });
        assert_eq!(clean(Some(counts.clone()), None), Err(error));
        assert_eq!(counts.calls.load(Ordering::Relaxed), 3, "it is not called again");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was released");
    assert_eq!(
        clean_file(DETECTORS.clone(), fixture("README.md"), vec![], Cover::Veil, out, None, None),
        Err(PhotoError::OtherKind { kind: "text".into() })
    );
}

#[test]
fn a_case_is_reviewed_agreed_to_withdrawn_and_proven() {
    let desk = Desk::new();
    let (case, log) = (desk.case(), ConsentLog::new(desk.vault.clone()));
    assert_eq!(case.step(), CaseStep::Kept);
    assert_eq!(case.findings(), Err(CaseError::NotYet { wants: CaseStep::Scanned }));
    let found = case.scan(None, None).unwrap();
    assert!(!found.photos[0].findings.is_empty());
    let email = &found.body[0];
    assert_eq!((email.start, email.end), (8, 24));
    let mut decided = decisions(&found);
    let unread = Decisions { text: None, ..decided.clone() };
    assert_eq!(case.review(unread), Err(CaseError::TextNotRead));
    decided.photos[0].checks.remove(&PhotoCheck::Tattoo);
    assert_eq!(case.review(decided), Err(CaseError::NotChecked { photo: 1, check: "tattoo".into() }));
    assert_eq!(case.step(), CaseStep::Scanned, "the findings stay");
    let shown = case.review(decisions(&found)).unwrap();
    assert!(shown.iter().any(|file| file.kind == ShownKind::Text));
    let written = case.write_shown(desk.at("shown")).unwrap();
    assert!(written.iter().filter_map(|file| file.path.as_ref()).all(|path| PathBuf::from(path).exists()));

    let missing = ConsentForm { purpose: None, ..form() };
    let codes: Vec<String> =
        log.missing(missing.clone(), case.clone()).unwrap().into_iter().map(|missing| missing.code).collect();
    assert!(codes.contains(&"purpose".to_owned()), "{codes:?}");
    assert!(matches!(log.record(missing, case.clone()), Err(ConsentError::Incomplete { .. })));
    let recorded = log.record(form(), case.clone()).unwrap();
    let wide = case.agree(recorded.consent.clone(), Audience::Publication);
    assert!(matches!(wide, Err(CaseError::Consent { .. })), "{wide:?}");
    case.agree(recorded.consent.clone(), Audience::Teaching).unwrap();
    assert_eq!(case.step(), CaseStep::Consented);

    assert_eq!(log.withdraw(Withdrawer::Code { code: "no code".into() }), Err(ConsentError::CodeForm));
    assert_eq!(
        log.withdraw(Withdrawer::Code { code: recorded.withdrawal_code }),
        Ok(recorded.consent.clone())
    );
    let twice = log.withdraw(Withdrawer::Author { consent: recorded.consent });
    assert!(matches!(twice, Err(ConsentError::AlreadyWithdrawn { .. })));

    let evidence = desk.at("evidence");
    log.export(evidence.clone(), Format::Evidence, "Test Officer, audit".into()).unwrap();
    let verified = verify_evidence(evidence.clone(), None, None).unwrap();
    assert_eq!((verified.intact, verified.records), (true, 3));
    let leaves = Path::new(&evidence).join("leaves.jsonl");
    let edited = fs::read_to_string(&leaves).unwrap().replacen("teaching", "tEaching", 1);
    fs::write(&leaves, edited).unwrap();
    assert!(!verify_evidence(evidence, None, None).unwrap().intact);
}

#[test]
fn what_was_killed_in_the_middle_goes_on() {
    let desk = Desk::new();
    let case = desk.case();
    let id = case.id();
    let found = case.scan(None, None).unwrap();
    // The process ends before anything was decided, then after the review.
    drop(case);
    let desk = desk.again();
    assert_eq!(desk.vault.cases().unwrap(), std::slice::from_ref(&id));
    let open = |desk: &Desk| CasePost::open(desk.vault.clone(), DETECTORS.clone(), id.clone()).unwrap();
    let case = open(&desk);
    assert_eq!(case.resume(Audience::Teaching, None, None).unwrap(), CaseStep::Scanned);
    assert_eq!(case.findings().unwrap(), found);
    let shown = case.review(decisions(&found)).unwrap();
    let desk = desk.again();
    let case = open(&desk);
    assert_eq!(case.resume(Audience::Teaching, None, None).unwrap(), CaseStep::Reviewed);
    let again: Vec<String> =
        case.write_shown(desk.at("shown")).unwrap().into_iter().map(|file| file.sha256).collect();
    assert_eq!(again, shown.into_iter().map(|file| file.sha256).collect::<Vec<_>>());
}

#[test]
fn a_locked_key_store_and_a_closed_vault_are_told() {
    let desk = Desk::new();
    let case = desk.case();
    desk.vault.shutdown();
    let closed = CaseError::Vault { error: VaultError::Closed };
    assert_eq!(case.scan(None, None).unwrap_err(), closed);
    assert_eq!(desk.vault.cases(), Err(VaultError::Closed));
    *desk.keys.locked.lock().unwrap() = true;
    let locked = Vault::open(desk.at("vault"), desk.keys.clone()).err();
    assert_eq!(locked, Some(VaultError::KeyStore { error: KeyStoreError::Locked }));
    *desk.keys.locked.lock().unwrap() = false;
    *desk.keys.key.lock().unwrap() = Some(vec![1; 31]);
    let unusable = Vault::open(desk.at("vault"), desk.keys.clone()).err();
    assert_eq!(unusable, Some(VaultError::KeyStore { error: KeyStoreError::Unusable }));
}

#[test]
fn twenty_calls_at_once_do_not_disturb_each_other() {
    let desk = Desk::new();
    let case = desk.case();
    std::thread::scope(|scope| {
        let calls: Vec<_> = (0..20).map(|_| scope.spawn(|| desk.vault.cases().unwrap().len())).collect();
        assert!(calls.into_iter().all(|call| call.join().unwrap() == 1));
    });
    let found = case.scan(None, None).unwrap();
    assert_eq!(case.findings().unwrap(), found);
}
