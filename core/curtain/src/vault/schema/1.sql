-- Logs of this device, oldest first. The one that is not closed is appended to.
CREATE TABLE log (
    ord INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    seed BLOB NOT NULL CHECK (length(seed) = 32),
    made_at INTEGER NOT NULL,
    closed TEXT CHECK (closed IN ('behind', 'forked', 'reinstalled')),
    -- The head: written in the same transaction as each leaf.
    size INTEGER NOT NULL,
    frontier BLOB NOT NULL,
    newest INTEGER NOT NULL,
    checkpoint TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_open_log ON log ((1)) WHERE closed IS NULL;

CREATE TABLE leaf (
    log INTEGER NOT NULL REFERENCES log (ord),
    n INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    bytes BLOB NOT NULL,
    PRIMARY KEY (log, n)
) STRICT, WITHOUT ROWID;

-- Checkpoints that a witness cosigned, the largest of each log, and the witness's key.
CREATE TABLE cosigned (
    log INTEGER PRIMARY KEY REFERENCES log (ord),
    size INTEGER NOT NULL,
    note TEXT NOT NULL,
    witness TEXT NOT NULL
) STRICT;

-- One row a grant. What identifies the patient is NULL once it was erased.
-- In the order of the log, so that an export reads the file from front to back.
CREATE TABLE consent (
    ord INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    log INTEGER NOT NULL REFERENCES log (ord),
    grant_n INTEGER NOT NULL,
    granted_at INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    withdrawal BLOB NOT NULL CHECK (length(withdrawal) = 32),
    details BLOB,
    commitment_key BLOB,
    code BLOB,
    -- When each end was recorded, and at which place of the log that was open then.
    withdrawn_at INTEGER,
    withdrawn_n INTEGER,
    withdrawn_log BLOB,
    withdrawn_by TEXT CHECK (withdrawn_by IN ('code', 'author', 'officer')),
    expired_at INTEGER,
    expired_n INTEGER,
    expired_log BLOB,
    erased_at INTEGER,
    erased_n INTEGER,
    erased_log BLOB,
    CHECK ((erased_at IS NULL) = (details IS NOT NULL)),
    CHECK ((details IS NULL) = (commitment_key IS NULL) AND (details IS NULL) = (code IS NULL))
) STRICT;
CREATE UNIQUE INDEX consent_by_grant ON consent (log, grant_n);
CREATE INDEX consent_by_withdrawal ON consent (withdrawal);
CREATE INDEX consent_due ON consent (expires) WHERE withdrawn_at IS NULL AND expired_at IS NULL AND erased_at IS NULL;

-- Signatures, thumbprints and voices, named by their hash.
CREATE TABLE attachment (
    ord INTEGER PRIMARY KEY,
    consent INTEGER NOT NULL REFERENCES consent (ord),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    bytes BLOB NOT NULL,
    UNIQUE (consent, sha256)
) STRICT;

-- Disclosures and exports: copies that have to follow a withdrawal or an erasure.
CREATE TABLE copy (
    log INTEGER NOT NULL,
    n INTEGER NOT NULL,
    -- The consent that a disclosure was made under; NULL for an export.
    consent BLOB REFERENCES consent (id),
    exported INTEGER REFERENCES log (ord),
    first INTEGER,
    until INTEGER,
    with_details INTEGER NOT NULL,
    taken_by BLOB,
    commitment_key BLOB,
    PRIMARY KEY (log, n),
    FOREIGN KEY (log, n) REFERENCES leaf (log, n)
) STRICT, WITHOUT ROWID;

-- What is still to be acknowledged: that the copy follows the withdrawal or erasure.
CREATE TABLE awaited (
    log INTEGER NOT NULL,
    of_n INTEGER NOT NULL,
    copy_log INTEGER NOT NULL,
    copy_n INTEGER NOT NULL,
    consent BLOB NOT NULL REFERENCES consent (id),
    acknowledged_n INTEGER,
    PRIMARY KEY (log, of_n, copy_log, copy_n)
) STRICT, WITHOUT ROWID;

-- Cases on their way to a post: photos as they came in, the text, what people decided, what came out.
CREATE TABLE draft (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    made_at INTEGER NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    question TEXT NOT NULL,
    -- Where the text was written, in two letters; NULL for anywhere.
    country TEXT,
    decided TEXT,
    consent_draft TEXT,
    consent BLOB REFERENCES consent (id)
) STRICT, WITHOUT ROWID;
-- Every consent that was ever given for a case, so that erasing one finds the case.
CREATE TABLE case_of (
    draft BLOB NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
    consent BLOB NOT NULL REFERENCES consent (id),
    PRIMARY KEY (draft, consent)
) STRICT, WITHOUT ROWID;
CREATE TABLE photo (
    draft BLOB NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (draft, place)
) STRICT;
CREATE TABLE object (
    draft BLOB NOT NULL REFERENCES draft (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    PRIMARY KEY (draft, place)
) STRICT, WITHOUT ROWID;
