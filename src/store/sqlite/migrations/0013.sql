-- A bar holds for every spelling of an address in capitals: it is asked for by each
-- claim and before each conversation.
CREATE INDEX suppression_folded ON suppression (lower(email));
