//! Taking a kept case up again, after the app was closed or killed.

use super::{Consented, Draft, PostError, Refused, Reviewed, Scanned, TextVerdict};
use crate::clean::Options;
use crate::consent::Level;
use crate::detect::Detectors;
use crate::time::UnixTime;
use crate::vault::{Held, KeptCase};

/// Where a kept case stands, after every check was run on it again.
#[derive(Debug)]
pub enum Step {
    /// It was looked at, and waits for its review.
    Scanned(Scanned),
    /// It was reviewed, and waits for a consent that covers it.
    Reviewed(Reviewed),
    /// The patient agreed.
    Consented(Consented),
}

/// Takes a case up again. No state is kept as such: photos are looked at again, decisions are held against what is
/// found now, and what comes out must have the hashes that it had.
///
/// `held` is the consent that the case names, if it names one. A case whose consent does not cover it (any more) is
/// given back as [`Step::Reviewed`].
/// # Errors
/// [`PostError`]; [`PostError::OutputChanged`] if the decisions give other files now than those that were seen.
pub fn resume(
    case: &KeptCase,
    held: Option<&Held>,
    audience: Level,
    detectors: &Detectors,
    options: &Options,
    now: UnixTime,
) -> Result<Step, PostError> {
    let draft = Draft::new(case.photos.clone(), case.text.clone())?;
    let scanned = draft.scan(detectors, options).map_err(|refused| refused.error)?;
    let Some(verdicts) = &case.verdicts else { return Ok(Step::Scanned(scanned)) };
    // A review is kept once it was finished, and it finishes only when the text was read.
    let reviewed =
        scanned.review(verdicts, TextVerdict::ReadAndClear, options).map_err(|refused| refused.error)?;
    if !reviewed.objects().iter().map(super::Object::sha256).eq(case.objects.iter().copied()) {
        return Err(PostError::OutputChanged);
    }
    match held.filter(|held| case.consent == Some(held.id())) {
        None => Ok(Step::Reviewed(reviewed)),
        Some(held) => match reviewed.consent(held, audience, now) {
            Ok(consented) => Ok(Step::Consented(consented)),
            Err(refused) => {
                let Refused { state, .. } = *refused;
                Ok(Step::Reviewed(state))
            }
        },
    }
}
