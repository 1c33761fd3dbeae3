-- The leaf in which a post's disclosure to a circle was recorded, beside its header.
ALTER TABLE header ADD COLUMN copy_log INTEGER;
ALTER TABLE header ADD COLUMN copy_n INTEGER;

-- What a case is filed under.
ALTER TABLE draft ADD COLUMN about TEXT;

-- Feeds of circles, as far as they were taken.
CREATE TABLE feed (
    ord INTEGER PRIMARY KEY,
    circle BLOB NOT NULL UNIQUE REFERENCES circle (id),
    size INTEGER NOT NULL,
    frontier BLOB NOT NULL,
    -- The largest size of the membership log that anything taken names.
    cited INTEGER NOT NULL,
    -- When all of it was fetched last; when it began, until then.
    synced_at INTEGER NOT NULL
) STRICT;
-- Every header as it came: the open part, which stays.
CREATE TABLE feed_header (
    ord INTEGER PRIMARY KEY,
    feed INTEGER NOT NULL REFERENCES feed (ord),
    n INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    -- What was cited before it.
    cited INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    -- Of the feed up to and with this header: what others say that they saw is compared with it.
    root BLOB NOT NULL CHECK (length(root) = 32),
    -- Whether signature, author and chain hold: it then counts for what comes after it, whatever is inside.
    verified INTEGER NOT NULL,
    -- Why it says nothing; and whether more of the membership log, a box or time could change that.
    refused TEXT,
    again INTEGER NOT NULL DEFAULT 0,
    -- The post that it is about.
    about BLOB,
    -- Its place in its device's chain, if it has one.
    device BLOB,
    seq INTEGER,
    UNIQUE (feed, n)
) STRICT;
CREATE INDEX feed_header_by_hash ON feed_header (hash, feed);
CREATE INDEX feed_header_about ON feed_header (about, feed) WHERE about IS NOT NULL;
CREATE INDEX feed_header_again ON feed_header (feed, n) WHERE again = 1;
CREATE UNIQUE INDEX feed_chain ON feed_header (feed, device, seq) WHERE device IS NOT NULL;

-- Posts. What was opened of one stands in the tables below, and goes with it.
CREATE TABLE feed_post (
    ord INTEGER PRIMARY KEY,
    feed INTEGER NOT NULL REFERENCES feed (ord),
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    post BLOB NOT NULL CHECK (length(post) = 16),
    user BLOB NOT NULL CHECK (length(user) = 16),
    at INTEGER NOT NULL,
    -- From then on it must not be here.
    ends INTEGER NOT NULL,
    withdrawal BLOB NOT NULL CHECK (length(withdrawal) = 32),
    -- waiting: for its body. Only an open one has anything below.
    state TEXT NOT NULL CHECK (state IN ('waiting', 'open', 'refused', 'withdrawn', 'over')),
    why TEXT,
    specialty TEXT,
    site TEXT,
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'answered', 'closed')),
    read_at INTEGER,
    saved INTEGER NOT NULL DEFAULT 0,
    -- Who hid it.
    hidden_by BLOB,
    -- Whether anything of it was ever opened here; and, once it was withdrawn, whether that it is gone was said.
    held INTEGER NOT NULL DEFAULT 0,
    told INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX feed_post_by_name ON feed_post (post);
-- Each answers a list on its own, in the list's order, whatever else is asked.
CREATE INDEX feed_newest ON feed_post
    (at DESC, ord DESC, feed, specialty, site, status, read_at, saved, ends) WHERE state = 'open';
CREATE INDEX feed_by_circle ON feed_post
    (feed, at DESC, ord DESC, specialty, site, status, read_at, saved, ends) WHERE state = 'open';
CREATE INDEX feed_by_specialty ON feed_post
    (specialty, at DESC, ord DESC, feed, site, status, read_at, saved, ends) WHERE state = 'open';
CREATE INDEX feed_by_site ON feed_post
    (site, at DESC, ord DESC, feed, specialty, status, read_at, saved, ends) WHERE state = 'open';
CREATE INDEX feed_unread ON feed_post
    (at DESC, ord DESC, feed, specialty, site, status, saved, ends) WHERE state = 'open' AND read_at IS NULL;
CREATE INDEX feed_saved_ones ON feed_post
    (at DESC, ord DESC, feed, specialty, site, status, read_at, ends) WHERE state = 'open' AND saved = 1;
