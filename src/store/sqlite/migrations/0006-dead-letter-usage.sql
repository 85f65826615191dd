-- What the dead-letter box holds, counted as it changes: it may hold very much, and metrics ask often.
CREATE TABLE dead_letter_usage (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  count INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;

INSERT INTO dead_letter_usage SELECT 1, count(*), ifnull(sum(length(body)), 0) FROM dead_letters;

CREATE TRIGGER dead_letters_inserted AFTER INSERT ON dead_letters BEGIN
  UPDATE dead_letter_usage SET count = count + 1, bytes = bytes + length(NEW.body);
END;

CREATE TRIGGER dead_letters_deleted AFTER DELETE ON dead_letters BEGIN
  UPDATE dead_letter_usage SET count = count - 1, bytes = bytes - length(OLD.body);
END;
