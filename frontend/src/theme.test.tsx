/** What the theme changes of Mantine's own parts. */
import { Autocomplete, MantineProvider, MultiSelect, Select, TagsInput } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { theme } from "./theme";

const data = Array.from({ length: 30 }, (_, number) => `Country ${number}`);

test.each([
  ["Select", <Select key="it" label="Country" data={data} />],
  ["MultiSelect", <MultiSelect key="it" label="Country" data={data} />],
  ["Autocomplete", <Autocomplete key="it" label="Country" data={data} />],
  ["TagsInput", <TagsInput key="it" label="Country" data={data} />],
])("the long list of a %s scrolls as the list box that the field controls", async (_, field) => {
  render(
    <MantineProvider theme={theme} env="test">
      {field}
    </MantineProvider>,
  );
  const input = screen.getByRole("combobox", { name: "Country" });
  await userEvent.click(input);
  const list = await screen.findByRole("listbox");
  expect(list).toHaveStyle({ overflowY: "auto", maxHeight: "220px" });
  expect(input).toHaveAttribute("aria-controls", list.id);
  expect(list.querySelector(".mantine-ScrollArea-viewport, [data-scrollbars]")).toBeNull();
});
