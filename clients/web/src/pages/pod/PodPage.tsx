import { useParams } from "@tanstack/react-router";
import { PodScreen } from "./PodScreen";

export function PodPage() {
  const { podId } = useParams({ from: "/pod/$podId" });
  return <PodScreen key={podId} podId={podId} />;
}
