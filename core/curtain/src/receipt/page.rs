//! The receipt on paper: one HTML page that needs nothing but itself, for A4 and for a roll of 80 mm.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::words::{self, ENGLISH, Words};
use super::{Receipt, ReceiptError, code, document, html, proof};
use crate::consent::Level;
use crate::hash::Sha256;
use crate::ledger::leaf::Leaf;

/// Everything about looks. Its hash stands in the page's policy, so that no other style applies.
const STYLE: &str = include_str!("page.css");

/// What someone types to verify the file.
const COMMAND: &str = "curtain consent verify-receipt FILE";

/// The page, as UTF-8 HTML without script and without a reference to anything outside.
///
/// Its own sentences are in the language of the wording where that is English, Hindi, Swahili or Spanish, with
/// English labels beside; for other languages they are English. The wording always stands as it was shown.
/// Characters in names that would reorder the text around them are shown as U+FFFD.
///
/// The withdrawal code stands on it in clear: the page is for the patient only.
///
/// # Errors
/// Those of [`Receipt::check`]. A proof too long for a square code is no error: the page then says so.
pub fn page(receipt: &Receipt<'_>) -> Result<String, ReceiptError> {
    receipt.check()?;
    let leaf = proof::grant(receipt.leaf)?;
    let square = match code::code_text(receipt) {
        Ok(text) => code::svg(&text, "QR"),
        Err(ReceiptError::TooLongForCode { .. }) => None,
        Err(other) => return Err(other),
    };
    let words = words::of(receipt.language);
    let language = words.language;
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        STANDARD.encode(Sha256::of(STYLE.as_bytes()).0)
    );
    let head = format!(
        "<!DOCTYPE html>\n<html lang=\"{language}\" dir=\"ltr\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"format-detection\" content=\"telephone=no\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n",
        words.title
    );
    let body = [
        header(receipt, words),
        agreed(receipt, words),
        withdraw(receipt, words),
        lasting(receipt, words),
        ask(receipt, words),
        wording(receipt, words),
        check(receipt, words, &leaf, square.as_deref()),
    ];
    Ok(format!("{head}<body>\n<main>\n{}\n</main>\n</body>\n</html>\n", body.join("\n")))
}

fn header(receipt: &Receipt<'_>, words: &Words) -> String {
    let (title, number) = (both(words, |w| w.title), both(words, |w| w.number));
    format!(
        "<header>\n<h1>{title}</h1>\n<p>{}</p>\n\
         <p class=\"small\">{number}: <span class=\"mono\">{}</span></p>\n</header>",
        words.keep, receipt.consent
    )
}

fn agreed(receipt: &Receipt<'_>, words: &Words) -> String {
    let date = |time| format!("{} <span class=\"aside\">UTC</span>", words.date(time));
    let mut rows = vec![
        row(words, |w| w.patient, &html::name(receipt.patient)),
        row(words, |w| w.giver, &html::name(receipt.giver)),
        row(words, |w| w.discloser, &html::name(receipt.discloser)),
        row(words, |w| w.recipients, &html::name(receipt.recipients)),
        row(words, |w| w.purpose, &html::name(receipt.purpose)),
        row(words, |w| w.reach, &both(words, |w| w.level(receipt.level))),
        row(words, |w| w.shown, &objects(receipt, words)),
        row(words, |w| w.until, &date(receipt.expires)),
        row(words, |w| w.given, &date(receipt.given_at)),
        row(words, |w| w.how, &method(receipt, words)),
    ];
    rows.extend(receipt.witness.map(|name| row(words, |w| w.witness, &html::name(name))));
    rows.push(row(words, |w| w.law, &html::text(document::basis(receipt.regime))));
    let content = format!("<p>{}</p>\n<dl>\n{}</dl>", words.agreed_lead, rows.concat());
    section("", &both(words, |w| w.agreed), &content)
}

fn method(receipt: &Receipt<'_>, words: &Words) -> String {
    if words.method(receipt.method).is_none() {
        return html::name(receipt.method);
    }
    both(words, |w| w.method(receipt.method).unwrap_or_default())
}

