//! Taking a kept case up again, after the app was closed or killed.

use super::{
    About, CaseText, Consented, Draft, Made, Object, PostError, Refused, Reviewed, Scanned, SealedPost, text,
};
use crate::circle::Identity;
use crate::clean::Options;
use crate::consent::Level;
use crate::detect::{Detectors, Unwatched, Watch};
use crate::hash::Id;
use crate::story::{Country, Known, Locale};
use crate::time::UnixTime;
use crate::vault::{KeptCase, Vault, VaultError};

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
/// The text is read as of the year in which the case was begun, with the names in its consents and `further` terms of
/// the clinician's.
///
/// A case is given back as [`Step::Scanned`], to be reviewed again, where its decisions are not about what is found now
/// (a new rule or term, a newer network), or give other files than those that were seen.
/// A case whose consent does not cover it (any more), or names somebody whom the text names, is given back as
/// [`Step::Reviewed`].
/// # Errors
/// [`PostError`]; a photo that cannot be looked at or made ready stops the case.
pub fn resume(
    case: &KeptCase,
    vault: &Vault,
    audience: Level,
    detectors: &Detectors,
    options: &Options,
    further: Known,
    now: UnixTime,
) -> Result<Step, PostError> {
    resume_watched(case, vault, audience, detectors, options, further, now, &Unwatched)
}

/// The same, and tells `watch` how far looking is; it may end it.
///
/// # Errors
/// As [`resume`].
#[expect(clippy::too_many_arguments, reason = "what a case is taken up with")]
pub fn resume_watched(
    case: &KeptCase,
    vault: &Vault,
    audience: Level,
    detectors: &Detectors,
    options: &Options,
    further: Known,
    now: UnixTime,
    watch: &dyn Watch,
) -> Result<Step, PostError> {
    let scanned = look_again_watched(case, vault, detectors, options, further, watch)?;
    let Some(decided) = &case.decided else { return Ok(Step::Scanned(scanned)) };
    let reviewed = match scanned.make(decided, options) {
        Ok(Made { objects, text, deidentified })
            if objects.iter().map(Object::sha256).eq(case.objects.iter().copied()) =>
        {
            Reviewed { about: scanned.draft.about, objects, text, known: scanned.draft.known, deidentified }
        }
        Err(error @ PostError::Photo { .. }) => return Err(error),
        Ok(_) | Err(_) => return Ok(Step::Scanned(scanned)),
    };
    let Some(consent) = case.consent else { return Ok(Step::Reviewed(reviewed)) };
    match reviewed.consent(vault, consent, audience, now) {
        Ok(consented) => Ok(Step::Consented(consented)),
        Err(refused) => {
            let Refused { state, .. } = *refused;
            Ok(Step::Reviewed(state))
        }
    }
}

/// Begins a case: keeps photos, text, the country in which it was written, and under what it is filed. Only the tags are looked
/// at yet.
///
/// # Errors
/// [`PostError::NoPhoto`], [`PostError::TooMuch`], [`PostError::Tag`], [`PostError::Vault`]; nothing was kept.
pub fn begin(
    vault: &mut Vault,
    photos: Vec<Vec<u8>>,
    text: &CaseText,
    country: Option<Country>,
    about: Option<About>,
    now: UnixTime,
) -> Result<Id, PostError> {
    let draft = Draft::new(photos, text, Locale::new(country, now.year()))?.filed(about);
    draft.check_tags()?;
    let case = vault.keep_case(&draft.photos, text, country, now)?;
    if let Some(about) = &draft.about {
        vault.keep_about(case, about)?;
    }
    Ok(case)
}

/// Adds photos to a case. What was decided is to be decided again, and a consent to be asked for again.
///
/// # Errors
/// [`PostError::TooMuch`], [`PostError::Vault`]; nothing was kept.
pub fn add_photos(vault: &mut Vault, case: Id, photos: &[Vec<u8>]) -> Result<(), PostError> {
    if vault.case(case)?.photos.len() + photos.len() > super::MAX_PHOTOS {
        return Err(PostError::TooMuch);
    }
    Ok(vault.keep_photos(case, photos)?)
}

/// Looks at a kept case again, as [`resume`] does, to be reviewed whatever was decided before.
///
/// # Errors
/// [`PostError`].
pub fn look_again(
    case: &KeptCase,
    vault: &Vault,
    detectors: &Detectors,
    options: &Options,
    further: Known,
) -> Result<Scanned, PostError> {
    look_again_watched(case, vault, detectors, options, further, &Unwatched)
}

/// The same, and tells `watch` how far it is; it may end it.
///
/// # Errors
/// As [`look_again`].
pub fn look_again_watched(
    case: &KeptCase,
    vault: &Vault,
    detectors: &Detectors,
    options: &Options,
    further: Known,
    watch: &dyn Watch,
) -> Result<Scanned, PostError> {
    let locale = Locale::new(case.country, case.made_at.year());
    let draft = Draft::new(case.photos.clone(), &case.text, locale)?;
    let draft = draft.filed(case.about.clone()).knowing(terms(case, vault, further)?);
    draft.scan_watched(detectors, options, watch).map_err(|refused| refused.error)
}

/// The newest sealed post of a case as it is now: under its present consent, by this device.
///
/// # Errors
/// [`PostError::Vault`].
pub fn sealed_of(case: &KeptCase, me: &Identity, vault: &Vault) -> Result<Option<SealedPost>, PostError> {
    let Some(consent) = case.consent else { return Ok(None) };
    for kept in vault.posts()? {
        // Where the files are gone, the consent was withdrawn.
        if kept.case != Some(case.id) || kept.consent != consent || kept.size == 0 {
            continue;
        }
        let sealed = SealedPost::kept(vault.post(kept.post)?);
        if sealed.author.device == me.device.id() {
            return Ok(Some(sealed));
        }
    }
    Ok(None)
}

/// A sealed post that is kept, by its random name.
///
/// # Errors
/// [`VaultError::NotFound`]; [`VaultError`].
pub fn sealed_named(vault: &Vault, post: Id) -> Result<SealedPost, VaultError> {
    Ok(SealedPost::kept(vault.post(post)?))
}

/// What the text is scanned with: also names in consents that were given for the case and do not cover it any more.
fn terms(case: &KeptCase, vault: &Vault, further: Known) -> Result<Known, PostError> {
    let mut known = further;
    for consent in &case.given {
        if let Some(record) = vault.consent(*consent)?.record()? {
            text::add_names(&mut known, &record.to_draft());
        }
    }
    if let Some(draft) = &case.consent_draft {
        text::add_names(&mut known, draft);
    }
    Ok(known)
}
