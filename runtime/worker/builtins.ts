/**
 * Node's modules that few functions make this runtime need. Each takes about a millisecond to load, which every cold call would wait for;
 * here they are loaded when they are first used.
 */
interface Builtins {
  readonly "node:console": typeof import("node:console");
  readonly "node:module": typeof import("node:module");
  readonly "node:stream": typeof import("node:stream");
  readonly "node:util": typeof import("node:util");
}

const load = process.getBuiltinModule.bind(process); // taken before user code may replace it
const loaded = new Map<keyof Builtins, unknown>();
const { get, set } = Map.prototype;

export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  const known = get.call(loaded, name);
  if (known !== undefined) return known as Builtins[Name];
  const module = load(name);
  set.call(loaded, name, module);
  return module as unknown as Builtins[Name];
}
