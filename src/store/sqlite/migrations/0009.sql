-- Addresses whose owners asked to be forgotten: no address, a hash that is keyed.
CREATE TABLE forgotten (
    hash TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    source TEXT NOT NULL,         -- who carried it out
    swept INTEGER NOT NULL        -- whether nothing of it remains in free pages either
) STRICT, WITHOUT ROWID;

-- By which they are keyed.
CREATE TABLE erasure_key (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    octets BLOB NOT NULL
) STRICT;
