//! What holds for any text.

use proptest::prelude::*;

use super::*;

const LOCALE: Locale = Locale { country: None, year: 2026 };

fn read(text: &str) -> Findings {
    scan(text, LOCALE, &Known::default())
}

/// The words that were found, with their classes.
fn found(text: &str) -> Vec<(String, &'static str)> {
    read(text)
        .found
        .iter()
        .map(|finding| (text[finding.span.clone()].to_owned(), finding.class.code()))
        .collect()
}

fn applied(text: &str) -> String {
    apply(text, &read(text))
}

#[test]
fn the_example_of_the_design() {
    let text = "Asha, 93, from Sonepur village, 3 July 2024, BP 120/80";
    assert_eq!(applied(text), "[patient], 90+, from [village], 2024, BP 120/80");
    let findings = read(text);
    assert_eq!(findings.found[0].why.rule, "age_after");
    assert_eq!(&text[findings.found[2].span.clone()], "Sonepur village");
}

#[test]
fn medicine_stays() {
    for text in [
        "Baker's cyst, Crohn's disease, Graves' disease, Wilson's disease, Bell's palsy, Still's murmur.",
        "T12 wedge fracture, L4/5 disc, 5/5 power, 3/6 murmur, V4-V6, G2P1, 31+4 weeks, HbA1c 9.4%, 38.5 C, BP 120/80.",
        "Foley catheter, Bishop score 3, Apgar 7/9, Glasgow 14, Fitzpatrick VI, Vancouver scale 9, Child-Pugh C.",
        "Sodium rose to 127. May need intubation. Will reduce the dose first. Mark the margin. Grant access.",
        "Day 0, 3, 7 and 28. Monthly, March to August. Diagnosed in 2016. Tab paracetamol 500 mg tds x 5/7.",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn a_name_that_is_a_word_is_told_from_the_word() {
    let text = "Spoke to Mr Will Rose. Will will not take it. He may accept, he rose to the bait.";
    let names: Vec<_> = found(text).into_iter().map(|(word, _)| word).collect();
    assert_eq!(names, ["Will Rose", "Will"]);
    let text = "Mr Baker came. His Baker's cyst ruptured. Baker wants to go home.";
    let names: Vec<_> = found(text).into_iter().map(|(word, _)| word).collect();
    assert_eq!(names, ["Baker", "Baker"]);
}

#[test]
fn offsets_count_bytes_and_utf16_units() {
    let text = "🙏 नमस्ते, pt is Mr Ramesh Kumar";
    let findings = read(text);
    let finding = &findings.found[0];
    assert_eq!(&text[finding.span.clone()], "Ramesh Kumar");
    let units: Vec<u16> = text.encode_utf16().collect();
    assert_eq!(String::from_utf16(&units[finding.utf16.clone()]).unwrap(), "Ramesh Kumar");
}

#[test]
fn known_terms_are_found_however_they_are_spelled() {
    let mut known = Known::default();
    known.add(KnownTerm::Name, "Lakshmi Devi Rose").unwrap();
    known.add(KnownTerm::Number, "+91 94480 61537").unwrap();
    known.add(KnownTerm::Facility, "Kiboro Health Centre").unwrap();
    let words = |text: &str| -> Vec<String> {
        let findings = scan(text, LOCALE, &known);
        findings.found.iter().map(|finding| text[finding.span.clone()].to_owned()).collect()
    };
    assert_eq!(words("the wound of laxmi and Lakshmy is open"), ["laxmi", "Lakshmy"]);
    assert_eq!(words("lakshmi came, wound clean"), ["lakshmi"]);
    assert_eq!(words("sodium rose to 127, Rose is better"), ["Rose"]);
    assert_eq!(words("on 0 94480-61537 after six"), ["94480-61537"]);
    assert_eq!(format!("{known:?}"), "Known(2 terms, 1 numbers)");
}

#[test]
fn known_terms_of_ordinary_words_are_found_whole() {
    let mut known = Known::default();
    known.add(KnownTerm::Name, "Will Baker").unwrap();
    known.add(KnownTerm::Place, "Fair Isle").unwrap();
    known.add(KnownTerm::Facility, "Green Clinic").unwrap();
    known.add(KnownTerm::Name, "प्रिया शर्मा").unwrap();
    known.add(KnownTerm::Number, "4477").unwrap();
    let words = |text: &str| -> Vec<String> {
        let findings = scan(text, LOCALE, &known);
        findings.found.iter().map(|finding| text[finding.span.clone()].to_owned()).collect()
    };
    assert_eq!(words("pt will baker, fever, of fair isle"), ["will baker", "fair isle"]);
    assert_eq!(words("WILL BAKER HAS FEVER. SEEN AT GREEN CLINIC"), ["WILL BAKER", "GREEN CLINIC"]);
    assert_eq!(words("मरीज प्रिया शर्मा है, no ४४७७"), ["प्रिया शर्मा", "४४७७"]);
    assert_eq!(words("His Baker's cyst. Will he accept?"), Vec::<String>::new());
    for term in ["a", ".", ""] {
        assert_eq!(known.add(KnownTerm::Name, term), Err(UnusableTerm));
    }
    assert_eq!(known.add(KnownTerm::Number, "1-2"), Err(UnusableTerm));
}

#[test]
fn what_is_hidden_inside_a_name_or_number_does_not_hide_it() {
    for (text, clean) in [
        ("Dr Ra\u{200b}mesh Ku\u{ad}mar came", "Dr [clinician] came"),
        ("Patient R a m e s h came", "Patient [patient] came"),
        ("call 98765[phone]43210", "call [id number]"),
        ("call 90+9876543210", "call [id number]"),
        ("Aged 93 120/80", "Aged 90+ 120/80"),
        ("Rose, 41, came. Rose's BP 92/60", "[patient], 41, came. [patient]'s BP 92/60"),
        ("Asha's ACE 92", "[patient]'s ACE 92"),
    ] {
        let written = applied(text);
        assert_eq!(written, clean, "{text}");
    }
}

#[test]
fn long_hostile_texts_take_linear_work() {
    // Work is not timed: a quadratic reader of these would take minutes here.
    for unit in ["1-", "12-", "Dr A. ", "[", "9 ", "@", "a b ", "St ", "Mr ", "Purok 1-"] {
        let text = unit.repeat((64 << 10) / unit.len());
        assert_eq!(read(&apply(&text, &read(&text))).found, [], "{unit}");
    }
}

#[test]
fn later_dates_are_intervals_for_whoever_wants_them() {
    let text = "Seen 3 July 2024, worse on 10 July 2024, died 2 Aug.";
    let findings = read(text);
    let decide = |decision| settle(text, &findings, &vec![decision; findings.found.len()]).unwrap().text;
    assert_eq!(decide(Decision::Replace), "Seen 2024, worse on 2024, died [date].");
    assert_eq!(decide(Decision::Interval), "Seen 2024, worse on day 7, died day 30.");
    let keep = Decision::Keep { reason: KeepReason::NotAnIdentifier };
    assert_eq!(decide(keep), text);
    assert_eq!(settle(text, &findings, &[keep]), Err(StoryError::Undecided { decisions: 1, findings: 3 }));
}

#[test]
fn rare_and_small_is_told() {
    let text = "A 7-year-old with Menkes disease, the only known case in Tharpani hamlet.";
    let findings = read(text);
    let kinds: Vec<_> = findings.warnings.iter().map(|warning| warning.kind).collect();
    assert_eq!(kinds, [WarningKind::RareAndAge, WarningKind::FewPeople]);
    let keep = Decision::Keep { reason: KeepReason::MyOwn };
    let kinds: Vec<_> = warnings(text, &findings, &[keep]).iter().map(|warning| warning.kind).collect();
    assert!(kinds.contains(&WarningKind::RareAndPlace), "{kinds:?}");
    assert_eq!(read("A 7-year-old with malaria.").warnings, []);
}

/// Holds for every text there is.
fn check(text: &str) {
    let findings = read(text);
    let mut last = 0;
    for finding in &findings.found {
        assert!(last <= finding.span.start && finding.span.start < finding.span.end, "{text:?}");
        assert!(
            text.is_char_boundary(finding.span.start) && text.is_char_boundary(finding.span.end),
            "{text:?}"
        );
        let unit = |byte: usize| text[..byte].encode_utf16().count();
        assert_eq!(finding.utf16, unit(finding.span.start)..unit(finding.span.end), "{text:?}");
        assert!((0.0..=1.0).contains(&finding.confidence));
        last = finding.span.end;
    }
    let clean = apply(text, &findings);
    if findings.found.is_empty() {
        assert_eq!(clean, text);
    }
    assert_eq!(read(&clean).found, [], "{text:?} became {clean:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_case_becomes_clean(parts in prop::collection::vec(prop::sample::select(PARTS), 0..30)) {
        check(&parts.concat());
    }
}

/// What case texts are made of, and what breaks readers of them.
const PARTS: &[&str] = &[
    " ",
    " ",
    " ",
    ", ",
    ". ",
    "\n",
    "-",
    "/",
    "'s ",
    "(",
    ")",
    ":",
    "@",
    "\u{200d}",
    "é",
    "e\u{301}",
    "🙏",
    "İ",
    "ß",
    "\u{202e}",
    "Asha",
    "ramesh",
    "Kumar",
    "Mr",
    "Dr.",
    "Will",
    "may",
    "ROSE",
    "Baker",
    "pt",
    "patient",
    "son",
    "S/O",
    "name is",
    "village",
    "Sonepur",
    "from",
    "in",
    "near",
    "hospital",
    "District",
    "Osun State",
    "Two Dot",
    "PHC",
    "of",
    "Menkes disease",
    "93",
    "52M",
    "34F",
    "3 July 2024",
    "12/08/24",
    "22/6",
    "May 27",
    "2024",
    "day 7",
    "90+",
    "born",
    "DOB",
    "aged",
    "120/80",
    "38.5 C",
    "T12",
    "5 mg",
    "MRN",
    "00482913",
    "9091 5651 2270",
    "+254 712 550 148",
    "0803 555 0192",
    "call",
    "a@b.example",
    "www.x.example",
    "192.0.2.61",
    "@handle",
    "SY7 0QX",
    "4 Chapel Row",
    "[patient]",
    "[place]",
    "[",
    "]",
    "ninety-one",
    "year old",
    "years",
    "the only case",
    "गाँव",
    "श्री",
    "१२/०८/२०२४",
    "Ñandú",
    "O'Brien",
    "de",
    "José",
];
