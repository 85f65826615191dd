import { expect, test } from "bun:test";
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, runningChecksum } from "../../src/s3/checksums.ts";

const base64 = (hex: string): string => Buffer.from(hex, "hex").toString("base64");

// The check values of the CRC catalogue (reveng), and FIPS 180's digests, of the digits 1 to 9.
const OF_DIGITS: Record<ChecksumAlgorithm, string> = {
  CRC32: base64("cbf43926"),
  CRC32C: base64("e3069283"),
  CRC64NVME: base64("ae8b14860a799888"),
  SHA1: base64("f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
  SHA256: base64("15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
};

test.each([...CHECKSUM_ALGORITHMS])("%s of the digits is the published one, whole or in pieces", (algorithm) => {
  const whole = runningChecksum(algorithm);
  whole.update(Buffer.from("123456789"));
  expect(whole.value()).toBe(OF_DIGITS[algorithm]);

  const pieces = runningChecksum(algorithm);
  for (const piece of ["1", "", "2345", "6789"]) pieces.update(Buffer.from(piece));
  expect(pieces.value()).toBe(OF_DIGITS[algorithm]);
});
