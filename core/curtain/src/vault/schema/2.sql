-- Who this device's owner is. Secrets are wrapped by the key store once more.
CREATE TABLE identity (
    ord INTEGER PRIMARY KEY CHECK (ord = 1),
    user BLOB NOT NULL CHECK (length(user) = 16),
    name TEXT NOT NULL,
    -- The log that the device was listed with.
    log BLOB NOT NULL REFERENCES log (id),
    device BLOB NOT NULL,
    -- The user's key; NULL while this device waits to be linked.
    user_key BLOB,
    credential TEXT,
    made_at INTEGER NOT NULL
) STRICT;
-- The user's keys, the present one and those that it took the place of: what was sealed to them still opens. Wrapped.
CREATE TABLE user_key (
    ord INTEGER PRIMARY KEY,
    recipient BLOB NOT NULL UNIQUE CHECK (length(recipient) = 32),
    secret BLOB NOT NULL
) STRICT;
-- Devices that the user revoked here: they stay out, whatever a circle still lists.
CREATE TABLE gone_device (
    id BLOB PRIMARY KEY CHECK (length(id) = 32)
) STRICT, WITHOUT ROWID;
-- The user's devices, this one among them, and the recovery code as one.
CREATE TABLE own_device (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    device TEXT NOT NULL,
    seal BLOB NOT NULL CHECK (length(seal) = 1216)
) STRICT, WITHOUT ROWID;

-- Circles, with their membership logs and what is known of their epochs.
CREATE TABLE circle (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    name TEXT NOT NULL,
    -- The newest head that a witness cosigned.
    head TEXT,
    witness TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE entry (
    circle BLOB NOT NULL REFERENCES circle (id),
    n INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (circle, n)
) STRICT;
CREATE TABLE epoch (
    circle BLOB NOT NULL REFERENCES circle (id),
    number INTEGER NOT NULL,
    -- What is known: the epoch's secret, or the key of its directory alone. Wrapped.
    known TEXT NOT NULL CHECK (known IN ('whole', 'directory')),
    secret BLOB NOT NULL,
    PRIMARY KEY (circle, number)
) STRICT, WITHOUT ROWID;

-- Sealed posts: written once. Their files and keys go when the consent ends.
CREATE TABLE sealed (
    post BLOB PRIMARY KEY CHECK (length(post) = 16),
    draft BLOB REFERENCES draft (id) ON DELETE SET NULL,
    user BLOB NOT NULL CHECK (length(user) = 16),
    device BLOB NOT NULL CHECK (length(device) = 32),
    consent BLOB NOT NULL REFERENCES consent (id),
    leaf BLOB NOT NULL CHECK (length(leaf) = 32),
    sealed_at INTEGER NOT NULL,
    audience TEXT NOT NULL CHECK (audience IN ('care_advice', 'teaching', 'publication')),
    -- Hashes that the consent must name for it to be sent, one after the other.
    shown BLOB NOT NULL,
    -- The post's key, sealed to its author.
    author_wrap BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sealed_object (
    post BLOB NOT NULL REFERENCES sealed (post) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('body', 'picture', 'thumbnail')),
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    bytes BLOB NOT NULL,
    PRIMARY KEY (post, place)
) STRICT;
-- Headers that this device signed: one chain a circle.
CREATE TABLE header (
    circle BLOB NOT NULL REFERENCES circle (id),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    object BLOB NOT NULL CHECK (length(object) = 16),
    -- The header that it is about; NULL for a post.
    about BLOB,
    -- Empty once the consent was erased: number and hash are enough for the chain.
    bytes BLOB NOT NULL,
    PRIMARY KEY (circle, seq),
    UNIQUE (circle, object)
) STRICT;
CREATE INDEX header_by_object ON header (object);
