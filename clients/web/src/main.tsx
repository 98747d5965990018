import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import "./styles.css";
import { exchangeToken, type SignIn } from "./app/auth";
import { router } from "./app/router";
import { SignedOut } from "./app/SignedOut";
import { applyTheme } from "./app/theme";
import { sessionInfo } from "./api/queries";
import { reasonOf } from "./api/errors";
import { watcher } from "./stream/watcher";

applyTheme();
const root = createRoot(document.getElementById("root") as HTMLElement);
const queries = new QueryClient({ defaultOptions: { queries: { refetchOnWindowFocus: false, retry: 2 } } });

async function begin(): Promise<void> {
  const signIn = await exchangeToken(window.location, window.history);
  // Just signed in: nothing to ask first. Otherwise the cookie may be missing, or over.
  if (signIn !== "ok" && !(await isSignedIn(signIn))) {
    root.render(<SignedOut spent={signIn === "spent"} />);
    return;
  }
  watcher.start();
  root.render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}

async function isSignedIn(signIn: SignIn): Promise<boolean> {
  try {
    await queries.fetchQuery({ ...sessionInfo, retry: false });
    return true;
  } catch (error) {
    // Where only the services are away, the page comes up and says so.
    return reasonOf(error) !== "UNAUTHENTICATED" && signIn !== "spent";
  }
}

// A sign-in link pasted over the open page changes nothing but the fragment.
window.addEventListener("hashchange", () => {
  if (window.location.hash.startsWith("#token=")) window.location.reload();
});

void begin();
