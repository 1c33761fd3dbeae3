//! What holds for every text.

use proptest::prelude::*;

use super::{find, locale};

/// The promises of `find`: on boundaries, sorted, apart, not empty, with confidences in 0..=1.
fn keeps_its_promises(text: &str) {
    for country in [None, Some(*b"US"), Some(*b"IN"), Some(*b"GB")] {
        keeps_them_in(text, country);
    }
}

/// The same for one country.
fn keeps_its_promises_once(text: &str) {
    keeps_them_in(text, None);
}

fn keeps_them_in(text: &str, country: Option<[u8; 2]>) {
    let mut end = 0;
    for hit in find(text, locale(country)) {
        assert!(hit.span.start >= end && hit.span.end > hit.span.start, "{hit:?} in {text:?}");
        assert!(text.get(hit.span.clone()).is_some(), "{hit:?} in {text:?}");
        assert!((0.0..=1.0).contains(&hit.confidence));
        assert!(hit.cue.is_none_or(|cue| text.get(cue).is_some()));
        end = hit.span.end;
    }
}

const PIECES: &[&str] = &[
    "0",
    "12",
    "555",
    "2024",
    "9091",
    "0803",
    "/",
    "-",
    ".",
    ",",
    ":",
    "@",
    "+",
    "(",
    ")",
    "[",
    "]",
    "#",
    "°",
    "'",
    " ",
    "  ",
    "\n",
    "may",
    "March",
    "July",
    "of",
    "th",
    "MRN",
    "no",
    "tel",
    "ID",
    "Aadhaar",
    "ninety",
    "one",
    "years",
    "F",
    "M",
    "at",
    "dot",
    "com",
    "example",
    "www",
    "http",
    "://",
    "Road",
    "Rua",
    "PO",
    "Box",
    "zip",
    "MT",
    "SY7",
    "0QX",
    "é",
    "१२",
    "जुलाई",
    "\u{200b}",
    "x",
    "T",
    "Z",
    "\"",
    "N",
    "E",
    "lat",
    "B",
    "SN",
    "bus",
    "TN",
    "BX",
    "double",
    "five",
    "twenty",
    "born",
    "b",
    "///",
    "a.b.c",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in any::<String>()) {
        keeps_its_promises(&text);
    }

    #[test]
    fn any_mixture(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        keeps_its_promises(&pieces.concat());
        keeps_its_promises(&pieces.join(" "));
    }
}

#[test]
fn every_prefix_and_suffix() {
    let text = "MRN 00482913, DOB 04/11/1956, तारीख १२/०८/२०२४, João (at) mail (dot) example, +254 712 550 148, 26°09'15\"N 85°53'30\"E, \
                https://a.example/b), RT 03/RW 01 Desa X, ninety-one, GB82 WEST 1234 5698 7654 32, ///a.b.c, 2024-03-18T10:40Z";
    for (at, _) in text.char_indices() {
        keeps_its_promises(&text[..at]);
        keeps_its_promises(&text[at..]);
    }
}

/// 64 KiB of anything is done in a moment: every finder looks at a bounded number of tokens from each place, so
/// a rule that went over the rest of the text would show here as a test that does not end.
#[test]
fn hostile_lengths() {
    const LENGTH: usize = 64 * 1024;
    let seeds = [
        "9",
        "@",
        ".",
        "a",
        "A",
        "(",
        ")",
        "+",
        "-",
        "/",
        ":",
        " ",
        "\n",
        "1 ",
        "1.",
        "1-",
        "1/",
        "a.",
        "a@",
        "@a",
        "a.a@",
        "9,",
        "1:",
        "a:",
        "ab:",
        "f::",
        "dot ",
        "at dot ",
        "a dot ",
        "x (at) ",
        "may ",
        "May 5 ",
        "5 May ",
        "tel ",
        "tel 5 ",
        "MRN ",
        "MRN no ",
        "MRN: A ",
        "one ",
        "twenty ",
        "ninety ",
        "Mr A ",
        "A, 93, ",
        "93 F ",
        "http://",
        "https://a.b/",
        "www.",
        "a.com/)",
        "a.com ",
        "0803 555 ",
        "(406) ",
        "+1 ",
        "GB82 ",
        "TN 58 BX ",
        "Road ",
        "A Road ",
        "12 A ",
        "Rua A ",
        "Plot no 1 ",
        "1.123, ",
        "26°09'",
        "///a.b.c",
        "#1 ",
        "no. ",
        "PO Box ",
        "zip ",
        "SY7 0QX",
        "K0L 1A0 ",
        "२",
        "é",
        "e\u{301}",
        "\u{200b}",
        "1\u{200b}",
        "RT 03/RW 01 Desa ",
        "d.o.b. ",
        "M.R.N.",
        "_",
        "1_",
        "12/08/",
        "2024-03-18T10:40",
        "x4587 ",
        "@a.b-",
        "insta: ",
        "a)))",
    ];
    for (at, seed) in seeds.into_iter().enumerate() {
        // The single characters at the full length, the others shorter to keep the test short.
        let length = if at < 12 { LENGTH } else { LENGTH / 8 };
        keeps_its_promises_once(&seed.repeat(length / seed.len()));
    }
    keeps_its_promises_once(&format!("http://a.example/{}", "a)".repeat(LENGTH / 2)));
}
