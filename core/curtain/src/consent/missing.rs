//! What a consent can lack: one entry each, with a stable code, a sentence for the clinician, and its source.

use super::draft::Statement;

/// Something that a consent lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Missing {
    /// What it is.
    pub element: Element,
}

/// What to do about something that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It is not there yet: fill it in.
    Absent,
    /// It is there and cannot stand as it is: correct it.
    Wrong,
    /// Consent cannot be had this way. Nothing overrides it.
    Refused,
}

impl Missing {
    /// A stable `snake_case` name.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.element.code()
    }

    /// Tells the clinician what to do, in plain English. It holds nothing of the patient.
    #[must_use]
    pub fn text(self) -> &'static str {
        self.element.text()
    }

    /// Where it is asked for, or that Curtain asks for it by itself.
    #[must_use]
    pub fn source(self) -> &'static str {
        self.element.source()
    }

    /// Whether it is to be filled in, to be corrected, or a refusal.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.element.kind()
    }
}

/// Makes [`Element`] from a table: variant, code, kind, sentence, source.
macro_rules! elements {
    ($($variant:ident $code:literal $kind:ident $text:literal [$source:literal])*) => {
        /// Each element of a consent that can be absent or wrong, and each way of asking that is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Element {
            $(#[doc = concat!("`", $code, "`: ", $text, " Source: ", $source, ".")] $variant,)*
        }

        impl Element {
            /// All of them, in the order of the form.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// A stable `snake_case` name.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Tells the clinician what to do, in plain English.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Where it is asked for.
            #[must_use]
            pub fn source(self) -> &'static str {
                match self { $(Self::$variant => $source,)* }
            }

            /// Whether it is to be filled in, to be corrected, or a refusal.
            #[must_use]
            pub fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }
        }
    };
}

