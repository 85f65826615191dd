/**
 * From a function's name and qualifier to what runs. Answers are kept, so that a warm call asks no store; every write forgets those of its
 * function.
 *
 * **By design** a call on a version that is Pending, or whose update is in progress, waits for it, where AWS refuses a Pending one: a
 * developer creates a function and calls it at once.
 */
import { functionArn } from "../../core/arn.ts";
import { LATEST } from "../../core/states.ts";
import { conflict, invalidParameter, notFound } from "../../errors/aws-error.ts";
import type { ExecutionSpec, Logging } from "../../invoke/invocation.ts";
import type { Draw, Router } from "../../invoke/routing.ts";
import type { Sealer } from "../../security/seal.ts";
import type { FunctionVersion, Store } from "../../store/port.ts";
import { withoutSealed } from "../../store/settings-content.ts";
import type { Home } from "../context.ts";
import type { Activations } from "../functions/activations.ts";
import { variablesOf } from "../functions/environment-variables.ts";
import { isVersionNumber, type NamedFunction } from "../functions/reference.ts";
import { isRunnable } from "../functions/runtimes.ts";

export interface Target {
  /** The version that runs this call, and how it was chosen when an alias has weights. */
  choose(): { spec: ExecutionSpec; draw?: Draw };
}

interface ResolverParts {
  readonly home: Home;
  readonly store: Store;
  readonly sealer: Sealer;
  readonly activations: Activations;
  readonly router: Router;
  /** For what else is kept about a function until it is written. */
  readonly onForget?: (functionName: string) => void;
}

export class Resolver {
  readonly #deps: ResolverParts;
  readonly #targets = new Map<string, Map<string, Target>>();
  /** Counts the writes: what was read before one is not kept after it. */
  #generation = 0;

  constructor(deps: ResolverParts) {
    this.#deps = deps;
  }

  /** What was known of the function is asked anew. To be called after each write, before it is acknowledged. */
  forget(functionName: string): void {
    this.#generation++;
    this.#targets.delete(functionName);
    this.#deps.onForget?.(functionName);
  }

  /** Another one after each write: what was learned before may be wrong. */
  get generation(): number {
    return this.#generation;
  }

  /** Undefined when the answer is not at hand and `resolve` has to be asked. */
  known({ name, qualifier = LATEST }: NamedFunction): Target | undefined {
    return this.#targets.get(name)?.get(qualifier);
  }

  /** @throws AwsError ResourceNotFoundException, ResourceConflictException for a version that cannot run. */
  async resolve({ name, qualifier = LATEST }: NamedFunction): Promise<Target> {
    const generation = this.#generation;
    const target = await this.#load(name, qualifier);
    if (generation === this.#generation) {
      const targets = this.#targets.get(name) ?? new Map<string, Target>();
      this.#targets.set(name, targets.set(qualifier, target));
    }
    return target;
  }

  async #load(name: string, qualifier: string): Promise<Target> {
    if (qualifier === LATEST || isVersionNumber(qualifier)) {
      const spec = await this.#specOf(name, qualifier, qualifier);
      return { choose: () => ({ spec }) };
    }
    const alias = await this.#deps.store.aliases.find({ functionName: name, name: qualifier });
    if (!alias) throw this.#notFound(name, qualifier);
    const specs = new Map<string, ExecutionSpec>();
    for (const version of [alias.version, ...Object.keys(alias.weights)]) {
      specs.set(version, await this.#specOf(name, version, qualifier));
    }
    const main = await this.#specOf(name, alias.version, qualifier);
    if (specs.size === 1) return { choose: () => ({ spec: main }) };
    const table = { aliasKey: `${name}:${qualifier}`, version: alias.version, weights: alias.weights };
    return {
      choose: () => {
        const draw = this.#deps.router.choose(table);
        return { spec: specs.get(draw.version) ?? main, draw };
      },
    };
  }

  async #specOf(name: string, number: string, qualifier: string): Promise<ExecutionSpec> {
    const version = await this.#ready(name, number, qualifier);
    const { settings, code } = version;
    const runtime = settings.runtime ?? "";
    if (!isRunnable(runtime)) {
      throw invalidParameter(
        `Cannot run ${functionArn(this.#deps.home, name)}: this server runs nodejs functions, and its runtime is '${runtime}'`,
      );
    }
    const place = await this.#deps.activations.ensureInPlace(version);
    const entry = await this.#deps.activations.entryOf(version);
    return {
      key: `${name}:${number}:${contentDigest(version)}${entry === undefined ? "" : ":bundled"}`,
      functionName: name,
      functionVersion: number,
      handler: settings.handler,
      codeSha256: code.sha256,
      ...place,
      ...(entry !== undefined && { entry }),
      memoryMib: settings.memoryMib,
      ephemeralStorageMib: settings.ephemeralStorageMib,
      timeoutMs: settings.timeoutSeconds * 1000,
      variables: variablesOf(this.#deps.sealer, version),
      runtime,
      logging: loggingOf(version),
      securityGroupIds: settings.vpcConfig?.SecurityGroupIds ?? [],
      tracing: settings.tracingMode,
    };
  }

  async #ready(name: string, number: string, qualifier: string): Promise<FunctionVersion> {
    const { store, activations } = this.#deps;
    const find = () => store.functions.findVersion({ functionName: name, version: number });
    let version = await find();
    if (version && isUnsettled(version)) {
      await activations.settled(version);
      version = await find();
    }
    if (!version) throw this.#notFound(name, qualifier);
    if (version.state !== "Active") {
      throw conflict(
        `The operation cannot be performed at this time. The function is currently in the following state: ${version.state}`,
      );
    }
    return version;
  }

  #notFound(name: string, qualifier: string) {
    return notFound("Function", functionArn(this.#deps.home, name, qualifier));
  }
}

/** Tags and publishing give a version a new revision, and no reason to leave a warm environment. */
const contentDigest = ({ code, settings }: FunctionVersion): string =>
  new Bun.CryptoHasher("sha256").update(JSON.stringify([code.sha256, withoutSealed(settings)])).digest("base64");

const isUnsettled = (version: FunctionVersion): boolean =>
  version.state === "Pending" || version.updateStatus === "InProgress";

/** JSON logs have levels, INFO unless said otherwise; text has none. */
function loggingOf({ functionName, settings: { loggingConfig } }: FunctionVersion): Logging {
  return {
    format: loggingConfig?.LogFormat ?? "Text",
    applicationLevel: loggingConfig?.ApplicationLogLevel ?? "INFO",
    systemLevel: loggingConfig?.SystemLogLevel ?? "INFO",
    group: loggingConfig?.LogGroup ?? `/aws/lambda/${functionName}`,
  };
}
