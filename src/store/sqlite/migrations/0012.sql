-- Where a large distribution stands is read off indexes alone. None of them is
-- written to by what happens most: an accepted mail.
DROP INDEX delivery_of;
CREATE INDEX delivery_of ON delivery_state (distribution, language, phase);

DROP INDEX delivery_waiting;
CREATE INDEX delivery_waiting ON delivery_state (distribution, due_at, state) WHERE waits;

-- Deferred, in doubt, and over for another reason than that the relay took it.
CREATE INDEX delivery_apart ON delivery_state (distribution, state, n)
    WHERE state <> 'planned' AND state <> 'due' AND state <> 'claimed' AND state <> 'accepted';
