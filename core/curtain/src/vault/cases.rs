//! Cases on their way to a post. What is kept are bytes and people's decisions, never a verdict of ours: whoever
//! takes a case up again runs every check on those bytes again.

use curtain_wire::events::About;
use rusqlite::{OptionalExtension, named_params};

use super::Vault;
use super::error::VaultError;
use super::log::moment;
use super::withdrawal::clear;
use crate::consent::ConsentDraft;
use crate::hash::{Id, Sha256};
use crate::review::{CaseText, Decided};
use crate::story::Country;
use crate::time::UnixTime;

/// A case as it is kept.
pub struct KeptCase {
    /// Its random name.
    pub id: Id,
    /// When it was begun.
    pub made_at: UnixTime,
    /// The photos as they came in.
    pub photos: Vec<Vec<u8>>,
    /// What it says, as it was typed.
    pub text: CaseText,
    /// Where it was written; `None` for anywhere.
    pub country: Option<Country>,
    /// What it is filed under.
    pub about: Option<About>,
    /// What was decided, once it was.
    pub decided: Option<Decided>,
    /// Hashes of what came out of the review, in order.
    pub objects: Vec<Sha256>,
    /// The consent, while it is filled in.
    pub consent_draft: Option<ConsentDraft>,
    /// The consent, once it was given.
    pub consent: Option<Id>,
    /// Every consent that was ever given for it: also those that do not cover what it has become.
    pub given: Vec<Id>,
}

/// A case, without what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseSummary {
    /// Its random name.
    pub id: Id,
    /// When it was begun.
    pub made_at: UnixTime,
    /// The consent, once it was given.
    pub consent: Option<Id>,
}

