/**
 * The frame of the signed-in pages: header, navigation, skip link, the account
 * menu. The shop's and the portal's shells fill it.
 */
import {
  ActionIcon,
  Burger,
  Group,
  Menu,
  Text,
  UnstyledButton,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { useRouterState } from "@tanstack/react-router";
import { ChevronDown, LogOut, Monitor, Moon, Sun } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { graphql } from "../gql/graphql";
import { useAction } from "../lib/action";
import classes from "./frame.module.css";
import { Logo } from "./logo";

interface FrameProps {
  /** Whose place this is: the shop's or the supplier's name. */
  place: string;
  person: string;
  navigation: ReactNode;
  /** Above every page: what must not be overlooked. */
  banner?: ReactNode;
  help: ReactNode;
  children: ReactNode;
}

export function Frame({ place, person, navigation, banner, help, children }: FrameProps) {
  const { t } = useTranslation();
  const [opened, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: ({ location }) => location.href });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a navigation closes the menu
  useEffect(close, [path]);
  useHotkeys([["Escape", close]]);

  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#main">
        {t("nav.skip")}
      </a>
      <header className={classes.header}>
        <Group gap="sm" wrap="nowrap" miw={0}>
          <Burger
            className={classes.onPhone}
            opened={opened}
            onClick={toggle}
            size="sm"
            aria-label={opened ? t("nav.close") : t("nav.open")}
            aria-expanded={opened}
            aria-controls="navigation"
          />
          <Logo size={26} />
          <Text fw={650} truncate>
            {place}
          </Text>
        </Group>
        <Group gap={4} wrap="nowrap">
          {help}
          <ColorScheme />
          <Account person={person} />
        </Group>
      </header>
      <nav
        id="navigation"
        className={classes.navigation}
        aria-label={t("nav.label")}
        data-open={opened}
      >
        {navigation}
      </nav>
      <main className={classes.main}>
        {banner}
        <div className={classes.content} id="main" tabIndex={-1}>
          {children}
        </div>
      </main>
    </div>
  );
}

function ColorScheme() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme({
    // Suspending transitions would write a style element, which the content policy forbids.
    keepTransitions: true,
  });
  const Icon = { light: Sun, dark: Moon, auto: Monitor }[colorScheme];
  return (
    <Menu position="bottom-end" width={170}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t("scheme.label")}>
          <Icon size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Monitor size={16} />} onClick={() => setColorScheme("auto")}>
          {t("scheme.auto")}
        </Menu.Item>
        <Menu.Item leftSection={<Sun size={16} />} onClick={() => setColorScheme("light")}>
          {t("scheme.light")}
        </Menu.Item>
        <Menu.Item leftSection={<Moon size={16} />} onClick={() => setColorScheme("dark")}>
          {t("scheme.dark")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

const SignOut = graphql(`
  mutation SignOut {
    signOut {
      done
    }
  }
`);

function Account({ person }: { person: string }) {
  const { t } = useTranslation();
  const signOut = useAction(SignOut);
  const leave = async () => {
    const outcome = await signOut.run({});
    // A full load: nothing of the old session stays in memory.
    if (outcome.ok) window.location.assign("/sign-in");
  };
  return (
    <Menu position="bottom-end" width={190}>
      <Menu.Target>
        <UnstyledButton className={classes.account}>
          <Group gap={6} wrap="nowrap">
            <span className={classes.initials} aria-hidden="true">
              {initials(person)}
            </span>
            <Text size="sm" maw={160} truncate className={classes.person}>
              {person}
            </Text>
            <ChevronDown size={15} aria-hidden="true" />
          </Group>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<LogOut size={16} />} onClick={leave}>
          {t("nav.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function initials(name: string): string {
  return name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word.charAt(0).toUpperCase())
    .join("");
}
