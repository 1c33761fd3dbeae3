use ring::signature::KeyPair as _;

use super::*;
use crate::hash::{Id, Sha256};
use crate::header::tests::{event_header, leaf, post_header};
use crate::header::{Content, Header, MAX_BODY_BYTES, ObjectKind, Post};
use crate::statement::{PublicKey, Signed};
use crate::test_keys::pair;

fn event(what: What) -> EventBody {
    EventBody { at: UnixTime::new(1_800_000_000).unwrap(), what, suite: Suite, r#type: EventType }
}

fn all() -> Vec<(What, &'static str)> {
    let of = Sha256([1; 32]);
    vec![
        (What::Comment { text: "Try\nthis".into() }, r#""kind":"comment","suite":1,"text":"Try\nthis""#),
        (What::Vote { diagnosis: "Scabies".into() }, r#""diagnosis":"Scabies","kind":"vote","suite":1"#),
        (
            What::Helpful { of },
            r#""kind":"helpful","of":"0101010101010101010101010101010101010101010101010101010101010101","suite":1"#,
        ),
        (What::Status { status: Status::Answered }, r#""kind":"status","status":"answered","suite":1"#),
        (What::Outcome { text: "Healed".into() }, r#""kind":"outcome","suite":1,"text":"Healed""#),
        (
            What::Report { of: None, reason: ReportReason::NoConsent },
            r#""kind":"report","reason":"no_consent","suite":1"#,
        ),
        (
            What::Report { of: Some(of), reason: ReportReason::Spam },
            r#""kind":"report","of":"0101010101010101010101010101010101010101010101010101010101010101","reason":"spam","suite":1"#,
        ),
        (What::Hide { of: None }, r#""kind":"hide","suite":1"#),
        (
            What::Hide { of: Some(of) },
            r#""kind":"hide","of":"0101010101010101010101010101010101010101010101010101010101010101","suite":1"#,
        ),
        (
            What::Page { specialty: Specialty::Dermatology },
            r#""kind":"page","specialty":"dermatology","suite":1"#,
        ),
        (What::Gone {}, r#""kind":"gone","suite":1"#),
    ]
}

#[test]
fn events_are_written_in_one_way() {
    for (what, middle) in all() {
        let text = format!(r#"{{"at":1800000000,{middle},"type":"curtain/v1/event"}}"#);
        let event = event(what);
        assert_eq!(String::from_utf8(event.to_bytes()).unwrap(), text);
        assert_eq!(EventBody::parse(text.as_bytes()), Ok(event));
        for end in 0..text.len() {
            assert!(EventBody::parse(&text.as_bytes()[..end]).is_err());
        }
        for (from, to) in [
            ("\"suite\":1", "\"suite\":2"),
            ("\"suite\":1", "\"suite\":1,\"suitf\":1"),
            ("\"suite\":1", "\"suite\":1,\"suite\":1"),
            ("curtain/v1/event", "curtain/v1/body"),
            ("\"at\"", "\"a\":1,\"at\""),
            ("\"kind\":\"", "\"kind\":\"x"),
            ("\"kind\":", "\"kind\": "),
        ] {
            let other = text.replacen(from, to, 1);
            let error = EventError::Form(NotCanonical::Form);
            assert_eq!(EventBody::parse(other.as_bytes()), Err(error), "{other}");
        }
    }
    let long = vec![b' '; MAX_EVENT_BYTES + 1];
    let error = NotCanonical::TooLarge { limit: MAX_EVENT_BYTES };
    assert_eq!(EventBody::parse(&long), Err(error.into()));
}

#[test]
fn what_is_no_event_is_refused() {
    let text = |what: &str| format!(r#"{{"at":1800000000,{what},"type":"curtain/v1/event"}}"#);
    let form = || Err(EventError::Form(NotCanonical::Form));
    for what in [
        // What everybody must see stands in the header.
        r#""kind":"withdrawal","reason":"patient","suite":1"#,
        // Names that authors choose are no hashes.
        r#""kind":"helpful","of":"01010101010101010101010101010101","suite":1"#,
        r#""kind":"helpful","suite":1"#,
        r#""kind":"report","of":null,"reason":"spam","suite":1"#,
        r#""kind":"report","reason":"rude","suite":1"#,
        r#""kind":"status","status":"gone","suite":1"#,
        r#""kind":"hide","of":null,"suite":1"#,
        r#""kind":"page","specialty":"witchcraft","suite":1"#,
        r#""kind":"gone","of":1,"suite":1"#,
    ] {
        assert_eq!(EventBody::parse(text(what).as_bytes()), form(), "{what}");
    }
    // What reads well is checked at once.
    for (what, error) in [
        (r#""kind":"comment","suite":1,"text":" ""#, EventError::Empty),
        (r#""kind":"outcome","suite":1,"text":"a\tb""#, EventError::NotClean),
        (r#""diagnosis":"a\nb","kind":"vote","suite":1"#, EventError::Diagnosis),
    ] {
        assert_eq!(EventBody::parse(text(what).as_bytes()), Err(error), "{what}");
    }
}

#[test]
fn a_flipped_bit_reads_as_itself_or_not_at_all() {
    for (what, _) in all() {
        let bytes = event(what).to_bytes();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                if let Ok(read) = EventBody::parse(&flipped) {
                    assert_eq!(read.to_bytes(), flipped);
                }
            }
        }
    }
}

#[test]
fn words_have_limits() {
    for make in [(|text| What::Comment { text }) as fn(Words) -> What, |text| What::Outcome { text }] {
        for (text, result) in [
            ("é".repeat(MAX_COMMENT_BYTES / 2), Ok(())),
            ("a\nb".into(), Ok(())),
            ("a".repeat(MAX_COMMENT_BYTES + 1), Err(EventError::TooLong)),
            (String::new(), Err(EventError::Empty)),
            (" \n".into(), Err(EventError::Empty)),
            ("a\tb".into(), Err(EventError::NotClean)),
            ("a\u{202E}b".into(), Err(EventError::NotClean)),
        ] {
            assert_eq!(event(make(Words(text))).check(), result);
        }
    }
    for (diagnosis, good) in [
        ("é".repeat(200), true),
        ("é".repeat(201), false),
        (String::new(), false),
        ("a\nb".into(), false),
        ("a\0".into(), false),
    ] {
        let found = event(What::Vote { diagnosis: Words(diagnosis) }).check();
        assert_eq!(found, if good { Ok(()) } else { Err(EventError::Diagnosis) });
    }
}

fn finding() -> PictureFinding {
    PictureFinding {
        r#box: Rect { x: 1, y: 2, width: 3, height: 4 },
        class: PictureClass::Face,
        decision: PictureDecision::Cover,
        score: 987,
    }
}

fn manifest() -> Manifest {
    let header = post_header();
    let region = Rect { x: 5, y: 6, width: 7, height: 8 };
    let keep = PictureDecision::Keep { reason: PictureKeep::SideMarker };
    let findings = vec![
        finding(),
        PictureFinding { decision: PictureDecision::Resize { region }, ..finding() },
        PictureFinding { class: PictureClass::Text, decision: keep, ..finding() },
        PictureFinding { class: PictureClass::Code, ..finding() },
    ];
    let picture = |sha256, findings| PictureReview {
        added: vec![region],
        checks: Check::ALL.into_iter().map(|check| (check, Answer::Absent)).collect(),
        cover: Cover::Veil,
        findings,
        sha256,
    };
    let text = |part, decision| TextReview {
        findings: vec![TextFinding { class: TextClass::AgeOver89, decision }],
        part,
    };
    Manifest {
        at: header.at,
        author: header.author,
        models: vec![Model { name: "faces".into(), sha256: Sha256([1; 32]) }],
        pictures: vec![picture(Sha256([21; 32]), findings), picture(Sha256([23; 32]), vec![])],
        post: header.content.wrap().unwrap().1,
        suite: Suite,
        text: vec![
            text(TextPart::Title, TextDecision::Replace),
            text(TextPart::Body, TextDecision::Keep { reason: TextKeep::MyOwn }),
        ],
    }
}

fn sign(manifest: Manifest, seed: u8) -> Signed<Manifest> {
    Signed::new(manifest, |message| pair(seed).sign(message).as_ref().try_into().unwrap())
}

fn key() -> PublicKey {
    PublicKey(pair(3).public_key().as_ref().try_into().unwrap())
}

fn body() -> Body {
    let header = post_header();
    Body {
        about: None,
        author: header.author,
        leaf: leaf(6),
        manifest: sign(manifest(), 3),
        pictures: vec![
            PicturePlace { index: 1, sha256: Sha256([21; 32]), thumbnail: Some(2) },
            PicturePlace { index: 3, sha256: Sha256([23; 32]), thumbnail: None },
        ],
        post: header.content.wrap().unwrap().1,
        suite: Suite,
        text: Some(Text { body: "Two\nweeks".into(), question: "".into(), title: "A rash".into() }),
        r#type: BodyType,
    }
}

fn read(body: &Body) -> Result<Body, BodyError> {
    Body::parse(&body.to_bytes(), &post_header(), &key())
}

fn with(change: impl FnOnce(&mut Body)) -> Result<Body, BodyError> {
    let mut body = body();
    change(&mut body);
    read(&body)
}

fn with_manifest(change: impl FnOnce(&mut Manifest)) -> Result<Body, BodyError> {
    let mut manifest = manifest();
    change(&mut manifest);
    with(|body| body.manifest = sign(manifest, 3))
}

#[test]
fn a_body_reads_back_and_is_written_in_one_way() {
    assert_eq!(read(&body()), Ok(body()));
    let text = String::from_utf8(body().to_bytes()).unwrap();
    for part in [
        r#"{"box":[1,2,3,4],"class":"face","decision":"cover","score":987}"#,
        r#"{"box":[1,2,3,4],"class":"face","decision":"resize","region":[5,6,7,8],"score":987}"#,
        r#"{"box":[1,2,3,4],"class":"text","decision":"keep","reason":"side_marker","score":987}"#,
        r#"{"box":[1,2,3,4],"class":"code","decision":"cover","score":987}"#,
        r#"{"findings":[{"class":"age_over_89","decision":"replace"}],"part":"title"}"#,
        r#"{"class":"age_over_89","decision":"keep","reason":"my_own"}"#,
        r#""checks":{"background":"absent","badge":"absent","code":"absent","distinctive_mark":"absent","#,
        r#""text":{"body":"Two\nweeks","question":"","title":"A rash"},"type":"curtain/v1/body"}"#,
    ] {
        assert!(text.contains(part), "{part}");
    }
    for end in 0..text.len() {
        assert!(Body::parse(&text.as_bytes()[..end], &post_header(), &key()).is_err());
    }
    for (from, to) in [
        (r#""decision":"cover""#, r#""decision":"cover","region":[5,6,7,8]"#),
        (r#""decision":"keep","reason":"side_marker""#, r#""decision":"keep""#),
        (r#""decision":"replace""#, r#""decision":"replace","reason":"my_own""#),
        (r#""reason":"my_own""#, r#""reason":"my_own","text":"x""#),
        ("[1,2,3,4]", "[1,2,3]"),
        ("\"type\":\"curtain/v1/body\"", "\"type\":\"curtain/v1/event\""),
        ("\"question\":\"\",", ""),
    ] {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text, "{from}");
        let error = BodyError::Form(NotCanonical::Form);
        assert_eq!(Body::parse(other.as_bytes(), &post_header(), &key()), Err(error), "{to}");
    }
    let long = vec![b' '; MAX_BODY_BYTES + 1];
    let error = NotCanonical::TooLarge { limit: MAX_BODY_BYTES };
    assert_eq!(Body::parse(&long, &post_header(), &key()), Err(error.into()));
}

#[test]
fn no_flipped_bit_of_a_manifest_passes() {
    let bytes = sign(manifest(), 3).to_bytes();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            let read = Signed::<Manifest>::parse(&flipped);
            assert!(!read.is_ok_and(|read| read.verify(&key()).is_ok()), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn what_a_case_is_filed_under_stands_in_its_body() {
    let tags = vec!["itch".parse().unwrap(), "night".parse().unwrap()];
    let about = About::new(Some(Specialty::Dermatology), None, tags).unwrap();
    let mut filed = body();
    filed.about = Some(about);
    let text = String::from_utf8(filed.to_bytes()).unwrap();
    let start = r#"{"about":{"specialty":"dermatology","tags":["itch","night"]},"author":"#;
    assert!(text.starts_with(start), "{text}");
    assert_eq!(read(&filed), Ok(filed));
    for wrong in [
        r#"{"specialty":"Dermatology","tags":[]}"#,
        r#"{"site":null,"specialty":"dermatology","tags":[]}"#,
        r#"{"specialty":"dermatology"}"#,
        r#"{"tags":["Itch"]}"#,
    ] {
        let other = text.replacen(r#"{"specialty":"dermatology","tags":["itch","night"]}"#, wrong, 1);
        let refused = Body::parse(other.as_bytes(), &post_header(), &key());
        assert_eq!(refused, Err(BodyError::Form(NotCanonical::Form)), "{wrong}");
    }
}

#[test]
fn every_rule_of_a_body_has_its_error() {
    let one = body().pictures[0];
    for (found, error) in [
        (with(|b| b.about = Some(About::default())), BodyError::About(AboutError::Empty)),
        (
            with(|b| {
                let tags = vec!["b".parse().unwrap(), "a".parse().unwrap()];
                b.about = Some(About { tags, ..About::default() });
            }),
            BodyError::About(AboutError::Tags),
        ),
        (with(|b| b.leaf = "a".repeat(MAX_LEAF_BYTES + 1)), BodyError::LeafTooLarge),
        (with(|b| b.leaf = leaf(5)), BodyError::OtherLeaf),
        (
            with(|b| b.text.as_mut().unwrap().body = Words("a".repeat(MAX_TEXT_BYTES - 5))),
            BodyError::TextTooLong,
        ),
        (with(|b| b.text.as_mut().unwrap().title = "A\nrash".into()), BodyError::Title),
        (with(|b| b.text.as_mut().unwrap().title = "A\u{7}rash".into()), BodyError::NotClean),
        (with(|b| b.text.as_mut().unwrap().body = "a\u{200B}".into()), BodyError::NotClean),
        (with(|b| b.text.as_mut().unwrap().question = "a\r".into()), BodyError::NotClean),
        (with(|b| b.text.as_mut().unwrap().question = "Why?".into()), BodyError::OtherText),
        (with(|b| b.text = None), BodyError::OtherText),
        (with_manifest(|m| drop(m.text.remove(0))), BodyError::OtherText),
        (with(|b| b.pictures = vec![one; 61]), BodyError::TooManyPictures),
        (with(|b| b.manifest = sign(manifest(), 4)), BodyError::Signature),
        (with(|b| b.post = Id([1; 16])), BodyError::OtherManifest),
        (with(|b| b.author.user = Id([1; 16])), BodyError::OtherManifest),
        (with_manifest(|m| m.post = Id([1; 16])), BodyError::OtherManifest),
        (with_manifest(|m| m.pictures.reverse()), BodyError::OtherPictures),
        (with_manifest(|m| drop(m.pictures.pop())), BodyError::OtherPictures),
        (with(|b| b.pictures[0].sha256 = Sha256([0; 32])), BodyError::OtherPictures),
        (with(|b| b.pictures[0].index = 0), BodyError::Files),
        (with(|b| b.pictures[0].index = 2), BodyError::Files),
        (with(|b| b.pictures[0].index = 4), BodyError::Files),
        (with(|b| b.pictures[0].index = u32::MAX), BodyError::Files),
        (with(|b| b.pictures[1].index = 1), BodyError::Files),
        (with(|b| b.pictures[0].thumbnail = None), BodyError::Files),
        (with(|b| b.pictures[0].thumbnail = Some(3)), BodyError::Files),
        (with(|b| b.pictures[1].thumbnail = Some(2)), BodyError::Files),
    ] {
        assert_eq!(found, Err(error), "{error}");
    }
    let most = "a".repeat(MAX_TEXT_BYTES - 6);
    assert!(with(|b| b.text.as_mut().unwrap().body = Words(most)).is_ok());
}

#[test]
fn a_body_belongs_to_one_header() {
    let with_post = |change: &dyn Fn(&mut Post)| {
        let Header { content: Content::Post(mut post), .. } = post_header() else { unreachable!() };
        change(&mut post);
        Header { content: Content::Post(post), ..post_header() }
    };
    let mut other_author = post_header();
    other_author.author.device = Sha256([1; 32]);
    for (header, error) in [
        (event_header(), BodyError::OtherPost),
        (with_post(&|p| p.post = Id([1; 16])), BodyError::OtherPost),
        (other_author, BodyError::OtherAuthor),
        (with_post(&|p| p.consent.leaf = Sha256([1; 32])), BodyError::OtherLeaf),
        (with_post(&|p| p.objects.truncate(3)), BodyError::Files),
        (with_post(&|p| p.objects.clear()), BodyError::Files),
        (with_post(&|p| p.objects.push(p.objects[1])), BodyError::Files),
        (with_post(&|p| p.objects[1].kind = ObjectKind::Thumbnail), BodyError::Files),
    ] {
        assert_eq!(body().fits(&header), Err(error), "{error}");
    }
}

#[test]
fn every_rule_of_a_manifest_has_its_error() {
    let first = |change: fn(&mut PictureFinding)| with_manifest(|m| change(&mut m.pictures[0].findings[0]));
    let rect = |x, y, width, height| Rect { x, y, width, height };
    let kept = |reason| PictureDecision::Keep { reason };
    let model = manifest().models[0].clone();
    for (found, error) in [
        (with_manifest(|m| m.models = vec![model; 17]), ManifestError::Models),
        (with_manifest(|m| m.models[0].name = String::new()), ManifestError::ModelName),
        (with_manifest(|m| m.models[0].name = "a".repeat(101)), ManifestError::ModelName),
        (with_manifest(|m| m.pictures = vec![m.pictures[1].clone(); 61]), ManifestError::Pictures),
        (with_manifest(|m| m.pictures[1].findings = vec![finding(); 1_001]), ManifestError::Findings),
        (with_manifest(|m| m.pictures[1].added = vec![rect(0, 0, 1, 1); 1_001]), ManifestError::Findings),
        (
            with_manifest(|m| m.text[0].findings = vec![m.text[0].findings[0]; 10_001]),
            ManifestError::Findings,
        ),
        (with_manifest(|m| m.pictures[0].added[0] = rect(0, 0, 0, 1)), ManifestError::Region),
        (with_manifest(|m| m.pictures[0].added[0] = rect(0, 65_535, 1, 1)), ManifestError::Region),
        (first(|f| f.r#box.width = u32::MAX), ManifestError::Region),
        (first(|f| f.r#box.height = 0), ManifestError::Region),
        (
            with_manifest(|m| {
                m.pictures[0].findings[1].decision = PictureDecision::Resize { region: rect(0, 0, 1, 0) };
            }),
            ManifestError::Region,
        ),
        (first(|f| f.score = 1_001), ManifestError::Score),
        (
            with_manifest(|m| m.pictures[1].checks.retain(|check, _| *check != Check::Badge)),
            ManifestError::Checks,
        ),
        (
            with_manifest(|m| m.pictures[0].findings[0].decision = kept(PictureKeep::Scale)),
            ManifestError::FaceKept,
        ),
        (with_manifest(|m| m.text.reverse()), ManifestError::Parts),
        (with_manifest(|m| m.text[1].part = TextPart::Title), ManifestError::Parts),
    ] {
        assert_eq!(found, Err(BodyError::Manifest(error)), "{error}");
    }
    let nothing = with_manifest(|m| m.pictures[0].findings[0].decision = kept(PictureKeep::NothingThere));
    assert!(nothing.is_ok());
}
