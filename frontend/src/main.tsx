/** Starts the interface: styles, texts, the client, the router. */
import "@fontsource-variable/inter/wght.css";
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./theme.css";
import "./i18n";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { config } from "zod/mini";
import { adoptTheme } from "./adopt-theme";
import { makeClient } from "./lib/client";
import { signInPath } from "./lib/return-path";
import { Providers } from "./providers";
import { makeRouter } from "./router";

adoptTheme();
config({ jitless: true }); // no eval: the page must run under a strict content policy

const router = makeRouter();
const client = makeClient({
  toSignIn: () => void router.navigate({ href: signInPath(router.state.location.href) }),
});

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Providers client={client}>
        <RouterProvider router={router} />
      </Providers>
    </StrictMode>,
  );
}
