/** Around every page: keyboard help and nothing visible else. */
import { Outlet } from "@tanstack/react-router";

export function Root() {
  return <Outlet />;
}
