-- Addresses whose owners asked to be forgotten: no address, a hash that is keyed.
CREATE TABLE forgotten (
    hash TEXT COLLATE "C" PRIMARY KEY,
    at TEXT COLLATE "C" NOT NULL,
    source TEXT NOT NULL,          -- who carried it out
    swept BIGINT NOT NULL          -- whether the tables were vacuumed since
);

-- By which they are keyed.
CREATE TABLE erasure_key (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    octets BYTEA NOT NULL
);
