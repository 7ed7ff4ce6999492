-- Reports that came back: each once, with what it was found to say.
CREATE TABLE bounce (
    seq INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE,
    delivery TEXT NOT NULL,
    email TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    record TEXT NOT NULL,
    report BLOB NOT NULL           -- as it came; its beginning, where it is long
) STRICT;

CREATE INDEX bounce_email ON bounce (email, at);

-- By which return paths are signed.
CREATE TABLE bounce_key (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    octets BLOB NOT NULL
) STRICT;
