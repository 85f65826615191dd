/** Trees made of other archives: layers on top of each other, and code below the modules of its layers. */
import { dirname, relative } from "node:path";
import { type Archive, type ArchiveFile, type ArchiveLink, type ArchiveNode, refuseLinksOutside } from "./archive.ts";
import { Pacer } from "./pacer.ts";

/** A folder by the names in it. */
type Folder = Map<string, Folder | ArchiveFile | ArchiveLink>;

/**
 * Puts archives on top of each other: what a later one has at a path replaces what was there, a folder with all that is in it.
 * Folders of the same path become one.
 * @throws AwsError InvalidParameterValueException when links that are harmless each by itself lead outside together.
 */
export async function mergeArchives(archives: readonly Archive[]): Promise<Archive> {
  const [only, ...others] = archives;
  if (only !== undefined && others.length === 0) return only;
  const root: Folder = new Map();
  const pacer = new Pacer();
  for (const node of archives.flatMap((archive) => archive.nodes)) {
    lay(root, node);
    const pause = pacer.spend(0);
    if (pause) await pause;
  }
  const nodes = [...nodesOf(root, "")];
  await refuseLinksOutside(nodes, pacer);
  const unzippedBytes = nodes.reduce((sum, node) => sum + (node.kind === "file" ? node.bytes : 0), 0);
  return { nodes, unzippedBytes };
}

function lay(root: Folder, node: ArchiveNode): void {
  const parts = node.path.split("/");
  const name = node.kind === "directory" ? undefined : parts.pop();
  let folder = root;
  for (const part of parts) {
    let inner = folder.get(part);
    if (!(inner instanceof Map)) {
      inner = new Map();
      folder.set(part, inner);
    }
    folder = inner;
  }
  if (node.kind !== "directory" && name !== undefined) folder.set(name, node);
}

/** A folder before what is in it. */
function* nodesOf(folder: Folder, path: string): Generator<ArchiveNode> {
  for (const [name, inner] of folder) {
    if (!(inner instanceof Map)) {
      yield inner;
      continue;
    }
    const innerPath = path === "" ? name : `${path}/${name}`;
    yield { kind: "directory", path: innerPath };
    yield* nodesOf(inner, innerPath);
  }
}

/** The code's place in what `codeOverModules` makes. */
export const CODE_PATH = "function/task";
/** A handler looks for a package in its own `node_modules`, then in those above it: first for this, then for that one. */
const MODULES_ABOVE = ["function/node_modules", "node_modules"] as const;

/**
 * The code with folders of modules above it, where `import` and `require` look after the code's own. `modules` are folders that
 * exist already, the first wins; `directory` is where the tree will be, `unpacked` where the code's files are already.
 */
export function codeOverModules(
  code: Archive,
  places: { directory: string; unpacked: string; modules: readonly string[] },
): Archive {
  const links = places.modules.slice(0, MODULES_ABOVE.length).map((folder, index): ArchiveNode => {
    const path = MODULES_ABOVE[index] ?? "";
    return { kind: "link", path, target: relative(dirname(`${places.directory}/${path}`), folder) };
  });
  const moved = code.nodes.map((node): ArchiveNode => {
    const path = `${CODE_PATH}/${node.path}`;
    return node.kind === "file" ? { ...node, path, twin: `${places.unpacked}/${node.path}` } : { ...node, path };
  });
  const folders = ["function", CODE_PATH].map((path): ArchiveNode => ({ kind: "directory", path }));
  return { nodes: [...folders, ...moved, ...links], unzippedBytes: code.unzippedBytes };
}
