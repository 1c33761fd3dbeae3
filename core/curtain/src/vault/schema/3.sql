-- Relays: their keys are taken up once, and never change unseen.
CREATE TABLE relay (
    url TEXT PRIMARY KEY,
    feed_key TEXT NOT NULL,
    witness_key TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- The relay that a circle travels through; NULL for a folder.
ALTER TABLE circle ADD COLUMN relay TEXT REFERENCES relay (url);
-- Tombstones that were read.
ALTER TABLE circle ADD COLUMN tombstones INTEGER NOT NULL DEFAULT 0;
-- The newest head of the feed that the relay signed.
ALTER TABLE circle ADD COLUMN feed_head TEXT;
-- A header's place in the feed, once it is known to be there.
ALTER TABLE header ADD COLUMN place INTEGER;
-- Posts whose disclosure to a circle stands in the log: a header that is made anew is the same disclosure.
CREATE TABLE disclosed (
    circle BLOB NOT NULL REFERENCES circle (id),
    post BLOB NOT NULL CHECK (length(post) = 16),
    -- The leaf; NULL where it was written before this was noted.
    copy_log INTEGER,
    copy_n INTEGER,
    PRIMARY KEY (circle, post)
) STRICT, WITHOUT ROWID;
INSERT INTO disclosed SELECT circle, object, NULL, NULL FROM header WHERE object IN (SELECT post FROM sealed);

-- What is to be sent.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('post', 'say', 'withdraw', 'code')),
    -- NULL for a code: it counts in every circle.
    circle BLOB REFERENCES circle (id),
    -- The post's random name, of a post.
    post BLOB CHECK (length(post) = 16),
    -- The header that something is said of.
    about BLOB CHECK (length(about) = 32),
    -- What is said, in JSON; emptied once it was sent.
    what TEXT NOT NULL,
    -- The number of the header that was signed for it.
    seq INTEGER,
    queued_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'cancelled', 'failed')),
    -- Why it waits, was cancelled or failed: a stable name.
    reason TEXT
) STRICT;
CREATE UNIQUE INDEX outbox_post ON outbox (circle, post) WHERE kind = 'post' AND state IN ('waiting', 'sent');
CREATE UNIQUE INDEX outbox_withdraw ON outbox (circle, about) WHERE kind = 'withdraw' AND state IN ('waiting', 'sent');
CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'waiting';

-- Where a relay keeps an upload that began; done once it is whole.
CREATE TABLE upload (
    circle BLOB NOT NULL REFERENCES circle (id),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    path TEXT NOT NULL,
    done INTEGER NOT NULL,
    PRIMARY KEY (circle, sha256)
) STRICT, WITHOUT ROWID;

-- What the owner chose, and what was spent of it.
CREATE TABLE sending (
    ord INTEGER PRIMARY KEY CHECK (ord = 1),
    unmetered_only INTEGER NOT NULL,
    -- Bytes a day over metered networks; NULL for any number.
    budget INTEGER,
    day TEXT NOT NULL,
    spent INTEGER NOT NULL
) STRICT;
INSERT INTO sending VALUES (1, 0, NULL, '', 0);
