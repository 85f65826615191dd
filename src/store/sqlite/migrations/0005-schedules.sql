-- What runs by the clock. The definition is the schedules' own; the store knows a name and an instant.
CREATE TABLE schedules (
  name TEXT NOT NULL PRIMARY KEY,
  definition TEXT NOT NULL CHECK (json_valid(definition)),
  -- Counts the puts; a firing does not change it.
  revision INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  modified_at_ms INTEGER NOT NULL,
  -- Null: never.
  next_at_ms INTEGER,
  -- The instant that was run last, and what stood in the way of the last one.
  last_at_ms INTEGER,
  problem TEXT
) STRICT;

CREATE INDEX schedules_next ON schedules (next_at_ms) WHERE next_at_ms IS NOT NULL;