/// How many of each kind, such as `Pictures: 2`.
fn objects(receipt: &Receipt<'_>, words: &Words) -> String {
    let mut counts = BTreeMap::<&str, usize>::new();
    for (_, kind) in receipt.objects {
        *counts.entry(kind).or_default() += 1;
    }
    let count = |(kind, count): (&str, usize)| {
        let label = match words.kind(kind) {
            Some(_) => both(words, |w| w.kind(kind).unwrap_or_default()),
            None => html::name(kind),
        };
        format!("{label}: {count}")
    };
    counts.into_iter().map(count).collect::<Vec<_>>().join("<br>")
}

fn withdraw(receipt: &Receipt<'_>, words: &Words) -> String {
    let content = format!(
        "<p>{}</p>\n<p>{}</p>\n<div class=\"code\">\n<p>{}</p>\n<p class=\"value\" dir=\"ltr\">{}</p>\n\
         <p class=\"small\">{}</p>\n<p class=\"small\"><b>{}</b></p>\n</div>\n<p>{}</p>",
        words.withdraw_any_time,
        words.withdraw_how,
        both(words, |w| w.code),
        groups(receipt.withdrawal_code),
        words.code_reading,
        words.code_secret,
        words.withdraw_then,
    );
    section("", &both(words, |w| w.withdraw), &content)
}

/// The code as printed, with a place to break the line after each group only.
fn groups(code: &str) -> String {
    code.split_inclusive(['-', ' '])
        .map(|group| format!("<span>{}</span>", html::text(group)))
        .collect::<Vec<_>>()
        .concat()
}

fn lasting(receipt: &Receipt<'_>, words: &Words) -> String {
    let published = (receipt.level == Level::Publication).then_some(words.lasting_published);
    let items = [words.lasting_screens, words.lasting_files, words.lasting_devices, words.lasting_backups]
        .into_iter()
        .chain(published)
        .map(|item| format!("<li>{item}</li>\n"))
        .collect::<Vec<_>>()
        .concat();
    section(
        "whole",
        &both(words, |w| w.lasting),
        &format!("<p>{}</p>\n<ul>\n{items}</ul>", words.lasting_lead),
    )
}

fn ask(receipt: &Receipt<'_>, words: &Words) -> String {
    let content = format!("<p>{} <b>{}</b></p>", words.ask_lead, html::name(receipt.contact));
    section("whole", &both(words, |w| w.ask), &content)
}

fn wording(receipt: &Receipt<'_>, words: &Words) -> String {
    let content = format!(
        "<div class=\"wording\" lang=\"{}\" dir=\"{}\">{}</div>",
        receipt.language,
        html::direction(receipt.language),
        html::text(receipt.wording)
    );
    section("", &both(words, |w| w.wording), &content)
}

fn check(receipt: &Receipt<'_>, words: &Words, leaf: &Leaf, square: Option<&str>) -> String {
    let fact = |label: fn(&Words) -> &'static str, value: &str| {
        format!("<p class=\"small\">{}<br><span class=\"mono\">{value}</span></p>\n", both(words, label))
    };
    let facts = [
        fact(|w| w.entry, &format!("{} · curtain/log/{}", leaf.n, leaf.log)),
        fact(|w| w.key, &html::text(receipt.log_key)),
        fact(|w| w.fingerprint, &receipt.wording_sha256.to_string()),
    ]
    .concat();
    let intro = format!("<p>{}</p>\n<p class=\"mono command\">{COMMAND}</p>", words.check_lead);
    let content = match square {
        Some(svg) => format!(
            "{intro}\n<div class=\"check\">\n<div class=\"square\">{svg}</div>\n<div>\n<p>{}</p>\n{facts}</div>\n</div>",
            words.check_square
        ),
        None => format!("{intro}\n<p>{}</p>\n{facts}", words.check_no_square),
    };
    section("", &both(words, |w| w.check), &content)
}

