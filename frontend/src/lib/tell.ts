/** Short news in the corner of the page, also read aloud. */
import { notifications } from "@mantine/notifications";

export function tell(message: string) {
  notifications.show({ message, color: "green.8", withBorder: true, role: "status" });
}

export function tellFailure(message: string) {
  notifications.show({ message, color: "red.8", withBorder: true, autoClose: 12_000 });
}
