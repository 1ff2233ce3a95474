/** Where to go after signing in. Only paths of this site: never another origin. */

export function signInPath(here: string): string {
  // Already there: a second failed request must not forget the first one's page.
  if (/^\/sign-in(?=$|[?#])/.test(here)) return here;
  return here === "/" ? "/sign-in" : `/sign-in?return=${encodeURIComponent(here)}`;
}

/** The given path if it is one of ours, else `fallback`. */
export function safeReturnPath(path: string | undefined, fallback: string): string {
  if (!path?.startsWith("/")) return fallback;
  // The URL parser treats "//host", "/\host" and tabs inside as another origin.
  const url = new URL(path, "http://self.invalid");
  if (url.origin !== "http://self.invalid" || url.pathname === "/sign-in") return fallback;
  return url.pathname + url.search + url.hash;
}
