-- The organisation's officer: details of consents are sealed to this key.
CREATE TABLE officer (
    ord INTEGER PRIMARY KEY CHECK (ord = 1),
    key BLOB NOT NULL CHECK (length(key) = 1216)
) STRICT;

-- How far each log lies at a relay, as the relay acknowledged it: records, and the size of the newest cosigned checkpoint.
CREATE TABLE pushed (
    log INTEGER NOT NULL REFERENCES log (ord),
    relay TEXT NOT NULL,
    leaves INTEGER NOT NULL,
    checkpoint INTEGER NOT NULL,
    PRIMARY KEY (log, relay)
) STRICT, WITHOUT ROWID;

-- Details of records that were sealed to the officer. Sealing is random: what was sent once is sent again until the relay
-- acknowledges it.
CREATE TABLE sealed_record (
    log INTEGER NOT NULL REFERENCES log (ord),
    n INTEGER NOT NULL,
    relay TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('sent', 'stored', 'deleted')),
    -- NULL once it is stored, and once the consent was erased.
    bytes BLOB,
    PRIMARY KEY (log, n, relay)
) STRICT;
