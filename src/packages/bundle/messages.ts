/** What passes between the server and the bundler's process. */
export interface BundleRequest {
  readonly id: number;
  /** The unpacked package: nothing outside it is read. */
  readonly directory: string;
  /** Path inside it. */
  readonly handlerFile: string;
}

export type ModuleFormat = "esm" | "cjs";

/** Something esbuild has to say about the sources. */
export interface Note {
  /** esbuild's name for the kind of message; "" for most errors. */
  readonly id: string;
  readonly text: string;
  /** Path inside the package, where it is known. */
  readonly file?: string;
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
}

export interface MissingModule {
  /** As written: `lodash`, `./lib/db`. */
  readonly specifier: string;
  readonly importer: string;
  readonly line: number;
}

/** `code` has `missing` modules left as imports. */
export interface Bundle {
  readonly kind: "bundle";
  readonly format: ModuleFormat;
  /** Names the module exports; undefined when they cannot be told without running it. */
  readonly exports: readonly string[] | undefined;
  readonly code: Uint8Array;
  readonly sourceMap: Uint8Array;
  readonly missing: readonly MissingModule[];
  readonly notes: readonly Note[];
}

export type BundleReply = Bundle | { readonly kind: "refused"; readonly errors: readonly Note[] };

/** `broken` says that the process itself failed. */
export type BundlerMessage =
  | { readonly id: number; readonly reply: BundleReply }
  | { readonly id: number; readonly broken: string };
