import type { Services } from "../context.ts";
import type { Kept } from "../document-kind.ts";
import { findUrl, type UrlConfig } from "./url-configs.ts";

/** The URLs that were called since anything was last written: a warm call asks no store. */
export class KnownUrls {
  readonly #services: Pick<Services, "store" | "resolver">;
  readonly #urls = new Map<string, Kept<UrlConfig>>();
  #generation = -1;

  constructor(services: Pick<Services, "store" | "resolver">) {
    this.#services = services;
  }

  /** Undefined when there is no such URL. */
  find(id: string): Kept<UrlConfig> | Promise<Kept<UrlConfig> | undefined> {
    const { generation } = this.#services.resolver;
    if (generation !== this.#generation) {
      this.#urls.clear();
      this.#generation = generation;
    }
    return this.#urls.get(id) ?? this.#read(id, generation);
  }

  async #read(id: string, generation: number): Promise<Kept<UrlConfig> | undefined> {
    const found = await findUrl(this.#services, id);
    if (found && generation === this.#services.resolver.generation && generation === this.#generation)
      this.#urls.set(id, found);
    return found;
  }
}
