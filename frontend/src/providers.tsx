/** What every page stands on: theme, notifications and the GraphQL client. */
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import type { ReactNode } from "react";
import { type Client, Provider } from "urql";
import { theme } from "./theme";

interface ProvidersProps {
  client: Client;
  /** Tests draw without transitions. */
  env?: "default" | "test";
  children: ReactNode;
}

export function Providers({ client, env = "default", children }: ProvidersProps) {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      env={env}
      // Both would be style elements, which the content policy forbids: see adopt-theme.ts.
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <Provider value={client}>
        <Notifications position="bottom-right" autoClose={6000} />
        {children}
      </Provider>
    </MantineProvider>
  );
}
