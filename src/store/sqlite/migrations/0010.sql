-- Contacts whose mail is or may be encrypted: looked for at every claim, and few.
-- Records are written without blanks, and a quotation mark within a text has a
-- backslash before it, so nothing else reads like this.
ALTER TABLE contact ADD COLUMN protected INTEGER NOT NULL
    GENERATED ALWAYS AS (instr(record, '"encryption":"') > 0) VIRTUAL;
CREATE INDEX contact_protected ON contact (email) WHERE protected;