/// Shows nothing of the patient.
impl std::fmt::Debug for KeptCase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptCase").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Vault {
    /// Keeps a new case, with the text as it was typed and the country that it was written in.
    ///
    /// # Errors
    /// [`VaultError`]; nothing was kept.
    pub fn keep_case(
        &mut self,
        photos: &[Vec<u8>],
        text: &CaseText,
        country: Option<Country>,
        now: UnixTime,
    ) -> Result<Id, VaultError> {
        let id = self.make_id()?;
        let [title, body, question] = text.parts();
        let country = country.map(String::from);
        let tx = self.transaction()?;
        tx.execute(
            "INSERT INTO draft (id, made_at, title, body, question, country) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (id.0, now.seconds(), title, body, question, country),
        )?;
        for (place, bytes) in (0_i64..).zip(photos) {
            tx.execute("INSERT INTO photo (draft, place, bytes) VALUES (?1, ?2, ?3)", (id.0, place, bytes))?;
        }
        tx.commit()?;
        Ok(id)
    }

    /// Keeps what a case is filed under. That is no part of what is reviewed and consented to.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] if there is no case of that name; [`VaultError`].
    pub fn keep_about(&mut self, case: Id, about: &About) -> Result<(), VaultError> {
        let about = serde_json::to_string(about).map_err(|_| VaultError::Inconsistent)?;
        let query = "UPDATE draft SET about = ?1 WHERE id = ?2";
        let changed = self.opened.connection.execute(query, (about, case.0))?;
        if changed == 1 { Ok(()) } else { Err(VaultError::NotFound) }
    }

    /// Keeps another text of a case. What was decided and what came out were of the text before, and the consent covers
    /// that one: they are taken off the case. The consent itself stays.
    ///
    /// # Errors
    /// [`VaultError`]; nothing was kept. [`VaultError::NotFound`] if there is no case of that name.
    pub fn keep_text(
        &mut self,
        case: Id,
        text: &CaseText,
        country: Option<Country>,
    ) -> Result<(), VaultError> {
        let [title, body, question] = text.parts();
        let country = country.map(String::from);
        let tx = self.transaction()?;
        let changed = tx.execute(
            "UPDATE draft SET title = ?1, body = ?2, question = ?3, country = ?4, decided = NULL, consent = NULL
             WHERE id = ?5",
            (title, body, question, country, case.0),
        )?;
        if changed != 1 {
            return Err(VaultError::NotFound);
        }
        tx.execute("DELETE FROM object WHERE draft = ?1", [case.0])?;
        Ok(tx.commit()?)
    }

    /// Keeps more photos of a case, behind those that it has. What was decided and what came out were without them, and the
    /// consent covers that: they are taken off the case. The consent itself stays.
    ///
    /// # Errors
    /// [`VaultError`]; nothing was kept. [`VaultError::NotFound`] if there is no case of that name.
    pub fn keep_photos(&mut self, case: Id, photos: &[Vec<u8>]) -> Result<(), VaultError> {
        let tx = self.transaction()?;
        let changed =
            tx.execute("UPDATE draft SET decided = NULL, consent = NULL WHERE id = ?1", [case.0])?;
        if changed != 1 {
            return Err(VaultError::NotFound);
        }
        tx.execute("DELETE FROM object WHERE draft = ?1", [case.0])?;
        let first: i64 = tx.query_row(
            "SELECT coalesce(max(place) + 1, 0) FROM photo WHERE draft = ?1",
            [case.0],
            |row| row.get(0),
        )?;
        for (place, bytes) in (first..).zip(photos) {
            tx.execute(
                "INSERT INTO photo (draft, place, bytes) VALUES (?1, ?2, ?3)",
                (case.0, place, bytes),
            )?;
        }
        Ok(tx.commit()?)
    }

    /// Keeps what was decided, and the hashes of what came out. A consent given to what came out before does not
    /// cover the new: it is taken off the case.
    ///
    /// # Errors
    /// [`VaultError`]; nothing was kept.
    pub fn keep_review(&mut self, case: Id, decided: &Decided, objects: &[Sha256]) -> Result<(), VaultError> {
        let decided = serde_json::to_string(decided).map_err(|_| VaultError::Inconsistent)?;
        let before = self.objects(case)?;
        let tx = self.transaction()?;
        let changed = tx.execute("UPDATE draft SET decided = ?1 WHERE id = ?2", (decided, case.0))?;
        if changed != 1 {
            return Err(VaultError::NotFound);
        }
        if before != objects {
            tx.execute("UPDATE draft SET consent = NULL WHERE id = ?1", [case.0])?;
            tx.execute("DELETE FROM object WHERE draft = ?1", [case.0])?;
            for (place, object) in (0_i64..).zip(objects) {
                tx.execute(
                    "INSERT INTO object (draft, place, sha256) VALUES (?1, ?2, ?3)",
                    (case.0, place, object.0),
                )?;
            }
        }
        Ok(tx.commit()?)
    }

    /// Keeps a consent that is not complete yet.
    ///
    /// # Errors
    /// [`VaultError`]; nothing was kept.
    pub fn keep_consent_draft(&mut self, case: Id, draft: &ConsentDraft) -> Result<(), VaultError> {
        let draft = serde_json::to_string(draft).map_err(|_| VaultError::Inconsistent)?;
        let tx = self.transaction()?;
        let changed = tx.execute("UPDATE draft SET consent_draft = ?1 WHERE id = ?2", (draft, case.0))?;
        if changed != 1 {
            return Err(VaultError::NotFound);
        }
        Ok(tx.commit()?)
    }

    /// The cases of this vault, oldest first.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn cases(&self) -> Result<Vec<CaseSummary>, VaultError> {
        let mut statement = self
            .opened
            .connection
            .prepare_cached("SELECT id, made_at, consent FROM draft ORDER BY made_at, id")?;
        let mut rows = statement.query([])?;
        let mut cases = Vec::new();
        while let Some(row) = rows.next()? {
            let consent = row.get::<_, Option<[u8; 16]>>(2)?.map(Id);
            cases.push(CaseSummary { id: Id(row.get(0)?), made_at: moment(row.get(1)?)?, consent });
        }
        Ok(cases)
    }

    /// A case, with all that is in it.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] if there is none of that name.
    pub fn case(&self, id: Id) -> Result<KeptCase, VaultError> {
        let row = self
            .opened
            .connection
            .query_row(
                "SELECT made_at, decided, consent_draft, consent, title, body, question, country, about
                 FROM draft WHERE id = :id",
                named_params! { ":id": id.0 },
                |row| {
                    let decided: Option<String> = row.get(1)?;
                    let draft: Option<String> = row.get(2)?;
                    let consent: Option<[u8; 16]> = row.get(3)?;
                    let text = CaseText::from([row.get(4)?, row.get(5)?, row.get(6)?]);
                    let kept = (row.get::<_, Option<String>>(7)?, row.get::<_, Option<String>>(8)?);
                    Ok((row.get(0)?, text, kept, decided, draft, consent))
                },
            )
            .optional()?;
        let (made_at, text, (country, about), decided, consent_draft, consent) =
            row.ok_or(VaultError::NotFound)?;
        let country = country.map(|code| Country::new(&code).ok_or(VaultError::Inconsistent)).transpose()?;
        let json = |_| VaultError::Inconsistent;
        let mut statement = self
            .opened
            .connection
            .prepare_cached("SELECT bytes FROM photo WHERE draft = ?1 ORDER BY place")?;
        let photos = statement.query_map([id.0], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(KeptCase {
            id,
            made_at: moment(made_at)?,
            photos,
            text,
            country,
            about: about.map(|text| serde_json::from_str(&text)).transpose().map_err(json)?,
            decided: decided.map(|text| serde_json::from_str(&text)).transpose().map_err(json)?,
            objects: self.objects(id)?,
            consent_draft: consent_draft.map(|text| serde_json::from_str(&text)).transpose().map_err(json)?,
            consent: consent.map(Id),
            given: self.given(id)?,
        })
    }

    /// Forgets a case, and clears it from the disk's pages. A consent that was given for it stays.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] if there is none of that name.
    pub fn discard_case(&mut self, id: Id) -> Result<(), VaultError> {
        match self.opened.connection.execute("DELETE FROM draft WHERE id = ?1", [id.0])? {
            1 => clear(&self.opened.connection).map_err(|_| VaultError::Failed { code: 0 }),
            _ => Err(VaultError::NotFound),
        }
    }

    fn given(&self, case: Id) -> Result<Vec<Id>, VaultError> {
        let connection = &self.opened.connection;
        let mut statement =
            connection.prepare_cached("SELECT consent FROM case_of WHERE draft = ?1 ORDER BY consent")?;
        let rows = statement.query_map([case.0], |row| row.get(0).map(Id))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn objects(&self, case: Id) -> Result<Vec<Sha256>, VaultError> {
        let connection = &self.opened.connection;
        let mut statement =
            connection.prepare_cached("SELECT sha256 FROM object WHERE draft = ?1 ORDER BY place")?;
        let rows = statement.query_map([case.0], |row| row.get(0).map(Sha256))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
