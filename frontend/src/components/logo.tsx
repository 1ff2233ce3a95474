/** The sign of the product; the name stands beside it in text. */
import logo from "../assets/favicon.svg";

export function Logo({ size = 28 }: { size?: number }) {
  return <img src={logo} width={size} height={size} alt="" />;
}
