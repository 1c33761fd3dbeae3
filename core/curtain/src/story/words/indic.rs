//! Names and places in Devanagari and Bengali script, by the words before them: the lexicon has none of these scripts.

use super::super::class::Class;
use super::super::token::Shape;
use super::{Mark, Reading};

/// Marks what follows a title, "name" or "village".
pub(super) fn by_cue(reading: &mut Reading<'_, '_>) {
    for at in 0..reading.tokens.len() {
        let (class, rule) = match reading.folded(at) {
            "श्री"
            | "श्रीमती"
            | "श्रीमान"
            | "सुश्री"
            | "कुमारी"
            | "डॉ"
            | "डॉक्टर"
            | "डाक्टर"
            | "मो"
            | "श्रीमति"
            | "মোঃ"
            | "মোছাঃ"
            | "ডাঃ"
            | "ডা"
            | "শ্রী"
            | "শ্রীমতী"
            | "বেগম" => (Class::Name, "title"),
            "नाम" | "নাম" | "नाव" | "पुत्र" | "पुत्री" | "पत्नी" | "पति" | "पिता" | "माता" | "बेटा" | "बेटी"
            | "स्वामी" | "পিতা" | "মাতা" | "স্বামী" => {
                (Class::Name, "name_label")
            }
            "गाँव"
            | "गांव"
            | "ग्राम"
            | "गाव"
            | "मोहल्ला"
            | "जिला"
            | "ज़िला"
            | "तहसील"
            | "थाना"
            | "টোলা"
            | "গ্রাম"
            | "জেলা"
            | "উপজেলা"
            | "थोक"
            | "निवासी"
            | "वार्ड" => (Class::Place, "place_noun"),
            _ => continue,
        };
        let mut end = at + 1;
        while end < at + 4 && follows(reading, end, end == at + 1) {
            end += 1;
        }
        reading.mark(at + 1..end, Mark { class, confidence: 0.8, rule, cue: Some(at) });
    }
}

/// Whether token `at` goes on with a name that began before it.
fn follows(reading: &Reading<'_, '_>, at: usize, first: bool) -> bool {
    const FUNCTION: &[&str] = &[
        "है",
        "हैं",
        "का",
        "की",
        "के",
        "को",
        "से",
        "में",
        "ने",
        "और",
        "उम्र",
        "आयु",
        "वर्ष",
        "साल",
        "पर",
        "था",
        "थी",
        "एक",
        "यह",
        "वह",
        "बयान",
        "का",
        "जी",
        "নাম",
        "বয়স",
        "গ্রাম",
        "জেলা",
        "থেকে",
        "ও",
        "এর",
        "বছর",
    ];
    reading.token(at).is_some_and(|token| {
        let near = if first {
            matches!(token.gap, " " | ". " | "." | ": " | ":" | " : " | " - ")
        } else {
            token.gap == " "
        };
        near && token.shape == Shape::Uncased && !FUNCTION.contains(&token.text)
    })
}
