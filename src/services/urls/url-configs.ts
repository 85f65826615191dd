import type { InputOf } from "../../shapes/operations.ts";
import type { Services } from "../context.ts";
import { DocumentKind, type Kept } from "../document-kind.ts";

export interface UrlConfig {
  /** Names the URL; 32 letters and digits. It is the document's label as well. */
  readonly id: string;
  readonly authType: "NONE" | "AWS_IAM";
  readonly cors?: InputOf<"CreateFunctionUrlConfig">["Cors"];
  readonly invokeMode: "BUFFERED" | "RESPONSE_STREAM";
}

/** The owner is the function; the key the alias, or "" for `$LATEST`. */
export const urlConfigs = new DocumentKind<UrlConfig>("function-url");

/** Whose URL this is: what a server of function URLs asks. */
export async function findUrl(services: Pick<Services, "store">, id: string): Promise<Kept<UrlConfig> | undefined> {
  const page = await urlConfigs.list(services, { label: id, count: 1 });
  return page.items[0];
}
