import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { usePodView } from "../PodContext";
import { documentVersions, type OldDocument } from "../events/queries";

/** An older version of a document, read from the history when it is asked for. */
export function useVersion(kind: "spec" | "plan"): [number, (version: number) => void, OldDocument | undefined] {
  const { pod } = usePodView();
  const [version, setVersion] = useState(0);
  const current = Number((kind === "spec" ? pod.spec : pod.plan)?.version ?? 0);
  const { data } = useQuery({ ...documentVersions(pod.podId, kind, current), enabled: version > 0 && version !== current });
  return [version, setVersion, version > 0 && version !== current ? data?.find((each) => each.version === version) : undefined];
}
