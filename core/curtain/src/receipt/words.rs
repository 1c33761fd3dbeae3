//! The page's own sentences, in the languages that it knows. The wording that was agreed to is not among them.
//!
//! Hindi, Swahili and Spanish await review by native speakers.

mod en;
mod es;
mod hi;
mod sw;

use crate::consent::Level;
use crate::time::UnixTime;

/// The sentences of one language. Each is plain text, shorter than a line or two.
pub(super) struct Words {
    /// The language of these words. [BCP 47]
    pub(super) language: &'static str,
    pub(super) title: &'static str,
    pub(super) keep: &'static str,
    pub(super) number: &'static str,
    pub(super) agreed: &'static str,
    pub(super) agreed_lead: &'static str,
    pub(super) patient: &'static str,
    pub(super) giver: &'static str,
    pub(super) discloser: &'static str,
    pub(super) recipients: &'static str,
    pub(super) purpose: &'static str,
    pub(super) reach: &'static str,
    pub(super) care_advice: &'static str,
    pub(super) teaching: &'static str,
    pub(super) publication: &'static str,
    pub(super) shown: &'static str,
    pub(super) pictures: &'static str,
    pub(super) thumbnails: &'static str,
    pub(super) texts: &'static str,
    pub(super) until: &'static str,
    pub(super) given: &'static str,
    pub(super) how: &'static str,
    pub(super) signature: &'static str,
    pub(super) thumbprint: &'static str,
    pub(super) witnessed_oral: &'static str,
    pub(super) audio: &'static str,
    pub(super) witness: &'static str,
    pub(super) law: &'static str,
    pub(super) withdraw: &'static str,
    pub(super) withdraw_any_time: &'static str,
    pub(super) withdraw_how: &'static str,
    pub(super) withdraw_then: &'static str,
    pub(super) code: &'static str,
    pub(super) code_reading: &'static str,
    pub(super) code_secret: &'static str,
    pub(super) lasting: &'static str,
    pub(super) lasting_lead: &'static str,
    pub(super) lasting_screens: &'static str,
    pub(super) lasting_files: &'static str,
    pub(super) lasting_devices: &'static str,
    pub(super) lasting_backups: &'static str,
    pub(super) lasting_published: &'static str,
    pub(super) ask: &'static str,
    pub(super) ask_lead: &'static str,
    pub(super) wording: &'static str,
    pub(super) check: &'static str,
    pub(super) check_lead: &'static str,
    pub(super) check_square: &'static str,
    pub(super) check_no_square: &'static str,
    pub(super) entry: &'static str,
    pub(super) key: &'static str,
    pub(super) fingerprint: &'static str,
    /// January to December.
    pub(super) months: [&'static str; 12],
    /// What stands between day, month and year.
    pub(super) between: &'static str,
}

/// The words for a wording in `language`: its own if there are any, else English.
pub(super) fn of(language: &str) -> &'static Words {
    let first = language.split('-').next().unwrap_or_default();
    [&hi::WORDS, &sw::WORDS, &es::WORDS]
        .into_iter()
        .find(|words| words.language.eq_ignore_ascii_case(first))
        .unwrap_or(&en::WORDS)
}

/// English, which stands beside every other language so that staff can read along.
pub(super) const ENGLISH: &Words = &en::WORDS;

impl Words {
    pub(super) fn level(&self, level: Level) -> &'static str {
        match level {
            Level::CareAdvice => self.care_advice,
            Level::Teaching => self.teaching,
            Level::Publication => self.publication,
        }
    }

    /// The words for a method's stable code, or nothing for one that is not known.
    pub(super) fn method(&self, code: &str) -> Option<&'static str> {
        match code {
            "signature" => Some(self.signature),
            "thumbprint" => Some(self.thumbprint),
            "witnessed_oral" => Some(self.witnessed_oral),
            "audio" => Some(self.audio),
            _ => None,
        }
    }

    /// The words for a kind of object, or nothing for one that is not known.
    pub(super) fn kind(&self, code: &str) -> Option<&'static str> {
        match code {
            "picture" => Some(self.pictures),
            "thumbnail" => Some(self.thumbnails),
            "text" => Some(self.texts),
            _ => None,
        }
    }

    /// A date in UTC with the month's name, `31 January 2027`.
    pub(super) fn date(&self, time: UnixTime) -> String {
        let date = time.date();
        let mut parts = date.split('-').map(|part| part.trim_start_matches('0'));
        let (year, month, day) = (parts.next(), parts.next(), parts.next());
        let month = month.and_then(|month| month.parse::<usize>().ok()).and_then(|n| self.months.get(n - 1));
        match (day, month, year) {
            (Some(day), Some(month), Some(year)) => format!("{day}{0}{month}{0}{year}", self.between),
            _ => date,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_people_write_them() {
        let time: UnixTime = "2027-03-05T23:59:59Z".parse().unwrap();
        assert_eq!(of("en").date(time), "5 March 2027");
        assert_eq!(of("hi").date(time), "5 मार्च 2027");
        assert_eq!(of("sw").date(time), "5 Machi 2027");
        assert_eq!(of("es-MX").date(time), "5 de marzo de 2027");
        assert_eq!(of("en").date(UnixTime::new(0).unwrap()), "1 January 1970");
    }

    #[test]
    fn other_languages_get_english() {
        assert_eq!(of("ar").language, "en");
        assert_eq!(of("SW-tz").language, "sw");
        assert_eq!(of("").language, "en");
    }
}
