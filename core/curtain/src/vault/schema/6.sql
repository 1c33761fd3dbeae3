-- Headers that were signed and taken back, since the relay refused them or does not show them. It may have them all the same.
CREATE TABLE taken_back (
    circle BLOB NOT NULL REFERENCES circle (id),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    object BLOB NOT NULL CHECK (length(object) = 16),
    -- What in the outbox it was signed for.
    item INTEGER,
    copy_log INTEGER,
    copy_n INTEGER,
    -- Whether it was seen in the feed after all.
    found INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (circle, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX taken_back_by_object ON taken_back (object);
-- Headers of this device that others may have.
CREATE VIEW own_header AS
    SELECT circle, hash, object, copy_log, copy_n FROM header
    UNION ALL SELECT circle, hash, object, copy_log, copy_n FROM taken_back WHERE found = 1;

-- What members say that they saw of a circle's feed, where that is more than was here, or other than it.
CREATE TABLE cited_feed (
    circle BLOB NOT NULL REFERENCES circle (id),
    size INTEGER NOT NULL,
    root BLOB NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (circle, size, root)
) STRICT, WITHOUT ROWID;

-- Relays that heard of a code. It is said to each that is known.
CREATE TABLE code_told (
    item INTEGER NOT NULL REFERENCES outbox (id),
    relay TEXT NOT NULL REFERENCES relay (url),
    PRIMARY KEY (item, relay)
) STRICT, WITHOUT ROWID;

-- When the tombstones of a circle were read from the first one on.
ALTER TABLE circle ADD COLUMN tombstones_at INTEGER NOT NULL DEFAULT 0;

-- The beginnings of files, where the connection was cut while they were fetched.
CREATE TABLE feed_part (
    post INTEGER NOT NULL,
    place INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (post, place),
    FOREIGN KEY (post, place) REFERENCES feed_object (post, place) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
