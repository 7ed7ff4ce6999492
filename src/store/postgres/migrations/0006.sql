-- By what programs are let in: the hash of the secret, never the secret.
CREATE TABLE api_token (
    hash TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    account TEXT COLLATE "C" NOT NULL,
    record TEXT NOT NULL
);

CREATE INDEX api_token_account ON api_token (account);