/// `class` is a name in the style, or nothing; the other two are HTML.
fn section(class: &str, heading: &str, content: &str) -> String {
    format!("<section class=\"{class}\">\n<h2>{heading}</h2>\n{content}\n</section>")
}

/// One line of what was agreed; `value` is HTML.
fn row(words: &Words, label: fn(&Words) -> &'static str, value: &str) -> String {
    format!("<div><dt>{}</dt><dd>{value}</dd></div>\n", both(words, label))
}

/// A label, with English beside it where the page is in another language.
fn both<'a>(words: &'a Words, label: impl Fn(&'a Words) -> &'static str) -> String {
    let own = html::text(label(words));
    if words.language == ENGLISH.language {
        return own;
    }
    format!("{own} <span class=\"en\" lang=\"en\">{}</span>", html::text(label(ENGLISH)))
}

#[cfg(test)]
mod tests {
    use super::super::samples::Sample;
    use super::*;

    fn in_language(language: &str) -> String {
        let sample = Sample::new(5, 9, 1);
        page(&Receipt { language, ..sample.receipt() }).unwrap()
    }

    #[test]
    fn it_says_what_was_agreed_and_how_to_take_it_back() {
        let html = in_language("en");
        let code = Sample::new(5, 9, 1).code;
        for said in [
            "Test Patient One",
            "Test Clinic",
            "Teaching about rashes",
            "31 December 2027",
            "students and teachers in closed groups",
            "Pictures: 2<br>Texts: 1",
            "Thumbprint",
            "Test Witness",
            &format!("<span>{}</span><span>{}</span>", &code[..5], &code[5..10]),
            "I agree that the covered pictures are shown.\nI can take this back.",
            COMMAND,
        ] {
            assert!(html.contains(said), "{said}");
        }
        assert!(!html.contains("already been published"));
        assert!(!html.contains("class=\"en\""));
    }

    #[test]
    fn other_languages_come_with_english_labels() {
        for (language, own) in [("hi", "आपकी सहमति की रसीद"), ("sw", "Stakabadhi"), ("es-419", "comprobante")]
        {
            let html = in_language(language);
            assert!(html.contains(own) && html.contains("lang=\"en\">What was agreed</span>"), "{language}");
        }
        let arabic = in_language("ar");
        assert!(arabic.contains("<html lang=\"en\" dir=\"ltr\">"));
        assert!(arabic.contains("<div class=\"wording\" lang=\"ar\" dir=\"rtl\">"));
    }

    #[test]
    fn nothing_in_it_runs_or_reaches_out() {
        let html = in_language("hi");
        for part in
            ["<script", "<link", "<img", "<iframe", "http:", "https:", "url(", "@import", " on", "style=\""]
        {
            let found =
                html.match_indices(part).any(|(at, _)| part != " on" || html[at..].starts_with(" on\""));
            assert!(!found, "{part}");
        }
        assert!(html.contains("default-src 'none'"));
    }

    #[test]
    fn hostile_names_stay_text() {
        let sample = Sample::new(5, 9, 1);
        let hostile = "</bdi></dd><script>alert(1)</script>\u{202e}\" onload=\"x";
        let html = page(&Receipt {
            patient: hostile,
            giver: hostile,
            discloser: hostile,
            contact: hostile,
            recipients: hostile,
            purpose: hostile,
            method: hostile,
            witness: Some(hostile),
            objects: &[(Sha256([1; 32]), hostile)],
            ..sample.receipt()
        })
        .unwrap();
        assert!(!html.contains("<script") && !html.contains('\u{202e}') && !html.contains("\" onload"));
        assert_eq!(html.matches("&lt;script&gt;").count(), 9);
    }

    #[test]
    fn a_proof_too_long_for_a_square_still_gives_a_page() {
        let sample = Sample::new(1_048_575, 1_048_576, 16);
        let html = page(&sample.receipt()).unwrap();
        assert!(html.contains("There is no square on this paper") && !html.contains("<svg"));
    }
}
