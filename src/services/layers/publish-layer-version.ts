import { readArchive } from "../../packages/archive.ts";
import { digestOf } from "../../packages/digest.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { codeStorageExceeded, readZip } from "../functions/intake.ts";
import { layers, layerVersionPlace, layerVersions, layerVersionView, readLayerName } from "./layer-versions.ts";

/**
 * Makes the next version of a layer, and the layer with its first. A number is taken before its version is there, so a crash
 * between the two leaves a gap, never a number that comes twice.
 * @throws AwsError InvalidParameterValueException for a package that cannot be taken, CodeStorageExceededException.
 */
export async function publishLayerVersion(
  ctx: ServiceContext,
  input: InputOf<"PublishLayerVersion">,
): Promise<OutputOf<"PublishLayerVersion">> {
  const name = readLayerName(ctx, input.LayerName);
  const zip = await readZip(ctx, input.Content);
  const { unzippedBytes } = await readArchive(zip);
  const code = { sha256: digestOf(zip).base64, bytes: zip.length };
  const release = await ctx.store.packages.put({ sha256: code.sha256, bytes: zip });
  try {
    const room = { need: "code-room", bytes: code.bytes, codeBytesMax: ctx.codeBytesMax } as const;
    const version = await takeNumber(ctx, name, room);
    const kept = await layerVersions.put(
      ctx,
      { ...layerVersionPlace({ name, version }), label: name, code, needs: [room], onUnmet: codeStorageExceeded },
      {
        name,
        version,
        description: input.Description ?? "",
        compatibleRuntimes: input.CompatibleRuntimes,
        compatibleArchitectures: input.CompatibleArchitectures,
        licenseInfo: input.LicenseInfo,
        unzippedBytes,
      },
    );
    return layerVersionView(ctx, kept);
  } finally {
    release();
  }
}

type Room = { readonly need: "code-room"; readonly bytes: number; readonly codeBytesMax: number };

async function takeNumber(ctx: ServiceContext, name: string, room: Room): Promise<number> {
  const at = { owner: "", key: name, needs: [room], onUnmet: codeStorageExceeded };
  const layer = await layers.edit(ctx, at, (before) => ({ put: { versionNext: (before?.body.versionNext ?? 1) + 1 } }));
  if (!layer) throw new Error(`The layer ${name} that was put is not there`);
  return layer.body.versionNext - 1;
}