elements! {
    Regime "regime" Absent
        "Say which rules your organisation works under: hipaa, gdpr or gmc." ["Curtain"]
    Level "level" Absent
        "Ask how far the case may go: care advice, teaching or publication. What was agreed does not reach \
        this far yet."
        ["GDPR art. 4(11) and 6(1)(a), specific; GMC 25"]

    Patient "patient" Absent "Enter the patient's name." ["45 CFR 164.508(c)(1)(vi); GDPR art. 7(1)"]
    PatientText "patient_text" Wrong
        "Shorten the patient's name to 200 characters on one line, without control characters." ["Curtain"]
    Discloser "discloser" Absent
        "Enter who shares the case: the person or the organisation."
        ["45 CFR 164.508(c)(1)(ii); GDPR art. 13(1)(a)"]
    DiscloserText "discloser_text" Wrong
        "Shorten who shares the case to 200 characters on one line, without control characters." ["Curtain"]
    Contact "contact" Absent
        "Enter whom the patient can ask, and where to withdraw: a place or a telephone number."
        ["45 CFR 164.508(c)(2)(i); GDPR art. 13(1)(a)-(b); GMC 25"]
    ContactText "contact_text" Wrong
        "Shorten whom the patient can ask to 500 characters, without control characters." ["Curtain"]
    Recipients "recipients" Absent
        "Enter who may see the case: the people of the circle, as a group."
        ["45 CFR 164.508(c)(1)(iii); GDPR art. 13(1)(e); GMC 25"]
    RecipientsText "recipients_text" Wrong
        "Shorten who may see the case to 500 characters, without control characters." ["Curtain"]
    Purpose "purpose" Absent
        "Enter what the case is shared for." ["45 CFR 164.508(c)(1)(iv); GDPR art. 13(1)(c); GMC 25"]
    PurposeText "purpose_text" Wrong
        "Shorten what the case is shared for to 1,000 characters, without control characters." ["Curtain"]
    Description "description" Absent
        "Describe what is shown: which part of the body, and what the text tells."
        ["45 CFR 164.508(c)(1)(i); GDPR art. 4(11), informed; GMC 25"]
    DescriptionText "description_text" Wrong
        "Shorten what is shown to 2,000 characters, without control characters." ["Curtain"]

    Expires "expires" Absent
        "Enter the day on which the consent ends." ["45 CFR 164.508(c)(1)(v); GDPR art. 13(2)(a); GMC 25"]
    ExpiresPast "expires_past" Wrong
        "The consent has ended already, or before it was given: agree on a later day with the patient."
        ["45 CFR 164.508(b)(2)(i)"]
    ExpiresTooFar "expires_too_far" Wrong
        "Choose an end within ten years: after that, ask again." ["GDPR art. 5(1)(e); GMC 35"]

    Objects "objects" Absent
        "Choose the covered pictures and the text that the patient has seen."
        ["45 CFR 164.508(c)(1)(i); GDPR art. 4(11)"]
    ObjectsTooMany "objects_too_many" Wrong
        "Share at most 200 pictures and texts under one consent: make a second one for the others."
        ["Curtain"]
    ObjectsTwice "objects_twice" Wrong
        "The same picture or text is listed twice: remove one of them." ["Curtain"]
    ObjectOrigin "object_origin" Wrong
        "A small copy must name the picture it was made from, and the patient must have seen that picture: \
        add it."
        ["Curtain"]
    ShownToPatient "shown_to_patient" Absent
        "Show the covered pictures and the text, as they will be sent, to the person who agrees, and confirm \
        it."
        ["GDPR art. 4(11), informed; GMC 25-26"]
    ShownLate "shown_late" Wrong
        "The pictures were shown after consent was given, or at a time to come: show them, then ask again."
        ["GDPR art. 4(11), informed; GMC 25"]

    Giver "giver" Absent
        "Say who agrees: the patient, or who may decide for the patient."
        ["45 CFR 164.508(c)(1)(vi); GDPR art. 7(1)"]
    GiverName "giver_name" Absent
        "Enter the name of the person who decides for the patient."
        ["45 CFR 164.508(c)(1)(vi); GDPR art. 7(1)"]
    Authority "authority" Absent
        "Say why this person may decide for the patient: parent, court order, next of kin under the law."
        ["45 CFR 164.508(c)(1)(vi) and 164.502(g)"]
    Basis "basis" Absent
        "Say why the minor can decide alone, or why the adult cannot and why sharing serves them."
        ["GMC 34; GDPR art. 7(1)"]
    AssentReason "assent_reason" Absent "Say why the child could not be asked." ["GMC 34"]
    GiverText "giver_text" Wrong
        "Shorten the name (200 characters, one line) or the reasons (500) of who decides, without control \
        characters."
        ["Curtain"]
    NobodyUnconscious "nobody_unconscious" Refused
        "The patient is unconscious and no one has agreed: this case cannot be shared. Wait until the \
        patient can be asked, or someone who may decide for them."
        ["GDPR art. 9(2)(a); 45 CFR 164.508(a)(1)"]
    NobodyEmergency "nobody_emergency" Refused
        "An emergency is a reason to treat, not to share here: this case cannot be shared without consent. \
        Ask for advice by telephone, without the pictures, and ask the patient later."
        ["GDPR art. 9(2)(a); 45 CFR 164.508(a)(1)"]
    NobodyRepresentative "nobody_no_representative" Refused
        "The patient cannot decide and no one may decide for them: this case cannot be shared."
        ["GDPR art. 9(2)(a); 45 CFR 164.502(g)"]
    AssentRefused "assent_refused" Refused
        "The child does not want it: this case cannot be shared, even if the guardian agrees." ["GMC 34"]
    MatureMinorUnderHipaa "mature_minor_under_hipaa" Refused
        "Under hipaa a minor's own consent is not taken here: ask a parent or guardian, and the minor too."
        ["45 CFR 164.502(g)(3)"]

    Wording "wording" Absent
        "Choose the text that the patient reads or hears, in a language they follow."
        ["45 CFR 164.508(c)(3); GDPR art. 7(1)-(2); GMC 26"]
    WordingText "wording_text" Wrong
        "The text that the patient reads is empty, longer than 20,000 bytes, or holds control characters: \
        choose another."
        ["Curtain"]
    WordingLanguage "wording_language" Wrong
        "Say in which language the text is, as a short code: en, hi, sw, es."
        ["45 CFR 164.508(c)(3); GDPR art. 12(1)"]
    WordingHash "wording_hash" Wrong
        "The text that the patient read was changed after it was chosen: choose it again, and show it again."
        ["GDPR art. 7(1)"]
    WordingUnknown "wording_unknown" Wrong
        "This version of Curtain does not have the template of this text: choose another." ["Curtain"]
    WordingDiffers "wording_differs" Wrong
        "The text that the patient read says something else than this form: make the text again, and show it \
        again."
        ["GDPR art. 7(1)"]
    Understood "understood" Absent
        "Confirm that the text was read by or to the person in a language they follow, and that their \
        questions were answered."
        ["45 CFR 164.508(c)(3); GDPR art. 7(2) and 12(1); GMC 26"]
    Explicit "explicit" Absent
        "Confirm that consent was a clear statement of its own, not silence or a nod in passing."
        ["GDPR art. 9(2)(a)"]
    DiscussionRecorded "discussion_recorded" Absent
        "Note the discussion in the medical record, and confirm it." ["GMC 14 and 24"]

    StatesRevocation "states_revocation" Absent
        "Tell the patient that they can withdraw at any time, and how: with the code on the receipt."
        ["45 CFR 164.508(c)(2)(i); GDPR art. 7(3) and 13(2)(c); GMC 25"]
    StatesWithdrawalAsEasy "states_withdrawal_as_easy" Absent
        "Tell the patient that withdrawing is as easy as agreeing." ["GDPR art. 7(3)"]
    StatesEarlierUse "states_earlier_use" Absent
        "Tell the patient that what was done before a withdrawal stays lawful."
        ["45 CFR 164.508(c)(2)(i)(A); GDPR art. 7(3) and 13(2)(c)"]
    StatesCannotTakeBack "states_cannot_take_back" Absent
        "Tell the patient what cannot be taken back: screenshots, exported files, devices that stay offline."
        ["45 CFR 164.508(c)(2)(i)(A); GDPR art. 5(1)(a); GMC 25"]
    StatesConditioning "states_conditioning" Absent
        "Tell the patient that their care does not depend on this."
        ["45 CFR 164.508(c)(2)(ii); GDPR art. 7(4); GMC 25"]
    StatesFreelyGiven "states_freely_given" Absent
        "Tell the patient that this is a free choice." ["GDPR art. 4(11) and 7(4)"]
    StatesSeparate "states_separate" Absent
        "Tell the patient that this is apart from other matters, such as consent to treatment."
        ["GDPR art. 7(2)"]
    StatesRedisclosure "states_redisclosure" Absent
        "Tell the patient that those who receive the case may pass it on, and that it may then not be \
        protected."
        ["45 CFR 164.508(c)(2)(iii); GDPR art. 5(1)(a); GMC 25"]
    StatesCopyGiven "states_copy_given" Absent "Tell the patient that they get a copy." ["45 CFR 164.508(c)(4)"]
    StatesKeeping "states_keeping" Absent
        "Tell the patient how and how long the case is kept." ["GDPR art. 13(2)(a); GMC 25"]
    StatesFutureUses "states_future_uses" Absent
        "Tell the patient what the case may be used for later, and that anything else needs a new consent."
        ["GDPR art. 5(1)(b); GMC 14 and 25"]
    StatesDataRights "states_data_rights" Absent
        "Tell the patient of the rights to see, correct and erase, and to complain to the authority."
        ["GDPR art. 13(2)(b) and (d)"]
    StatesTransfer "states_transfer" Absent
        "Tell the patient that those who receive the case may be in other countries." ["GDPR art. 13(1)(f)"]

    Method "method" Absent
        "Ask for consent: a signature, a thumbprint, or words before a witness or on a recording."
        ["45 CFR 164.508(c)(1)(vi); GDPR art. 7(1); GMC 24"]
    SpokenUnderHipaa "spoken_under_hipaa" Refused
        "Under hipaa spoken consent is not enough: ask for a signature, or a thumbprint before a witness."
        ["45 CFR 164.508(c)(1)(vi)"]
    SpokenForPublication "spoken_for_publication" Refused
        "Spoken consent does not reach publication: ask for a signature or a thumbprint, or choose a nearer \
        level."
        ["GMC 37; elsewhere Curtain"]
    Witness "witness" Absent
        "A thumbprint or spoken consent needs a witness: enter the witness's name and role."
        ["GDPR art. 7(1); GMC 24; elsewhere Curtain"]
    WitnessText "witness_text" Wrong
        "Shorten the witness's name or role to 200 characters on one line, without control characters."
        ["Curtain"]
    WitnessNotApart "witness_not_apart" Wrong
        "The witness must be another person than the patient and the one who agrees." ["Curtain"]
    GivenAt "given_at" Absent
        "Enter when consent was given." ["45 CFR 164.508(c)(1)(vi); GDPR art. 7(1); GMC 24"]
    GivenInFuture "given_in_future" Wrong
        "The consent is dated in the future: check the clock of this device." ["Curtain"]
}

