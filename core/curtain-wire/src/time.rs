//! Moments, as seconds since 1970. No room reads a clock: `now` is an argument.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A moment in UTC: whole seconds since 1970-01-01T00:00:00Z, until 9999-12-30T22:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct UnixTime(i64);

/// What was given is no moment between the years 1970 and 9999.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("this is no date between 1970 and 9999: write 2027-01-31 or 2027-01-31T09:30:00Z")]
pub struct NoMoment;

impl UnixTime {
    /// 9999-12-30T22:00:00Z, the last moment that jiff shows in every time zone.
    const LAST: i64 = 253_402_207_200;

    /// # Errors
    /// [`NoMoment`] before 1970 and after 9999.
    pub fn new(seconds: i64) -> Result<Self, NoMoment> {
        (0..=Self::LAST).contains(&seconds).then_some(Self(seconds)).ok_or(NoMoment)
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0
    }

    /// This many days later, or the last moment there is.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        Self((self.0 + i64::from(days) * 86_400).min(Self::LAST))
    }

    /// One second later, or the last moment there is.
    #[must_use]
    pub fn plus_second(self) -> Self {
        Self((self.0 + 1).min(Self::LAST))
    }

    /// The date in UTC, `2027-01-31`.
    #[must_use]
    pub fn date(self) -> String {
        self.to_string()[..10].to_owned()
    }

    /// The year in UTC, 1970 to 9999.
    #[must_use]
    pub fn year(self) -> i16 {
        jiff::tz::TimeZone::UTC.to_datetime(self.timestamp()).year()
    }

    fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(self.0).expect("0..=LAST lies within jiff's range")
    }
}

/// The moment that an HTTP `Date` says. [RFC 9110, 5.6.7]
#[must_use]
pub fn http_date(field: &str) -> Option<UnixTime> {
    let moment = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(field).ok()?;
    UnixTime::new(moment.as_second()).ok()
}

/// RFC 3339, `2027-01-31T09:30:00Z`.
impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timestamp())
    }
}

/// RFC 3339, or a date alone for its first second in UTC.
impl FromStr for UnixTime {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        let moment: jiff::Timestamp = if text.len() == 10 {
            format!("{text}T00:00:00Z").parse().map_err(|_| NoMoment)?
        } else {
            text.parse().map_err(|_| NoMoment)?
        };
        // Half a second before 1970 has no whole seconds either.
        if moment < jiff::Timestamp::UNIX_EPOCH {
            return Err(NoMoment);
        }
        Self::new(moment.as_second())
    }
}

impl TryFrom<i64> for UnixTime {
    type Error = NoMoment;

    fn try_from(seconds: i64) -> Result<Self, NoMoment> {
        Self::new(seconds)
    }
}

impl From<UnixTime> for i64 {
    fn from(time: UnixTime) -> i64 {
        time.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_back_as_written() {
        for text in ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "9999-12-30T22:00:00Z"] {
            assert_eq!(text.parse::<UnixTime>().unwrap().to_string(), text);
        }
        assert_eq!("2027-01-31".parse::<UnixTime>().unwrap().to_string(), "2027-01-31T00:00:00Z");
    }

    #[test]
    fn a_year_is_that_of_the_date() {
        for text in ["1970-01-01", "2026-12-31T23:59:59Z", "2027-01-01", "9999-12-30"] {
            let moment: UnixTime = text.parse().unwrap();
            assert_eq!(moment.year().to_string(), text[..4]);
        }
    }

    #[test]
    fn a_server_says_the_time() {
        let date = http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(date.to_string(), "1994-11-06T08:49:37Z");
        for field in
            ["", "Sun, 06 Nov 1894 08:49:37 GMT", "1994-11-06T08:49:37Z", "Sun, 31 Feb 1994 08:49:37 GMT"]
        {
            assert_eq!(http_date(field), None, "{field}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "2027",
            "2027-02-30",
            "31.01.2027",
            "1969-12-31T23:59:59.5Z",
            "1969-12-31",
            "2027-01-31T09:30:00",
            "ééééé",
        ] {
            assert_eq!(text.parse::<UnixTime>(), Err(NoMoment), "{text}");
        }
        assert_eq!(UnixTime::new(-1), Err(NoMoment));
    }
}
