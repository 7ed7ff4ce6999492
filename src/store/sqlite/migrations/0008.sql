-- By what programs are let in: the hash of the secret, never the secret.
CREATE TABLE api_token (
    hash TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX api_token_account ON api_token (account);