impl Element {
    /// The element that is missing while `statement` has not been made.
    #[must_use]
    pub fn stating(statement: Statement) -> Self {
        match statement {
            Statement::Revocation => Self::StatesRevocation,
            Statement::WithdrawalAsEasy => Self::StatesWithdrawalAsEasy,
            Statement::EarlierUse => Self::StatesEarlierUse,
            Statement::CannotTakeBack => Self::StatesCannotTakeBack,
            Statement::Conditioning => Self::StatesConditioning,
            Statement::FreelyGiven => Self::StatesFreelyGiven,
            Statement::Separate => Self::StatesSeparate,
            Statement::Redisclosure => Self::StatesRedisclosure,
            Statement::CopyGiven => Self::StatesCopyGiven,
            Statement::Keeping => Self::StatesKeeping,
            Statement::FutureUses => Self::StatesFutureUses,
            Statement::DataRights => Self::StatesDataRights,
            Statement::Transfer => Self::StatesTransfer,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_element_has_its_own_code_and_sentence() {
        let codes: BTreeSet<_> = Element::ALL.iter().map(|element| element.code()).collect();
        let texts: BTreeSet<_> = Element::ALL.iter().map(|element| element.text()).collect();
        assert_eq!(codes.len(), Element::ALL.len());
        assert_eq!(texts.len(), Element::ALL.len());
        for element in Element::ALL {
            let (code, text) = (element.code(), element.text());
            assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code}");
            assert!(
                text.ends_with('.') && text.starts_with(|first: char| first.is_uppercase()),
                "{code}: {text}"
            );
        }
    }
}
