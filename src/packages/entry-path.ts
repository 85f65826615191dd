/** The names in a zip, checked as text: nothing here touches a disk. */
import { badEntry } from "./refusals.ts";

/** Room is left for the folder the package is unpacked into: the kernel's own limits are 4096 and 255 bytes. */
const PATH_BYTES_MAX = 1024;
const PART_BYTES_MAX = 255;
const PATH_DEPTH_MAX = 64;

/**
 * The path an entry's name stands for, relative to the package, with `/` between its parts. "" is the package itself.
 * @throws AwsError for a name that leaves the package, or that no Linux file system takes.
 */
export function entryPath(name: string): string {
  if (name.includes("\0")) throw badEntry(name, "has a NUL character in its name. Rename the file.");
  if (name.includes("\\"))
    throw badEntry(name, "has a backslash in its name. Make the zip with a tool that puts / between folders.");
  if (name.startsWith("/") || /^[A-Za-z]:/.test(name))
    throw badEntry(name, "has an absolute path. Make the zip from inside the function's folder.");
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes(".."))
    throw badEntry(name, "leaves the package's folder. Make the zip from inside the function's folder.");
  const path = parts.join("/");
  if (
    Buffer.byteLength(path) > PATH_BYTES_MAX ||
    parts.length > PATH_DEPTH_MAX ||
    parts.some((part) => Buffer.byteLength(part) > PART_BYTES_MAX)
  )
    throw badEntry(
      name,
      `has too long a path: at most ${PATH_BYTES_MAX} bytes, ${PATH_DEPTH_MAX} folders deep, ${PART_BYTES_MAX} bytes a part.`,
    );
  return path;
}

/** The folder that a path is in; "" for the package itself. */
export const parentPath = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
