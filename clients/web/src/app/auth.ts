import { AUTH_PATH } from "@/api/paths";

export type SignIn = "ok" | "none" | "spent";

/** Exchanges the one-time token of the address for a cookie, once, and takes it out of the address at once. */
export async function exchangeToken(location: Location, history: History): Promise<SignIn> {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return "none";
  history.replaceState(null, "", location.pathname + location.search);
  const response = await fetch(AUTH_PATH, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
    credentials: "same-origin",
  });
  return response.ok ? "ok" : "spent";
}
