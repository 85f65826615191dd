import { expect, test } from "bun:test";
import { ERROR_CODES, type ErrorRow } from "../../src/errors/codes.ts";

const ROWS: [string, ErrorRow][] = Object.entries(ERROR_CODES);

test.each(ROWS)("%s has a status that agrees with its fault", (_code, row) => {
  if (row.fault === "Service") expect(row.status).toBeGreaterThanOrEqual(500);
  else expect(row.status >= 400 && row.status < 500).toBe(true);
});

test("the text of the two 404 answers that AWS writes with a capital goes under Message, that of a third does not", () => {
  expect(ERROR_CODES.ResourceNotFoundException.key).toBe("Message");
  expect(ERROR_CODES.CodeSigningConfigNotFoundException.key).toBe("Message");
  expect(ERROR_CODES.ProvisionedConcurrencyConfigNotFoundException.key).toBe("message");
});
