import { deleteLayerVersion } from "../../services/layers/delete-layer-version.ts";
import { getLayerVersion, getLayerVersionByArn } from "../../services/layers/get-layer-version.ts";
import {
  addLayerVersionPermission,
  getLayerVersionPolicy,
  removeLayerVersionPermission,
} from "../../services/layers/layer-version-policy.ts";
import { listLayers, listLayerVersions } from "../../services/layers/list-layers.ts";
import { publishLayerVersion } from "../../services/layers/publish-layer-version.ts";
import type { Verbs } from "./route.ts";

export const layerVerbs = {
  PublishLayerVersion: publishLayerVersion,
  GetLayerVersion: getLayerVersion,
  GetLayerVersionByArn: getLayerVersionByArn,
  ListLayers: listLayers,
  ListLayerVersions: listLayerVersions,
  DeleteLayerVersion: deleteLayerVersion,
  AddLayerVersionPermission: addLayerVersionPermission,
  RemoveLayerVersionPermission: removeLayerVersionPermission,
  GetLayerVersionPolicy: getLayerVersionPolicy,
} satisfies Verbs;
