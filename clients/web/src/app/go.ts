import type { PodSearch, WorkspaceSearch } from "./router";

export type Place =
  | { to: "/" }
  | { to: "/inbox" }
  | { to: "/pod/$podId"; params: { podId: string }; search?: PodSearch }
  | { to: "/project/$projectId"; params: { projectId: string }; search?: WorkspaceSearch }
  | { to: "."; search: (before: WorkspaceSearch) => WorkspaceSearch };

let navigate: (place: Place) => void = () => undefined;

/** The router, once it is there: actions lead to places without being part of a page. */
export function setNavigator(to: (place: Place) => void): void {
  navigate = to;
}

export const go = (place: Place): void => navigate(place);

/** Another part of the pod that is shown, on its own page as in the panes. */
export const show = (search: PodSearch): void => go({ to: ".", search: (before) => ({ ...before, of: undefined, edit: undefined, ...search }) });
