//! The words that FHIR has for what the log says, and ours where it has none.

use serde_json::{Value, json};

use crate::consent::{Level, Regime};
use crate::ledger::leaf::WithdrawnBy;

pub(super) const AGENT_TYPE: &str = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
pub(super) const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
pub(super) const DATA_OPERATION: &str = "http://terminology.hl7.org/CodeSystem/v3-DataOperation";
pub(super) const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
pub(super) const CONSENT_SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
pub(super) const LOINC: &str = "http://loinc.org";
const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const CONSENT_POLICY: &str = "http://terminology.hl7.org/CodeSystem/consentpolicycodes";

pub(super) fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({"system": system, "code": code, "display": display})
}

pub(super) fn who(by: WithdrawnBy) -> &'static str {
    match by {
        WithdrawnBy::Code => "Whoever presented the withdrawal code of the patient's receipt",
        WithdrawnBy::Author => "The clinician, told by the patient",
        WithdrawnBy::Officer => "The compliance officer",
    }
}

pub(super) fn level_words(level: Level) -> &'static str {
    match level {
        Level::CareAdvice => "for advice on care",
        Level::Teaching => "for advice on care and teaching",
        Level::Publication => "for advice on care, teaching and publication",
    }
}

pub(super) fn level_coding(level: Level) -> Value {
    let display = match level {
        Level::CareAdvice => "Care advice",
        Level::Teaching => "Teaching",
        Level::Publication => "Publication",
    };
    coding("urn:curtain:level", level.code(), display)
}

/// A level reaches its own audience and those before it. HL7 has no purpose for publication. [v3-PurposeOfUse]
pub(super) fn purposes(level: Level) -> Vec<Value> {
    [
        (Level::CareAdvice, coding(ACT_REASON, "TREAT", "treatment")),
        (Level::Teaching, coding(ACT_REASON, "TRAIN", "training")),
        (Level::Publication, level_coding(Level::Publication)),
    ]
    .into_iter()
    .filter(|(audience, _)| level.reaches(*audience))
    .map(|(_, purpose)| purpose)
    .collect()
}

/// HL7 has a code for the authorization under HIPAA, none for the others. [consentpolicycodes]
pub(super) fn policy(regime: Regime) -> Value {
    match regime {
        Regime::Hipaa => json!({
            "coding": [coding(
                CONSENT_POLICY, "hipaa-auth", "HIPAA Authorization",
            )],
            "text": "Authorization under 45 CFR 164.508(c)",
        }),
        Regime::Gdpr => {
            json!({"text": "Explicit consent under Regulation (EU) 2016/679, articles 7 and 9(2)(a)"})
        }
        Regime::Gmc => json!({
            "text": "General Medical Council, Making and using visual and audio recordings of patients",
        }),
    }
}

/// The law's own identifier, where it has one. [European Legislation Identifier]
pub(super) fn policy_uri(regime: Regime) -> Option<&'static str> {
    match regime {
        Regime::Gdpr => Some("http://data.europa.eu/eli/reg/2016/679/oj"),
        Regime::Hipaa | Regime::Gmc => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_permits_its_audience_and_those_before() {
        let count =
            [Level::CareAdvice, Level::Teaching, Level::Publication].map(|level| purposes(level).len());
        assert_eq!(count, [1, 2, 3]);
    }
}
