/** The checksums that S3's clients send with what they upload, computed as it comes. */
import { crc32 } from "node:zlib";

export const CHECKSUM_ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64, as on the wire. */
  readonly value: string;
}

export interface RunningChecksum {
  update(bytes: Uint8Array): void;
  /** Base64. */
  value(): string;
}

/** `x-amz-checksum-crc32`. */
export const checksumHeader = (algorithm: ChecksumAlgorithm): string => `x-amz-checksum-${algorithm.toLowerCase()}`;

export function runningChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  switch (algorithm) {
    case "CRC32": {
      let sum = 0;
      return {
        update(bytes) {
          sum = crc32(bytes, sum);
        },
        value: () => base64Of([sum]),
      };
    }
    case "CRC32C":
      return crc32c();
    case "CRC64NVME":
      return crc64nvme();
    case "SHA1":
    case "SHA256": {
      const hash = new Bun.CryptoHasher(algorithm === "SHA1" ? "sha1" : "sha256");
      return { update: (bytes) => void hash.update(bytes), value: () => hash.digest("base64") };
    }
    default:
      throw algorithm satisfies never;
  }
}

function base64Of(words: readonly number[]): string {
  const bytes = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) bytes.writeUInt32BE(word >>> 0, index * 4);
  return bytes.toString("base64");
}

const CRC32C_TABLE = new Uint32Array(256).map((_, byte) => {
  let entry = byte;
  for (let bit = 0; bit < 8; bit++) entry = entry & 1 ? (entry >>> 1) ^ 0x82f63b78 : entry >>> 1; // RFC 3720, reflected
  return entry;
});

function crc32c(): RunningChecksum {
  let sum = 0xffffffff;
  return {
    update(bytes) {
      for (const byte of bytes) sum = (sum >>> 8) ^ (CRC32C_TABLE[(sum ^ byte) & 0xff] as number);
    },
    value: () => base64Of([sum ^ 0xffffffff]),
  };
}

/** NVM Express's CRC-64, reflected polynomial 0x9A6C9329AC4BC9B5, kept in two halves: JavaScript's shifts have 32 bits. */
const CRC64_HIGH = new Uint32Array(256);
const CRC64_LOW = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let high = 0;
  let low = byte;
  for (let bit = 0; bit < 8; bit++) {
    const odd = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (odd) {
      high ^= 0x9a6c9329;
      low ^= 0xac4bc9b5;
    }
  }
  CRC64_HIGH[byte] = high;
  CRC64_LOW[byte] = low;
}

function crc64nvme(): RunningChecksum {
  let high = 0xffffffff;
  let low = 0xffffffff;
  return {
    update(bytes) {
      for (const byte of bytes) {
        const index = (low ^ byte) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ (CRC64_LOW[index] as number);
        high = (high >>> 8) ^ (CRC64_HIGH[index] as number);
      }
    },
    value: () => base64Of([high ^ 0xffffffff, low ^ 0xffffffff]),
  };
}
