/** Colours, type and corner sizes of the whole interface; the rest is Mantine's. */
import {
  Anchor,
  Autocomplete,
  Button,
  createTheme,
  type MantineColorsTuple,
  Modal,
  MultiSelect,
  Select,
  Skeleton,
  TagsInput,
} from "@mantine/core";

const yard: MantineColorsTuple = [
  "#e9f8f5",
  "#d5efe9",
  "#abded3",
  "#7dccbb",
  "#58bda8",
  "#36a48e",
  "#1f8a76",
  "#0f766e",
  "#0b5f59",
  "#084944",
];

/** Mantine's dark greys with our hint of green: surfaces and fields match. */
const dark: MantineColorsTuple = [
  "#c9d1cf",
  "#b3bdba",
  "#8d9996",
  "#6b7774",
  "#3d4745",
  "#2b3331",
  "#212826",
  "#171c1b",
  "#121615",
  "#0c100f",
];

/**
 * A long list scrolls as the list box itself, which the field's own keys move through: a box
 * inside of it would scroll and be out of the keyboard's reach.
 */
const scrollingList = {
  defaultProps: { withScrollArea: false },
  styles: { options: { maxHeight: 220, overflowY: "auto" } },
} as const;

export const theme = createTheme({
  primaryColor: "yard",
  primaryShade: 7, // white on it passes AA in both schemes
  autoContrast: true,
  luminanceThreshold: 0.4,
  colors: { yard, dark },
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
  headings: {
    fontWeight: "650",
    sizes: {
      h1: { fontSize: "1.5rem", lineHeight: "1.25" },
      h2: { fontSize: "1.0625rem", lineHeight: "1.35" },
      h3: { fontSize: "0.9375rem", lineHeight: "1.4" },
    },
  },
  defaultRadius: "md",
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    Anchor: Anchor.extend({ defaultProps: { underline: "hover" } }),
    Button: Button.extend({ defaultProps: { size: "sm" } }),
    Modal: Modal.extend({
      styles: { title: { fontWeight: 650, fontSize: "1.0625rem" } },
      defaultProps: {
        lockScroll: false,
        centered: true,
        overlayProps: { backgroundOpacity: 0.45 },
      },
    }),
    Autocomplete: Autocomplete.extend(scrollingList),
    MultiSelect: MultiSelect.extend(scrollingList),
    Select: Select.extend(scrollingList),
    Skeleton: Skeleton.extend({ defaultProps: { radius: "sm" } }),
    TagsInput: TagsInput.extend(scrollingList),
  },
});
