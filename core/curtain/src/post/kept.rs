//! Taking a kept case up again, after the app was closed or killed.

use super::{Consented, Draft, PostError, Refused, Reviewed, Scanned};
use crate::clean::Options;
use crate::consent::Level;
use crate::detect::Detectors;
use crate::story::{Known, Locale};
use crate::time::UnixTime;
use crate::vault::{KeptCase, Vault};

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
/// The text is read as of the year in which the case was begun; `known` are the terms that it is scanned with. Terms
/// that find more in it than was decided on make it a text that was not read: scan the case anew.
///
/// A case whose consent does not cover it (any more), or names somebody whom the text names, is given back as
/// [`Step::Reviewed`].
/// # Errors
/// [`PostError`]; [`PostError::OutputChanged`] if the decisions give other files now than those that were seen.
pub fn resume(
    case: &KeptCase,
    vault: &Vault,
    audience: Level,
    detectors: &Detectors,
    options: &Options,
    known: Known,
    now: UnixTime,
) -> Result<Step, PostError> {
    let locale = Locale::new(case.country, case.made_at.year());
    let draft = Draft::new(case.photos.clone(), case.text.clone(), locale)?;
    let scanned = draft.knowing(known).scan(detectors, options).map_err(|refused| refused.error)?;
    let Some(decided) = &case.decided else { return Ok(Step::Scanned(scanned)) };
    let reviewed = scanned.review(decided, options).map_err(|refused| refused.error)?;
    if !reviewed.objects().iter().map(super::Object::sha256).eq(case.objects.iter().copied()) {
        return Err(PostError::OutputChanged);
    }
    let Some(consent) = case.consent else { return Ok(Step::Reviewed(reviewed)) };
    match reviewed.consent(vault, consent, audience, now) {
        Ok(consented) => Ok(Step::Consented(consented)),
        Err(refused) => {
            let Refused { state, .. } = *refused;
            Ok(Step::Reviewed(state))
        }
    }
}
