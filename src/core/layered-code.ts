/**
 * Under which digests the trees of code with layers are kept, beside those of packages. The digests say what is in a tree, so who
 * shares all of that shares the tree; and whoever knows what is used knows which trees are.
 */

/** A version's code and layers (each a base64 SHA-256, layers in their order), and the runtime that finds its own modules in them. */
export interface LayeredCode {
  readonly codeSha256: string;
  readonly layerSha256s: readonly string[];
  readonly runtime: string | null;
}

export interface LayeredTrees {
  /** Digest of the layers merged into one tree; a single layer is its own package's. */
  readonly opt: string;
  /** Digest of the code's tree that has the layers' modules above it. */
  readonly root: string;
}

/** Needs one layer at least. */
export function layeredTrees({ codeSha256, layerSha256s, runtime }: LayeredCode): LayeredTrees {
  const [first = "", ...others] = layerSha256s;
  const opt = others.length === 0 ? first : digest("layers", ...layerSha256s);
  return { opt, root: digest("code over layers", codeSha256, opt, nodeFolder(runtime)) };
}

/** Every digest that a version with layers needs, its own code's aside. */
export function layeredDigests(code: LayeredCode): readonly string[] {
  if (code.layerSha256s.length === 0) return [];
  const { opt, root } = layeredTrees(code);
  return [...code.layerSha256s, opt, root];
}

/** `node22` for `nodejs22.x`: where under `nodejs` a layer keeps modules for that version alone. */
export const nodeFolder = (runtime: string | null): string => `node${/^nodejs(\d+)/.exec(runtime ?? "")?.[1] ?? ""}`;

const digest = (...parts: readonly string[]): string =>
  new Bun.CryptoHasher("sha256").update(`lambent ${parts.join("\n")}\n`).digest("base64");
