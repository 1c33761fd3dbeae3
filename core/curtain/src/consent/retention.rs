//! How long a record must be kept, whoever asks for it to go.

use super::terms::Regime;
use crate::time::UnixTime;

/// Six years of which two are leap years. [45 CFR 164.530(j)(2)]
const HIPAA_DAYS: u32 = 6 * 365 + 2;

/// Until when a consent that was last in effect at `last_in_effect` must be kept, if its regime says so.
///
/// `hipaa`: six years from when it was last in effect [45 CFR 164.530(j)(2)]. `gdpr` and `gmc` name no number of
/// years; a national law or the organisation's own schedule may, and this does not know it.
#[must_use]
pub fn keep_until(regime: Regime, last_in_effect: UnixTime) -> Option<UnixTime> {
    match regime {
        Regime::Hipaa => Some(last_in_effect.plus_days(HIPAA_DAYS)),
        Regime::Gdpr | Regime::Gmc => None,
    }
}