CREATE INDEX feed_ending ON feed_post (ends) WHERE state IN ('waiting', 'open');
CREATE INDEX feed_to_tell ON feed_post (feed) WHERE state = 'withdrawn' AND held = 1 AND told = 0;

-- The words of open posts. What is deleted is taken out of the index's pages, too.
CREATE VIRTUAL TABLE feed_words USING fts5 (
    title, body, question, labels, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3 4 5'
);
INSERT INTO feed_words (feed_words, rank) VALUES ('secure-delete', 1);

CREATE TABLE feed_tag (
    tag TEXT NOT NULL,
    at INTEGER NOT NULL,
    post INTEGER NOT NULL REFERENCES feed_post (ord) ON DELETE CASCADE,
    PRIMARY KEY (tag, at, post)
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_tag_of ON feed_tag (post);
CREATE TABLE feed_paged (
    specialty TEXT NOT NULL,
    at INTEGER NOT NULL,
    post INTEGER NOT NULL REFERENCES feed_post (ord) ON DELETE CASCADE,
    PRIMARY KEY (specialty, at, post)
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_paged_of ON feed_paged (post);

-- What was said of open posts, in the order of the feed.
CREATE TABLE feed_event (
    ord INTEGER PRIMARY KEY,
    post INTEGER NOT NULL REFERENCES feed_post (ord) ON DELETE CASCADE,
    n INTEGER NOT NULL,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    user BLOB NOT NULL CHECK (length(user) = 16),
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    -- As it was sealed.
    said TEXT NOT NULL,
    hidden_by BLOB
) STRICT;
CREATE INDEX feed_event_of ON feed_event (post, n);

-- Files of posts: which are to be fetched, and which are here.
CREATE TABLE feed_object (
    post INTEGER NOT NULL REFERENCES feed_post (ord) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    feed INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('body', 'picture', 'thumbnail')),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    size INTEGER NOT NULL,
    -- To be fetched: 0 somebody asked for it, 1 a body, 2 what lists show, 3 a picture of a saved case. NULL: not.
    turn INTEGER CHECK (turn BETWEEN 0 AND 3),
    -- Whether lists show it: a thumbnail, or a picture that is small itself.
    first INTEGER NOT NULL DEFAULT 0,
    -- Bytes of it that are here.
    stored INTEGER NOT NULL DEFAULT 0,
    -- Why it does not open.
    why TEXT,
    PRIMARY KEY (post, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_wanted ON feed_object (feed, turn, at DESC, post, place) WHERE turn IS NOT NULL;
CREATE INDEX feed_stored ON feed_object (at) WHERE stored > 0 AND kind <> 'body';
-- A body as it came, to open pictures with; pictures and thumbnails opened.
CREATE TABLE feed_file (
    post INTEGER NOT NULL REFERENCES feed_post (ord) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (post, place)
) STRICT;

-- Who said that a case of this device's owner is gone.
CREATE TABLE feed_gone (
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    user BLOB NOT NULL CHECK (length(user) = 16),
    at INTEGER NOT NULL,
    PRIMARY KEY (hash, user)
) STRICT, WITHOUT ROWID;

-- Cases that the owner saved.
CREATE TABLE collection (
    ord INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE collected (
    collection INTEGER NOT NULL REFERENCES collection (ord) ON DELETE CASCADE,
    post INTEGER NOT NULL REFERENCES feed_post (ord) ON DELETE CASCADE,
    PRIMARY KEY (collection, post)
) STRICT, WITHOUT ROWID;
CREATE INDEX collected_post ON collected (post);

-- What the owner set, and the size of what is kept for reading offline.
CREATE TABLE feed_setting (
    ord INTEGER PRIMARY KEY CHECK (ord = 1),
    pack_limit INTEGER NOT NULL,
    pack_bytes INTEGER NOT NULL,
    stale_days INTEGER NOT NULL
) STRICT;
INSERT INTO feed_setting (ord, pack_limit, pack_bytes, stale_days) VALUES (1, 200000000, 0, 30);
CREATE TRIGGER pack_changes AFTER UPDATE OF stored ON feed_object WHEN new.kind <> 'body' BEGIN
    UPDATE feed_setting SET pack_bytes = pack_bytes + new.stored - old.stored;
END;
CREATE TRIGGER pack_shrinks AFTER DELETE ON feed_object WHEN old.kind <> 'body' BEGIN
    UPDATE feed_setting SET pack_bytes = pack_bytes - old.stored;
END;
